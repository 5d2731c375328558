"""Writing a release: period by period of each series, so that it takes no more memory the larger it is.

What is made, in a thread of its own, is written while the next is made. The release itself, which tells how many
figures there are and their hash, is written last; until then the database does not ask for it.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from anyio import create_memory_object_stream, create_task_group, from_thread, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases import queries
from api.releases import release_diff as differences
from api.releases import released_figures as rows
from api.releases.queries import PreviousRelease, PublicationKey
from api.releases.release_diff import FigureChange
from api.releases.released_figures import FigureKey, PeriodFigures, PreviousFigure, Snapshot
from api.releases.released_values import CellKey, SeriesKey
from schema.periods import Period
from schema.publication_jobs import MeasurePeriod
from schema.released_figures import PublishedFigure, ReleasedEntry
from schema.releases import ReleaseChange

MAX_LISTED_CHANGES = 1000
"""Of the changes of a dry run."""
FIGURES_PER_BATCH = 4096
"""Figures that are sent to the database together."""


class WriteBatch(Struct, frozen=True, kw_only=True):
    """What is sent to the database together: figures, encoded, and changes, each from a position on."""

    figures: list[tuple[PublishedFigure, CellKey, bytes]]
    changes: list[FigureChange]
    first_position: int
    first_change_position: int


class ReleaseWriter:
    """What has been written so far, or would have been: counts, a hash, and the first changes of a dry run.

    Whoever uses the transaction takes the `turn`: figures are sent while others are made, which asks for earlier ones.
    """

    def __init__(
        self,
        transaction: AsyncConnection,
        lock: asyncio.Lock,
        job: PublicationKey,
        snapshot: Snapshot,
        previous: PreviousRelease | None,
        *,
        dry_run: bool,
    ) -> None:
        self.transaction, self.lock = transaction, lock
        self.job, self.snapshot, self.previous, self.dry_run = job, snapshot, previous, dry_run
        self.figures = self.shown = self.changes = 0
        self.listed_changes: list[ReleaseChange] = []
        self._hash = hashlib.sha256()
        self._periods: dict[tuple[SeriesKey, str], tuple[SeriesKey, Period, bool]] = {}
        self._pending_figures: list[tuple[PublishedFigure, CellKey, bytes]] = []
        self._pending_changes: list[FigureChange] = []
        self._seen_periods: dict[int, set[str]] = {}
        self._removed_positions: list[int] = []

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    async def write_figures(
        self, *, reset_periods: Sequence[MeasurePeriod], redefined_measures: frozenset[str]
    ) -> None:
        if not self.dry_run:
            await queries.defer_release_check(self.transaction)
        making, sending = create_memory_object_stream[WriteBatch]()
        async with create_task_group() as together:
            together.start_soon(self._write_batches, sending)
            async with making:
                await to_thread.run_sync(lambda: self._encode_figures(making, reset_periods, redefined_measures))
                await self._add_removed_figures(making)
        if not self.dry_run:
            number = self.snapshot.number
            await queries.add_periods(self.transaction, self.snapshot.catalogue, number, self._periods.values())

    async def add_entries(self, entries: Sequence[tuple[ReleasedEntry, int]]) -> None:
        """Each with the revision that it is of. They are no part of the hash, which is of the figures."""
        if not self.dry_run:
            await queries.add_entries(self.transaction, self.snapshot.catalogue, self.snapshot.number, entries)

    def _encode_figures(
        self, making: MemoryObjectSendStream[WriteBatch], anew: Sequence[MeasurePeriod], redefined: frozenset[str]
    ) -> None:
        encoder = msgspec.json.Encoder()
        for batch in rows.build_period_figures(self.snapshot, self._fetch_previous):
            first = self.figures
            for figure, place in zip(batch.figures, batch.cells, strict=True):
                content = encoder.encode(figure)
                self._hash.update(b"\n" + content if self.figures else content)
                self.figures += 1
                self.shown += figure.lower_bound is not None
                self._pending_figures.append((figure, place, content))
            self._record_period(batch)
            self._record_changes(
                differences.compare_figures(
                    batch.previous,
                    batch.figures,
                    first_position=first,
                    reset_periods=anew,
                    redefined_measures=redefined,
                )
            )
            if len(self._pending_figures) >= FIGURES_PER_BATCH:
                from_thread.run(making.send, self._pop_batch())
        from_thread.run(making.send, self._pop_batch())

    def _pop_batch(self) -> WriteBatch:
        piece = WriteBatch(
            figures=self._pending_figures,
            changes=self._pending_changes,
            first_position=self.figures - len(self._pending_figures),
            first_change_position=self.changes - len(self._pending_changes),
        )
        self._pending_figures, self._pending_changes = [], []
        return piece

    async def _write_batches(self, sending: MemoryObjectReceiveStream[WriteBatch]) -> None:
        number, catalogue = self.snapshot.number, self.snapshot.catalogue
        async with sending:
            async for piece in sending:
                async with self.lock:
                    if not self.dry_run:
                        await queries.add_figures(
                            self.transaction, catalogue, number, piece.figures, first_position=piece.first_position
                        )
                        await queries.add_changes(
                            self.transaction,
                            catalogue,
                            number,
                            piece.changes,
                            first_position=piece.first_change_position,
                        )

    def _fetch_previous(self, key: SeriesKey, period: str) -> Mapping[FigureKey, PreviousFigure]:
        if self.previous is None:
            return {}
        series = self.snapshot.catalogue.ids.series[key]
        self._seen_periods.setdefault(series, set()).add(period)
        return from_thread.run(self._query_previous, self.previous.number, series, period)

    async def _query_previous(self, number: int, series: int, period: str) -> Mapping[FigureKey, PreviousFigure]:
        async with self.lock:
            return await queries.fetch_period_figures(self.transaction, self.job.programme, number, series, period)

    def _record_period(self, batch: PeriodFigures) -> None:
        for figure in batch.figures[:1]:
            key = (figure.measure, figure.series)
            self._periods[key, figure.period.code] = (key, figure.period, figure.coverage.received > 0)

    def _record_changes(self, found: Iterable[FigureChange]) -> None:
        """What is gone comes after everything else."""
        for one in found:
            if one.after is None and one.before is not None:
                self._removed_positions.append(one.before.position)
            else:
                self._record_change(one)

    def _record_change(self, one: FigureChange) -> None:
        self.changes += 1
        if self.dry_run:
            if len(self.listed_changes) < MAX_LISTED_CHANGES:
                self.listed_changes.append(
                    differences.to_release_change(one.why, one.before and one.before.figure, one.after)
                )
        else:
            self._pending_changes.append(one)

    async def _add_removed_figures(self, making: MemoryObjectSendStream[WriteBatch]) -> None:
        """The figures of the last release that this one has no more, in their order there."""
        if self.previous is None:
            return
        programme, number = self.job.programme, self.previous.number
        async with self.lock:
            there = await queries.list_released_periods(self.transaction, programme, number)
            for series, covered in there.items():
                lost = [period for period, _ in covered if period not in self._seen_periods.get(series, ())]
                self._removed_positions += await queries.list_positions(
                    self.transaction, programme, number, series, lost
                )
        self._removed_positions.sort()
        for at in range(0, len(self._removed_positions), FIGURES_PER_BATCH):
            positions = self._removed_positions[at : at + FIGURES_PER_BATCH]
            async with self.lock:
                found = await queries.fetch_figures_at(self.transaction, programme, number, positions)
            for one in found:
                self._record_change(FigureChange(why="removed", before=one))
            await making.send(self._pop_batch())
