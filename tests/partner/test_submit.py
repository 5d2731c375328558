"""The SDK's `submit` accepts sources as people have them, and reports findings in the terms of the source."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import openpyxl
import pandas as pd
import polars as pl
import pytest

from work_health import (
    AsyncWorkHealth,
    CheckFailed,
    ConnectionFailed,
    IncompleteSubmission,
    NotFound,
    PartsResult,
    RequestRejected,
    WorkHealthError,
    new_return,
    new_submission,
    observation,
)

PROGRAMME = "work-and-health-2025-2028"
MEASURE, CITY = "ips-primary-care-referrals", "E06000018"
SEXES = (("", 140), ("female", 80), ("male", 57), ("unknown", 3))
QUARTER = [{"measure": MEASURE, "period": "FY2025-26-Q2", "area": CITY, "sex": sex, "value": n} for sex, n in SEXES]
INVALID_QUARTER = [*QUARTER[:2], QUARTER[2] | {"value": 62}, QUARTER[3]]


def to_csv(rows: list[dict]) -> bytes:
    return pd.DataFrame(rows).to_csv(index=False).encode()


def test_example_quarter_adds_up():
    assert sum(row["value"] for row in QUARTER[1:]) == QUARTER[0]["value"]


def write_workbook(path: Path, rows: list[dict]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet
    sheet.append(["Return of the city council"])
    sheet.append([])
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    book.save(path)
    return path


def list_sources(folder: Path, rows: list[dict]) -> Iterator[object]:
    yield rows
    yield iter(rows)
    yield to_csv(rows)
    (folder / "a.csv").write_bytes(to_csv(rows))
    yield folder / "a.csv"
    yield str(folder / "a.csv")
    yield write_workbook(folder / "a.xlsx", rows)
    yield pd.DataFrame(rows)
    yield pl.DataFrame(rows)
    cells = [observation(CITY, n, breakdown={"sex": sex} if sex else {}) for sex, n in SEXES]
    yield new_return(MEASURE, "FY2025-26-Q2", cells)
    yield [new_return(MEASURE, "FY2025-26-Q2", cells)]
    yield iter([new_return(MEASURE, "FY2025-26-Q2", cells)])
    yield new_submission(new_return(MEASURE, "FY2025-26-Q2", cells))


async def test_every_kind_of_source_submits_the_same_cells(council_client, tmp_path):
    outcomes = [(await council_client.submit(source)).outcome for source in list_sources(tmp_path, QUARTER)]
    assert outcomes == ["accepted", *["unchanged"] * (len(outcomes) - 1)]


async def test_result_prints_as_a_table(council_client):
    result = await council_client.submit(QUARTER, dry_run=True)
    assert (result.is_accepted, result.report.counts.added, result.report.receipt) == (True, 4, None)
    headline, *table, rows, missing = str(result).splitlines()
    assert (rows, [missing]) == (str(result.rows), result.missing_cells)
    assert re.findall(r"\d+ of \d+|Aspley \(E05012270\)|and \d+ more", missing) == [
        *("4 of 391", "Aspley (E05012270)", "and 384 more"),
    ]
    assert headline.endswith("accepted: 4 added, 0 changed, 0 unchanged, 0 withdrawn")
    assert table == [
        "  return                      period        outcome   revision  timeliness",
        f"  {MEASURE}  FY2025-26-Q2  accepted  1         on-time",
    ]


async def test_file_with_our_columns_is_sent_byte_by_byte(council_client, tmp_path):
    (tmp_path / "a.csv").write_bytes(to_csv(QUARTER))
    report = (await council_client.submit(tmp_path / "a.csv")).report
    assert report.receipt.content_sha256 == hashlib.sha256(to_csv(QUARTER)).hexdigest()


@pytest.mark.parametrize(("make", "rows"), [(to_csv, [2, 3, 4, 5]), (list, [0, 1, 2, 3]), (pd.DataFrame, [0, 1, 2, 3])])
async def test_server_findings_name_the_rows_of_the_source(council_client, make, rows):
    with pytest.raises(RequestRejected, match="sum-exceeds-total") as raised:
        await council_client.submit(make(INVALID_QUARTER))
    assert raised.value.findings[0].rows == rows


async def test_rows_of_a_workbook_are_those_that_excel_shows(council_client, tmp_path):
    with pytest.raises(RequestRejected) as raised:
        await council_client.submit(write_workbook(tmp_path / "a.xlsx", INVALID_QUARTER))
    assert raised.value.findings[0].rows == [4, 5, 6, 7]


async def test_rejection_can_be_returned(council_client):
    result = await council_client.submit(INVALID_QUARTER, raise_if_rejected=False)
    assert (result.is_accepted, result.outcome) == (False, "rejected")
    assert [finding.code for finding in result.findings] == ["sum-exceeds-total"]
    assert "sum-exceeds-total" in str(result)
    for read in (result.raise_if_rejected, lambda: result.report):
        with pytest.raises(RequestRejected):
            read()
    assert (await council_client.submit(QUARTER)).raise_if_rejected().is_accepted


EXPORT = """Quarterly export of the service
Ward,Gender,Seen in quarter,Comment
City,All,140,
City,F,80,
City,M,57,two forms late
City,Not stated,3,
"""
MAPPING = f"""
[constants]
measure = "{MEASURE}"
period = "FY2025-26-Q2"
[columns]
Ward = "area"
Gender = "sex"
"Seen in quarter" = "value"
Comment = ""
[codes.area]
City = "{CITY}"
[codes.sex]
All = ""
F = "female"
M = "male"
"Not stated" = "unknown"
"""


@pytest.fixture
def export(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "export.csv").write_text(EXPORT)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    return tmp_path / "export.csv", tmp_path / "mapping.toml"


async def test_mapping_submits_an_unedited_export(council_client, export):
    file, mapping = export
    assert (await council_client.submit(file, mapping=mapping)).report.counts.added == 4
    cells = {str(cell.breakdown.to_dict()): cell.value async for cell in council_client.iter_observations(PROGRAMME)}
    assert cells["{'sex': 'male'}"] == 57


async def test_findings_name_the_columns_of_the_export(council_client, export):
    file, mapping = export
    file.write_text(EXPORT.replace("City,F,80", "City,Fem,<5").replace("City,M", "Citty,M"))
    with pytest.raises(CheckFailed) as raised:
        await council_client.submit(file, mapping=mapping)
    assert {(finding.code, finding.column, *finding.rows) for finding in raised.value.findings} == {
        ("unknown-category", "Gender", 4),
        ("unknown-area", "Ward", 5),
    }
    text = str(raised.value)
    assert re.search(r"\bfemale\b", text)
    assert text.splitlines()[2].split() == ["row", "column", "value", "rule", "message"]


async def test_mapping_to_an_unknown_column_is_refused(council_client, export):
    with pytest.raises(WorkHealthError, match=r"'aera'.*\barea\b"):
        await council_client.submit(export[0], mapping={"columns": {"Ward": "aera"}})


async def test_invalid_cells_are_not_sent(application, council_client):
    cells = [observation(CITY, 3, breakdown={"sex": "femal"}), observation("E06000019", 1)]
    for source in (
        [{"measure": "ips-referrals", "period": "2025-Q2", "area": CITY, "value": 1}],
        [{"measure": MEASURE, "area": CITY, "value": 1}],
        new_return(MEASURE, "FY2025-26-Q2", cells),
    ):
        with pytest.raises(CheckFailed) as raised:
            await council_client.submit(source)
        assert raised.value.status == 0
    assert await application.count_rows("submission") == 0
    with pytest.raises(CheckFailed) as raised:
        await council_client.submit(
            [{"measure": "ips-primary-care-referals", "period": "2025-Q2", "area": CITY, "value": 1}]
        )
    assert {(finding.code, finding.column, *finding.rows) for finding in raised.value.findings} == {
        ("unknown-measure", "measure", 0),
        ("unclear-period", "period", 0),
    }
    with pytest.raises(RequestRejected):  # without the check on this computer, the server reports it
        await council_client.submit(new_return(MEASURE, "FY2025-26-Q2", cells), check=False)


async def test_check_returns_the_names_of_the_returns(council_client):
    assert (await council_client.check(QUARTER)).returns == [f"{MEASURE} FY2025-26-Q2"]


async def test_arguments_apply_to_all_rows(council_client):
    rows = [{"area": CITY, "value": 7}]
    result = await council_client.submit(
        rows, measure=MEASURE, period="FY2025-26-Q1", note="By hand.", idempotency_key="a"
    )
    assert result.outcome == "accepted"
    repeated = await council_client.submit(
        rows, measure=MEASURE, period="FY2025-26-Q1", note="By hand.", idempotency_key="a"
    )
    assert repeated.report == result.report


async def test_default_programme_is_the_only_one_of_the_key(application, council_client):
    assert (await council_client.plan()).programme == PROGRAMME
    assert (await application.sdk_client("").plan()).programme == PROGRAMME
    with pytest.raises(NotFound, match="'elsewhere'"):
        await council_client.with_options(programme="elsewhere").plan()


async def test_very_large_file_is_streamed_unchecked(council_client, tmp_path, monkeypatch):
    monkeypatch.setattr("work_health.submit_steps.MAX_CHECKED_FILE_BYTES", 10)
    (tmp_path / "a.csv").write_bytes(to_csv(QUARTER))
    assert (await council_client.submit(tmp_path / "a.csv")).report.counts.added == 4
    (tmp_path / "a.csv").write_bytes(to_csv(INVALID_QUARTER))
    with pytest.raises(RequestRejected) as raised:
        await council_client.submit(tmp_path / "a.csv")
    assert raised.value.findings[0].rows == [2, 3, 4, 5]


# Submissions in parts.

HALF_YEAR = [row | {"period": f"FY2025-26-{quarter}"} for quarter in ("Q1", "Q2") for row in QUARTER]
NAMES = [f"{MEASURE} FY2025-26-Q1", f"{MEASURE} FY2025-26-Q2"]


class BreakingTransport(httpx2.AsyncBaseTransport):
    """A connection to the application that breaks before the response to one submission arrives."""

    def __init__(self, app: object, *, lost_response: int) -> None:
        self._inner = httpx2.ASGITransport(app=app)  # pyright: ignore
        self._lost_response = lost_response
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if request.url.path.endswith("/submissions/csv"):
            self.sent.append(request.headers["idempotency-key"])
            if len(self.sent) == self._lost_response:
                raise httpx2.ReadError("connection lost")
        return response


async def open_client(application, transport: httpx2.AsyncBaseTransport) -> AsyncWorkHealth:
    key = await application.issue_key("nottingham-city-council", "submit", "read")
    http = httpx2.AsyncClient(transport=transport)
    return AsyncWorkHealth(key, base_url="http://localhost", http=http, max_retries=0)


async def test_file_in_parts_is_committed_part_by_part(council_client, tmp_path):
    file = tmp_path / "half-year.csv"
    file.write_bytes(to_csv(HALF_YEAR))
    progress: list[PartsResult] = []
    parts = await council_client.submit_in_parts(file, rows=4, on_progress=progress.append)
    assert (parts.committed, parts.remaining, len(progress)) == (NAMES, [], 2)
    assert [part.rows for part in parts.parts] == [4, 4]
    assert str(parts).startswith("2 returns committed, 0 ")
    assert list(tmp_path.iterdir()) == [file], "the journal is deleted"
    whole = await council_client.submit_in_parts(file)
    assert [(len(part.returns), part.outcome) for part in whole.parts] == [(2, "unchanged")]


async def test_interrupted_parts_resume_and_nothing_is_done_twice(application, tmp_path):
    file = tmp_path / "half-year.csv"
    file.write_bytes(to_csv(HALF_YEAR))
    transport = BreakingTransport(application.app, lost_response=2)
    client = await open_client(application, transport)
    with pytest.raises(IncompleteSubmission) as raised:
        await client.submit_in_parts(file, rows=4)
    assert (raised.value.parts.committed, raised.value.parts.remaining) == (NAMES[:1], NAMES[1:])
    assert isinstance(raised.value.__cause__, ConnectionFailed)
    assert "connection lost" in str(raised.value)
    parts = await client.submit_in_parts(file, rows=4)
    assert parts.committed == NAMES
    assert len(transport.sent) == 3, "the committed part is not sent again"
    assert transport.sent[1] == transport.sent[2], "the interrupted part has the same key"
    assert [part.outcome for part in parts.parts] == ["accepted", "accepted"], "the first response is replayed"
    assert await application.count_rows("revision") == 2
    await client._http.aclose()


async def test_changed_file_starts_from_the_beginning(application, tmp_path):
    file = tmp_path / "half-year.csv"
    file.write_bytes(to_csv(HALF_YEAR))
    transport = BreakingTransport(application.app, lost_response=2)
    client = await open_client(application, transport)
    with pytest.raises(IncompleteSubmission):
        await client.submit_in_parts(file, rows=4)
    file.write_bytes(to_csv([row | {"note": "counted again"} for row in HALF_YEAR]))
    parts = await client.submit_in_parts(file, rows=4)
    assert [part.outcome for part in parts.parts] == ["accepted", "accepted"]
    assert len(set(transport.sent)) == 4
    (tmp_path / "half-year.csv.progress.json").write_text("spoilt")
    assert [part.outcome for part in (await client.submit_in_parts(file, rows=4)).parts] == ["unchanged"] * 2
    await client._http.aclose()


async def test_rejected_part_does_not_stop_the_others(council_client, tmp_path):
    rows = [*(row | {"period": "FY2025-26-Q1"} for row in INVALID_QUARTER), *QUARTER]
    with pytest.raises(IncompleteSubmission) as raised:
        await council_client.submit_in_parts(to_csv(rows), rows=4)
    assert (raised.value.parts.committed, raised.value.parts.remaining) == (NAMES[1:], NAMES[:1])
    [rejected, _] = raised.value.parts.parts
    assert rejected.refusal
    assert rejected.refusal.findings[0].rows == [2, 3, 4, 5]
    assert "sum-exceeds-total" in str(raised.value)
    with pytest.raises(ValueError, match="1 or more"):
        await council_client.submit_in_parts(to_csv(rows), rows=0)
