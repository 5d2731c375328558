"""Generated from api/statistics/periods.py by tools/share_spelling.py; do not edit."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from .period_codes import (
    FIRST_DAY,
    LAST_DAY,
    LENGTH_AND_FIRST_MONTH,
    MAX_MONTHS_ENDING,
    MONTH_NAMES,
    InvalidPeriodCode,
    build_from_months,
    build_snapshot,
    find_last_day,
    parse_canonical,
    to_month_index,
)
from .period_spellings import list_candidates
from .period_structs import Period, PeriodType

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "MAX_MONTHS_ENDING",
    "MONTH_NAMES",
    "InvalidPeriodCode",
    "PeriodNotDivisible",
    "build_period",
    "contains",
    "count_months",
    "divide_period",
    "find_span_start",
    "is_same_span",
    "list_periods_between",
    "parse",
    "partition",
    "shift_period",
]


class PeriodNotDivisible(Exception):  # noqa: N818  it reports faulty input, not a fault of this software
    """The period does not consist of whole periods of the type."""

    def __init__(self, period: Period, period_type: PeriodType) -> None:
        super().__init__(f"{period.code} does not consist of whole periods of the type {period_type}.")
        self.period = period
        self.period_type = period_type


@lru_cache(maxsize=4096)
def parse(code: str) -> Period:
    """Return the period of a canonical code. Raises InvalidPeriodCode for any other string."""
    period = parse_canonical(code)
    if period is None:
        raise InvalidPeriodCode(code, tuple(list_candidates(code)))
    return period


def build_period(period_type: PeriodType, start: date, *, months: int | None = None) -> Period:
    """Return the period of a type that begins on a day.

    `months` is the length of a `months-ending` (1 to 60) or `to-date` period; other types ignore it. Raises
    ValueError if no period of the type begins on that day or has that length, and InvalidPeriodCode if the period
    would leave the years 1990 to 2100.
    """
    if period_type is PeriodType.SNAPSHOT:
        return build_snapshot(start)
    first = to_month_index(start)
    length, offset = LENGTH_AND_FIRST_MONTH.get(period_type, (months or 0, first))
    if start.day != 1 or (first - offset) % max(length, 1):
        raise ValueError(f"No {period_type} period begins on {start}.")
    if length < 1 or (period_type is PeriodType.MONTHS_ENDING and length > MAX_MONTHS_ENDING):
        raise ValueError(f"A {period_type} period cannot have {months} months.")
    return build_from_months(period_type, first, first + length - 1)


def contains(outer: Period, inner: Period) -> bool:
    """Return True if every day of `inner` is a day of `outer`."""
    return outer.start <= inner.start and inner.end <= outer.end


def is_same_span(a: Period, b: Period) -> bool:
    """Return True if two periods cover the same days, as `CY2025-Q3` and `FY2025-26-Q2` do."""
    return (a.start, a.end) == (b.start, b.end)


def count_months(period: Period) -> int:
    """Return how many calendar months the period touches: 3 for a quarter, 1 for a month or a snapshot."""
    return to_month_index(period.end) - to_month_index(period.start) + 1


def partition(whole: Period, parts: Iterable[Period]) -> tuple[Period, ...] | None:
    """Choose parts that add up to the whole without gap or overlap, in order of time; None if there are none.

    Prefer the fewest parts, so that a longer period that was itself returned precedes the shorter ones inside it; of
    equal spans, prefer the whole's own type. Snapshots are never parts.
    """
    usable = {part for part in parts if part.type is not PeriodType.SNAPSHOT and contains(whole, part)}
    tails: dict[date, tuple[Period, ...]] = {_find_day_after(whole): ()}
    for part in sorted(usable, key=lambda part: part.start, reverse=True):
        tail = tails.get(_find_day_after(part))
        if tail is None:
            continue
        choices = [choice for choice in (tails.get(part.start), (part, *tail)) if choice]
        tails[part.start] = min(choices, key=lambda choice: _rank_partition(whole, choice))
    return tails.get(whole.start)


def _rank_partition(whole: Period, parts: tuple[Period, ...]) -> tuple[int, list[tuple[bool, str]]]:
    return len(parts), [(part.type is not whole.type, part.code) for part in parts]


def divide_period(period: Period, period_type: PeriodType) -> tuple[Period, ...]:
    """Return the periods of a type that the period consists of, such as the months of a quarter.

    Raises PeriodNotDivisible if they do not fit, as financial quarters do not fit an academic year, and for types
    that do not divide time: snapshots, `months-ending` and `to-date`.
    """
    is_divisor = period_type in LENGTH_AND_FIRST_MONTH
    parts = list_periods_between(period_type, period.start, period.end) if is_divisor else ()
    if not parts or (parts[0].start, parts[-1].end) != (period.start, period.end):
        raise PeriodNotDivisible(period, period_type)
    return parts


def find_span_start(period_type: PeriodType, day: date) -> date:
    """Return the first day of the calendar period of a type that contains the day."""
    length, offset = LENGTH_AND_FIRST_MONTH[period_type]
    month = to_month_index(day)
    first = month - (month - offset) % length
    return build_from_months(PeriodType.MONTH, first, first).start


def shift_period(period: Period, steps: int = 1, *, months: int = 1) -> Period:
    """Return the period of the same type that is `steps` later, or earlier if `steps` is negative.

    `months` is the distance between successive `months-ending`, `to-date` and snapshot periods, such as 3 for twelve
    months ending that are published each quarter; other types ignore it. A `to-date` period keeps its start; a
    snapshot of the last day of a month stays on the last day. Raises InvalidPeriodCode beyond the years 1990 to 2100,
    and for a `to-date` period that would end before it starts.
    """
    distance = steps * (LENGTH_AND_FIRST_MONTH[period.type][0] if period.type in LENGTH_AND_FIRST_MONTH else months)
    first, last = to_month_index(period.start), to_month_index(period.end) + distance
    if period.type is PeriodType.SNAPSHOT:
        end = build_from_months(PeriodType.MONTH, last, last).end
        is_last_day = period.start == find_last_day(first)
        return build_snapshot(end if is_last_day else end.replace(day=min(period.start.day, end.day)))
    return build_from_months(period.type, first if period.type is PeriodType.TO_DATE else first + distance, last)


def list_periods_between(
    period_type: PeriodType, first: date, last: date, *, months: int | None = None
) -> tuple[Period, ...]:
    """Return all periods of a type that lie wholly within a span of days, both ends included, in order.

    `months` is the length of `months-ending` periods, which are listed for each month. `to-date` periods start in
    the span's first whole month; snapshots are the last days of months. Raises ValueError for `months-ending` without
    a length of 1 to 60.
    """
    first, last = max(first, FIRST_DAY), min(last, LAST_DAY)
    lowest = to_month_index(first) + (first.day > 1)
    highest = to_month_index(last) - (last != find_last_day(to_month_index(last)))
    if period_type is PeriodType.SNAPSHOT:
        return tuple(build_snapshot(find_last_day(month)) for month in range(to_month_index(first), highest + 1))
    if period_type is PeriodType.TO_DATE:
        return tuple(build_from_months(period_type, lowest, month) for month in range(lowest, highest + 1))
    length, offset = LENGTH_AND_FIRST_MONTH.get(period_type, (months or 0, 0))
    if not 1 <= length <= MAX_MONTHS_ENDING:
        raise ValueError(f"A {period_type} period cannot have {months} months.")
    step = length if period_type in LENGTH_AND_FIRST_MONTH else 1
    begin = lowest + (offset - lowest) % step
    return tuple(
        build_from_months(period_type, month, month + length - 1) for month in range(begin, highest - length + 2, step)
    )


def _find_day_after(period: Period) -> date:
    return period.end + timedelta(days=1)
