"""What differs between two sets of cells of the same returns."""

from collections.abc import Callable

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue, breakdown_of
from api.submissions.revisions import NULL, NUMBERS, STATUSES, Cells, Column
from schema.problems import CellName
from schema.submissions import CellValue, Change, Counts


class Difference(Struct, frozen=True, kw_only=True, eq=False):
    """Rows of the cells now and before, by what happened to them."""

    # Each by return, area and breakdown.
    added: Column  # rows of now
    changed: Column  # rows of now …
    was: Column  # … and of before, one beside the other
    unchanged: Column  # rows of now
    withdrawn: Column  # rows of before


def difference(now: Cells, before: Cells) -> Difference:
    """The cells of each return (`item`) beside those of the same return before. No cell may be there twice."""
    if not len(before):
        nothing = np.empty(0, dtype=np.int64)
        new = np.lexsort((now.place, now.item))
        return Difference(added=new, changed=nothing, was=nothing, unchanged=nothing, withdrawn=nothing)
    places = np.unique(np.concatenate([now.place, before.place]))
    size = max(len(places), 1)
    new, old = (cells.item * size + np.searchsorted(places, cells.place) for cells in (now, before))
    at, was = shared(new, old)
    equal = np.ones(len(at), dtype=np.bool_)
    for name in (*NUMBERS, "status", "notes"):
        equal &= np.asarray(getattr(now, name)[at] == getattr(before, name)[was], dtype=np.bool_)
    return Difference(
        added=_others(new, at),
        changed=at[~equal],
        was=was[~equal],
        unchanged=at[equal],
        withdrawn=_others(old, was),
    )


def shared(new: Column, old: Column) -> tuple[Column, Column]:
    """Where the keys that both have lie in one and in the other, in the order of the keys. None may be there twice."""
    order, old_order = (np.argsort(keys, kind="stable") for keys in (new, old))
    if not len(old):
        return order[:0], old_order
    at = np.minimum(np.searchsorted(old[old_order], new[order]), len(old) - 1)
    same = old[old_order[at]] == new[order]
    return order[same], old_order[at[same]]


def _others(keys: Column, rows: Column) -> Column:
    """The rows that are not among `rows`, by their keys."""
    left = np.ones(len(keys), dtype=np.bool_)
    left[rows] = False
    others = np.flatnonzero(left)
    return others[np.argsort(keys[others], kind="stable")]


def counts(found: Difference, now: Cells, before: Cells, items: int) -> list[Counts]:
    """For each return, by its item."""

    def of(cells: Cells, rows: Column) -> list[int]:
        return np.bincount(cells.item[rows], minlength=items).tolist()

    received = np.bincount(now.item, minlength=items).tolist()
    columns = [of(now, found.added), of(now, found.changed), of(now, found.unchanged), of(before, found.withdrawn)]
    return [
        Counts(received=r, added=a, changed=c, unchanged=u, withdrawn=w)
        for r, a, c, u, w in zip(received, *columns, strict=True)
    ]


Named = Callable[[int, str, dict[str, str]], CellName]


def changes(
    found: Difference, now: Cells, before: Cells, catalogue: Catalogue, named: Named, *, most: int
) -> list[Change]:
    """At most so many changes, told by area and breakdown: those that changed, then withdrawn, then added ones."""

    def name(cells: Cells, row: int) -> CellName:
        area = catalogue.area_codes[int(cells.area[row])]
        return named(int(cells.item[row]), area, breakdown_of(catalogue.breakdown_texts[int(cells.breakdown[row])]))

    told = [
        Change(cell=name(now, row), was=value(before, old), now=value(now, row))
        for row, old in zip(found.changed[:most].tolist(), found.was[:most].tolist(), strict=True)
    ]
    gone = found.withdrawn[: most - len(told)].tolist()
    told += [Change(cell=name(before, row), was=value(before, row), now=None) for row in gone]
    new = found.added[: most - len(told)].tolist()
    return told + [Change(cell=name(now, row), was=None, now=value(now, row)) for row in new]


def value(cells: Cells, row: int) -> CellValue:
    numbers = {name: int(getattr(cells, name)[row]) for name in NUMBERS}
    return CellValue(
        status=STATUSES[int(cells.status[row])],
        note=cells.notes[row],
        **{name: number for name, number in numbers.items() if number != NULL},
    )
