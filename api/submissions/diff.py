"""The differences between two sets of cells of the same returns."""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import NUMBER_FIELDS, Cells, Column
from schema.problems import CellName
from schema.submission_reports import CellCounts, CellValue, ChangedCell

MAX_LISTED_CHANGES = 1000

CellNamer = Callable[[int, str, dict[str, str]], CellName]  # from item, area and breakdown


class CellDiff(Struct, frozen=True, kw_only=True, eq=False):
    """Row numbers of two sets of cells, each sorted by return, area and breakdown."""

    added: Column  # rows of the new cells
    changed: Column  # rows of the new cells …
    changed_from: Column  # … and the corresponding rows of the old cells
    unchanged: Column  # rows of the new cells
    withdrawn: Column  # rows of the old cells


def diff_cells(new: Cells, old: Cells) -> CellDiff:
    """Compare the cells of each return with its old cells. Neither set may have a cell twice."""
    if not len(old):
        empty = np.empty(0, dtype=np.int64)
        added = np.lexsort((new.cell_id, new.item))
        return CellDiff(added=added, changed=empty, changed_from=empty, unchanged=empty, withdrawn=empty)
    cell_ids = np.unique(np.concatenate([new.cell_id, old.cell_id]))
    size = max(len(cell_ids), 1)
    new_keys, old_keys = (cells.item * size + np.searchsorted(cell_ids, cells.cell_id) for cells in (new, old))
    new_rows, old_rows = match_keys(new_keys, old_keys)
    is_equal = np.ones(len(new_rows), dtype=np.bool_)
    for name in (*NUMBER_FIELDS, "status", "notes"):
        is_equal &= np.asarray(getattr(new, name)[new_rows] == getattr(old, name)[old_rows], dtype=np.bool_)
    return CellDiff(
        added=_unmatched_rows(new_keys, new_rows),
        changed=new_rows[~is_equal],
        changed_from=old_rows[~is_equal],
        unchanged=new_rows[is_equal],
        withdrawn=_unmatched_rows(old_keys, old_rows),
    )


def match_keys(new: Column, old: Column) -> tuple[Column, Column]:
    """Return the rows of the shared keys in both columns, sorted by key. Neither column may have a key twice."""
    new_order, old_order = (np.argsort(keys, kind="stable") for keys in (new, old))
    if not len(old):
        return new_order[:0], old_order
    positions = np.minimum(np.searchsorted(old[old_order], new[new_order]), len(old) - 1)
    is_shared = old[old_order[positions]] == new[new_order]
    return new_order[is_shared], old_order[positions[is_shared]]


def _unmatched_rows(keys: Column, matched_rows: Column) -> Column:
    """Return the rows that are not matched, sorted by key."""
    is_unmatched = np.ones(len(keys), dtype=np.bool_)
    is_unmatched[matched_rows] = False
    rows = is_unmatched.nonzero()[0]
    return rows[np.argsort(keys[rows], kind="stable")]


def count_changes(cell_diff: CellDiff, new: Cells, old: Cells, return_count: int) -> list[CellCounts]:
    """Return the counts of each return, by its item."""

    def count(cells: Cells, rows: Column) -> list[int]:
        return np.bincount(cells.item[rows], minlength=return_count).tolist()

    received = np.bincount(new.item, minlength=return_count).tolist()
    columns = [
        count(new, cell_diff.added),
        count(new, cell_diff.changed),
        count(new, cell_diff.unchanged),
        count(old, cell_diff.withdrawn),
    ]
    return [
        CellCounts(received=r, added=a, changed=c, unchanged=u, withdrawn=w)
        for r, a, c, u, w in zip(received, *columns, strict=True)
    ]


def list_changes(
    cell_diff: CellDiff, new: Cells, old: Cells, catalogue: Catalogue, name_cell: CellNamer, *, limit: int
) -> list[ChangedCell]:
    """Return the changed, then the withdrawn, then the added cells, at most `limit` in all."""

    def name(cells: Cells, row: int) -> CellName:
        codes = cells.read_codes(row, catalogue)
        return name_cell(int(cells.item[row]), codes["area"], codes["breakdown"])

    changes = [
        ChangedCell(cell=name(new, row), before=to_cell_value(old, old_row), after=to_cell_value(new, row))
        for row, old_row in zip(
            cell_diff.changed[:limit].tolist(), cell_diff.changed_from[:limit].tolist(), strict=True
        )
    ]
    changes += [
        ChangedCell(cell=name(old, row), before=to_cell_value(old, row), after=None)
        for row in cell_diff.withdrawn[: limit - len(changes)].tolist()
    ]
    changes += [
        ChangedCell(cell=name(new, row), before=None, after=to_cell_value(new, row))
        for row in cell_diff.added[: limit - len(changes)].tolist()
    ]
    return changes


def to_cell_value(cells: Cells, row: int) -> CellValue:
    return CellValue(**cells.read_row(row))
