"""Cells as the database hands them over: in columns, a number that is not there as NaN."""

import struct
from math import isnan, nan

import numpy as np

from api.figures.returns_data import COUNTS, IDS, unpacked

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)


def copied(*rows: tuple[float | bool, ...]) -> bytes:
    """As PostgreSQL writes them: the number of fields, then each with its length before it."""
    made = HEADER
    for row in rows:
        made += struct.pack(">h", len(row))
        for at, value in enumerate(row):
            form = "q" if at < len(IDS) else "d" if at < len(IDS) + len(COUNTS) else "?"
            made += struct.pack(f">i{form}", struct.calcsize(f">{form}"), value)
    return made + TRAILER


def test_each_column_has_its_numbers():
    found = unpacked(copied((7, 1, 2, 30, nan, nan, nan, nan, False), (8, 1, 3, nan, nan, nan, 1, 4, True)))
    assert [getattr(found, name).tolist() for name in IDS] == [[7, 8], [1, 1], [2, 3]]
    assert found.value[0] == 30
    assert isnan(found.value[1])
    assert (found.lower[1], found.upper[1]) == (1, 4)
    assert found.hidden.tolist() == [False, True]
    assert found.value.dtype == np.float64
    assert found.revision.dtype == np.int64


def test_there_may_be_none():
    assert unpacked(copied()).revision.size == 0
