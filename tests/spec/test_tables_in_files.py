"""Tables with titles above, totals and footnotes below, blank cells around, and any separator."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.submissions.checks.rejections import Rejected
from api.submissions.parsed import ParsedSubmission
from api.submissions.reading.csv_reader import CsvReader
from schema.measures import Basis, Cadence
from schema.periods import PeriodType
from schema.submissions import NewSubmission
from work_health.errors import CheckFailed
from work_health.grids import read_grid
from work_health.table_building import build_table

CASES = Path(__file__).parents[1] / "cases"
HEAD, ROW = "measure,period,area,value,note", "learners,2025-07,E06000018,"
QUARTERLY = {"ips-primary-care-referrals": Cadence(period_type=PeriodType.FINANCIAL_QUARTER, basis=Basis.PROPOSED)}


def read(text: str | bytes, *, chunk_bytes: int = 1024, charset: str | None = None) -> ParsedSubmission:
    reader = CsvReader(["sex"], NewSubmission(returns=[]), cadences=QUARTERLY, charset=charset, chunk_bytes=chunk_bytes)
    reader.feed(text.encode() if isinstance(text, str) else text)
    return reader.finish()


def list_left_out(parsed: ParsedSubmission) -> list[tuple[str, list[int]]]:
    return [(str(group.reason), group.rows) for group in parsed.row_counts.left_out]


def list_findings(text: str | bytes) -> list[tuple[str, list[int], str | None]]:
    with pytest.raises(Rejected) as refusal:
        read(text)
    return [(finding.code, finding.rows, finding.column) for finding in refusal.value.findings]


@pytest.mark.parametrize("name", ["title-then-semicolons", "title-without-comma"])
def test_title_above_a_table_with_semicolons_is_left_out(name):
    parsed = read((CASES / f"{name}.csv").read_bytes())
    assert parsed.cells.value.tolist() == [140, 80, 57, 3]
    assert list_left_out(parsed) == [("title", [1]), ("header", [3]), ("blank", [2])]


# fmt: off
LEFT_OUT = {
    "title":               (f"Learners in Nottingham\n{HEAD}\n{ROW}1,\n",                 [("title", [1]), ("header", [2])]),
    "title with commas":   (f"Learners, area, 2025\n\n{HEAD}\n{ROW}1,\n",                 [("title", [1]), ("header", [3]), ("blank", [2])]),
    "title with a quote":  (f'Learners of "Town\n{HEAD}\n{ROW}1,\n',                      [("title", [1]), ("header", [2])]),
    "padded title":        (f"Learners,,,,\n{HEAD}\n{ROW}1,\n",                           [("title", [1]), ("header", [2])]),
    "footnote":            (f"{HEAD}\n{ROW}1,\nSource: our register\n",                   [("header", [1]), ("footnote", [3])]),
    "padded footnotes":    (f"{HEAD}\n{ROW}1,\n,,,,\n* late forms,,,,\nCounts are of people seen,,,,", [("header", [1]), ("blank", [3]), ("footnote", [4, 5])]),
    "total":               (f"{HEAD}\n{ROW}1,\nTotal,,,1,\n",                             [("header", [1]), ("total", [3])]),
    "total as an area":    (f"{HEAD}\n{ROW}1,\nlearners,2025-07,Grand total,1,\n",        [("header", [1]), ("total", [3])]),
    "total and footnote":  (f"{HEAD}\n{ROW}1,\nTotal,,,1,\n\nNotes:\n",                   [("header", [1]), ("blank", [4]), ("total", [3]), ("footnote", [5])]),
    "blank cells":         (f"{HEAD},,,\n{ROW}1,,,,\n,,,,,,,,,\n",                        [("header", [1]), ("blank", [3])]),
    "many blank cells":    (f"{HEAD}{',' * 16_000}\n{ROW}1,{',' * 16_000}\n",             [("header", [1])]),
    "named separator":     (f"sep=|\n{HEAD}\n{ROW}1,\n".replace(",", "|"),                [("title", [1]), ("header", [2])]),
    "bars":                (f"Learners, by area\n{HEAD.replace(',', '|')}\n{ROW.replace(',', '|')}1|\n", [("title", [1]), ("header", [2])]),
}
NOT_LEFT_OUT = {
    "heading in the table":    (f"{HEAD}\n{ROW}1,\nWomen of all ages seen\n{ROW}2,\n",    [("ragged-row", [3], None)]),
    "total in the table":      (f"{HEAD}\n{ROW}1,\nTotal,,,1,\n{ROW}2,\n",                [("empty-cell", [3], "area"), ("empty-cell", [3], "period")]),
    "file that was cut off":   (f"{HEAD}\n{ROW}1,\nlearne",                               [("ragged-row", [3], None)]),
    "name that was cut off":   (f"{HEAD}\n{ROW}1,\nHyson Green and",                      [("ragged-row", [3], None)]),
    "figures above the header": (f"1,2,3,4,5\n{HEAD}\n{ROW}1,\n",                         [("header-missing", [1], None)]),
    "one line":                (f"{HEAD}{ROW}1,{ROW}2,",                                  [("line-breaks-missing", [1], None)]),
    "no column known":         ("Ward,Women,Total clients\nAspley,20,41\n",               [("header-missing", [1], None)]),
}
# fmt: on


@pytest.mark.parametrize("case", LEFT_OUT)
@pytest.mark.parametrize("chunk_bytes", [1, 10_000])
def test_rows_around_a_table_are_left_out_with_their_reason(case, chunk_bytes):
    text, expected = LEFT_OUT[case]
    parsed = read(text, chunk_bytes=chunk_bytes)
    assert (parsed.cells.value.tolist(), list_left_out(parsed)) == ([1], expected)


@pytest.mark.parametrize("case", LEFT_OUT)
def test_sdk_leaves_out_the_same_rows_for_the_same_reasons(case):
    text, expected = LEFT_OUT[case]
    account = build_table(read_grid(text.encode()), ["sex"], None).account
    assert sorted((group.reason, list(group.rows)) for group in account.left_out) == sorted(expected)
    assert (account.used, account.read) == (1, 1 + sum(group.count for group in account.left_out))


@pytest.mark.parametrize("case", NOT_LEFT_OUT)
def test_sdk_never_leaves_out_a_row_that_may_belong_to_the_table(case):
    text, _ = NOT_LEFT_OUT[case]
    try:
        table = build_table(read_grid(text.encode()), ["sex"], None)
    except CheckFailed:
        return
    assert [group.reason for group in table.account.left_out] == ["header"]


@pytest.mark.parametrize("case", NOT_LEFT_OUT)
def test_row_that_may_belong_to_the_table_is_never_left_out(case):
    text, expected = NOT_LEFT_OUT[case]
    assert sorted(list_findings(text), key=str) == sorted(expected, key=str)


# fmt: off
PERIODS = {
    "period-q3": "FY2025-26-Q3", "period-oct-25": "FY2025-26-Q3", "period-dates": "FY2025-26-Q3",
    "period-q3b": "FY2025-26-Q3",
}
# fmt: on


@pytest.mark.parametrize("name", PERIODS)
def test_loose_period_suggests_the_period_of_the_measures_own_type(name):
    with pytest.raises(Rejected) as refusal:
        read((CASES / f"{name}.csv").read_bytes())
    [finding] = refusal.value.findings
    assert finding.code in {"unclear-period", "spreadsheet-date"}
    assert f"Did you mean {PERIODS[name]}?" in (finding.fix or "")


@pytest.mark.parametrize("charset", ["cp1252", "utf-16-le", "utf-16-be", "utf-16", "utf-8", None])
def test_file_in_a_declared_charset_is_read(charset):
    text = f"{HEAD}\n{ROW}1,café “late”\n".encode(charset or "utf-8")
    for chunk_bytes in (1, 1024):
        assert read(text, charset=charset, chunk_bytes=chunk_bytes).cells.notes.tolist() == ["café “late”"]


def test_byte_order_mark_prevails_over_the_declared_charset():
    text = f"{HEAD}\n{ROW}1,café\n"
    assert read(text.encode("utf-8-sig"), charset="cp1252").cells.notes.tolist() == ["café"]
    assert read(text.encode("utf-16"), charset="cp1252").cells.notes.tolist() == ["café"]


def test_byte_that_the_declared_charset_does_not_have_is_an_error():
    with pytest.raises(Rejected) as refusal:
        read(f"{HEAD}\n{ROW}1,\x81\n".encode("latin-1"), charset="cp1252")
    assert [(finding.code, finding.rows) for finding in refusal.value.findings] == [("wrong-encoding", [2])]


CELLS = st.text(st.sampled_from('ab 1é",;|\t\n'), max_size=12).map(str.strip)
RECORDS = st.lists(st.tuples(st.integers(0, 10**9), CELLS), min_size=1, max_size=50)


@settings(max_examples=60, deadline=None)
@given(
    RECORDS,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([None, "utf-8-sig", "utf-16", "cp1252", "utf-16-le"]),
    st.lists(st.sampled_from(["Learners", "Learners of all ages; in towns", "Run on 1 May, by: us", ""]), max_size=4),
    st.lists(st.sampled_from(["Source: our register", "* late forms", ""]), max_size=3),
    st.integers(0, 3),
    st.integers(1, 300),
)
def test_table_in_any_dialect_is_read_unchanged(
    records, separator, line_end, quoting, charset, titles, notes, extra_cells, chunk_bytes
):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\n", quoting=quoting)
    writer.writerow([*HEAD.split(","), *[""] * extra_cells])
    writer.writerows([*ROW.split(",")[:-1], value, note, *[""] * extra_cells] for value, note in records)
    content = "\n".join([*titles, text.getvalue() + "\n".join(notes)]).replace("\n", line_end)
    parsed = read(content.encode(charset or "utf-8"), charset=charset, chunk_bytes=chunk_bytes)
    assert parsed.cells.value.tolist() == [value for value, _ in records]
    assert parsed.cells.notes.tolist() == [note or None for _, note in records]
    assert parsed.row_counts.used == len(records)
