"""Cells as rows of PostgreSQL's binary COPY format, packed by numpy.

The format: https://www.postgresql.org/docs/16/sql-copy.html, *Binary Format*. A row is the number of its fields, then
for each its length and its bytes, -1 for null. Rows that have nulls in the same places and notes of one length have one
layout, so there is one array for each such layout; there are few.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from api.submissions.reading.column_buffer import Growing
from api.submissions.revisions import NULL, NUMBERS, STATUSES, Cells, Column

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
CHUNK = 16_384  # rows; packed in milliseconds, between which other requests are answered
FIELDS = ("programme", "revision", "area", "breakdown", *NUMBERS, "status", "note")
TYPES = {"programme": ">i4", "area": ">i4", "breakdown": ">i4", "status": "S1"}  # the rest are bigint
_LETTERS = np.array([(status or "-").encode() for status in STATUSES], dtype="S1")


def packed(cells: Cells, revision: Column, programme: int) -> Iterator[bytes]:
    """The whole of a binary COPY into `observation`: `revision` has each cell's revision, NULL where it has none."""
    yield HEADER
    rows = np.flatnonzero(revision != NULL)
    for start in range(0, len(rows), CHUNK):
        chosen = rows[start : start + CHUNK]
        yield from _chunk(cells.take(chosen), revision[chosen], programme)
    yield TRAILER


def _chunk(cells: Cells, revision: Column, programme: int) -> Iterator[bytes]:
    """Layout after layout: within a chunk the order of the rows means little to the table's index."""
    texts: dict[int, bytes] = {row: note.encode() for row, note in enumerate(cells.notes.tolist()) if note is not None}
    layout = np.full(len(cells), NULL, dtype=np.int64)
    layout[list(texts)] = [len(text) for text in texts.values()]
    for there in (cells.status != 0, *(getattr(cells, name) != NULL for name in NUMBERS)):
        layout = layout << 1 | there
    for one in np.unique(layout).tolist():
        rows = np.flatnonzero(layout == one)
        mine = [texts[row] for row in rows.tolist()] if int(rows[0]) in texts else []
        yield _rows(cells.take(rows), revision[rows], programme, mine).tobytes()


def _rows(cells: Cells, revision: Column, programme: int, texts: list[bytes]) -> np.ndarray[tuple[int], np.dtype]:
    """Rows of one layout; `texts` are their notes, if they have any."""
    columns: dict[str, Any] = {"programme": programme, "revision": revision}
    columns |= {"area": cells.area, "breakdown": cells.breakdown}
    columns |= {name: column for name in NUMBERS if (column := getattr(cells, name))[0] != NULL}
    if cells.status[0]:
        columns["status"] = _LETTERS[cells.status]
    types = dict(TYPES)
    if texts:
        columns["note"], types["note"] = texts, f"S{len(texts[0])}"
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name in FIELDS:
        layout.append((f"{name} length", ">i4"))
        if name in columns:
            layout.append((name, types.get(name, ">i8")))
    made = np.zeros(len(revision), dtype=layout)
    made["fields"] = len(FIELDS)
    for name in FIELDS:
        made[f"{name} length"] = made.dtype[name].itemsize if name in columns else -1
        if name in columns:
            made[name] = columns[name]
    return made


READ = ("item", "area", "breakdown", *NUMBERS, "status", "noted")
_PARTS = ((" length", ">i4"), ("", ">i8"))
_READ = np.dtype([("fields", ">i2"), *((f"{name}{part}", kind) for name in READ for part, kind in _PARTS)])


class Unpacking:
    """Cells of a binary COPY out that comes in pieces, cut anywhere: `feed` each, then `cells`.

    Its fields are those of READ, all bigint and none null; `noted` is 1 where the cell has a note.
    """

    def __init__(self) -> None:
        self._growing = Growing(READ[:-1])
        self._waiting = b""
        self._start = len(HEADER)
        self._noted: list[int] = []

    @property
    def noted(self) -> bool:
        """Whether some cell has a note."""
        return bool(self._noted)

    def feed(self, piece: bytes) -> None:
        content = self._waiting + piece
        number = (len(content) - self._start) // _READ.itemsize
        if number <= 0:
            self._waiting = content
            return
        body = np.frombuffer(content, dtype=_READ, offset=self._start, count=number)
        self._waiting = content[self._start + number * _READ.itemsize :]
        self._start = 0
        columns = {name: body[name].astype(np.int64) for name in READ}
        self._noted += (self._growing.count + np.flatnonzero(columns["noted"])).tolist()
        self._growing.add(columns, np.full(number, None, dtype=np.object_))

    def cells(self, notes: Mapping[tuple[int, int, int], str]) -> Cells:
        """Each note by its cell's item, area and breakdown."""
        columns = self._growing.joined()
        for row in self._noted:
            item, area, breakdown = (int(columns[name][row]) for name in READ[:3])
            columns["notes"][row] = notes.get((item, area, breakdown))
        return Cells(**columns)
