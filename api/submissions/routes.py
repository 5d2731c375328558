"""Pushing returns, and taking them back."""

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
from api.access import queries as partners
from api.access.routes import KEY, IdempotencyKey, Keyed, admitted, once, with_key
from api.database.connections import Transaction, begun, connected
from api.http.bodies import LARGEST_FILE, Arriving, TypedRequest, decoded
from api.http.problems import answers, refusals, request_id_of
from api.http.refusals import NotFound
from api.plan import queries as plans
from api.plan.catalogue import Catalogue
from api.plan.routes import enter, wall
from api.submissions import queries, rules
from api.submissions.checks import history
from api.submissions.reading import json_reader
from api.submissions.reading.csv_reader import CsvRows
from api.submissions.reading.ndjson_reader import NdjsonRows
from api.submissions.revisions import Cells, ReturnKey, Sent, sent
from api.submissions.rules import Examined, Stale
from schema.partners import Author, Caller, Grant, Scope
from schema.submissions import Effect, NewReturn, NewSubmission, Report, ReturnKind, Withdrawal

DryRun = Annotated[bool, QueryParameter()]
PreviewToken = Annotated[str | None, QueryParameter(pattern="^[0-9a-f]{64}$")]
Result = TypeVar("Result")
# A thread costs a tenth of a millisecond, and so many cells are checked in some five: below it other requests wait no
# longer than that. numpy and the parsers let go of the interpreter, or are interrupted, so that a thread holds up none.
LARGE = 5000
BYTES_OF_A_CELL = 50  # of a file, about
PIECE = 512 * 1024  # of a file, read at once: not a thread for each packet that the network has made of it
TAKEN = refusals(401, 403, 404, 409, 410, 413, 415, 422)


class Push:
    """A request to take something, by whom and under which circumstances, whatever its format.

    Who calls is asked before the body is read, so that nobody else can make us read it, and no connection is held while
    it comes in; it is asked again in the transaction that writes.
    """

    def __init__(
        self,
        request: Request[Any, Any, Any],
        caller: Caller,
        grant: Grant,
        catalogue: Catalogue,
        key: str | None,
        *,
        dry_run: bool,
        now: datetime,
        new_id: UUID,
    ) -> None:
        self.request, self.caller, self.grant, self.catalogue = request, caller, grant, catalogue
        self.key, self.dry_run, self.now, self.new_id = key, dry_run, now, new_id

    @property
    def by(self) -> Author:
        return permissions.author(self.caller, self.grant, request_id_of(self.request))

    async def take(
        self,
        operation: str,
        content: Sent,
        content_sha256: bytes,
        *,
        request_sha256: bytes | None = None,
        preview_token: str | None = None,
    ) -> Response[bytes]:
        """One pipeline for every format. A dry run is the same, undone: it keeps no key and writes no audit.

        `request_sha256` is of what makes it the same request, where that is more than the content.
        """
        keyed = Keyed(
            operation=operation,
            content_sha256=request_sha256 or content_sha256,
            key=None if self.dry_run else self.key,
        )
        async with begun(self.request.app.state.engine, keep=not self.dry_run) as transaction:
            await self._enter(transaction)
            owner = rules.for_whom(content.envelope.organisation, self.grant.organisation, self.catalogue)
            return await once(
                transaction,
                self.catalogue.id,
                self.by,
                keyed,
                partial(self._carry_out, transaction, owner, content, content_sha256, preview_token),
                organisation_id=self.catalogue.ids.organisations[owner],
                now=self.now,
                submission=self.new_id,
                status=200 if self.dry_run else 201,
            )

    async def _enter(self, transaction: AsyncConnection) -> None:
        """What was found before the body came in holds still, or is found anew. Raises what `push` raises."""
        now, known = self.request.app.state.clock(), self.catalogue
        if await partners.holds(transaction, self.caller, self.grant, known.id, known.version, now=now):
            await wall(transaction, self.grant, known)
            return
        self.caller = await admitted(transaction, self.request.headers.get("authorization"), now=now)
        self.grant, self.catalogue = await enter(transaction, self.caller, known.slug, Scope.SUBMIT)

    async def _carry_out(
        self,
        transaction: AsyncConnection,
        owner: str,
        content: Sent,
        content_sha256: bytes,
        preview_token: str | None,
    ) -> Report:
        """What the submission does to what stands, and what is told of it."""
        catalogue, now = self.catalogue, self.now
        extensions = await queries.extensions(transaction, catalogue, owner)
        size = len(content.item)
        examined = await _aside(size, lambda: rules.examine(content, catalogue, owner, extensions, now=now))
        held, there = await queries.hold(transaction, catalogue, owner, examined.returns)
        recorded_at = self.request.app.state.clock()
        standing, newest = await queries.standing(transaction, catalogue, there)
        items = {newest[one.key]: item for item, one in enumerate(examined.returns) if one.key in newest}
        before = await queries.cells_of(transaction, catalogue, items)
        if stale := rules.stale(examined, standing):
            await self._refuse(transaction, stale, held, before)
        size += len(before)
        comparison = await _aside(size, lambda: rules.compare(examined, standing, before, catalogue, now=now))
        effects = await self._look_back(transaction, owner, examined, size)
        receipt = rules.receipt(self.new_id, content_sha256, now=now)
        report = rules.report(
            comparison,
            catalogue,
            examined,
            moved=effects,
            content_sha256=content_sha256,
            receipt=None if self.dry_run else receipt,
            expected_token=preview_token,
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
            by=self.by,
            recorded_at=recorded_at,
        )
        await self._tell_audit(transaction, report)
        return report

    async def _refuse(
        self, transaction: AsyncConnection, stale: Sequence[Stale], held: Mapping[ReturnKey, int], before: Cells
    ) -> None:
        """Raises StaleBase, with what has changed since the revisions that these returns were made from."""
        bases = {
            one.item: await queries.at_revision(
                transaction, self.catalogue, one.identified, held, one.identified.given.base_revision or 0
            )
            for one in stale
        }
        made_from = {number: item for item, (number, _) in bases.items() if number is not None}
        rules.refuse_stale(
            stale,
            {item: content for item, (_, content) in bases.items()},
            await queries.cells_of(transaction, self.catalogue, made_from),
            before,
            self.catalogue,
        )

    async def _look_back(self, transaction: AsyncConnection, owner: str, examined: Examined, size: int) -> list[Effect]:
        """Against history: what warns is found, and what moves is told."""
        catalogue = self.catalogue
        reviews = Scope.REVIEW in self.grant.scopes
        past, newest = await queries.totals(transaction, catalogue, examined.returns, only=None if reviews else owner)
        own = [total for total in past if total.organisation == owner]
        beside = history.neighbours(examined.returns, own)
        wanted = history.elsewhere(beside, examined.returns)
        numbers = {newest[owner, key]: item for item, key in enumerate(wanted)}
        cells = await queries.cells_of(transaction, catalogue, numbers)
        cells_of = {key: cells.take(cells.item == item) for item, key in enumerate(wanted)}
        size += len(past)
        totals = await _aside(size, lambda: rules.look_back(examined, own, beside, cells_of, catalogue))
        return await _aside(size, lambda: rules.moved(own, past if reviews else None, totals, catalogue))

    async def _tell_audit(self, transaction: AsyncConnection, report: Report) -> None:
        subject = {"submission": str(self.new_id), "returns": str(len(report.returns)), "outcome": report.outcome}
        await partners.tell_audit(
            transaction,
            self.catalogue.id,
            self.by,
            "submission.accepted",
            subject,
            organisation_id=self.catalogue.ids.organisations[report.organisation],
            now=self.now,
        )


async def push(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    state: State,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Push:
    now: datetime = state.clock()
    async with connected(state.engine) as connection:
        caller = await admitted(connection, request.headers.get("authorization"), now=now)
        grant = permissions.permit(caller, programme, Scope.SUBMIT)
        catalogue = await plans.current(connection, programme)
    return Push(request, caller, grant, catalogue, idempotency_key, dry_run=dry_run, now=now, new_id=state.ids())


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
    request: TypedRequest,
    push: NamedDependency[Push],
    preview_token: PreviewToken = None,
) -> Response[bytes]:
    """All of the returns are taken, or none: 201 with a receipt, or 422 with every finding and nothing written.

    A return replaces what stood of it as a whole. One that says what stands already makes no revision. A dry run
    answers with the same report, and writes nothing.
    """
    body = await request.json_body()
    content_sha256 = hashlib.sha256(body).digest()
    content = await _aside(len(body) // BYTES_OF_A_CELL, lambda: _read(body))
    return await push.take("create_submission", content, content_sha256, preview_token=preview_token)


def _read(body: bytes) -> Sent:
    """Raises Malformed, or InvalidBody."""
    return json_reader.whole(body) or sent(decoded(NewSubmission, body))


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
    push: NamedDependency[Push],
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
    envelope = rules.envelope(
        organisation=organisation,
        confirm_withdrawals=confirm_withdrawals,
        justifications=justification or [],
        note=note,
    )
    rows = CsvRows(list(push.catalogue.dimensions), envelope, measure=measure, period=period)
    return await _take_file(request, push, rows, CSV, preview_token)


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
    push: NamedDependency[Push],
    preview_token: PreviewToken = None,
) -> Response[bytes]:
    """The same pipeline, from lines of up to 1 GB: the first is the submission without its observations.

    Each line after it is an observation, with `return` (from 0) saying which of the first line's returns it is of.
    """
    return await _take_file(request, push, NdjsonRows(), NDJSON, preview_token)


async def _take_file(
    request: Request[Any, Any, Any],
    push: Push,
    rows: CsvRows | NdjsonRows,
    media_type: str,
    preview_token: str | None,
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
    return await push.take(
        f"create_submission {media_type}",
        content,
        arriving.sha256,
        request_sha256=hashlib.sha256(arriving.sha256 + request.url.query.encode()).digest(),  # it has the envelope
        preview_token=preview_token,
    )


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
    organisation: FromPath[str],
    measure: FromPath[str],
    series: FromPath[str],
    service: FromPath[str],
    period: FromPath[str],
    data: JSONBody[Withdrawal],
    push: NamedDependency[Push],
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
    content = sent(NewSubmission(returns=[withdrawn], organisation=organisation, confirm_withdrawals=True))
    operation = f"withdraw_return {organisation} {measure} {series} {service} {period}"
    return await push.take(operation, content, hashlib.sha256(await request.body()).digest())


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
    dependencies={"push": Provide(push)},
    tags=["Submissions"],
)
