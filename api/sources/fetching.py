"""Fetch statistics from publishers over HTTP, and submit them to a running server with a key."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx2
import msgspec
from msgspec import Struct

from api.http.refusals import InvalidParameter, Refusal
from api.sources import disability_confident, ees, fingertips, nhs_england, nomis, nomis_populations
from api.sources.downloading import Download, download_file, refuse_key_over_http
from api.sources.tables import Row, UnexpectedSourceFormat, excerpt
from schema.areas import Area
from schema.programmes import AreaPage, MeasurePage, Programme
from schema.submission_reports import SubmissionReport
from schema.submissions import NewReturn, NewSubmission

SOURCE_URLS = {
    "nomis": "https://www.nomisweb.co.uk/api/v01",
    "nomis-populations": "https://www.nomisweb.co.uk/api/v01",
    "fingertips": "https://fingertips.phe.org.uk/api",
    "ees": "https://api.education.gov.uk/statistics/v1",
}
GSS_CODE_PATTERN = re.compile(r"[A-Z]\d{8}")
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 60.0
RETRYABLE_STATUSES = {429, 500, 502, 503, 504}
MAX_ROWS = 1_000_000  # of all pages of a publication

Sleep = Callable[[float], Awaitable[None]]
AnyResponse = TypeVar("AnyResponse", httpx2.Response, Download)
Page = TypeVar("Page", AreaPage, MeasurePage, Programme)


class SourceUnavailable(Refusal):
    """The publisher or the server did not respond."""

    fix = "Try again later. Nothing was submitted."


class SubmissionRejected(Refusal):
    """The server rejected the submission."""

    fix = "Correct the figures as the findings describe. Nothing was written."


class RetryingClient(Struct, frozen=True, kw_only=True):
    """An HTTP client that retries when the other side is busy, unreachable or cuts the connection."""

    http: httpx2.AsyncClient
    sleep: Sleep = asyncio.sleep

    async def request_with_retries(self, method: str, address: str, **options: Any) -> httpx2.Response:
        """Return the first response that is no temporary failure. Raises SourceUnavailable after the last attempt."""
        return await self._repeat(address, lambda: self.http.request(method, address, **options))

    async def fetch_text(self, address: str, params: dict[str, str] | None = None) -> str:
        """Return the text of a publisher's response.

        Raises SourceUnavailable, UnexpectedSourceFormat or DownloadRefused.
        """
        file = await self._repeat(address, lambda: download_file(self.http, address, params))
        text = file.content.decode("utf-8-sig", errors="replace")
        if file.status_code != 200:
            raise UnexpectedSourceFormat(f"{address} returned status {file.status_code}: {excerpt(text)}")
        return text

    async def _repeat(self, address: str, request: Callable[[], Awaitable[AnyResponse]]) -> AnyResponse:
        failure = ""
        for attempt in range(MAX_ATTEMPTS):
            wait = min(2.0**attempt, MAX_WAIT_SECONDS)
            try:
                response = await request()
            except httpx2.TransportError as error:
                failure = f"{type(error).__name__}: {error}"
            else:
                if response.status_code not in RETRYABLE_STATUSES:
                    return response
                failure = f"status {response.status_code}"
                wait = _parse_retry_after(response.headers) or wait
            if attempt < MAX_ATTEMPTS - 1:
                await self.sleep(wait)
        raise SourceUnavailable(f"{address.partition('?')[0]} did not respond in {MAX_ATTEMPTS} attempts: {failure}.")


def _parse_retry_after(headers: httpx2.Headers) -> float | None:
    """Parse seconds or a date (RFC 9110, 10.2.3), limited to the longest wait. Return None without either."""
    value = headers.get("Retry-After", "")
    try:
        wait = float(value) if value.isdecimal() else (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), MAX_WAIT_SECONDS)


async def fetch_nomis(client: RetryingClient, address: str, areas: Collection[str], dates: str) -> list[NewReturn]:
    """Fetch the Annual Population Survey.

    `dates` are in the format of Nomis: `2024-12,2025-06` or `latest`. Raises UnexpectedSourceFormat.
    """
    params = {"geography": ",".join(areas), "date": dates, **nomis.PARAMETERS}
    rows = await _fetch_nomis_rows(client, f"{address}/dataset/{nomis.DATASET}.data.csv", params, nomis.read_rows)
    return nomis.build_returns(rows, areas)


async def fetch_populations(
    client: RetryingClient, address: str, areas: Collection[str], dates: str
) -> list[NewReturn]:
    """Fetch the mid-year estimates of an authority and its wards. `dates` are years, or `latest`."""
    source = nomis_populations
    params = {"geography": ",".join(areas), "date": dates, **source.PARAMETERS}
    rows = await _fetch_nomis_rows(client, f"{address}/dataset/{source.DATASET}.data.csv", params, source.read_rows)
    return source.build_returns(rows, areas)


async def _fetch_nomis_rows(
    client: RetryingClient, address: str, params: dict[str, str], read_rows: Callable[[str], list[Row]]
) -> list[Row]:
    """Fetch page after page, because Nomis cuts a response at 25,000 rows without notice."""
    rows: list[Row] = []
    while True:
        page = read_rows(await client.fetch_text(address, {**params, "recordoffset": str(len(rows))}))
        expected_count = nomis.count_expected_rows([*rows[:1], *page])
        if expected_count > MAX_ROWS:
            raise UnexpectedSourceFormat(f"Nomis announces {expected_count:,} rows. The limit is {MAX_ROWS:,}.")
        rows += page
        if len(rows) >= expected_count:
            return rows
        if not page:
            raise UnexpectedSourceFormat(
                f"Nomis sent only {len(rows):,} of {expected_count:,} rows: its response was cut off."
            )


async def fetch_fingertips(client: RetryingClient, address: str, areas: Collection[str]) -> list[NewReturn]:
    """Fetch upper-tier authorities (502), their regions (6) and England: Fingertips has no filter by area."""
    params = {
        "indicator_ids": ",".join(fingertips.INDICATORS),
        "child_area_type_id": "502",
        "parent_area_type_id": "6",
        "include_sortable_time_periods": "yes",
    }
    indicators = {"indicator_ids": params["indicator_ids"]}
    metadata = await client.fetch_text(f"{address}/indicator_metadata/csv/by_indicator_id", indicators)
    text = await client.fetch_text(f"{address}/all_data/csv/by_indicator_id", params)
    return fingertips.build_returns(fingertips.read_rows(text), areas, fingertips.read_year_types(metadata))


async def fetch_ees(client: RetryingClient, address: str, areas: Collection[str]) -> list[NewReturn]:
    return ees.build_returns(ees.read_rows(await client.fetch_text(f"{address}/data-sets/{ees.DATASET}/csv")), areas)


async def fetch_disability_confident(client: RetryingClient, address: str, area: Area, period: str) -> list[NewReturn]:
    """Fetch the list of employers, and count those of the town that the area is named after."""
    rows = disability_confident.read_rows(await client.fetch_text(address))
    towns = [area.name, *area.other_names]
    return disability_confident.build_returns(rows, area=area.code, towns=towns, period=period)


async def fetch_nhs_england(client: RetryingClient, address: str, areas: Mapping[str, Area]) -> list[NewReturn]:
    """Fetch a file of the Mental Health Services Monthly Statistics."""
    return nhs_england.build_returns(nhs_england.read_rows(await client.fetch_text(address)), areas)


async def fetch_areas(client: RetryingClient, programme: str) -> list[Area]:
    return (await _read(client, f"/v1/programmes/{programme}/areas", AreaPage)).items


def select_wards(areas: Iterable[Area], authority: str) -> list[str]:
    """Return the authority and its wards, without the code for an unknown ward, which no publisher has."""
    wards = [area.code for area in areas if area.parent == authority and GSS_CODE_PATTERN.fullmatch(area.code)]
    return [authority, *wards]


async def _read(client: RetryingClient, path: str, kind: type[Page]) -> Page:
    response = await client.request_with_retries("GET", path)
    if response.is_error:
        raise SubmissionRejected(f"The server returned status {response.status_code}: {excerpt(response.text)}")
    return msgspec.json.decode(response.content, type=kind)


async def submit_returns(
    client: RetryingClient, programme: str, returns: Sequence[NewReturn], *, dry_run: bool, confirm_withdrawals: bool
) -> SubmissionReport:
    """Submit as any partner does. Raises SubmissionRejected with the findings."""
    if not returns:
        raise UnexpectedSourceFormat("The publication has no figure for any area of the plan.")
    body = NewSubmission(returns=list(returns), confirm_withdrawals=confirm_withdrawals)
    response = await client.request_with_retries(
        "POST",
        f"/v1/programmes/{programme}/submissions",
        params={"dry_run": "true"} if dry_run else {},
        content=msgspec.json.encode(body),
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid4())},
    )
    if response.is_error:
        raise SubmissionRejected(_format_refusal(response))
    return msgspec.json.decode(response.content, type=SubmissionReport)


def _format_refusal(response: httpx2.Response) -> str:
    try:
        problem = msgspec.json.decode(response.content)
        errors = [
            f"  {finding['code']} {finding.get('path') or ''}: {finding['message']}"
            for finding in problem.get("errors", [])
        ]
        return "\n".join([f"{problem['title']} {problem.get('detail', '')}".strip(), *errors])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"The server returned status {response.status_code}: {excerpt(response.text)}"


class FetchOptions(Struct, frozen=True, kw_only=True):
    """The options of the command `fetch`."""

    source: str
    programme: str
    address: str | None = None  # instead of the publisher's own
    dates: str = "latest"
    period: str | None = None
    dry_run: bool = False
    confirm_withdrawals: bool = False


class FetchResult(Struct, frozen=True, kw_only=True):
    """The report of what was submitted, and the notes of its returns."""

    report: SubmissionReport
    notes: list[str]


async def transfer_returns(options: FetchOptions, publisher: RetryingClient, server: RetryingClient) -> FetchResult:
    """Fetch and submit the series that the plan has.

    Raises SourceUnavailable, UnexpectedSourceFormat, SubmissionRejected or InvalidParameter.
    """
    fetched = await _fetch_returns(options, publisher, server)
    measures = (await _read(server, f"/v1/programmes/{options.programme}/measures", MeasurePage)).items
    known = {(measure.slug, series.slug) for measure in measures for series in measure.series}
    returns = [new for new in fetched if (new.measure, new.series) in known]
    left_out = sorted({f"{new.measure} {new.series}" for new in fetched if (new.measure, new.series) not in known})
    report = await submit_returns(
        server, options.programme, returns, dry_run=options.dry_run, confirm_withdrawals=options.confirm_withdrawals
    )
    notes = [new.note for new in returns if new.note]
    return FetchResult(
        report=report, notes=[*notes, *(f"Left out, because the plan has no such series: {name}." for name in left_out)]
    )


async def _fetch_returns(options: FetchOptions, publisher: RetryingClient, server: RetryingClient) -> list[NewReturn]:
    address = (options.address or SOURCE_URLS.get(options.source, "")).rstrip("/")
    if not address:
        raise InvalidParameter(f"{options.source} needs --address (the address of its CSV file).")
    all_areas = await fetch_areas(server, options.programme)
    areas = {area.code: area for area in all_areas if area.level != "ward"}  # most publishers have no wards
    if options.source == "nhs-england":
        return await fetch_nhs_england(publisher, address, areas)
    if options.source == "disability-confident":
        if options.period is None:
            raise InvalidParameter("disability-confident needs --period (the quarter that the list is for).")
        programme = await _read(server, f"/v1/programmes/{options.programme}", Programme)
        return await fetch_disability_confident(publisher, address, areas[programme.area], options.period)
    if options.source == "nomis-populations":
        programme = await _read(server, f"/v1/programmes/{options.programme}", Programme)
        return await fetch_populations(publisher, address, select_wards(all_areas, programme.area), options.dates)
    if options.source == "nomis":
        return await fetch_nomis(publisher, address, areas, options.dates)
    return await {"fingertips": fetch_fingertips, "ees": fetch_ees}[options.source](publisher, address, areas)


async def fetch_and_submit(options: FetchOptions, *, server: str, key: str, allow_http: bool = False) -> FetchResult:
    """Fetch and submit over new connections. Only the server receives the key, never a publisher.

    Raises KeyOverHttp if another machine is the server and the connection is not encrypted, unless `allow_http`.
    """
    if not allow_http:
        refuse_key_over_http(server)
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(timeout=60) as publisher,
        httpx2.AsyncClient(base_url=server, headers=headers, timeout=60) as api,
    ):
        return await transfer_returns(options, RetryingClient(http=publisher), RetryingClient(http=api))


def format_result(result: FetchResult) -> list[str]:
    """Return the lines of the result for a terminal."""
    report, counts = result.report, result.report.counts
    return [
        f"{report.organisation}: {report.outcome}{' (dry run: nothing was written)' if report.dry_run else ''}",
        f"  {counts.received} received: {counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged; "
        f"{counts.withdrawn} withdrawn",
        *(
            f"  {each.measure} {each.series} {each.period.code}: {each.outcome}, revision {each.revision}"
            for each in report.returns
        ),
        *(
            f"  {finding.severity} {finding.code} {finding.path or ''}: {finding.message}"
            for finding in report.findings
        ),
        *(f"  {note}" for note in result.notes),
    ]
