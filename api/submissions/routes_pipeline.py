"""The pipeline from a parsed submission to its recorded report, the same for every format."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from anyio import to_thread
from litestar import Request, Response
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import permissions
from api.access.authentication import authenticate
from api.access.idempotency import IdempotencyKey, IdempotentRequest
from api.access.programme_access import ProgrammeAccess
from api.database.connections import autocommit_connection, driver_transaction
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.plan.queries import fetch_catalogue
from api.submissions.base_revision import OutdatedReturn, find_outdated, raise_if_outdated
from api.submissions.cell_columns import Cells
from api.submissions.checks import history
from api.submissions.checks.tiers import CheckedSubmission, check_history, check_submission
from api.submissions.comparison import SubmissionDiff, compare_with_current
from api.submissions.owners import resolve_owner
from api.submissions.packed_cells import PackedCells, pack_cells
from api.submissions.parsed import ParsedSubmission
from api.submissions.queries_cells import fetch_cells
from api.submissions.queries_locks import lock_returns
from api.submissions.queries_record import record_submission
from api.submissions.queries_revisions import fetch_current_revisions, fetch_extensions, fetch_revision
from api.submissions.queries_totals import fetch_totals
from api.submissions.report import build_report, make_receipt, visible_effects
from api.submissions.revisions import ReturnKey
from schema.partners import Scope
from schema.submission_reports import Effect, Receipt, SubmissionOutcome, SubmissionReport

DryRun = Annotated[bool, QueryParameter()]
Result = TypeVar("Result")
# A thread costs about 0.1 ms. The checks of this many cells last about 5 ms, and other requests can wait that long.
# numpy and the parsers release the interpreter lock or are interrupted, so a thread does not block other requests.
THREAD_THRESHOLD_CELLS = 5000


class SubmissionRequest:
    """An authorised request to submit, in any format.

    The caller is authenticated before the body is read, so that nobody else can make the server read it. No connection
    is open while the body arrives, so the transaction that writes authenticates the caller again.
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
        """Check and record the submission. A dry run is rolled back, and stores neither a key nor an audit record.

        `request_sha256` identifies the request for idempotency, if more than the content identifies it.
        """
        keyed = IdempotentRequest(
            operation=operation,
            content_sha256=request_sha256 or content_sha256,
            key=None if self.dry_run else self.key,
        )
        engine = self.access.request.app.state.engine
        async with driver_transaction(engine, commit=not self.dry_run) as transaction:
            access = self.access = await self.access.renew(transaction, Scope.SUBMIT)
            owner = resolve_owner(content.envelope.organisation, access.grant.organisation, access.catalogue)
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
        """Check the submission, compare it with the current revisions, record it, and return its report."""
        catalogue, now = self.access.catalogue, self.now
        extensions = await fetch_extensions(transaction, catalogue, owner)
        size = len(content.cells)
        checked = await run_in_thread_if_large(
            size, lambda: check_submission(content, catalogue, owner, extensions, now=now)
        )
        return_ids, existing = await lock_returns(transaction, catalogue, owner, checked.returns)
        recorded_at = self.access.read_clock()
        revisions, revision_ids = await fetch_current_revisions(transaction, catalogue, existing)
        items = {revision_ids[r.key]: item for item, r in enumerate(checked.returns) if r.key in revision_ids}
        current_cells = await fetch_cells(transaction, catalogue, items)
        if outdated := find_outdated(checked, revisions):
            await self._raise_if_outdated(transaction, outdated, return_ids, current_cells)
        size += len(current_cells)
        comparison = await run_in_thread_if_large(
            size, lambda: compare_with_current(checked, revisions, current_cells, catalogue, now=now)
        )
        effects = await self._check_history(transaction, owner, checked, size)
        receipt = make_receipt(self.submission_id, content_sha256, now=now)
        report = build_report(
            comparison,
            catalogue,
            checked,
            changed_totals=effects,
            content_sha256=content_sha256,
            receipt=None if self.dry_run else receipt,
            expected_token=dry_run_token,
        )
        packed_cells = await run_in_thread_if_large(size, lambda: _pack_changed(checked, comparison, catalogue))
        await self._record(transaction, checked, comparison, packed_cells, return_ids, report, receipt, recorded_at)
        return report

    async def _record(
        self,
        transaction: AsyncConnection,
        checked: CheckedSubmission,
        comparison: SubmissionDiff,
        packed_cells: Mapping[int, PackedCells],
        return_ids: Mapping[ReturnKey, int],
        report: SubmissionReport,
        receipt: Receipt,
        recorded_at: datetime,
    ) -> None:
        """Record the submission, and record in the audit that it was accepted."""
        await record_submission(
            transaction,
            self.access.catalogue,
            comparison.returns,
            packed_cells,
            return_ids,
            report,
            receipt=receipt,
            note=checked.parsed.envelope.note,
            justifications_for=checked.findings.justifications_for,
            author=self.access.author,
            recorded_at=recorded_at,
        )
        subject = {
            "submission": str(self.submission_id),
            "returns": str(len(report.returns)),
            "outcome": report.outcome,
        }
        await self.access.record_audit("submission.accepted", subject, now=self.now, organisation=report.organisation)

    async def _raise_if_outdated(
        self,
        transaction: AsyncConnection,
        outdated: Sequence[OutdatedReturn],
        return_ids: Mapping[ReturnKey, int],
        current_cells: Cells,
    ) -> None:
        """Raise BaseRevisionOutdated with the changes since the revisions that these returns were made from."""
        catalogue = self.access.catalogue
        bases = {
            outdated_return.item: await fetch_revision(
                transaction,
                catalogue,
                outdated_return.identified_return,
                return_ids,
                outdated_return.identified_return.submitted.base_revision or 0,
            )
            for outdated_return in outdated
        }
        items = {revision_id: item for item, (revision_id, _) in bases.items() if revision_id is not None}
        base_contents = {item: content for item, (_, content) in bases.items()}
        base_cells = await fetch_cells(transaction, catalogue, items)
        raise_if_outdated(outdated, base_contents, base_cells, current_cells, catalogue)

    async def _check_history(
        self, transaction: AsyncConnection, owner: str, checked: CheckedSubmission, size: int
    ) -> list[Effect]:
        """Compare with earlier periods, and return the totals that the submission changes."""
        catalogue, is_reviewer = self.access.catalogue, self.access.is_reviewer
        past, newest = await fetch_totals(
            transaction, catalogue, checked.returns, organisation=None if is_reviewer else owner
        )
        own = [total for total in past if total.organisation == owner]
        neighbours = history.find_adjacent_returns(checked.returns, own)
        unsent_keys = history.neighbours_not_submitted(neighbours, checked.returns)
        items = {newest[owner, key]: item for item, key in enumerate(unsent_keys)}
        cells = await fetch_cells(transaction, catalogue, items)
        cells_by_return = {key: cells.select(cells.item == item) for item, key in enumerate(unsent_keys)}
        size += len(past)
        totals = await run_in_thread_if_large(
            size, lambda: check_history(checked, own, neighbours, cells_by_return, catalogue)
        )
        return await run_in_thread_if_large(
            size, lambda: visible_effects(own, past if is_reviewer else None, totals, catalogue)
        )


def _pack_changed(
    checked: CheckedSubmission, comparison: SubmissionDiff, catalogue: Catalogue
) -> dict[int, PackedCells]:
    """Return the cells of each changed return, by its item."""
    total = catalogue.ids.breakdowns[TOTAL_KEY]
    return {
        return_diff.item: pack_cells(checked.cells.slice_rows(rows), total)
        for return_diff, rows in zip(comparison.returns, checked.row_slices, strict=True)
        if return_diff.outcome is SubmissionOutcome.ACCEPTED
    }


async def submission_request(
    request: Request[Any, Any, Any],
    programme: FromPath[str],
    state: State,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> SubmissionRequest:
    """Authenticate the caller and fetch the plan, and release the connection before the body is read."""
    now: datetime = state.clock()
    async with autocommit_connection(state.engine) as connection:
        caller = await authenticate(connection, request.headers.get("authorization"), now=now)
        grant = permissions.require_scope(caller, programme, Scope.SUBMIT)
        catalogue = await fetch_catalogue(connection, programme)
        access = ProgrammeAccess(
            request=request, transaction=connection, caller=caller, grant=grant, catalogue=catalogue
        )
    return SubmissionRequest(access, idempotency_key, dry_run=dry_run, now=now, submission_id=state.ids())


async def run_in_thread_if_large(size: int, work: Callable[[], Result]) -> Result:
    """Run work on `size` cells, in a thread if it would make other requests wait."""
    return await to_thread.run_sync(work) if size > THREAD_THRESHOLD_CELLS else work()
