"""Generated from api/statistics/period_codes.py by tools/share_spelling.py; do not edit."""

import re
from datetime import date, timedelta

from .period_structs import Period, PeriodType

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
MAX_MONTHS_ENDING = 60

# fmt: off
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
_APRIL, _SEPTEMBER = 3, 8

# Length in months, and the month in which the first one of a year begins, from 0 for January.
LENGTH_AND_FIRST_MONTH = {
    PeriodType.MONTH: (1, 0),
    PeriodType.FINANCIAL_QUARTER: (3, _APRIL),
    PeriodType.FINANCIAL_HALF: (6, _APRIL),
    PeriodType.FINANCIAL_YEAR: (12, _APRIL),
    PeriodType.CALENDAR_QUARTER: (3, 0),
    PeriodType.CALENDAR_YEAR: (12, 0),
    PeriodType.ACADEMIC_YEAR: (12, _SEPTEMBER),
}
# The pattern of a code with its numbers, the format of the code, and the format of its label.
_CODE_FORMATS = {
    PeriodType.MONTH: (r"(\d{4})-(\d\d)", "{last}", "{long}"),
    PeriodType.FINANCIAL_QUARTER: (r"FY(\d{4})-\d\d-Q(\d)", "FY{years}-Q{nth}", "Q{nth} {slashed} ({short})"),
    PeriodType.FINANCIAL_HALF: (r"FY(\d{4})-\d\d-H(\d)", "FY{years}-H{nth}", "{short}"),
    PeriodType.FINANCIAL_YEAR: (r"FY(\d{4})-\d\d", "FY{years}", "{slashed}"),
    PeriodType.CALENDAR_QUARTER: (r"CY(\d{4})-Q(\d)", "CY{year}-Q{nth}", "{short}"),
    PeriodType.CALENDAR_YEAR: (r"CY(\d{4})", "CY{year}", "{year}"),
    PeriodType.ACADEMIC_YEAR: (r"AY(\d{4})-\d\d", "AY{years}", "{slashed} academic year"),
    PeriodType.MONTHS_ENDING: (r"R(\d\d?)-(\d{4})-(\d\d)", "R{length}-{last}", "{months} ending {ending}"),
    PeriodType.SNAPSHOT: (r"D(\d{4})-(\d\d)-(\d\d)", "D{start}", "at {start.day} {ending}"),
    PeriodType.TO_DATE: (r"P(\d{4})-(\d\d)\.\.(\d{4})-(\d\d)", "P{first}..{last}", "{long}"),
}
# fmt: on


class InvalidPeriodCode(Exception):  # noqa: N818  it reports faulty input, not a fault of this software
    """No period has this code. `candidates` are the codes that may have been meant, likeliest first.

    There are no candidates if a part is missing, as the year in `Q1`, or if no period type fits, as for a week. For
    a period outside the years 1990 to 2100, `code` describes it.
    """

    def __init__(self, code: str, candidates: tuple[str, ...] = ()) -> None:
        meaning = f"; it may mean {' or '.join(candidates)}" if candidates else ""
        super().__init__(f"{code!r} is not a period code{meaning}.")
        self.code = code
        self.candidates = candidates


def to_month_index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _find_first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def find_last_day(month: int) -> date:
    return _find_first_day(month + 1) - timedelta(days=1)


def build_snapshot(day: date) -> Period:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidPeriodCode(f"D{day}")
    return _build_from_days(PeriodType.SNAPSHOT, day, day)


def build_from_months(period_type: PeriodType, first: int, last: int) -> Period:
    if not to_month_index(FIRST_DAY) <= first <= last <= to_month_index(LAST_DAY):
        raise InvalidPeriodCode(f"{period_type} {_format_month(first)}..{_format_month(last)}")
    return _build_from_days(period_type, _find_first_day(first), find_last_day(last))


def _build_from_days(period_type: PeriodType, start: date, end: date) -> Period:
    first, last = to_month_index(start), to_month_index(end)
    length, offset = LENGTH_AND_FIRST_MONTH.get(period_type, (last - first + 1, 0))
    year, month = divmod(first - offset, 12)
    values = {
        "start": start,
        "year": year,
        "years": f"{year}-{(year + 1) % 100:02}",
        "slashed": f"{year}/{(year + 1) % 100:02}",
        "nth": month // length + 1,
        "length": length,
        "months": f"{length} months" if length > 1 else "1 month",
        "first": _format_month(first),
        "last": _format_month(last),
        "ending": _format_month_range(last, last),
        "long": _format_month_range(first, last),
        "short": _format_month_range(first, last, letters=3),
    }
    _, code, label = _CODE_FORMATS[period_type]
    return Period(code=code.format_map(values), type=period_type, start=start, end=end, label=label.format_map(values))


def _format_month_range(first: int, last: int, *, letters: int | None = None) -> str:
    start, end = MONTH_NAMES[first % 12][:letters], f"{MONTH_NAMES[last % 12][:letters]} {last // 12}"
    if first == last:
        return end
    return f"{start} to {end}" if first // 12 == last // 12 else f"{start} {first // 12} to {end}"


def _format_month(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def parse_canonical(code: str) -> Period | None:
    """Return the period of a canonical code, or None. A code is canonical if its own numbers format to it."""
    for period_type, (pattern, _, _) in _CODE_FORMATS.items():
        match = re.fullmatch(pattern, code, re.ASCII)
        if match:
            try:
                period = _build_from_numbers(period_type, [int(number) for number in match.groups()])
            except (InvalidPeriodCode, ValueError):
                return None
            return period if period.code == code else None
    return None


def _build_from_numbers(period_type: PeriodType, numbers: list[int]) -> Period:
    match period_type, numbers:
        case PeriodType.SNAPSHOT, [year, month, day]:
            return build_snapshot(date(year, month, day))
        case PeriodType.TO_DATE, [year, month, last_year, last_month]:
            return build_from_months(period_type, year * 12 + month - 1, last_year * 12 + last_month - 1)
        case PeriodType.MONTHS_ENDING, [length, year, month]:
            last = year * 12 + month - 1
            return build_from_months(period_type, last - min(length, MAX_MONTHS_ENDING) + 1, last)
        case _:
            length, offset = LENGTH_AND_FIRST_MONTH[period_type]
            year, number = (*numbers, 1)[:2]
            first = year * 12 + offset + (number - 1) * length
            return build_from_months(period_type, first, first + length - 1)
