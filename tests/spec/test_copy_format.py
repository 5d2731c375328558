"""PostgreSQL's binary COPY format, decoded by an independent decoder without numpy."""

import struct
from io import BytesIO

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.submissions import copy_format
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, STATUSES, Cells
from tests.fixtures.example_plan import make_cells

WIDTHS = {4: ">i", 8: ">q"}


def decode_rows(content: bytes) -> list[list[bytes | None]]:
    """Decode the format of https://www.postgresql.org/docs/16/sql-copy.html: signature, flags, tuples and trailer."""
    file = BytesIO(content)
    assert file.read(11) == b"PGCOPY\n\xff\r\n\0"
    flags, extension = struct.unpack(">ii", file.read(8))
    assert (flags, extension) == (0, 0)
    decoded_rows = []
    while (fields := struct.unpack(">h", file.read(2))[0]) != -1:
        row: list[bytes | None] = []
        for _ in range(fields):
            (length,) = struct.unpack(">i", file.read(4))
            row.append(None if length == -1 else file.read(length))
        decoded_rows.append(row)
    assert file.read() == b""
    return decoded_rows


def decode_integer(field: bytes | None) -> int:
    return MISSING if field is None else struct.unpack(WIDTHS[len(field)], field)[0]


COUNT = st.sampled_from([MISSING, 0, 1, 255, 2**31, 2**53 - 1])
ROW = st.tuples(
    st.integers(1, 2**31 - 1),
    st.integers(1, 2**31 - 1),
    *[COUNT] * 5,
    st.integers(0, 4),
    st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
    st.integers(1, 2**62),
)


@given(st.lists(ROW, max_size=40), st.integers(1, 2**31 - 1))
def test_independent_decoder_reads_the_packed_cells(given_rows, programme):
    columns = list(zip(*given_rows, strict=True)) or [()] * 10
    area, breakdown, *numbers, status, notes, revision = columns
    cells = Cells(
        item=np.zeros(len(given_rows), dtype=np.int64),
        area=np.array(area, dtype=np.int64),
        breakdown=np.array(breakdown, dtype=np.int64),
        **{name: np.array(column, dtype=np.int64) for name, column in zip(NUMBER_FIELDS, numbers, strict=True)},
        status=np.array(status, dtype=np.int64),
        notes=np.array(notes, dtype=np.object_),
    )
    content = b"".join(copy_format.pack_cells(cells, np.array(revision, dtype=np.int64), programme))
    unpacked = [
        (
            *map(decode_integer, row[2:9]),
            STATUSES.index(row[9].decode() if row[9] else None),  # pyright: ignore
            None if row[10] is None else row[10].decode(),
            decode_integer(row[1]),
        )
        for row in decode_rows(content)
    ]
    assert {decode_integer(row[0]) for row in decode_rows(content)} <= {programme}
    assert sorted(map(str, unpacked)) == sorted(map(str, given_rows))


def test_copy_fields_are_the_columns_of_the_table():
    from schema.tables import observation  # noqa: PLC0415  only this test needs the tables

    assert list(copy_format.COPY_FIELDS) == [column.name for column in observation.columns]


def test_rows_of_several_chunks_are_all_packed():
    single = make_cells("town 7")
    repeated = single.select(np.zeros(copy_format.CHUNK_ROWS + 3, dtype=np.int64))  # pyright: ignore
    repeated = msgspec.structs.replace(repeated, value=np.arange(len(repeated), dtype=np.int64))
    pieces = list(copy_format.pack_cells(repeated, np.ones(len(repeated), dtype=np.int64), 1))
    assert len(pieces) == 4  # the header, two chunks and the trailer
    assert [decode_integer(row[4]) for row in decode_rows(b"".join(pieces))] == list(range(len(repeated)))


ROWS = [(0, 5, 2, 12, MISSING, MISSING, MISSING, MISSING, 0), (1, 6, 1, MISSING, MISSING, MISSING, 1, 4, 1)]


def unpack(rows: list[tuple[int, ...]], notes: dict | None = None, *, chunk_bytes: int = 10**6) -> Cells:
    """Unpack PostgreSQL's response to a query of non-null bigint fields, in chunks of `chunk_bytes`."""
    marked_rows = [(*row, int(row[:3] in (notes or {}))) for row in rows]
    body = b"".join(
        struct.pack(">h", len(row)) + b"".join(struct.pack(">iq", 8, number) for number in row) for row in marked_rows
    )
    content = copy_format.COPY_HEADER + body + copy_format.COPY_TRAILER
    unpacking = copy_format.CellUnpacker()
    for start in range(0, len(content), chunk_bytes):
        unpacking.feed(content[start : start + chunk_bytes])
    assert unpacking.has_notes == bool(notes)
    return unpacking.to_cells(notes or {})


@pytest.mark.parametrize("chunk_bytes", [1, 18, 19, 20, 122, 150, 10**6])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_response_is_unpacked_with_any_chunk_size(number, chunk_bytes):
    cells = unpack(ROWS[:number], chunk_bytes=chunk_bytes)
    assert (
        list(zip(*(getattr(cells, name).tolist() for name in copy_format.UNPACKED_FIELDS[:-1]), strict=True))
        == ROWS[:number]
    )
    assert cells.notes.tolist() == [None] * number


def test_notes_are_assigned_to_their_cells():
    assert unpack(ROWS, {(1, 6, 1): "Estimated."}).notes.tolist() == [None, "Estimated."]


def test_response_without_rows_has_no_cells():
    assert len(copy_format.CellUnpacker().to_cells({})) == 0


def test_cell_without_a_revision_is_not_packed():
    cells = make_cells("town 7", "east 3")
    content = b"".join(copy_format.pack_cells(cells, np.array([MISSING, 9]), 1))
    assert [(decode_integer(row[1]), decode_integer(row[4])) for row in decode_rows(content)] == [(9, 3)]
