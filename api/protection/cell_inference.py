"""Inference within one return: which missing cells follow from other cells, and which cells contradict each other.

Counts are arrays, one for each table. The first axes are returns, or organisations by periods; then come the areas of
the scope, then the codes of the table's breakdown. So one operation covers all returns, areas and codes.
"""

from collections.abc import Mapping
from math import prod

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.lattice import ScopeShape, Table
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray

NOT_RETURNED, UNKNOWN = -2, -1
"""Markers in arrays of counts: nobody returned the cell; or its count is not known."""
TableCounts = dict[tuple[str, ...], IntArray]
"""The counts of one part, by the dimensions of each table."""


class PartTables(Struct, frozen=True, kw_only=True, eq=False):
    """The tables of the whole, or of one part of it, in a shape."""

    shape: ScopeShape
    tables: tuple[Table, ...]
    """Tables with fewer dimensions come first."""

    @property
    def widest_area(self) -> int:
        return next(i for i, area in enumerate(self.shape.places) if area.parent is None)

    def count_codes(self, table: Table) -> int:
        """Return the number of codes of the table's breakdown."""
        return prod(self._count_dimension_codes(table))

    def make_empty_counts(self, *axes: int) -> TableCounts:
        areas = len(self.shape.places)
        return {
            table.dimensions: np.full((*axes, areas, self.count_codes(table)), NOT_RETURNED) for table in self.tables
        }

    def list_areas(self, table: Table) -> list[int]:
        return [i for i, area in enumerate(self.shape.places) if area.level <= table.level]

    def infer_missing(self, counts: TableCounts) -> TableCounts:
        """Infer every cell of every table, from the widest area and the total down to the finest cells."""
        inferred = {dimensions: cells.copy() for dimensions, cells in counts.items()}
        for table in self.tables:
            areas, cells = self.list_areas(table), inferred[table.dimensions]
            if table.dimensions:
                total = inferred[()][..., areas, 0] if () in inferred else np.array(UNKNOWN)
                exclusive, exhaustive = self._find_overlap_rules(table.dimensions)
                parts, _ = infer_parts(cells[..., areas, :], total, exclusive=exclusive, exhaustive=exhaustive)
                cells[..., areas, :] = self._reconcile_margins(table, parts, inferred)
            else:
                for area in areas:
                    if self.shape.places[area].parent is None:
                        total = cells[..., area, 0]
                        cells[..., area, 0] = np.where(total == NOT_RETURNED, UNKNOWN, total)
            self._reconcile_parent_area(areas, cells)
        return inferred

    def may_be_part(self, counts: TableCounts, whole: TableCounts) -> BoolArray:
        """Return True where the remainder, whole minus part, could be counts of people as well."""
        remainders: TableCounts = {}
        fits: BoolArray = np.array(True)
        for dimensions, part_cells in counts.items():
            whole_cells = whole.get(dimensions, np.array(NOT_RETURNED))
            both = (part_cells >= 0) & (whole_cells >= 0)
            remainders[dimensions] = np.where(both, np.maximum(whole_cells - part_cells, 0), NOT_RETURNED)
            fits = fits & ~(both & (part_cells > whole_cells)).any((-2, -1))
        inferred = self.infer_missing(remainders)
        for dimensions, cells in remainders.items():
            fits = fits & ((cells == NOT_RETURNED) | (inferred[dimensions] == cells)).all((-2, -1))
        return fits

    def discard_all_but_total(self, counts: TableCounts, limit: IntArray, chosen: BoolArray) -> TableCounts:
        """In the chosen returns, set every cell to unknown except the total, if that is at most `limit`."""
        lost = chosen[..., None, None]
        remaining = {
            dimensions: np.where(lost & (cells != NOT_RETURNED), UNKNOWN, cells) for dimensions, cells in counts.items()
        }
        if () in remaining:
            total = counts[()][..., self.widest_area, 0]
            is_valid = chosen & (total >= 0) & ((limit < 0) | (total <= limit))
            widest = remaining[()][..., self.widest_area, 0]
            remaining[()][..., self.widest_area, 0] = np.where(is_valid, total, widest)
        return remaining

    def read_widest_total(self, counts: TableCounts) -> IntArray:
        """Return the total of the widest area."""
        return counts[()][..., self.widest_area, 0] if () in counts else np.array(NOT_RETURNED)

    def _count_dimension_codes(self, table: Table) -> list[int]:
        dimensions = {dimension.slug: dimension for dimension in self.shape.dimensions}
        return [len(dimensions[slug].codes) for slug in table.dimensions]

    def _find_overlap_rules(self, slugs: tuple[str, ...]) -> tuple[bool, bool]:
        dimensions = [dimension for dimension in self.shape.dimensions if dimension.slug in slugs]
        return all(d.exclusive for d in dimensions), all(d.exhaustive for d in dimensions)

    def _reconcile_margins(self, table: Table, cells: IntArray, counts: Mapping[tuple[str, ...], IntArray]) -> IntArray:
        """Compare cells by two dimensions with the cells by one of them. If they conflict in an area, discard all."""
        if len(table.dimensions) != 2:
            return cells
        areas, fits = self.list_areas(table), np.ones(cells.shape[:-1], dtype=np.bool_)
        crossed = cells.reshape(*cells.shape[:-1], *self._count_dimension_codes(table))
        for slug, other in (table.dimensions, table.dimensions[::-1]):
            if (slug,) in counts:
                exclusive, exhaustive = self._find_overlap_rules((other,))
                margin = counts[slug,][..., areas, :]
                crossed, margin_fits = infer_parts(crossed, margin, exclusive=exclusive, exhaustive=exhaustive)
                fits = fits & margin_fits.all(-1)
            crossed = crossed.swapaxes(-1, -2)
        return np.where(fits[..., None], crossed.reshape(cells.shape), UNKNOWN)

    def _reconcile_parent_area(self, areas: list[int], cells: IntArray) -> None:
        """Compare the cells of areas with their parent area. If any of them conflict, discard all."""
        places = self.shape.places
        for outer in sorted(areas, key=lambda area: places[area].level):
            inner = [area for area in areas if places[area].parent == places[outer].code]
            if inner:
                exclusive = not self.shape.overlapping_places
                parts = cells[..., inner, :].swapaxes(-1, -2)
                inferred, fits = infer_parts(parts, cells[..., outer, :], exclusive=exclusive, exhaustive=True)
                inferred = np.where(np.logical_and.reduce(fits, axis=-1)[..., None, None], inferred, UNKNOWN)
                cells[..., inner, :] = inferred.swapaxes(-1, -2)


def select_tables(shape: ScopeShape, part: str | None) -> PartTables:
    tables = [table for table in shape.tables if table.part == part]
    return PartTables(shape=shape, tables=tuple(sorted(tables, key=lambda table: len(table.dimensions))))


def infer_parts(cells: IntArray, whole: IntArray, *, exclusive: bool, exhaustive: bool) -> tuple[IntArray, BoolArray]:
    """Infer missing parts, on the last axis, from their whole; set those that do not follow to UNKNOWN.

    Return the parts, and whether they and the whole can be true together.
    """
    known = cells >= 0
    counts = np.where(known, cells, 0)
    total = counts.sum(axis=-1)
    is_whole_known = whole >= 0
    is_zero = (whole == 0) & (total == 0)
    fits = ~is_whole_known | ((total if exclusive else counts.max(axis=-1)) <= whole)
    if exhaustive:
        fits &= ~is_whole_known | ~known.all(axis=-1) | (total >= whole)
    remainder = np.full(total.shape, UNKNOWN)
    if exclusive:
        no_unknown = (cells != UNKNOWN).all(axis=-1)
        remainder = np.where(is_whole_known & no_unknown & (total == whole), 0, UNKNOWN)
    inferred = np.where(cells == NOT_RETURNED, remainder[..., None], cells)
    inferred = np.where(fits[..., None], inferred, UNKNOWN)
    return np.where(is_zero[..., None], 0, inferred), fits | is_zero
