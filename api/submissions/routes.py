"""Submit and withdraw returns."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from anyio import to_thread
from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import permissions
from api.access.authentication import KEY_SECURITY, authenticate, require_key
from api.access.idempotency import IdempotencyKey, IdempotentRequest
from api.access.programme_access import ProgrammeAccess
from api.database.connections import autocommit_connection, driver_transaction
from api.http.bodies import MAX_FILE_BYTES, StreamedFile, TypedRequest, decode_json
from api.http.paths import RETURN_PATH
from api.http.problems import refusal_specs, response_specs
from api.http.refusals import NotFound
from api.plan import queries as plans
from api.submissions import queries, rules
from api.submissions.checks import history
from api.submissions.reading import json_reader
from api.submissions.reading.csv_reader import CsvReader
from api.submissions.reading.ndjson_reader import NdjsonReader
from api.submissions.revisions import Cells, ParsedSubmission, ReturnKey, to_columns
from api.submissions.rules import CheckedSubmission, OutdatedReturn
from schema.partners import Scope
from schema.submission_reports import Effect, SubmissionReport
from schema.submissions import NewReturn, NewSubmission, ReturnKind, Withdrawal

DryRun = Annotated[bool, QueryParameter()]
PreviewToken = Annotated[str | None, QueryParameter(pattern="^[0-9a-f]{64}$")]
Result = TypeVar("Result")
# A thread costs a tenth of a millisecond, and so many cells are checked in some five: below it other requests wait no
# longer than that. numpy and the parsers let go of the interpreter, or are interrupted, so that a thread holds up none.
THREAD_THRESHOLD_CELLS = 5000
BYTES_PER_CELL = 50  # of a file, about
READ_CHUNK_BYTES = 512 * 1024  # of a file, read at once: not a thread for each packet that the network has made of it
SUBMISSION_REFUSALS = refusal_specs(401, 403, 404, 409, 410, 413, 415, 422)


class SubmissionRequest:
    """A request to take something, by whom and under which circumstances, whatever its format.

    Who calls is asked before the body is read, so that nobody else can make us read it, and no connection is held while
    it comes in; it is asked again in the transaction that writes.
    """

    def __init__(
        self,
        access: ProgrammeAccess,
        key: str | None,
        *,
        dry_run: bool,
        now: datetime,
        submission_id: UUID,
    ) -> None:
        self.access, self.key, self.dry_run, self.now, self.submission_id = access, key, dry_run, now, submission_id

    async def process(
        self,
        operation: str,
        content: ParsedSubmission,
        content_sha256: bytes,
        *,
        request_sha256: bytes | None = None,
        dry_run_token: str | None = None,
    ) -> Response[bytes]:
        """One pipeline for every format. A dry run is the same, undone: it keeps no key and writes no audit.

        `request_sha256` is of what makes it the same request, where that is more than the content.
        """
        keyed = IdempotentRequest(
            operation=operation,
            content_sha256=request_sha256 or content_sha256,
            key=None if self.dry_run else self.key,
        )
        engine = self.access.request.app.state.engine
        async with driver_transaction(engine, commit=not self.dry_run) as transaction:
            access = self.access = await self.access.renew(transaction, Scope.SUBMIT)
            owner = rules.resolve_owner(content.envelope.organisation, access.grant.organisation, access.catalogue)
            return await access.run_once(
                keyed,
                partial(self._accept, transaction, owner, content, content_sha256, dry_run_token),
                now=self.now,
                organisation=owner,
                submission=self.submission_id,
                status=200 if self.dry_run else 201,
            )

    async def _accept(
        self,
        transaction: AsyncConnection,
        owner: str,
        content: ParsedSubmission,
        content_sha256: bytes,
        dry_run_token: str | None,
    ) -> SubmissionReport:
        """What the submission does to what stands, and what is told of it."""
        catalogue, now = self.access.catalogue, self.now
        extensions = await queries.fetch_extensions(transaction, catalogue, owner)
        size = len(content.item)
        examined = await _run_in_thread_if_large(
            size, lambda: rules.check_submission(content, catalogue, owner, extensions, now=now)
        )
        held, there = await queries.lock_returns(transaction, catalogue, owner, examined.returns)
        recorded_at = self.access.read_clock()
        standing, newest = await queries.fetch_current_revisions(transaction, catalogue, there)
        items = {newest[one.key]: item for item, one in enumerate(examined.returns) if one.key in newest}
        before = await queries.fetch_cells(transaction, catalogue, items)
        if stale := rules.find_outdated(examined, standing):
            await self._raise_if_outdated(transaction, stale, held, before)
        size += len(before)
        comparison = await _run_in_thread_if_large(
            size, lambda: rules.compare_with_current(examined, standing, before, catalogue, now=now)
        )
        effects = await self._check_history(transaction, owner, examined, size)
        receipt = rules.make_receipt(self.submission_id, content_sha256, now=now)
        report = rules.build_report(
            comparison,
            catalogue,
            examined,
            changed_totals=effects,
            content_sha256=content_sha256,
            receipt=None if self.dry_run else receipt,
            expected_token=dry_run_token,
        )
        await queries.record_submission(
            transaction,
            catalogue,
            comparison.returns,
            comparison.submitted_cells,
            held,
            report,
            receipt=receipt,
            note=content.envelope.note,
            justifications_for=examined.findings.justifications_for,
            author=self.access.author,
            recorded_at=recorded_at,
        )
        await self._record_audit(report)
        return report

    async def _raise_if_outdated(
        self,
        transaction: AsyncConnection,
        stale: Sequence[OutdatedReturn],
        held: Mapping[ReturnKey, int],
        before: Cells,
    ) -> None:
        """Raises StaleBase, with what has changed since the revisions that these returns were made from."""
        bases = {
            one.item: await queries.fetch_revision(
                transaction,
                self.access.catalogue,
                one.identified_return,
                held,
                one.identified_return.submitted.base_revision or 0,
            )
            for one in stale
        }
        made_from = {number: item for item, (number, _) in bases.items() if number is not None}
        rules.raise_if_outdated(
            stale,
            {item: content for item, (_, content) in bases.items()},
            await queries.fetch_cells(transaction, self.access.catalogue, made_from),
            before,
            self.access.catalogue,
        )

    async def _check_history(
        self, transaction: AsyncConnection, owner: str, examined: CheckedSubmission, size: int
    ) -> list[Effect]:
        """Against history: what warns is found, and what moves is told."""
        catalogue, reviews = self.access.catalogue, self.access.is_reviewer
        past, newest = await queries.fetch_totals(
            transaction, catalogue, examined.returns, organisation=None if reviews else owner
        )
        own = [total for total in past if total.organisation == owner]
        beside = history.find_adjacent_returns(examined.returns, own)
        wanted = history.neighbours_not_submitted(beside, examined.returns)
        numbers = {newest[owner, key]: item for item, key in enumerate(wanted)}
        cells = await queries.fetch_cells(transaction, catalogue, numbers)
        cells_of = {key: cells.select(cells.item == item) for item, key in enumerate(wanted)}
        size += len(past)
        totals = await _run_in_thread_if_large(
            size, lambda: rules.check_history(examined, own, beside, cells_of, catalogue)
        )
        return await _run_in_thread_if_large(
            size, lambda: rules.visible_effects(own, past if reviews else None, totals, catalogue)
        )

    async def _record_audit(self, report: SubmissionReport) -> None:
        subject = {
            "submission": str(self.submission_id),
            "returns": str(len(report.returns)),
            "outcome": report.outcome,
        }
        await self.access.record_audit("submission.accepted", subject, now=self.now, organisation=report.organisation)


async def submission_request(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    state: State,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> SubmissionRequest:
    now: datetime = state.clock()
    async with autocommit_connection(state.engine) as connection:
        caller = await authenticate(connection, request.headers.get("authorization"), now=now)
        grant = permissions.require_scope(caller, programme, Scope.SUBMIT)
        catalogue = await plans.fetch_catalogue(connection, programme)
        access = ProgrammeAccess(
            request=request, transaction=connection, caller=caller, grant=grant, catalogue=catalogue
        )
    return SubmissionRequest(access, idempotency_key, dry_run=dry_run, now=now, submission_id=state.ids())


async def _run_in_thread_if_large(size: int, work: Callable[[], Result]) -> Result:
    """In a thread if there is much to do, so that other requests are answered meanwhile."""
    return await to_thread.run_sync(work) if size > THREAD_THRESHOLD_CELLS else work()


@post(
    "/programmes/{programme:str}/submissions",
    operation_id="create_submission",
    summary="Submit returns as JSON",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
)
async def create_submission(
    request: TypedRequest,
    submission_request: NamedDependency[SubmissionRequest],
    dry_run_token: PreviewToken = None,
) -> Response[bytes]:
    """All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

    A return replaces what stood of it as a whole. One that says what stands already makes no revision. A dry run
    answers with the same report, and writes nothing.
    """
    body = await request.json_body()
    content_sha256 = hashlib.sha256(body).digest()
    content = await _run_in_thread_if_large(len(body) // BYTES_PER_CELL, lambda: _parse_body(body))
    return await submission_request.process("create_submission", content, content_sha256, dry_run_token=dry_run_token)


def _parse_body(body: bytes) -> ParsedSubmission:
    """Raises Malformed, or InvalidBody."""
    return json_reader.parse_fast(body) or to_columns(decode_json(NewSubmission, body))


CSV_MEDIA_TYPE, NDJSON_MEDIA_TYPE = "text/csv", "application/x-ndjson"


@post(
    "/programmes/{programme:str}/submissions/csv",
    operation_id="create_submission_csv",
    summary="Submit a CSV file",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
    request_max_body_size=MAX_FILE_BYTES,
)
async def create_submission_csv(
    request: Request[Any, Any, Any],
    submission_request: NamedDependency[SubmissionRequest],
    dry_run_token: PreviewToken = None,
    measure: FromQuery[str | None] = None,
    period: FromQuery[str | None] = None,
    organisation: FromQuery[str | None] = None,
    confirm_withdrawals: FromQuery[bool] = False,
    justification: FromQuery[list[str] | None] = None,
    note: Annotated[str | None, QueryParameter(max_length=2000)] = None,
) -> Response[bytes]:
    """The same pipeline, from a tidy file of up to 1 GB: one row for each cell, plain or gzip.

    Columns, in any order: `measure`, `series`, `service`, `period`, `area`, one for each dimension, `value` or
    `numerator` and `denominator`, `lower`, `upper`, `status`, `note`; `kind`, `base_revision` and `return_note`
    speak of the return that the row belongs to. An empty dimension means the total; `[c]` in `value` is the status.
    Columns that end in `_label` are for people and not read. The template of a measure has the rows that you owe.
    """
    envelope = rules.build_envelope(
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=justification or [],
        note=note,
    )
    rows = CsvReader(list(submission_request.access.catalogue.dimensions), envelope, measure=measure, period=period)
    return await _process_file(request, submission_request, rows, CSV_MEDIA_TYPE, dry_run_token)


@post(
    "/programmes/{programme:str}/submissions/ndjson",
    operation_id="create_submission_ndjson",
    summary="Submit an NDJSON file",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
    request_max_body_size=MAX_FILE_BYTES,
)
async def create_submission_ndjson(
    request: Request[Any, Any, Any],
    submission_request: NamedDependency[SubmissionRequest],
    dry_run_token: PreviewToken = None,
) -> Response[bytes]:
    """The same pipeline, from lines of up to 1 GB: the first is the submission without its observations.

    Each line after it is an observation, with `return` (from 0) saying which of the first line's returns it is of.
    """
    return await _process_file(request, submission_request, NdjsonReader(), NDJSON_MEDIA_TYPE, dry_run_token)


async def _process_file(
    request: Request[Any, Any, Any],
    submission_request: SubmissionRequest,
    rows: CsvReader | NdjsonReader,
    media_type: str,
    dry_run_token: str | None,
) -> Response[bytes]:
    arriving = StreamedFile(request, media_type)
    gathered = bytearray()
    async for piece in arriving:
        gathered += piece
        if len(gathered) >= READ_CHUNK_BYTES:
            await _run_in_thread_if_large(arriving.byte_count // BYTES_PER_CELL, partial(rows.feed, bytes(gathered)))
            gathered.clear()
    rows.feed(bytes(gathered))
    content = await _run_in_thread_if_large(arriving.byte_count // BYTES_PER_CELL, rows.finish)
    return await submission_request.process(
        f"create_submission {media_type}",
        content,
        arriving.sha256,
        request_sha256=hashlib.sha256(arriving.sha256 + request.url.query.encode()).digest(),  # it has the envelope
        dry_run_token=dry_run_token,
    )


@get(
    "/programmes/{programme:str}/submissions/{submission:uuid}",
    operation_id="get_submission",
    summary="Get a submission report",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401, 403, 404),
)
async def get_submission(access: NamedDependency[ProgrammeAccess], submission: FromPath[UUID]) -> SubmissionReport:
    """Its report and receipt, as they were answered. Findings and changes go if the content is redacted."""
    access.require_scopes(Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    report = await queries.fetch_report(
        access.transaction, access.catalogue, submission, organisations=access.readable_organisations
    )
    if report is None:
        raise NotFound("You can see no such submission; a receipt names yours.")
    return report


@post(
    f"{RETURN_PATH}/withdrawal",
    operation_id="withdraw_return",
    summary="Withdraw a return",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=SUBMISSION_REFUSALS | response_specs(SubmissionReport, 200, 201),
)
async def withdraw_return(
    request: Request[Any, Any, Any],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    data: JSONBody[Withdrawal],
    submission_request: NamedDependency[SubmissionRequest],
) -> Response[bytes]:
    """The return then counts as not sent. What it said can still be read, as an earlier revision."""
    withdrawn = NewReturn(
        measure=measure,
        period=period,
        series=series,
        service=service,
        kind=ReturnKind.WITHDRAWN,
        base_revision=data.base_revision,
        note=data.reason,
    )
    content = to_columns(NewSubmission(returns=[withdrawn], organisation=organisation, confirm_withdrawals=True))
    operation = f"withdraw_return {organisation} {measure} {series} {service} {period}"
    return await submission_request.process(operation, content, hashlib.sha256(await request.body()).digest())


router = Router(
    "/v1",
    route_handlers=[
        create_submission,
        create_submission_csv,
        create_submission_ndjson,
        get_submission,
        withdraw_return,
    ],
    dependencies={"submission_request": Provide(submission_request)},
    tags=["Submissions"],
)
