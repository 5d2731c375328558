"""What differs between two sets of cells of the same returns."""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.submissions.revisions import MISSING, NUMBER_FIELDS, STATUSES, Cells, Column
from schema.problems import CellName
from schema.submission_reports import CellCounts, CellValue, ChangedCell


class CellDiff(Struct, frozen=True, kw_only=True, eq=False):
    """Rows of the cells now and before, by what happened to them."""

    # Each by return, area and breakdown.
    added: Column  # rows of now
    changed: Column  # rows of now …
    changed_from: Column  # … and of before, one beside the other
    unchanged: Column  # rows of now
    withdrawn: Column  # rows of before


def diff_cells(now: Cells, before: Cells) -> CellDiff:
    """The cells of each return (`item`) beside those of the same return before. No cell may be there twice."""
    if not len(before):
        nothing = np.empty(0, dtype=np.int64)
        new = np.lexsort((now.cell_id, now.item))
        return CellDiff(added=new, changed=nothing, changed_from=nothing, unchanged=nothing, withdrawn=nothing)
    places = np.unique(np.concatenate([now.cell_id, before.cell_id]))
    size = max(len(places), 1)
    new, old = (cells.item * size + np.searchsorted(places, cells.cell_id) for cells in (now, before))
    at, was = match_keys(new, old)
    equal = np.ones(len(at), dtype=np.bool_)
    for name in (*NUMBER_FIELDS, "status", "notes"):
        equal &= np.asarray(getattr(now, name)[at] == getattr(before, name)[was], dtype=np.bool_)
    return CellDiff(
        added=_unmatched_rows(new, at),
        changed=at[~equal],
        changed_from=was[~equal],
        unchanged=at[equal],
        withdrawn=_unmatched_rows(old, was),
    )


def match_keys(new: Column, old: Column) -> tuple[Column, Column]:
    """Where the keys that both have lie in one and in the other, in the order of the keys. None may be there twice."""
    order, old_order = (np.argsort(keys, kind="stable") for keys in (new, old))
    if not len(old):
        return order[:0], old_order
    at = np.minimum(np.searchsorted(old[old_order], new[order]), len(old) - 1)
    same = old[old_order[at]] == new[order]
    return order[same], old_order[at[same]]


def _unmatched_rows(keys: Column, rows: Column) -> Column:
    """The rows that are not among `rows`, by their keys."""
    left = np.ones(len(keys), dtype=np.bool_)
    left[rows] = False
    others = np.flatnonzero(left)
    return others[np.argsort(keys[others], kind="stable")]


def count_changes(found: CellDiff, now: Cells, before: Cells, items: int) -> list[CellCounts]:
    """For each return, by its item."""

    def of(cells: Cells, rows: Column) -> list[int]:
        return np.bincount(cells.item[rows], minlength=items).tolist()

    received = np.bincount(now.item, minlength=items).tolist()
    columns = [of(now, found.added), of(now, found.changed), of(now, found.unchanged), of(before, found.withdrawn)]
    return [
        CellCounts(received=r, added=a, changed=c, unchanged=u, withdrawn=w)
        for r, a, c, u, w in zip(received, *columns, strict=True)
    ]


CellNamer = Callable[[int, str, dict[str, str]], CellName]


def list_changes(
    found: CellDiff, now: Cells, before: Cells, catalogue: Catalogue, named: CellNamer, *, limit: int
) -> list[ChangedCell]:
    """At most so many changes, told by area and breakdown: those that changed, then withdrawn, then added ones."""

    def name(cells: Cells, row: int) -> CellName:
        area = catalogue.area_codes[int(cells.area[row])]
        return named(
            int(cells.item[row]), area, parse_breakdown_key(catalogue.breakdown_keys[int(cells.breakdown[row])])
        )

    told = [
        ChangedCell(cell=name(now, row), before=to_cell_value(before, old), after=to_cell_value(now, row))
        for row, old in zip(found.changed[:limit].tolist(), found.changed_from[:limit].tolist(), strict=True)
    ]
    gone = found.withdrawn[: limit - len(told)].tolist()
    told += [ChangedCell(cell=name(before, row), before=to_cell_value(before, row), after=None) for row in gone]
    new = found.added[: limit - len(told)].tolist()
    return told + [ChangedCell(cell=name(now, row), before=None, after=to_cell_value(now, row)) for row in new]


def to_cell_value(cells: Cells, row: int) -> CellValue:
    numbers = {name: int(getattr(cells, name)[row]) for name in NUMBER_FIELDS}
    return CellValue(
        status=STATUSES[int(cells.status[row])],
        note=cells.notes[row],
        **{name: number for name, number in numbers.items() if number != MISSING},
    )
