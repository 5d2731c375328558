"""The codes that Nomis, Fingertips and Explore Education Statistics (EES) have for periods, to ours and back.

Sources: the Nomis API's `date` (nomisweb.co.uk/api/v01/help), `TimeIdentifier` of EES
(github.com/dfe-analytical-services/explore-education-statistics) and `TimePeriodFormatter` of Fingertips
(github.com/ukhsa-collaboration/fingertips-open). None of their codes says all: a Nomis date leaves out how many
months it ends, a Fingertips period its year type. A code that has no period here, as a week, a school term or a
tax year, raises `NotAPeriod`; a period that has no code there gives None.
"""

import re
from datetime import date
from enum import IntEnum

from msgspec import Struct

from api.statistics.periods import MAX_MONTHS_ENDING, MONTH_NAMES, InvalidPeriodCode, build_period, count_months, parse
from schema.periods import Period, PeriodType

# --- Nomis -------------------------------------------------------------------------------------------------


def from_nomis(code: str, *, length: int) -> Period:
    """Return the period of a Nomis date such as `2025-12`; `length` is the data set's own, in months.

    It is 12 in the annual population survey, whose `2025-12` is January to December 2025, and 1 in monthly data.
    Relative dates (`latest`) are refused, since what they name changes.
    """
    if not re.fullmatch(r"\d{4}-\d\d", code, re.ASCII):
        raise InvalidPeriodCode(code)
    return parse(code if length == 1 else f"R{length}-{code}")


def to_nomis(period: Period) -> str | None:
    """Return the date under which Nomis has a month, or a number of months ending."""
    if period.type not in {PeriodType.MONTH, PeriodType.MONTHS_ENDING}:
        return None
    return f"{period.end:%Y-%m}"


# --- Explore Education Statistics --------------------------------------------------------------------------


class EesPeriod(Struct, frozen=True, kw_only=True):
    """A time period of the EES API."""

    code: str
    """The time identifier: `AY`, `CY`, `CYQ1`, `FY`, `FYQ1`, `P1`, `M7` …"""
    period: str
    """`2025` where it lies in a calendar year, else `2025/2026`."""


_EES_CODE_FORMATS = {
    "CY": "CY{year}",
    "FY": "FY{years}",
    "AY": "AY{years}",
    "P1": "FY{years}-H1",
    "P2": "FY{years}-H2",
    **{f"CYQ{nth}": f"CY{{year}}-Q{nth}" for nth in range(1, 5)},
    **{f"FYQ{nth}": f"FY{{years}}-Q{nth}" for nth in range(1, 5)},
    **{f"M{nth}": f"{{year}}-{nth:02}" for nth in range(1, 13)},
}


def from_ees(code: str, period: str) -> Period:
    """Return the period of a time identifier and its year, as `2025/2026` in the API or `202526` in a file.

    A single year will do for what lies in a calendar year and for nothing else.
    """
    spelt = re.fullmatch(r"(\d{4})(?:/?(\d{4}|\d\d))?", period, re.ASCII)
    if code not in _EES_CODE_FORMATS or spelt is None:
        raise InvalidPeriodCode(f"{code} {period}")
    year, following = int(spelt[1]), spelt[2]
    allowed = {None} if "{year}" in _EES_CODE_FORMATS[code] else {f"{year + 1}", f"{(year + 1) % 100:02}"}
    if following not in allowed:
        raise InvalidPeriodCode(f"{code} {period}")
    return parse(_format_ees_code(code, year))


def to_ees(period: Period) -> EesPeriod | None:
    """Return the period as the EES API has it; calendar years for what lies in one, as months do."""
    for year in (period.start.year, period.start.year - 1):
        for code, form in _EES_CODE_FORMATS.items():
            if _format_ees_code(code, year) == period.code:
                return EesPeriod(code=code, period=f"{year}" if "{year}" in form else f"{year}/{year + 1}")
    return None


def _format_ees_code(code: str, year: int) -> str:
    return _EES_CODE_FORMATS[code].format(year=year, years=f"{year}-{(year + 1) % 100:02}")


# --- Fingertips --------------------------------------------------------------------------------------------


class YearType(IntEnum):
    """How an indicator of Fingertips cuts time, by its id."""

    CALENDAR = 1
    FINANCIAL = 2
    ACADEMIC = 3
    FINANCIAL_ROLLING_QUARTERLY = 4
    CALENDAR_ROLLING_QUARTERLY = 5
    CALENDAR_ROLLING_MONTHLY = 6
    FINANCIAL_CUMULATIVE_QUARTERS = 7
    AUGUST_TO_JULY = 8
    MARCH_TO_FEBRUARY = 9
    FINANCIAL_CUMULATIVE_QUARTERS_OF_YEARS = 10
    JULY_TO_JUNE = 13


class FingertipsPeriod(Struct, frozen=True, kw_only=True):
    """A time period of Fingertips."""

    year_type: YearType
    year: int
    """The year in which the period's own year begins."""
    years: int = 1
    quarter: int = 0
    """From 1, or 0 where it is not one of quarters; with type 10 it runs on, as 5 for the next year's first."""
    month: int = 0
    """The same of months."""

    @property
    def sortable(self) -> int:
        """The `Time period Sortable` of a download: year, quarter and month in eight digits."""
        return self.year * 10_000 + self.quarter * 100 + self.month

    @property
    def label(self) -> str:
        """The `Time period` of a download."""
        first, length = _find_month_span(self)
        last = first + length - 1
        if self.year_type in _MONTH_LABELLED_YEAR_TYPES or self.month:
            start, end = _format_month(first), _format_month(last)
            return start if length == 1 else f"{start} - {end}"
        if self.quarter:
            return self._format_quarters(first, last)
        if self.years == 1:
            return _format_year(self.year_type, self.year)
        end = _format_year(self.year_type, self.year + self.years - 1)
        return f"{_format_year(self.year_type, self.year)} - {end[2:]}"

    def _format_quarters(self, first: int, last: int) -> str:
        start, end = (_format_quarter(self.year_type, month) for month in (first, last))
        if start == end:
            return start
        within = self.year_type is YearType.FINANCIAL_CUMULATIVE_QUARTERS
        return f"{start}-Q{self.quarter}" if within else f"{start} - {end}"


# The month in which a year begins, from 0 for January, where a period is one or more whole years …
_YEAR_FIRST_MONTHS = {
    YearType.CALENDAR: 0,
    YearType.FINANCIAL: 3,
    YearType.ACADEMIC: 8,
    YearType.AUGUST_TO_JULY: 7,
    YearType.MARCH_TO_FEBRUARY: 2,
    YearType.JULY_TO_JUNE: 6,
}
# … and where it begins with a quarter or a month; these are not known of academic years.
_QUARTER_FIRST_MONTHS = {
    YearType.CALENDAR: 0,
    YearType.FINANCIAL: 3,
    YearType.FINANCIAL_ROLLING_QUARTERLY: 3,
    YearType.CALENDAR_ROLLING_QUARTERLY: 0,
    YearType.FINANCIAL_CUMULATIVE_QUARTERS: 3,
    YearType.FINANCIAL_CUMULATIVE_QUARTERS_OF_YEARS: 3,
}
_MONTH_FIRST_MONTHS = {YearType.CALENDAR: 0, YearType.FINANCIAL: 3, YearType.CALENDAR_ROLLING_MONTHLY: 0}

_ROLLING_YEAR_TYPES = {
    YearType.FINANCIAL_ROLLING_QUARTERLY,
    YearType.CALENDAR_ROLLING_QUARTERLY,
    YearType.CALENDAR_ROLLING_MONTHLY,
}
# How many quarters a cumulative period can have.
_MAX_CUMULATIVE_QUARTERS = {
    YearType.FINANCIAL_CUMULATIVE_QUARTERS: 4,
    YearType.FINANCIAL_CUMULATIVE_QUARTERS_OF_YEARS: 20,
}
_MONTH_LABELLED_YEAR_TYPES = {YearType.AUGUST_TO_JULY, YearType.MARCH_TO_FEBRUARY, YearType.JULY_TO_JUNE}
_PERIOD_TYPES = {
    (YearType.CALENDAR, 12): PeriodType.CALENDAR_YEAR,
    (YearType.CALENDAR, 3): PeriodType.CALENDAR_QUARTER,
    (YearType.CALENDAR, 1): PeriodType.MONTH,
    (YearType.FINANCIAL, 12): PeriodType.FINANCIAL_YEAR,
    (YearType.FINANCIAL, 3): PeriodType.FINANCIAL_QUARTER,
    (YearType.FINANCIAL, 1): PeriodType.MONTH,
    (YearType.ACADEMIC, 12): PeriodType.ACADEMIC_YEAR,
}


def from_fingertips(sortable: int, year_type: YearType, *, years: int = 1) -> Period:
    """Return the period of a sortable number, with the indicator's year type and the years it spans.

    Pooled and rolling years come out as `months-ending`, so 2023 to 2025 as `R36-2025-12`; cumulative quarters
    as `to-date`.
    """
    year, quarter, month = sortable // 10_000, sortable // 100 % 100, sortable % 100
    found = FingertipsPeriod(year_type=year_type, year=year, years=years, quarter=quarter, month=month)
    unknown = InvalidPeriodCode(f"{sortable} of year type {year_type:d} over {years} years")
    if not _is_possible(found):
        raise unknown
    first, length = _find_month_span(found)
    other = PeriodType.TO_DATE if year_type in _MAX_CUMULATIVE_QUARTERS else PeriodType.MONTHS_ENDING
    try:
        start = date(first // 12, first % 12 + 1, 1)
        return build_period(_PERIOD_TYPES.get((year_type, length), other), start, months=length)
    except (InvalidPeriodCode, ValueError):
        raise unknown from None


def to_fingertips(period: Period, year_type: YearType) -> FingertipsPeriod | None:
    """Return the period as an indicator with that year type has it."""
    if period.type is PeriodType.SNAPSHOT:
        return None
    first, length = period.start.year * 12 + period.start.month - 1, count_months(period)
    for starts, unit in ((_YEAR_FIRST_MONTHS, 12), (_QUARTER_FIRST_MONTHS, 3), (_MONTH_FIRST_MONTHS, 1)):
        year, month = divmod(first - starts.get(year_type, 0), 12)
        nth = month // unit + 1
        if year_type in _MAX_CUMULATIVE_QUARTERS and month == 0:
            nth = length // unit
        found = FingertipsPeriod(
            year_type=year_type,
            year=year,
            years=max(length // 12, 1) if year_type in _ROLLING_YEAR_TYPES or unit == 12 else 1,
            quarter=nth if unit == 3 else 0,
            month=nth if unit == 1 else 0,
        )
        if _is_possible(found) and _find_month_span(found) == (first, length):
            return found
    return None


def _is_possible(period: FingertipsPeriod) -> bool:
    kind = period.year_type
    if (period.quarter and period.month) or not 1 <= period.years <= MAX_MONTHS_ENDING // 12:
        return False
    if period.quarter:
        return kind in _QUARTER_FIRST_MONTHS and period.quarter <= _MAX_CUMULATIVE_QUARTERS.get(kind, 4)
    if period.month:
        return kind in _MONTH_FIRST_MONTHS and period.month <= 12
    return kind in _YEAR_FIRST_MONTHS


def _find_month_span(period: FingertipsPeriod) -> tuple[int, int]:
    """Return the first month, counted from year 0, and how many there are."""
    kind, years = period.year_type, period.years * 12
    if period.quarter:
        start = period.year * 12 + _QUARTER_FIRST_MONTHS[kind]
        if kind in _MAX_CUMULATIVE_QUARTERS:
            return start, period.quarter * 3
        return start + (period.quarter - 1) * 3, years if kind in _ROLLING_YEAR_TYPES else 3
    if period.month:
        return period.year * 12 + _MONTH_FIRST_MONTHS[
            kind
        ] + period.month - 1, years if kind in _ROLLING_YEAR_TYPES else 1
    return period.year * 12 + _YEAR_FIRST_MONTHS[kind], years


def _format_month(month: int) -> str:
    return f"{MONTH_NAMES[month % 12][:3]} {month // 12}"


def _format_year(year_type: YearType, year: int) -> str:
    return f"{year}" if year_type is YearType.CALENDAR else f"{year}/{(year + 1) % 100:02}"


def _format_quarter(year_type: YearType, month: int) -> str:
    start = _QUARTER_FIRST_MONTHS[year_type]
    year, within = divmod(month - start, 12)
    label = f"{year}/{(year + 1) % 100:02}" if start else f"{year}"
    return f"{label} Q{within // 3 + 1}"
