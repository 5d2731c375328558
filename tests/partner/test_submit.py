"""What people have, sent as it is: the SDK's `submit` against the real thing, and what it says in their own terms."""

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
WRONG = [*QUARTER[:2], QUARTER[2] | {"value": 62}, QUARTER[3]]


def csv(rows: list[dict]) -> bytes:
    return pd.DataFrame(rows).to_csv(index=False).encode()


def test_the_quarter_adds_up():
    assert sum(row["value"] for row in QUARTER[1:]) == QUARTER[0]["value"]


def workbook(path: Path, rows: list[dict]) -> Path:
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


def sources(folder: Path, rows: list[dict]) -> Iterator[object]:
    yield rows
    yield iter(rows)
    yield csv(rows)
    (folder / "a.csv").write_bytes(csv(rows))
    yield folder / "a.csv"
    yield str(folder / "a.csv")
    yield workbook(folder / "a.xlsx", rows)
    yield pd.DataFrame(rows)
    yield pl.DataFrame(rows)
    cells = [observation(CITY, n, breakdown={"sex": sex} if sex else {}) for sex, n in SEXES]
    yield new_return(MEASURE, "FY2025-26-Q2", cells)
    yield [new_return(MEASURE, "FY2025-26-Q2", cells)]
    yield iter([new_return(MEASURE, "FY2025-26-Q2", cells)])
    yield new_submission(new_return(MEASURE, "FY2025-26-Q2", cells))


async def test_it_says_the_same_whatever_it_is_sent_in(council_client, tmp_path):
    outcomes = [(await council_client.submit(source)).outcome for source in sources(tmp_path, QUARTER)]
    assert outcomes == ["accepted", *["unchanged"] * (len(outcomes) - 1)]


async def test_the_answer_can_be_read_by_a_person(council_client):
    said = await council_client.submit(QUARTER, dry_run=True)
    assert (said.is_accepted, said.report.counts.added, said.report.receipt) == (True, 4, None)
    first, *table = str(said).splitlines()
    assert first.endswith("accepted: 4 added, 0 changed, 0 unchanged, 0 withdrawn")
    assert table == [
        "  return                      period        outcome   revision  timeliness",
        f"  {MEASURE}  FY2025-26-Q2  accepted  1         on-time",
    ]


async def test_a_file_of_ours_is_sent_byte_by_byte(council_client, tmp_path):
    (tmp_path / "a.csv").write_bytes(csv(QUARTER))
    report = (await council_client.submit(tmp_path / "a.csv")).report
    assert report.receipt.content_sha256 == hashlib.sha256(csv(QUARTER)).hexdigest()


@pytest.mark.parametrize(("make", "rows"), [(csv, [2, 3, 4, 5]), (list, [0, 1, 2, 3]), (pd.DataFrame, [0, 1, 2, 3])])
async def test_what_the_server_finds_is_told_in_the_rows_of_the_source(council_client, make, rows):
    with pytest.raises(RequestRejected, match="sum-exceeds-total") as told:
        await council_client.submit(make(WRONG))
    assert told.value.findings[0].rows == rows


async def test_rows_of_a_workbook_are_those_that_excel_shows(council_client, tmp_path):
    with pytest.raises(RequestRejected) as told:
        await council_client.submit(workbook(tmp_path / "a.xlsx", WRONG))
    assert told.value.findings[0].rows == [4, 5, 6, 7]


async def test_a_refusal_can_be_an_answer(council_client):
    said = await council_client.submit(WRONG, raise_if_rejected=False)
    assert (said.is_accepted, said.outcome) == (False, "rejected")
    assert [one.code for one in said.findings] == ["sum-exceeds-total"]
    assert "sum-exceeds-total" in str(said)
    for ask in (said.raise_if_rejected, lambda: said.report):
        with pytest.raises(RequestRejected):
            ask()
    assert (await council_client.submit(QUARTER)).raise_if_rejected().is_accepted


EXPORT = """Quarterly export of the service
Ward,Gender,Seen in quarter,Comment
City,All,140,
City,F,80,
City,M,57,two forms late
City,Not said,3,
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
"Not said" = "unknown"
"""


@pytest.fixture
def export(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "export.csv").write_text(EXPORT)
    (tmp_path / "mapping.toml").write_text(MAPPING)
    return tmp_path / "export.csv", tmp_path / "mapping.toml"


async def test_an_export_needs_no_editing(council_client, export):
    file, mapping = export
    assert (await council_client.submit(file, mapping=mapping)).report.counts.added == 4
    cells = {str(one.breakdown.to_dict()): one.value async for one in council_client.iter_observations(PROGRAMME)}
    assert cells["{'sex': 'male'}"] == 57


async def test_what_is_wrong_with_an_export_is_told_in_its_own_names(council_client, export):
    file, mapping = export
    file.write_text(EXPORT.replace("City,F,80", "City,Fem,<5").replace("City,M", "Citty,M"))
    with pytest.raises(CheckFailed) as told:
        await council_client.submit(file, mapping=mapping)
    assert {(one.code, one.column, *one.rows) for one in told.value.findings} == {
        ("unknown-category", "Gender", 4),
        ("unclear-mark", "Seen in quarter", 4),
        ("unknown-area", "Ward", 5),
    }
    said = str(told.value)
    assert re.search(r"\bfemale\b", said)
    assert said.splitlines()[2].split() == ["row", "column", "value", "rule", "message"]


async def test_a_mapping_with_a_wrong_name_is_refused_whole(council_client, export):
    with pytest.raises(WorkHealthError, match=r"'aera'.*\barea\b"):
        await council_client.submit(export[0], mapping={"columns": {"Ward": "aera"}})


async def test_nothing_is_sent_that_does_not_fit(application, council_client):
    cells = [observation(CITY, 3, breakdown={"sex": "femal"}), observation("E06000019", 1)]
    for source in (
        [{"measure": "ips-referrals", "period": "2025-Q2", "area": CITY, "value": 1}],
        [{"measure": MEASURE, "area": CITY, "value": 1}],
        new_return(MEASURE, "FY2025-26-Q2", cells),
    ):
        with pytest.raises(CheckFailed) as told:
            await council_client.submit(source)
        assert told.value.status == 0
    assert await application.count_rows("submission") == 0
    with pytest.raises(CheckFailed) as told:
        await council_client.submit(
            [{"measure": "ips-primary-care-referals", "period": "2025-Q2", "area": CITY, "value": 1}]
        )
    assert {(one.code, one.column, *one.rows) for one in told.value.findings} == {
        ("unknown-measure", "measure", 0),
        ("unclear-period", "period", 0),
    }
    with pytest.raises(RequestRejected):  # without the look beforehand the server says it
        await council_client.submit(new_return(MEASURE, "FY2025-26-Q2", cells), check=False)


async def test_a_look_alone_names_the_returns(council_client):
    assert await council_client.check(QUARTER) == [f"{MEASURE} FY2025-26-Q2"]


async def test_what_is_said_once_for_all_rows(council_client):
    rows = [{"area": CITY, "value": 7}]
    said = await council_client.submit(
        rows, measure=MEASURE, period="FY2025-26-Q1", note="By hand.", idempotency_key="a"
    )
    assert said.outcome == "accepted"
    again = await council_client.submit(
        rows, measure=MEASURE, period="FY2025-26-Q1", note="By hand.", idempotency_key="a"
    )
    assert again.report == said.report


async def test_the_programme_is_the_only_one_that_the_key_opens(application, council_client):
    assert (await council_client.plan()).programme == PROGRAMME
    assert (await application.sdk_client("").plan()).programme == PROGRAMME
    with pytest.raises(NotFound, match="'elsewhere'"):
        await council_client.with_options(programme="elsewhere").plan()


async def test_a_file_too_large_to_be_held_is_streamed(council_client, tmp_path, monkeypatch):
    monkeypatch.setattr("work_health.submit_steps.LARGEST_TO_CHECK", 10)
    (tmp_path / "a.csv").write_bytes(csv(QUARTER))
    assert (await council_client.submit(tmp_path / "a.csv")).report.counts.added == 4
    (tmp_path / "a.csv").write_bytes(csv(WRONG))
    with pytest.raises(RequestRejected) as told:
        await council_client.submit(tmp_path / "a.csv")
    assert told.value.findings[0].rows == [2, 3, 4, 5]


# In parts.

HALF_YEAR = [row | {"period": f"FY2025-26-{quarter}"} for quarter in ("Q1", "Q2") for row in QUARTER]
NAMES = [f"{MEASURE} FY2025-26-Q1", f"{MEASURE} FY2025-26-Q2"]


class Breaking(httpx2.AsyncBaseTransport):
    """The application, until the answer to the chosen submission is lost on its way back."""

    def __init__(self, app: object, *, lost: int) -> None:
        self._inner = httpx2.ASGITransport(app=app)  # pyright: ignore
        self._lost = lost
        self.sent: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._inner.handle_async_request(request)
        if request.url.path.endswith("/submissions/csv"):
            self.sent.append(request.headers["idempotency-key"])
            if len(self.sent) == self._lost:
                raise httpx2.ReadError("the line went dead")
        return answer


async def through(application, transport: httpx2.AsyncBaseTransport) -> AsyncWorkHealth:
    key = await application.issue_key("nottingham-city-council", "submit", "read")
    http = httpx2.AsyncClient(transport=transport)
    return AsyncWorkHealth(key, base_url="http://test", http=http, max_retries=0)


async def test_a_file_in_parts(council_client, tmp_path):
    file = tmp_path / "half-year.csv"
    file.write_bytes(csv(HALF_YEAR))
    seen: list[PartsResult] = []
    parts = await council_client.submit_in_parts(file, rows=4, on_progress=seen.append)
    assert (parts.committed, parts.remaining, len(seen)) == (NAMES, [], 2)
    assert [part.rows for part in parts.parts] == [4, 4]
    assert str(parts).startswith("2 returns committed, 0 left\n")
    assert list(tmp_path.iterdir()) == [file], "the journal goes when all is done"
    whole = await council_client.submit_in_parts(file)
    assert [(len(part.returns), part.outcome) for part in whole.parts] == [(2, "unchanged")]


async def test_a_break_is_gone_on_from_and_nothing_is_done_twice(application, tmp_path):
    file = tmp_path / "half-year.csv"
    file.write_bytes(csv(HALF_YEAR))
    breaking = Breaking(application.app, lost=2)
    client = await through(application, breaking)
    with pytest.raises(IncompleteSubmission) as told:
        await client.submit_in_parts(file, rows=4)
    assert (told.value.parts.committed, told.value.parts.remaining) == (NAMES[:1], NAMES[1:])
    assert isinstance(told.value.__cause__, ConnectionFailed)
    assert "the line went dead" in str(told.value)
    done = await client.submit_in_parts(file, rows=4)
    assert done.committed == NAMES
    assert len(breaking.sent) == 3, "what was committed is not sent again"
    assert breaking.sent[1] == breaking.sent[2], "what was on its way goes under the same name"
    assert [part.outcome for part in done.parts] == ["accepted", "accepted"], "the first answer, replayed"
    assert await application.count_rows("revision") == 2
    await client._http.aclose()


async def test_a_file_that_has_changed_begins_anew(application, tmp_path):
    file = tmp_path / "half-year.csv"
    file.write_bytes(csv(HALF_YEAR))
    breaking = Breaking(application.app, lost=2)
    client = await through(application, breaking)
    with pytest.raises(IncompleteSubmission):
        await client.submit_in_parts(file, rows=4)
    file.write_bytes(csv([row | {"note": "counted again"} for row in HALF_YEAR]))
    done = await client.submit_in_parts(file, rows=4)
    assert [part.outcome for part in done.parts] == ["accepted", "accepted"]
    assert len(set(breaking.sent)) == 4
    (tmp_path / "half-year.csv.progress.json").write_text("spoilt")
    assert [part.outcome for part in (await client.submit_in_parts(file, rows=4)).parts] == ["unchanged"] * 2
    await client._http.aclose()


async def test_a_part_that_is_refused_does_not_hold_up_the_others(council_client, tmp_path):
    rows = [*(row | {"period": "FY2025-26-Q1"} for row in WRONG), *QUARTER]
    with pytest.raises(IncompleteSubmission) as told:
        await council_client.submit_in_parts(csv(rows), rows=4)
    assert (told.value.parts.committed, told.value.parts.remaining) == (NAMES[1:], NAMES[:1])
    [refused, _] = told.value.parts.parts
    assert refused.refusal
    assert refused.refusal.findings[0].rows == [2, 3, 4, 5]
    assert "sum-exceeds-total" in str(told.value)
    with pytest.raises(ValueError, match="1 or more"):
        await council_client.submit_in_parts(csv(rows), rows=0)
