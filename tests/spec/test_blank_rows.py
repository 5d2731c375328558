"""Rows without content, as in an unfilled template: missing, and accounted for, in every format."""

import json

import msgspec
import pytest

from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_submission
from api.submissions.parsed import ParsedSubmission, to_columns
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.json_parts import JsonPartsReader
from api.submissions.reading.json_reader import parse_fast
from api.submissions.reading.ndjson_reader import NdjsonReader
from schema.problems import Finding
from schema.submissions import NewSubmission
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, NOW, TOWN, WEST
from work_health.mapping_rules import is_blank

HEAD = "measure,period,area,value,lower,status,note\n"
RETURN = {"measure": "learners", "period": "2026-02"}
CELLS = [{"area": TOWN, "value": 20}, {"area": EAST}, {"area": WEST, "value": None, "status": None, "note": None}]


def read_csv(text: str) -> ParsedSubmission:
    reader = CsvReader(list(HARBOUR_CATALOGUE.dimensions), NewSubmission(returns=[]))
    reader.feed(text.encode())
    return reader.finish()


def read_ndjson(text: str) -> ParsedSubmission:
    reader = NdjsonReader()
    reader.feed(text.encode())
    return reader.finish()


def to_body(cells: list[dict]) -> bytes:
    return json.dumps({"returns": [RETURN | {"observations": cells}]}).encode()


def to_lines(cells: list[dict]) -> str:
    return "\n".join(map(json.dumps, [{"returns": [RETURN]}, *cells]))


def read_slowly(cells: list[dict]) -> ParsedSubmission:
    return to_columns(msgspec.json.decode(to_body(cells), type=NewSubmission))


def check(parsed: ParsedSubmission | None) -> CheckedSubmission:
    assert parsed is not None
    return check_submission(parsed, HARBOUR_CATALOGUE, "quay-college", {}, now=NOW)


def reject(parsed: ParsedSubmission) -> list[Finding]:
    with pytest.raises(Rejected) as refusal:
        check(parsed)
    return list(refusal.value.findings)


def count_rows(checked: CheckedSubmission) -> tuple[int, int, dict[str, tuple[int, list[int]]]]:
    counts = checked.parsed.row_counts
    return counts.read, counts.used, {group.reason.value: (group.count, group.rows) for group in counts.left_out}


READERS = {
    "JSON": lambda: parse_fast(to_body(CELLS)),
    "large JSON": lambda: JsonPartsReader().read(to_body(CELLS)),
    "JSON that is decoded slowly": lambda: read_slowly(CELLS),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_blank_observations_are_missing(read):
    checked = check(read())
    assert (len(checked.cells), checked.parsed.row.tolist()) == (1, [1])
    assert count_rows(checked) == (3, 1, {"blank": (2, [2, 3])})


def test_blank_rows_of_a_csv_file_are_missing():
    """Bounds, a status and a note are content; an empty line is counted with the blank rows."""
    rows = [f"{TOWN},20,,,", f"{EAST},,,,", "", f"{WEST},,,,"]
    checked = check(read_csv(HEAD + "".join(f"learners,2026-02,{row}\n" if row else "\n" for row in rows)))
    assert count_rows(checked) == (5, 1, {"header": (1, [1]), "blank": (3, [3, 4, 5])})


def test_blank_lines_of_ndjson_are_missing():
    assert count_rows(check(read_ndjson(to_lines(CELLS)))) == (4, 1, {"header": (1, [1]), "blank": (2, [3, 4])})


@pytest.mark.parametrize(
    ("row", "code"), [(",4,,", "value-missing"), (",,,late", "value-missing"), (",,x,", None), ("0,,,", None)]
)
def test_row_with_any_content_is_not_blank(row, code):
    parsed = read_csv(f"{HEAD}learners,2026-02,{TOWN},20,,,\nlearners,2026-02,{EAST},{row}\n")
    if code:
        first, *_ = reject(parsed)
        assert (first.code, first.rows) == (code, [3])
    else:
        assert len(check(parsed).cells) == 2
    names = HEAD.strip().split(",")[3:]
    assert not is_blank(dict(zip(names, row.split(","), strict=True))), "the SDK agrees"


def test_sdk_leaves_the_same_rows_out():
    assert is_blank({"value": "", "status": "", "note": ""})
    assert is_blank({"kind": "data", "value": ""})
    assert not is_blank({"kind": "nil", "value": ""})


def test_return_of_which_all_rows_are_blank_is_not_in_a_file():
    rows = [f"on-roll,2026-02,{TOWN},,,,", f"learners,2026-02,{TOWN},20,,,", f"learners,2026-03,{TOWN},,,,"]
    checked = check(read_csv(f"{HEAD}{chr(10).join(rows)}\n"))
    assert [one.submitted.measure for one in checked.returns] == ["learners"]
    assert (checked.cells.item.tolist(), checked.parsed.row.tolist()) == ([0], [3])
    assert count_rows(checked)[2]["blank"] == (2, [2, 4])


def test_nil_return_has_no_cells_and_remains():
    text = f"measure,period,kind,area,value\nlearners,2026-02,nil,,\non-roll,2026-02,data,{TOWN},\n"
    checked = check(read_csv(text))
    assert [one.submitted.measure for one in checked.returns] == ["learners"]
    assert count_rows(checked)[1] == 1


def test_unfilled_template_is_refused():
    [finding] = reject(read_csv(f"{HEAD}learners,2026-02,{TOWN},,,,\nlearners,2026-02,{EAST},,,,\n"))
    assert (finding.code, finding.rows) == ("no-rows", [2, 3])
    [finding] = reject(read_slowly([{"area": TOWN}]))
    assert (finding.code, finding.path) == ("no-observations", "/returns/0/observations")


def test_only_the_first_hundred_blank_rows_are_listed():
    cells = [{"area": TOWN, "value": 20}, *[{"area": EAST}] * 250]
    _, used, left_out = count_rows(check(parse_fast(to_body(cells))))
    assert (used, left_out) == (1, {"blank": (250, [*range(2, 102)])})


def test_first_blank_rows_of_a_file_are_listed_where_returns_alternate():
    periods = ("2026-02", "2026-01")
    filled = [f"learners,{period},{TOWN},20,,," for period in periods]
    blank = [f"learners,{period},{TOWN},,,," for period in periods] * 80
    _, _, left_out = count_rows(check(read_csv(HEAD + "\n".join([*filled, *blank]))))
    assert left_out["blank"] == (160, list(range(4, 104)))
