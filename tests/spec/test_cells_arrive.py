"""Cells as the database hands them over: in columns, a number that is not there as NaN."""

import struct
from math import isnan, nan

import numpy as np

from api.figures.returns_data import COUNT_COLUMNS, ID_COLUMNS, unpack_cells

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)


def copied(*rows: tuple[float | bool, ...]) -> bytes:
    """As PostgreSQL writes them: the number of fields, then each with its length before it."""
    made = HEADER
    for row in rows:
        made += struct.pack(">h", len(row))
        for at, value in enumerate(row):
            form = "q" if at < len(ID_COLUMNS) else "d" if at < len(ID_COLUMNS) + len(COUNT_COLUMNS) else "?"
            made += struct.pack(f">i{form}", struct.calcsize(f">{form}"), value)
    return made + TRAILER


def test_each_column_has_its_numbers():
    found = unpack_cells(copied((7, 1, 2, 30, nan, nan, nan, nan, False), (8, 1, 3, nan, nan, nan, 1, 4, True)))
    assert [getattr(found, name).tolist() for name in ID_COLUMNS] == [[7, 8], [1, 1], [2, 3]]
    assert found.value[0] == 30
    assert isnan(found.value[1])
    assert (found.lower[1], found.upper[1]) == (1, 4)
    assert found.confidential.tolist() == [False, True]
    assert found.value.dtype == np.float64
    assert found.revision.dtype == np.int64


def test_there_may_be_none():
    assert unpack_cells(copied()).revision.size == 0
