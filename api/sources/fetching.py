"""Reading from publishers over HTTP, and submitting what was read to a running server with a key."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
from msgspec import Struct

from api import clock
from api.http.refusals import InvalidParameter, Refusal
from api.sources import disability_confident, ees, fingertips, nomis
from api.sources.tables import UnexpectedSourceFormat
from schema.programmes import AreaPage
from schema.submission_reports import SubmissionReport
from schema.submissions import NewReturn, NewSubmission

SOURCE_URLS = {
    "nomis": "https://www.nomisweb.co.uk/api/v01",
    "fingertips": "https://fingertips.phe.org.uk/api",
    "ees": "https://api.education.gov.uk/statistics/v1",
}
REQUEST_HEADERS = {"User-Agent": "work-health-fetch (Work and Health delivery plan API)"}
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 60.0  # seconds
RETRYABLE_STATUSES = {429, 500, 502, 503, 504}

EMPLOYER_TOWN, EMPLOYER_AREA = "Nottingham", "E06000018"  # what the list of employers is counted for

Sleep = Callable[[float], Awaitable[None]]


class SourceUnavailable(Refusal):
    """The publisher, or the server, did not answer."""

    fix = "Try again later. Nothing was submitted."


class SubmissionRejected(Refusal):
    """The server did not take the submission."""

    fix = "The findings say what to change. Nothing was written."


class RetryingClient(Struct, frozen=True, kw_only=True):
    """A connection that asks again when the other side is busy, cut off or away for a moment."""

    http: httpx2.AsyncClient
    sleep: Sleep = asyncio.sleep

    async def request_with_retries(self, method: str, address: str, **more: Any) -> httpx2.Response:
        """The first answer that is not a passing trouble. Raises SourceUnavailable after the last attempt."""
        trouble = ""
        for attempt in range(MAX_ATTEMPTS):
            wait = min(2.0**attempt, MAX_WAIT_SECONDS)
            try:
                answer = await self.http.request(method, address, **more)
            except httpx2.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if answer.status_code not in RETRYABLE_STATUSES:
                    return answer
                trouble = f"status {answer.status_code}"
                wait = _parse_retry_after(answer) or wait
            if attempt < MAX_ATTEMPTS - 1:
                await self.sleep(wait)
        raise SourceUnavailable(f"{address.partition('?')[0]} did not answer in {MAX_ATTEMPTS} attempts: {trouble}.")

    async def fetch_text(self, address: str, params: dict[str, str] | None = None) -> str:
        """What a publisher answers with. Raises SourceUnavailable, or NotThePublication."""
        answer = await self.request_with_retries(
            "GET", address, params=params, headers=REQUEST_HEADERS, follow_redirects=True
        )
        if answer.is_error:
            raise UnexpectedSourceFormat(f"{address} answered {answer.status_code}: {answer.text.strip()[:200]}")
        return answer.content.decode("utf-8-sig", errors="replace")


def _parse_retry_after(answer: httpx2.Response) -> float | None:
    """Seconds, or a date (RFC 9110, 10.2.3), and no longer than the longest wait."""
    said = answer.headers.get("Retry-After", "")
    try:
        wait = float(said) if said.isdecimal() else (parsedate_to_datetime(said) - clock.system_now()).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), MAX_WAIT_SECONDS)


async def fetch_nomis(line: RetryingClient, address: str, areas: Collection[str], dates: str) -> list[NewReturn]:
    """Page after page: an answer stops at 25,000 rows and does not say so. Raises NotThePublication for less than all.

    `dates` are Nomis's own, as `2024-12,2025-06` or `latest`.
    """
    found: list[nomis.Row] = []
    while True:
        params = {
            "geography": ",".join(areas),
            "date": dates,
            "variable": ",".join(nomis.VARIABLES),
            "measures": ",".join(nomis.NOMIS_MEASURES),
            "recordoffset": str(len(found)),
        }
        page = nomis.read_rows(await line.fetch_text(f"{address}/dataset/{nomis.DATASET}.data.csv", params))
        whole = nomis.count_expected_rows([*found[:1], *page])
        found += page
        if len(found) >= whole:
            return nomis.build_returns(found, areas)
        if not page:
            raise UnexpectedSourceFormat(
                f"{len(found):,} of {whole:,} rows came, and no more: the answer was cut short."
            )


async def fetch_fingertips(line: RetryingClient, address: str, areas: Collection[str]) -> list[NewReturn]:
    """Upper-tier authorities (502) beside their regions (6) and England: there is no filter by area."""
    params = {
        "indicator_ids": ",".join(fingertips.INDICATORS),
        "child_area_type_id": "502",
        "parent_area_type_id": "6",
        "include_sortable_time_periods": "yes",
    }
    text = await line.fetch_text(f"{address}/all_data/csv/by_indicator_id", params)
    return fingertips.build_returns(fingertips.read_rows(text), areas)


async def fetch_ees(line: RetryingClient, address: str, areas: Collection[str]) -> list[NewReturn]:
    return ees.build_returns(ees.read_rows(await line.fetch_text(f"{address}/data-sets/{ees.DATASET}/csv")), areas)


async def fetch_disability_confident(line: RetryingClient, address: str, period: str) -> list[NewReturn]:
    rows = disability_confident.read_rows(await line.fetch_text(address))
    return disability_confident.build_returns(rows, area=EMPLOYER_AREA, town=EMPLOYER_TOWN, period=period)


async def fetch_areas(line: RetryingClient, programme: str) -> list[str]:
    """The areas of the plan that a publisher may have figures for: all but wards."""
    answer = await line.request_with_retries("GET", f"/v1/programmes/{programme}/areas")
    if answer.is_error:
        raise SubmissionRejected(f"The server answered {answer.status_code}: {answer.text[:200]}")
    return [area.code for area in msgspec.json.decode(answer.content, type=AreaPage).items if area.level != "ward"]


async def submit_returns(
    line: RetryingClient, programme: str, returns: Sequence[NewReturn], *, dry_run: bool, confirm_withdrawals: bool
) -> SubmissionReport:
    """Through the same pipeline as any partner's. Raises NotTaken with the findings."""
    if not returns:
        raise UnexpectedSourceFormat("It has no figure for any area of the plan.")
    body = NewSubmission(returns=list(returns), confirm_withdrawals=confirm_withdrawals)
    answer = await line.request_with_retries(
        "POST",
        f"/v1/programmes/{programme}/submissions",
        params={"dry_run": "true"} if dry_run else {},
        content=msgspec.json.encode(body),
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid4())},
    )
    if answer.is_error:
        raise SubmissionRejected(_format_refusal(answer))
    return msgspec.json.decode(answer.content, type=SubmissionReport)


def _format_refusal(answer: httpx2.Response) -> str:
    try:
        told = msgspec.json.decode(answer.content)
        errors = [f"  {one['code']} {one.get('path') or ''}: {one['message']}" for one in told.get("errors", [])]
        return "\n".join([f"{told['title']} {told.get('detail', '')}".strip(), *errors])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"The server answered {answer.status_code}: {answer.text[:200]}"


class FetchOptions(Struct, frozen=True, kw_only=True):
    """What an operator asks for."""

    source: str
    programme: str
    address: str | None = None  # in the place of the publisher's own
    dates: str = "latest"
    period: str | None = None
    dry_run: bool = False
    confirm_withdrawals: bool = False


async def transfer_returns(wanted: FetchOptions, publisher: RetryingClient, server: RetryingClient) -> SubmissionReport:
    """Read, and submit. Raises SourceUnavailable, NotThePublication, NotTaken, BadParameter."""
    address = (wanted.address or SOURCE_URLS.get(wanted.source, "")).rstrip("/")
    if wanted.source == "disability-confident":
        if not address or wanted.period is None:
            raise InvalidParameter("disability-confident needs --address, the list's own on gov.uk, and --period.")
        found = await fetch_disability_confident(publisher, address, wanted.period)
    else:
        places = await fetch_areas(server, wanted.programme)
        if wanted.source == "nomis":
            found = await fetch_nomis(publisher, address, places, wanted.dates)
        else:
            found = await {"fingertips": fetch_fingertips, "ees": fetch_ees}[wanted.source](publisher, address, places)
    return await submit_returns(
        server, wanted.programme, found, dry_run=wanted.dry_run, confirm_withdrawals=wanted.confirm_withdrawals
    )


async def fetch_and_submit(wanted: FetchOptions, *, server: str, key: str) -> SubmissionReport:
    """With connections of its own. The key goes to the server alone, never to a publisher."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(timeout=60) as publisher,
        httpx2.AsyncClient(base_url=server, headers=headers, timeout=60) as api,
    ):
        return await transfer_returns(wanted, RetryingClient(http=publisher), RetryingClient(http=api))


def format_report(report: SubmissionReport) -> list[str]:
    """The report for a terminal."""
    counts = report.counts
    return [
        f"{report.organisation}: {report.outcome}{' (dry run: nothing was written)' if report.dry_run else ''}",
        f"  {counts.received} received: {counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged; "
        f"{counts.withdrawn} withdrawn",
        *(
            f"  {one.measure} {one.series} {one.period.code}: {one.outcome}, revision {one.revision}"
            for one in report.returns
        ),
        *(f"  {one.severity} {one.code} {one.path or ''}: {one.message}" for one in report.findings),
    ]
