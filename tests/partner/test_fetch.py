"""`python -m api fetch …`, from a publisher that is slow, busy, cut off or wrong, to a submission that stands."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from api.__main__ import main
from api.http.refusals import InvalidParameter
from api.sources import fetching
from api.sources.fetching import FetchOptions, RetryingClient, SourceUnavailable, SubmissionRejected
from api.sources.tables import UnexpectedSourceFormat

PROGRAMME = "work-and-health-2025-2028"
Answer = tuple[int, dict[str, str], str]


class Publisher:
    """Answers from a list, the last one again and again; `asked` are the queries."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[dict[str, list[str]]], Answer]] = []
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.address = ""


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    here = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            here.asked.append((url.path, parse_qs(url.query)))
            answer = here.answers.pop(0) if len(here.answers) > 1 else here.answers[0]
            status, headers, body = answer(parse_qs(url.query)) if callable(answer) else answer
            self.send_response(status)
            for name, value in (
                {"Content-Type": "text/csv", "Content-Length": str(len(body.encode()))} | headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here.address = f"http://127.0.0.1:{server.server_port}"
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


HEADER = "DATE,DATE_NAME,GEOGRAPHY_NAME,GEOGRAPHY_CODE,VARIABLE,MEASURES,OBS_VALUE,OBS_STATUS_NAME,RECORD_OFFSET,RECORD_COUNT\n"


def nomis(*rows: str, count: int | None = None, offset: int = 0) -> Answer:
    """Rows as `2025-06 E06000018 1496 20599 30.1`."""
    lines = [
        f"{date},label,name,{area},{variable},{measure},{value},Normal Value,{offset + n},{count or len(rows)}\n"
        for n, (date, area, variable, measure, value) in enumerate(row.split() for row in rows)
    ]
    return 200, {}, HEADER + "".join(lines)


CITY = [f"2025-06 E06000018 1496 {measure}" for measure in ("20599 30.1", "21001 15100", "21002 50200", "21003 5.1")]
PEOPLE = "2025-06 E06000018 45 21002 220000"


@pytest.fixture
async def read(application, publisher):
    """Fetch, and what was waited for."""
    key = await application.issue_key("office-for-national-statistics", "submit", "read")
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def fetch(source: str = "nomis", *, key: str = key, **more):
        async with httpx2.AsyncClient(timeout=5) as http:
            wanted = FetchOptions(source=source, programme=PROGRAMME, address=publisher.address, **more)
            return await fetching.transfer_returns(
                wanted,
                RetryingClient(http=http, sleep=sleep),
                RetryingClient(http=application.http_client(key), sleep=sleep),
            )

    fetch.waited = waited
    return fetch


async def test_nomis_is_read_and_stands(publisher, read, application):
    publisher.answers = [nomis(*CITY, PEOPLE)]
    report = await read()
    assert [(one.series, one.period.code, one.counts.added) for one in report.returns] == [
        ("lts-of-inactive-16-64", "R12-2025-06", 1),
        ("lts-of-population-16-64", "R12-2025-06", 1),
    ]
    assert fetching.format_report(report)[0] == "office-for-national-statistics: accepted"
    (path, query), *_ = publisher.asked
    assert path == "/dataset/NM_17_5.data.csv"
    assert {"E06000018", "E92000001", "E12000004", "E47000013"} <= set(query["geography"][0].split(","))
    assert (await read()).outcome == "unchanged"


async def test_a_dry_run_writes_nothing(publisher, read, application):
    publisher.answers = [nomis(*CITY)]
    assert "nothing was written" in fetching.format_report(await read(dry_run=True))[0]
    assert await application.count_rows("submission") == 0


async def test_pages_are_asked_for_until_all_is_there(publisher, read):
    def page(query: dict[str, list[str]]) -> Answer:
        offset = int(query["recordoffset"][0])
        return nomis(*[*CITY, PEOPLE][offset : offset + 2], count=5, offset=offset)

    publisher.answers = [page]
    report = await read()
    assert (len(publisher.asked), report.counts.added) == (3, 2)


async def test_an_answer_that_is_cut_short_is_refused(publisher, read, application):
    publisher.answers = [nomis(*CITY, count=25_001), nomis()]
    with pytest.raises(UnexpectedSourceFormat, match=r"\b4\b.*\b25,001\b"):
        await read()
    publisher.answers = [nomis(*CITY, count=8)]  # the same page again
    with pytest.raises(UnexpectedSourceFormat, match="is there twice"):
        await read()
    assert await application.count_rows("submission") == 0


async def test_it_waits_as_it_is_told_and_tries_again(publisher, read):
    busy: Answer = (429, {"Retry-After": "7"}, "slow down")
    dated: Answer = (503, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, "")
    publisher.answers = [busy, (503, {}, ""), dated, (200, {"Content-Length": "9999"}, HEADER), nomis(*CITY)]
    assert (await read()).counts.added == 1
    assert read.waited == [7.0, 2.0, 60.0, 8.0]


async def test_it_gives_up_in_the_end(publisher, read):
    publisher.answers = [(503, {"Retry-After": "soon"}, "")]
    with pytest.raises(SourceUnavailable, match=r"\b6\b.*\b503\b"):
        await read()
    assert read.waited == [1.0, 2.0, 4.0, 8.0, 16.0]


#   what comes              as an answer                                                  what is said
WRONG = {
    "an error page":        ((200, {}, "<html><title>Rate limited</title></html>"), ": Rate limited$"),
    "a refusal":            ((404, {}, "No such dataset"), "answered 404: No such dataset"),
    "other columns":        ((200, {}, "DATE,VALUE\n2025-06,1\n"), "'GEOGRAPHY_CODE'"),
    "outside the plan":     (nomis("2025-06 E06000001 1496 20599 30.1"), "area"),
    "an error for a value": (nomis("2025-06 E06000018 1496 20599 Error"), "'Error'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_not_the_publication_is_refused(publisher, read, application, case):
    answer, told = WRONG[case]
    publisher.answers = [answer]
    with pytest.raises(UnexpectedSourceFormat, match=told):
        await read()
    assert await application.count_rows("submission") == 0


async def test_what_the_server_refuses_is_told_with_its_findings(publisher, read, application):
    publisher.answers = [nomis(*CITY)]
    with pytest.raises(SubmissionRejected, match="not-submittable"):
        await read(key=await application.issue_key("nottingham-city-council", "submit"))
    with pytest.raises(SubmissionRejected, match="valid key"):
        await read(key="wh_live_nothing")


FINGERTIPS = (
    "Indicator ID,Area Code,Sex,Category Type,Value,Count,Denominator,Value note,Lower CI 95.0 limit,Upper CI 95.0 limit,"
    "Lower CI 99.8 limit,Upper CI 99.8 limit,Time period Sortable,Time period range\n"
    "93882,E92000001,Persons,,65.3,6530,10000,,65,65.6,64.8,65.8,20230000,1y\n"
    "90282,E06000018,Persons,,-0.4,,,,-2.0,1.2,,,20230000,1y\n"
)
NEET = (
    "time_period,time_identifier,geographic_level,country_code,region_code,new_la_code,Age,Characteristic_grouping,"
    "Characteristic,avgcohort,avgNEET,NEETprop\n"
    "2025,Calendar year,National,E92000001,,,16-17,Total,Total,1250000,42500,3.4\n"
)
EMPLOYERS = "Business Name,Town/City,DC Level\nA,Nottingham,Committed\nB,Nottingham,Leader\nC,Leeds,Leader\n"
OTHERS = {
    "fingertips":           ("ohid", FINGERTIPS, 2, "/all_data/csv/by_indicator_id"),
    "ees":                  ("department-for-education", NEET, 1, f"/data-sets/{fetching.ees.DATASET}/csv"),
    "disability-confident": ("department-for-work-and-pensions", EMPLOYERS, 5, ""),
}  # fmt: skip


@pytest.mark.parametrize("source", OTHERS)
async def test_the_other_publishers(publisher, read, application, source):
    organisation, text, added, path = OTHERS[source]
    publisher.answers = [(200, {}, "\ufeff" + text)]
    report = await read(source, key=await application.issue_key(organisation, "submit"), period="FY2025-26-Q2")
    assert (report.organisation, report.counts.added, report.findings) == (organisation, added, [])
    assert publisher.asked[0][0].rstrip("/") == path
    assert datetime.fromisoformat(str(report.receipt.received_at)) == application.now


async def test_the_list_of_employers_needs_an_address_and_a_quarter(read):
    with pytest.raises(InvalidParameter, match="needs --address"):
        await read("disability-confident")


def test_the_command_needs_a_key_and_a_server(publisher, monkeypatch, capsys):
    monkeypatch.delenv("WORK_HEALTH_KEY", raising=False)
    command = ["fetch", "nomis", "--api", publisher.address, "--address", publisher.address]
    assert main(command) == 1
    assert "WORK_HEALTH_KEY" in capsys.readouterr().err
    monkeypatch.setenv("WORK_HEALTH_KEY", "wh_live_nothing")
    publisher.answers = [(404, {}, "Not here")]
    assert main(command) == 1
    assert "404: Not here" in capsys.readouterr().err
