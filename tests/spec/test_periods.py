"""Period codes: parsing, suggestions for other spellings, nesting and tiling."""

import re
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.statistics.periods import (
    FIRST_DAY,
    LAST_DAY,
    InvalidPeriodCode,
    PeriodNotDivisible,
    build_period,
    contains,
    count_months,
    divide_period,
    is_same_span,
    list_periods_between,
    parse,
    partition,
    shift_period,
)
from schema.periods import Period, PeriodType

CODES = """
    2025-07             month              2025-07-01  2025-07-31  July 2025
    2024-02             month              2024-02-01  2024-02-29  February 2024
    FY2025-26-Q1        financial-quarter  2025-04-01  2025-06-30  Q1 2025/26 (Apr to Jun 2025)
    FY2025-26-Q2        financial-quarter  2025-07-01  2025-09-30  Q2 2025/26 (Jul to Sep 2025)
    FY2025-26-Q4        financial-quarter  2026-01-01  2026-03-31  Q4 2025/26 (Jan to Mar 2026)
    FY2025-26-H1        financial-half     2025-04-01  2025-09-30  Apr to Sep 2025
    FY2025-26-H2        financial-half     2025-10-01  2026-03-31  Oct 2025 to Mar 2026
    FY2025-26           financial-year     2025-04-01  2026-03-31  2025/26
    FY1999-00           financial-year     1999-04-01  2000-03-31  1999/00
    CY2025-Q3           calendar-quarter   2025-07-01  2025-09-30  Jul to Sep 2025
    CY2025              calendar-year      2025-01-01  2025-12-31  2025
    AY2025-26           academic-year      2025-09-01  2026-08-31  2025/26 academic year
    R12-2025-12         months-ending      2025-01-01  2025-12-31  12 months ending December 2025
    R3-2025-02          months-ending      2024-12-01  2025-02-28  3 months ending February 2025
    R1-2025-12          months-ending      2025-12-01  2025-12-31  1 month ending December 2025
    R60-1994-12         months-ending      1990-01-01  1994-12-31  60 months ending December 1994
    D2025-09-30         snapshot           2025-09-30  2025-09-30  at 30 September 2025
    D2025-07-01         snapshot           2025-07-01  2025-07-01  at 1 July 2025
    P2025-04..2025-12   to-date            2025-04-01  2025-12-31  April to December 2025
    P2025-04..2026-03   to-date            2025-04-01  2026-03-31  April 2025 to March 2026
    P2025-04..2025-04   to-date            2025-04-01  2025-04-30  April 2025
    1990-01             month              1990-01-01  1990-01-31  January 1990
    CY2100              calendar-year      2100-01-01  2100-12-31  2100
"""

CANDIDATES = {
    # The type is missing.
    "2025": ["CY2025", "FY2025-26", "AY2025-26"],
    "2025/26": ["FY2025-26", "AY2025-26"],
    "2025-26": ["FY2025-26", "AY2025-26"],
    "2025–26": ["FY2025-26", "AY2025-26"],
    "2025/2026": ["FY2025-26", "AY2025-26"],
    "25/26": ["FY2025-26", "AY2025-26"],
    "202526": ["FY2025-26", "AY2025-26"],
    "2025-Q1": ["FY2025-26-Q1", "CY2025-Q1"],
    "2025Q1": ["FY2025-26-Q1", "CY2025-Q1"],
    "Q1 2025": ["FY2025-26-Q1", "CY2025-Q1"],
    "2025-H1": ["FY2025-26-H1", "P2025-01..2025-06"],
    "H2 2025": ["FY2025-26-H2", "P2025-07..2025-12"],
    "2025/26 Q1": ["FY2025-26-Q1"],
    "Q1 2025/26": ["FY2025-26-Q1"],
    "Q1 25/26": ["FY2025-26-Q1"],
    # The financial year named by one of its two calendar years.
    "FY2025": ["FY2025-26", "FY2024-25"],
    "FY25": ["FY2025-26", "FY2024-25"],
    "FY2025-Q1": ["FY2025-26-Q1", "FY2024-25-Q1"],
    "AY2025": ["AY2025-26", "AY2024-25"],
    # Close to the code.
    "fy2025-26-q1": ["FY2025-26-Q1"],
    "FY2025/26 Q1": ["FY2025-26-Q1"],
    "FY2025-2026": ["FY2025-26"],
    "FY2025-27": ["FY2025-26"],
    "cy2025": ["CY2025"],
    "CY2025-26": ["CY2025"],
    "CY2025-H2": ["P2025-07..2025-12"],
    "R012-2025-12": ["R12-2025-12"],
    "r12-2025-12": ["R12-2025-12"],
    "p2025-04..2025-12": ["P2025-04..2025-12"],
    "2025-04/2025-12": ["P2025-04..2025-12"],
    "2025-04 to 2025-12": ["P2025-04..2025-12"],
    " 2025-07 ": ["2025-07"],
    "2025-07\n": ["2025-07"],
    # Months.
    "July 2025": ["2025-07"],
    "2025 July": ["2025-07"],
    "Jul-25": ["2025-07"],
    "Sept 2025": ["2025-09"],
    "202507": ["2025-07"],
    "M2025-07": ["2025-07"],
    "2025M7": ["2025-07"],
    "2025-7": ["2025-07"],
    "07/2025": ["2025-07"],
    "200910": ["FY2009-10", "AY2009-10", "2009-10"],
    # Days.
    "2025-09-30": ["D2025-09-30"],
    "20250930": ["D2025-09-30"],
    "30/09/2025": ["D2025-09-30"],
    "30 September 2025": ["D2025-09-30"],
    "d2025-09-30": ["D2025-09-30"],
    "2025-07-01": ["D2025-07-01", "2025-07"],
    # Words, as people write them. Every type of period with the same days is a candidate.
    "12 months to December 2025": ["CY2025", "R12-2025-12", "P2025-01..2025-12"],
    "Jan 2025 to Dec 2025": ["CY2025", "R12-2025-12", "P2025-01..2025-12"],
    "year ending December 2025": ["CY2025", "R12-2025-12", "P2025-01..2025-12"],
    "Year ending 31 March 2026": ["FY2025-26", "R12-2026-03", "P2025-04..2026-03"],
    "12 months ended Sept 2025": ["R12-2025-09", "P2024-10..2025-09"],
    "2 years to March 2026": ["R24-2026-03", "P2024-04..2026-03"],
    "quarter to September 2025": ["FY2025-26-Q2", "CY2025-Q3", "R3-2025-09", "P2025-07..2025-09"],
    "Apr-June 2025": ["FY2025-26-Q1", "CY2025-Q2", "R3-2025-06", "P2025-04..2025-06"],
    "Oct 2024-Sep 2025": ["R12-2025-09", "P2024-10..2025-09"],
    "04/06/2025": ["D2025-06-04"],
    "month ending July 2025": ["2025-07"],
    "Q3 25/26": ["FY2025-26-Q3"],
    "Q1 2025/26 (Apr to Jun 2025)": ["FY2025-26-Q1"],
    "financial year 2025/26": ["FY2025-26"],
    "2025/26 academic year": ["AY2025-26"],
    "as at 30th September 2025": ["D2025-09-30"],
    "Feb 2026 to Jan 2026": [],
    "0 months to July 2025": [],
    "72 months to July 2025": ["P2019-08..2025-07"],
    "Jan 1989 to Mar 1990": [],
    # A quarter of an academic year has no code of its own.
    "AY2025-26-Q1": ["R3-2025-11", "P2025-09..2025-11"],
    "2025/26 academic year Q4": [],
    # No candidates.
    "": [],
    "Q1": [],
    "latest": [],
    "2025-W14": [],
    "2025-13": [],
    "2025-00": [],
    "٢٠٢٥-٠٧": [],
    "D2025-02-30": [],
    "FY2025-26-Q0": [],
    "FY2025-26-Q5": [],
    "FY2025-26-H3": [],
    "2025-27": [],
    "P2025-12..2025-04": [],
    "P2025-04..2025-13": [],
    "R0-2025-12": [],
    "R61-2025-12": [],
    "2025" * 50: [],
    # Outside 1990 to 2100, if only by a day.
    "1989": [],
    "2101": [],
    "FY1989-90": [],
    "FY2100-01": [],
    "R2-1990-01": [],
    "D1989-12-31": [],
    "D2101-01-01": [],
    "D0000-01-01": [],
}

TILING = [
    PeriodType.MONTH,
    PeriodType.FINANCIAL_QUARTER,
    PeriodType.FINANCIAL_HALF,
    PeriodType.FINANCIAL_YEAR,
    PeriodType.CALENDAR_QUARTER,
    PeriodType.CALENDAR_YEAR,
    PeriodType.ACADEMIC_YEAR,
]
ONE_DAY = timedelta(days=1)
SINGLE_TYPES = {PeriodType.MONTH, PeriodType.SNAPSHOT}


def list_codes(periods):
    return [period.code for period in periods]


def count_days(period):
    return (period.end - period.start).days + 1


def make_tiles(days):
    return st.builds(
        lambda type_, day: list_periods_between(type_, day, day + timedelta(days=800))[0], st.sampled_from(TILING), days
    )


def make_spans(type_, days):
    return st.builds(
        lambda day, months: build_period(type_, day.replace(day=1), months=months), days, st.integers(1, 60)
    )


days = st.dates(min_value=date(1995, 1, 1), max_value=date(2095, 12, 31))
tiles = make_tiles(days)
trailing = make_spans(PeriodType.MONTHS_ENDING, days)
to_date = make_spans(PeriodType.TO_DATE, days)
snapshots = st.builds(build_period, st.just(PeriodType.SNAPSHOT), days)
periods = st.one_of(tiles, trailing, to_date, snapshots)


@pytest.mark.parametrize("row", CODES.strip().splitlines())
def test_code_determines_type_and_days(row):
    code, type_, start, end, label = row.split(maxsplit=4)
    assert parse(code) == Period(
        code=code,
        type=PeriodType(type_),
        start=date.fromisoformat(start),
        end=date.fromisoformat(end),
        label=label,
    )


@pytest.mark.parametrize("spelling", CANDIDATES)
def test_other_spelling_is_refused_with_candidates(spelling):
    with pytest.raises(InvalidPeriodCode) as refused:
        parse(spelling)
    assert refused.value.code == spelling
    assert refused.value.candidates == tuple(CANDIDATES[spelling])
    assert list_codes(map(parse, refused.value.candidates)) == CANDIDATES[spelling]


@settings(deadline=None)
@given(st.one_of(tiles, trailing, snapshots))
def test_label_of_a_period_has_its_code_as_a_candidate(period):
    if period.type is PeriodType.CALENDAR_YEAR or (count_months(period) == 1 and period.type not in SINGLE_TYPES):
        return  # `2025` may be any year; the label of one month is that of the month
    with pytest.raises(InvalidPeriodCode) as refused:
        parse(period.label)
    assert period.code in refused.value.candidates


def test_refusal_names_the_code_and_its_candidates():
    assert re.search(
        r"^'2025-Q1' .*\bFY2025-26-Q1 or CY2025-Q1\.$", str(InvalidPeriodCode("2025-Q1", ("FY2025-26-Q1", "CY2025-Q1")))
    )
    assert re.search(r"^'Q1' [^;]*\.$", str(InvalidPeriodCode("Q1")))


@settings(deadline=None)
@given(periods)
def test_parse_is_the_inverse_of_code(period):
    assert parse(period.code) == period


@settings(deadline=None)
@given(periods)
def test_code_has_only_characters_that_are_safe_in_a_url(period):
    assert set(period.code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
    assert 4 <= len(period.code) <= 32


@settings(deadline=None)
@given(st.one_of(st.text(), st.text("0123456789-/ QHFCAYRDPM.qhfcay", max_size=24)))
@example("D9999-99-99")
@example("R99-0000-00")
@example("P0000-00..9999-99")
@example("\x00")
@example("9" * 5000)
def test_any_string_is_parsed_or_raises_invalid_period_code(text):
    try:
        results = [parse(text).code], [text]
    except InvalidPeriodCode as refused:
        results = list_codes(map(parse, refused.candidates)), list(refused.candidates)
    assert results[0] == results[1]


@settings(deadline=None)
@given(periods)
def test_period_is_built_from_its_first_day(period):
    assert build_period(period.type, period.start, months=count_months(period)) == period


@pytest.mark.parametrize(
    ("type_", "start", "months"),
    [
        (PeriodType.MONTH, date(2025, 7, 2), None),
        (PeriodType.FINANCIAL_QUARTER, date(2025, 5, 1), None),
        (PeriodType.FINANCIAL_YEAR, date(2025, 1, 1), None),
        (PeriodType.ACADEMIC_YEAR, date(2025, 8, 1), None),
        (PeriodType.TO_DATE, date(2025, 4, 15), 3),
        (PeriodType.TO_DATE, date(2025, 4, 1), None),
        (PeriodType.MONTHS_ENDING, date(2025, 4, 1), None),
        (PeriodType.MONTHS_ENDING, date(2025, 4, 1), 0),
        (PeriodType.MONTHS_ENDING, date(2025, 4, 1), -12),
        (PeriodType.MONTHS_ENDING, date(2025, 4, 1), 61),
    ],
)
def test_impossible_first_day_or_length_is_refused(type_, start, months):
    with pytest.raises(ValueError, match=rf"{type_}.* ({start}|{months})\b"):
        build_period(type_, start, months=months)


@pytest.mark.parametrize("type_", [PeriodType.SNAPSHOT, PeriodType.MONTH])
def test_period_outside_1990_to_2100_is_refused(type_):
    for start in (FIRST_DAY.replace(year=1989), date(2101, 1, 1)):
        with pytest.raises(InvalidPeriodCode):
            build_period(type_, start)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("FY2025-26-Q1", "2025-06", True),
        ("FY2025-26-Q1", "D2025-06-30", True),
        ("FY2025-26-Q1", "D2025-07-01", False),
        ("FY2025-26", "FY2025-26-H2", True),
        ("FY2025-26-H2", "FY2025-26", False),
        ("FY2025-26", "CY2025", False),
        ("2025-06", "2025-06", True),
        ("D2025-06-30", "D2025-06-30", True),
    ],
)
def test_period_contains_periods_within_its_days(outer, inner, expected):
    assert contains(parse(outer), parse(inner)) is expected


def test_one_span_may_have_several_codes():
    names = [parse(code) for code in ("CY2025-Q3", "FY2025-26-Q2", "R3-2025-09", "P2025-07..2025-09")]
    assert all(is_same_span(a, b) for a in names for b in names)
    assert not is_same_span(parse("CY2025"), parse("FY2025-26"))


LENGTHS = """
    2025-07 1             FY2025-26-Q1 3  FY2025-26-H2 6  FY2025-26 12  CY2025-Q1 3  CY2025 12  AY2025-26 12
    P2025-04..2025-12 9   R12-2025-12 12  R60-1994-12 60  D2025-09-30 1
"""


def test_months_of_a_period_are_counted():
    words = LENGTHS.split()
    assert [count_months(parse(code)) for code in words[::2]] == [int(length) for length in words[1::2]]


PARTITIONS = {
    "months make a quarter": ("FY2025-26-Q1", "2025-06 2025-04 2025-05", "2025-04 2025-05 2025-06"),
    "periods outside are ignored": (
        "FY2025-26-Q1",
        "2025-03 2025-04 2025-05 2025-06 2025-07",
        "2025-04 2025-05 2025-06",
    ),
    "a gap": ("FY2025-26-Q1", "2025-04 2025-06", None),
    "the end is missing": ("FY2025-26-Q1", "2025-04 2025-05", None),
    "no parts": ("FY2025-26-Q1", "", None),
    "the whole": ("FY2025-26-Q1", "FY2025-26-Q1", "FY2025-26-Q1"),
    "the longer period was returned too": (
        "FY2025-26-Q1",
        "2025-04 2025-05 2025-06 FY2025-26-Q1",
        "FY2025-26-Q1",
    ),
    "lengths may mix": (
        "FY2025-26-H1",
        "2025-04 2025-05 2025-06 CY2025-Q3",
        "2025-04 2025-05 2025-06 CY2025-Q3",
    ),
    "overlapping parts are not used together": (
        "FY2025-26-H1",
        "R2-2025-05 R2-2025-06 R4-2025-09 FY2025-26-Q2",
        "R2-2025-05 R4-2025-09",
    ),
    "another name of the span": ("FY2025-26-Q2", "CY2025-Q3", "CY2025-Q3"),
    "its own name goes first": ("FY2025-26-Q2", "CY2025-Q3 FY2025-26-Q2", "FY2025-26-Q2"),
    "twelve months ending": (
        "R12-2025-12",
        "CY2025-Q1 FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3",
        "CY2025-Q1 FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3",
    ),
    "to date": (
        "P2025-04..2025-12",
        "FY2025-26-Q3 FY2025-26-Q2 FY2025-26-Q1",
        "FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3",
    ),
    "an academic year is not made of quarters": (
        "AY2025-26",
        "FY2025-26-Q2 FY2025-26-Q3 FY2025-26-Q4 FY2026-27-Q1 FY2026-27-Q2",
        None,
    ),
    "snapshots are not parts": ("2025-06", "D2025-06-30", None),
    "snapshots have no parts": ("D2025-06-30", "D2025-06-30", None),
}


@pytest.mark.parametrize(("whole", "given_codes", "expected"), PARTITIONS.values(), ids=PARTITIONS)
def test_partition_exists_if_parts_make_up_the_whole(whole, given_codes, expected):
    parts = [parse(code) for code in given_codes.split()]
    used_parts = partition(parse(whole), parts)
    assert (used_parts and " ".join(list_codes(used_parts))) == expected


@settings(deadline=None)
@given(st.lists(periods, max_size=12), tiles, st.randoms(use_true_random=False))
def test_partition_has_no_gap_and_no_overlap_in_any_order(others, whole, random: Random):
    parts = [*others, *divide_period(whole, PeriodType.MONTH)]
    used_parts = partition(whole, parts)
    assert used_parts is not None
    assert sum(map(count_days, used_parts)) == count_days(whole)
    assert all(before.end + ONE_DAY == after.start for before, after in pairwise(used_parts))
    random.shuffle(parts)
    assert partition(whole, parts) == used_parts
    assert len(partition(whole, [*parts, whole])) == 1


CHILDREN = [
    ("FY2025-26-Q1", "month", "2025-04 2025-05 2025-06"),
    ("FY2025-26", "financial-half", "FY2025-26-H1 FY2025-26-H2"),
    ("FY2025-26", "financial-quarter", "FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3 FY2025-26-Q4"),
    ("FY2025-26", "calendar-quarter", "CY2025-Q2 CY2025-Q3 CY2025-Q4 CY2026-Q1"),
    ("FY2025-26-H2", "financial-quarter", "FY2025-26-Q3 FY2025-26-Q4"),
    ("CY2025", "financial-quarter", "FY2024-25-Q4 FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3"),
    ("R12-2025-12", "calendar-quarter", "CY2025-Q1 CY2025-Q2 CY2025-Q3 CY2025-Q4"),
    ("P2025-04..2025-12", "financial-quarter", "FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3"),
    ("2025-04", "month", "2025-04"),
    ("AY2025-26", "financial-quarter", None),
    ("CY2025", "financial-year", None),
    ("FY2025-26-Q1", "financial-year", None),
    ("FY2025-26-Q1", "snapshot", None),
    ("FY2025-26-Q1", "months-ending", None),
    ("FY2025-26-Q1", "to-date", None),
    ("D2025-06-30", "month", None),
]


@pytest.mark.parametrize(("code", "type_", "expected"), CHILDREN)
def test_period_is_divided_into_shorter_periods_that_fit(code, type_, expected):
    period, into = parse(code), PeriodType(type_)
    if expected is None:
        with pytest.raises(PeriodNotDivisible, match=code) as refused:
            divide_period(period, into)
        assert (refused.value.period, refused.value.period_type) == (period, into)
    else:
        assert " ".join(list_codes(divide_period(period, into))) == expected


@settings(deadline=None)
@given(st.one_of(tiles, trailing, to_date), st.sampled_from(TILING))
def test_divided_periods_partition_the_original(parent, type_):
    try:
        children = divide_period(parent, type_)
    except PeriodNotDivisible:
        assert partition(parent, list_periods_between(type_, parent.start, parent.end)) is None
    else:
        assert partition(parent, children) == children
        assert {child.type for child in children} == {type_}


SHIFTED = [
    ("2025-12", 1, {}, "2026-01"),
    ("2025-12", -12, {}, "2024-12"),
    ("FY2025-26-Q4", 1, {}, "FY2026-27-Q1"),
    ("FY2025-26-H2", 1, {}, "FY2026-27-H1"),
    ("FY1999-00", 1, {}, "FY2000-01"),
    ("CY2025-Q1", -1, {}, "CY2024-Q4"),
    ("AY2025-26", 2, {}, "AY2027-28"),
    ("CY2025", 0, {}, "CY2025"),
    ("R12-2025-12", 1, {}, "R12-2026-01"),
    ("R12-2025-12", 1, {"months": 3}, "R12-2026-03"),
    ("R12-2025-12", -4, {"months": 3}, "R12-2024-12"),
    ("P2025-04..2025-12", 1, {}, "P2025-04..2026-01"),
    ("P2025-04..2025-06", 1, {"months": 3}, "P2025-04..2025-09"),
    ("D2025-06-30", 1, {}, "D2025-07-31"),
    ("D2025-06-30", 1, {"months": 3}, "D2025-09-30"),
    ("D2025-09-15", -1, {}, "D2025-08-15"),
    ("D2025-01-30", 1, {}, "D2025-02-28"),
]


@pytest.mark.parametrize(("code", "n", "step", "expected"), SHIFTED)
def test_period_is_shifted(code, n, step, expected):
    assert shift_period(parse(code), n, **step).code == expected


@pytest.mark.parametrize(
    ("code", "n"),
    [
        ("2100-12", 1),
        ("1990-01", -1),
        ("FY2025-26-Q1", 10**12),
        ("FY2025-26-Q1", -(10**12)),
        ("R60-1994-12", -1),
        ("D2100-12-31", 1),
        ("D2025-06-30", -(10**12)),
        ("P2025-04..2025-12", -9),
    ],
)
def test_shift_outside_the_calendar_is_refused(code, n):
    with pytest.raises(InvalidPeriodCode) as refused:
        shift_period(parse(code), n)
    assert refused.value.candidates == ()


steps = st.integers(-15, 15)
far_from_either_end = st.dates(min_value=date(2025, 1, 1), max_value=date(2060, 12, 31))


@settings(deadline=None)
@given(
    st.one_of(make_tiles(far_from_either_end), make_spans(PeriodType.MONTHS_ENDING, far_from_either_end)),
    steps,
    steps,
)
def test_consecutive_shifts_add_up(period, a, b):
    shifted = shift_period(shift_period(period, a, months=2), b, months=2)
    assert shifted == shift_period(period, a + b, months=2)
    assert shifted.type is period.type


BETWEEN = [
    ("financial-quarter", "2025-04-01", "2026-03-31", None, "FY2025-26-Q1 FY2025-26-Q2 FY2025-26-Q3 FY2025-26-Q4"),
    ("financial-quarter", "2025-04-02", "2026-03-30", None, "FY2025-26-Q2 FY2025-26-Q3"),
    ("month", "2025-04-01", "2025-04-30", None, "2025-04"),
    ("month", "2025-04-01", "2025-04-29", None, ""),
    ("month", "2025-06-01", "2025-04-30", None, ""),
    ("academic-year", "2025-01-01", "2027-12-31", None, "AY2025-26 AY2026-27"),
    ("months-ending", "2025-01-01", "2026-02-28", 12, "R12-2025-12 R12-2026-01 R12-2026-02"),
    ("months-ending", "2025-01-01", "2025-11-30", 12, ""),
    ("snapshot", "2025-04-15", "2025-06-30", None, "D2025-04-30 D2025-05-31 D2025-06-30"),
    ("snapshot", "2025-04-15", "2025-04-20", None, ""),
    ("to-date", "2025-04-01", "2025-06-30", None, "P2025-04..2025-04 P2025-04..2025-05 P2025-04..2025-06"),
    ("calendar-year", "0001-01-01", "1991-12-31", None, "CY1990 CY1991"),
    ("calendar-year", "2099-01-01", "9999-12-31", None, "CY2099 CY2100"),
    ("calendar-year", "0001-01-01", "1989-12-31", None, ""),
    ("calendar-year", "9999-12-31", "9999-12-31", None, ""),
]


@pytest.mark.parametrize(("type_", "first", "last", "months", "expected"), BETWEEN)
def test_periods_within_a_span_are_listed(type_, first, last, months, expected):
    listed = list_periods_between(PeriodType(type_), date.fromisoformat(first), date.fromisoformat(last), months=months)
    assert " ".join(list_codes(listed)) == expected


def test_programme_of_three_years_has_twelve_quarters():
    quarters = list_periods_between(PeriodType.FINANCIAL_QUARTER, date(2025, 4, 1), date(2028, 3, 31))
    assert (quarters[0].code, quarters[-1].code, len(quarters)) == ("FY2025-26-Q1", "FY2027-28-Q4", 12)


@pytest.mark.parametrize("months", [None, 0, -1, 61])
def test_months_ending_periods_are_listed_only_with_their_length(months):
    with pytest.raises(ValueError, match="cannot have"):
        list_periods_between(PeriodType.MONTHS_ENDING, date(2025, 4, 1), date(2026, 3, 31), months=months)


@settings(deadline=None)
@given(st.sampled_from(PeriodType), st.dates(), st.dates(), st.integers(1, 60))
@example(PeriodType.SNAPSHOT, date.min, date.max, 1)
@example(PeriodType.MONTH, date.max, date.min, 1)
def test_periods_within_a_span_are_consecutive(type_, first, last, months):
    last = min(last, max(first, FIRST_DAY) + timedelta(days=2000)) if last > first else last
    listed = list_periods_between(type_, first, last, months=months)
    assert all(shift_period(before) == after for before, after in pairwise(listed))
    assert all(first <= period.start and period.end <= last for period in listed)
    assert all(period.start >= FIRST_DAY and period.end <= LAST_DAY for period in listed)


@settings(deadline=None)
@given(tiles, st.integers(0, 40), st.integers(0, 40))
def test_no_period_within_a_span_is_omitted(period, before, after):
    span = (period.start - timedelta(days=before), period.end + timedelta(days=after))
    listed = list_periods_between(period.type, *span)
    assert period in listed
    assert shift_period(listed[0], -1).start < span[0]
    assert shift_period(listed[-1]).end > span[1]
    assert all(before.end + ONE_DAY == after.start for before, after in pairwise(listed))
