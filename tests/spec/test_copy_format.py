"""PostgreSQL's binary COPY format, read back by a decoder that knows nothing of numpy."""

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


def rows(content: bytes) -> list[list[bytes | None]]:
    """As https://www.postgresql.org/docs/16/sql-copy.html describes it: signature, flags, extension, tuples, trailer."""
    file = BytesIO(content)
    assert file.read(11) == b"PGCOPY\n\xff\r\n\0"
    flags, extension = struct.unpack(">ii", file.read(8))
    assert (flags, extension) == (0, 0)
    found = []
    while (fields := struct.unpack(">h", file.read(2))[0]) != -1:
        row: list[bytes | None] = []
        for _ in range(fields):
            (length,) = struct.unpack(">i", file.read(4))
            row.append(None if length == -1 else file.read(length))
        found.append(row)
    assert file.read() == b""
    return found


def integer(field: bytes | None) -> int:
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
def test_what_is_packed_is_what_a_plain_decoder_reads(given_rows, programme):
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
    read = [
        (
            *map(integer, row[2:9]),
            STATUSES.index(row[9].decode() if row[9] else None),  # pyright: ignore
            None if row[10] is None else row[10].decode(),
            integer(row[1]),
        )
        for row in rows(content)
    ]
    assert {integer(row[0]) for row in rows(content)} <= {programme}
    assert sorted(map(str, read)) == sorted(map(str, given_rows))


def test_the_fields_are_the_columns_of_the_table():
    from schema.tables import observation  # noqa: PLC0415  the only test here that knows of tables

    assert list(copy_format.COPY_FIELDS) == [column.name for column in observation.columns]


def test_more_rows_than_one_chunk_are_all_there():
    one = make_cells("town 7")
    many = one.select(np.zeros(copy_format.CHUNK_ROWS + 3, dtype=np.int64))  # pyright: ignore
    many = msgspec.structs.replace(many, value=np.arange(len(many), dtype=np.int64))
    pieces = list(copy_format.pack_cells(many, np.ones(len(many), dtype=np.int64), 1))
    assert len(pieces) == 4  # header, two chunks, trailer
    assert [integer(row[4]) for row in rows(b"".join(pieces))] == list(range(len(many)))


READ = [(0, 5, 2, 12, MISSING, MISSING, MISSING, MISSING, 0), (1, 6, 1, MISSING, MISSING, MISSING, 1, 4, 1)]


def read_back(read: list[tuple[int, ...]], notes: dict | None = None, *, every: int = 10**6) -> Cells:
    """What PostgreSQL sends for a query whose fields are all bigint and none null, in pieces of `every` bytes."""
    told = [(*row, int(row[:3] in (notes or {}))) for row in read]
    body = b"".join(
        struct.pack(">h", len(row)) + b"".join(struct.pack(">iq", 8, number) for number in row) for row in told
    )
    content = copy_format.COPY_HEADER + body + copy_format.COPY_TRAILER
    unpacking = copy_format.CellUnpacker()
    for start in range(0, len(content), every):
        unpacking.feed(content[start : start + every])
    assert unpacking.has_notes == bool(notes)
    return unpacking.to_cells(notes or {})


@pytest.mark.parametrize("every", [1, 18, 19, 20, 122, 150, 10**6])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_postgresql_sends_is_read_as_columns_wherever_it_is_cut(number, every):
    cells = read_back(READ[:number], every=every)
    assert (
        list(zip(*(getattr(cells, name).tolist() for name in copy_format.UNPACKED_FIELDS[:-1]), strict=True))
        == READ[:number]
    )
    assert cells.notes.tolist() == [None] * number


def test_notes_find_their_cells():
    assert read_back(READ, {(1, 6, 1): "Estimated."}).notes.tolist() == [None, "Estimated."]


def test_an_answer_without_rows_has_no_cells():
    assert len(copy_format.CellUnpacker().to_cells({})) == 0


def test_a_cell_without_a_revision_is_not_packed():
    cells = make_cells("town 7", "east 3")
    content = b"".join(copy_format.pack_cells(cells, np.array([MISSING, 9]), 1))
    assert [(integer(row[1]), integer(row[4])) for row in rows(content)] == [(9, 3)]
