"""Convert cells to and from PostgreSQL's binary COPY format with numpy.

The format: https://www.postgresql.org/docs/16/sql-copy.html, *Binary Format*. A row has the number of its fields, then
the length and the bytes of each field; the length of null is -1. Rows with nulls in the same fields and notes of the
same length have the same layout. Each layout is one numpy array, because there are only a small number of layouts.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, STATUSES, Cells, Column
from api.submissions.reading.column_buffer import ColumnBuffer

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
COPY_TRAILER = struct.pack(">h", -1)
CHUNK_ROWS = 16_384  # packed in milliseconds, so that other requests are answered between two chunks
COPY_FIELDS = ("programme", "revision", "area", "breakdown", *NUMBER_FIELDS, "status", "note")
FIELD_TYPES = {"programme": ">i4", "area": ">i4", "breakdown": ">i4", "status": "S1"}  # the rest are bigint
_STATUS_LETTERS = np.array([(status or "-").encode() for status in STATUSES], dtype="S1")


def pack_cells(cells: Cells, revision: Column, programme: int) -> Iterator[bytes]:
    """Yield a binary COPY into `observation`. Cells whose `revision` is MISSING are left out."""
    yield COPY_HEADER
    rows = np.flatnonzero(revision != MISSING)
    for start in range(0, len(rows), CHUNK_ROWS):
        chosen = rows[start : start + CHUNK_ROWS]
        yield from _pack_chunk(cells.select(chosen), revision[chosen], programme)
    yield COPY_TRAILER


def _pack_chunk(cells: Cells, revision: Column, programme: int) -> Iterator[bytes]:
    """Yield the rows of a chunk layout by layout. Their order within a chunk hardly matters to the table's index."""
    notes: dict[int, bytes] = {row: note.encode() for row, note in enumerate(cells.notes.tolist()) if note is not None}
    layout = np.full(len(cells), MISSING, dtype=np.int64)
    layout[list(notes)] = [len(note) for note in notes.values()]
    for is_present in (cells.status != 0, *(getattr(cells, name) != MISSING for name in NUMBER_FIELDS)):
        layout = layout << 1 | is_present
    for layout_id in np.unique(layout).tolist():
        rows = np.flatnonzero(layout == layout_id)
        layout_notes = [notes[row] for row in rows.tolist()] if int(rows[0]) in notes else []
        yield _pack_layout(cells.select(rows), revision[rows], programme, layout_notes).tobytes()


def _pack_layout(
    cells: Cells, revision: Column, programme: int, notes: list[bytes]
) -> np.ndarray[tuple[int], np.dtype]:
    """Return rows of one layout. `notes` is empty if the layout has no notes."""
    columns: dict[str, Any] = {"programme": programme, "revision": revision}
    columns |= {"area": cells.area, "breakdown": cells.breakdown}
    columns |= {name: column for name in NUMBER_FIELDS if (column := getattr(cells, name))[0] != MISSING}
    if cells.status[0]:
        columns["status"] = _STATUS_LETTERS[cells.status]
    types = dict(FIELD_TYPES)
    if notes:
        columns["note"], types["note"] = notes, f"S{len(notes[0])}"
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name in COPY_FIELDS:
        layout.append((f"{name} length", ">i4"))
        if name in columns:
            layout.append((name, types.get(name, ">i8")))
    packed = np.zeros(len(revision), dtype=layout)
    packed["fields"] = len(COPY_FIELDS)
    for name in COPY_FIELDS:
        packed[f"{name} length"] = packed.dtype[name].itemsize if name in columns else -1
        if name in columns:
            packed[name] = columns[name]
    return packed


UNPACKED_FIELDS = ("item", "area", "breakdown", *NUMBER_FIELDS, "status", "noted")
_FIELD_PARTS = ((" length", ">i4"), ("", ">i8"))
_UNPACKED_ROW = np.dtype(
    [("fields", ">i2"), *((f"{name}{part}", kind) for name in UNPACKED_FIELDS for part, kind in _FIELD_PARTS)]
)


class CellUnpacker:
    """Read cells from a binary COPY that arrives in pieces: `feed` each piece, then call `to_cells`.

    The fields are UNPACKED_FIELDS, all bigint and never null. `noted` is 1 if the cell has a note.
    """

    def __init__(self) -> None:
        self._buffer = ColumnBuffer(UNPACKED_FIELDS[:-1])
        self._pending = b""
        self._row_offset = len(COPY_HEADER)
        self._noted_rows: list[int] = []

    @property
    def has_notes(self) -> bool:
        return bool(self._noted_rows)

    def feed(self, piece: bytes) -> None:
        content = self._pending + piece
        row_count = (len(content) - self._row_offset) // _UNPACKED_ROW.itemsize
        if row_count <= 0:
            self._pending = content
            return
        body = np.frombuffer(content, dtype=_UNPACKED_ROW, offset=self._row_offset, count=row_count)
        self._pending = content[self._row_offset + row_count * _UNPACKED_ROW.itemsize :]
        self._row_offset = 0
        columns = {name: body[name].astype(np.int64) for name in UNPACKED_FIELDS}
        self._noted_rows += (self._buffer.row_count + np.flatnonzero(columns["noted"])).tolist()
        self._buffer.add(columns, np.full(row_count, None, dtype=np.object_))

    def to_cells(self, notes: Mapping[tuple[int, int, int], str]) -> Cells:
        """Return the cells. `notes` are by item, area and breakdown."""
        columns = self._buffer.drain()
        for row in self._noted_rows:
            item, area, breakdown = (int(columns[name][row]) for name in UNPACKED_FIELDS[:3])
            columns["notes"][row] = notes.get((item, area, breakdown))
        return Cells(**columns)
