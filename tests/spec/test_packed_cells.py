"""Cells as they are stored, decoded by an independent decoder without numpy."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, Cells
from api.submissions.packed_cells import EMPTY_VALUES, PackedCells, pack_cells, unpack_cells
from schema.tables import PACKED_FIELDS
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, make_cells

TOTAL = 3
COUNT = st.sampled_from([MISSING, 0, 1, 254, 255, 2**16 - 2, 2**16 - 1, 2**32 - 2, 2**32 - 1, 2**53 - 1])
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ROW = st.tuples(
    st.integers(1, 2**31 - 1),
    st.sampled_from([TOTAL, 4, 300, 2**31 - 1]),
    *[COUNT] * 5,
    st.integers(0, 4),
    st.none() | TEXT,
)


def build_cells(rows: list[tuple]) -> Cells:
    *columns, notes = list(zip(*rows, strict=True)) or [()] * 9
    return Cells(
        item=np.zeros(len(rows), dtype=np.int64),
        **{name: np.array(column, dtype=np.int64) for name, column in zip(EMPTY_VALUES, columns, strict=True)},
        notes=np.array(notes, dtype=np.object_),
    )


def decode(packed: PackedCells) -> list[tuple]:
    """Read the format as its description says: big-endian numbers of equal width, 0 for nothing."""
    columns = []
    for name, content in zip(EMPTY_VALUES, packed.columns, strict=True):
        width = len(content) // packed.count if content else 1
        parts = [(content or bytes(packed.count))[n * width : (n + 1) * width] for n in range(packed.count)]
        columns.append([int.from_bytes(part, "big") - (name != "status") for part in parts])
    notes = json.loads(packed.notes or "{}")
    return [(*row, notes.get(str(position))) for position, row in enumerate(zip(*columns, strict=True))]


@given(st.lists(ROW, max_size=40))
def test_independent_decoder_reads_the_packed_cells(rows):
    packed = pack_cells(build_cells(rows), TOTAL)
    decoded = decode(packed)
    assert sorted(map(str, decoded)) == sorted(map(str, rows))
    assert (packed.count, packed.totals) == (len(rows), sum(row[1] == TOTAL for row in rows))
    assert all((row[1] == TOTAL) == (position < packed.totals) for position, row in enumerate(decoded))


@given(st.lists(st.lists(ROW, max_size=8), max_size=5))
def test_cells_of_several_revisions_come_back_with_their_items(revisions):
    packed = [pack_cells(build_cells(rows), TOTAL) for rows in revisions]
    items = [10 * number for number in range(len(revisions))]
    cells = unpack_cells(items, packed)
    columns = [getattr(cells, name).tolist() for name in EMPTY_VALUES]
    rows = list(zip(cells.item.tolist(), *columns, cells.notes.tolist(), strict=True))
    assert rows == [(item, *row) for item, revision in zip(items, packed, strict=True) for row in decode(revision)]


@pytest.mark.parametrize(
    ("largest", "bytes_each"), [(0, 1), (254, 1), (255, 2), (2**16 - 2, 2), (2**16 - 1, 4), (2**32 - 1, 8)]
)
def test_column_is_as_narrow_as_its_largest_number_allows(largest, bytes_each):
    packed = pack_cells(make_cells(f"town {largest}", "east 0"), HARBOUR_CATALOGUE.ids.breakdowns[""])
    value = dict(zip(EMPTY_VALUES, packed.columns, strict=True))["value"]
    assert value is not None
    assert len(value) == 2 * bytes_each


def test_column_that_is_empty_everywhere_is_null():
    packed = pack_cells(make_cells("town 7", "east 3"), HARBOUR_CATALOGUE.ids.breakdowns[""])
    stored = {name for name, column in zip(EMPTY_VALUES, packed.columns, strict=True) if column is not None}
    assert (stored, packed.notes) == ({"area", "breakdown", "value"}, None)
    cells = unpack_cells([0], [packed])
    assert cells.numerator.strides == (0,)
    assert cells.numerator.tolist() == [MISSING, MISSING]


def test_no_revisions_have_no_cells():
    assert len(unpack_cells([], [])) == 0


def test_packed_fields_are_those_of_the_table():
    assert tuple(EMPTY_VALUES) == PACKED_FIELDS
    assert PACKED_FIELDS[2:-1] == NUMBER_FIELDS


def test_cells_are_split_by_item():
    cells = make_cells("town 7", "east 3", "town 5", "west 1", items=[4, 4, 2, 9])
    split = cells.split_by_item()
    assert {item: part.value.tolist() for item, part in split.items()} == {4: [7, 3], 2: [5], 9: [1]}
    assert unpack_cells([], []).split_by_item() == {}
