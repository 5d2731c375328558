"""Pushing returns, and taking them back."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from anyio import to_thread
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.bodies import LARGEST_FILE, Arriving, TypedRequest, decoded
from api.clock import NewId, Now
from api.database import Transaction
from api.partners import queries as partners
from api.partners import rules as permissions
from api.partners.routes import KEY, IdempotencyKey, Keyed, once, with_key
from api.plan.catalogue import Catalogue
from api.plan.routes import enter
from api.problems import answers, refusals, request_id_of
from api.refusals import NotFound
from api.submissions import history, json_cells, queries, rules
from api.submissions.csv_rows import CsvRows
from api.submissions.ndjson_rows import NdjsonRows
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
    """A request to take something, by whom and under which circumstances, whatever its format."""

    def __init__(
        self,
        request: Request[Any, Any, Any],
        transaction: AsyncConnection,
        caller: Caller,
        grant: Grant,
        catalogue: Catalogue,
        key: str | None,
        *,
        dry_run: bool,
        now: datetime,
        new_id: UUID,
    ) -> None:
        self.request, self.transaction, self.grant, self.catalogue = request, transaction, grant, catalogue
        self.by: Author = permissions.author(caller, grant, request_id_of(request))
        self.key, self.dry_run, self.now, self.new_id = key, dry_run, now, new_id

    async def take(
        self,
        operation: str,
        content: Sent,
        content_sha256: bytes,
        *,
        request_sha256: bytes | None = None,
        preview_token: str | None = None,
    ) -> Response[bytes]:
        """One pipeline for every format. A dry run is the same, rolled back: it keeps no key and writes no audit.

        `request_sha256` is of what makes it the same request, where that is more than the content.
        """
        owner = rules.for_whom(content.envelope.organisation, self.grant.organisation, self.catalogue)

        async def act() -> Report:
            return await self._carry_out(owner, content, content_sha256, preview_token)

        return await once(
            self.transaction,
            self.catalogue.id,
            self.by,
            Keyed(
                operation=operation,
                content_sha256=request_sha256 or content_sha256,
                key=None if self.dry_run else self.key,
            ),
            act,
            organisation_id=self.catalogue.ids.organisations[owner],
            now=self.now,
            submission=self.new_id,
            status=200 if self.dry_run else 201,
        )

    async def _carry_out(self, owner: str, content: Sent, content_sha256: bytes, preview_token: str | None) -> Report:
        transaction, catalogue, now = self.transaction, self.catalogue, self.now
        extensions = await queries.extensions(transaction, catalogue, owner)
        size = len(content.item)
        examined = await _aside(size, lambda: rules.examine(content, catalogue, owner, extensions, now=now))
        if not self.dry_run:
            report = await self._write(owner, content, examined, content_sha256, preview_token)
            await self._tell_audit(report)
            return report
        async with transaction.begin_nested() as savepoint:
            report = await self._write(owner, content, examined, content_sha256, preview_token)
            await savepoint.rollback()
            return report

    async def _write(
        self, owner: str, content: Sent, examined: Examined, content_sha256: bytes, preview_token: str | None
    ) -> Report:
        """What an examined submission does to what stands, and what is told of it."""
        transaction, catalogue, now = self.transaction, self.catalogue, self.now
        size = len(content.item)
        held = await queries.hold(transaction, catalogue, owner, examined.returns)
        recorded_at = self.request.app.state.clock()
        standing, newest = await queries.standing(transaction, catalogue, held)
        items = {newest[one.key]: item for item, one in enumerate(examined.returns) if one.key in newest}
        before = await queries.cells_of(transaction, catalogue, items)
        if stale := rules.stale(examined, standing):
            await self._refuse(stale, held, before)
        size += len(before)
        comparison = await _aside(size, lambda: rules.compare(examined, standing, before, catalogue, now=now))
        effects = await self._look_back(owner, examined, size)
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
        return report

    async def _refuse(self, stale: Sequence[Stale], held: Mapping[ReturnKey, int], before: Cells) -> None:
        """Raises StaleBase, with what has changed since the revisions that these returns were made from."""
        bases = {
            one.item: await queries.at_revision(
                self.transaction, self.catalogue, one.identified, held, one.identified.given.base_revision or 0
            )
            for one in stale
        }
        made_from = {number: item for item, (number, _) in bases.items() if number is not None}
        rules.refuse_stale(
            stale,
            {item: content for item, (_, content) in bases.items()},
            await queries.cells_of(self.transaction, self.catalogue, made_from),
            before,
            self.catalogue,
        )

    async def _look_back(self, owner: str, examined: Examined, size: int) -> list[Effect]:
        """Against history: what warns is found, and what moves is told."""
        transaction, catalogue = self.transaction, self.catalogue
        reviews = Scope.REVIEW in self.grant.scopes
        past = await queries.totals(transaction, catalogue, examined.returns, only=None if reviews else owner)
        own = [total for total in past if total.organisation == owner]
        beside = history.neighbours(examined.returns, own)
        earlier = await queries.newest_revisions(
            transaction, catalogue, owner, history.elsewhere(beside, examined.returns)
        )
        cells_of = {k: await queries.cells_of(transaction, catalogue, {number: 0}) for k, number in earlier.items()}
        size += len(past)
        totals = await _aside(size, lambda: rules.look_back(examined, own, beside, cells_of, catalogue))
        return await _aside(size, lambda: rules.moved(own, past if reviews else None, totals, catalogue))

    async def _tell_audit(self, report: Report) -> None:
        subject = {"submission": str(self.new_id), "returns": str(len(report.returns)), "outcome": report.outcome}
        await partners.tell_audit(
            self.transaction,
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
    caller: NamedDependency[Caller],
    transaction: Transaction,
    now: Now,
    new_id: NewId,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Push:
    grant, catalogue = await enter(transaction, caller, programme, Scope.SUBMIT)
    return Push(
        request, transaction, caller, grant, catalogue, idempotency_key, dry_run=dry_run, now=now, new_id=new_id
    )


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
    return json_cells.whole(body) or sent(decoded(NewSubmission, body))


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
