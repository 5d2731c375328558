"""`python -m api fetch …`: fetch from a publisher that is slow, busy, cut off or wrong, and submit."""

import io
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import msgspec
import openpyxl
import pytest

from api.__main__ import main
from api.http.refusals import InvalidParameter
from api.plan import queries_loading
from api.sources import fetching, nomis_populations
from api.sources.downloading import RetryingClient, SourceUnavailable
from api.sources.fetching import FetchOptions, SubmissionRejected
from api.sources.row_account import MORE_CELLS
from api.sources.tables import UnexpectedSourceFormat

PROGRAMME = "work-and-health-2025-2028"
CASES = Path(__file__).parent.parent / "cases"
PublisherResponse = tuple[int, dict[str, str], str | bytes]


class Publisher:
    """Send responses from a list, and repeat the last one. `requests` has the paths and queries."""

    def __init__(self) -> None:
        self.responses: list[PublisherResponse | Callable[[dict[str, list[str]]], PublisherResponse]] = []
        self.requests: list[tuple[str, dict[str, list[str]]]] = []
        self.address = ""


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            publisher.requests.append((url.path, parse_qs(url.query)))
            response = publisher.responses.pop(0) if len(publisher.responses) > 1 else publisher.responses[0]
            status, headers, text = response(parse_qs(url.query)) if callable(response) else response
            body = text if isinstance(text, bytes) else text.encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "text/csv", "Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    publisher.address = f"http://127.0.0.1:{server.server_port}"
    yield publisher
    server.shutdown()
    server.server_close()
    thread.join()


HEADER = "DATE,DATE_NAME,GEOGRAPHY_NAME,GEOGRAPHY_CODE,VARIABLE,MEASURES,OBS_VALUE,OBS_STATUS_NAME,RECORD_OFFSET,RECORD_COUNT\n"


def nomis_response(*rows: str, count: int | None = None, offset: int = 0) -> PublisherResponse:
    """Build a response with rows such as `2025-06 E06000018 1496 20599 30.1`."""
    lines = [
        f"{date},label,name,{area},{variable},{measure},{value},Normal Value,{offset + n},{count or len(rows)}\n"
        for n, (date, area, variable, measure, value) in enumerate(row.split() for row in rows)
    ]
    return 200, {}, HEADER + "".join(lines)


CITY = [f"2025-06 E06000018 1496 {measure}" for measure in ("20599 30.1", "21001 15100", "21002 50200", "21003 5.1")]
PEOPLE = "2025-06 E06000018 45 21002 220000"


@pytest.fixture
async def fetch(application, publisher):
    """Return a function that fetches and submits; it has the seconds between attempts, and the last result."""
    key = await application.issue_key("office-for-national-statistics", "submit", "read")
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def fetch_with(source: str = "nomis", *, key: str = key, **more):
        async with httpx2.AsyncClient(timeout=5) as http:
            options = FetchOptions(source=source, programme=PROGRAMME, address=publisher.address, **more)
            fetch_with.result = await fetching.transfer_returns(
                options,
                RetryingClient(http=http, sleep=sleep),
                RetryingClient(http=application.http_client(key), sleep=sleep),
            )
            return fetch_with.result.report

    fetch_with.waits = waits
    return fetch_with


async def test_nomis_is_fetched_and_submitted(publisher, fetch, application):
    publisher.responses = [nomis_response(*CITY, PEOPLE)]
    report = await fetch()
    assert [(receipt.series, receipt.period.code, receipt.counts.added) for receipt in report.returns] == [
        ("lts-of-inactive-16-64", "R12-2025-06", 1),
        ("lts-of-population-16-64", "R12-2025-06", 1),
    ]
    assert fetching.format_result(fetch.result)[0] == "office-for-national-statistics: accepted"
    (path, query), *_ = publisher.requests
    assert path == "/dataset/NM_17_5.data.csv"
    assert {"E06000018", "E92000001", "E12000004", "E47000013"} <= set(query["geography"][0].split(","))
    assert (await fetch()).outcome == "unchanged"


async def test_populations_are_fetched_for_the_authority_and_its_wards(publisher, fetch):
    columns = ",".join(nomis_populations.REQUIRED_COLUMNS)
    rows = [
        f"2024,{area},{gender},{age},20100,3,546"
        for area in ("E06000018", "E05012270")
        for gender in "012"
        for age in range(101, 192)
    ]
    publisher.responses = [(200, {}, "\n".join([columns, *rows]) + "\n")]
    report = await fetch("nomis-populations", dates="2024")
    assert [(receipt.measure, receipt.period.code, receipt.counts.added) for receipt in report.returns] == [
        ("resident-population", "D2024-06-30", 36)
    ]
    (path, query), *_ = publisher.requests
    areas = query["geography"][0].split(",")
    assert (path, areas[:2], len(areas)) == ("/dataset/NM_2014_1.data.csv", ["E06000018", "E05012270"], 21)
    assert (query["date"], query["c_age"], query["gender"]) == (["2024"], ["101...191"], ["0,1,2"])


async def test_dry_run_writes_nothing(publisher, fetch, application):
    publisher.responses = [nomis_response(*CITY)]
    assert (await fetch(dry_run=True)).dry_run
    assert "nothing was written" in fetching.format_result(fetch.result)[0]
    assert await application.count_rows("submission") == 0


async def test_pages_are_fetched_until_all_rows_are_received(publisher, fetch):
    def page(query: dict[str, list[str]]) -> PublisherResponse:
        offset = int(query["recordoffset"][0])
        return nomis_response(*[*CITY, PEOPLE][offset : offset + 2], count=5, offset=offset)

    publisher.responses = [page]
    report = await fetch()
    assert (len(publisher.requests), report.counts.added) == (3, 2)


async def test_row_of_a_page_that_does_not_fit_the_header_is_left_out(publisher, fetch):
    status, headers, text = nomis_response(*CITY, PEOPLE, count=6)
    publisher.responses = [(status, headers, text + "2025-06,label,name,E92000001,45,21002,1,2,3,4,5,6\n")]
    report = await fetch()
    account = fetch.result.account
    assert (len(publisher.requests), report.counts.added) == (1, 2)
    assert (account.read, account.used, account.left_out) == (6, 5, {MORE_CELLS: 1})


async def test_truncated_response_is_refused(publisher, fetch, application):
    publisher.responses = [nomis_response(*CITY, count=25_001), nomis_response()]
    with pytest.raises(UnexpectedSourceFormat, match=r"\b4\b.*\b25,001\b"):
        await fetch()
    publisher.responses = [nomis_response(*CITY, count=8)]  # the same page again
    with pytest.raises(UnexpectedSourceFormat, match="occurs twice"):
        await fetch()
    assert await application.count_rows("submission") == 0


async def test_fetch_retries_after_the_requested_wait(publisher, fetch):
    busy: PublisherResponse = (429, {"Retry-After": "7"}, "slow down")
    dated: PublisherResponse = (503, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, "")
    publisher.responses = [busy, (503, {}, ""), dated, (200, {"Content-Length": "9999"}, HEADER), nomis_response(*CITY)]
    assert (await fetch()).counts.added == 1
    assert fetch.waits == [7.0, 2.0, 60.0, 8.0]


async def test_fetch_fails_after_the_last_attempt(publisher, fetch):
    publisher.responses = [(503, {"Retry-After": "soon"}, "")]
    with pytest.raises(SourceUnavailable, match=r"\b6\b.*\b503\b"):
        await fetch()
    assert fetch.waits == [1.0, 2.0, 4.0, 8.0, 16.0]


#   case                    response                                                      pattern of the message
WRONG = {
    "an error page":        ((200, {}, "<html><title>Rate limited</title></html>"), ": Rate limited$"),
    "a refusal":            ((404, {}, "No such dataset"), "404: No such dataset"),
    "other columns":        ((200, {}, "DATE,VALUE\n2025-06,1\n"), "'GEOGRAPHY_CODE'"),
    "outside the plan":     (nomis_response("2025-06 E06000001 1496 20599 30.1"), "area"),
    "an error for a value": (nomis_response("2025-06 E06000018 1496 20599 Error"), "'Error'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
async def test_unexpected_content_is_refused(publisher, fetch, application, case):
    response, pattern = WRONG[case]
    publisher.responses = [response]
    with pytest.raises(UnexpectedSourceFormat, match=pattern):
        await fetch()
    assert await application.count_rows("submission") == 0


async def test_rejected_submission_is_reported_with_its_findings(publisher, fetch, application):
    publisher.responses = [nomis_response(*CITY)]
    with pytest.raises(SubmissionRejected, match="not-submittable"):
        await fetch(key=await application.issue_key("nottingham-city-council", "submit"))
    with pytest.raises(SubmissionRejected, match="valid key"):
        await fetch(key="wh_live_nothing")


FINGERTIPS = (
    "Indicator ID,Area Code,Sex,Category Type,Value,Count,Denominator,Value note,Lower CI 95.0 limit,Upper CI 95.0 limit,"
    "Lower CI 99.8 limit,Upper CI 99.8 limit,Time period,Time period Sortable,Time period range\n"
    "93882,E92000001,Persons,,65.3,6530,10000,,65,65.6,64.8,65.8,2023/24,20230000,1y\n"
    "90282,E06000018,Persons,,-0.4,,,,-2.0,1.2,,,2023/24,20230000,1y\n"
)
YEAR_TYPES = "Indicator ID,Year type\n93882,Financial\n90282,Financial\n"
NEET = (
    "time_period,time_identifier,geographic_level,country_code,region_code,new_la_code,Age,Characteristic_grouping,"
    "Characteristic,avgcohort,avgNEETNK,avgNEET,avgNK,NEETNKprop,NEETprop,Notknownprop\n"
    "2025,Calendar year,National,E92000001,,,16-17,Total,Total,1250000,67500,42500,25000,5.4,3.4,2.0\n"
)
EMPLOYERS = "Business Name,Town/City,DC Level\nA,Nottingham,Committed\nB,Nottingham,Leader\nC,Leeds,Leader\n"
ACCESS_TO_IPS = (
    "REPORTING_PERIOD_START,REPORTING_PERIOD_END,STATUS,BREAKDOWN,PRIMARY_LEVEL,PRIMARY_LEVEL_DESCRIPTION,"
    "SECONDARY_LEVEL,SECONDARY_LEVEL_DESCRIPTION,MEASURE_ID,MEASURE_NAME,MEASURE_VALUE\n"
    "2024-10-01,2025-09-30,Performance,England,England,England,NONE,NONE,MHS116,The name,29685\n"
    f"2024-10-01,2025-09-30,Performance,{fetching.nhs_england.BREAKDOWNS[1]},52R,NAME,NONE,NONE,MHS116,The name,615\n"
    f"2024-10-01,2025-09-30,Performance,{fetching.nhs_england.BREAKDOWNS[1]},52R,NAME,NONE,NONE,MHS116a,The name,58\n"
    "2025-09-01,2025-09-30,Performance,England,England,England,NONE,NONE,MHS01,The name,2000000\n"
)
OTHERS = {
    "fingertips":           ("ohid", FINGERTIPS, 2, "/all_data/csv/by_indicator_id"),
    "ees":                  ("department-for-education", NEET, 3, f"/data-sets/{fetching.ees.DATASET}/csv"),
    "disability-confident": ("department-for-work-and-pensions", EMPLOYERS, 5, ""),
    "nhs-england":          ("nhs-england", ACCESS_TO_IPS, 3, ""),
}  # fmt: skip


@pytest.mark.parametrize("source", OTHERS)
async def test_other_publishers_are_fetched_and_submitted(publisher, fetch, application, source):
    organisation, text, added, path = OTHERS[source]
    metadata = [(200, {}, YEAR_TYPES)] if source == "fingertips" else []
    publisher.responses = [*metadata, (200, {}, "\ufeff" + text)]
    report = await fetch(source, key=await application.issue_key(organisation, "submit"), period="FY2025-26-Q2")
    assert (report.organisation, report.counts.added, report.findings) == (organisation, added, [])
    assert publisher.requests[-1][0].rstrip("/") == path
    assert datetime.fromisoformat(str(report.receipt.received_at)) == application.now


async def test_spellings_of_the_town_are_those_of_the_plan(publisher, fetch, application):
    rows = ("A,nottingham,Leader", "B,City of Nottingham,Leader", "C,Nottinghamshire,Leader", "D,Leeds,Leader")
    publisher.responses = [(200, {}, "\n".join(["Business Name,Town/City,DC Level", *rows]))]
    key = await application.issue_key("department-for-work-and-pensions", "submit")
    await fetch("disability-confident", key=key, period="FY2025-26-Q2")
    http = application.http_client(await application.issue_key("nottingham-city-council", "review"))
    listed = await http.get(
        f"/v1/programmes/{PROGRAMME}/observations", params={"measure": "disability-confident-uptake"}
    )
    assert [row["value"] for row in listed.json()["items"]] == [2, 0, 0, 2, 0]  # all, levels 1 to 3, not known
    line = fetching.format_result(fetch.result)[-1]
    assert ["'City of Nottingham' in 1" in line, "'Nottinghamshire' in 1" in line, "Leeds" in line] == [
        True,
        True,
        False,
    ]


async def test_file_needs_an_address_and_the_list_of_employers_a_quarter(fetch, publisher):
    with pytest.raises(InvalidParameter, match="--period"):
        await fetch("disability-confident")
    publisher.address = ""
    for source in ("disability-confident", "nhs-england"):
        with pytest.raises(InvalidParameter, match="--address"):
            await fetch(source)


async def test_series_that_the_plan_does_not_have_is_left_out_and_reported(
    publisher, fetch, application, nottingham_plan
):
    """Another place, or an older plan file, has fewer series than its publisher's file."""
    measures = [
        msgspec.structs.replace(one, series=[series for series in one.series if series.slug != "not-known"])
        for one in nottingham_plan.measures
    ]
    duties = [duty for duty in nottingham_plan.duties if duty.series != "not-known"]
    plan = msgspec.structs.replace(nottingham_plan, measures=measures, duties=duties)
    async with application.owner.begin() as transaction:
        await queries_loading.load_plan(transaction, plan, sandbox=False, now=application.now)
    publisher.responses = [(200, {}, NEET)]
    report = await fetch("ees", key=await application.issue_key("department-for-education", "submit"))
    assert [receipt.series for receipt in report.returns] == ["neet-la", "neet-or-not-known"]
    assert [("neet-16-17 not-known" in note) for note in fetch.result.notes] == [True]


async def test_usual_year_is_assumed_and_reported_without_the_metadata_of_fingertips(publisher, fetch, application):
    publisher.responses = [(404, {}, "Gone"), (200, {}, FINGERTIPS)]
    report = await fetch("fingertips", key=await application.issue_key("ohid", "submit"))
    assert {returned.period.code for returned in report.returns} == {"FY2023-24"}
    assert ["404: Gone" in note for note in fetch.result.account.notes] == [True]


async def test_area_type_without_areas_of_the_plan_is_refused_with_the_option(publisher, fetch, application):
    key = await application.issue_key("ohid", "submit")
    publisher.responses = [(200, {}, YEAR_TYPES), (200, {}, FINGERTIPS.splitlines(keepends=True)[0])]
    with pytest.raises(UnexpectedSourceFormat, match="502.*`--area-type`"):
        await fetch("fingertips", key=key)
    publisher.responses = [(200, {}, YEAR_TYPES), (200, {}, FINGERTIPS)]
    assert (await fetch("fingertips", key=key, area_type="102")).counts.added == 2
    assert publisher.requests[-1][1]["child_area_type_id"] == ["102"]


@pytest.mark.parametrize("case", ["fetch-star", "fetch-suppressed-note"])
async def test_suppressed_value_is_submitted_as_confidential(publisher, fetch, application, case):
    publisher.responses = [(200, {}, YEAR_TYPES), (200, {}, (CASES / f"{case}.csv").read_text())]
    report = await fetch("fingertips", key=await application.issue_key("ohid", "submit", "read"))
    assert (report.outcome, report.counts.added) == ("accepted", 3)
    assert "  3 rows read: 3 used, 0 left out; 0 unreadable cells" in fetching.format_result(fetch.result)


async def test_workbook_that_is_served_as_csv_is_read(publisher, fetch, application):
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in EMPLOYERS.splitlines():
        book.active.append(row.split(","))
    book.save(content)
    publisher.responses = [(200, {}, content.getvalue())]
    key = await application.issue_key("department-for-work-and-pensions", "submit")
    assert (await fetch("disability-confident", key=key, period="FY2025-26-Q2")).counts.added == 5


async def test_file_without_a_readable_figure_is_refused_with_the_places(publisher, fetch, application):
    publisher.responses = [
        (200, {}, YEAR_TYPES),
        (200, {}, FINGERTIPS.replace(",65.3,", ",?,").replace(",-0.4,", ",n/k,")),
    ]
    with pytest.raises(UnexpectedSourceFormat, match=r"(?s)row 2, area E92000001, column 'Value': '\?'.*row 3.*'n/k'"):
        await fetch("fingertips", key=await application.issue_key("ohid", "submit"))


def test_command_needs_a_key_and_a_server(publisher, monkeypatch, capsys):
    monkeypatch.delenv("WORK_HEALTH_KEY", raising=False)
    command = ["fetch", "nomis", "--api", publisher.address, "--address", publisher.address]
    assert main(command) == 1
    assert "WORK_HEALTH_KEY" in capsys.readouterr().err
    monkeypatch.setenv("WORK_HEALTH_KEY", "wh_live_nothing")
    publisher.responses = [(404, {}, "Not here")]
    assert main(command) == 1
    assert "404: Not here" in capsys.readouterr().err
