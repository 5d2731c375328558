"""Publishers' files with odd cells, rows and forms: what can be read is used, and every row is accounted for."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.sources import decoding, disability_confident, ees, fingertips, nhs_england, nomis, nomis_populations, tables
from api.sources.row_account import (
    FEWER_CELLS,
    HEADER_AGAIN,
    MAX_LISTED_CELLS,
    MORE_CELLS,
    NO_EMPLOYER,
    NOTE,
    OUTSIDE_PLAN,
    TITLE,
    UNREADABLE_ROW,
    RowAccount,
)
from api.sources.tables import UnexpectedSourceFormat
from schema.areas import Area
from schema.submissions import Marker, PublisherFigure
from tests.spec.test_publications import AREAS, format_figure, list_cells, read

CASES = Path(__file__).parent.parent / "cases"


@pytest.mark.parametrize("case", ["fetch-star", "fetch-suppressed-note"])
def test_suppressed_value_of_fingertips_is_confidential(case):
    [returned], account = read(fingertips, decoding.decode_file((CASES / f"{case}.csv").read_bytes()))
    assert [format_figure(figure) for figure in returned.figures] == [
        "E92000001 65.3 64.8..65.8@95/published 7000000/10719755",
        "E12000004 66.1 64.5..67.7@95/published",
        "E06000018 c",
    ]
    assert (account.used, account.cells) == (3, {})


#   value         note                                 figure of Fingertips
VALUES = [
    ("*",          "",                                  "c"),
    ("[c]",        "",                                  "c"),
    ("(c)",        "",                                  "c"),
    ("Suppressed", "",                                  "c"),
    ("<5",         "",                                  "c"),
    ("1 to 7",     "",                                  "c"),
    ("",           "Value suppressed",                  "c"),
    ("-1",         "Data not published: disclosive",    "c"),
    ("",           "This value is not suppressed",      "x"),
    ("~",          "",                                  "x"),
    ("N/A",        "",                                  "x"),
    ("n/a",        "Suppressed for confidentiality",    "c"),
    ("-",          "",                                  "x"),
    ("[z]",        "",                                  "z"),
    ("50 [e]",     "",                                  "50 e"),
    ("50u",        "",                                  "50 u"),
    ("50",         "Estimate is unreliable",            "50 u"),
    ("low",        "",                                  "0 low"),
    ("?",          "",                                  None),
    ("938*",       "",                                  None),
    ("12,5",       "",                                  None),
    ("1_000",      "",                                  None),
    ("e5",         "",                                  None),
    ("12 [c]",     "",                                  None),
    ("1" * 16,     "",                                  None),
    ("1e999",      "",                                  None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "note", "expected"), VALUES)
def test_value_is_a_number_or_a_mark_or_is_left_out_with_its_place(value, note, expected):
    returns, account = read(fingertips, make_fingertips({"Value": value, "Value note": note}))
    assert [format_figure(figure) for returned in returns for figure in returned.figures] == (
        [] if expected is None else [f"E06000018 {expected}"]
    )
    assert list_cells(account) == ([(2, "E06000018", "Value", value)] if expected is None else [])
    assert account.left_out == ({UNREADABLE_ROW: 1} if expected is None else {})


def make_fingertips(*rows: dict[str, str]) -> str:
    usual = dict.fromkeys(fingertips.REQUIRED_COLUMNS, "") | {
        "Indicator ID": "93882",
        "Area Code": "E06000018",
        "Sex": "Persons",
        "Value": "50",
        "Time period": "2023/24",
        "Time period Sortable": "20230000",
        "Time period range": "1y",
    }
    return write_table(list(usual), [list((usual | row).values()) for row in rows])


def write_table(header: list[str], rows: list[list[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def test_unreadable_limits_and_counts_leave_the_value():
    odd = {"Lower CI 95.0 limit": "?", "Upper CI 95.0 limit": "60", "Lower CI 99.8 limit": "*", "Count": "many"}
    [returned], account = read(fingertips, make_fingertips(odd))
    assert [format_figure(figure) for figure in returned.figures] == ["E06000018 50"]
    assert [cell[2:] for cell in list_cells(account)] == [("Count", "many"), ("Lower CI 95.0 limit", "?")]


def test_renamed_category_is_reported_with_its_label():
    _, account = read(fingertips, make_fingertips({"Sex": " PERSONS "}, {"Sex": "All"}, {"Category Type": "Region"}))
    assert (account.used, account.left_out) == (1, {"Sex is 'All'": 1, "Category Type is 'Region'": 1})


#   level              age      grouping          characteristic     reason
EES_LABELS = [
    ("Local authority", "16-17", "Gender",         "Women",           "Characteristic is 'Women'"),
    ("Local authority", "16-17", "SEND",           "EHCP",            "Characteristic_grouping is 'SEND'"),
    ("Local authority", "16",    "Total",          "Total",           "Age is '16'"),
    ("School",          "16-17", "Total",          "Total",           "geographic_level is 'School'"),
]  # fmt: skip


@pytest.mark.parametrize(("level", "age", "grouping", "characteristic", "reason"), EES_LABELS)
def test_label_of_ees_that_is_not_read_is_reported(level, age, grouping, characteristic, reason):
    places = ["2025", "Calendar year", level, "E92000001", "E12000004", "E06000018"]
    row = [*places, age, grouping, characteristic, *7 * ["1"]]
    _, account = read(ees, write_table(EES_HEADER, [row]))
    assert account.left_out == {reason: 1}


def test_area_of_ees_that_the_plan_does_not_have_is_left_out():
    places = ["2025", "Calendar year", "Local authority", "E92000001", "", "E08000035"]
    _, account = read(ees, write_table(EES_HEADER, [[*places, "16-17", "Total", "Total", *7 * ["1"]]]))
    assert account.left_out == {OUTSIDE_PLAN: 1}


def test_tilde_of_the_department_for_education_is_a_number_that_rounds_to_zero():
    places = ["2025", "Calendar year", "National", "E92000001", "", "", "16-17", "Total", "Total"]
    returns, account = read(ees, write_table(EES_HEADER, [[*places, "90", "~", "~", "?", "7", "10", "9"]]))
    figures = {returned.series: format_figure(returned.figures[0]) for returned in returns}
    assert figures == {"neet-la": "E92000001 0 low", "not-known": "E92000001 10 9/90"}
    assert list_cells(account) == [(2, "E92000001", "NEETNKprop", "?")]


def test_row_of_nomis_without_a_value_to_belong_to_is_left_out():
    rows = [["2025-06", "E06000018", "1503", measure, "5", "", "3"] for measure in nomis.NOMIS_MEASURES[1:]]
    returns, account = read(nomis, write_table(list(nomis.REQUIRED_COLUMNS), rows))
    assert (returns, account.used, account.left_out.total()) == ([], 0, 3)


def test_nomis_row_of_another_variable_or_measure_is_left_out():
    rows = [["2025-06", "E06000018", *other, "5", "", "2"] for other in (("1", "20599"), ("1496", "1"))]
    _, account = read(nomis, write_table(list(nomis.REQUIRED_COLUMNS), rows))
    assert account.left_out == {"VARIABLE is '1'": 1, "MEASURES is '1'": 1}


def test_employer_without_a_name_is_left_out():
    account = RowAccount()
    rows = disability_confident.read_rows("Company Name,Town,Level\n,Leeds,1\nB,Leeds,2\n,Leeds,3\n", account)
    [returned] = disability_confident.build_returns(
        rows, account, area="E08000035", towns=["Leeds"], period="FY2025-26-Q2"
    )
    assert [cell.value for cell in returned.observations] == [1, 0, 0, 1, 0]
    assert (account.used, account.left_out) == (1, {NO_EMPLOYER: 2})


#   file                                             rows             rows left out, by reason
TABLES = [
    ("A,B\n1,2,,\n",                                  [("1", "2")],    {}),
    ("A,B,C\n1,2\n3,4,5\n",                           [("1", "2"), ("3", "4")], {}),
    ("A,B\n1,2\n3,4,5\n6,7\n",                        [("1", "2"), ("6", "7")], {MORE_CELLS: 1}),
    ("C,A,B\n1,2\n1,2,3\n",                           [("2", "3")],    {FEWER_CELLS: 1}),
    (" A ,\u00a0B [note 1]\n1,2\n",                   [("1", "2")],    {}),
    ("Table 1,\n\nA,B\n1,2\n",                        [("1", "2")],    {TITLE: 1, "blank": 1}),
    ("A title\nA;B\n1;2\n",                           [("1", "2")],    {TITLE: 1}),
    ("A\tB\n1\t2\n",                                  [("1", "2")],    {}),
    ("A,B\n1,2\n,\n\nSource: ONS",                    [("1", "2")],    {"blank": 2, NOTE: 1}),
    ("A,B\n1,2\nA,B\n3,4\n",                          [("1", "2"), ("3", "4")], {HEADER_AGAIN: 1}),
    ('A,B\n1,"two\nlines"\n',                         [("1", "two\nlines")], {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "left_out"), TABLES)
def test_table_is_read_below_titles_with_any_delimiter_and_blank_cells(text, expected, left_out):
    account = RowAccount()
    rows = tables.read_table(text, ("A", "B"), account)
    account.use(len(rows))
    assert ([(row["A"], row["B"]) for row in rows], account.left_out) == (expected, left_out)
    assert account.read == account.used + account.left_out.total()
    assert account.count_misfits() == sum(left_out.get(reason, 0) for reason in (MORE_CELLS, FEWER_CELLS))


def test_rows_have_the_numbers_of_a_spreadsheet_and_go_on_in_the_next_page():
    account = RowAccount()
    pages = [tables.read_table("Title\nA,B\n1,2\n\n3,4\n", ("A", "B"), account) for _ in range(2)]
    assert [row.number for page in pages for row in page] == [3, 5, 8, 10]


def make_workbook(rows: list[list[Any]]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Notes"])
    sheet = book.create_sheet("Data")
    for row in rows:
        sheet.append(row)
    book.create_sheet("Hidden").sheet_state = "hidden"
    book.save(content)
    return content.getvalue()


#   file                                                             text
FILES: list[tuple[Callable[[], bytes], str]] = [
    ("A,é\n".encode,                                      "A,é\n"),
    ("\ufeffA,é\n".encode,                                "A,é\n"),
    (lambda: "A,é\n".encode("utf-16"),                               "A,é\n"),
    (lambda: "A,é\n".encode("cp1252"),                               "A,é\n"),
    (lambda: make_workbook([["A", "B"], [140.0, 139.99999999999997]]), "A,B\r\n140,140\r\n"),
    (lambda: make_workbook([["A", "B", "C"], [date(2025, 6, 30), *map(datetime.fromisoformat, ("2025-06-30", "2025-06-30T12:00"))]]),
                                                                     "A,B,C\r\n2025-06-30,2025-06-30,2025-06-30T12:00:00\r\n"),
]  # fmt: skip


@pytest.mark.parametrize(("make_file", "text"), FILES)
def test_file_is_read_by_its_first_bytes(make_file, text):
    assert decoding.decode_file(make_file()) == text


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a workbook", decoding.OLE_BYTES + b"not a workbook"])
def test_unreadable_workbook_is_refused(content):
    with pytest.raises(UnexpectedSourceFormat, match="workbook"):
        decoding.decode_file(content)


def test_workbook_that_is_too_large_when_decompressed_is_refused(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_WORKBOOK_BYTES", 1000)
    with pytest.raises(UnexpectedSourceFormat, match="when decompressed"):
        decoding.decode_file(make_workbook([["A"]]))


def test_report_lists_counts_reasons_marks_and_the_places_of_cells():
    odd = [{"Value": "?", "Sex": sex} for sex in ("Persons", "Male", "Female")]
    _, account = read(fingertips, make_fingertips({"Value": "*"}, *odd[1:], *5 * [{"Sex": "All"}], {"Sex": "All"}))
    assert account.format_lines() == [
        "9 rows read: 1 used, 8 left out; 2 unreadable cells",
        "  left out 6: Sex is 'All' (row 5, 6, 7, 8, 9, …)",
        f"  left out 2: {UNREADABLE_ROW} (row 3, 4)",
        "  mark '*' read as c: 1",
        "  unreadable: row 3, area E06000018, column 'Value': '?'",
        "  unreadable: row 4, area E06000018, column 'Value': '?'",
    ]
    many = [{"Value": "?", "Time period Sortable": f"{year}0000"} for year in range(1900, 2000)]
    _, account = read(fingertips, make_fingertips(*many))
    assert len(account.format_lines()) == 1 + 1 + MAX_LISTED_CELLS + 1


EES_HEADER = [name if isinstance(name, str) else name[0] for name in ees.REQUIRED_COLUMNS]
NHS_AREAS = {"E92000001": Area(code="E92000001", name="England", level="country", families=["x"])}
#   a good file of each publisher, as header and rows
GOOD_FILES: dict[str, tuple[ModuleType, Any, list[str], list[list[str]]]] = {
    "fingertips": (fingertips, AREAS, list(fingertips.REQUIRED_COLUMNS), [
        list((dict.fromkeys(fingertips.REQUIRED_COLUMNS, "1") | {
            "Indicator ID": "93882", "Area Code": area, "Sex": sex, "Category Type": "", "Value note": "",
            "Time period": "2023/24", "Time period Sortable": "20230000", "Time period range": "1y"}).values())
        for area in ("E06000018", "E92000001", "E12000004") for sex in ("Persons", "Male", "Female")]),
    "nomis": (nomis, AREAS, list(nomis.REQUIRED_COLUMNS), [
        ["2025-06", area, variable, measure, "30", "Normal Value", "16"]
        for area in ("E06000018", "E92000001") for variable in ("1496", "45") for measure in nomis.NOMIS_MEASURES]),
    "nomis-populations": (nomis_populations, AREAS, list(nomis_populations.REQUIRED_COLUMNS), [
        ["2024", "E06000018", gender, str(age), "20100", "3", "182"] for gender in "0" for age in range(101, 192)]),
    "ees": (ees, AREAS, EES_HEADER, [
        [year, "Calendar year", "National", "E92000001", "", "", "16-17", "Total", "Total", *7 * ["5"]]
        for year in ("2023", "2024", "2025")]),
    "nhs-england": (nhs_england, NHS_AREAS, list(nhs_england.REQUIRED_COLUMNS), [
        ["2024-07-01", "2025-06-30", "Final", "England", "England", "NONE", measure, "5"]
        for measure in ("MHS116", "MHS116a")]),
}  # fmt: skip
ODD_CELLS = st.sampled_from(
    [
        "",
        " ",
        "*",
        "~",
        "N/A",
        "?",
        "-",
        "[c]",
        "<5",
        "suppressed",
        "938*",
        "50 [e]",
        "a note",
        "é",
        "1e999",
        "two\nlines",
    ]
)


@given(source=st.sampled_from(sorted(GOOD_FILES)), data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_row_of_a_file_with_odd_cells_is_accounted_for(source, data):
    module, areas, header, good = GOOD_FILES[source]
    rows = [list(row) for row in good]
    for _ in range(data.draw(st.integers(0, 4))):
        row = data.draw(st.integers(0, len(rows) - 1))
        rows[row][data.draw(st.integers(0, len(header) - 1))] = data.draw(ODD_CELLS)
    trailing = data.draw(st.lists(st.sampled_from(["", " "]), max_size=3))
    rows = [[*row, *trailing] for row in rows]
    notes = data.draw(st.lists(st.sampled_from([[], ["", ""], ["Source: the publisher"]]), max_size=3))
    titles = data.draw(st.lists(st.sampled_from([[], ["A title"]]), max_size=2))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    header = [f" {name} " for name in header]
    text = write_table(
        titles[0] if titles else header, [*titles[1:], *([header] if titles else []), *rows, *notes], delimiter
    )
    returns, account = read(module, text, areas)
    figures = [figure for returned in returns for figure in returned.figures]
    assert account.read == len(titles) + len(rows) + len(notes)
    assert account.left_out.total() >= len(titles) + len(notes)
    assert all(is_valid(figure) for figure in figures)
    assert (account.used > 0) == (figures != [])


def is_valid(figure: PublisherFigure) -> bool:
    return (figure.value is None) != (figure.status is None) and not {*figure.markers} - {*Marker}
