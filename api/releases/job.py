"""Making a release: a job that can be killed at any point and goes on where it broke.

What was approved is frozen first. Then each scope is protected by itself, and kept when it is done. Only when every
audit has passed is anything written where readers see it, all in one transaction.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

import msgspec
from anyio import from_thread, to_thread
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.access.audit import record_audit
from api.clock import Clock
from api.figures import queries as outcomes
from api.figures import resolution as questions
from api.figures.completeness import ReturnCompleteness, assess_completeness
from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import SelectedRevision
from api.plan import calendar
from api.plan import queries as plans
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.releases import protection, published_statistics, queries, released_entries, scopes, true_counts
from api.releases import release_diff as differences
from api.releases import released_figures as rows
from api.releases.protection import AuditHistory, ProtectionTask
from api.releases.queries import PreviousRelease, PublicationKey, PublicationRecord
from api.releases.released_values import SeriesKey
from api.releases.scopes import AuditScope, GeographyChanged
from api.releases.writer import ReleaseWriter
from api.reviews import queries as reviews
from api.reviews.concessions import Concessions
from api.statistics.disclosure.figures import MapFunction
from api.statistics.disclosure.lattice import ScopeShape, build_nodes
from schema.outcomes import RevisionBasis
from schema.periods import Period
from schema.publication_jobs import FailedScope, PublicationJobState, Rehearsal, ReleaseAudit, ScopeAudit
from schema.released_figures import PublishedFigure, ReleasedEntry

FROZEN_INPUTS_STEP = ""
"""The step that freezes what is approved; the others are named by their scopes."""
HISTORY_STEP_PREFIX = "kept "
"""Before the name of a scope: the step with what is kept of it."""


class FrozenInputs(Struct, frozen=True, kw_only=True):
    """The revisions that a publication rests on, however long it takes."""

    returns: list[SelectedRevision]
    cleared: dict[int, list[int]] = {}
    """Of revisions of milestones and evidence, the items or entries that were cleared by then, counted from 1."""


class ScopeResult(Struct, frozen=True, kw_only=True):
    """What protecting a scope came to."""

    report: ScopeAudit | None = None
    failed: FailedScope | None = None


class Publisher:
    """Does the jobs of the kind `publish`. `across` spreads the audits of a scope over processes."""

    def __init__(
        self, engine: AsyncEngine, clock: Clock, *, map_tasks: MapFunction = map, max_concurrent_scopes: int = 1
    ) -> None:
        self.engine, self.clock, self.map_tasks, self.max_concurrent_scopes = (
            engine,
            clock,
            map_tasks,
            max_concurrent_scopes,
        )

    @asynccontextmanager
    async def begin_transaction(self, job: PublicationKey) -> AsyncGenerator[AsyncConnection]:
        """A transaction that reads every return of the job's programme."""
        async with self.engine.begin() as transaction:
            await queries.allow_all_returns(transaction, job.programme)
            yield transaction

    async def handle(self, payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=PublicationKey)
        try:
            await self._publish(job)
        except Exception:
            async with self.begin_transaction(job) as transaction:
                await queries.update_publication(
                    transaction, job, state=PublicationJobState.FAILED, finished_at=self.clock()
                )
            raise

    async def _publish(self, job: PublicationKey) -> None:
        async with self.begin_transaction(job) as transaction:
            asked = await queries.lock_publication(transaction, job)
            if asked.state not in (PublicationJobState.QUEUED, PublicationJobState.RUNNING):
                return
            frozen_at = asked.frozen_at or self.clock()
            catalogue = await plans.fetch_catalogue(transaction, asked.programme)
            if asked.plan_version is not None:
                catalogue = await plans.fetch_catalogue_version(
                    transaction, asked.programme, job.programme, asked.plan_version
                )
            if asked.frozen_at is None:
                every = [
                    (measure.slug, series.slug) for measure in catalogue.plan.measures for series in measure.series
                ]
                returns = await outcomes.fetch_selected_revisions(transaction, catalogue, every, RevisionBasis.APPROVED)
                texts = await reviews.fetch_cleared_entries(
                    transaction, catalogue, released_entries.list_entry_revisions(returns, catalogue)
                )
                frozen = FrozenInputs(returns=returns, cleared=texts)
                await queries.save_step(transaction, job, FROZEN_INPUTS_STEP, msgspec.msgpack.encode(frozen))
            standing = msgspec.msgpack.decode(
                await queries.fetch_step(transaction, job, FROZEN_INPUTS_STEP), type=FrozenInputs
            )
            every_scope = scopes.list_scopes(
                catalogue,
                _group_returned_periods(standing.returns),
                today=calendar.to_london_date(frozen_at),
                excluded_measures=asked.request.exclude_measures,
            )
            done = await queries.list_completed_steps(transaction, job) & {scope.key for scope in every_scope}
            await queries.update_publication(
                transaction,
                job,
                state=PublicationJobState.RUNNING,
                frozen_at=frozen_at,
                plan_version=catalogue.version,
                scopes=len(every_scope),
                done=len(done),
            )
            last = await queries.find_previous_release(transaction, job.programme)
        run = _PublicationRun(self, job, asked, catalogue, standing, frozen_at, last)
        await run.protect_scopes([scope for scope in every_scope if scope.key not in done], done=len(done))
        await run.finish(every_scope)


def _group_returned_periods(returns: Iterable[SelectedRevision]) -> dict[SeriesKey, list[Period]]:
    found: dict[SeriesKey, list[Period]] = {}
    for one in returns:
        if one.is_counted:
            found.setdefault((one.measure, one.series), []).append(one.period)
    return found


class _PublicationRun:
    """One publication, from what is frozen to what is written."""

    def __init__(
        self,
        publisher: Publisher,
        job: PublicationKey,
        record: PublicationRecord,
        catalogue: Catalogue,
        inputs: FrozenInputs,
        frozen_at: datetime,
        previous: PreviousRelease | None,
    ) -> None:
        self.publisher, self.job, self.record = publisher, job, record
        self.catalogue, self.frozen_at, self.previous = catalogue, frozen_at, previous
        self.returns, self.cleared_entries = inputs.returns, inputs.cleared

    async def protect_scopes(self, left: Sequence[AuditScope], *, done: int) -> None:
        """Scope by scope, a few at once; each is kept as soon as it is done."""
        limit = asyncio.Semaphore(self.publisher.max_concurrent_scopes)
        finished = done

        async def one(scope: AuditScope) -> None:
            nonlocal finished
            async with limit:
                stored, kept = await self._protect_scope(scope)
                finished += 1
                async with self.publisher.begin_transaction(self.job) as transaction:
                    if kept is not None:
                        await queries.save_step(
                            transaction, self.job, HISTORY_STEP_PREFIX + scope.key, protection.pack_history(kept)
                        )
                    await queries.save_step(transaction, self.job, scope.key, msgspec.msgpack.encode(stored))
                    await queries.update_publication(transaction, self.job, done=finished)

        async with asyncio.TaskGroup() as together:
            for scope in left:
                together.create_task(one(scope))

    async def _protect_scope(self, scope: AuditScope) -> tuple[ScopeResult, AuditHistory | None]:
        async with self.publisher.begin_transaction(self.job) as transaction:
            contents = await queries.fetch_audit_histories(transaction, self.job.programme, scope.key)
            earlier = tuple(protection.unpack_history(content) for content in contents)
            try:
                shape = protection.extend_shape(scope.shape, earlier)
            except GeographyChanged as refusal:
                return ScopeResult(failed=protection.report_changed_geography(scope.key, scope.measures, refusal)), None
            mine = [
                one
                for one in self.returns
                if one.is_counted and one.period.code in scope.collected_periods and _is_in_scope(one, scope)
            ]
            if not mine and not earlier:
                return ScopeResult(
                    report=protection.report_nothing_returned(scope.key, scope.measures, scope.shape)
                ), None
            cells = await outcomes.fetch_cells(transaction, self.catalogue, revisions=[one.id for one in mine])
        frozen = await to_thread.run_sync(
            lambda: true_counts.calculate_true_counts(scope, build_nodes(shape), self.catalogue, mine, cells)
        )
        work = self._make_task(scope, shape, frozen, earlier)
        result = await to_thread.run_sync(partial(protection.protect_scope, work, self.publisher.map_tasks))
        if isinstance(result, FailedScope):
            return ScopeResult(failed=result), None
        return ScopeResult(report=result.report), result.history

    def _make_task(
        self,
        scope: AuditScope,
        shape: ScopeShape,
        frozen: true_counts.TrueCounts,
        earlier: tuple[AuditHistory, ...],
    ) -> ProtectionTask:
        organisations = sorted({*frozen.organisations, *(o for one in earlier for o in one.true_counts.organisations)})
        numbers = scopes.number_groups(self.catalogue, organisations, [one.group_numbers for one in earlier])
        anew = {one.period for one in self.record.request.republish if one.measure in scope.measures}
        return ProtectionTask(
            key=scope.key,
            measures=tuple(scope.measures),
            rule=self.catalogue.plan.disclosure.rule(scope.disclosure_class),
            shape=shape,
            true_counts=frozen,
            group_numbers=dict(zip(organisations, numbers, strict=True)),
            earlier=earlier,
            reset_periods=frozenset(anew & set(shape.periods)),
        )

    async def finish(self, every: Sequence[AuditScope]) -> None:
        """Write the release, or say why there is none; all of it or nothing."""
        async with self.publisher.begin_transaction(self.job) as transaction:
            stored = {
                scope.key: msgspec.msgpack.decode(
                    await queries.fetch_step(transaction, self.job, scope.key) or b"", type=ScopeResult
                )
                for scope in every
            }
            failures = [one.failed for one in stored.values() if one.failed is not None]
            failures += await self._find_regrouped_scopes(transaction, every)
            ended: dict[str, object] = {"finished_at": self.publisher.clock()}
            if failures:
                ended |= {"state": PublicationJobState.REFUSED, "failures": msgspec.to_builtins(failures)}
            else:
                ended |= await self._write_release(transaction, every, stored)
            await queries.delete_steps(transaction, self.job)
            await queries.update_publication(transaction, self.job, **ended)
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

    async def _find_regrouped_scopes(
        self, transaction: AsyncConnection, every: Sequence[AuditScope]
    ) -> list[FailedScope]:
        """Measures that another plan version audits with others than the releases before it."""
        before = await queries.list_audited_scopes(transaction, self.job.programme)
        lost = scopes.find_regrouped_measures(before, every)
        return [protection.report_regrouping(scope.key, scope.measures) for scope in every if lost & {*scope.measures}]

    async def _write_release(
        self, transaction: AsyncConnection, every: Sequence[AuditScope], stored: Mapping[str, ScopeResult]
    ) -> dict[str, object]:
        number = 1 if self.previous is None else self.previous.number + 1
        turn = asyncio.Lock()
        snapshot = await self._make_snapshot(transaction, turn, every, number)
        writing = ReleaseWriter(transaction, turn, self.job, snapshot, self.previous, dry_run=self.record.dry_run)
        redefined: frozenset[str] = frozenset()
        if self.previous is not None:
            version = self.previous.plan_version
            then = await plans.fetch_catalogue_version(transaction, self.record.programme, self.job.programme, version)
            redefined = differences.find_redefined_measures(then.plan.measures, self.catalogue.plan.measures)
        await writing.write_figures(reset_periods=self.record.request.republish, redefined_measures=redefined)
        entries = await self._collect_entries(transaction)
        await writing.add_entries(entries)
        reports = [one.report for one in stored.values() if one.report is not None]
        report = ReleaseAudit(
            scopes=reports,
            figures=writing.figures,
            shown=writing.shown,
            changes=writing.changes,
            entries=released_entries.count_by_measure(entries),
        )
        rehearsal = Rehearsal(report=report, changes=writing.listed_changes)
        told: dict[str, object] = {"rehearsal": msgspec.to_builtins(rehearsal)}
        if self.record.dry_run:
            return {"state": PublicationJobState.REHEARSED} | told
        now = self.publisher.clock()
        await queries.add_release(
            transaction,
            self.catalogue,
            self.job,
            number,
            report.public,
            notes=self.record.request.notes,
            published_at=max(self.record.request.publish_at or now, now),
            frozen_at=self.frozen_at,
            sha256=writing.sha256,
        )
        changed = {one.scope: HISTORY_STEP_PREFIX + one.scope for one in reports if not one.carried_forward}
        await queries.save_audit_histories(transaction, self.job, number, changed)
        return {"state": PublicationJobState.PUBLISHED, "release": number} | told

    async def _collect_entries(self, transaction: AsyncConnection) -> list[tuple[ReleasedEntry, int]]:
        """What was cleared of milestones and evidence when the work began, and has not been redacted since."""
        contents = await queries.lock_returned_entries(transaction, self.catalogue, list(self.cleared_entries))
        without = frozenset(self.record.request.exclude_measures)
        return released_entries.collect_entries(
            self.returns, self.cleared_entries, contents, self.catalogue, excluded_measures=without
        )

    async def _calculate_published_statistics(
        self, transaction: AsyncConnection, granted: Concessions, number: int
    ) -> dict[SeriesKey, list[PublishedFigure]]:
        """The approved figures of published statistics, as their publishers give them."""
        policy = self.catalogue.plan.disclosure.version
        found: dict[SeriesKey, list[PublishedFigure]] = {}
        for measure, series in published_statistics.list_published_series(
            self.catalogue, self.record.request.exclude_measures
        ):
            key = (measure.slug, series.slug)
            mine = [one for one in self.returns if one.is_counted and (one.measure, one.series) == key]
            content = await outcomes.fetch_published_figures(transaction, self.catalogue, [one.id for one in mine])
            told = published_statistics.calculate_published_figures(
                measure, series, mine, content, self.catalogue, granted
            )
            found[key] = [rows.convert_published_figure(figure, number, policy) for figure in told]
        return found

    async def _make_snapshot(
        self, transaction: AsyncConnection, turn: asyncio.Lock, every: Sequence[AuditScope], number: int
    ) -> rows.Snapshot:
        granted = await reviews.fetch_concessions(transaction, self.catalogue)
        steps = await queries.list_completed_steps(transaction, self.job)

        async def content(key: str) -> bytes:
            async with turn:
                return await queries.fetch_step(transaction, self.job, HISTORY_STEP_PREFIX + key)

        def kept(key: str) -> AuditHistory | None:
            return (
                protection.unpack_history(from_thread.run(content, key)) if HISTORY_STEP_PREFIX + key in steps else None
            )

        return rows.Snapshot(
            catalogue=self.catalogue,
            number=number,
            frozen_at=self.frozen_at,
            scopes=every,
            load_history=kept,
            coverage=self._calculate_coverage(every, granted),
            published=await self._calculate_published_statistics(transaction, granted, number),
            excluded_measures=frozenset(self.record.request.exclude_measures),
        )

    def _calculate_coverage(
        self, every: Sequence[AuditScope], granted: Concessions
    ) -> dict[tuple[SeriesKey, str], ReturnCompleteness]:
        """Of each series in each period, as it is when the release is made."""
        returns: dict[SeriesKey, list[SelectedRevision]] = {}
        for one in self.returns:
            returns.setdefault((one.measure, one.series), []).append(one)
        wanted: dict[SeriesKey, dict[str, Period]] = {}
        for key, period in rows.iterate_series_periods(every):
            wanted.setdefault(key, {})[period.code] = period
        found: dict[tuple[SeriesKey, str], ReturnCompleteness] = {}
        for measure in self.catalogue.plan.measures:
            for series in measure.series:
                key = (measure.slug, series.slug)
                if key not in wanted:
                    over, longer = scopes.list_released_periods(
                        measure,
                        self.catalogue,
                        [r.period for r in returns.get(key, [])],
                        today=calendar.to_london_date(self.frozen_at),
                    )
                    wanted[key] = {period.code: period for period in (*over, *longer)}
                whole = ResolvedQuery(
                    measure=measure,
                    series=series,
                    period=None,
                    areas=[self.catalogue.plan.area],
                    breakdowns=[TOTAL_KEY],
                )
                for code, period in wanted[key].items():
                    asked = questions.resolve_period(whole, period, self.catalogue, returns)
                    found[key, code] = assess_completeness(asked, self.catalogue, granted)
        return found


def _is_in_scope(one: SelectedRevision, scope: AuditScope) -> bool:
    return (one.measure, one.series) in {member.key for member in scope.members}
