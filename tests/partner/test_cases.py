"""Inputs that failed in other systems, as curl, the SDK and the command line send them: each has its outcome.

`tests/cases` has the files. They are made up in the shape of public bug reports.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from schema.partners import Scope
from tests.fixtures.command_line import make_command
from tests.fixtures.server_process import run_server
from work_health import CheckFailed
from work_health.cli.exit_codes import ExitCode

CASES = Path(__file__).parents[1] / "cases"
PROGRAMME = "work-and-health-2025-2028"
PATH = f"/v1/programmes/{PROGRAMME}/submissions"
REFERRALS, CITY = "ips-primary-care-referrals", "E06000018"
RETURN = {"measure": REFERRALS, "period": "FY2025-26-Q3"}
MAY_2026 = datetime(2026, 5, 20, 12, tzinfo=UTC)
ROUNDED = [2, 3, 4, 5]
WORKBOOKS = sorted(file.stem for file in CASES.glob("*.xlsx"))

# fmt: off
REFUSED = {  # of a file: code, rows and column of each finding, and what its fix must name
    "swallowed-quote":    [("swallowed-rows", [3, 5], None, "")],
    "swallowed-quote-q3": [("swallowed-rows", [3, 5], None, "")],
    "rounded-above":      [("sum-exceeds-total", ROUNDED, None, "rounded_to")],
    "rounded-below":      [("sum-below-total", ROUNDED, None, "rounded_to")],
    "rounded-suppressed": [("sum-exceeds-total", ROUNDED, None, "rounded_to")],
    "wide-table":         [("header-missing", [1], None, "measure")],
    "marks":              [("header-missing", [1], None, "measure")],
    "ward-twice":         [("duplicate-cell", [4], None, "")],
    "period-dates":       [("unclear-period", [2], "period", "FY2025-26-Q3")],
    "period-oct-25":      [("spreadsheet-date", [2], "period", "FY2025-26-Q3")],
    "period-q3":          [("unclear-period", [2], "period", "FY2025-26-Q3")],
    "period-q3b":         [("unclear-period", [2], "period", "FY2025-26-Q3")],
}
FIXES_OF_WARDS = {  # what the fix of each unknown area names; of a code like another, no other code
    "Clifton": ["E05012278", "E05012279"], "Castle Ward": ["E05012277"], "Nottingham UA": [CITY],
    "E050012281": [], "E05001831": [], "E05012290": [],
}
WORKBOOK_FINDINGS = {
    "hidden-rows":   [("hidden-rows", [6], None), ("hidden-column", [], "note")],
    "hidden-row":    [("hidden-rows", [6], None)],
    "hidden-col":    [("hidden-column", [], "note")],
    "other-council": [("hidden-rows", [6], None)],
    "units-row":     [("two-header-rows", [4], "value")],
    "date-period":   [("unclear-period", [2, 3, 4, 5], "period")],
    "gss":           [("sheet-required", [], None)],
}
ACCEPTED_WORKBOOKS = {"float-noise": {}, "text-numbers": {}, "gss": {"sheet": "1_Data"}}  # with options
COMMAND_LINE = {  # what the client finds in a CSV file before it sends it: code, rows and column as in the file
    "period-oct-25": [("unclear-period", [2], "period")],
    "swallowed-quote": [("swallowed-rows", [3, 5], "note")],
    "swallowed-quote-q3": [("swallowed-rows", [3, 5], "note")],
    "ward-twice": [("duplicate-cell", [3, 4], "area")],
    "wide-table": [("wide-table", [1], "Women"), *(("unknown-column", [1], name) for name in ("Ward", "Women", "Male", "Total clients"))],
    "marks": [("unknown-column", [1], name) for name in ("ORG_NAME", "GENDER", "MEASURE_VALUE")],
    "ward-names": [*(("unknown-area", [row], "area") for row in (3, *range(10, 15))), ("duplicate-cell", [2, 15], "area"), ("duplicate-cell", [4, 6, 7], "area")],
}
# fmt: on


@pytest.fixture(scope="module")
def server():
    with run_server() as running_server:
        yield running_server


@pytest.fixture
async def http(application):
    application.now = MAY_2026
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


@pytest.fixture
def council(application, council_client):
    application.now = MAY_2026
    return council_client


async def post_csv(http, content: bytes):
    """Send a file as `curl --data-binary @file -H "Content-Type: text/csv"` does."""
    return await http.post(f"{PATH}/csv", content=content, headers={"Content-Type": "text/csv"})


@pytest.mark.parametrize("name", REFUSED)
async def test_file_is_refused_with_its_place_and_its_fix(application, http, name):
    response = await post_csv(http, (CASES / f"{name}.csv").read_bytes())
    errors = response.json()["errors"]
    places = [(error["code"], error["rows"], error.get("column")) for error in errors]
    assert (response.status_code, places) == (422, [expected[:3] for expected in REFUSED[name]])
    assert all(named in error["fix"] for error, (*_, named) in zip(errors, REFUSED[name], strict=True))
    assert await application.count_rows("revision") == 0


async def test_wards_are_explained_without_a_guess_by_similar_digits(http):
    errors = (await post_csv(http, (CASES / "ward-names.csv").read_bytes())).json()["errors"]
    fixes = {error["actual"]: error["fix"] for error in errors if error["code"] == "unknown-area"}
    codes = {
        word: [part for part in fix.replace("(", " ").split() if part.startswith("E0")] for word, fix in fixes.items()
    }
    assert codes == FIXES_OF_WARDS
    assert [error["rows"] for error in errors if error["code"] == "duplicate-cell"] == [[6, 7, 15]]


@pytest.mark.parametrize("name", ["title-then-semicolons", "title-without-comma"])
async def test_table_below_a_title_is_accepted(http, name):
    response = await post_csv(http, (CASES / f"{name}.csv").read_bytes())
    assert (response.status_code, response.json()["rows"]["used"]) == (201, 4)


@pytest.mark.parametrize("name", ["rounded-above", "rounded-below"])
async def test_rounded_counts_are_accepted_if_they_are_declared(http, name):
    head, *rows = (CASES / f"{name}.csv").read_text().splitlines()
    response = await post_csv(http, "\n".join([f"{head},rounded_to", *(f"{row},5" for row in rows)]).encode())
    assert (response.status_code, response.json()["findings"]) == (201, [])


async def test_mark_is_a_hidden_count_with_its_bound(http, council):
    text = f"measure,period,area,value\n{REFERRALS},FY2025-26-Q3,{CITY},<5\n"
    assert (await post_csv(http, text.encode())).status_code == 201
    detail = await council.get_return(
        PROGRAMME, organisation="nottingham-city-council", series="headline", service="main", **RETURN
    )
    [cell] = detail.observations
    assert (cell.value, cell.status, cell.lower, cell.upper) == (None, "c", None, 4)


async def test_wide_table_is_recognised_by_the_sdk(council):
    """No fix offers a column of numbers for a category: the mapping turns the columns into categories."""
    with pytest.raises(CheckFailed) as refusal:
        await council.submit(CASES / "wide-table.csv", programme=PROGRAMME)
    assert refusal.value.findings[0].code == "wide-table"


async def test_file_without_line_breaks_names_the_cause(http):
    """`curl -d @file` removes them; `--data-binary` does not."""
    text = (CASES / "rounded-above.csv").read_text().replace("\n", "")
    [error] = (await post_csv(http, text.encode())).json()["errors"]
    assert (error["code"], "--data-binary" in error["fix"]) == ("line-breaks-missing", True)


@pytest.mark.parametrize("kind", ["json", "ndjson"])
async def test_whole_float_is_a_count(http, kind):
    cell = {"area": CITY, "value": 140.0}
    bodies = {
        "json": [{"returns": [RETURN | {"observations": [cell]}]}],
        "ndjson": [{"returns": [RETURN]}, cell],
    }
    media_type = "application/json" if kind == "json" else "application/x-ndjson"
    path = PATH if kind == "json" else f"{PATH}/ndjson"
    content = "\n".join(map(json.dumps, bodies[kind]))
    assert "140.0" in content
    response = await http.post(path, content=content, headers={"Content-Type": media_type})
    assert (response.status_code, response.json()["counts"]["received"]) == (201, 1)


@pytest.mark.parametrize("name", WORKBOOKS)
async def test_workbook_is_no_text_for_the_server(http, name):
    [error] = (await post_csv(http, (CASES / f"{name}.xlsx").read_bytes())).json()["errors"]
    assert (error["code"], error["rows"]) == ("not-text", [1])


@pytest.mark.parametrize("name", WORKBOOK_FINDINGS)
async def test_workbook_is_refused_by_the_sdk_with_the_places_that_excel_shows(council, name):
    with pytest.raises(CheckFailed) as refusal:
        await council.submit(CASES / f"{name}.xlsx", programme=PROGRAMME)
    findings = [(finding.code, finding.rows or [], finding.column or None) for finding in refusal.value.findings]
    assert findings == WORKBOOK_FINDINGS[name]


@pytest.mark.parametrize("name", ACCEPTED_WORKBOOKS)
async def test_workbook_is_accepted_by_the_sdk(council, name):
    """139.99999999999997, which Excel shows as 140, is 140; and so is a text of digits."""
    result = await council.submit(CASES / f"{name}.xlsx", programme=PROGRAMME, **ACCEPTED_WORKBOOKS[name])
    detail = await council.get_return(
        PROGRAMME, organisation="nottingham-city-council", series="headline", service="main", **RETURN
    )
    assert result.is_accepted
    last = None if name == "gss" else 3
    assert [cell.value for cell in detail.observations] == [140, 80, 57, last]


@pytest.mark.parametrize("name", [*REFUSED, "ward-names", *WORKBOOK_FINDINGS])
def test_command_line_names_the_places_of_the_file(server, tmp_path, monkeypatch, capsysbinary, name):
    command = make_command(server, tmp_path, monkeypatch, capsysbinary)
    suffix = "xlsx" if name in WORKBOOK_FINDINGS else "csv"
    result = command("submit", str(CASES / f"{name}.{suffix}"), "--dry-run", "--json")
    findings = json.loads(result.err)["findings"]
    expected = WORKBOOK_FINDINGS.get(name) or COMMAND_LINE.get(name) or [case[:3] for case in REFUSED[name]]
    places = [(finding["code"], finding.get("rows") or [], finding.get("column")) for finding in findings]
    assert (result.code, sorted(places, key=str)) == (ExitCode.REJECTED, sorted(expected, key=str))


@pytest.mark.parametrize("name", ["title-then-semicolons.csv", "title-without-comma.csv", "float-noise.xlsx"])
def test_command_line_accounts_for_the_rows_of_the_file(server, tmp_path, monkeypatch, capsysbinary, name):
    command = make_command(server, tmp_path, monkeypatch, capsysbinary)
    left_out = "header 1" if name.endswith("xlsx") else "title 1; blank 2; header 3"
    read = 5 if name.endswith("xlsx") else 7
    result = command("submit", str(CASES / name), "--dry-run")
    assert f"Rows: {read} read, 4 used; left out: {left_out}." in result.out
    rows = json.loads(command("check", str(CASES / name), "--json").out)["rows"]
    assert (rows["read"], rows["used"]) == (read, 4)


async def test_error_cell_of_a_workbook_is_refused_with_its_place(council, tmp_path):
    book = load_workbook(CASES / "text-numbers.xlsx")
    book["Return"]["E3"] = "#N/A"
    book["Return"]["E4"] = "=1/0"
    book.save(tmp_path / "errors.xlsx")
    with pytest.raises(CheckFailed) as refusal:
        await council.submit(tmp_path / "errors.xlsx", programme=PROGRAMME)
    findings = [(finding.code, finding.rows, finding.column) for finding in refusal.value.findings]
    assert findings == [("error-cell", [3], "value"), ("formula-without-value", [4], "value")]
