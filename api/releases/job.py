"""The publication job. It can be killed at any point, and continues where it stopped.

It freezes the approved returns first. Then it protects each scope separately and stores the result. Only when every
audit has passed does one transaction write what readers see.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec
from anyio import to_thread
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.access.audit import record_audit
from api.clock import Clock
from api.figures.queries import fetch_selected_revisions
from api.figures.returns_data import SelectedRevision
from api.plan import calendar
from api.plan.catalogue import Catalogue
from api.plan.queries import fetch_catalogue, fetch_catalogue_version
from api.releases import protection, queries_histories, queries_jobs, queries_previous
from api.releases.audit_history import AuditHistory, pack_history, unpack_history
from api.releases.coverage import group_returned_periods
from api.releases.protection_task import make_task
from api.releases.queries_jobs import FROZEN_INPUTS_STEP, HISTORY_STEP_PREFIX, PublicationKey, PublicationRecord
from api.releases.queries_snapshot import Publication
from api.releases.released_entries import list_entry_revisions
from api.releases.scope_shapes import GeographyChanged
from api.releases.scopes import AuditScope, find_regrouped_measures, list_scopes
from api.releases.true_counts import calculate_true_counts
from api.releases.writer import ReleaseTransaction
from api.reviews.queries_reviews import fetch_cleared_entries
from api.statistics.disclosure.figures import MapFunction
from api.statistics.disclosure.lattice import build_nodes
from api.submissions.queries_cells import fetch_cells
from schema.outcomes import RevisionBasis
from schema.publication_jobs import FailedScope, PublicationJobState, ScopeAudit


class FrozenInputs(Struct, frozen=True, kw_only=True):
    """The revisions that a publication uses, however long it runs."""

    returns: list[SelectedRevision]
    cleared: dict[int, list[int]] = {}
    """For each revision of milestones or evidence, the cleared items or entries, counted from 1."""


class ScopeResult(Struct, frozen=True, kw_only=True):
    """The result of protecting a scope: a report or a failure."""

    report: ScopeAudit | None = None
    failed: FailedScope | None = None


class Publisher:
    """Run jobs of the kind `publish`. `map_tasks` spreads the audits of a scope over processes."""

    def __init__(
        self, engine: AsyncEngine, clock: Clock, *, map_tasks: MapFunction = map, max_concurrent_scopes: int = 1
    ) -> None:
        self.engine, self.clock = engine, clock
        self.map_tasks, self.max_concurrent_scopes = map_tasks, max_concurrent_scopes

    @asynccontextmanager
    async def begin_transaction(self, job: PublicationKey) -> AsyncGenerator[AsyncConnection]:
        """Begin a transaction that may read every return of the job's programme."""
        async with self.engine.begin() as transaction:
            await queries_jobs.allow_all_returns(transaction, job.programme)
            yield transaction

    async def handle(self, payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=PublicationKey)
        try:
            await self._publish(job)
        except Exception:
            async with self.begin_transaction(job) as transaction:
                await queries_jobs.update_publication(
                    transaction, job, state=PublicationJobState.FAILED, finished_at=self.clock()
                )
            raise

    async def _publish(self, job: PublicationKey) -> None:
        async with self.begin_transaction(job) as transaction:
            record = await queries_jobs.lock_publication(transaction, job)
            if record.state not in (PublicationJobState.QUEUED, PublicationJobState.RUNNING):
                return
            frozen_at = record.frozen_at or self.clock()
            catalogue = await _fetch_catalogue(transaction, job, record)
            inputs = await _freeze_inputs(transaction, job, record, catalogue)
            scopes = list_scopes(
                catalogue,
                group_returned_periods(inputs.returns),
                today=calendar.to_london_date(frozen_at),
                excluded_measures=record.request.exclude_measures,
            )
            done = await queries_jobs.list_completed_steps(transaction, job) & {scope.key for scope in scopes}
            await queries_jobs.update_publication(
                transaction,
                job,
                state=PublicationJobState.RUNNING,
                frozen_at=frozen_at,
                plan_version=catalogue.version,
                scopes=len(scopes),
                done=len(done),
            )
            publication = Publication(
                job=job,
                record=record,
                catalogue=catalogue,
                returns=inputs.returns,
                cleared_entries=inputs.cleared,
                frozen_at=frozen_at,
                previous=await queries_previous.find_previous_release(transaction, job.programme),
            )
        run = _PublicationRun(self, publication)
        await run.protect_scopes([scope for scope in scopes if scope.key not in done], done=len(done))
        await run.finish(scopes)


async def _fetch_catalogue(transaction: AsyncConnection, job: PublicationKey, record: PublicationRecord) -> Catalogue:
    """Return the plan of the job: the version that it began with, or the current one if it has not begun."""
    if record.plan_version is None:
        return await fetch_catalogue(transaction, record.programme)
    return await fetch_catalogue_version(transaction, record.programme, job.programme, record.plan_version)


async def _freeze_inputs(
    transaction: AsyncConnection, job: PublicationKey, record: PublicationRecord, catalogue: Catalogue
) -> FrozenInputs:
    """Return the frozen inputs; store them first if the job has not begun."""
    if record.frozen_at is None:
        keys = [(measure.slug, series.slug) for measure in catalogue.plan.measures for series in measure.series]
        returns = await fetch_selected_revisions(transaction, catalogue, keys, RevisionBasis.APPROVED)
        entries = list_entry_revisions(returns, catalogue)
        inputs = FrozenInputs(returns=returns, cleared=await fetch_cleared_entries(transaction, catalogue, entries))
        await queries_jobs.save_step(transaction, job, FROZEN_INPUTS_STEP, msgspec.msgpack.encode(inputs))
    content = await queries_jobs.fetch_step(transaction, job, FROZEN_INPUTS_STEP)
    return msgspec.msgpack.decode(content, type=FrozenInputs)


class _PublicationRun:
    """One run of a publication, from the frozen inputs to the written release."""

    def __init__(self, publisher: Publisher, publication: Publication) -> None:
        self.publisher, self.publication, self.job = publisher, publication, publication.job

    async def protect_scopes(self, scopes: Sequence[AuditScope], *, done: int) -> None:
        """Protect these scopes, several at the same time, and store each result as soon as it exists."""
        limit = asyncio.Semaphore(self.publisher.max_concurrent_scopes)
        finished = done

        async def protect(scope: AuditScope) -> None:
            nonlocal finished
            async with limit:
                result, history = await self._protect_scope(scope)
                finished += 1
                async with self.publisher.begin_transaction(self.job) as transaction:
                    if history is not None:
                        step = HISTORY_STEP_PREFIX + scope.key
                        await queries_jobs.save_step(transaction, self.job, step, pack_history(history))
                    await queries_jobs.save_step(transaction, self.job, scope.key, msgspec.msgpack.encode(result))
                    await queries_jobs.update_publication(transaction, self.job, done=finished)

        async with asyncio.TaskGroup() as tasks:
            for scope in scopes:
                tasks.create_task(protect(scope))

    async def _protect_scope(self, scope: AuditScope) -> tuple[ScopeResult, AuditHistory | None]:
        publication, catalogue = self.publication, self.publication.catalogue
        async with self.publisher.begin_transaction(self.job) as transaction:
            contents = await queries_histories.fetch_audit_histories(transaction, self.job.programme, scope.key)
            earlier = tuple(unpack_history(content) for content in contents)
            try:
                shape = protection.extend_shape(scope.shape, earlier)
            except GeographyChanged as refusal:
                failure = protection.report_changed_geography(scope.key, scope.measures, refusal)
                return ScopeResult(failed=failure), None
            returns = _select_returns(publication.returns, scope)
            if not returns and not earlier:
                report = protection.report_nothing_returned(scope.key, scope.measures, scope.shape)
                return ScopeResult(report=report), None
            cells = await fetch_cells(transaction, catalogue, {r.id: r.id for r in returns if r.is_counted})
        counts = await to_thread.run_sync(
            lambda: calculate_true_counts(scope, build_nodes(shape), catalogue, returns, cells)
        )
        task = make_task(scope, shape, counts, earlier, catalogue, publication.record.request.republish)
        result = await to_thread.run_sync(partial(protection.protect_scope, task, self.publisher.map_tasks))
        if isinstance(result, FailedScope):
            return ScopeResult(failed=result), None
        return ScopeResult(report=result.report), result.history

    async def finish(self, scopes: Sequence[AuditScope]) -> None:
        """Write the whole release, or record why it cannot be published."""
        async with self.publisher.begin_transaction(self.job) as transaction:
            results = [await self._fetch_result(transaction, scope) for scope in scopes]
            failures = [result.failed for result in results if result.failed is not None]
            failures += await self._find_regrouped_scopes(transaction, scopes)
            now = self.publisher.clock()
            if failures:
                ended: dict[str, object] = {
                    "state": PublicationJobState.REFUSED,
                    "failures": msgspec.to_builtins(failures),
                }
            else:
                reports = [result.report for result in results if result.report is not None]
                ended = await ReleaseTransaction(transaction, self.publication, scopes).write(
                    reports, clock=self.publisher.clock
                )
            await queries_jobs.delete_steps(transaction, self.job)
            await queries_jobs.update_publication(transaction, self.job, **ended, finished_at=now)
            subject = {"publication": str(self.job.publication), "state": str(ended["state"])}
            if "release" in ended:
                subject["release"] = str(ended["release"])
            await record_audit(
                transaction,
                self.job.programme,
                None,
                "publication.ended",
                subject,
                organisation_id=None,
                now=self.publisher.clock(),
            )

    async def _fetch_result(self, transaction: AsyncConnection, scope: AuditScope) -> ScopeResult:
        content = await queries_jobs.fetch_step(transaction, self.job, scope.key)
        return msgspec.msgpack.decode(content, type=ScopeResult)

    async def _find_regrouped_scopes(
        self, transaction: AsyncConnection, scopes: Sequence[AuditScope]
    ) -> list[FailedScope]:
        """Report measures that this plan version audits with other measures than earlier releases did."""
        audited = await queries_histories.list_audited_scopes(transaction, self.job.programme)
        regrouped = find_regrouped_measures(audited, scopes)
        return [
            protection.report_regrouping(scope.key, scope.measures) for scope in scopes if regrouped & {*scope.measures}
        ]


def _select_returns(returns: Sequence[SelectedRevision], scope: AuditScope) -> list[SelectedRevision]:
    """Return the counted revisions of a scope."""
    keys = {member.key for member in scope.members}
    return [
        revision
        for revision in returns
        if revision.is_counted
        and revision.period.code in scope.collected_periods
        and (revision.measure, revision.series) in keys
    ]
