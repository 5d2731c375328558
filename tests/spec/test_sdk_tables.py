"""Tables of every kind are read correctly, or refused with the row, the column and the fix."""

import datetime
import gzip
import re
from pathlib import Path

import msgspec
import openpyxl
import pandas as pd
import polars as pl
import pytest

from work_health import CheckFailed, ColumnMapping, WorkHealthError
from work_health.grids import read_grid
from work_health.table_building import build_table
from work_health.tables import Table

DIMENSIONS = ["sex", "age-band"]
PLAIN = "measure,period,area,value\nvisits,2026-02,E06999999,12\n"


def read(source, mapping: dict | None = None, sheet: str | None = None) -> Table:
    column_mapping = None if mapping is None else ColumnMapping.from_document(mapping)
    return build_table(read_grid(source, sheet=sheet), DIMENSIONS, column_mapping)


def find_faults(source, mapping: dict | None = None, sheet: str | None = None) -> list[tuple]:
    with pytest.raises(CheckFailed) as raised:
        read(source, mapping, sheet)
    assert "Nothing was sent." in str(raised.value)
    return [(finding.code, finding.rows or [], finding.column or None) for finding in raised.value.findings]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").replace("\n", "\r\n").encode(),
        PLAIN.replace("value", " Value ").encode(),
        (PLAIN + "\n,,,\n").encode(),
    ],
)
def test_csv_file_is_read_in_every_encoding_and_delimiter(content, tmp_path):
    for source in (content, write(tmp_path / "a.csv", content), write(tmp_path / "a.csv.gz", gzip.compress(content))):
        table = read(source)
        assert (table.columns, table.rows) == (
            ["measure", "period", "area", "value"],
            [["visits", "2026-02", "E06999999", "12"]],
        )
        assert (table.row_numbers, table.is_unmodified) == ([2], True)


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


ROWS = [
    {"measure": "visits", "period": "2026-02", "area": "E06999999", "sex": None, "value": 12, "status": None},
    {"measure": "visits", "period": "2026-02", "area": "E06999999", "sex": "female", "value": None, "status": "x"},
]


@pytest.mark.parametrize(
    "source",
    [
        ROWS,
        (row for row in ROWS),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).astype({"value": "Int64"}),
        pd.DataFrame(ROWS).set_index(["measure", "period", "area"]),
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS).with_columns(pl.col("sex").cast(pl.Categorical), pl.col("value").cast(pl.Float64)),
        [row | {"breakdown": {"sex": row["sex"]}} for row in ROWS],
    ],
    ids=["dicts", "generator", "pandas", "pandas-Int64", "pandas-index", "polars", "polars-types", "breakdown"],
)
def test_rows_and_frames_are_read_the_same(source):
    table = read(source)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(row["sex"], row["value"]) for row in rows] == [("", "12"), ("female", "")]
    assert table.row_numbers == [0, 1]


def write_workbook(
    path: Path, rows: list[list], *, merge: tuple[str, ...] = (), other_sheets: dict | None = None
) -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Return"
    for row in rows:
        sheet.append(row)
    for cells in merge:
        sheet.merge_cells(cells)
    for name, (state, cells) in (other_sheets or {}).items():
        other = book.create_sheet(name)
        other.sheet_state = state
        for row in cells:
            other.append(row)
    book.save(path)
    return str(path)


HEADER = ["measure", "period", "area", "value"]
ROW = ["visits", "2026-02", "E06999999", 12]


def test_workbook_is_read_with_its_row_numbers(tmp_path):
    table = read(write_workbook(tmp_path / "a.xlsx", [HEADER, ROW, [], ["visits", "2026-02", "E05999991", 5.0]]))
    assert table.rows == [["visits", "2026-02", "E06999999", "12"], ["visits", "2026-02", "E05999991", "5"]]
    assert (table.row_numbers, table.is_unmodified, table.warnings) == ([2, 4], False, ())


def test_titles_above_the_header_are_ignored(tmp_path):
    rows = [["Quarterly return"], [], ["Filled in by", "the data officer"], HEADER, ROW]
    table = read(write_workbook(tmp_path / "a.xlsx", rows, merge=("A1:D1",)))
    assert (table.rows, table.row_numbers) == ([["visits", "2026-02", "E06999999", "12"]], [5])


def test_merged_cells_are_findings_with_their_place(tmp_path):
    rows = [HEADER, ROW, ["visits", "2026-02", "E05999991", 5], ["Total", None, None, 17]]
    merged = write_workbook(tmp_path / "a.xlsx", rows, merge=("A2:A3", "A4:C4"))
    assert find_faults(merged) == [("merged-cells", [2, 3], "A"), ("merged-cells", [4], "A")]


def test_second_header_row_is_a_finding(tmp_path):
    rows = [HEADER, ["code", "code", "GSS code", "number of people"], ROW]
    assert find_faults(write_workbook(tmp_path / "a.xlsx", rows)) == [("two-header-rows", [2], "value")]
    assert read(write_workbook(tmp_path / "b.xlsx", [HEADER, [*ROW[:3], "[c]"]])).rows[0][3] == "[c]"


def test_hidden_sheet_is_read_only_if_named(tmp_path):
    lookups = {"Lookups": ("hidden", [["a"]])}
    table = read(write_workbook(tmp_path / "a.xlsx", [HEADER, ROW], other_sheets=lookups))
    assert [(finding.code, finding.severity) for finding in table.warnings] == [("hidden-sheet", "warning")]
    assert "Lookups" in table.warnings[0].message
    old = read(
        write_workbook(
            tmp_path / "b.xlsx", [HEADER, ROW], other_sheets={"Old": ("veryHidden", [HEADER, [*ROW[:3], 3]])}
        ),
        sheet="Old",
    )
    assert old.rows[0][3] == "3"


def test_sheet_must_be_named_if_several_have_cells(tmp_path):
    two = write_workbook(tmp_path / "a.xlsx", [HEADER, ROW], other_sheets={"Notes": ("visible", [["a"]])})
    assert find_faults(two) == [("sheet-required", [], None)]
    assert read(two, sheet="Return").rows[0][3] == "12"
    assert find_faults(two, sheet="return") == [("unknown-sheet", [], None)]
    assert find_faults(write_workbook(tmp_path / "b.xlsx", [])) == [("no-rows", [], None)]


def test_damaged_workbook_is_refused(tmp_path):
    assert find_faults(write(tmp_path / "a.xlsx", b"measure,period\n")) == []
    assert find_faults(write(tmp_path / "b.xlsx", b"PK\x03\x04 cut off")) == []
    whole = Path(write_workbook(tmp_path / "c.xlsx", [HEADER, ROW])).read_bytes()
    assert find_faults(write(tmp_path / "c.csv", whole)) == []
    assert find_faults(str(tmp_path / "nowhere.csv")) == []


@pytest.mark.parametrize(
    ("content", "findings"),
    [
        (b"measure,period,area,value\n", [("no-rows", [], None)]),
        (b"", [("no-rows", [], None)]),
        (b"measure,period,area,valeu\nvisits,2026-02,E06999999,12\n", [("unknown-column", [1], "valeu")]),
        (b"measure,period,area,value,Value\nvisits,2026-02,E06999999,12,12\n", [("repeated-column", [1], "Value")]),
        (b"measure,period,area,value,\nvisits,2026-02,E06999999,12,x\n", [("unnamed-column", [1], None)]),
        (b"measure,period,area,value\nvisits,2026-02,E06999999,1,200\n", [("ragged-row", [2], None)]),
        (b"measure,period,area,value\nvisits,2026-02,Caf\xe9,12\n", [("wrong-encoding", [2], None)]),
        (b'measure,period,area,value\n"visits,2026-02\n', []),
        (b"a,b\n1,2\n", [("unknown-column", [1], "a"), ("unknown-column", [1], "b")]),
    ],
)
def test_file_that_is_not_a_table_of_returns_is_refused(content, findings):
    assert find_faults(content) == findings


def test_truncated_gzip_file_is_refused(tmp_path):
    assert find_faults(write(tmp_path / "a.csv.gz", gzip.compress(PLAIN.encode())[:-9])) == []


EXPORT = b"Ward,Gender,Number seen,Comment\nNorth ward,F,5,late\nHarbour town,All,12,\nHarbour town, f ,[c],\n"
MAPPING = {
    "constants": {"measure": "visits", "period": "2026-02"},
    "columns": {"ward": "area", "Gender": "sex", "Number seen": "value", "Comment": ""},
    "codes": {"area": {"North ward": "E05999991", "Harbour town": "E06999999"}, "sex": {"F": "female", "All": ""}},
}


def test_mapping_renames_columns_and_codes(tmp_path):
    table = read(EXPORT, MAPPING)
    assert table.columns == ["area", "sex", "value", "measure", "period"]
    assert table.rows == [
        ["E05999991", "female", "5", "visits", "2026-02"],
        ["E06999999", "", "12", "visits", "2026-02"],
        ["E06999999", "female", "[c]", "visits", "2026-02"],
    ]
    assert table.source_names == {"area": "Ward", "sex": "Gender", "value": "Number seen"}
    toml = tmp_path / "mapping.toml"
    toml.write_text('header = 1\n[columns]\n"Ward" = "area"\n[codes.sex]\n"F" = "female"\n')
    assert ColumnMapping.load(toml).columns == {"Ward": "area"}
    json = tmp_path / "mapping.json"
    json.write_bytes(msgspec.json.encode(MAPPING))
    assert ColumnMapping.load(str(json)) == ColumnMapping.from_document(MAPPING)


def test_fix_of_an_unmapped_column_shows_the_lines_to_write():
    mapping = {**MAPPING, "columns": {"ward": "area", "Gender": "sex", "Comment": ""}}
    with pytest.raises(CheckFailed) as raised:
        read(EXPORT.replace(b"Number seen", b"Values"), mapping)
    fix = raised.value.findings[0].fix
    assert [part for part in ('"Values" = "value"', '"Values" = ""') if part not in fix] == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"colums": {}}, r"'colums'.*\bcolumns\b"),
        ({"columns": ["area"]}, r" columns .*\['area'\]"),
        ({"columns": {"Ward": 1.5}}, r"\bcolumns\b.*'Ward'.*\b1\.5\b"),
        ({"header": 0}, r"\bheader\b.*\b0$"),
        ({"header": True}, r"\bheader\b.*\bTrue$"),
        ([], r"\[\]$"),
    ],
)
def test_invalid_mapping_is_refused(document, message):
    with pytest.raises(WorkHealthError, match=message):
        ColumnMapping.from_document(document)


def test_unreadable_mapping_file_is_refused(tmp_path):
    for name, content in (("a.toml", "columns = {"), ("a.json", "{"), ("a.toml", "\x00")):
        (tmp_path / name).write_text(content)
        with pytest.raises(WorkHealthError, match=f"^{name} .*: "):
            ColumnMapping.load(tmp_path / name)
    with pytest.raises(WorkHealthError, match=r"nowhere\.toml"):
        ColumnMapping.load(tmp_path / "nowhere.toml")


def test_mapping_to_unknown_columns_is_a_fault():
    mapping = ColumnMapping.from_document(
        {"columns": {"Ward": "aera"}, "codes": {"gender": {}}, "constants": {"measure": "x"}}
    )
    area, gender = mapping.find_faults(["area", "sex", "measure"])
    assert re.search(r"^'aera' .*\barea\b", area)
    assert re.search(r"^'gender' [^?]*$", gender)


def test_mapping_can_name_the_header_row():
    content = b"area,value\nmeasure,period,area,value\nvisits,2026-02,E06999999,12\n"
    assert read(content, {"header": 2}).row_numbers == [3]
    with pytest.raises(CheckFailed, match=r"\b3\b.*\b9\b"):
        read(content, {"header": 9})


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (140.0, "140"),
        (12.5, "12.5"),
        (float("nan"), ""),
        (None, ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (datetime.date(2025, 7, 1), "2025-07-01"),
        (datetime.datetime(2025, 7, 1), "2025-07-01"),  # noqa: DTZ001 as a spreadsheet has it
        (" x ", "x"),
        (0, "0"),
    ],
)
def test_cell_has_the_text_of_a_csv_file(cell, written):
    assert read([{"area": "E06999999", "note": cell, "value": 1}]).rows[0][1] == written
