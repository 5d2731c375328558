"""Cells as rows of PostgreSQL's binary COPY format, packed by numpy.

The format: https://www.postgresql.org/docs/16/sql-copy.html, *Binary Format*. A row is the number of its fields, then
for each its length and its bytes, -1 for null. Rows that have nulls in the same places and notes of one length have one
layout, so there is one array for each such layout; there are few.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from api.submissions.reading.column_buffer import ColumnBuffer
from api.submissions.revisions import MISSING, NUMBER_FIELDS, STATUSES, Cells, Column

COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
COPY_TRAILER = struct.pack(">h", -1)
CHUNK_ROWS = 16_384  # rows; packed in milliseconds, between which other requests are answered
COPY_FIELDS = ("programme", "revision", "area", "breakdown", *NUMBER_FIELDS, "status", "note")
FIELD_TYPES = {"programme": ">i4", "area": ">i4", "breakdown": ">i4", "status": "S1"}  # the rest are bigint
_STATUS_LETTERS = np.array([(status or "-").encode() for status in STATUSES], dtype="S1")


def pack_cells(cells: Cells, revision: Column, programme: int) -> Iterator[bytes]:
    """The whole of a binary COPY into `observation`: `revision` has each cell's revision, NULL where it has none."""
    yield COPY_HEADER
    rows = np.flatnonzero(revision != MISSING)
    for start in range(0, len(rows), CHUNK_ROWS):
        chosen = rows[start : start + CHUNK_ROWS]
        yield from _pack_chunk(cells.select(chosen), revision[chosen], programme)
    yield COPY_TRAILER


def _pack_chunk(cells: Cells, revision: Column, programme: int) -> Iterator[bytes]:
    """Layout after layout: within a chunk the order of the rows means little to the table's index."""
    texts: dict[int, bytes] = {row: note.encode() for row, note in enumerate(cells.notes.tolist()) if note is not None}
    layout = np.full(len(cells), MISSING, dtype=np.int64)
    layout[list(texts)] = [len(text) for text in texts.values()]
    for there in (cells.status != 0, *(getattr(cells, name) != MISSING for name in NUMBER_FIELDS)):
        layout = layout << 1 | there
    for one in np.unique(layout).tolist():
        rows = np.flatnonzero(layout == one)
        mine = [texts[row] for row in rows.tolist()] if int(rows[0]) in texts else []
        yield _pack_layout(cells.select(rows), revision[rows], programme, mine).tobytes()


def _pack_layout(
    cells: Cells, revision: Column, programme: int, texts: list[bytes]
) -> np.ndarray[tuple[int], np.dtype]:
    """Rows of one layout; `texts` are their notes, if they have any."""
    columns: dict[str, Any] = {"programme": programme, "revision": revision}
    columns |= {"area": cells.area, "breakdown": cells.breakdown}
    columns |= {name: column for name in NUMBER_FIELDS if (column := getattr(cells, name))[0] != MISSING}
    if cells.status[0]:
        columns["status"] = _STATUS_LETTERS[cells.status]
    types = dict(FIELD_TYPES)
    if texts:
        columns["note"], types["note"] = texts, f"S{len(texts[0])}"
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name in COPY_FIELDS:
        layout.append((f"{name} length", ">i4"))
        if name in columns:
            layout.append((name, types.get(name, ">i8")))
    made = np.zeros(len(revision), dtype=layout)
    made["fields"] = len(COPY_FIELDS)
    for name in COPY_FIELDS:
        made[f"{name} length"] = made.dtype[name].itemsize if name in columns else -1
        if name in columns:
            made[name] = columns[name]
    return made


UNPACKED_FIELDS = ("item", "area", "breakdown", *NUMBER_FIELDS, "status", "noted")
_FIELD_PARTS = ((" length", ">i4"), ("", ">i8"))
_UNPACKED_ROW = np.dtype(
    [("fields", ">i2"), *((f"{name}{part}", kind) for name in UNPACKED_FIELDS for part, kind in _FIELD_PARTS)]
)


class CellUnpacker:
    """Cells of a binary COPY out that comes in pieces, cut anywhere: `feed` each, then `cells`.

    Its fields are those of READ, all bigint and none null; `noted` is 1 where the cell has a note.
    """

    def __init__(self) -> None:
        self._buffer = ColumnBuffer(UNPACKED_FIELDS[:-1])
        self._pending = b""
        self._row_offset = len(COPY_HEADER)
        self._noted_rows: list[int] = []

    @property
    def has_notes(self) -> bool:
        """Whether some cell has a note."""
        return bool(self._noted_rows)

    def feed(self, piece: bytes) -> None:
        content = self._pending + piece
        number = (len(content) - self._row_offset) // _UNPACKED_ROW.itemsize
        if number <= 0:
            self._pending = content
            return
        body = np.frombuffer(content, dtype=_UNPACKED_ROW, offset=self._row_offset, count=number)
        self._pending = content[self._row_offset + number * _UNPACKED_ROW.itemsize :]
        self._row_offset = 0
        columns = {name: body[name].astype(np.int64) for name in UNPACKED_FIELDS}
        self._noted_rows += (self._buffer.row_count + np.flatnonzero(columns["noted"])).tolist()
        self._buffer.add(columns, np.full(number, None, dtype=np.object_))

    def to_cells(self, notes: Mapping[tuple[int, int, int], str]) -> Cells:
        """Each note by its cell's item, area and breakdown."""
        columns = self._buffer.drain()
        for row in self._noted_rows:
            item, area, breakdown = (int(columns[name][row]) for name in UNPACKED_FIELDS[:3])
            columns["notes"][row] = notes.get((item, area, breakdown))
        return Cells(**columns)
