"""Movement of a figure since its start: like with like, the change with its limits, and a verdict if it is significant.

Ratios and survey estimates have 95 % intervals, and the difference of two has limits by MOVER (`differences`). A count
of everybody has no sampling error: its change is as exact as the two counts are, and in a release as their random
rounding allows. Only a measure that declares that it counts events is read as Poisson, by Byar's and exact limits.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from math import ceil, floor, inf, isinf

from msgspec.structs import replace

from api.statistics import intervals, periods
from api.statistics.differences import Estimate, calculate_difference_limits, make_estimate
from api.statistics.periods import count_months
from api.statistics.readings import Reading, judge_direction
from schema.intervals import Confidence
from schema.measures import Aim, Baseline
from schema.periods import Period, PeriodType
from schema.verdicts import ChangeMethod, Movement, MovementDirection, MovementStart, NoMovementReason, Verdict

_METHODS = (ChangeMethod.INTERVALS, ChangeMethod.ROUNDING, ChangeMethod.BOUNDS, ChangeMethod.COMPLETE_COUNT)
"""The methods of a figure; that of a change is the first one that either figure needs."""


def calculate_movement(
    reading: Reading,
    earlier_readings: Iterable[Reading],
    aim: Aim | None,
    *,
    baseline: Baseline | None = None,
    is_stock: bool = False,
) -> Movement:
    """Return the movement of a figure since the plan's baseline or, without one, since it was first released.

    `earlier_readings` are figures of the same area and breakdown. The baseline counts as stated, without an error.
    """
    if reading.bounds is None:
        return Movement(reason=NoMovementReason.NO_VALUE)
    if baseline is None:
        since = MovementStart.FIRST_RELEASED
        start, reason = find_start(reading, earlier_readings)
    else:
        since = MovementStart.BASELINE
        period, digits = periods.parse(baseline.period), _count_digits(baseline.value)
        start = Reading(series=reading.series, period=period, value=baseline.value, digits=digits)
        reason = _find_baseline_obstacle(reading.period, period, is_stock=is_stock)
    if start is None:
        return Movement(reason=reason)
    movement = Movement(since=since, start_period=start.period.code, start=start.value, reason=reason)
    return movement if reason else _add_change(movement, reading, start, aim)


def leave_unjudged(movement: Movement) -> Movement:
    """Return the movement of a figure with a missing return: without a verdict, which could be that of the gap."""
    return movement if movement.reason else replace(movement, verdict=None, reason=NoMovementReason.INCOMPLETE)


def _find_baseline_obstacle(period: Period, baseline: Period, *, is_stock: bool) -> NoMovementReason | None:
    """Return why a figure is not compared with the baseline.

    A stock is a state at the end of its period, so that a quarter's is compared with a year's.
    """
    if period.end < baseline.start:
        return NoMovementReason.NO_START
    is_same_type = (period.type is PeriodType.SNAPSHOT) == (baseline.type is PeriodType.SNAPSHOT)
    if not is_stock and not (is_same_type and count_months(period) == count_months(baseline)):
        return NoMovementReason.DIFFERENT_SPAN
    first_day = period.end if is_stock else period.start
    return None if baseline.end < first_day else NoMovementReason.OVERLAPPING_PERIODS


def find_start(reading: Reading, earlier_readings: Iterable[Reading]) -> tuple[Reading | None, NoMovementReason | None]:
    """Return the reading that a movement starts from: the earliest that is comparable.

    It has the same series, an equal span without a common day, a value or bounds, and the same sources. If there is
    none, return the nearest to it with the reason.
    """
    candidates = sorted(
        (earlier for earlier in earlier_readings if _is_possible_start(earlier, reading)), key=_get_period_end
    )
    if not candidates:
        return None, NoMovementReason.NO_START
    separate = [candidate for candidate in candidates if candidate.period.end < reading.period.start]
    if not separate:
        return candidates[0], NoMovementReason.OVERLAPPING_PERIODS
    comparable = [candidate for candidate in separate if _has_same_sources(candidate, reading)]
    return (comparable[0], None) if comparable else (separate[0], NoMovementReason.NOT_COMPARABLE)


def _is_possible_start(earlier: Reading, reading: Reading) -> bool:
    return (
        earlier.series == reading.series
        and earlier.bounds is not None
        and earlier.period.type is reading.period.type
        and count_months(earlier.period) == count_months(reading.period)
        and earlier.period.end < reading.period.end
    )


def _get_period_end(reading: Reading) -> date:
    return reading.period.end


def _has_same_sources(earlier: Reading, reading: Reading) -> bool:
    return earlier.sources is None or reading.sources is None or earlier.sources == reading.sources


def _add_change(movement: Movement, reading: Reading, start: Reading, aim: Aim | None) -> Movement:
    """Return the movement with its change, the limits of it, and the verdict."""
    digits = None if reading.digits is None or start.digits is None else max(reading.digits, start.digits)
    change = None
    if reading.value is not None and start.value is not None:
        # The difference of the written numbers: 9.6 - 9.8 is -0.2 and not -0.20000000000000107.
        change = _round(Decimal(repr(reading.value)) - Decimal(repr(start.value)), digits)
    own, other = _find_limits(reading), _find_limits(start)
    if own is None or other is None:
        return replace(
            movement, change=change, direction=_name_direction(change, change), reason=NoMovementReason.NO_INTERVAL
        )
    (estimate, own_method), (start_estimate, start_method) = own, other
    method = min(own_method, start_method, key=_METHODS.index)
    lower, upper = _round_limits(calculate_difference_limits(estimate, start_estimate), digits, method)
    return replace(
        movement,
        change=change,
        direction=_name_direction(lower, upper) if change is None else _name_direction(change, change),
        lower=None if isinf(lower) else lower,
        upper=None if isinf(upper) else upper,
        method=method,
        verdict=_judge_change(lower, upper, aim),
    )


def _find_limits(reading: Reading) -> tuple[Estimate, ChangeMethod] | None:
    """Return the figure with its limits and their method; None for an estimate without an interval."""
    estimate = make_estimate(reading, Confidence.P95)
    if estimate is not None:
        return estimate, ChangeMethod.INTERVALS
    if reading.is_estimate or reading.bounds is None or reading.point_bounds is None:
        return None
    (low, high), (point_low, point_high) = reading.bounds, reading.point_bounds
    if reading.counts_events:
        lower, upper = _calculate_event_limits(low, high)
        return Estimate(low=point_low, high=point_high, lower=lower, upper=upper), ChangeMethod.INTERVALS
    method = ChangeMethod.COMPLETE_COUNT
    if low < high:
        method = ChangeMethod.BOUNDS if reading.value is None else ChangeMethod.ROUNDING
    return Estimate(low=point_low, high=point_high, lower=low, upper=high), method


def _calculate_event_limits(low: float, high: float) -> tuple[float, float]:
    """Return the limits of a count of events between two bounds."""
    lower = intervals.calculate_count_interval(int(low), int(low)).lower
    return lower, inf if isinf(high) else intervals.calculate_count_interval(int(high), int(high)).upper


def _round_limits(limits: tuple[float, float], digits: int | None, method: ChangeMethod) -> tuple[float, float]:
    """Return the limits as they are shown. Those of rounded counts become wider: they cover whole numbers of people."""
    lower, upper = limits
    if method is ChangeMethod.ROUNDING:
        return lower if isinf(lower) else floor(lower), upper if isinf(upper) else ceil(upper)
    return (
        lower if isinf(lower) else _round(Decimal(lower), digits),
        upper if isinf(upper) else _round(Decimal(upper), digits),
    )


def _count_digits(number: float) -> int:
    """Return the digits after the point that a number needs."""
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _round(number: Decimal, digits: int | None) -> float:
    return float(number if digits is None else round(number, digits)) + 0.0  # never -0.0


def _name_direction(lower: float | None, upper: float | None) -> MovementDirection | None:
    """Return the direction of a change between two numbers; None if they lie on both sides of 0."""
    if lower is None or upper is None:
        return None
    if lower == upper == 0:
        return MovementDirection.UNCHANGED
    return MovementDirection.HIGHER if lower > 0 else MovementDirection.LOWER if upper < 0 else None


def _judge_change(lower: float, upper: float, aim: Aim | None) -> Verdict:
    """Return the verdict by the limits as they are shown, so that a reader comes to the same."""
    if lower == upper == 0:
        return Verdict.UNCHANGED
    if lower <= 0 <= upper:
        return Verdict.WITHIN_UNCERTAINTY
    return judge_direction(is_upward=lower > 0, aim=aim)
