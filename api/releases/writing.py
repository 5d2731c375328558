"""Writing a release: period by period of each series, so that it takes no more memory the larger it is.

What is made, in a thread of its own, is written while the next is made. The release itself, which tells how many
figures there are and their hash, is written last; until then the database does not ask for it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from anyio import from_thread, to_thread
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases import changes as differences
from api.releases import figures as rows
from api.releases import queries
from api.releases.changes import Changed
from api.releases.figures import Batch, Earlier, Snapshot, Where
from api.releases.queries import Job, Last
from api.releases.shown import SeriesKey
from schema.periods import Period
from schema.releases import Figure, MeasurePeriod, ReleaseChange

TOLD = 1000
"""Of the changes of a dry run."""
AT_ONCE = 4096
"""Figures that are sent to the database together."""


class Writing:
    """What has been written so far, or would have been: counts, a hash, and the first changes of a dry run."""

    def __init__(
        self, transaction: AsyncConnection, job: Job, snapshot: Snapshot, last: Last | None, *, dry_run: bool
    ) -> None:
        self.transaction, self.job, self.snapshot, self.last, self.dry_run = transaction, job, snapshot, last, dry_run
        self.figures = self.shown = self.changes = 0
        self.told: list[ReleaseChange] = []
        self._hash = hashlib.sha256()
        self._periods: dict[tuple[SeriesKey, str], tuple[SeriesKey, Period, bool]] = {}
        self._waiting: list[tuple[Figure, bytes]] = []
        self._changed: list[Changed] = []
        self._seen: dict[int, set[str]] = {}
        self._gone: list[int] = []

    @property
    def sha256(self) -> bytes:
        return self._hash.digest()

    async def written(self, *, anew: Sequence[MeasurePeriod], redefined: frozenset[str]) -> None:
        if not self.dry_run:
            await queries.write_release_last(self.transaction)
        await to_thread.run_sync(lambda: self._write(anew, redefined))
        await self._write_gone()
        if not self.dry_run:
            number = self.snapshot.number
            await queries.add_periods(self.transaction, self.snapshot.catalogue, number, self._periods.values())

    def _write(self, anew: Sequence[MeasurePeriod], redefined: frozenset[str]) -> None:
        encoder = msgspec.json.Encoder()
        for batch in rows.batches(self.snapshot, self._before):
            first = self.figures
            for figure in batch.figures:
                content = encoder.encode(figure)
                self._hash.update(content if not self.figures else b"\n" + content)
                self.figures += 1
                self.shown += figure.lower_bound is not None
                self._waiting.append((figure, content))
            self._tell_periods(batch)
            self._compare(differences.changes(batch.before, batch.figures, first=first, anew=anew, redefined=redefined))
            if len(self._waiting) >= AT_ONCE:
                from_thread.run(self._send)
        from_thread.run(self._send)

    def _before(self, key: SeriesKey, period: str) -> Mapping[Where, Earlier]:
        if self.last is None:
            return {}
        series = self.snapshot.catalogue.ids.series[key]
        self._seen.setdefault(series, set()).add(period)
        return from_thread.run(
            queries.figures_of, self.transaction, self.job.programme, self.last.number, series, period
        )

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

    async def _send(self) -> None:
        if not self.dry_run:
            number, catalogue = self.snapshot.number, self.snapshot.catalogue
            first = self.figures - len(self._waiting)
            await queries.add_figures(self.transaction, catalogue, number, self._waiting, first=first)
            first = self.changes - len(self._changed)
            await queries.add_changes(self.transaction, catalogue, number, self._changed, first=first)
        self._waiting, self._changed = [], []

    async def _write_gone(self) -> None:
        """The figures of the last release that this one has no more, in their order there."""
        if self.last is None:
            return
        programme, number = self.job.programme, self.last.number
        there = await queries.periods_of(self.transaction, programme, number)
        for series, covered in there.items():
            lost = [period for period, _ in covered if period not in self._seen.get(series, ())]
            self._gone += await queries.positions_of(self.transaction, programme, number, series, lost)
        self._gone.sort()
        for at in range(0, len(self._gone), AT_ONCE):
            positions = self._gone[at : at + AT_ONCE]
            for one in await queries.figures_at(self.transaction, programme, number, positions):
                self._change(Changed(why="gone", before=one))
            await self._send()
