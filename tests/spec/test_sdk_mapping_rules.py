"""Each rule of a mapping, on a table that an officer can read."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path

import jsonschema
import openpyxl
import pytest

from work_health import CheckFailed, ColumnMapping, WorkHealthError
from work_health.grids import read_grid
from work_health.mapping_decisions import refuse_open_decisions
from work_health.mapping_rules import build_period_code, parse_date
from work_health.mapping_schema import MAPPING_SCHEMA
from work_health.repeated_cells import drop_repeated_cells
from work_health.return_forms import Labels
from work_health.sheet_reading import build_joint_table, read_sheets
from work_health.table_building import build_table
from work_health.tables import Table
from work_health.title_periods import find_title_periods
from work_health.unread_sheets import find_unread_sheets

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
    account = 'Rows: 6 read, 1 used; left out: skipped 4 "Total of all" 9, 6 "Totals" 9; header 1; skipped 2, 5.'
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


LABELS = Labels({"sex": {"female": "Female"}, "age-band": {"16-24": "16 to 24"}}, {"E1": "Nottingham"})


def write_book(path: Path, sheets: dict[str, list[list]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def read_book(path: Path, document: dict, sheet: str | None = None, period: str | None = None) -> Table:
    jsonschema.validate(document, MAPPING_SCHEMA)
    sheets = read_sheets(path, ColumnMapping.from_document(document), sheet)
    return build_joint_table(sheets, DIMENSIONS, LABELS, period)


def find_faults(path: Path, document: dict, period: str | None = None) -> list[tuple]:
    with pytest.raises(CheckFailed) as raised:
        read_book(path, document, period=period)
    return [(finding.code, finding.rows or [], "Age" in finding.message) for finding in raised.value.findings]


def list_rows(table: Table) -> list[list[str]]:
    return [[cell for cell in row if cell] for row in table.rows]


def test_several_sheets_have_their_own_constants(tmp_path):
    sheets = {name: [["area", "value"], ["A", value]] for name, value in (("April", 3), ("May", 4))}
    path = write_book(tmp_path / "a.xlsx", sheets)
    document = {"sheets": {"April": {"period": "2025-04"}, "May": {"period": "2025-05"}}}
    table = read_book(path, document)
    assert table.rows == [["A", "3", "2025-04"], ["A", "4", "2025-05"]]
    assert (table.row_numbers, table.sheets) == ([2, 2], ["April", "May"])
    assert list_rows(read_book(path, document, "May")) == [["A", "4", "2025-05"]]
    assert list_rows(read_book(path, {"sheet": "May"})) == [["A", "4"]]


TWO_SHAPES = {
    "Cover": [["Activity of the quarter"], ["3 tables"]],
    "Wards": [
        ["Reporting period: Jan to Mar 2026"], ["Place", "Women", "All"], ["Nottingham", 5, 11], ["Derby", 1, 2],
    ],
    "Age": [["Age, Jan to Mar 2026"], [], ["Band", "People"], ["16-19", 4], ["20-24", 7], ["Total", 11]],
}  # fmt: skip
SHAPES_MAPPING = {
    "constants": {"measure": "visits"},
    "period": {"from": "title", "type": "financial-quarter"},
    "columns": {"Place": "area"},
    "codes": {"area": {"nottingham": "?"}, "age-band": {"Total": "-"}},
    "unpivot": {"dimension": "sex", "columns": {"Women": "female", "All": ""}},
    "skip": {"where": {"Place": "Derby"}},
    "sheets": {
        "Wards": {"codes": {"area": {"Nottingham": "E1"}}},
        "Age": {
            "sum": True,
            "header": 3,
            "area": "E1",
            "columns": {"Band": "age-band", "People": "value"},
            "codes": {"age-band": {"16-19": "16-24", "20-24": "16-24", "TOTAL": ""}},
        },
    },
}


def test_sheets_of_different_shape_make_one_table(tmp_path):
    table = read_book(write_book(tmp_path / "a.xlsx", TWO_SHAPES), SHAPES_MAPPING)
    assert [[cell for cell in row if cell != "visits"] for row in list_rows(table)] == [
        ["E1", "FY2025-26-Q4", "female", "5"],
        ["E1", "FY2025-26-Q4", "11"],
        ["E1", "FY2025-26-Q4", "11", "16-24"],
        ["E1", "FY2025-26-Q4", "11"],
    ]
    assert str(table.account).count(" of ") == 2
    assert 'left out of Wards: skipped 4 "Derby" 2; title 1' in str(table.account)


def test_equal_totals_of_two_sheets_are_one_cell(tmp_path):
    table = read_book(write_book(tmp_path / "a.xlsx", TWO_SHAPES), SHAPES_MAPPING)
    kept, differences = drop_repeated_cells(table, [[0, 1, 2, 3]], LABELS)
    assert (len(kept.rows), kept.sheets, differences) == (3, ["Wards", "Wards", "Age"], [])
    assert (table.account.used, kept.account.used, kept.account.read) == (4, 3, table.account.read)
    [group] = [group for group in kept.account.left_out if group.reason == "repeated"]
    assert (group.sheet, group.rows, group.texts) == ("Age", (6,), ('"Nottingham" 11',))
    assert drop_repeated_cells(kept, [[0], [1], [2]], LABELS) == (kept, [])


def test_different_totals_of_two_sheets_are_an_error_with_both_rows(tmp_path):
    sheets = TWO_SHAPES | {"Age": [*TWO_SHAPES["Age"][:-1], ["Total", 999]]}
    table = read_book(write_book(tmp_path / "a.xlsx", sheets), SHAPES_MAPPING)
    _, [difference] = drop_repeated_cells(table, [[0, 1, 2, 3]], LABELS)
    assert (difference.code, difference.rows) == ("different-figures", [3, 6])
    assert re.findall(r"Nottingham \(E1\)|\d+|Wards|Age", difference.message) == [
        "Nottingham (E1)", "11", "3", "Wards", "999", "6", "Age",
    ]  # fmt: skip


def test_cells_of_a_table_without_sheets_and_without_areas_are_compared_too():
    table = Table("t", ["age-band", "value"], [["16-24", "3"], ["16-24", "3"]], [2, 2])
    assert drop_repeated_cells(table, [[0, 1]], LABELS) == (table, [])
    sheets = Table("t", ["age-band", "value"], [["16-24", "3"], ["16-24", "3.0"]], [2, 2], sheets=["A", "B"])
    kept, differences = drop_repeated_cells(sheets, [[0, 1]], LABELS)
    assert (len(kept.rows), differences) == (1, [])


def test_sheet_without_mapped_numbers_names_its_columns(tmp_path):
    path = write_book(tmp_path / "a.xlsx", TWO_SHAPES)
    age = SHAPES_MAPPING["sheets"]["Age"] | {"columns": {"Band": "age-band", "People": ""}}
    faulty = SHAPES_MAPPING | {"sheets": SHAPES_MAPPING["sheets"] | {"Age": age}}
    assert find_faults(path, faulty) == [("number-column-missing", [3], True)]
    with pytest.raises(CheckFailed) as raised:
        read_book(path, faulty, "Age")
    [finding] = raised.value.findings
    assert ("'Women'" in finding.message, "'People'" in str(finding.fix)) == (True, True)


def test_column_that_a_wide_table_lacks_is_a_warning():
    unpivot = {"dimension": "sex", "columns": {"Women": "female", "Men": "male"}}
    mapping = ColumnMapping.from_document({"unpivot": unpivot})
    [warning] = build_table(read_grid(b"area,Women\nA,3\n"), DIMENSIONS, mapping).warnings
    assert (warning.code, "'Men'" in warning.message) == ("column-missing", True)
    with pytest.raises(CheckFailed) as raised:
        build_table(read_grid(b"area,Women,value\nA,3,4\n"), DIMENSIONS, mapping)
    assert [finding.code for finding in raised.value.findings] == ["repeated-column"]


def test_titles_may_not_state_another_period(tmp_path):
    path = write_book(tmp_path / "a.xlsx", TWO_SHAPES)
    assert find_faults(path, SHAPES_MAPPING, "FY2025-26-Q3") == [
        ("title-period", [], False),
        ("title-period", [], True),
    ]
    assert len(read_book(path, SHAPES_MAPPING, period="FY2025-26-Q4").rows) == 4
    constant = SHAPES_MAPPING | {"constants": {"measure": "visits", "period": "FY2025-26-Q3"}}
    for rule in (constant["period"], None):
        document = {name: section for name, section in (constant | {"period": rule}).items() if section}
        assert [code for code, *_ in find_faults(path, document)] == ["title-period"] * 2
    assert len(read_book(path, constant | {"period": {"from": "constants"}}).rows) == 4
    csv = b"Q4 2025/26\narea,value\nA,3\n"
    with pytest.raises(CheckFailed):
        build_table(read_grid(csv), DIMENSIONS, None, period="FY2025-26-Q3")
    assert build_table(read_grid(csv), DIMENSIONS, None, period="FY2025-26").rows == [["A", "3"]]


def test_titles_of_two_sheets_may_not_state_different_periods(tmp_path):
    """In a copied workbook, one title is easily left from the last quarter."""
    old = [["Age, Oct to Dec 2025"], *TWO_SHAPES["Age"][1:]]
    path = write_book(tmp_path / "a.xlsx", TWO_SHAPES | {"Age": old})
    with pytest.raises(CheckFailed) as raised:
        read_book(path, SHAPES_MAPPING)
    [finding] = raised.value.findings
    stated = ("Wards", "FY2025-26-Q4", "Age", "FY2025-26-Q3")
    assert (finding.code, [word for word in stated if word not in finding.message]) == ("title-period", [])


@pytest.mark.parametrize("title", ["Activity", "Jan to Mar 2026 and October to December 2025"])
def test_titles_must_state_one_period_if_the_mapping_reads_it(title):
    mapping = ColumnMapping.from_document({"period": {"from": "title", "type": "financial-quarter"}})
    grid = read_grid(f"{title}\narea,value\nA,3\n".encode())
    with pytest.raises(CheckFailed) as raised:
        build_table(grid, DIMENSIONS, mapping)
    assert [finding.code for finding in raised.value.findings] == ["title-period"]
    assert build_table(grid, DIMENSIONS, mapping, period="FY2025-26-Q4").rows == [["A", "3"]]


@pytest.mark.parametrize(
    ("text", "period_type", "codes"),
    [
        ("Reporting period: Jan to Mar 2026.", "financial-quarter", ["FY2025-26-Q4"]),
        ("Referrals, Q3 2025/26 (Oct to Dec 2025), final", "financial-quarter", ["FY2025-26-Q3"]),
        ("Jan to Mar 2026", "month", []),
        ("April 2025", "month", ["2025-04"]),
        ("Produced in 2026", "financial-year", []),
        ("Year 2025/26", "financial-year", ["FY2025-26"]),
        ("Q3 2025/26, before Q2 2025/26", "financial-quarter", ["FY2025-26-Q3", "FY2025-26-Q2"]),
        ("Contact: data team. Provisional.", "financial-quarter", []),
    ],
)
def test_title_states_a_period_of_a_type(text, period_type, codes):
    assert list(find_title_periods([text], period_type)) == codes


def test_date_column_comes_before_titles():
    mapping = {"period": {"column": "Closed", "type": "month"}}
    rows = read("Made in May 2026\narea,Closed,value\nA,2025-04-02,3\n", mapping)
    assert rows == [(3, {"area": "A", "value": "3", "period": "2025-04"})]


def test_sheets_with_figures_that_are_not_sent_are_a_warning(tmp_path):
    path = write_book(tmp_path / "a.xlsx", TWO_SHAPES)
    [warning] = find_unread_sheets(path, ["Wards"])
    assert (warning.code, "Age" in warning.message, "Cover" in warning.message) == ("unread-sheets", True, False)
    assert list(find_unread_sheets(path, ["Wards", "Age"])) == []
    assert list(find_unread_sheets(b"area\n", [""])) == []


def test_examples_of_the_guide_are_mappings():
    guide = (Path(__file__).parents[2] / "docs/how-to/mapping.md").read_text()
    examples = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)]
    for example in examples:
        jsonschema.validate(example, MAPPING_SCHEMA)
        ColumnMapping.from_document(example)
    assert len(examples) > 10


def test_option_replaces_the_constants_of_each_sheet():
    document = {"constants": {"period": "2025-03"}, "sheets": {"A": {"period": "2025-04"}, "B": {}}}
    mapping = ColumnMapping.from_document(document).drop_constants(["period"])
    assert [sheet.constants for sheet in (mapping, *mapping.sheets.values())] == [{}] * 3


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
        {"period": {"from": "cover", "type": "month"}},
        {"period": {"from": "title"}},
        {"period": {"from": "title", "column": "x", "type": "month"}},
        {"sheets": {"A": {"sum": "yes"}}},
        {"sheets": {"A": {"colours": {}}}},
        {"sheets": {"A": 3}},
        {"header": 0},
        {"colours": {}},
    ],
    ids=json.dumps,
)
def test_schema_and_reader_refuse_the_same_mappings(document):
    with pytest.raises(WorkHealthError):
        ColumnMapping.from_document(document)
    assert not jsonschema.Draft202012Validator(MAPPING_SCHEMA).is_valid(document)
