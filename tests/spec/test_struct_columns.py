"""Structs stored as columns: they come back to the bit, also as a later version of the struct."""

from datetime import date
from enum import StrEnum
from math import inf

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from api.releases.struct_columns import PackedColumn, PackedTable, pack_structs
from api.releases.struct_tables import StructTable, UnknownFormat


class Colour(StrEnum):
    RED = "red"


class Point(Struct, frozen=True, kw_only=True):
    x: float | None = None
    name: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """A row with a field of each kind."""

    number: float | None = None
    flag: bool | None = None
    colour: Colour | None = None
    day: date | None = None
    codes: dict[str, str] = {}
    point: Point | None = None
    corner: Point = Point()
    points: list[Point] = []


def store(*rows: Struct) -> bytes:
    return pack_structs(rows, np.arange(len(rows)))


def read(content: bytes, kind: type[Struct] = Row, *chosen: int) -> list[bytes]:
    table = StructTable(kind, content)
    return table.render(np.array(chosen or range(table.row_count)))


ROWS = (
    (Row(),),
    (Row(), Row(), Row()),
    (Row(number=1), Row(number=1.0), Row(), Row(number=-1), Row(number=-0.0), Row(number=0.0), Row(number=0)),
    (Row(number=0.1), Row(number=1e300), Row(number=1 / 3), Row(number=2**62), Row(number=5e-324), Row(number=65504.0)),
    (Row(flag=True), Row(flag=False), Row(flag=None)),
    (Row(colour=Colour.RED, day=date(2026, 2, 28)), Row(codes={"sex": "female"}), Row(codes={})),
    (Row(point=Point(x=2.5, name="a,b")), Row(), Row(point=Point(x=None))),
    (Row(point=Point()), Row(point=Point())),
    (Row(point=Point()), Row()),
    (Row(corner=Point(x=1)), Row(corner=Point(x=2))),
    (Row(points=[Point(x=1.5)]), Row(points=[Point(), Point(name="\u00e9")]), Row()),
    tuple(Row(number=n) for n in range(300)),
)


@pytest.mark.parametrize("rows", ROWS)
def test_rows_are_rendered_as_they_were(rows):
    texts = [msgspec.json.encode(row) for row in rows]
    assert read(store(*rows)) == texts
    assert read(store(*rows), Row, len(rows) - 1, 0) == [texts[-1], texts[0]]


NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.builds(Point, x=NUMBERS, name=st.text(max_size=3))
ANY_ROW = st.builds(
    Row,
    number=NUMBERS,
    flag=st.none() | st.booleans(),
    colour=st.none() | st.just(Colour.RED),
    codes=st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=2),
    point=st.none() | POINTS,
    points=st.lists(POINTS, max_size=2),
)


@given(st.lists(ANY_ROW, min_size=1, max_size=8))
def test_any_rows_are_rendered_as_they_were(rows):
    content = store(*rows)
    assert read(content) == [msgspec.json.encode(row) for row in rows]
    assert content == store(*(msgspec.structs.replace(row) for row in rows)), "equal rows give equal bytes"


def test_number_without_json_is_null():
    assert b'"number":null' in read(store(Row(number=inf), Row(number=1.5)))[0]


def test_rows_share_a_struct_but_for_their_own_values():
    shared = [Row(number=1, colour=Colour.RED), Row(number=2)]
    content = pack_structs(shared, np.array([0, 1, 0]), {"day": [date(2026, 1, day) for day in (1, 2, 3)]})
    expected = [msgspec.structs.replace(shared[n], day=date(2026, 1, day)) for n, day in ((0, 1), (1, 2), (0, 3))]
    assert read(content) == [msgspec.json.encode(row) for row in expected]
    table = StructTable(Row, content)
    assert table.read_values("number") == [1, 2, 1]
    assert table.read_values("flag") == [None, None, None]


def test_one_value_and_equal_indices_are_stored_once():
    rows = [Row(number=n, points=[Point(x=n)]) for n in (1, 2, 1, 2)]
    packed = msgspec.msgpack.decode(store(*rows), type=PackedTable)
    assert len(packed.indices) == 1
    assert {name for name, column in packed.columns.items() if column.indices is not None} == {"number", "points"}
    assert packed.columns["number"] == PackedColumn([], ("|i1", b"\x01\x02"), None, 0)


class LaterPoint(Struct, frozen=True, kw_only=True):
    x: float | None
    y: float = 7.5


class LaterRow(Struct, frozen=True, kw_only=True):
    """`Row` without two of its fields, and with three more."""

    number: float | None
    added: list[str] = []
    point: LaterPoint | None
    points: list[LaterPoint]
    other: LaterPoint | None = None
    label: str = "none"


def test_stored_rows_are_rendered_as_the_struct_is_now():
    content = store(Row(number=3, point=Point(x=1), points=[Point(x=2, name="gone")]), Row())
    first, second = (msgspec.json.decode(text, type=LaterRow) for text in read(content, LaterRow))
    assert first == LaterRow(number=3, point=LaterPoint(x=1), points=[LaterPoint(x=2)])
    assert second == LaterRow(number=None, point=None, points=[])
    assert b'"other":null,"label":"none"' in read(content, LaterRow)[0]
    assert StructTable(LaterRow, content).read_values("label") == ["none", "none"]


def test_new_field_without_a_default_cannot_be_rendered():
    with pytest.raises(UnknownFormat, match="x"):
        read(store(Row()), LaterPoint)


def test_unknown_format_is_refused():
    later = msgspec.msgpack.decode(store(Row()), type=PackedTable)
    with pytest.raises(UnknownFormat):
        StructTable(Row, msgspec.msgpack.encode(msgspec.structs.replace(later, version=2)))
    with pytest.raises(msgspec.DecodeError):
        StructTable(Row, store(Row())[:-1])
