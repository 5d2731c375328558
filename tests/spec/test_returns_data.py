"""Cells as the database returns them: in columns, with NaN for a missing number."""

import struct
from math import isnan, nan

import numpy as np

from api.figures.returns_data import ID_COLUMNS, unpack_cells
from api.submissions.cell_columns import NUMBER_FIELDS

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)


def make_copy(*rows: tuple[float | bool, ...]) -> bytes:
    """Return rows in PostgreSQL's binary COPY format: the number of fields, then each field after its length."""
    content = HEADER
    for row in rows:
        content += struct.pack(">h", len(row))
        for index, value in enumerate(row):
            field_format = (
                "q" if index < len(ID_COLUMNS) else "d" if index < len(ID_COLUMNS) + len(NUMBER_FIELDS) else "?"
            )
            content += struct.pack(f">i{field_format}", struct.calcsize(f">{field_format}"), value)
    return content + TRAILER


def test_each_column_has_its_numbers():
    cells = unpack_cells(make_copy((7, 1, 2, 30, nan, nan, nan, nan, False), (8, 1, 3, nan, nan, nan, 1, 4, True)))
    assert [getattr(cells, name).tolist() for name in ID_COLUMNS] == [[7, 8], [1, 1], [2, 3]]
    assert cells.value[0] == 30
    assert isnan(cells.value[1])
    assert (cells.lower[1], cells.upper[1]) == (1, 4)
    assert cells.confidential.tolist() == [False, True]
    assert cells.value.dtype == np.float64
    assert cells.revision.dtype == np.int64


def test_empty_copy_has_no_cells():
    assert unpack_cells(make_copy()).revision.size == 0
