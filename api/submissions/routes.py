"""Pushing returns, and taking them back."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from anyio import to_thread
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.bodies import LARGEST_FILE, Arriving
from api.clock import NewId, Now
from api.database import Transaction
from api.partners import queries as partners
from api.partners import rules as permissions
from api.partners.routes import KEY, IdempotencyKey, with_key
from api.plan.catalogue import Catalogue
from api.plan.routes import enter
from api.problems import answers, refusals, request_id_of
from api.refusals import NotFound
from api.submissions import history, queries, rules
from api.submissions.csv_rows import CsvRows
from api.submissions.ndjson_rows import NdjsonRows
from api.submissions.revisions import Sent, sent
from schema.partners import Author, Caller, Grant, Scope
from schema.submissions import NewReturn, NewSubmission, Report, ReturnKind, Withdrawal

DryRun = Annotated[bool, QueryParameter()]
PreviewToken = Annotated[str | None, QueryParameter(pattern="^[0-9a-f]{64}$")]
Result = TypeVar("Result")
# A thread costs a tenth of a millisecond, and so many cells are checked in some five: below it other requests wait no
# longer than that. numpy and the parsers let go of the interpreter, or are interrupted, so that a thread holds up none.
LARGE = 5000
BYTES_OF_A_CELL = 50  # of a file, about
PIECE = 512 * 1024  # of a file, read at once: not a thread for each packet that the network has made of it
TAKEN = refusals(401, 403, 404, 409, 410, 413, 415, 422)


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """How a submission is to be taken."""

    operation: str
    content_sha256: bytes
    request_sha256: bytes  # of what makes it the same request: for a file also the parameters, which are its envelope
    idempotency_key: str | None
    dry_run: bool
    preview_token: str | None


async def take(
    request: Request[Any, Any, Any],
    transaction: Transaction,
    catalogue: Catalogue,
    grant: Grant,
    by: Author,
    content: Sent,
    push: Push,
    *,
    now: Now,
    new_id: UUID,
) -> Response[bytes]:
    """One pipeline for every format. A dry run is the same, rolled back: it keeps no key and writes no audit."""
    key = None if push.dry_run else push.idempotency_key
    if key is not None:
        if not await partners.claim(transaction, by, push.operation, key):
            raise permissions.IdempotencyInProgress("Another request with this key is still running.")
        kept = await partners.kept(transaction, catalogue.id, by, push.operation, key, now=now)
        if (answer := permissions.replayed(kept, push.request_sha256)) is not None:
            return Response(answer, status_code=201, media_type=MediaType.JSON, headers={"Idempotent-Replayed": "true"})
    owner = rules.for_whom(content.envelope.organisation, grant.organisation, catalogue)
    extensions = await queries.extensions(transaction, catalogue, owner)
    size = len(content.item)
    examined = await _aside(size, lambda: rules.examine(content, catalogue, owner, extensions, now=now))
    async with transaction.begin_nested() as savepoint:
        held = await queries.hold(transaction, catalogue, owner, examined.returns)
        recorded_at = request.app.state.clock()
        standing, newest = await queries.standing(transaction, catalogue, held)
        items = {newest[one.key]: item for item, one in enumerate(examined.returns) if one.key in newest}
        before = await queries.cells_of(transaction, catalogue, items)
        if stale := rules.stale(examined, standing):
            bases = {
                one.item: await queries.at_revision(
                    transaction, catalogue, one.identified, held, one.identified.given.base_revision or 0
                )
                for one in stale
            }
            made_from = {number: item for item, (number, _) in bases.items() if number is not None}
            rules.refuse_stale(
                stale,
                {item: content for item, (_, content) in bases.items()},
                await queries.cells_of(transaction, catalogue, made_from),
                before,
                catalogue,
            )
        size += len(before)
        comparison = await _aside(size, lambda: rules.compare(examined, standing, before, catalogue, now=now))
        own = await queries.totals(transaction, catalogue, examined.returns, only=owner)
        everybody = (
            await queries.totals(transaction, catalogue, examined.returns, only=None)
            if Scope.REVIEW in grant.scopes
            else None
        )
        beside = history.neighbours(examined.returns, own)
        earlier = await queries.newest_revisions(
            transaction, catalogue, owner, history.elsewhere(beside, examined.returns)
        )
        cells_of = {k: await queries.cells_of(transaction, catalogue, {number: 0}) for k, number in earlier.items()}
        size += len(own) + len(everybody or ())
        totals = await _aside(size, lambda: rules.look_back(examined, own, beside, cells_of, catalogue))
        moved = await _aside(size, lambda: rules.moved(own, everybody, totals, catalogue))
        receipt = rules.receipt(new_id, push.content_sha256, now=now)
        report = rules.report(
            comparison,
            catalogue,
            examined,
            moved=moved,
            content_sha256=push.content_sha256,
            receipt=None if push.dry_run else receipt,
            expected_token=push.preview_token,
        )
        await queries.record(
            transaction,
            catalogue,
            comparison.returns,
            comparison.now,
            held,
            report,
            receipt=receipt,
            note=content.envelope.note,
            justified=examined.findings.justified,
            by=by,
            recorded_at=recorded_at,
        )
        if push.dry_run:
            await savepoint.rollback()
    answer = msgspec.json.encode(report)
    if not push.dry_run:
        organisation_id = catalogue.ids.organisations[owner]
        subject = {"submission": str(new_id), "returns": str(len(report.returns)), "outcome": report.outcome}
        await partners.tell_audit(
            transaction, catalogue.id, by, "submission.accepted", subject, organisation_id=organisation_id, now=now
        )
        if key is not None:
            await partners.keep(
                transaction,
                catalogue.id,
                by,
                push.operation,
                key,
                organisation_id=organisation_id,
                content_sha256=push.request_sha256,
                answer=answer,
                submission=new_id,
                now=now,
            )
    return Response(answer, status_code=200 if push.dry_run else 201, media_type=MediaType.JSON)


async def _aside(size: int, work: Callable[[], Result]) -> Result:
    """In a thread if there is much to do, so that other requests are answered meanwhile."""
    return await to_thread.run_sync(work) if size > LARGE else work()


@post(
    "/programmes/{programme:str}/submissions",
    operation_id="create_submission",
    summary="Push one or more returns",
    guards=[with_key],
    security=KEY,
    responses=TAKEN | answers(Report, 200, 201),
)
async def create_submission(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    data: JSONBody[NewSubmission],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
    preview_token: PreviewToken = None,
) -> Response[bytes]:
    """All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

    A return replaces what stood of it as a whole. One that says what stands already makes no revision. A dry run
    answers with the same report, and writes nothing.
    """
    grant, catalogue = await enter(transaction, caller, programme, Scope.SUBMIT)
    push = Push(
        operation="create_submission",
        content_sha256=(content_sha256 := hashlib.sha256(await request.body()).digest()),
        request_sha256=content_sha256,
        idempotency_key=idempotency_key,
        dry_run=dry_run,
        preview_token=preview_token,
    )
    by = permissions.author(caller, grant, request_id_of(request))
    content = await _aside(sum(len(one.observations) for one in data.returns), lambda: sent(data))
    return await take(request, transaction, catalogue, grant, by, content, push, now=now, new_id=new_id)


CSV, NDJSON = "text/csv", "application/x-ndjson"


@post(
    "/programmes/{programme:str}/submissions/csv",
    operation_id="create_submission_csv",
    summary="Push a CSV file",
    guards=[with_key],
    security=KEY,
    responses=TAKEN | answers(Report, 200, 201),
    request_max_body_size=LARGEST_FILE,
)
async def create_submission_csv(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
    preview_token: PreviewToken = None,
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
    grant, catalogue = await enter(transaction, caller, programme, Scope.SUBMIT)
    envelope = rules.envelope(
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=justification or [],
        note=note,
    )
    rows = CsvRows(list(catalogue.dimensions), envelope, measure=measure, period=period)
    return await _take_file(
        request, transaction, catalogue, grant, caller, rows, CSV, idempotency_key, dry_run, preview_token, now, new_id
    )


@post(
    "/programmes/{programme:str}/submissions/ndjson",
    operation_id="create_submission_ndjson",
    summary="Push lines of JSON",
    guards=[with_key],
    security=KEY,
    responses=TAKEN | answers(Report, 200, 201),
    request_max_body_size=LARGEST_FILE,
)
async def create_submission_ndjson(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
    preview_token: PreviewToken = None,
) -> Response[bytes]:
    """The same pipeline, from lines of up to 1 GB: the first is the submission without its observations.

    Each line after it is an observation, with `return` (from 0) saying which of the first line's returns it is of.
    """
    grant, catalogue = await enter(transaction, caller, programme, Scope.SUBMIT)
    return await _take_file(
        request,
        transaction,
        catalogue,
        grant,
        caller,
        NdjsonRows(),
        NDJSON,
        idempotency_key,
        dry_run,
        preview_token,
        now,
        new_id,
    )


async def _take_file(
    request: Request[Any, Any, Any],
    transaction: Transaction,
    catalogue: Catalogue,
    grant: Grant,
    caller: Caller,
    rows: CsvRows | NdjsonRows,
    media_type: str,
    idempotency_key: str | None,
    dry_run: bool,
    preview_token: str | None,
    now: Now,
    new_id: UUID,
) -> Response[bytes]:
    arriving = Arriving(request, media_type)
    gathered = bytearray()
    async for piece in arriving:
        gathered += piece
        if len(gathered) >= PIECE:
            await _aside(arriving.size // BYTES_OF_A_CELL, partial(rows.feed, bytes(gathered)))
            gathered.clear()
    rows.feed(bytes(gathered))
    content = await _aside(arriving.size // BYTES_OF_A_CELL, rows.finish)
    push = Push(
        operation=f"create_submission {media_type}",
        content_sha256=arriving.sha256,
        request_sha256=hashlib.sha256(arriving.sha256 + request.url.query.encode()).digest(),
        idempotency_key=idempotency_key,
        dry_run=dry_run,
        preview_token=preview_token,
    )
    by = permissions.author(caller, grant, request_id_of(request))
    return await take(request, transaction, catalogue, grant, by, content, push, now=now, new_id=new_id)


@get(
    "/programmes/{programme:str}/submissions/{submission:uuid}",
    operation_id="get_submission",
    summary="What a submission was told",
    guards=[with_key],
    security=KEY,
    responses=refusals(401, 403, 404),
)
async def get_submission(
    programme: FromPath[str], submission: FromPath[UUID], caller: NamedDependency[Caller], transaction: Transaction
) -> Report:
    """Its report and receipt, as they were answered. Findings and changes go if the content is redacted."""
    grant, catalogue = await enter(transaction, caller, programme, Scope.SUBMIT, Scope.READ, Scope.REVIEW)
    report = await queries.report_of(transaction, catalogue, submission, only=visible(grant, catalogue))
    if report is None:
        raise NotFound("You can see no such submission; a receipt names yours.")
    return report


RETURN = "/programmes/{programme:str}/returns/{organisation:str}/{measure:str}/{series:str}/{service:str}/{period:str}"


@post(
    f"{RETURN}/withdrawal",
    operation_id="withdraw_return",
    summary="Take back a return",
    guards=[with_key],
    security=KEY,
    responses=TAKEN | answers(Report, 200, 201),
)
async def withdraw_return(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    data: JSONBody[Withdrawal],
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Response[bytes]:
    """The return then counts as not sent. What it said can still be read, as an earlier revision."""
    grant, catalogue = await enter(transaction, caller, programme, Scope.SUBMIT)
    withdrawn = NewReturn(
        measure=measure,
        period=period,
        series=series,
        service=service,
        kind=ReturnKind.WITHDRAWN,
        base_revision=data.base_revision,
        note=data.reason,
    )
    push = Push(
        operation=f"withdraw_return {organisation} {measure} {series} {service} {period}",
        content_sha256=(content_sha256 := hashlib.sha256(await request.body()).digest()),
        request_sha256=content_sha256,
        idempotency_key=idempotency_key,
        dry_run=dry_run,
        preview_token=None,
    )
    by = permissions.author(caller, grant, request_id_of(request))
    content = sent(NewSubmission(returns=[withdrawn], organisation=organisation, confirm_withdrawals=True))
    return await take(request, transaction, catalogue, grant, by, content, push, now=now, new_id=new_id)


def visible(grant: Grant, catalogue: Catalogue) -> list[str] | None:
    """Whose returns the caller may read; None: everybody's."""
    return None if Scope.REVIEW in grant.scopes else catalogue.acts_for(grant.organisation)


router = Router(
    "/v1",
    route_handlers=[
        create_submission,
        create_submission_csv,
        create_submission_ndjson,
        get_submission,
        withdraw_return,
    ],
    tags=["Submissions"],
)
