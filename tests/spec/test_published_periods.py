"""Conversion between our periods and the codes of Nomis, Explore Education Statistics and Fingertips.

The labels of Fingertips are those of `TimePeriodFormatterTest.cs` in github.com/ukhsa-collaboration/fingertips-open
(commit 6780897, MIT licence); a sortable number is its year, quarter and month. The time identifiers of EES are those
of `TimeIdentifier.cs` in github.com/dfe-analytical-services/explore-education-statistics, as its API writes them. The
vignettes of nomisr state that the Nomis date `2020-09` of the annual population survey is Oct 2019 to Sep 2020.
"""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.statistics.periods import InvalidPeriodCode, is_same_span, list_periods_between, parse
from api.statistics.published_periods import (
    EesPeriod,
    FingertipsPeriod,
    YearType,
    from_ees,
    from_fingertips,
    from_nomis,
    to_ees,
    to_fingertips,
    to_nomis,
)
from schema.periods import PeriodType

months_ending = st.builds(
    lambda length, year, month: parse(f"R{length}-{year}-{month:02}"),
    st.one_of(st.sampled_from([3, 12, 24, 36]), st.integers(1, 60)),
    st.integers(1995, 2100),
    st.integers(1, 12),
)
OTHER_TYPES = sorted(set(PeriodType) - {PeriodType.MONTHS_ENDING})
DECADE = date(2019, 1, 1), date(2030, 12, 31)
periods = st.one_of(months_ending, *(st.sampled_from(list_periods_between(type_, *DECADE)) for type_ in OTHER_TYPES))


# --- Nomis -------------------------------------------------------------------------------------------------

NOMIS = [
    ("2020-09", 12, "R12-2020-09", "2019-10-01", "2020-09-30"),
    ("2025-12", 12, "R12-2025-12", "2025-01-01", "2025-12-31"),
    ("2025-02", 3, "R3-2025-02", "2024-12-01", "2025-02-28"),
    ("2025-07", 1, "2025-07", "2025-07-01", "2025-07-31"),
]


@pytest.mark.parametrize(("nomis_date", "length", "code", "start", "end"), NOMIS)
def test_nomis_date_is_the_months_ending_then(nomis_date, length, code, start, end):
    period = from_nomis(nomis_date, length=length)
    assert period == parse(code)
    assert (f"{period.start}", f"{period.end}") == (start, end)
    assert to_nomis(period) == nomis_date


@pytest.mark.parametrize(
    "code", ["latest", "latestMINUS4", "prevyear", "first", "2025", "2025-13", "2025-1", "٢٠٢٥-٠٧", ""]
)
@pytest.mark.parametrize("length", [1, 12])
def test_other_nomis_dates_are_refused(code, length):
    with pytest.raises(InvalidPeriodCode):
        from_nomis(code, length=length)


@pytest.mark.parametrize("length", [0, -1, 61])
def test_nomis_date_ends_one_to_sixty_months(length):
    with pytest.raises(InvalidPeriodCode):
        from_nomis("2025-12", length=length)


@pytest.mark.parametrize(
    "code", ["CY2025", "FY2025-26", "FY2025-26-Q1", "AY2025-26", "D2025-09-30", "P2025-04..2025-12"]
)
def test_nomis_has_only_months_and_months_ending(code):
    assert to_nomis(parse(code)) is None


@settings(deadline=None)
@given(months_ending)
def test_nomis_date_converts_back_to_its_period(period):
    length = int(period.code.partition("-")[0][1:])
    assert is_same_span(from_nomis(to_nomis(period), length=length), period)


# --- Explore Education Statistics --------------------------------------------------------------------------

EES = """
    AY    2025/2026  202526  AY2025-26
    FY    2025/2026  202526  FY2025-26
    FY    1999/2000  199900  FY1999-00
    FYQ1  2025/2026  202526  FY2025-26-Q1
    FYQ4  2025/2026  202526  FY2025-26-Q4
    P1    2025/2026  202526  FY2025-26-H1
    P2    2025/2026  202526  FY2025-26-H2
    CY    2025       2025    CY2025
    CYQ3  2025       2025    CY2025-Q3
    M7    2025       2025    2025-07
    M12   2025       2025    2025-12
    M1    2026       2026    2026-01
"""


@pytest.mark.parametrize("line", EES.strip().splitlines())
def test_time_identifier_and_year_are_a_period(line):
    identifier, of_the_api, of_a_file, code = line.split()
    assert from_ees(identifier, of_the_api) == parse(code)
    assert from_ees(identifier, of_a_file) == parse(code)
    assert to_ees(parse(code)) == EesPeriod(code=identifier, period=of_the_api)


NOT_EES = """
    RY    2025
    T1    2025/2026
    TY    2025/2026
    W14   2025
    AYQ1  2025/2026
    M13   2025
    fy    2025/2026
    FY    2025
    FY    2025/2027
    FY    2025/25
    FY    2025-26
    CY    2025/2026
    CY    latest
    M7    202526
    CY    1989
    CY    ٢٠٢٥
"""


@pytest.mark.parametrize("line", NOT_EES.strip().splitlines())
def test_other_time_identifiers_are_refused(line):
    identifier, year = line.split()
    with pytest.raises(InvalidPeriodCode, match=identifier):
        from_ees(identifier, year)


@pytest.mark.parametrize("code", ["R12-2025-12", "D2025-09-30", "P2025-04..2025-12"])
def test_period_without_an_ees_identifier_is_refused(code):
    assert to_ees(parse(code)) is None


@settings(deadline=None)
@given(periods)
@example(parse("AY1990-91"))
@example(parse("FY2099-00"))
def test_ees_identifier_converts_back_to_its_period(period):
    ees_period = to_ees(period)
    assert ees_period is None or from_ees(ees_period.code, ees_period.period) == period


# --- Fingertips --------------------------------------------------------------------------------------------

# year type, year, years, quarter, month → label, and our period.
LABELS = """
    1   2006  1  -  -   2006                       CY2006
    1   2006  2  -  -   2006 - 07                  R24-2007-12
    1   2006  3  -  -   2006 - 08                  R36-2008-12
    1   2006  1  1  -   2006 Q1                    CY2006-Q1
    1   2006  1  4  -   2006 Q4                    CY2006-Q4
    2   2006  1  -  -   2006/07                    FY2006-07
    2   2006  2  -  -   2006/07 - 07/08            R24-2008-03
    2   2006  3  -  -   2006/07 - 08/09            R36-2009-03
    2   2006  1  1  -   2006/07 Q1                 FY2006-07-Q1
    2   2006  1  4  -   2006/07 Q4                 FY2006-07-Q4
    3   2006  1  -  -   2006/07                    AY2006-07
    3   2006  2  -  -   2006/07 - 07/08            R24-2008-08
    3   2006  3  -  -   2006/07 - 08/09            R36-2009-08
    4   2006  1  1  -   2006/07 Q1 - 2006/07 Q4    R12-2007-03
    4   2006  2  1  -   2006/07 Q1 - 2007/08 Q4    R24-2008-03
    4   2006  3  1  -   2006/07 Q1 - 2008/09 Q4    R36-2009-03
    4   2006  1  2  -   2006/07 Q2 - 2007/08 Q1    R12-2007-06
    4   2006  3  2  -   2006/07 Q2 - 2009/10 Q1    R36-2009-06
    4   2006  2  3  -   2006/07 Q3 - 2008/09 Q2    R24-2008-09
    4   2006  1  4  -   2006/07 Q4 - 2007/08 Q3    R12-2007-12
    5   2006  1  1  -   2006 Q1 - 2006 Q4          R12-2006-12
    5   2006  2  1  -   2006 Q1 - 2007 Q4          R24-2007-12
    5   2006  1  2  -   2006 Q2 - 2007 Q1          R12-2007-03
    5   2006  3  3  -   2006 Q3 - 2009 Q2          R36-2009-06
    5   2006  2  4  -   2006 Q4 - 2008 Q3          R24-2008-09
    7   2006  1  1  -   2006/07 Q1                 P2006-04..2006-06
    7   2006  1  2  -   2006/07 Q1-Q2              P2006-04..2006-09
    7   2006  1  3  -   2006/07 Q1-Q3              P2006-04..2006-12
    7   2006  1  4  -   2006/07 Q1-Q4              P2006-04..2007-03
    8   2006  1  -  -   Aug 2006 - Jul 2007        R12-2007-07
    8   2006  2  -  -   Aug 2006 - Jul 2008        R24-2008-07
    8   2006  3  -  -   Aug 2006 - Jul 2009        R36-2009-07
    9   2006  1  -  -   Mar 2006 - Feb 2007        R12-2007-02
    9   2006  2  -  -   Mar 2006 - Feb 2008        R24-2008-02
    9   2006  3  -  -   Mar 2006 - Feb 2009        R36-2009-02
    13  2006  1  -  -   Jul 2006 - Jun 2007        R12-2007-06
    13  2006  2  -  -   Jul 2006 - Jun 2008        R24-2008-06
    13  2006  3  -  -   Jul 2006 - Jun 2009        R36-2009-06
    10  2013  1  1  -   2013/14 Q1                 P2013-04..2013-06
    10  2013  1  2  -   2013/14 Q1 - 2013/14 Q2    P2013-04..2013-09
    10  2013  1  5  -   2013/14 Q1 - 2014/15 Q1    P2013-04..2014-06
    10  2013  1  8  -   2013/14 Q1 - 2014/15 Q4    P2013-04..2015-03
    1   2009  1  -  1   Jan 2009                   2009-01
    1   2009  1  -  12  Dec 2009                   2009-12
    2   2009  1  -  1   Apr 2009                   2009-04
    2   2009  1  -  9   Dec 2009                   2009-12
    2   2009  1  -  10  Jan 2010                   2010-01
    2   2009  1  -  12  Mar 2010                   2010-03
    6   2009  1  -  1   Jan 2009 - Dec 2009        R12-2009-12
    6   2009  1  -  2   Feb 2009 - Jan 2010        R12-2010-01
    6   2009  1  -  10  Oct 2009 - Sep 2010        R12-2010-09
    6   2009  1  -  12  Dec 2009 - Nov 2010        R12-2010-11
"""


@pytest.mark.parametrize("line", LABELS.strip().splitlines())
def test_fingertips_periods_have_fingertips_labels(line):
    fields, code = line.rsplit(maxsplit=1)
    kind, year, years, quarter, month, label = fields.split(maxsplit=5)
    fingertips_period = FingertipsPeriod(
        year_type=YearType(int(kind)),
        year=int(year),
        years=int(years),
        quarter=int(quarter.replace("-", "0")),
        month=int(month.replace("-", "0")),
    )
    assert fingertips_period.label == label.rstrip()
    assert from_fingertips(
        fingertips_period.sortable, fingertips_period.year_type, years=fingertips_period.years
    ) == parse(code)
    assert to_fingertips(parse(code), fingertips_period.year_type) == fingertips_period


SORTABLE = [
    ("FY2025-26", YearType.FINANCIAL, 20250000),
    ("FY2025-26-Q1", YearType.FINANCIAL, 20250100),
    ("CY2025", YearType.CALENDAR, 20250000),
    ("CY2025-Q3", YearType.CALENDAR, 20250300),
    ("2025-07", YearType.CALENDAR, 20250007),
    # Another name for the same days is accepted.
    ("FY2025-26-Q2", YearType.CALENDAR, 20250300),
    ("R12-2025-12", YearType.CALENDAR, 20250000),
    ("P2025-04..2026-03", YearType.FINANCIAL, 20250000),
]


@pytest.mark.parametrize(("code", "year_type", "sortable"), SORTABLE)
def test_sortable_number_is_year_quarter_and_month(code, year_type, sortable):
    assert to_fingertips(parse(code), year_type).sortable == sortable
    assert is_same_span(from_fingertips(sortable, year_type), parse(code))


NOT_FINGERTIPS = [
    (20250301, YearType.CALENDAR, 1),  # a quarter and a month at once
    (20250500, YearType.FINANCIAL, 1),
    (20250013, YearType.CALENDAR, 1),
    (20250000, YearType.CALENDAR_ROLLING_MONTHLY, 1),
    (20250100, YearType.ACADEMIC, 1),  # the months of its quarters are not defined
    (20250001, YearType.ACADEMIC, 1),
    (20250500, YearType.FINANCIAL_CUMULATIVE_QUARTERS, 1),
    (20252100, YearType.FINANCIAL_CUMULATIVE_QUARTERS_OF_YEARS, 1),
    (20250000, YearType.CALENDAR, 6),  # longer than any period here
    (20250000, YearType.CALENDAR, 0),
    (19890000, YearType.CALENDAR, 1),
    (21000000, YearType.FINANCIAL, 1),
    (0, YearType.CALENDAR, 1),
    (-1, YearType.CALENDAR, 1),
    (999990000, YearType.CALENDAR, 1),
]


@pytest.mark.parametrize(("sortable", "year_type", "years"), NOT_FINGERTIPS)
def test_other_fingertips_periods_are_refused(sortable, year_type, years):
    with pytest.raises(InvalidPeriodCode, match=str(sortable)):
        from_fingertips(sortable, year_type, years=years)


NONE_THERE = [
    ("D2025-09-30", YearType.CALENDAR),
    ("D2025-09-30", YearType.CALENDAR_ROLLING_MONTHLY),
    ("FY2025-26-H1", YearType.FINANCIAL),
    ("FY2025-26", YearType.CALENDAR),
    ("R3-2025-02", YearType.CALENDAR),
    ("R12-2025-11", YearType.CALENDAR_ROLLING_QUARTERLY),
    ("P2025-05..2025-12", YearType.FINANCIAL_CUMULATIVE_QUARTERS),
    ("P2025-04..2025-11", YearType.FINANCIAL_CUMULATIVE_QUARTERS),
    ("P2025-04..2026-06", YearType.FINANCIAL_CUMULATIVE_QUARTERS),
]


@pytest.mark.parametrize(("code", "year_type"), NONE_THERE)
def test_period_that_fingertips_lacks_is_refused(code, year_type):
    assert to_fingertips(parse(code), year_type) is None


@settings(deadline=None)
@given(periods, st.sampled_from(YearType))
@example(parse("2025-06"), YearType.CALENDAR_ROLLING_MONTHLY)
@example(parse("P1990-01..1999-12"), YearType.CALENDAR)
def test_fingertips_number_converts_back_to_its_period(period, year_type):
    fingertips_period = to_fingertips(period, year_type)
    if fingertips_period:
        assert is_same_span(
            from_fingertips(fingertips_period.sortable, year_type, years=fingertips_period.years), period
        )
        assert fingertips_period.label


@settings(deadline=None)
@given(st.integers(0, 99_999_999), st.sampled_from(YearType), st.integers(-1, 9))
def test_every_number_is_a_period_or_is_refused(sortable, year_type, years):
    try:
        period = from_fingertips(sortable, year_type, years=years)
    except InvalidPeriodCode:
        return
    assert parse(period.code) == period
