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
from api.releases.queries import Job, Last
from api.releases.release_diff import Changed
from api.releases.released_figures import Batch, Earlier, Snapshot, Where
from api.releases.released_values import Place, SeriesKey
from schema.periods import Period
from schema.releases import Figure, MeasurePeriod, ReleaseChange, ReleasedEntry

TOLD = 1000
"""Of the changes of a dry run."""
AT_ONCE = 4096
"""Figures that are sent to the database together."""


class Piece(Struct, frozen=True, kw_only=True):
    """What is sent to the database together: figures, encoded, and changes, each from a position on."""

    figures: list[tuple[Figure, Place, bytes]]
    changed: list[Changed]
    first: int
    first_change: int


class Writing:
    """What has been written so far, or would have been: counts, a hash, and the first changes of a dry run.

    Whoever uses the transaction takes the `turn`: figures are sent while others are made, which asks for earlier ones.
    """

    def __init__(
        self,
        transaction: AsyncConnection,
        turn: asyncio.Lock,
        job: Job,
        snapshot: Snapshot,
        last: Last | None,
        *,
        dry_run: bool,
    ) -> None:
        self.transaction, self.turn = transaction, turn
        self.job, self.snapshot, self.last, self.dry_run = job, snapshot, last, dry_run
        self.figures = self.shown = self.changes = 0
        self.told: list[ReleaseChange] = []
        self._hash = hashlib.sha256()
        self._periods: dict[tuple[SeriesKey, str], tuple[SeriesKey, Period, bool]] = {}
        self._made: list[tuple[Figure, Place, bytes]] = []
        self._changed: list[Changed] = []
        self._seen: dict[int, set[str]] = {}
        self._gone: list[int] = []

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    async def written(self, *, anew: Sequence[MeasurePeriod], redefined: frozenset[str]) -> None:
        if not self.dry_run:
            await queries.write_release_last(self.transaction)
        making, sending = create_memory_object_stream[Piece]()
        async with create_task_group() as together:
            together.start_soon(self._send, sending)
            async with making:
                await to_thread.run_sync(lambda: self._make(making, anew, redefined))
                await self._make_gone(making)
        if not self.dry_run:
            number = self.snapshot.number
            await queries.add_periods(self.transaction, self.snapshot.catalogue, number, self._periods.values())

    async def add_entries(self, entries: Sequence[tuple[ReleasedEntry, int]]) -> None:
        """Each with the revision that it is of. They are no part of the hash, which is of the figures."""
        if not self.dry_run:
            await queries.add_entries(self.transaction, self.snapshot.catalogue, self.snapshot.number, entries)

    def _make(
        self, making: MemoryObjectSendStream[Piece], anew: Sequence[MeasurePeriod], redefined: frozenset[str]
    ) -> None:
        encoder = msgspec.json.Encoder()
        for batch in rows.batches(self.snapshot, self._before):
            first = self.figures
            for figure, place in zip(batch.figures, batch.places, strict=True):
                content = encoder.encode(figure)
                self._hash.update(b"\n" + content if self.figures else content)
                self.figures += 1
                self.shown += figure.lower_bound is not None
                self._made.append((figure, place, content))
            self._tell_periods(batch)
            self._compare(differences.changes(batch.before, batch.figures, first=first, anew=anew, redefined=redefined))
            if len(self._made) >= AT_ONCE:
                from_thread.run(making.send, self._piece())
        from_thread.run(making.send, self._piece())

    def _piece(self) -> Piece:
        piece = Piece(
            figures=self._made,
            changed=self._changed,
            first=self.figures - len(self._made),
            first_change=self.changes - len(self._changed),
        )
        self._made, self._changed = [], []
        return piece

    async def _send(self, sending: MemoryObjectReceiveStream[Piece]) -> None:
        number, catalogue = self.snapshot.number, self.snapshot.catalogue
        async with sending:
            async for piece in sending:
                async with self.turn:
                    if not self.dry_run:
                        await queries.add_figures(self.transaction, catalogue, number, piece.figures, first=piece.first)
                        await queries.add_changes(
                            self.transaction, catalogue, number, piece.changed, first=piece.first_change
                        )

    def _before(self, key: SeriesKey, period: str) -> Mapping[Where, Earlier]:
        if self.last is None:
            return {}
        series = self.snapshot.catalogue.ids.series[key]
        self._seen.setdefault(series, set()).add(period)
        return from_thread.run(self._earlier, self.last.number, series, period)

    async def _earlier(self, number: int, series: int, period: str) -> Mapping[Where, Earlier]:
        async with self.turn:
            return await queries.figures_of(self.transaction, self.job.programme, number, series, period)

    def _tell_periods(self, batch: Batch) -> None:
        for figure in batch.figures[:1]:
            key = (figure.measure, figure.series)
            self._periods[key, figure.period.code] = (key, figure.period, figure.coverage.received > 0)

    def _compare(self, found: Iterable[Changed]) -> None:
        """What is gone comes after everything else."""
        for one in found:
            if one.after is None and one.before is not None:
                self._gone.append(one.before.position)
            else:
                self._change(one)

    def _change(self, one: Changed) -> None:
        self.changes += 1
        if self.dry_run:
            if len(self.told) < TOLD:
                self.told.append(differences.told(one.why, one.before and one.before.figure, one.after))
        else:
            self._changed.append(one)

    async def _make_gone(self, making: MemoryObjectSendStream[Piece]) -> None:
        """The figures of the last release that this one has no more, in their order there."""
        if self.last is None:
            return
        programme, number = self.job.programme, self.last.number
        async with self.turn:
            there = await queries.periods_of(self.transaction, programme, number)
            for series, covered in there.items():
                lost = [period for period, _ in covered if period not in self._seen.get(series, ())]
                self._gone += await queries.positions_of(self.transaction, programme, number, series, lost)
        self._gone.sort()
        for at in range(0, len(self._gone), AT_ONCE):
            positions = self._gone[at : at + AT_ONCE]
            async with self.turn:
                found = await queries.figures_at(self.transaction, programme, number, positions)
            for one in found:
                self._change(Changed(why="gone", before=one))
            await making.send(self._piece())
