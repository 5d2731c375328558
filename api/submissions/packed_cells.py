"""Pack the cells of a revision into one byte string for each field, as the table `revision` stores them.

A packed column has one unsigned big-endian number for each cell, each as wide as the column's largest number needs: 1,
2, 4 or 8 bytes. The number is the cell's number plus 1 (of a status its index); 0 means none. A column in which
every cell is empty is null. The width of a number is the length of the column divided by the number of cells. The SQL
function `unpack_numbers` reads the same format.

The totals of areas (the cells without a breakdown) come first, so that they can be read without the rest.
"""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, Cells, Column, repeat_number

EMPTY_VALUES = {"area": MISSING, "breakdown": MISSING} | dict.fromkeys(NUMBER_FIELDS, MISSING) | {"status": 0}
"""The packed fields, in order, each with its value in `Cells` for none."""


NO_CELLS = Cells(
    **dict.fromkeys(["item", *EMPTY_VALUES], np.empty(0, dtype=np.int64)), notes=np.empty(0, dtype=np.object_)
)


class PackedCells(Struct, frozen=True, kw_only=True):
    """The cells of one revision, as they are stored."""

    count: int
    totals: int = 0
    """How many of the cells, from the first, are totals of areas."""
    columns: tuple[bytes | None, ...] = (None,) * len(EMPTY_VALUES)
    """One for each of EMPTY_VALUES. The status is an index into STATUSES."""
    notes: str | None = None
    """A JSON object with the note of each cell that has one, by the cell's position, counted from 0."""


def pack_cells(cells: Cells, total: int) -> PackedCells:
    """Pack the cells of one revision. `total` is the database's id of the breakdown of totals."""
    is_total = cells.breakdown == total
    total_count = int(np.count_nonzero(is_total))
    if not is_total[:total_count].all():
        cells = cells.select(np.argsort(~is_total, kind="stable"))
    positions = (cells.notes != np.array(None)).nonzero()[0]
    notes = {str(position): cells.notes[position] for position in positions.tolist()}
    return PackedCells(
        count=len(cells),
        totals=total_count,
        columns=tuple(_pack_column(getattr(cells, name) - empty) for name, empty in EMPTY_VALUES.items()),
        notes=msgspec.json.encode(notes).decode() if notes else None,
    )


def _pack_column(stored: Column) -> bytes | None:
    if not stored.any():
        return None
    return stored.astype(np.min_scalar_type(int(stored.max())).newbyteorder(">")).tobytes()


def unpack_cells(items: Iterable[int], revisions: Sequence[PackedCells]) -> Cells:
    """Unpack the cells of revisions. Each item becomes the `item` of the cells of the revision in the same place."""
    if not revisions:
        return NO_CELLS
    counts = [revision.count for revision in revisions]
    notes = np.full(sum(counts), None, dtype=np.object_)
    for start, revision in zip(np.cumsum([0, *counts]).tolist(), revisions, strict=False):
        for position, note in msgspec.json.decode(revision.notes or "{}", type=dict[int, str]).items():
            notes[start + position] = note
    columns = {
        name: _unpack_column([revision.columns[place] for revision in revisions], counts, empty)
        for place, (name, empty) in enumerate(EMPTY_VALUES.items())
    }
    return Cells(item=np.repeat(np.fromiter(items, dtype=np.int64), counts), **columns, notes=notes)


def _unpack_column(parts: Sequence[bytes | None], counts: Sequence[int], empty: int) -> Column:
    """Join the column of several revisions. One that is empty everywhere uses the memory of one number."""
    if not any(parts):
        return repeat_number(empty, sum(counts))
    column = np.zeros(sum(counts), dtype=np.int64)
    start = 0
    for part, count in zip(parts, counts, strict=True):
        if part:
            column[start : start + count] = np.frombuffer(part, dtype=f">u{len(part) // count}")
        start += count
    column += empty
    return column
