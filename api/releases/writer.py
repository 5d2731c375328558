"""Write a release in one transaction, period by period, so that memory does not grow with the release.

A thread builds figures while the transaction writes the figures before them. The row of the release itself, with the
number of figures and their hash, is written last; its constraints are deferred until then.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from anyio import create_memory_object_stream, create_task_group, from_thread, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.queries import fetch_catalogue_version
from api.protection import queries_contributions
from api.protection.scopes import SeriesScopes
from api.releases import queries_previous, queries_writing, released_entries
from api.releases.figure_blocks import FigureBlock
from api.releases.figure_keys import SeriesKey
from api.releases.queries_snapshot import Publication, fetch_snapshot
from api.releases.queries_writing import Block
from api.releases.release_diff import ChangeLog, compare_blocks, find_redefined_measures
from api.releases.released_figures import PeriodFigures, build_period_figures
from api.releases.snapshot import Snapshot
from schema.periods import Period
from schema.publication_jobs import LeftOutTable, MeasureAudit, PublicationJobState, Rehearsal, ReleaseAudit, ScopeAudit
from schema.releases import ChangeReason

MAX_LISTED_CHANGES = 1000
"""Changes that a dry run lists."""
FIGURES_PER_BATCH = 16_384
"""Figures that one statement sends to the database."""


class ReleaseTransaction:
    """Write everything of one release in one transaction, or for a dry run only calculate it."""

    def __init__(self, transaction: AsyncConnection, publication: Publication, scopes: Sequence[SeriesScopes]) -> None:
        self.transaction, self.publication, self.scopes = transaction, publication, scopes
        self.lock = asyncio.Lock()

    async def write(self, *, read_clock: Callable[[AsyncConnection], Awaitable[datetime]]) -> dict[str, object]:
        """Write the release. Return the columns of the publication job that change."""
        publication, request = self.publication, self.publication.record.request
        snapshot = await fetch_snapshot(self.transaction, self.lock, publication, self.scopes)
        writer = FigureWriter(self.transaction, self.lock, snapshot, publication)
        redefined = await self._find_redefined_measures()
        await writer.write_figures(redefined)
        left_out = await queries_contributions.fetch_left_out(
            self.transaction, publication.job.programme, publication.contributions
        )
        report = ReleaseAudit(
            scopes=[writer.report_series(scopes, left_out) for scopes in self.scopes],
            figures=writer.figure_count,
            shown=writer.shown_count,
            changes=writer.changes.count,
            entries=await self._write_entries(),
            measures=writer.report_measures(),
        )
        rehearsal = msgspec.to_builtins(Rehearsal(report=report, changes=writer.changes.listed))
        if publication.record.dry_run:
            return {"state": PublicationJobState.REHEARSED, "rehearsal": rehearsal}
        now = await read_clock(self.transaction)
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
        await queries_contributions.mark_released(
            self.transaction, publication.job.programme, publication.contributions, release=publication.number
        )
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
        self.counts_by_series: dict[SeriesKey, tuple[int, int]] = {}
        """The number of figures and of shown figures, by series."""
        self.not_sent_by_measure = Counter[str]()
        self.changes_by_measure: dict[str, Counter[ChangeReason]] = {}
        self.changes = ChangeLog(dry_run=self.dry_run, max_listed=MAX_LISTED_CHANGES)
        self._hash = hashlib.sha256()
        self._periods: list[tuple[SeriesKey, Period, bool]] = []
        self._pending: list[Block] = []
        self._seen_periods: set[tuple[int, str]] = set()

    @property
    def sha256(self) -> bytes:
        """The hash of the content of all blocks, in order. It stays the same if a later contract renders them."""
        return self._hash.digest()

    def report_series(self, scopes: SeriesScopes, left_out: Mapping[str, list[LeftOutTable]]) -> ScopeAudit:
        """Report the written figures of a series and the measures protected with it. `left_out` is by scope."""
        counts = [self.counts_by_series.get(member.key, (0, 0)) for member in scopes.members]
        figures, shown = sum(one for one, _ in counts), sum(one for _, one in counts)
        return ScopeAudit(
            scope=scopes.key,
            measures=scopes.measures,
            figures=figures,
            shown=shown,
            hidden=figures - shown,
            left_out=[table for scope in scopes.scopes for table in left_out.get(scope.key, ())],
        )

    def report_measures(self) -> list[MeasureAudit]:
        """Report the figures and the changes of each measure that has any, in plan order, then of dropped measures."""
        figures, shown = Counter[str](), Counter[str]()
        for (measure, _), counts in self.counts_by_series.items():
            figures[measure] += counts[0]
            shown[measure] += counts[1]
        planned = [measure.slug for measure in self.snapshot.catalogue.plan.measures]
        return [
            MeasureAudit(
                measure=measure,
                figures=figures[measure],
                shown=shown[measure],
                not_sent=self.not_sent_by_measure[measure],
                changes={why: count for why, count in self.changes_by_measure[measure].items() if count},
            )
            for measure in dict.fromkeys([*planned, *sorted(self.changes_by_measure)])
            if measure in self.changes_by_measure
        ]

    async def write_figures(self, redefined_measures: frozenset[str]) -> None:
        if not self.dry_run:
            await queries_writing.defer_release_check(self.transaction)
        sender, receiver = create_memory_object_stream[list[Block]]()
        async with create_task_group() as tasks:
            tasks.start_soon(self._write_blocks, receiver)
            async with sender:
                await to_thread.run_sync(lambda: self._build_blocks(sender, redefined_measures))
        await self._add_removed_figures()
        if not self.dry_run:
            catalogue, number = self.snapshot.catalogue, self.snapshot.number
            await queries_writing.add_changes(self.transaction, catalogue, number, self.changes.pack())
            await queries_writing.add_periods(self.transaction, catalogue, number, self._periods)

    def _build_blocks(self, sender: MemoryObjectSendStream[list[Block]], redefined: frozenset[str]) -> None:
        for batch in build_period_figures(self.snapshot, self._fetch_previous):
            block = FigureBlock(self.figure_count, batch.content)
            changes, removed = compare_blocks(batch.previous, block, batch.key[0], redefined_measures=redefined)
            self.changes.add_changes(changes, removed, batch.previous, block)
            self._count_changes(batch.key, changes.count_reasons())
            self._count_changes(batch.key, {"removed": len(removed)})
            self._periods.append((batch.key, batch.period, batch.received))
            self._add_block(batch, block)
            if sum(waiting.figure_count for waiting in self._pending) >= FIGURES_PER_BATCH:
                from_thread.run(sender.send, self._pop_pending())
        from_thread.run(sender.send, self._pop_pending())

    def _add_block(self, batch: PeriodFigures, block: FigureBlock) -> None:
        self._hash.update(batch.content)
        self._pending.append(
            Block(
                key=batch.key,
                period=batch.period.code,
                first_position=block.first_position,
                figure_count=block.table.row_count,
                content=batch.content,
            )
        )
        self.figure_count += block.table.row_count
        self.shown_count += batch.shown_count
        self.not_sent_by_measure[batch.key[0]] += batch.not_sent_count
        figures, shown = self.counts_by_series.get(batch.key, (0, 0))
        self.counts_by_series[batch.key] = figures + block.table.row_count, shown + batch.shown_count

    def _count_changes(self, key: SeriesKey, counts: Mapping[ChangeReason, int]) -> None:
        self.changes_by_measure.setdefault(key[0], Counter()).update(counts)

    def _pop_pending(self) -> list[Block]:
        pending, self._pending = self._pending, []
        return pending

    async def _write_blocks(self, receiver: MemoryObjectReceiveStream[list[Block]]) -> None:
        number, catalogue = self.snapshot.number, self.snapshot.catalogue
        async with receiver:
            async for blocks in receiver:
                if self.dry_run:
                    continue
                async with self.lock:
                    await queries_writing.add_figures(self.transaction, catalogue, number, blocks)

    def _fetch_previous(self, key: SeriesKey, period: str) -> FigureBlock | None:
        if self.previous is None:
            return None
        series = self.snapshot.catalogue.ids.series[key]
        self._seen_periods.add((series, period))
        return from_thread.run(self._query_previous, self.previous.number, series, period)

    async def _query_previous(self, number: int, series: int, period: str) -> FigureBlock | None:
        async with self.lock:
            return await queries_previous.fetch_block(self.transaction, self.programme, number, series, period)

    async def _add_removed_figures(self) -> None:
        """Record the figures that only the previous release has, in their order there."""
        if self.previous is None:
            return
        number, positions = self.previous.number, self.changes.removed_positions
        for released in await queries_previous.list_released_periods(self.transaction, self.programme, number):
            if (released.series, released.period) not in self._seen_periods:
                positions += released.positions
                key = self.snapshot.catalogue.series_slugs[released.series]
                self._count_changes(key, {"removed": len(released.positions)})
        positions.sort()
        listed = positions[: self.changes.unlisted_count]
        blocks = await queries_previous.fetch_blocks_at(self.transaction, self.programme, number, listed)
        self.changes.add_removed(positions, blocks)
