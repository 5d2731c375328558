"""Generated from api/statistics/period_candidates.py by tools/share_spelling.py; do not edit."""

from datetime import date, timedelta

from .period_codes import (
    LENGTH_AND_FIRST_MONTH,
    InvalidPeriodCode,
    build_from_months,
    build_snapshot,
    parse_canonical,
    to_month_index,
)
from .period_spellings import list_candidates
from .period_structs import Period, PeriodType
from .periods import (
    PeriodNotDivisible,
    build_period,
    contains,
    count_months,
    divide_period,
    find_span_start,
)

MAX_CANDIDATES = 4
_FIRST_SERIAL, _LAST_SERIAL = 32874, 73415  # days of 1990 to 2100, as spreadsheets count them
_SERIAL_ORIGIN = date(1899, 12, 30)


def read_serial_day(text: str) -> date | None:
    """Return the day that a spreadsheet stores as this number, if it is one of 1990 to 2100."""
    whole = text.strip().removesuffix(".0")
    is_serial = len(whole) == 5 and whole.isascii() and whole.isdigit()
    if not is_serial or not _FIRST_SERIAL <= int(whole) <= _LAST_SERIAL:
        return None
    return _SERIAL_ORIGIN + timedelta(days=int(whole))


def list_periods_meant(spelling: str, period_type: PeriodType, *, months: int | None = None) -> list[str]:
    """Return the codes of the type's periods that a spelling may mean, likeliest first.

    A date or a shorter period means the period that contains it. A longer one means those that it consists of.
    `months` is the length of `months-ending` periods.
    """
    day = read_serial_day(spelling)
    meant = [build_snapshot(day)] if day else _parse_spelling(spelling)
    codes = [code for period in meant for code in _convert(period, period_type, months)]
    return list(dict.fromkeys(codes))[:MAX_CANDIDATES]


def _parse_spelling(spelling: str) -> list[Period]:
    codes = [spelling.strip(), *list_candidates(spelling)]
    return [period for code in codes if (period := parse_canonical(code))]


def _convert(period: Period, period_type: PeriodType, months: int | None) -> list[str]:
    last = to_month_index(period.end)
    try:
        if period_type in LENGTH_AND_FIRST_MONTH:
            return _find_containing_or_parts(period, period_type)
        if period_type is PeriodType.SNAPSHOT:
            return [build_snapshot(period.end).code]
        length = count_months(period) if months is None else months
        return [build_from_months(period_type, last - length + 1, last).code]
    except (InvalidPeriodCode, PeriodNotDivisible):
        return []


def _find_containing_or_parts(period: Period, period_type: PeriodType) -> list[str]:
    containing = build_period(period_type, find_span_start(period_type, period.start))
    if contains(containing, period):
        return [containing.code]
    return [part.code for part in divide_period(period, period_type)]
