"""Readers of publishers' files, with a row or two in the format of each. All figures are invented."""

import re
from collections.abc import Collection
from typing import Any

import pytest

from api.sources import disability_confident, ees, fingertips, nhs_england, nomis, nomis_populations, tables
from api.sources.row_account import OUTSIDE_PLAN, UNREADABLE_ROW, RowAccount
from api.sources.tables import ParsedField, UnexpectedSourceFormat
from schema.areas import Area
from schema.submissions import Marker, NewReturn, PublisherFigure, PublisherTrend, Status

METADATA = "Indicator ID,Indicator,Year type\n93882,Rate,Financial\n90282,Gap,Financial\n1,Other,Lunar\n"
AREAS = {"E06000018", "E92000001", "E12000004"}


def to_csv(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def read(
    source: Any, text: str, areas: Collection[str] = AREAS, *, metadata: str = METADATA
) -> tuple[list[NewReturn], RowAccount]:
    """Return the returns of a file, and what became of its rows. Every row is used, or left out with a reason."""
    account = RowAccount()
    more = [fingertips.read_year_types(metadata)] if source is fingertips else []
    returns = source.build_returns(source.read_rows(text, account), areas, account, *more)
    assert account.used + account.left_out.total() == account.read
    return returns, account


def list_cells(account: RowAccount) -> list[tuple[int, str, str, str]]:
    """Return the row, area, column and text of each unreadable cell."""
    return [(cell.row, cell.area, cell.column, cell.text) for cell in account.cells.values()]


def format_figure(figure: PublisherFigure) -> str:
    """Return a figure as one line of text."""
    limits = [f"{level.lower}..{level.upper}@{level.confidence}/{level.method}" for level in figure.limits]
    fraction = [] if figure.numerator is None else [f"{figure.numerator}/{figure.denominator}"]
    return " ".join(
        [
            figure.area,
            *figure.breakdown.values(),
            figure.value or figure.status or "",
            *figure.markers,
            *limits,
            *fraction,
        ]
    )


#   field             expected value
SYMBOLS = [
    ("12.50",         ParsedField(value="12.50")),
    ("1,250",         ParsedField(value="1250")),
    ("1e-3",          ParsedField(value="0.001")),
    ("0.1234567890123456789", ParsedField(value="0.12345678901234568")),
    ("c",             ParsedField(status=Status.CONFIDENTIAL)),
    ("[c]",           ParsedField(status=Status.CONFIDENTIAL)),
    ("*",             ParsedField(status=Status.CONFIDENTIAL)),
    ("x",             ParsedField(status=Status.NOT_AVAILABLE)),
    (":",             ParsedField(status=Status.NOT_AVAILABLE)),
    ("",              ParsedField(status=Status.NOT_AVAILABLE)),
    ("z",             ParsedField(status=Status.NOT_APPLICABLE)),
    ("w",             ParsedField(status=Status.NONE_RECORDED)),
    ("low",           ParsedField(value="0", markers=(Marker.LOW,))),
    ("k",             ParsedField(value="0", markers=(Marker.LOW,))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SYMBOLS)
def test_field_is_a_number_or_a_symbol(text, expected):
    assert tables.parse_field(text) == expected


@pytest.mark.parametrize("text", ["about 5", "NaN", "inf", "q"])
def test_other_field_is_refused(text):
    with pytest.raises(UnexpectedSourceFormat, match=f"^'{text}'"):
        tables.parse_field(text)


#   file                                reason
BROKEN = [
    ("<html><title> Busy </title>",     ": Busy$"),
    ("<oops/>",                         ": <oops/>$"),
    ("",                                "'A' or 'B'"),
    ("A,C\n1,2\n",                      " 'B'"),
    ("A,B\n1,2\n3",                     r"\b3\b"),
    ("A,B,A\n1,2,3\n",                  "two columns 'A'"),
    ("A,B\n1,2\n3,\"4\n",               "cut off"),
    ("A,B\n1,\"2\n3,4\"\n5,6\n",        "row 2 .* quotation"),
    ("A,B\n1," + 200_000 * "2" + "\n",  r"\b131072\b"),
    ("<title>\x1b[2J\x07Busy</title>",   r":  \[2J Busy$"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_unexpected_file_is_refused(text, reason):
    with pytest.raises(UnexpectedSourceFormat, match=reason):
        tables.read_table(text, ("A", "B"), RowAccount())


def test_columns_are_read_in_any_order_and_with_a_byte_order_mark():
    assert tables.read_table("\ufeffB,A\n 2 ,1\n", ("A", "B"), RowAccount()) == [{"B": "2", "A": "1"}]


NOMIS = "DATE,GEOGRAPHY_CODE,VARIABLE,MEASURES,OBS_VALUE,OBS_STATUS_NAME,RECORD_COUNT"


def read_nomis(*rows: str, status: str = "Normal Value") -> dict[str, list[str]]:
    """Return the figures by series and period of rows like `E06000018 1496 20599 30.1`."""
    parts = [[*row.split(), ""][:4] for row in rows]
    lines = [
        f"2025-06,{area},{variable},{measure},{value},{status},{len(rows)}" for area, variable, measure, value in parts
    ]
    returns, _ = read(nomis, to_csv(NOMIS, *lines))
    return {
        f"{returned.series} {returned.period}": [format_figure(figure) for figure in returned.figures]
        for returned in returns
    }


EMPLOYMENT = "overall-employment-rate R12-2025-06"
INACTIVE, POPULATION = "lts-of-inactive-16-64 R12-2025-06", "lts-of-population-16-64 R12-2025-06"
CITY = [
    "E06000018 1496 20599 30.1",
    "E06000018 1496 21001 15100",
    "E06000018 1496 21002 50200",
    "E06000018 1496 21003 5.1",
]


def test_nomis_half_widths_become_leveland_the_rate_is_worked_out():
    figures = read_nomis(*CITY, "E06000018 45 21002 220000", "E06000018 45 20599 70.0", "W92000004 1496 20599 1")
    assert figures == {
        INACTIVE: ["E06000018 30.1 25.0..35.2@95/published 15100/50200"],
        # 15100/220000; 5.1 × 50200/220000 × √((1 − 15100/220000) / (1 − 15100/50200)) = 1.34
        POPULATION: ["E06000018 6.9 e 5.6..8.2@95/normal 15100/220000"],
        EMPLOYMENT: ["E06000018 70.0"],  # read with the employment gap; without its numerator, it has no fraction
    }


#   rows                                                         figures of the inactive
NOMIS_ROWS = [
    (["E06000018 1503 20599 28"],                                ["E06000018 male 28"]),
    (["E06000018 1510 20599 28"],                                ["E06000018 female 28"]),
    (["E06000018 1496 20599 2.0", "E06000018 1496 21003 5.1"],   ["E06000018 2.0 0..7.1@95/published"]),
    (["E06000018 1496 20599 99", "E06000018 1496 21003 5"],      ["E06000018 99 94..100@95/published"]),
    (["E06000018 1496 20599 30", "E06000018 1496 21001 5"],      ["E06000018 30"]),
    (["E06000018 1496 20599 -"],                                 ["E06000018 x"]),
    (["E06000018 1496 20599"],                                   ["E06000018 x"]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), NOMIS_ROWS)
def test_nomis_rows(rows, expected):
    assert read_nomis(*rows) == {INACTIVE: expected}


def test_nomis_figure_without_a_value_has_a_status():
    assert read_nomis("E06000018 1496 20599", status="These figures are suppressed as statistically unreliable") == {
        INACTIVE: ["E06000018 c"]
    }
    assert read_nomis(*CITY[:1], status="Estimate is unreliable") == {INACTIVE: ["E06000018 30.1 u"]}


UNRELIABLE = "Estimate and confidence interval unreliable since the group sample size is small (3-9)"


@pytest.mark.parametrize("measure", ["20599", "21001", "21002", "21003"])
def test_nomis_flag_of_any_number_makes_both_figures_unreliable(measure):
    rows = [(*row.split(), UNRELIABLE if measure in row else "Normal Value") for row in CITY]
    rows.append(("E06000018", "45", "21002", "220000", "Normal Value"))
    lines = [",".join(("2025-06", *row, str(len(rows)))) for row in rows]
    returns, _ = read(nomis, to_csv(NOMIS, *lines))
    assert [figure.markers for returned in returns for figure in returned.figures] == [
        [Marker.LOW_RELIABILITY],
        [Marker.ESTIMATED, Marker.LOW_RELIABILITY],
    ]


#   numerator, denominator, half-width, population         limits of the share of the population
WITHOUT_LIMITS = [
    ("0",      "50200",     "5.1",      "220000"),
    ("50200",  "50200",     "5.1",      "220000"),
    ("15100",  "0",         "5.1",      "220000"),
    ("15100",  "50200",     "!",        "220000"),
    ("15100",  "50200",     "5.1",      "40000"),
]  # fmt: skip


@pytest.mark.parametrize(("sick", "inactive", "width", "population"), WITHOUT_LIMITS)
def test_nomis_share_of_the_population_without_information_has_no_limits(sick, inactive, width, population):
    numbers = {"20599": "30.1", "21001": sick, "21002": inactive, "21003": width}
    figures = read_nomis(
        *(f"E06000018 1496 {measure} {number}" for measure, number in numbers.items()),
        f"E06000018 45 21002 {population}",
    )
    assert not any("normal" in figure for figure in figures[POPULATION])
    figures = read_nomis("E06000018 1496 21001 -", "E06000018 45 21002 220000")
    assert figures == {POPULATION: ["E06000018 x"]}


@pytest.mark.parametrize("date", ["latest", "2025", "2025-13"])
def test_invalid_nomis_date_is_left_out(date):
    returns, account = read(nomis, to_csv(NOMIS, f"{date},E06000018,1496,20599,30.1,,1"))
    assert (returns, list_cells(account)) == ([], [(2, "E06000018", "DATE", date)])


def read_populations(counts: dict[str, str], *more: str) -> tuple[list[NewReturn], RowAccount]:
    """Read a file with two residents of each year of age; `counts` replaces them for ages such as `2 E06000018 1 117`."""
    rows = {
        f"2024,{area},{gender},{age}": "2"
        for area in ("E06000018", "W1")
        for gender in "012"
        for age in range(101, 192)
    }
    rows |= counts
    lines = [f"{key},20100,{count},546" for key, count in rows.items() if count != "absent"]
    text = to_csv(",".join(nomis_populations.REQUIRED_COLUMNS), *lines, *more)
    return read(nomis_populations, text)


def test_single_years_of_age_are_added_to_the_bands_of_the_plan():
    text = {"2024,E06000018,1,117": "1000", "2024,E06000018,2,191": "-"}
    [returned], _ = read_populations(text, "2024,E06000018,0,101,20301,99,546")
    assert (returned.measure, returned.series, returned.period) == (
        *("resident-population", "mid-year-estimates"),
        "D2024-06-30",
    )
    assert [format_figure(figure) for figure in returned.figures] == [
        *("E06000018 182", "E06000018 16-24 18", "E06000018 25-34 20", "E06000018 35-49 30", "E06000018 50-64 30"),
        *("E06000018 65-plus 52", "E06000018 male 1180", "E06000018 16-24 male 1016", "E06000018 25-34 male 20"),
        *("E06000018 35-49 male 30", "E06000018 50-64 male 30", "E06000018 65-plus male 52"),
        *("E06000018 female x", "E06000018 16-24 female 18", "E06000018 25-34 female 20"),
        *("E06000018 35-49 female 30", "E06000018 50-64 female 30", "E06000018 65-plus female x"),
    ]


#   a count of the file                     figures, rows left out in part
WRONG_POPULATIONS = [
    ({"2024,E06000018,0,120": "absent"},    (12, "E06000018 has 90 of 91 ages")),
    ({"2024,E06000018,0,200": "182"},       (18, "C_AGE is '200'")),
    ({"2024,E06000018,0,all": "182"},       (18, "C_AGE is 'all'")),
    ({"2024,E06000018,0,120": "many"},      (18, UNREADABLE_ROW)),
    ({f"mid-24,E06000018,0,{age}": "1" for age in range(101, 192)}, (18, UNREADABLE_ROW)),
    ({f"2024,E06000018,9,{age}": "1" for age in range(101, 192)},   (18, "GENDER is '9'")),
]  # fmt: skip


@pytest.mark.parametrize(("counts", "expected"), WRONG_POPULATIONS)
def test_unexpected_row_of_the_population_is_left_out(counts, expected):
    [returned], account = read_populations(counts)
    assert (len(returned.figures), set(account.left_out) - {OUTSIDE_PLAN}) == (expected[0], {expected[1]})


def test_count_that_nobody_can_read_makes_its_sums_unavailable():
    [returned], account = read_populations({"2024,E06000018,0,120": "many"})
    assert [format_figure(figure) for figure in returned.figures[:3]] == [
        "E06000018 x",
        "E06000018 16-24 x",
        "E06000018 25-34 20",
    ]
    assert [cell[1:] for cell in list_cells(account)] == [("E06000018", "OBS_VALUE", "many")]


def test_age_that_occurs_twice_is_refused():
    with pytest.raises(UnexpectedSourceFormat, match="twice"):
        read_populations({}, "2024,E06000018,0,101,20100,2,546")


def test_nomis_file_must_have_its_stated_number_of_rows():
    assert nomis.count_expected_rows([]) == 0
    assert nomis.count_expected_rows(nomis.read_rows(to_csv(NOMIS, "2025-06,E,1,2,3,,25001"), RowAccount())) == 25_001
    with pytest.raises(UnexpectedSourceFormat, match="RECORD_COUNT.* 1 and 2"):
        nomis.count_expected_rows(nomis.read_rows(to_csv(NOMIS, "a,b,c,d,e,f,1", "a,b,c,d,e,f,2"), RowAccount()))
    with pytest.raises(UnexpectedSourceFormat, match="occurs twice"):
        read_nomis(*CITY[:1], *CITY[:1])


FINGERTIPS = ",".join(f'"{name}"' for name in fingertips.REQUIRED_COLUMNS)


def read_fingertips(*rows: str, metadata: str = METADATA) -> dict[str, list[str]]:
    """Return the figures of rows whose columns are separated by `|`."""
    returns, _ = read(fingertips, to_csv(FINGERTIPS, *(row.replace("|", ",") for row in rows)), metadata=metadata)
    return {
        f"{returned.measure} {returned.period}": [format_figure(figure) for figure in returned.figures]
        for returned in returns
    }


def test_fingertips_has_both_levels_of_leveland_england_with_every_parent():
    england = "93882|E92000001|Persons||65.30|6530|10000||65.0|65.6|64.8|65.8|2023/24|20230000|1y"
    assert read_fingertips(england, england, england.replace("E92000001", "E06000001")) == {
        "ltc-employment-rate FY2023-24": [
            "E92000001 65.30 65.0..65.6@95/published 64.8..65.8@99.8/published 6530/10000"
        ]
    }
    with pytest.raises(UnexpectedSourceFormat, match="two values"):
        read_fingertips(england, england.replace("65.30", "65.31"))


#   row                                                              figure
FINGERTIPS_ROWS = [
    ("90282|E06000018|Persons||-1||||||||2023/24|20230000|1y",              {"ltc-employment-gap FY2023-24": ["E06000018 -1"]}),
    ("90282|E06000018|Female||9.5|10|20||8|11|||2022/23|20220000|1y",        {"ltc-employment-gap FY2022-23": ["E06000018 female 9.5 8..11@95/published"]}),
    ("93882|E06000018|Male||-1|-1|-1|Too small|||||2023/24|20230000|1y",       {"ltc-employment-rate FY2023-24": ["E06000018 male x"]}),
    ("93882|E06000018|Male||50||10||||||2023/24|20230000|1y",                {"ltc-employment-rate FY2023-24": ["E06000018 male 50"]}),
    ("93882|E06000018|Persons|Deprivation deciles|50||||||||2023/24|20230000|1y", {}),
    ("93882|E06000018|Not applicable||50||||||||2023/24|20230000|1y",        {}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), FINGERTIPS_ROWS)
def test_fingertips_rows(row, expected):
    assert read_fingertips(row) == expected


#   label of Fingertips                 tendency, verdict
TRENDS = [
    ("Increasing & getting better",     ("increasing", "better")),
    ("Increasing and getting worse",    ("increasing", "worse")),
    ("Decreasing & getting better",     ("decreasing", "better")),
    ("Decreasing and getting worse",    ("decreasing", "worse")),
    ("Increasing",                      ("increasing", None)),
    ("Decreasing",                      ("decreasing", None)),
    ("No significant change",           ("no_significant_change", None)),
    ("Cannot be calculated",            ("cannot_be_calculated", None)),
    ("Could not be calculated",         ("cannot_be_calculated", None)),
    ("Not yet calculated",              None),
    ("",                                None),
]  # fmt: skip


def read_trends(label: str, value: str = "50") -> list[PublisherTrend | None]:
    row = f"93882,E06000018,Persons,,{value},,,,,,,,2023/24,20230000,1y,{label}"
    returns, _ = read(fingertips, to_csv(f'{FINGERTIPS},"Recent Trend"', row))
    return [figure.trend for returned in returns for figure in returned.figures]


@pytest.mark.parametrize(("label", "expected"), TRENDS)
def test_fingertips_trend_is_read_as_its_own(label, expected):
    [trend] = read_trends(label)
    assert (trend and (trend.tendency, trend.verdict)) == expected
    assert read_trends(label, value="") == [None]


@pytest.mark.parametrize("label", ["Rising", "Increasing and stable"])
def test_unknown_fingertips_trend_is_left_out_and_reported(label):
    text = to_csv(f'{FINGERTIPS},"Recent Trend"', f"93882,E06000018,Persons,,50,,,,,,,,2023/24,20230000,1y,{label}")
    returns, account = read(fingertips, text)
    assert [figure.trend for figure in returns[0].figures] == [None]
    assert list_cells(account) == [(2, "E06000018", "Recent Trend", label)]


#   row                                                              reason, unreadable column
FINGERTIPS_BAD = [
    ("93882|E06000018|Male||50||||||||2023/24|2023|1y",                      (UNREADABLE_ROW, "Time period Sortable")),
    ("93882|E06000018|Male||50||||||||2023/24|20230000|year",                (UNREADABLE_ROW, "Time period Sortable")),
    ("90366|E06000018|Male||50||||||||2023/24|20230000|1y",                  ("'90366'", None)),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), FINGERTIPS_BAD)
def test_invalid_fingertips_row_is_left_out(row, reason):
    returns, account = read(fingertips, to_csv(FINGERTIPS, row.replace("|", ",")))
    [(left_out, count)] = account.left_out.items()
    columns = [cell.column for cell in account.cells.values()]
    assert (returns, count, *(columns or [None])) == ([], 1, reason[1])
    assert left_out.endswith(reason[0])


#   year type    label      period or, of an unreadable cell, its candidates
FINGERTIPS_YEARS = [
    ("Financial", "2023/24", "FY2023-24"),
    ("Academic",  "2023/24", "AY2023-24"),
    ("Calendar",  "2023",    "CY2023"),
    ("",          "2023",    "CY2023"),
    ("Financial", "2023",    "FY2023-24 or CY2023"),
    ("",          "2023/24", "FY2023-24 or AY2023-24"),
]  # fmt: skip


@pytest.mark.parametrize(("year_type", "label", "expected"), FINGERTIPS_YEARS)
def test_fingertips_year_is_that_of_the_indicator_or_unreadable(year_type, label, expected):
    row = f"93882|E06000018|Persons||50||||||||{label}|20230000|1y"
    metadata = f"Indicator ID,Year type\n93882,{year_type}\n"
    if " or " in expected:
        _, account = read(fingertips, to_csv(FINGERTIPS, row.replace("|", ",")), metadata=metadata)
        assert [cell.meaning for cell in account.cells.values()] == [expected]
    else:
        assert list(read_fingertips(row, metadata=metadata)) == [f"ltc-employment-rate {expected}"]


EES = (
    ",".join(ees.PERIOD_AND_AREA_COLUMNS)
    + ",Age,Characteristic_grouping,Characteristic,avgcohort,avgNEET,NEETprop,avgNEETNK,NEETNKprop,avgNK,Notknownprop"
)


def read_ees(*rows: str, year: str = "2025", identifier: str = "Calendar year") -> dict[str, list[str]]:
    """Return the figures of rows like `Local authority|16-17|Gender|Female|635370|19280|3.0` by series and period.

    A row without the numbers of those whose activity is not known has them suppressed.
    """
    lines: list[str] = []
    for row in rows:
        level, *fields = row.split("|")
        fields += ["c"] * (10 - len(fields))
        lines.append(",".join([year, identifier, level, "E92000001", "E12000004", "E06000018", *fields]))
    returns, _ = read(ees, to_csv(EES, *lines))
    return {
        f"{returned.series} {returned.period}": [format_figure(figure) for figure in returned.figures]
        for returned in returns
    }


def test_neet_is_read_with_those_whose_activity_is_not_known():
    """The row of England, women, in the file of 2025, as the preview of the data set shows it."""
    assert read_ees("National|16-17|sex|Female|635370|19280|3|31690|5|12400|2") == {
        "neet-la R3-2025-02": ["E92000001 female 3 19280/635370"],
        "neet-or-not-known R3-2025-02": ["E92000001 female 5 31690/635370"],
        "not-known R3-2025-02": ["E92000001 female 2 12400/635370"],
    }


def test_newer_spelling_of_ees_gives_the_same_figures():
    newer = (
        ",".join(ees.PERIOD_AND_AREA_COLUMNS)
        + ",age,characteristic_grouping,characteristic,avg_cohort_count,avg_neet_nk_count,avg_neet_count,avg_nk_count"
        + ",neet_nk_percent,neet_percent,nk_percent,annual_change_neet_nk_percent"
    )
    row = "2025,Calendar year,Local authority,E92000001,E12000004,E06000018,16 to 17,Total,Total"
    returns, _ = read(ees, to_csv(newer, row + ",7400,459,370,89,6.2,5.0,1.2,0.1"))
    assert [format_figure(figure) for returned in returns for figure in returned.figures] == [
        "E06000018 5.0 370/7400",
        "E06000018 6.2 459/7400",
        "E06000018 1.2 89/7400",
    ]


def test_ees_in_another_spelling_is_refused():
    with pytest.raises(UnexpectedSourceFormat, match="no column 'Characteristic_grouping'"):
        ees.read_rows(
            to_csv(",".join([*ees.PERIOD_AND_AREA_COLUMNS, "age"]), "2025,Calendar year,National,E92000001,,,16-17"),
            RowAccount(),
        )
    assert ees.read_rows(EES, RowAccount()) == []


#   row                                                              figure
EES_ROWS = [
    ("National|16-17|Total|Total|635370|19280|3.0",                  ["E92000001 3.0 19280/635370"]),
    ("Regional|16-17|Gender|Female|c|c|c",                           ["E12000004 female c"]),
    ("Local authority|16-17|Sex|Male|50.5|0|low",                    ["E06000018 male 0 low 0/50.5"]),
    ("Local authority|16-17|Ethnic group|Mixed|100|z|z",             ["E06000018 mixed z"]),
    ("Local authority|16-17|SEND|EHCP|100|2|2.0",                    None),
    ("Local authority|16-17|Gender|Total|100|2|2.0",                 None),
    ("Local authority|16|Total|Total|100|2|2.0",                     None),
    ("School|16-17|Total|Total|100|2|2.0",                           None),
]  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), EES_ROWS)
def test_ees_rows(row, expected):
    assert read_ees(row).get("neet-la R3-2025-02") == expected


def test_invalid_ees_row_is_refused():
    row = "National|16-17|Total|Total|635370|19280|3.0"
    with pytest.raises(UnexpectedSourceFormat, match="occurs twice"):
        read_ees(row, row)
    for wrong in ({"year": "202425"}, {"identifier": "Academic year"}):
        assert read_ees(row, **wrong) == {}


def return_employers(*rows: str, header: str = "Business Name,Town/City,DC Level") -> NewReturn:
    account = RowAccount()
    employers = disability_confident.read_rows(to_csv(header, *rows), account)
    (returned,) = disability_confident.build_returns(
        employers, account, area="E06000018", towns=["Nottingham", "City of Nottingham"], period="FY2025-26-Q2"
    )
    return returned


def count_employers(*rows: str, **more: str) -> list[int | None]:
    return [cell.value for cell in return_employers(*rows, **more).observations]


def test_employers_are_counted_by_their_current_level():
    rows = [
        "A Ltd,Nottingham,Committed",
        "a  ltd,NOTTINGHAM,Level 2",
        "B,Nottingham,Leader",
        "C,Nottingham,?",
        "D,Derby,Leader",
    ]
    assert count_employers(*rows) == [3, 1, 0, 1, 1]  # all, not known, 1, 2, 3
    with pytest.raises(UnexpectedSourceFormat, match="'Nottingham'"):
        count_employers("D,Derby,Leader")
    with pytest.raises(UnexpectedSourceFormat, match="no column 'Town/City'"):
        count_employers("A,1", header="Business Name,DC Level")


#   town in the list         counted   noted
TOWNS = [
    ("Nottingham",           True,     True),
    ("NOTTINGHAM.",          True,     True),
    ("City of  Nottingham",  True,     True),
    ("Nottinghamshire",      False,    True),
    ("Notingham",            False,    True),
    ("Arnold, Nottingham",   False,    True),
    ("Derby",                False,    False),
    ("",                     False,    False),
]  # fmt: skip


@pytest.mark.parametrize(("town", "is_counted", "is_noted"), TOWNS)
def test_spellings_near_the_town_are_noted_with_their_rows(town, is_counted, is_noted):
    returned = return_employers("A,Nottingham,Leader", f'B,"{town}",Leader', f'C,"{town}",Leader')
    assert returned.observations[0].value == (3 if is_counted else 1)
    noted = re.findall(r"'([^']*)' in (\d) rows", returned.note or "")
    assert ((town, "3" if town == "Nottingham" else "2") in noted) == is_noted


def test_notes_list_ten_towns():
    rows = [f"A{number},Nottingham {number},Leader" for number in range(12)]
    assert (return_employers("A,Nottingham,Leader", *rows).note or "").count("Nottingham ") == 10


NHS_ENGLAND = (
    "REPORTING_PERIOD_START,REPORTING_PERIOD_END,STATUS,BREAKDOWN,PRIMARY_LEVEL,PRIMARY_LEVEL_DESCRIPTION,"
    "SECONDARY_LEVEL,SECONDARY_LEVEL_DESCRIPTION,MEASURE_ID,MEASURE_NAME,MEASURE_VALUE"
)
SUB_ICB = nhs_england.BREAKDOWNS[1]
NHS_AREAS = {
    "E92000001": Area(code="E92000001", name="England", level="country", families=["x"]),
    "E38000243": Area(code="E38000243", name="Sub-ICB", other_names=["52R"], level="sub-icb", families=["x"]),
}


def read_nhs_england(*rows: str, start: str = "2024-07-01", end: str = "2025-06-30", status: str = "Performance"):
    """Return the figures by series and period, and the note, of rows such as `England|England|MHS116|615`."""
    parts = [row.split("|") for row in rows]
    lines = [
        f"{start},{end},{status},{breakdown},{level},NAME,NONE,NONE,{identifier},The name,{value}"
        for breakdown, level, identifier, value in parts
    ]
    returns, _ = read(nhs_england, to_csv(NHS_ENGLAND, *lines), NHS_AREAS)
    figures = {f"{one.series} {one.period}": [format_figure(figure) for figure in one.figures] for one in returns}
    return figures, {one.note for one in returns}


def test_access_to_ips_is_read_for_the_areas_of_the_plan():
    figures, notes = read_nhs_england(
        "England|England|MHS116|29685",
        "England; Gender|1|MHS116|14000",
        "Provider|RHA|MHS116|610",
        f"{SUB_ICB}|52R|MHS116|615",
        f"{SUB_ICB}|02Q|MHS116|*",
        f"{SUB_ICB}|52R|MHS116a|58",
        f"{SUB_ICB}|52R|MHS01|40000",
    )
    assert figures == {
        "mhs116 R12-2025-06": ["E92000001 29685", "E38000243 615"],
        "mhs116a R12-2025-06": ["E38000243 58"],
    }
    [note] = notes
    assert re.findall(r"(\S+): (\d)", note) == [("Residence", "1"), ("Gender", "1"), ("Provider", "1")]


#   value, status of the file       figure
NHS_VALUES = [
    (("615", "Performance"),        "E38000243 615"),
    (("615", "Provisional"),        "E38000243 615 p"),
    (("*", "Provisional"),          "E38000243 c"),
    (("0", "Final"),                "E38000243 0"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), NHS_VALUES)
def test_value_of_access_to_ips_is_hidden_or_provisional(row, expected):
    value, status = row
    figures, _ = read_nhs_england(f"{SUB_ICB}|52R|MHS116|{value}", status=status)
    assert figures == {"mhs116 R12-2025-06": [expected]}


def test_value_of_nhs_england_that_is_no_number_is_reported_by_its_place():
    file = to_csv(
        NHS_ENGLAND,
        f"2024-07-01|2025-06-30|Performance|{SUB_ICB}|52R|NAME|NONE|NONE|MHS116|Name|about 600".replace("|", ","),
    )
    returns, account = read(nhs_england, file, NHS_AREAS)
    assert (returns, list_cells(account)) == ([], [(2, "E38000243", "MEASURE_VALUE", "about 600")])


def test_dates_of_nhs_england_are_twelve_whole_months_in_two_spellings():
    row = f"{SUB_ICB}|52R|MHS116|615"
    assert read_nhs_england(row, start="01/07/2024", end="30/06/2025") == read_nhs_england(row)
    for start, end in (
        ("2025-06-01", "2025-06-30"),
        ("2024-07-01", "2025-06-29"),
        ("07/2024", "2025-06-30"),
        ("0001-01-01", "0001-12-31"),
    ):
        assert read_nhs_england(row, start=start, end=end) == ({}, set())


def test_repeated_row_and_truncated_file_of_nhs_england_are_refused():
    row = f"{SUB_ICB}|52R|MHS116|615"
    with pytest.raises(UnexpectedSourceFormat, match="occurs twice"):
        read_nhs_england(row, row)
    for text in ("", f"{NHS_ENGLAND}\n2024-07-01,2025-06"):
        with pytest.raises(UnexpectedSourceFormat):
            nhs_england.read_rows(text, RowAccount())
