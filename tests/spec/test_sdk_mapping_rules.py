"""Each rule of a mapping, on a table that an officer can read."""

import json
from datetime import date

import jsonschema
import openpyxl
import pytest

from work_health import CheckFailed, ColumnMapping, WorkHealthError
from work_health.grids import read_grid
from work_health.mapping_decisions import refuse_open_decisions
from work_health.mapping_rules import build_period_code, parse_date
from work_health.mapping_schema import MAPPING_SCHEMA
from work_health.source_steps import _read_grids  # pyright: ignore[reportPrivateUsage]
from work_health.table_building import build_table
from work_health.tables import join_tables

DIMENSIONS = ["sex", "age-band"]


def read(text: str, mapping: dict) -> list[tuple[int, dict[str, str]]]:
    """Return the numbered rows, without empty cells."""
    jsonschema.validate(mapping, MAPPING_SCHEMA)
    table = build_table(read_grid(text.encode()), DIMENSIONS, ColumnMapping.from_document(mapping))
    rows = [{name: cell for name, cell in zip(table.columns, row, strict=True) if cell} for row in table.rows]
    return list(zip(table.row_numbers, rows, strict=True))


def test_rows_are_skipped_by_number_and_by_pattern():
    text = "Place,value\nunits,number\nNottingham,5\nTotal of all,9\nSource: ours,\nTotals,9\n"
    mapping = {"columns": {"Place": "area"}, "skip": {"rows": [2], "where": {"place": ["total*", "SOURCE:*"]}}}
    table = build_table(read_grid(text.encode()), DIMENSIONS, ColumnMapping.from_document(mapping))
    assert read(text, mapping) == [(3, {"area": "Nottingham", "value": "5"})]
    account = 'Rows: 6 read, 1 used; left out: header 1; skipped 2, 5; skipped 4 "Total of all" 9, 6 "Totals" 9.'
    assert str(table.account) == account
    assert table.account.to_dict()["left_out"][2]["texts"] == ('"Total of all" 9', '"Totals" 9')


def test_skipped_rows_of_a_wide_table_are_named_with_their_largest_number():
    text = "Place,Local code,Women,Men,All\nNottingham,1,5,6,11\nBulwel,900,8,<5,17\nNotes,2,,,\nRadford,3,,c,\n"
    mapping = {
        "columns": {"Place": "area", "Local code": ""},
        "unpivot": {"dimension": "sex", "columns": {"Women": "female", "Men": "male", "All": ""}},
        "skip": {"rows": [3, 4, 5]},
    }
    account = build_table(read_grid(text.encode()), DIMENSIONS, ColumnMapping.from_document(mapping)).account
    assert [(group.rows, group.texts) for group in account.left_out[1:]] == [
        ((3, 5), ('"Bulwel" 17', '"Radford" c')),
        ((4,), ()),
    ]


def test_open_decisions_are_listed_with_their_lines(tmp_path):
    (tmp_path / "a.toml").write_text(
        """# TO DECIDE: The rest.
[columns]
'Place' = '?area'
"Ward" = "area"  # TO DECIDE: Ward or place?
[skip.where]
"Ward" = ["?"]
[marks]
"~" = "?"
"""
    )
    lines = ColumnMapping.load(tmp_path / "a.toml").undecided
    assert [line.partition(":")[0] for line in lines] == ["1", "4", "Place = ?area", "~ = ?"]
    (tmp_path / "a.json").write_text('{"constants": {"area": "?"}}')
    mapping = ColumnMapping.load(tmp_path / "a.json")
    with pytest.raises(CheckFailed) as raised:
        refuse_open_decisions([*lines, *mapping.undecided])
    assert [finding.code for finding in raised.value.findings] == ["undecided"] * 5
    refuse_open_decisions(())


def test_wide_table_becomes_long():
    mapping = {
        "columns": {"Ward": "area"},
        "unpivot": {"dimension": "sex", "columns": {"Women": "female", "Male": "male", "Total clients": ""}},
    }
    assert read("Ward,Women,Male,Total clients\nAspley,20,,41\n", mapping) == [
        (2, {"area": "Aspley", "sex": "female", "value": "20"}),
        (2, {"area": "Aspley", "value": "41"}),
    ]


def test_finer_bands_are_summed():
    text = "area,age,value,note\nA,16-17,3,\nA,18-24,4,late\nA,25-34,9,\n"
    mapping = {
        "columns": {"age": "age-band"},
        "codes": {"age-band": {"16-17": "16-24", "18-24": "16-24"}},
        "sum": True,
    }
    assert read(text, mapping) == [
        (2, {"area": "A", "age-band": "16-24", "value": "7", "note": "late"}),
        (4, {"area": "A", "age-band": "25-34", "value": "9"}),
    ]


@pytest.mark.parametrize(
    ("parts", "summed"),
    [
        ("A,3\nA,<5\n", {"status": "c", "lower": "3", "upper": "7"}),
        ("A,3\nA,*\n", {"status": "c", "lower": "3"}),
        ("A,3\nA,c\n", {"status": "c", "lower": "3"}),
        ("A,-\nA,4\n", {"value": "4"}),
    ],
)
def test_suppressed_part_makes_a_sum_confidential_with_its_bounds(parts, summed):
    marks = {"<5": {"status": "c", "upper": 4}, "*": "c", "-": 0}
    assert read(f"area,value\n{parts}", {"marks": marks, "sum": True}) == [(2, {"area": "A"} | summed)]


def test_sum_leaves_a_text_that_is_no_count():
    assert len(read("area,value\nA,3\nA,about 4\n", {"sum": True})) == 2


def test_marks_state_a_status_with_bounds():
    marks = {"1-9": {"status": "c", "lower": 1, "upper": 9}, "Suppressed": "c", "nil": 0}
    rows = read("area,value\nA,1-9\nB,suppressed\nC,Nil\nD,4\n", {"marks": marks})
    assert [row for _, row in rows] == [
        {"area": "A", "status": "c", "lower": "1", "upper": "9"},
        {"area": "B", "status": "c"},
        {"area": "C", "value": "0"},
        {"area": "D", "value": "4"},
    ]


def test_period_comes_from_a_date_column():
    text = "Closed,area,value\n01/10/2025,A,3\n31/12/2025,A,4\nsoon,A,1\n"
    mapping = {"period": {"column": "closed", "type": "financial-quarter"}, "sum": True}
    assert read(text, mapping) == [
        (2, {"area": "A", "value": "7", "period": "FY2025-26-Q3"}),
        (4, {"area": "A", "value": "1", "period": "soon"}),
    ]


@pytest.mark.parametrize(
    ("period_type", "code"),
    [
        ("month", "2026-03"),
        ("financial-quarter", "FY2025-26-Q4"),
        ("financial-half", "FY2025-26-H2"),
        ("financial-year", "FY2025-26"),
        ("calendar-quarter", "CY2026-Q1"),
        ("calendar-year", "CY2026"),
        ("academic-year", "AY2025-26"),
        ("snapshot", "D2026-03-31"),
    ],
)
def test_date_is_in_a_period_of_each_type(period_type, code):
    assert build_period_code(date(2026, 3, 31), period_type) == code


@pytest.mark.parametrize("text", ["2026-03-01", "01/03/2026", "1/3/26", "01.03.2026", "1 March 2026", "Mar-26"])
def test_day_comes_before_the_month(text):
    assert parse_date(text) == date(2026, 3, 1)


def test_several_sheets_have_their_own_constants(tmp_path):
    book = openpyxl.Workbook()
    for name, value in (("April", 3), ("May", 4)):
        sheet = book.create_sheet(name)
        sheet.append(["area", "value"])
        sheet.append(["A", value])
    book.save(tmp_path / "a.xlsx")
    document = {"sheets": {"April": {"period": "2025-04"}, "May": {"period": "2025-05"}}}
    jsonschema.validate(document, MAPPING_SCHEMA)
    mapping = ColumnMapping.from_document(document)
    grids = _read_grids(tmp_path / "a.xlsx", mapping, None)
    table = join_tables([build_table(grid, DIMENSIONS, mapping) for grid in grids], list(mapping.sheets))
    assert table.rows == [["A", "3", "2025-04"], ["A", "4", "2025-05"]]
    assert (table.row_numbers, table.sheets) == ([2, 2], ["April", "May"])


def test_blank_rows_of_a_template_are_missing():
    table = build_table(read_grid(b"area,sex,value,status\nA,,5,\nA,female,,\nA,male,,c\n"), DIMENSIONS, None)
    assert table.row_numbers == [2, 4]
    assert str(table.account) == "Rows: 4 read, 2 used; left out: header 1; blank 3."
    assert not table.is_unmodified
    with pytest.raises(CheckFailed) as raised:
        build_table(read_grid(b"area,value\nA,\n"), DIMENSIONS, None)
    assert [finding.code for finding in raised.value.findings] == ["no-rows"]


@pytest.mark.parametrize(
    "document",
    [
        {"sum": "yes"},
        {"hidden": 1},
        {"skip": {"row": [1]}},
        {"skip": {"rows": ["1"]}},
        {"unpivot": {"dimension": "sex"}},
        {"unpivot": {"columns": {"a": "b"}}},
        {"unpivot": {"dimension": "sex", "columns": {"a": "b"}, "x": 1}},
        {"marks": {"*": "q"}},
        {"marks": {"*": -1}},
        {"marks": {"*": {"status": "c", "about": 3}}},
        {"period": {"column": "x", "type": "decade"}},
        {"period": {"type": "month"}},
        {"header": 0},
        {"colours": {}},
    ],
    ids=json.dumps,
)
def test_schema_and_reader_refuse_the_same_mappings(document):
    with pytest.raises(WorkHealthError):
        ColumnMapping.from_document(document)
    assert not jsonschema.Draft202012Validator(MAPPING_SCHEMA).is_valid(document)
