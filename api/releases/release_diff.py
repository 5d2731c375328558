"""The differences between two releases, figure by figure, with the reason for each."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from api.releases.change_blocks import REASONS, Changes, pack_changes
from api.releases.figure_blocks import FigureBlock, decode_at
from api.releases.struct_columns import StoredField, list_columns
from api.releases.struct_tables import StructTable
from api.statistics.disclosure.sparse_rows import IntArray
from schema.measures import Measure
from schema.released_figures import PublishedFigure
from schema.releases import ChangeReason, ReleaseChange

_DISPLAYED_FIELDS = frozenset(
    ("value", "numerator", "denominator", "status", "reason", "coverage", "trend", "target", "source")
)
_IGNORED_FIELDS = frozenset(("release", "policy_version"))


def compare_blocks(
    before: FigureBlock | None,
    after: FigureBlock,
    measure: str,
    *,
    redefined_measures: frozenset[str] = frozenset(),
) -> tuple[Changes, IntArray]:
    """Return the changes in the order of the later release, and the positions of removed figures.

    Both blocks have the figures of one series in one period. The release number and the policy version are ignored.
    """
    before_rows, removed = _match_cells(before, after)
    is_new = before_rows < 0
    differs = {name: np.zeros(len(is_new), dtype=np.bool_) for name in (False, True)}
    if before is not None:
        matched = np.flatnonzero(~is_new)
        for name, field in list_columns(PublishedFigure):
            top = name.partition(".")[0]
            if top not in _IGNORED_FIELDS:
                ids, old_ids = _number_values(after.table, before.table, name, field)
                differs[top in _DISPLAYED_FIELDS][matched] |= ids[matched] != old_ids[before_rows[matched]]
    whys = ("definition", "definition") if measure in redefined_measures else ("held_back", "data")
    why = np.where(differs[True], REASONS.index(whys[1]), REASONS.index(whys[0]))
    rows = np.flatnonzero(is_new | differs[False] | differs[True])
    changes = Changes(
        why=np.where(is_new, REASONS.index("new"), why)[rows],
        before=_to_positions(before, before_rows)[rows],
        after=rows + after.first_position,
    )
    return changes, _to_positions(before, removed)


def _match_cells(before: FigureBlock | None, after: FigureBlock) -> tuple[IntArray, IntArray]:
    """Return for each figure the row of the same cell in the earlier block, or -1, and the rows that are left."""
    if before is None:
        return np.full(after.table.row_count, -1), np.zeros(0, dtype=np.int64)
    rows = {cell: row for row, cell in enumerate(before.cells)}
    matched = np.array([rows.pop(cell, -1) for cell in after.cells], dtype=np.int64)
    return matched, np.array([*rows.values()], dtype=np.int64)


def _to_positions(block: FigureBlock | None, rows: IntArray) -> IntArray:
    return rows if block is None else np.where(rows < 0, -1, rows + block.first_position)


def _number_values(after: StructTable, before: StructTable, name: str, field: StoredField) -> tuple[IntArray, IntArray]:
    """Return a number for the value of each row in both tables, equal for equal values, such as `5` and `5.0`."""
    numbers: dict[bytes | float, int] = {}
    ids: list[IntArray] = []
    for table in (after, before):
        texts, indices = table.read_column(field, name)
        keys = [float(text) if text[:1] in b"-0123456789" else text for text in texts]
        ids.append(np.array([numbers.setdefault(key, len(numbers)) for key in keys])[indices])
    return ids[0], ids[1]


def list_changes(changes: Changes, before: Iterable[FigureBlock], after: Iterable[FigureBlock]) -> list[ReleaseChange]:
    """Return the changes as the API does. The blocks have their figures in both releases."""
    pairs = zip(decode_at(changes.before, before), decode_at(changes.after, after), strict=True)
    whys: list[int] = changes.why.tolist()
    return [_to_release_change(REASONS[why], *pair) for why, pair in zip(whys, pairs, strict=True)]


def find_readable(changes: Changes, before: Iterable[FigureBlock], after: Iterable[FigureBlock]) -> IntArray:
    """Return the rows of the changes that have a figure in one of the blocks."""
    is_readable = np.zeros(len(changes), dtype=np.bool_)
    for positions, blocks in ((changes.before, before), (changes.after, after)):
        for block in blocks:
            is_readable |= (positions >= block.positions.start) & (positions < block.positions.stop)
    return np.flatnonzero(is_readable)


def _to_release_change(
    why: ChangeReason, before: PublishedFigure | None, after: PublishedFigure | None
) -> ReleaseChange:
    either = after or before
    if either is None:
        raise ValueError("A change needs at least one figure.")
    return ReleaseChange(
        measure=either.measure,
        series=either.series,
        period=either.period.code,
        area=either.area,
        breakdown=either.breakdown,
        before=before,
        after=after,
        why=why,
    )


def find_redefined_measures(before: Iterable[Measure], after: Iterable[Measure]) -> frozenset[str]:
    """Return the measures that two plan versions define differently."""
    old = {measure.slug: measure for measure in before}
    return frozenset(measure.slug for measure in after if old.get(measure.slug, measure) != measure)


class ChangeLog:
    """The changes of a release, numbered in order. Removed figures come last, in the order of the previous release.

    A dry run lists the first changes, as the API returns them.
    """

    def __init__(self, *, dry_run: bool, max_listed: int) -> None:
        self.dry_run, self.max_listed = dry_run, max_listed
        self.count = 0
        self.listed: list[ReleaseChange] = []
        self.removed_positions: list[int] = []
        self._parts: list[Changes] = []

    def add_changes(self, changes: Changes, removed: IntArray, before: FigureBlock | None, after: FigureBlock) -> None:
        """Record the changes of a block, and the positions of removed figures for the end."""
        self.removed_positions += removed.tolist()
        self._add(changes, [before] if before else [], [after])

    def add_removed(self, positions: Sequence[int], blocks: Sequence[FigureBlock]) -> None:
        """Record removed figures. `blocks` have at least those that a dry run lists."""
        before = np.array(positions, dtype=np.int64)
        why = np.full(len(before), REASONS.index("removed"), dtype=np.int64)
        self._add(Changes(why=why, before=before, after=np.full_like(before, -1)), blocks, [])

    def pack(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield all changes as they are stored: first position, number of changes and content."""
        return pack_changes(self._parts)

    @property
    def unlisted_count(self) -> int:
        """How many more changes a dry run lists."""
        return self.max_listed - len(self.listed) if self.dry_run else 0

    def _add(self, changes: Changes, before: Sequence[FigureBlock], after: Sequence[FigureBlock]) -> None:
        self._parts.append(changes)
        self.count += len(changes)
        if self.unlisted_count:
            self.listed += list_changes(changes[: self.unlisted_count], before, after)
