"""Comparison of a figure with another area, by the rule of Fingertips, and with its own start, by direction only.

The comparison is that of `SingleOverlappingCIsForOneCILevelComparer` and `…ForTwoCILevelsComparer` in
github.com/ukhsa-collaboration/fingertips-open: it compares the interval of the figure with the value of the
comparator and ignores the comparator's interval. A value on a limit is inside.
"""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from api.statistics.periods import count_months, is_same_span
from api.statistics.readings import Reading, judge_direction
from schema.intervals import Confidence, Interval
from schema.measures import Aim
from schema.verdicts import AreaComparison, Movement, MovementStart, NoComparisonReason, NoMovementReason, Verdict


def compare(reading: Reading, comparator: Reading | None, aim: Aim | None, *, five_way: bool = False) -> AreaComparison:
    """Return `similar` if the comparator's value lies inside the 95 % interval, otherwise the side on which it lies.

    With `five_way` the 99.8 % interval is also required, and `confidence` distinguishes `better` at 95 from `better`
    at 99.8. Without a direction the verdict is `higher` or `lower`. If there is no comparator or no interval, or if
    series or period differ, there is a reason instead of a verdict.
    """
    if comparator is None or comparator.value is None:
        return AreaComparison(reason=NoComparisonReason.NO_COMPARATOR)
    if comparator.series != reading.series:
        return AreaComparison(reason=NoComparisonReason.DIFFERENT_SERIES)
    if not is_same_span(comparator.period, reading.period):
        return AreaComparison(reason=NoComparisonReason.DIFFERENT_PERIOD)
    narrow, wide = reading.find_interval(Confidence.P95), reading.find_interval(Confidence.P99_8)
    if narrow is None or (five_way and wide is None):
        return AreaComparison(reason=NoComparisonReason.NO_INTERVAL)
    if not _is_outside(comparator.value, narrow):
        return AreaComparison(verdict=Verdict.SIMILAR, confidence=Confidence.P95)
    widest = wide if five_way and wide is not None and _is_outside(comparator.value, wide) else narrow
    return AreaComparison(
        verdict=judge_direction(is_upward=narrow.lower > comparator.value, aim=aim),
        confidence=widest.confidence,
    )


def calculate_movement(
    reading: Reading, released: Iterable[Reading], aim: Aim | None, *, baseline: float | None = None
) -> Movement:
    """Return the movement of a figure since the plan's baseline or, without one, since it was first released.

    `released` are figures of the same area and breakdown. The start is the earliest one of the same series that has
    a value and a period of the same type and length: the count of a year is not compared with that of a quarter. If
    the bounds of the two figures overlap, there is no verdict.
    """
    if baseline is None:
        since = MovementStart.FIRST_RELEASED
        start = min(
            (earlier for earlier in released if _is_possible_start(earlier, reading)), key=_get_period_end, default=None
        )
    else:
        since = MovementStart.BASELINE
        start = replace(reading, value=baseline, low=None, high=None)
    if reading.bounds is None:
        return Movement(reason=NoMovementReason.NO_VALUE)
    if start is None or start.bounds is None:
        return Movement(reason=NoMovementReason.NO_START)
    movement = Movement(
        since=since,
        start_period=start.period.code if since is MovementStart.FIRST_RELEASED else None,
        start=start.value,
        change=None if reading.value is None or start.value is None else reading.value - start.value,
    )
    (low, high), (start_low, start_high) = reading.bounds, start.bounds
    if low > start_high or high < start_low:
        return replace(movement, verdict=judge_direction(is_upward=low > start_high, aim=aim))
    if low == high == start_low == start_high:
        return replace(movement, verdict=Verdict.UNCHANGED)
    return replace(movement, reason=NoMovementReason.BOUNDS_OVERLAP)


def _is_outside(value: float, interval: Interval) -> bool:
    return value < interval.lower or value > interval.upper


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
