"""Fetch statistics from publishers over HTTP, and submit them to a running server with a key."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import uuid4

import httpx2
import msgspec
from msgspec import Struct

from api.http.refusals import InvalidParameter, Refusal
from api.sources import disability_confident, ees, fingertips, nhs_england, nomis, nomis_populations
from api.sources.downloading import RetryingClient, refuse_key_over_http
from api.sources.row_account import Row, RowAccount, excerpt
from api.sources.tables import UnexpectedSourceFormat
from api.statistics.published_periods import YearType
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
MAX_ROWS = 1_000_000  # of all pages of a publication

Page = TypeVar("Page", AreaPage, MeasurePage, Programme)


class SubmissionRejected(Refusal):
    """The server rejected the submission."""

    fix = "Correct the figures as the findings describe. Nothing was written."


async def fetch_nomis(
    client: RetryingClient, address: str, areas: Collection[str], dates: str, account: RowAccount
) -> list[NewReturn]:
    """Fetch the Annual Population Survey.

    `dates` are in the format of Nomis: `2024-12,2025-06` or `latest`. Raises UnexpectedSourceFormat.
    """
    params = {"geography": ",".join(areas), "date": dates, **nomis.PARAMETERS}
    path = f"{address}/dataset/{nomis.DATASET}.data.csv"
    return nomis.build_returns(await _fetch_nomis_rows(client, path, params, nomis.read_rows, account), areas, account)


async def fetch_populations(
    client: RetryingClient, address: str, areas: Collection[str], dates: str, account: RowAccount
) -> list[NewReturn]:
    """Fetch the mid-year estimates of an authority and its wards. `dates` are years, or `latest`."""
    source = nomis_populations
    params = {"geography": ",".join(areas), "date": dates, **source.PARAMETERS}
    path = f"{address}/dataset/{source.DATASET}.data.csv"
    rows = await _fetch_nomis_rows(client, path, params, source.read_rows, account)
    return source.build_returns(rows, areas, account)


async def _fetch_nomis_rows(
    client: RetryingClient,
    address: str,
    params: dict[str, str],
    read_rows: Callable[[str, RowAccount], list[Row]],
    account: RowAccount,
) -> list[Row]:
    """Fetch page after page, because Nomis cuts a response at 25,000 rows without notice."""
    rows: list[Row] = []
    while True:
        offset = str(len(rows) + account.count_misfits())
        page = read_rows(await client.fetch_text(address, {**params, "recordoffset": offset}), account)
        expected_count = nomis.count_expected_rows([*rows[:1], *page])
        if expected_count > MAX_ROWS:
            raise UnexpectedSourceFormat(f"Nomis announces {expected_count:,} rows. The limit is {MAX_ROWS:,}.")
        rows += page
        if len(rows) + account.count_misfits() >= expected_count:
            return rows
        if not page:
            raise UnexpectedSourceFormat(
                f"Nomis sent only {len(rows):,} of {expected_count:,} rows: its response was cut off."
            )


async def fetch_fingertips(
    client: RetryingClient, address: str, areas: Collection[str], area_type: str, account: RowAccount
) -> list[NewReturn]:
    """Fetch an area type such as upper-tier authorities (502), their regions (6) and England.

    Fingertips has no filter by area. Raises UnexpectedSourceFormat, also if it has no row for the area type.
    """
    params = {
        "indicator_ids": ",".join(fingertips.INDICATORS),
        "child_area_type_id": area_type,
        "parent_area_type_id": "6",
        "include_sortable_time_periods": "yes",
    }
    year_types = await _fetch_year_types(client, address, account)
    text = await client.fetch_text(f"{address}/all_data/csv/by_indicator_id", params)
    rows = fingertips.read_rows(text, account)
    if not any(row["Area Code"] in areas for row in rows):
        raise UnexpectedSourceFormat(
            f"Fingertips has no area of the plan for area type {area_type}, in {len(rows):,} rows. Area types change "
            f"with the boundaries: find the newest in {address}/area_types and give it with `--area-type`."
        )
    return fingertips.build_returns(rows, areas, account, year_types)


async def _fetch_year_types(client: RetryingClient, address: str, account: RowAccount) -> Mapping[str, YearType]:
    """Return the year type of each indicator by its metadata or, if that is not readable, the usual one."""
    indicators = {"indicator_ids": ",".join(fingertips.INDICATORS)}
    try:
        text = await client.fetch_text(f"{address}/indicator_metadata/csv/by_indicator_id", indicators)
        return fingertips.read_year_types(text)
    except UnexpectedSourceFormat as error:
        account.notes.append(f"The metadata of Fingertips is not readable, so financial years are assumed: {error}")
        return fingertips.USUAL_YEAR_TYPES


async def fetch_ees(
    client: RetryingClient, address: str, areas: Collection[str], account: RowAccount
) -> list[NewReturn]:
    rows = ees.read_rows(await client.fetch_text(f"{address}/data-sets/{ees.DATASET}/csv"), account)
    return ees.build_returns(rows, areas, account)


async def fetch_disability_confident(
    client: RetryingClient, address: str, area: Area, period: str, account: RowAccount
) -> list[NewReturn]:
    """Fetch the list of employers, and count those of the town that the area is named after."""
    rows = disability_confident.read_rows(await client.fetch_text(address), account)
    towns = [area.name, *area.other_names]
    return disability_confident.build_returns(rows, account, area=area.code, towns=towns, period=period)


async def fetch_nhs_england(
    client: RetryingClient, address: str, areas: Mapping[str, Area], account: RowAccount
) -> list[NewReturn]:
    """Fetch a file of the Mental Health Services Monthly Statistics."""
    rows = nhs_england.read_rows(await client.fetch_text(address), account)
    return nhs_england.build_returns(rows, areas, account)


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
    area_type: str = "502"  # of Fingertips: upper-tier authorities
    dry_run: bool = False
    confirm_withdrawals: bool = False


class FetchResult(Struct, frozen=True, kw_only=True):
    """The report of what was submitted, what became of the publisher's rows, and the notes of the returns."""

    report: SubmissionReport
    account: RowAccount
    notes: list[str]


async def transfer_returns(options: FetchOptions, publisher: RetryingClient, server: RetryingClient) -> FetchResult:
    """Fetch and submit the series that the plan has.

    Raises SourceUnavailable, UnexpectedSourceFormat, SubmissionRejected or InvalidParameter.
    """
    account = RowAccount()
    fetched = await _fetch_returns(options, publisher, server, account)
    measures = (await _read(server, f"/v1/programmes/{options.programme}/measures", MeasurePage)).items
    known = {(measure.slug, series.slug) for measure in measures for series in measure.series}
    returns = [new for new in fetched if (new.measure, new.series) in known]
    left_out = sorted({f"{new.measure} {new.series}" for new in fetched if (new.measure, new.series) not in known})
    if not returns:
        lines = ["The publication has no figure for any area of the plan.", *account.format_lines()]
        raise UnexpectedSourceFormat("\n".join(lines))
    report = await submit_returns(
        server, options.programme, returns, dry_run=options.dry_run, confirm_withdrawals=options.confirm_withdrawals
    )
    notes = [new.note for new in returns if new.note]
    notes += [f"Left out, because the plan has no such series: {name}." for name in left_out]
    return FetchResult(report=report, account=account, notes=notes)


async def _fetch_returns(
    options: FetchOptions, publisher: RetryingClient, server: RetryingClient, account: RowAccount
) -> list[NewReturn]:
    address = (options.address or SOURCE_URLS.get(options.source, "")).rstrip("/")
    if not address:
        raise InvalidParameter(f"{options.source} needs --address (the address of its CSV file).")
    all_areas = await fetch_areas(server, options.programme)
    areas = {area.code: area for area in all_areas if area.level != "ward"}  # most publishers have no wards
    if options.source == "nhs-england":
        return await fetch_nhs_england(publisher, address, areas, account)
    if options.source == "disability-confident":
        if options.period is None:
            raise InvalidParameter("disability-confident needs --period (the quarter that the list is for).")
        programme = await _read(server, f"/v1/programmes/{options.programme}", Programme)
        return await fetch_disability_confident(publisher, address, areas[programme.area], options.period, account)
    if options.source == "nomis-populations":
        programme = await _read(server, f"/v1/programmes/{options.programme}", Programme)
        wards = select_wards(all_areas, programme.area)
        return await fetch_populations(publisher, address, wards, options.dates, account)
    if options.source == "nomis":
        return await fetch_nomis(publisher, address, areas, options.dates, account)
    if options.source == "fingertips":
        return await fetch_fingertips(publisher, address, areas, options.area_type, account)
    return await fetch_ees(publisher, address, areas, account)


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
        *(f"  {line}" for line in result.account.format_lines()),
        *(f"  {note}" for note in result.notes),
    ]
