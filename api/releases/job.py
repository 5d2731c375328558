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

from api.access import queries as partners
from api.clock import Clock
from api.figures import queries as outcomes
from api.figures import resolution as questions
from api.figures.completeness import Completeness, completeness
from api.figures.resolution import Asked
from api.figures.returns_data import StandingRevision
from api.plan import calendar
from api.plan import queries as plans
from api.plan.catalogue import TOTAL, Catalogue
from api.releases import protection, published_statistics, queries, released_entries, scopes, true_counts
from api.releases import release_diff as differences
from api.releases import released_figures as rows
from api.releases.protection import Kept, Work
from api.releases.queries import Job, Last, Requested
from api.releases.released_values import SeriesKey
from api.releases.scopes import AuditScope, GeographyChanged
from api.releases.writer import Writing
from api.reviews import queries as reviews
from api.reviews.concessions import Leeway
from api.statistics.disclosure.figures import Across
from api.statistics.disclosure.lattice import Shape, nodes_of
from schema.outcomes import RevisionBasis
from schema.periods import Period
from schema.releases import (
    FailedScope,
    Figure,
    PublicationState,
    Rehearsal,
    ReleaseAudit,
    ReleasedEntry,
    ScopeAudit,
)

STANDING = ""
"""The step that freezes what is approved; the others are named by their scopes."""
KEPT = "kept "
"""Before the name of a scope: the step with what is kept of it."""


class Standing(Struct, frozen=True, kw_only=True):
    """The revisions that a publication rests on, however long it takes."""

    returns: list[StandingRevision]
    cleared: dict[int, list[int]] = {}
    """Of revisions of milestones and evidence, the items or entries that were cleared by then, counted from 1."""


class Stored(Struct, frozen=True, kw_only=True):
    """What protecting a scope came to."""

    report: ScopeAudit | None = None
    failed: FailedScope | None = None


class Publisher:
    """Does the jobs of the kind `publish`. `across` spreads the audits of a scope over processes."""

    def __init__(self, engine: AsyncEngine, clock: Clock, *, across: Across = map, at_once: int = 1) -> None:
        self.engine, self.clock, self.across, self.at_once = engine, clock, across, at_once

    @asynccontextmanager
    async def bound(self, job: Job) -> AsyncGenerator[AsyncConnection]:
        """A transaction that reads every return of the job's programme."""
        async with self.engine.begin() as transaction:
            await queries.bind(transaction, job.programme)
            yield transaction

    async def handle(self, payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=Job)
        try:
            await self._publish(job)
        except Exception:
            async with self.bound(job) as transaction:
                await queries.tell(transaction, job, state=PublicationState.FAILED, finished_at=self.clock())
            raise

    async def _publish(self, job: Job) -> None:
        async with self.bound(job) as transaction:
            asked = await queries.requested(transaction, job)
            if asked.state not in (PublicationState.QUEUED, PublicationState.RUNNING):
                return
            frozen_at = asked.frozen_at or self.clock()
            catalogue = await plans.current(transaction, asked.programme)
            if asked.plan_version is not None:
                catalogue = await plans.version_of(transaction, asked.programme, job.programme, asked.plan_version)
            if asked.frozen_at is None:
                every = [
                    (measure.slug, series.slug) for measure in catalogue.plan.measures for series in measure.series
                ]
                returns = await outcomes.standing(transaction, catalogue, every, RevisionBasis.APPROVED)
                texts = await reviews.cleared(transaction, catalogue, released_entries.returned(returns, catalogue))
                frozen = Standing(returns=returns, cleared=texts)
                await queries.take_step(transaction, job, STANDING, msgspec.msgpack.encode(frozen))
            standing = msgspec.msgpack.decode(await queries.step_of(transaction, job, STANDING), type=Standing)
            every_scope = scopes.scopes(
                catalogue, _returned(standing.returns), today=calendar.today(frozen_at), without=asked.request.without
            )
            done = await queries.steps(transaction, job) & {scope.key for scope in every_scope}
            await queries.tell(
                transaction,
                job,
                state=PublicationState.RUNNING,
                frozen_at=frozen_at,
                plan_version=catalogue.version,
                scopes=len(every_scope),
                done=len(done),
            )
            last = await queries.last(transaction, job.programme)
        run = _Run(self, job, asked, catalogue, standing, frozen_at, last)
        await run.protect([scope for scope in every_scope if scope.key not in done], done=len(done))
        await run.finish(every_scope)


def _returned(returns: Iterable[StandingRevision]) -> dict[SeriesKey, list[Period]]:
    found: dict[SeriesKey, list[Period]] = {}
    for one in returns:
        if one.counts:
            found.setdefault((one.measure, one.series), []).append(one.period)
    return found


class _Run:
    """One publication, from what is frozen to what is written."""

    def __init__(
        self,
        publisher: Publisher,
        job: Job,
        asked: Requested,
        catalogue: Catalogue,
        standing: Standing,
        frozen_at: datetime,
        last: Last | None,
    ) -> None:
        self.publisher, self.job, self.asked = publisher, job, asked
        self.catalogue, self.frozen_at, self.last = catalogue, frozen_at, last
        self.returns, self.cleared = standing.returns, standing.cleared

    async def protect(self, left: Sequence[AuditScope], *, done: int) -> None:
        """Scope by scope, a few at once; each is kept as soon as it is done."""
        limit = asyncio.Semaphore(self.publisher.at_once)
        finished = done

        async def one(scope: AuditScope) -> None:
            nonlocal finished
            async with limit:
                stored, kept = await self._protected(scope)
                finished += 1
                async with self.publisher.bound(self.job) as transaction:
                    if kept is not None:
                        await queries.take_step(transaction, self.job, KEPT + scope.key, protection.packed(kept))
                    await queries.take_step(transaction, self.job, scope.key, msgspec.msgpack.encode(stored))
                    await queries.tell(transaction, self.job, done=finished)

        async with asyncio.TaskGroup() as together:
            for scope in left:
                together.create_task(one(scope))

    async def _protected(self, scope: AuditScope) -> tuple[Stored, Kept | None]:
        async with self.publisher.bound(self.job) as transaction:
            contents = await queries.kept_of(transaction, self.job.programme, scope.key)
            earlier = tuple(protection.unpacked(content) for content in contents)
            try:
                shape = protection.shape_of(scope.shape, earlier)
            except GeographyChanged as refusal:
                return Stored(failed=protection.failed_by_geography(scope.key, scope.measures, refusal)), None
            mine = [
                one for one in self.returns if one.counts and one.period.code in scope.collected and _is_of(one, scope)
            ]
            if not mine and not earlier:
                return Stored(report=protection.nothing_returned(scope.key, scope.measures, scope.shape)), None
            cells = await outcomes.cells(transaction, self.catalogue, revisions=[one.id for one in mine])
        frozen = await to_thread.run_sync(
            lambda: true_counts.frozen(scope, nodes_of(shape), self.catalogue, mine, cells)
        )
        work = self._work(scope, shape, frozen, earlier)
        result = await to_thread.run_sync(partial(protection.protected, work, self.publisher.across))
        if isinstance(result, FailedScope):
            return Stored(failed=result), None
        return Stored(report=result.report), result.kept

    def _work(
        self,
        scope: AuditScope,
        shape: Shape,
        frozen: true_counts.Frozen,
        earlier: tuple[Kept, ...],
    ) -> Work:
        organisations = sorted({*frozen.organisations, *(o for one in earlier for o in one.frozen.organisations)})
        numbers = scopes.groups(self.catalogue, organisations, [one.group for one in earlier])
        anew = {one.period for one in self.asked.request.anew if one.measure in scope.measures}
        return Work(
            key=scope.key,
            measures=tuple(scope.measures),
            rule=self.catalogue.plan.disclosure.rule(scope.disclosure_class),
            shape=shape,
            frozen=frozen,
            group=dict(zip(organisations, numbers, strict=True)),
            earlier=earlier,
            anew=frozenset(anew & set(shape.periods)),
        )

    async def finish(self, every: Sequence[AuditScope]) -> None:
        """Write the release, or say why there is none; all of it or nothing."""
        async with self.publisher.bound(self.job) as transaction:
            stored = {
                scope.key: msgspec.msgpack.decode(
                    await queries.step_of(transaction, self.job, scope.key) or b"", type=Stored
                )
                for scope in every
            }
            failures = [one.failed for one in stored.values() if one.failed is not None]
            failures += await self._regrouped(transaction, every)
            ended: dict[str, object] = {"finished_at": self.publisher.clock()}
            if failures:
                ended |= {"state": PublicationState.REFUSED, "failures": msgspec.to_builtins(failures)}
            else:
                ended |= await self._written(transaction, every, stored)
            await queries.forget_steps(transaction, self.job)
            await queries.tell(transaction, self.job, **ended)
            subject = {"publication": str(self.job.publication), "state": str(ended["state"])}
            if "release" in ended:
                subject["release"] = str(ended["release"])
            await partners.tell_audit(
                transaction,
                self.job.programme,
                None,
                "publication.ended",
                subject,
                organisation_id=None,
                now=self.publisher.clock(),
            )

    async def _regrouped(self, transaction: AsyncConnection, every: Sequence[AuditScope]) -> list[FailedScope]:
        """Measures that another plan version audits with others than the releases before it."""
        before = await queries.scopes_of(transaction, self.job.programme)
        lost = scopes.regrouped(before, every)
        return [
            protection.failed_by_regrouping(scope.key, scope.measures) for scope in every if lost & {*scope.measures}
        ]

    async def _written(
        self, transaction: AsyncConnection, every: Sequence[AuditScope], stored: Mapping[str, Stored]
    ) -> dict[str, object]:
        number = 1 if self.last is None else self.last.number + 1
        turn = asyncio.Lock()
        snapshot = await self._snapshot(transaction, turn, every, number)
        writing = Writing(transaction, turn, self.job, snapshot, self.last, dry_run=self.asked.dry_run)
        redefined: frozenset[str] = frozenset()
        if self.last is not None:
            version = self.last.plan_version
            then = await plans.version_of(transaction, self.asked.programme, self.job.programme, version)
            redefined = differences.redefined(then.plan.measures, self.catalogue.plan.measures)
        await writing.written(anew=self.asked.request.anew, redefined=redefined)
        entries = await self._entries(transaction)
        await writing.add_entries(entries)
        reports = [one.report for one in stored.values() if one.report is not None]
        report = ReleaseAudit(
            scopes=reports,
            figures=writing.figures,
            shown=writing.shown,
            changes=writing.changes,
            entries=released_entries.counted(entries),
        )
        rehearsal = Rehearsal(report=report, changes=writing.told)
        told: dict[str, object] = {"rehearsal": msgspec.to_builtins(rehearsal)}
        if self.asked.dry_run:
            return {"state": PublicationState.REHEARSED} | told
        now = self.publisher.clock()
        await queries.add(
            transaction,
            self.catalogue,
            self.job,
            number,
            report.told,
            notes=self.asked.request.notes,
            published_at=max(self.asked.request.publish_at or now, now),
            frozen_at=self.frozen_at,
            sha256=writing.sha256,
        )
        changed = {one.scope: KEPT + one.scope for one in reports if not one.carried}
        await queries.keep(transaction, self.job, number, changed)
        return {"state": PublicationState.PUBLISHED, "release": number} | told

    async def _entries(self, transaction: AsyncConnection) -> list[tuple[ReleasedEntry, int]]:
        """What was cleared of milestones and evidence when the work began, and has not been redacted since."""
        contents = await queries.contents(transaction, self.catalogue, list(self.cleared))
        without = frozenset(self.asked.request.without)
        return released_entries.entries(self.returns, self.cleared, contents, self.catalogue, without=without)

    async def _published(
        self, transaction: AsyncConnection, granted: Leeway, number: int
    ) -> dict[SeriesKey, list[Figure]]:
        """The approved figures of published statistics, as their publishers give them."""
        policy = self.catalogue.plan.disclosure.version
        found: dict[SeriesKey, list[Figure]] = {}
        for measure, series in published_statistics.series(self.catalogue, self.asked.request.without):
            key = (measure.slug, series.slug)
            mine = [one for one in self.returns if one.counts and (one.measure, one.series) == key]
            content = await outcomes.published(transaction, self.catalogue, [one.id for one in mine])
            told = published_statistics.figures(measure, series, mine, content, self.catalogue, granted)
            found[key] = [rows.as_published(figure, number, policy) for figure in told]
        return found

    async def _snapshot(
        self, transaction: AsyncConnection, turn: asyncio.Lock, every: Sequence[AuditScope], number: int
    ) -> rows.Snapshot:
        granted = await reviews.leeway(transaction, self.catalogue)
        steps = await queries.steps(transaction, self.job)

        async def content(key: str) -> bytes:
            async with turn:
                return await queries.step_of(transaction, self.job, KEPT + key)

        def kept(key: str) -> Kept | None:
            return protection.unpacked(from_thread.run(content, key)) if KEPT + key in steps else None

        return rows.Snapshot(
            catalogue=self.catalogue,
            number=number,
            frozen_at=self.frozen_at,
            scopes=every,
            kept=kept,
            coverage=self._coverage(every, granted),
            published=await self._published(transaction, granted, number),
            without=frozenset(self.asked.request.without),
        )

    def _coverage(self, every: Sequence[AuditScope], granted: Leeway) -> dict[tuple[SeriesKey, str], Completeness]:
        """Of each series in each period, as it is when the release is made."""
        returns: dict[SeriesKey, list[StandingRevision]] = {}
        for one in self.returns:
            returns.setdefault((one.measure, one.series), []).append(one)
        wanted: dict[SeriesKey, dict[str, Period]] = {}
        for key, period in rows.spans(every):
            wanted.setdefault(key, {})[period.code] = period
        found: dict[tuple[SeriesKey, str], Completeness] = {}
        for measure in self.catalogue.plan.measures:
            for series in measure.series:
                key = (measure.slug, series.slug)
                if key not in wanted:
                    over, longer = scopes.released_periods(
                        measure,
                        self.catalogue,
                        [r.period for r in returns.get(key, [])],
                        today=calendar.today(self.frozen_at),
                    )
                    wanted[key] = {period.code: period for period in (*over, *longer)}
                whole = Asked(
                    measure=measure, series=series, period=None, areas=[self.catalogue.plan.area], breakdowns=[TOTAL]
                )
                for code, period in wanted[key].items():
                    asked = questions.at(whole, period, self.catalogue, returns)
                    found[key, code] = completeness(asked, self.catalogue, granted)
        return found


def _is_of(one: StandingRevision, scope: AuditScope) -> bool:
    return (one.measure, one.series) in {member.key for member in scope.members}
