"""Write a release in one transaction, period by period, so that memory does not grow with the release.

A thread builds figures while the transaction writes the figures before them. The row of the release itself, with the
number of figures and their hash, is written last; its constraints are deferred until then.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from anyio import create_memory_object_stream, create_task_group, from_thread, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.clock import Clock
from api.figures.resolution import CellKey
from api.plan.queries import fetch_catalogue_version
from api.releases import queries_histories, queries_previous, queries_writing, released_entries
from api.releases.figure_keys import FigureKey, PreviousFigure, SeriesKey
from api.releases.queries_jobs import HISTORY_STEP_PREFIX
from api.releases.queries_snapshot import Publication, fetch_snapshot
from api.releases.release_diff import ChangeLog, FigureChange, compare_figures, find_redefined_measures
from api.releases.released_figures import PeriodFigures, build_period_figures
from api.releases.scopes import AuditScope
from api.releases.snapshot import Snapshot
from schema.periods import Period
from schema.publication_jobs import MeasurePeriod, PublicationJobState, Rehearsal, ReleaseAudit, ScopeAudit
from schema.released_figures import PublishedFigure

MAX_LISTED_CHANGES = 1000
"""Changes that a dry run lists."""
FIGURES_PER_BATCH = 4096
"""Figures that one statement sends to the database."""


class ReleaseTransaction:
    """Write everything of one release in one transaction, or for a dry run only calculate it."""

    def __init__(self, transaction: AsyncConnection, publication: Publication, scopes: Sequence[AuditScope]) -> None:
        self.transaction, self.publication, self.scopes = transaction, publication, scopes
        self.lock = asyncio.Lock()

    async def write(self, scope_audits: list[ScopeAudit], *, clock: Clock) -> dict[str, object]:
        """Write the release. Return the columns of the publication job that change."""
        publication, request = self.publication, self.publication.record.request
        snapshot = await fetch_snapshot(self.transaction, self.lock, publication, self.scopes)
        writer = FigureWriter(self.transaction, self.lock, snapshot, publication)
        redefined = await self._find_redefined_measures()
        await writer.write_figures(reset_periods=request.republish, redefined_measures=redefined)
        report = ReleaseAudit(
            scopes=scope_audits,
            figures=writer.figure_count,
            shown=writer.shown_count,
            changes=writer.changes.count,
            entries=await self._write_entries(),
        )
        rehearsal = msgspec.to_builtins(Rehearsal(report=report, changes=writer.changes.listed))
        if publication.record.dry_run:
            return {"state": PublicationJobState.REHEARSED, "rehearsal": rehearsal}
        now = clock()
        await queries_writing.add_release(
            self.transaction,
            publication.catalogue,
            publication.job,
            publication.number,
            report.public,
            notes=request.notes,
            published_at=max(request.publish_at or now, now),
            frozen_at=publication.frozen_at,
            sha256=writer.sha256,
        )
        steps = {audit.scope: HISTORY_STEP_PREFIX + audit.scope for audit in scope_audits if not audit.carried_forward}
        await queries_histories.save_audit_histories(self.transaction, publication.job, publication.number, steps)
        return {"state": PublicationJobState.PUBLISHED, "release": publication.number, "rehearsal": rehearsal}

    async def _find_redefined_measures(self) -> frozenset[str]:
        """Return the measures that the plan version of the previous release defines differently."""
        publication, previous = self.publication, self.publication.previous
        if previous is None:
            return frozenset()
        old = await fetch_catalogue_version(
            self.transaction, publication.record.programme, publication.job.programme, previous.plan_version
        )
        return find_redefined_measures(old.plan.measures, publication.catalogue.plan.measures)

    async def _write_entries(self) -> dict[str, int]:
        """Write the entries that were cleared when the job began and not redacted since; return counts by measure.

        The hash of the release covers figures only.
        """
        publication, catalogue = self.publication, self.publication.catalogue
        contents = await queries_writing.lock_returned_entries(
            self.transaction, catalogue, list(publication.cleared_entries)
        )
        entries = released_entries.collect_entries(
            publication.returns,
            publication.cleared_entries,
            contents,
            catalogue,
            excluded_measures=frozenset(publication.record.request.exclude_measures),
        )
        if not publication.record.dry_run:
            await queries_writing.add_entries(self.transaction, catalogue, publication.number, entries)
        return released_entries.count_by_measure(entries)


class FigureBatch(Struct, frozen=True, kw_only=True):
    """Figures, encoded, and changes that are sent to the database together, each from a position on."""

    figures: list[tuple[PublishedFigure, CellKey, bytes]]
    changes: list[FigureChange]
    first_position: int
    first_change_position: int


class FigureWriter:
    """Write figures and changes while counting and hashing them. A dry run writes nothing.

    Use the transaction only under `lock`: figures are sent while a thread builds others and reads earlier ones.
    """

    def __init__(
        self, transaction: AsyncConnection, lock: asyncio.Lock, snapshot: Snapshot, publication: Publication
    ) -> None:
        self.transaction, self.lock, self.snapshot = transaction, lock, snapshot
        self.previous, self.programme = publication.previous, publication.job.programme
        self.dry_run = publication.record.dry_run
        self.figure_count = self.shown_count = 0
        self.changes = ChangeLog(dry_run=self.dry_run, max_listed=MAX_LISTED_CHANGES)
        self._hash = hashlib.sha256()
        self._periods: dict[tuple[SeriesKey, str], tuple[SeriesKey, Period, bool]] = {}
        self._pending_figures: list[tuple[PublishedFigure, CellKey, bytes]] = []
        self._seen_periods: dict[int, set[str]] = {}

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    async def write_figures(
        self, *, reset_periods: Sequence[MeasurePeriod], redefined_measures: frozenset[str]
    ) -> None:
        if not self.dry_run:
            await queries_writing.defer_release_check(self.transaction)
        sender, receiver = create_memory_object_stream[FigureBatch]()
        async with create_task_group() as tasks:
            tasks.start_soon(self._write_batches, receiver)
            async with sender:
                await to_thread.run_sync(lambda: self._encode_figures(sender, reset_periods, redefined_measures))
                await self._add_removed_figures(sender)
        if not self.dry_run:
            catalogue, number = self.snapshot.catalogue, self.snapshot.number
            await queries_writing.add_periods(self.transaction, catalogue, number, self._periods.values())

    def _encode_figures(
        self,
        sender: MemoryObjectSendStream[FigureBatch],
        reset_periods: Sequence[MeasurePeriod],
        redefined: frozenset[str],
    ) -> None:
        encoder = msgspec.json.Encoder()
        for batch in build_period_figures(self.snapshot, self._fetch_previous):
            first = self.figure_count
            for figure, cell in zip(batch.figures, batch.cells, strict=True):
                content = encoder.encode(figure)
                self._hash.update(b"\n" + content if self.figure_count else content)
                self.figure_count += 1
                self.shown_count += figure.lower_bound is not None
                self._pending_figures.append((figure, cell, content))
            self._record_period(batch)
            self.changes.add_changes(
                compare_figures(
                    batch.previous,
                    batch.figures,
                    first_position=first,
                    reset_periods=reset_periods,
                    redefined_measures=redefined,
                )
            )
            if len(self._pending_figures) >= FIGURES_PER_BATCH:
                from_thread.run(sender.send, self._pop_batch())
        from_thread.run(sender.send, self._pop_batch())

    def _pop_batch(self) -> FigureBatch:
        figures, self._pending_figures = self._pending_figures, []
        changes = self.changes.pop_pending()
        return FigureBatch(
            figures=figures,
            changes=changes,
            first_position=self.figure_count - len(figures),
            first_change_position=self.changes.count - len(changes),
        )

    async def _write_batches(self, receiver: MemoryObjectReceiveStream[FigureBatch]) -> None:
        number, catalogue = self.snapshot.number, self.snapshot.catalogue
        async with receiver:
            async for batch in receiver:
                if self.dry_run:
                    continue
                async with self.lock:
                    await queries_writing.add_figures(
                        self.transaction, catalogue, number, batch.figures, first_position=batch.first_position
                    )
                    await queries_writing.add_changes(
                        self.transaction, catalogue, number, batch.changes, first_position=batch.first_change_position
                    )

    def _fetch_previous(self, key: SeriesKey, period: str) -> Mapping[FigureKey, PreviousFigure]:
        if self.previous is None:
            return {}
        series = self.snapshot.catalogue.ids.series[key]
        self._seen_periods.setdefault(series, set()).add(period)
        return from_thread.run(self._query_previous, self.previous.number, series, period)

    async def _query_previous(self, number: int, series: int, period: str) -> Mapping[FigureKey, PreviousFigure]:
        async with self.lock:
            return await queries_previous.fetch_period_figures(self.transaction, self.programme, number, series, period)

    def _record_period(self, batch: PeriodFigures) -> None:
        for figure in batch.figures[:1]:
            key = (figure.measure, figure.series)
            self._periods[key, figure.period.code] = (key, figure.period, figure.coverage.received > 0)

    async def _add_removed_figures(self, sender: MemoryObjectSendStream[FigureBatch]) -> None:
        """Record the figures that only the previous release has, in their order there."""
        if self.previous is None:
            return
        number, positions = self.previous.number, self.changes.removed_positions
        async with self.lock:
            periods = await queries_previous.list_released_periods(self.transaction, self.programme, number)
            for series, covered in periods.items():
                lost = [period for period, _ in covered if period not in self._seen_periods.get(series, ())]
                positions += await queries_previous.list_positions(
                    self.transaction, self.programme, number, series, lost
                )
        positions.sort()
        for start in range(0, len(positions), FIGURES_PER_BATCH):
            chosen = positions[start : start + FIGURES_PER_BATCH]
            async with self.lock:
                figures = await queries_previous.fetch_figures_at(self.transaction, self.programme, number, chosen)
            self.changes.add_removed(figures)
            await sender.send(self._pop_batch())
