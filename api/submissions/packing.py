"""Cells as rows of PostgreSQL's binary COPY format, packed by numpy.

The format: https://www.postgresql.org/docs/16/sql-copy.html, *Binary Format*. A row is the number of its fields, then
for each its length and its bytes, -1 for null. Rows that have nulls in the same places have one layout, so there is
one array for each such pattern; there are few.
"""

import struct
from collections.abc import Iterator

import numpy as np

from api.submissions.revisions import NULL, NUMBERS, STATUSES, Cells, Column, Mask

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
CHUNK = 65_536
FIELDS = ("programme", "revision", "area", "breakdown", *NUMBERS, "status", "note")
TYPES = {"programme": ">i4", "area": ">i4", "breakdown": ">i4", "status": "S1"}  # the rest are bigint
_LETTERS = np.array([(status or "-").encode() for status in STATUSES], dtype="S1")


def packed(cells: Cells, revision: Column, programme: int) -> Iterator[bytes]:
    """The whole of a binary COPY into `observation`: `revision` has each cell's revision."""
    yield HEADER
    with_note = np.array(cells.notes != None, dtype=np.bool_)  # noqa: E711  asked of each element
    filled = np.stack([*(getattr(cells, name) != NULL for name in NUMBERS), cells.status != 0])
    pattern = np.zeros(len(cells), dtype=np.int64)
    for bit, there in enumerate(filled):
        pattern |= there.astype(np.int64) << bit
    for bits in np.unique(pattern).tolist():
        alike: Mask = pattern == bits
        plain = np.flatnonzero(alike & ~with_note)
        for start in range(0, len(plain), CHUNK):
            yield _rows(cells, plain[start : start + CHUNK], revision, programme, bits).tobytes()
        for row in np.flatnonzero(alike & with_note).tolist():
            one = _rows(cells, np.array([row]), revision, programme, bits).tobytes()
            text = str(cells.notes[row]).encode()
            yield one[:-4] + struct.pack(">i", len(text)) + text
    yield TRAILER


def _rows(cells: Cells, rows: Column, revision: Column, programme: int, bits: int) -> np.ndarray[tuple[int], np.dtype]:
    """The note, which is last, is null."""
    there = dict(zip((*NUMBERS, "status"), (bool(bits >> bit & 1) for bit in range(len(NUMBERS) + 1)), strict=True))
    there |= {"programme": True, "revision": True, "area": True, "breakdown": True, "note": False}
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name in FIELDS:
        layout.append((f"{name} length", ">i4"))
        if there[name]:
            layout.append((name, TYPES.get(name, ">i8")))
    made = np.zeros(len(rows), dtype=layout)
    made["fields"] = len(FIELDS)
    for name in FIELDS:
        made[f"{name} length"] = made.dtype[name].itemsize if there[name] else -1
    made["programme"] = programme
    made["revision"] = revision[rows]
    for name in ("area", "breakdown", *(name for name in NUMBERS if there[name])):
        made[name] = getattr(cells, name)[rows]
    if there["status"]:
        made["status"] = _LETTERS[cells.status[rows]]
    return made


READ = ("item", "area", "breakdown", *NUMBERS, "status")


def unpacked(content: bytes, notes: dict[tuple[int, int, int], str]) -> Cells:
    """Cells of a binary COPY out whose fields are those of READ, all bigint and none null; notes by their cell."""
    layout = np.dtype([("fields", ">i2"), *((f"{name}{part}", kind) for name in READ for part, kind in _PARTS)])
    body = np.frombuffer(
        content, dtype=layout, offset=len(HEADER), count=(len(content) - len(HEADER)) // layout.itemsize
    )
    columns = {name: body[name].astype(np.int64) for name in READ}
    texts = np.full(len(body), None, dtype=np.object_)
    if notes:
        keys = zip(*(columns[name].tolist() for name in READ[:3]), strict=True)
        for row, key in enumerate(keys):
            texts[row] = notes.get(key)
    return Cells(notes=texts, **columns)


_PARTS = ((" length", ">i4"), ("", ">i8"))
