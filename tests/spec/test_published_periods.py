"""Period codes of Nomis, Explore Education Statistics and Fingertips, converted to periods.

The periods of Fingertips are those of `TimePeriodFormatterTest.cs` in github.com/ukhsa-collaboration/fingertips-open
(commit 6780897, MIT licence); a sortable number is its year, quarter and month. The time identifiers of EES are those
of `TimeIdentifier.cs` in github.com/dfe-analytical-services/explore-education-statistics, as its API writes them. The
vignettes of nomisr state that the Nomis date `2020-09` of the annual population survey is Oct 2019 to Sep 2020.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.statistics.periods import InvalidPeriodCode, is_same_span, parse
from api.statistics.published_periods import YearType, choose_fingertips_period, from_ees, from_fingertips, from_nomis

NOMIS = [
    ("2020-09", 12, "R12-2020-09", "2019-10-01", "2020-09-30"),
    ("2025-12", 12, "R12-2025-12", "2025-01-01", "2025-12-31"),
    ("2025-02", 3, "R3-2025-02", "2024-12-01", "2025-02-28"),
    ("2025-07", 1, "2025-07", "2025-07-01", "2025-07-31"),
]


@pytest.mark.parametrize(("date", "length", "code", "start", "end"), NOMIS)
def test_nomis_date_is_the_last_month_of_its_period(date, length, code, start, end):
    period = from_nomis(date, length=length)
    assert period == parse(code)
    assert (f"{period.start}", f"{period.end}") == (start, end)


@pytest.mark.parametrize(
    "code", ["latest", "latestMINUS4", "prevyear", "first", "2025", "2025-13", "2025-1", "٢٠٢٥-٠٧", ""]
)
@pytest.mark.parametrize("length", [1, 12])
def test_other_nomis_dates_are_refused(code, length):
    with pytest.raises(InvalidPeriodCode):
        from_nomis(code, length=length)


@pytest.mark.parametrize("length", [0, -1, 61])
def test_nomis_period_has_one_to_sixty_months(length):
    with pytest.raises(InvalidPeriodCode):
        from_nomis("2025-12", length=length)


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
def test_ees_time_identifier_and_year_are_a_period(line):
    identifier, api_year, file_year, code = line.split()
    assert from_ees(identifier, api_year) == parse(code)
    assert from_ees(identifier, file_year) == parse(code)


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
def test_other_ees_time_identifiers_are_refused(line):
    identifier, year = line.split()
    with pytest.raises(InvalidPeriodCode, match=identifier):
        from_ees(identifier, year)


# year type, year, years, quarter, month → period code
FINGERTIPS = """
    1   2006  1  -  -   CY2006
    1   2006  2  -  -   R24-2007-12
    1   2006  3  -  -   R36-2008-12
    1   2006  1  1  -   CY2006-Q1
    1   2006  1  4  -   CY2006-Q4
    2   2006  1  -  -   FY2006-07
    2   2006  2  -  -   R24-2008-03
    2   2006  3  -  -   R36-2009-03
    2   2006  1  1  -   FY2006-07-Q1
    2   2006  1  4  -   FY2006-07-Q4
    3   2006  1  -  -   AY2006-07
    3   2006  2  -  -   R24-2008-08
    3   2006  3  -  -   R36-2009-08
    3   2006  1  1  -   R3-2006-11
    3   2006  1  4  -   R3-2007-08
    4   2006  1  1  -   R12-2007-03
    4   2006  2  1  -   R24-2008-03
    4   2006  3  1  -   R36-2009-03
    4   2006  1  2  -   R12-2007-06
    4   2006  3  2  -   R36-2009-06
    4   2006  2  3  -   R24-2008-09
    4   2006  1  4  -   R12-2007-12
    5   2006  1  1  -   R12-2006-12
    5   2006  2  1  -   R24-2007-12
    5   2006  1  2  -   R12-2007-03
    5   2006  3  3  -   R36-2009-06
    5   2006  2  4  -   R24-2008-09
    7   2006  1  1  -   P2006-04..2006-06
    7   2006  1  2  -   P2006-04..2006-09
    7   2006  1  3  -   P2006-04..2006-12
    7   2006  1  4  -   P2006-04..2007-03
    8   2006  1  -  -   R12-2007-07
    8   2006  2  -  -   R24-2008-07
    8   2006  3  -  -   R36-2009-07
    9   2006  1  -  -   R12-2007-02
    9   2006  2  -  -   R24-2008-02
    9   2006  3  -  -   R36-2009-02
    13  2006  1  -  -   R12-2007-06
    13  2006  2  -  -   R24-2008-06
    13  2006  3  -  -   R36-2009-06
    10  2013  1  1  -   P2013-04..2013-06
    10  2013  1  2  -   P2013-04..2013-09
    10  2013  1  5  -   P2013-04..2014-06
    10  2013  1  8  -   P2013-04..2015-03
    1   2009  1  -  1   2009-01
    1   2009  1  -  12  2009-12
    2   2009  1  -  1   2009-04
    2   2009  1  -  9   2009-12
    2   2009  1  -  10  2010-01
    2   2009  1  -  12  2010-03
    6   2009  1  -  1   R12-2009-12
    6   2009  1  -  2   R12-2010-01
    6   2009  1  -  10  R12-2010-09
    6   2009  1  -  12  R12-2010-11
"""


@pytest.mark.parametrize("line", FINGERTIPS.strip().splitlines())
def test_fingertips_sortable_number_is_a_period(line):
    year_type, year, years, quarter, month, code = (
        part.replace("-", "0") if part == "-" else part for part in line.split()
    )
    sortable = int(year) * 10_000 + int(quarter) * 100 + int(month)
    assert from_fingertips(sortable, YearType(int(year_type)), years=int(years)) == parse(code)


SORTABLE = [
    ("FY2025-26", YearType.FINANCIAL, 20250000),
    ("FY2025-26-Q1", YearType.FINANCIAL, 20250100),
    ("CY2025", YearType.CALENDAR, 20250000),
    ("CY2025-Q3", YearType.CALENDAR, 20250300),
    ("2025-07", YearType.CALENDAR, 20250007),
    # The same days may have another code.
    ("FY2025-26-Q2", YearType.CALENDAR, 20250300),
    ("R12-2025-12", YearType.CALENDAR, 20250000),
    ("P2025-04..2026-03", YearType.FINANCIAL, 20250000),
]


@pytest.mark.parametrize(("code", "year_type", "sortable"), SORTABLE)
def test_fingertips_sortable_number_covers_the_same_days(code, year_type, sortable):
    assert is_same_span(from_fingertips(sortable, year_type), parse(code))


NOT_FINGERTIPS = [
    (20250301, YearType.CALENDAR, 1),  # a quarter and a month at once
    (20250500, YearType.FINANCIAL, 1),
    (20250013, YearType.CALENDAR, 1),
    (20250000, YearType.CALENDAR_ROLLING_MONTHLY, 1),
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


#   year type           sortable  label             years  period or candidates
LABELS = [
    (YearType.FINANCIAL, 20230000, "2023/24",           1, ["FY2023-24"]),
    (YearType.ACADEMIC,  20230000, "2023/24",           1, ["AY2023-24"]),
    (YearType.CALENDAR,  20230000, "2023",              1, ["CY2023"]),
    (None,               20230000, "2023",              1, ["CY2023"]),
    (YearType.FINANCIAL, 20210000, "2021/22 - 23/24",   3, ["R36-2024-03"]),
    (YearType.FINANCIAL, 20230200, "2023/24 Q2",        1, ["FY2023-24-Q2"]),
    (YearType.JULY_TO_JUNE, 20230000, "2023/24",        1, ["R12-2024-06"]),
    # The label disagrees with the year type, or leaves two of them.
    (YearType.FINANCIAL, 20230000, "2023",              1, ["FY2023-24", "CY2023"]),
    (YearType.CALENDAR,  20230000, "2023/24",           1, ["CY2023", "FY2023-24", "AY2023-24"]),
    (None,               20230000, "2023/24",           1, ["FY2023-24", "AY2023-24"]),
    (None,               20230003, "2023/24 Mar",       1, ["2023-06"]),
]  # fmt: skip


@pytest.mark.parametrize(("year_type", "sortable", "label", "years", "codes"), LABELS)
def test_fingertips_label_must_agree_with_the_year_type(year_type, sortable, label, years, codes):
    if len(codes) == 1 and not label.endswith("Mar"):
        assert choose_fingertips_period(sortable, label, year_type=year_type, years=years).code == codes[0]
        return
    with pytest.raises(InvalidPeriodCode) as refused:
        choose_fingertips_period(sortable, label, year_type=year_type, years=years)
    assert list(refused.value.candidates) == codes


def test_label_of_another_year_is_refused():
    with pytest.raises(InvalidPeriodCode):
        choose_fingertips_period(20230000, "2024", year_type=YearType.CALENDAR, years=1)


def test_academic_quarter_of_ees_has_candidates_from_august_and_september():
    with pytest.raises(InvalidPeriodCode) as refused:
        from_ees("AYQ1", "2025/2026")
    assert refused.value.candidates == ("R3-2025-10", "R3-2025-11")


@settings(deadline=None)
@given(st.integers(0, 99_999_999), st.sampled_from(YearType), st.integers(-1, 9))
def test_every_sortable_number_is_a_period_or_refused(sortable, year_type, years):
    try:
        period = from_fingertips(sortable, year_type, years=years)
    except InvalidPeriodCode:
        return
    assert parse(period.code) == period
