"""The counts of returns beside each other: which of them follow from others, and which cannot be true together.

Counts are arrays, table by table: whatever they are of first (returns, or organisations by periods), then the places
of the scope, then the codes of the table's breakdown. So each rule is asked once, of all returns, places and codes.
"""

from collections.abc import Mapping
from math import prod

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.lattice import IntArray, ScopeShape, Table

NOT_RETURNED, UNKNOWN = -2, -1
"""In the place of a count: where nothing was returned, and where it is not known how many."""
TableCounts = dict[tuple[str, ...], IntArray]
"""The counts of one part, by the dimensions of each table."""


class PartTables(Struct, frozen=True, kw_only=True, eq=False):
    """The tables of the whole, or of one part of it, in a shape."""

    shape: ScopeShape
    tables: tuple[Table, ...]
    """Those with fewer dimensions first."""

    @property
    def widest_area(self) -> int:
        """The widest area."""
        return next(at for at, place in enumerate(self.shape.places) if place.parent is None)

    def count_codes(self, table: Table) -> int:
        """How many codes its breakdown has."""
        return prod(self._count_dimension_codes(table))

    def make_empty_counts(self, *axes: int) -> TableCounts:
        places = len(self.shape.places)
        return {one.dimensions: np.full((*axes, places, self.count_codes(one)), NOT_RETURNED) for one in self.tables}

    def list_areas(self, table: Table) -> list[int]:
        """The places of a table."""
        return [at for at, place in enumerate(self.shape.places) if place.level <= table.level]

    def infer_missing(self, counts: TableCounts) -> TableCounts:
        """Every cell of every table: from the widest area and the total down to the finest."""
        found = {dimensions: cells.copy() for dimensions, cells in counts.items()}
        for table in self.tables:
            inside, cells = self.list_areas(table), found[table.dimensions]
            if table.dimensions:
                total = found[()][..., inside, 0] if () in found else np.array(UNKNOWN)
                exclusive, exhaustive = self._find_overlap_rules(table.dimensions)
                here, _ = infer_parts(cells[..., inside, :], total, exclusive=exclusive, exhaustive=exhaustive)
                cells[..., inside, :] = self._reconcile_margins(table, here, found)
            else:
                for at in inside:
                    if self.shape.places[at].parent is None:
                        cells[..., at, 0] = np.where(cells[..., at, 0] == NOT_RETURNED, UNKNOWN, cells[..., at, 0])
            self._reconcile_parent_area(inside, cells)
        return found

    def may_be_part(self, counts: TableCounts, whole: TableCounts) -> BoolArray:
        """Whether what is left of the whole could be counts of people too."""
        left: TableCounts = {}
        fits: BoolArray = np.array(True)
        for dimensions, mine in counts.items():
            theirs = whole.get(dimensions, np.array(NOT_RETURNED))
            both = (mine >= 0) & (theirs >= 0)
            left[dimensions] = np.where(both, np.maximum(theirs - mine, 0), NOT_RETURNED)
            fits = fits & ~(both & (mine > theirs)).any((-2, -1))
        found = self.infer_missing(left)
        for dimensions, rest in left.items():
            fits = fits & ((rest == NOT_RETURNED) | (found[dimensions] == rest)).all((-2, -1))
        return fits

    def discard_all_but_total(self, counts: TableCounts, most: IntArray, chosen: BoolArray) -> TableCounts:
        """Of those chosen nothing is known but the total, and that only where it is no more than `most`."""
        lost = chosen[..., None, None]
        found = {
            dimensions: np.where(lost & (cells != NOT_RETURNED), UNKNOWN, cells) for dimensions, cells in counts.items()
        }
        if () in found:
            total = counts[()][..., self.widest_area, 0]
            stands = chosen & (total >= 0) & ((most < 0) | (total <= most))
            found[()][..., self.widest_area, 0] = np.where(stands, total, found[()][..., self.widest_area, 0])
        return found

    def read_widest_total(self, counts: TableCounts) -> IntArray:
        """Of the widest area."""
        return counts[()][..., self.widest_area, 0] if () in counts else np.array(NOT_RETURNED)

    def _count_dimension_codes(self, table: Table) -> list[int]:
        dimensions = {dimension.slug: dimension for dimension in self.shape.dimensions}
        return [len(dimensions[slug].codes) for slug in table.dimensions]

    def _find_overlap_rules(self, dimensions: tuple[str, ...]) -> tuple[bool, bool]:
        every = [one for one in self.shape.dimensions if one.slug in dimensions]
        return all(one.exclusive for one in every), all(one.exhaustive for one in every)

    def _reconcile_margins(self, table: Table, cells: IntArray, counts: Mapping[tuple[str, ...], IntArray]) -> IntArray:
        """Cells by two dimensions beside those by one of them; in each place all of them are true, or none."""
        if len(table.dimensions) != 2:
            return cells
        inside, fits = self.list_areas(table), np.ones(cells.shape[:-1], dtype=np.bool_)
        crossed = cells.reshape(*cells.shape[:-1], *self._count_dimension_codes(table))
        for slug, other in (table.dimensions, table.dimensions[::-1]):
            if (slug,) in counts:
                exclusive, exhaustive = self._find_overlap_rules((other,))
                margin = counts[slug,][..., inside, :]
                crossed, well = infer_parts(crossed, margin, exclusive=exclusive, exhaustive=exhaustive)
                fits = fits & well.all(-1)
            crossed = crossed.swapaxes(-1, -2)
        return np.where(fits[..., None], crossed.reshape(cells.shape), UNKNOWN)

    def _reconcile_parent_area(self, inside: list[int], cells: IntArray) -> None:
        """The cells of areas beside those of the area that they make up; all of them are true, or none."""
        places = self.shape.places
        for outer in sorted(inside, key=lambda at: places[at].level):
            inner = [at for at in inside if places[at].parent == places[outer].code]
            if inner:
                exclusive = not self.shape.overlapping_places
                there = cells[..., inner, :].swapaxes(-1, -2)
                found, fits = infer_parts(there, cells[..., outer, :], exclusive=exclusive, exhaustive=True)
                found = np.where(np.logical_and.reduce(fits, axis=-1)[..., None, None], found, UNKNOWN)
                cells[..., inner, :] = found.swapaxes(-1, -2)


def select_tables(shape: ScopeShape, part: str | None) -> PartTables:
    mine = [table for table in shape.tables if table.part == part]
    return PartTables(shape=shape, tables=tuple(sorted(mine, key=lambda table: len(table.dimensions))))


def infer_parts(cells: IntArray, whole: IntArray, *, exclusive: bool, exhaustive: bool) -> tuple[IntArray, BoolArray]:
    """Cells (on the last axis) beside what they are parts of: those that are missing follow from it, or are unknown.

    Returns them, and whether they can be true together.
    """
    known = cells >= 0
    counts = np.where(known, cells, 0)
    together = counts.sum(axis=-1)
    told = whole >= 0
    none = (whole == 0) & (together == 0)
    fits = ~told | ((together if exclusive else counts.max(axis=-1)) <= whole)
    if exhaustive:
        fits &= ~told | ~known.all(axis=-1) | (together >= whole)
    left = np.full(together.shape, UNKNOWN)
    if exclusive:
        sure = (cells != UNKNOWN).all(axis=-1)
        left = np.where(told & sure & (together == whole), 0, UNKNOWN)
    found = np.where(cells == NOT_RETURNED, left[..., None], cells)
    found = np.where(fits[..., None], found, UNKNOWN)
    return np.where(none[..., None], 0, found), fits | none
