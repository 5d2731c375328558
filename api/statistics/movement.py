"""Movement of a figure since its own start."""

from collections.abc import Iterable
from datetime import date

from msgspec.structs import replace

from api.statistics.periods import count_months
from api.statistics.readings import Reading, judge_direction
from schema.measures import Aim
from schema.verdicts import Movement, MovementStart, NoMovementReason, Verdict


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
