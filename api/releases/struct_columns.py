"""Rows of a struct as columns for storage, and as JSON when they are read.

A column lists its distinct values once, and an index for each row. Columns with equal indices share them, and a column
with one value has none. A field that is a struct, or null, is a column of `true` and `null`, and a column for each of
its own fields, such as `movement.change`, unless all are null. Finite numbers are packed; other values are JSON texts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import numpy as np
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from api.statistics.disclosure.sparse_rows import IntArray
from api.statistics.packed_arrays import PackedArray, pack_array

FORMAT_VERSION = 1
_GROUPS: dict[type, int] = {int: 1, float: 2}  # others are JSON texts, as is infinity, which is null in JSON
ENCODER = msgspec.json.Encoder()


class PackedColumn(Struct, frozen=True, array_like=True):
    """Distinct values, in this order: JSON texts, integers, floats."""

    texts: list[bytes]
    integers: PackedArray | None
    floats: PackedArray | None
    indices: int | None
    """Which of the table's arrays has the index of each row; None if there is one value."""


class PackedTable(Struct, frozen=True):
    """Columns by the names of their fields."""

    version: int
    row_count: int
    columns: dict[str, PackedColumn]
    indices: list[PackedArray]


class StoredField(Struct, frozen=True):
    """A field of a struct as it is stored and rendered."""

    name: str
    label: bytes
    struct: type[Struct] | None
    """The type of a field that is a struct, or a struct or null."""
    item: type[Struct] | None
    """The type of the items of a list of structs."""
    default: bytes | None


@cache
def list_fields(kind: type[Struct]) -> tuple[StoredField, ...]:
    return tuple(
        StoredField(
            field.name,
            ENCODER.encode(field.encode_name) + b":",
            _find_struct(field.type),
            _find_struct(get_args(field.type)[0]) if get_origin(field.type) is list else None,
            _encode_default(field.default, field.default_factory),
        )
        for field in fields(kind)
    )


def _encode_default(default: object, factory: Any) -> bytes | None:
    if default is NODEFAULT and factory is NODEFAULT:
        return None
    return ENCODER.encode(default if factory is NODEFAULT else factory())


def _find_struct(annotation: Any) -> type[Struct] | None:
    if get_origin(annotation) is Annotated:
        return _find_struct(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return _find_struct(kinds[0]) if len(kinds) == 1 else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, Struct) else None


def list_columns(kind: type[Struct], path: str = "") -> Iterator[tuple[str, StoredField]]:
    """Yield the name and the field of each column of a struct, and of the structs in it."""
    for field in list_fields(kind):
        name = path + field.name
        yield name, field
        if field.struct is not None:
            yield from list_columns(field.struct, f"{name}.")


def pack_structs(
    structs: Sequence[Struct], numbers: IntArray, own_values: Mapping[str, Sequence[object]] | None = None
) -> bytes:
    """Pack a row for each of `numbers`, which is the number of its struct. Equal rows give equal bytes.

    `own_values` are values by row, of fields in which rows with the same struct differ.
    """
    packer = _Packer()
    packer.add_struct(type(structs[0]), "", structs, numbers, own_values or {})
    return msgspec.msgpack.encode(PackedTable(FORMAT_VERSION, len(numbers), packer.columns, list(packer.indices)))


class _Packer:
    """The columns of a table, and the distinct indices of its rows."""

    def __init__(self) -> None:
        self.columns: dict[str, PackedColumn] = {}
        self.indices: dict[PackedArray, int] = {}

    def add_struct(
        self,
        kind: type[Struct],
        path: str,
        structs: Sequence[Struct | None],
        numbers: IntArray,
        own_values: Mapping[str, Sequence[object]],
    ) -> None:
        for field in list_fields(kind):
            if field.name in own_values:
                values, places = _deduplicate(own_values[field.name])
            else:
                values, places = _deduplicate(map(_read_field(field.name, None in structs), structs))
                places = places[numbers]
            name = path + field.name
            if field.struct is None:
                self._add_column(name, values, places)
            else:
                self._add_column(name, [None if value is None else True for value in values], places)
                if values != [None]:
                    self.add_struct(field.struct, f"{name}.", values, places, {})

    def _add_column(self, name: str, values: Sequence[object], places: IntArray) -> None:
        encoded = list(map(ENCODER.encode, values))
        by_text = dict(zip(encoded, values, strict=True))
        groups: tuple[dict[bytes, object], ...] = ({}, {}, {})
        for text, value in by_text.items():
            groups[_GROUPS.get(type(value), 0) if text != b"null" else 0][text] = value
        texts, integers, floats = groups
        indices = {text: index for index, text in enumerate((*texts, *integers, *floats))}
        rows = np.array([indices[text] for text in encoded], dtype=np.int64)[places]
        self.columns[name] = PackedColumn(
            list(texts),
            pack_array(np.array([*integers.values()], dtype=np.int64)) if integers else None,
            pack_array(np.array([*floats.values()], dtype=np.float64)) if floats else None,
            self.indices.setdefault(pack_array(rows), len(self.indices)) if len(indices) > 1 else None,
        )


def _read_field(name: str, may_be_null: bool) -> Callable[[Any], object]:
    return (lambda struct: struct and getattr(struct, name)) if may_be_null else attrgetter(name)


def _deduplicate(values: Iterable[Any]) -> tuple[list[Any], IntArray]:
    """Return the distinct objects, by identity, and the number of each value among them."""
    objects = list(values)
    ids = list(map(id, objects))
    by_id = dict(zip(ids, objects, strict=True))
    if len(by_id) == 1:
        return objects[:1], np.zeros(len(objects), dtype=np.int64)
    numbers = dict(zip(by_id, range(len(by_id)), strict=True))
    return [*by_id.values()], np.fromiter(map(numbers.__getitem__, ids), dtype=np.int64, count=len(ids))
