"""The pipeline from a parsed submission to its recorded report, the same for every format."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.params import FromPath, QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.audit import SeparateEntry, record_separately
from api.access.authentication import authenticate
from api.access.idempotency import REPLAYED_HEADER, IdempotencyKey, IdempotentRequest, replay_response
from api.access.programme_access import ProgrammeAccess, open_access
from api.database.connections import autocommit_connection, driver_transaction
from api.http.budgets import Upload, UploadBudget
from api.http.problems import error_code
from api.http.refusals import Conflict, Invalid
from api.http.threads import run_in_thread_if_large
from api.monitoring.process_counts import ProcessCounts
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.submissions.base_revision import OutdatedReturn, find_outdated, raise_if_outdated
from api.submissions.cell_columns import Cells
from api.submissions.checks import history
from api.submissions.checks.longer_periods import find_longer_returns
from api.submissions.checks.rejections import Rejected
from api.submissions.checks.tiers import CheckedSubmission, check_history, check_submission, extend_deadlines
from api.submissions.compared_totals import build_totals
from api.submissions.comparison import SubmissionDiff
from api.submissions.owners import resolve_owner
from api.submissions.packed_cells import NO_CELLS, PackedCells, pack_cells
from api.submissions.parsed import ParsedSubmission
from api.submissions.queries_cells import fetch_cells
from api.submissions.queries_comparison import compare_submission
from api.submissions.queries_opening import OpenedSubmission, open_submission
from api.submissions.queries_record import record_submission
from api.submissions.queries_revisions import fetch_extensions, fetch_revision
from api.submissions.report import build_report, make_receipt, visible_effects
from api.submissions.revisions import ReturnKey
from schema.partners import Scope
from schema.submission_reports import Effect, SubmissionOutcome

DryRun = Annotated[bool, QueryParameter()]


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
        submission_id: UUID,
    ) -> None:
        self.access, self.key, self.dry_run, self.submission_id = access, key, dry_run, submission_id
        self.received_at = access.now  # `access` may be renewed, later

    def open_upload(self) -> AbstractContextManager[Upload]:
        """Return the context in which the memory of the submission is counted."""
        budget: UploadBudget = self.access.request.app.state.uploads
        return budget.open_upload(self.access.caller.key)

    async def process(
        self,
        operation: str,
        content: ParsedSubmission,
        content_sha256: bytes,
        *,
        request_sha256: bytes | None = None,
        dry_run_token: str | None = None,
    ) -> Response[bytes]:
        """Check and record the submission. A dry run is rolled back; then it stores an audit entry, and nothing else.

        `request_sha256` identifies the request for idempotency, if more than the content identifies it.
        """
        keyed = IdempotentRequest(
            operation=operation,
            content_sha256=request_sha256 or content_sha256,
            key=None if self.dry_run else self.key,
        )
        try:
            response = await self._run(keyed, content, content_sha256, dry_run_token)
        except (Conflict, Invalid) as refusal:
            if self.dry_run:
                await self._record_dry_run(content, error_code(type(refusal)))
            self._count("rejected")
            raise
        if self.dry_run:
            await self._record_dry_run(content, SubmissionOutcome.ACCEPTED)
        self._count("replayed" if REPLAYED_HEADER in response.headers else "accepted")
        return response

    def _count(self, outcome: str) -> None:
        counts: ProcessCounts = self.access.request.app.state.metrics.counts
        counts.submissions[outcome, self.dry_run] += 1

    async def _record_dry_run(self, content: ParsedSubmission, result: str) -> None:
        access, author = self.access, self.access.author
        entry = SeparateEntry(
            action="submission.checked",
            organisation=access.grant.organisation,
            request_id=author.request_id,
            client_request_id=author.client_request_id,
            subject={"organisation": self._find_owner(content), "returns": str(len(content.returns)), "result": result},
        )
        engine = access.request.app.state.engine
        await record_separately(engine, access.catalogue.id, [entry], client=author.client, key=author.key)

    async def _run(
        self, keyed: IdempotentRequest, content: ParsedSubmission, content_sha256: bytes, dry_run_token: str | None
    ) -> Response[bytes]:
        # Most submissions need no extension, so they are checked before a connection is needed.
        extensions: Mapping[ReturnKey, datetime] = {}
        checked = await self._check(content, extensions)
        async with driver_transaction(self.access.request.app.state.engine, commit=not self.dry_run) as transaction:
            while True:
                opened = await self._open(transaction, keyed, content, checked)
                if opened.is_access_changed:
                    self.access = await self.access.renew(transaction, Scope.SUBMIT)
                elif opened.stored is not None:
                    return replay_response(opened.stored, keyed)
                elif isinstance(checked, CheckedSubmission):
                    checked = extend_deadlines(checked, opened.extensions)
                    return await self._accept(transaction, keyed, checked, opened, content_sha256, dry_run_token)
                else:
                    known, owner = extensions, self._find_owner(content)
                    extensions = await fetch_extensions(transaction, self.access.catalogue, owner)
                    if extensions == known:  # the same check would have the same result
                        raise checked
                checked = await self._check(content, extensions)

    def _find_owner(self, content: ParsedSubmission) -> str:
        return resolve_owner(content.envelope.organisation, self.access.grant.organisation, self.access.catalogue)

    async def _check(
        self, content: ParsedSubmission, extensions: Mapping[ReturnKey, datetime]
    ) -> CheckedSubmission | Rejected:
        """Return the checked submission, or its rejection, which extensions that are not known yet could prevent."""
        owner, catalogue = self._find_owner(content), self.access.catalogue
        try:
            return await run_in_thread_if_large(
                content.size, lambda: check_submission(content, catalogue, owner, extensions, now=self.received_at)
            )
        except Rejected as rejection:
            return rejection

    async def _open(
        self,
        transaction: AsyncConnection,
        keyed: IdempotentRequest,
        content: ParsedSubmission,
        checked: CheckedSubmission | Rejected,
    ) -> OpenedSubmission:
        """Lock and read the returns of a checked submission; of a rejected one, check only the access and the key."""
        returns = checked.returns if isinstance(checked, CheckedSubmission) else []
        return await open_submission(
            transaction, self.access, keyed, self._find_owner(content), returns, now=self.access.clock.read()
        )

    async def _accept(
        self,
        transaction: AsyncConnection,
        keyed: IdempotentRequest,
        checked: CheckedSubmission,
        opened: OpenedSubmission,
        content_sha256: bytes,
        dry_run_token: str | None,
    ) -> Response[bytes]:
        """Compare the submission with the current revisions, record it, and return its report."""
        catalogue, now = self.access.catalogue, self.received_at
        current_cells = opened.current_cells
        size = checked.parsed.size + len(current_cells)
        if outdated := find_outdated(checked, opened.revisions):
            await self._raise_if_outdated(transaction, outdated, opened.return_ids, current_cells)
        comparison = await compare_submission(transaction, checked, opened, catalogue, size=size, now=now)
        effects = await self._check_history(transaction, opened, checked, size)
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
        answer = msgspec.json.encode(report)
        if not self.dry_run:
            packed_cells = await run_in_thread_if_large(size, lambda: _pack_changed(checked, comparison, catalogue))
            await record_submission(
                transaction,
                catalogue,
                comparison.returns,
                packed_cells,
                opened.return_ids,
                report,
                keyed,
                answer,
                receipt=receipt,
                note=checked.parsed.envelope.note,
                justifications_for=checked.findings.justifications_for,
                author=self.access.author,
                recorded_at=self.access.clock.accept(opened.locked_at),
            )
        return Response(answer, status_code=200 if self.dry_run else 201, media_type=MediaType.JSON)

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
        self, transaction: AsyncConnection, opened: OpenedSubmission, checked: CheckedSubmission, size: int
    ) -> list[Effect]:
        """Compare with earlier periods, and return the totals that the submission changes."""
        catalogue, owner = self.access.catalogue, checked.organisation
        past = build_totals(opened.compared, opened.compared_cells, checked.returns, catalogue)
        own = [total for total in past if total.organisation == owner]
        neighbours = history.find_adjacent_returns(checked.returns, own)
        longer_returns = find_longer_returns(checked.returns, own)
        needed = {key for one in (*neighbours, *longer_returns) for key in one.keys}
        unsent_keys = sorted(needed - {identified.key for identified in checked.returns})
        newest = {(compared.organisation, compared.key): compared.revision_id for compared in opened.compared}
        items = {newest[owner, key]: item for item, key in enumerate(unsent_keys)}
        cells = (await fetch_cells(transaction, catalogue, items)).split_by_item()
        cells_by_return = {key: cells.get(item, NO_CELLS) for item, key in enumerate(unsent_keys)}
        size += len(past)
        totals = await run_in_thread_if_large(
            size, lambda: check_history(checked, own, neighbours, longer_returns, cells_by_return, catalogue)
        )
        everybody = past if self.access.is_reviewer else None
        return await run_in_thread_if_large(size, lambda: visible_effects(own, everybody, totals, catalogue))


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
    async with autocommit_connection(state.engine) as connection:
        caller = await authenticate(request, connection)
        access = await open_access(request, connection, caller, programme, Scope.SUBMIT)
    return SubmissionRequest(access, idempotency_key, dry_run=dry_run, submission_id=state.ids())
