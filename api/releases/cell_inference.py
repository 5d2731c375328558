"""The counts of returns beside each other: which of them follow from others, and which cannot be true together.

Counts are arrays, table by table: whatever they are of first (returns, or organisations by periods), then the places
of the scope, then the codes of the table's breakdown. So each rule is asked once, of all returns, places and codes.
"""

from collections.abc import Mapping
from math import prod

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.lattice import IntArray, Shape, Table

ABSENT, UNKNOWN = -2, -1
"""In the place of a count: where nothing was returned, and where it is not known how many."""
Tables = dict[tuple[str, ...], IntArray]
"""The counts of one part, by the dimensions of each table."""


class Part(Struct, frozen=True, kw_only=True, eq=False):
    """The tables of the whole, or of one part of it, in a shape."""

    shape: Shape
    tables: tuple[Table, ...]
    """Those with fewer dimensions first."""

    @property
    def top(self) -> int:
        """The widest area."""
        return next(at for at, place in enumerate(self.shape.places) if place.parent is None)

    def size(self, table: Table) -> int:
        """How many codes its breakdown has."""
        return prod(self._sizes(table))

    def empty(self, *axes: int) -> Tables:
        places = len(self.shape.places)
        return {one.dimensions: np.full((*axes, places, self.size(one)), ABSENT) for one in self.tables}

    def inside(self, table: Table) -> list[int]:
        """The places of a table."""
        return [at for at, place in enumerate(self.shape.places) if place.level <= table.level]

    def resolved(self, counts: Tables) -> Tables:
        """Every cell of every table: from the widest area and the total down to the finest."""
        found = {dimensions: cells.copy() for dimensions, cells in counts.items()}
        for table in self.tables:
            inside, cells = self.inside(table), found[table.dimensions]
            if table.dimensions:
                total = found[()][..., inside, 0] if () in found else np.array(UNKNOWN)
                exclusive, exhaustive = self._rules(table.dimensions)
                here, _ = fitted(cells[..., inside, :], total, exclusive=exclusive, exhaustive=exhaustive)
                cells[..., inside, :] = self._beside_margins(table, here, found)
            else:
                for at in inside:
                    if self.shape.places[at].parent is None:
                        cells[..., at, 0] = np.where(cells[..., at, 0] == ABSENT, UNKNOWN, cells[..., at, 0])
            self._beside_wider(inside, cells)
        return found

    def may_be_part(self, counts: Tables, whole: Tables) -> BoolArray:
        """Whether what is left of the whole could be counts of people too."""
        left: Tables = {}
        fits: BoolArray = np.array(True)
        for dimensions, mine in counts.items():
            theirs = whole.get(dimensions, np.array(ABSENT))
            both = (mine >= 0) & (theirs >= 0)
            left[dimensions] = np.where(both, np.maximum(theirs - mine, 0), ABSENT)
            fits = fits & ~(both & (mine > theirs)).any((-2, -1))
        found = self.resolved(left)
        for dimensions, rest in left.items():
            fits = fits & ((rest == ABSENT) | (found[dimensions] == rest)).all((-2, -1))
        return fits

    def leave_total(self, counts: Tables, most: IntArray, chosen: BoolArray) -> Tables:
        """Of those chosen nothing is known but the total, and that only where it is no more than `most`."""
        lost = chosen[..., None, None]
        found = {dimensions: np.where(lost & (cells != ABSENT), UNKNOWN, cells) for dimensions, cells in counts.items()}
        if () in found:
            total = counts[()][..., self.top, 0]
            stands = chosen & (total >= 0) & ((most < 0) | (total <= most))
            found[()][..., self.top, 0] = np.where(stands, total, found[()][..., self.top, 0])
        return found

    def total(self, counts: Tables) -> IntArray:
        """Of the widest area."""
        return counts[()][..., self.top, 0] if () in counts else np.array(ABSENT)

    def _sizes(self, table: Table) -> list[int]:
        dimensions = {dimension.slug: dimension for dimension in self.shape.dimensions}
        return [len(dimensions[slug].codes) for slug in table.dimensions]

    def _rules(self, dimensions: tuple[str, ...]) -> tuple[bool, bool]:
        every = [one for one in self.shape.dimensions if one.slug in dimensions]
        return all(one.exclusive for one in every), all(one.exhaustive for one in every)

    def _beside_margins(self, table: Table, cells: IntArray, counts: Mapping[tuple[str, ...], IntArray]) -> IntArray:
        """Cells by two dimensions beside those by one of them; in each place all of them are true, or none."""
        if len(table.dimensions) != 2:
            return cells
        inside, fits = self.inside(table), np.ones(cells.shape[:-1], dtype=np.bool_)
        crossed = cells.reshape(*cells.shape[:-1], *self._sizes(table))
        for slug, other in (table.dimensions, table.dimensions[::-1]):
            if (slug,) in counts:
                exclusive, exhaustive = self._rules((other,))
                margin = counts[slug,][..., inside, :]
                crossed, well = fitted(crossed, margin, exclusive=exclusive, exhaustive=exhaustive)
                fits = fits & well.all(-1)
            crossed = crossed.swapaxes(-1, -2)
        return np.where(fits[..., None], crossed.reshape(cells.shape), UNKNOWN)

    def _beside_wider(self, inside: list[int], cells: IntArray) -> None:
        """The cells of areas beside those of the area that they make up; all of them are true, or none."""
        places = self.shape.places
        for outer in sorted(inside, key=lambda at: places[at].level):
            inner = [at for at in inside if places[at].parent == places[outer].code]
            if inner:
                exclusive = not self.shape.overlapping_places
                there = cells[..., inner, :].swapaxes(-1, -2)
                found, fits = fitted(there, cells[..., outer, :], exclusive=exclusive, exhaustive=True)
                found = np.where(np.logical_and.reduce(fits, axis=-1)[..., None, None], found, UNKNOWN)
                cells[..., inner, :] = found.swapaxes(-1, -2)


def part_of(shape: Shape, part: str | None) -> Part:
    mine = [table for table in shape.tables if table.part == part]
    return Part(shape=shape, tables=tuple(sorted(mine, key=lambda table: len(table.dimensions))))


def fitted(cells: IntArray, whole: IntArray, *, exclusive: bool, exhaustive: bool) -> tuple[IntArray, BoolArray]:
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
    found = np.where(cells == ABSENT, left[..., None], cells)
    found = np.where(fits[..., None], found, UNKNOWN)
    return np.where(none[..., None], 0, found), fits | none
