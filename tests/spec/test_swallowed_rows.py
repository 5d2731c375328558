"""A quoted field with a line break: a note of several lines, or a quote that swallows records."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.submissions.checks.rejections import Rejected
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.csv_reader import CsvReader
from schema.submission_reports import RowReason
from schema.submissions import NewSubmission
from work_health.grids import read_grid
from work_health.table_building import build_table

ENVELOPE = NewSubmission(returns=[])
HEAD = "measure,period,area,sex,value,note\n"
ROW = "learners,2025-07,E06000018,,"


def read(text: str, *, chunk_bytes: int = 1024, **parameters: str) -> ParsedSubmission:
    reader = CsvReader(["sex"], ENVELOPE, chunk_bytes=chunk_bytes, **parameters)
    reader.feed(text.encode())
    return reader.finish()


def list_findings(text: str, **parameters: str) -> list[tuple[str, list[int]]]:
    with pytest.raises(Rejected) as refusal:
        read(text, **parameters)
    return [(finding.code, finding.rows) for finding in refusal.value.findings]


# fmt: off
SWALLOWED = {
    "closed three rows later":  (f'{HEAD}{ROW}1,\n{ROW}2,"late\n{ROW}3,\n{ROW}4,see email"\n{ROW}5,\n',  [3, 5]),
    "closed in the next row":   (f'{HEAD}{ROW}1,"late\n{ROW}2,see email"\n',                             [2, 3]),
    "quotes of other notes":    (f'{HEAD}{ROW}1,"late\n{ROW}2,""\n{ROW}3,"\n',                           [2, 4]),
    "a line of prose between":  (f'{HEAD}{ROW}1,"late\nand more\n{ROW}2,see email"\n',                   [2, 4]),
    "opened in another column": (f'{HEAD}learners,2025-07,E06000018,"fem,1,\n{ROW}2,\n",3,\n',           [2, 4]),
    "a mark for a number":      (f'{HEAD}{ROW}1,"late\nlearners,2025-07,E06000018,,Suppressed,"\n',      [2, 3]),
    "another measure":          (f'{HEAD}{ROW}1,"late\nvisits,2025-08,E06000018,,12,"\n',                [2, 3]),
}
# fmt: on


@pytest.mark.parametrize("case", SWALLOWED)
@pytest.mark.parametrize("chunk_bytes", [1, 1024])
def test_quote_that_swallows_rows_is_an_error_with_first_and_last_row(case, chunk_bytes):
    text, rows = SWALLOWED[case]
    assert list_findings(text, chunk_bytes=chunk_bytes) == [("swallowed-rows", rows)]


def test_quote_that_swallows_rows_is_an_error_without_columns_for_the_measure():
    text = 'area,value,note\nE06000018,140,\nE05012270,20,"late\nE05012271,<5,see email"\n'
    assert list_findings(text, measure="learners", period="2025-07") == [("swallowed-rows", [3, 4])]


FIRST_NOTES = ["late\nsee our email", "late\n\n140", 'late\nsee "our" email', "\n2"]


@pytest.mark.parametrize("note", FIRST_NOTES)
@pytest.mark.parametrize(
    "columns", ["note,measure,period,area,sex,value", "note,return_note,measure,period,area,value"]
)
def test_end_of_a_note_in_the_first_column_is_no_row(note, columns):
    """After it the record goes on, and the line has as many cells as a record."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns.split(","), restval="", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writeheader()
    cells = {"measure": "learners", "period": "2025-07", "note": note, "value": 3}
    if "return_note" in columns:
        cells["return_note"] = "Two\nlines"
    writer.writerow(cells | {"area": "E06000018"})
    assert read(text.getvalue()).cells.notes.tolist() == [note]
    assert build_table(read_grid(text.getvalue().encode()), ["sex"], None).account.used == 1


# fmt: off
NOTES = [
    "Two lines.\nThe second one.",
    "One, two, three,\nfour, five, six, seven, eight",
    "Prose, with, five, commas, in it, here.\nAnd, another, line, of, the, kind",
    "Figures were late:\n12, 14 and 3",
    'The "new" service\nwas closed.',
    "\n\n\n", "a\n,,,,,\nb", "1\n2\n3", "Total\n140",
]
# fmt: on


@pytest.mark.parametrize("note", NOTES)
def test_note_with_line_breaks_is_not_an_error(note):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(
        [HEAD.strip().split(","), [*ROW.split(",")[:-1], "12", note], [*ROW.split(",")[:-1], "13", ""]]
    )
    parsed = read(text.getvalue())
    assert parsed.cells.value.tolist() == [12, 13]
    assert parsed.cells.notes[0] == (note if note.strip() else None)


PLAIN = st.text("abc ,.;", max_size=12)
ROWS = st.lists(st.tuples(st.integers(0, 10**6), PLAIN), min_size=3, max_size=40)


@settings(max_examples=100, deadline=None)
@given(ROWS, st.data())
def test_no_row_is_lost_where_a_quote_is_missing(rows, data):
    """Write a table, remove the closing quote of one note, and expect a finding or every value."""
    lines = [f'{ROW}{value},"{note}"' for value, note in rows]
    lines.insert(len(lines), f"{ROW}7,the last")
    position = data.draw(st.integers(0, len(rows) - 1))
    lines[position] = lines[position].removesuffix('"')
    try:
        parsed = read(HEAD + "\n".join(lines) + "\n")
    except Rejected:
        return
    assert parsed.cells.value.tolist() == [*(value for value, _ in rows), 7]


@settings(max_examples=100, deadline=None)
@given(ROWS, st.lists(st.sampled_from(["", ",,,,,", " ; "]), max_size=3), st.integers(1, 200))
def test_every_row_is_used_or_left_out_with_its_reason(rows, blanks, chunk_bytes):
    lines = ["Learners, by town", *blanks, HEAD.strip(), *(f"{ROW}{value}," for value, _ in rows), *blanks]
    parsed = read("\n".join([*lines, "Total,,,,99,", "Source: our register", ""]), chunk_bytes=chunk_bytes)
    counts = parsed.row_counts
    assert counts.read == len(lines) + 2
    assert counts.used == len(rows)
    assert {group.reason: group.count for group in counts.left_out} == {
        RowReason.TITLE: 1,
        RowReason.HEADER: 1,
        **({RowReason.BLANK: 2 * len(blanks)} if blanks else {}),
        RowReason.TOTAL: 1,
        RowReason.FOOTNOTE: 1,
    }


def test_header_with_a_line_break_is_read_in_parts():
    reader = CsvReader(["sex"], ENVELOPE, chunk_bytes=1)
    reader.feed(b'measure,period,area,sex,value,"no\n')
    reader.feed(f'te"\n{ROW}1,\n'.encode())
    with pytest.raises(Rejected) as refusal:
        reader.finish()
    assert refusal.value.findings[0].code == "unknown-column"


def test_column_of_padded_numbers_is_read():
    assert read(f"{HEAD}{ROW} 12,\n{ROW}  7,\n").row_counts.used == 2


def test_swallowed_rows_are_known_without_a_column_for_the_area():
    text = 'measure,period,value,note\nlearners,2025-07,1,"late\nlearners,2025-07,2,see email"\n'
    with pytest.raises(Rejected) as refusal:
        read(text)
    assert "swallowed-rows" in {finding.code for finding in refusal.value.findings}
