"""Period codes of Nomis, Explore Education Statistics (EES) and Fingertips, converted to periods.

Sources: the `date` of the Nomis API (nomisweb.co.uk/api/v01/help), `TimeIdentifier` of EES
(github.com/dfe-analytical-services/explore-education-statistics) and `TimePeriodFormatter` of Fingertips
(github.com/ukhsa-collaboration/fingertips-open). Each code lacks a part of the period: a Nomis date its length, a
Fingertips period its year type. Codes without a period here, such as those of a week, a school term or a tax year,
raise InvalidPeriodCode.
"""

import re
from collections.abc import Iterator
from datetime import date
from enum import IntEnum

from api.statistics.periods import MAX_MONTHS_ENDING, InvalidPeriodCode, build_period, parse
from schema.periods import Period, PeriodType


def from_nomis(code: str, *, length: int) -> Period:
    """Return the period of a Nomis date such as `2025-12`; `length` is that of the data set's periods in months.

    It is 12 in the annual population survey, whose `2025-12` is January to December 2025, and 1 in monthly data.
    Relative dates such as `latest` are refused, because their meaning changes.
    """
    if not re.fullmatch(r"\d{4}-\d\d", code, re.ASCII):
        raise InvalidPeriodCode(code)
    return parse(code if length == 1 else f"R{length}-{code}")


_EES_CODE_FORMATS = {
    "CY": "CY{year}",
    "FY": "FY{years}",
    "AY": "AY{years}",
    "P1": "FY{years}-H1",
    "P2": "FY{years}-H2",
    **{f"CYQ{quarter}": f"CY{{year}}-Q{quarter}" for quarter in range(1, 5)},
    **{f"FYQ{quarter}": f"FY{{years}}-Q{quarter}" for quarter in range(1, 5)},
    **{f"M{month}": f"{{year}}-{month:02}" for month in range(1, 13)},
}


def from_ees(code: str, period: str) -> Period:
    """Return the period of a time identifier and its year, such as `2025/2026` in the API or `202526` in a file.

    A single year is allowed only for periods that lie in a calendar year.
    """
    match = re.fullmatch(r"(\d{4})(?:/?(\d{4}|\d\d))?", period, re.ASCII)
    quarter = re.fullmatch(r"AYQ([1-4])", code)
    if quarter and match:
        # Further education counts its year from August, schools from September: the identifier does not state which.
        starts = [int(match[1]) * 12 + first + 3 * int(quarter[1]) - 3 for first in (7, 8)]
        raise InvalidPeriodCode(f"{code} {period}", tuple(_format_months_ending(start, 3) for start in starts))
    if code not in _EES_CODE_FORMATS or match is None:
        raise InvalidPeriodCode(f"{code} {period}")
    year, following = int(match[1]), match[2]
    allowed = {None} if "{year}" in _EES_CODE_FORMATS[code] else {f"{year + 1}", f"{(year + 1) % 100:02}"}
    if following not in allowed:
        raise InvalidPeriodCode(f"{code} {period}")
    return parse(_EES_CODE_FORMATS[code].format(year=year, years=f"{year}-{(year + 1) % 100:02}"))


def _format_months_ending(first: int, length: int) -> str:
    """Return the code of the months from `first`, counted from year 0."""
    last = first + length - 1
    return f"R{length}-{last // 12}-{last % 12 + 1:02}"


class YearType(IntEnum):
    """The year type of a Fingertips indicator, by its id."""

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


FINGERTIPS_YEAR_TYPES = {
    "calendar": YearType.CALENDAR,
    "financial": YearType.FINANCIAL,
    "academic": YearType.ACADEMIC,
    "financial rolling year - quarterly": YearType.FINANCIAL_ROLLING_QUARTERLY,
    "calendar rolling year - quarterly": YearType.CALENDAR_ROLLING_QUARTERLY,
    "calendar rolling year - monthly": YearType.CALENDAR_ROLLING_MONTHLY,
    "financial single year cumulative quarters": YearType.FINANCIAL_CUMULATIVE_QUARTERS,
    "august-july": YearType.AUGUST_TO_JULY,
    "march-february": YearType.MARCH_TO_FEBRUARY,
    "financial multi year cumulative quarters": YearType.FINANCIAL_CUMULATIVE_QUARTERS_OF_YEARS,
    "july-june": YearType.JULY_TO_JUNE,
}
"""The year types by their names in the metadata of indicators, in lower case."""

# The month in which a year begins, from 0 for January, if the period is one or more whole years …
_YEAR_FIRST_MONTHS = {
    YearType.CALENDAR: 0,
    YearType.FINANCIAL: 3,
    YearType.ACADEMIC: 8,
    YearType.AUGUST_TO_JULY: 7,
    YearType.MARCH_TO_FEBRUARY: 2,
    YearType.JULY_TO_JUNE: 6,
}
# … and if it is given by a quarter or a month.
_QUARTER_FIRST_MONTHS = {
    YearType.CALENDAR: 0,
    YearType.FINANCIAL: 3,
    YearType.ACADEMIC: 8,
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
# The largest number of quarters in a cumulative period.
_MAX_CUMULATIVE_QUARTERS = {
    YearType.FINANCIAL_CUMULATIVE_QUARTERS: 4,
    YearType.FINANCIAL_CUMULATIVE_QUARTERS_OF_YEARS: 20,
}
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
    """Return the period of a `Time period Sortable`: year, quarter and month in eight digits.

    `year_type` and `years` are those of the indicator. Pooled and rolling years become `months-ending`, so 2023 to
    2025 is `R36-2025-12`; cumulative quarters become `to-date`.
    """
    year, quarter, month = sortable // 10_000, sortable // 100 % 100, sortable % 100
    invalid = InvalidPeriodCode(f"{sortable} of year type {year_type:d} over {years} years")
    if not _is_possible(year_type, years, quarter, month):
        raise invalid
    first, length = _find_month_span(year_type, year, years, quarter, month)
    other = PeriodType.TO_DATE if year_type in _MAX_CUMULATIVE_QUARTERS else PeriodType.MONTHS_ENDING
    try:
        start = date(first // 12, first % 12 + 1, 1)
        return build_period(_PERIOD_TYPES.get((year_type, length), other), start, months=length)
    except (InvalidPeriodCode, ValueError):
        raise invalid from None


def choose_fingertips_period(sortable: int, label: str, *, year_type: YearType | None, years: int) -> Period:
    """Return the period of a `Time period Sortable` whose label agrees with the year type.

    Labels are `2023`, or `2023/24` if the year begins in another month than January. Without a year type, a label of
    one year may leave several. Raises InvalidPeriodCode with the periods that the label and the year type may mean.
    """
    has_slash = "/" in label
    possible = [kind for kind in _LABELLED_YEAR_TYPES if (kind is not YearType.CALENDAR) == has_slash]
    if year_type is None:
        kinds = possible
    elif year_type in _LABELLED_YEAR_TYPES and year_type not in possible:
        kinds = [year_type, *possible]
    else:
        kinds = [year_type]
    if len(kinds) == 1 and label.startswith(str(sortable // 10_000)):
        return from_fingertips(sortable, kinds[0], years=years)
    raise InvalidPeriodCode(label, tuple(_list_fingertips_codes(sortable, kinds, years)))


_LABELLED_YEAR_TYPES = (YearType.CALENDAR, YearType.FINANCIAL, YearType.ACADEMIC)


def _list_fingertips_codes(sortable: int, kinds: list[YearType], years: int) -> Iterator[str]:
    for kind in kinds:
        try:
            yield from_fingertips(sortable, kind, years=years).code
        except InvalidPeriodCode:
            continue


def _is_possible(year_type: YearType, years: int, quarter: int, month: int) -> bool:
    if (quarter and month) or not 1 <= years <= MAX_MONTHS_ENDING // 12:
        return False
    if quarter:
        return year_type in _QUARTER_FIRST_MONTHS and quarter <= _MAX_CUMULATIVE_QUARTERS.get(year_type, 4)
    if month:
        return year_type in _MONTH_FIRST_MONTHS and month <= 12
    return year_type in _YEAR_FIRST_MONTHS


def _find_month_span(year_type: YearType, year: int, years: int, quarter: int, month: int) -> tuple[int, int]:
    """Return the first month, counted from year 0, and the number of months."""
    is_rolling = year_type in _ROLLING_YEAR_TYPES
    if quarter:
        start = year * 12 + _QUARTER_FIRST_MONTHS[year_type]
        if year_type in _MAX_CUMULATIVE_QUARTERS:
            return start, quarter * 3
        return start + (quarter - 1) * 3, years * 12 if is_rolling else 3
    if month:
        return year * 12 + _MONTH_FIRST_MONTHS[year_type] + month - 1, years * 12 if is_rolling else 1
    return year * 12 + _YEAR_FIRST_MONTHS[year_type], years * 12
