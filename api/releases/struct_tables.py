"""Stored rows of a struct, rendered as JSON by the struct as it is now.

Stored columns that the struct no longer has are ignored, and fields that were not stored get their default.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from api.releases.struct_columns import ENCODER, FORMAT_VERSION, PackedColumn, PackedTable, StoredField, list_fields
from api.statistics.disclosure.sparse_rows import IntArray
from api.statistics.packed_arrays import unpack_array, view_array


class UnknownFormat(ValueError):  # noqa: N818  the stored data may be right
    """The rows were stored by a later version of the software, or the struct has a new field without a default."""


class _VaryingPart(Struct, frozen=True):
    """A field whose value differs between rows."""

    column: PackedColumn
    field: StoredField
    parts: "list[bytes | _VaryingPart]"
    """The JSON of a field that is a struct, where the column is not null."""


class StructTable:
    """Stored rows of a struct. It unpacks only the columns and rows that are read."""

    def __init__(self, kind: type[Struct], content: bytes) -> None:
        """Raises UnknownFormat, and msgspec.DecodeError if the content is damaged."""
        packed = msgspec.msgpack.decode(content, type=PackedTable)
        if packed.version != FORMAT_VERSION:
            raise UnknownFormat(f"Version {packed.version} of the format is not known.")
        self.kind, self.packed, self.row_count = kind, packed, packed.row_count

    def render(self, rows: IntArray) -> list[bytes]:
        """Return chosen rows as JSON."""
        indices = [view_array(packed)[rows].tolist() for packed in self.packed.indices]
        return _render_parts(self._parts, indices, len(rows))

    @cached_property
    def _parts(self) -> list[bytes | _VaryingPart]:
        """The JSON of a row. Fields with the same value in every row are one text with the names around them."""
        return _join_texts(self._list_parts(self.kind, ""))

    def _list_parts(self, kind: type[Struct], path: str) -> Iterator[bytes | _VaryingPart]:
        for number, field in enumerate(list_fields(kind)):
            yield (b"," if number else b"{") + field.label
            name = path + field.name
            column = self.packed.columns.get(name)
            if column is None:
                yield _require_default(field)
            elif column.indices is not None:
                parts = self._list_parts(field.struct, f"{name}.") if field.struct is not None else ()
                yield _VaryingPart(column, field, _join_texts(parts))
            elif field.struct is None or column.texts == [b"null"]:
                yield _encode_values(column, (0,), field)[0]
            else:
                yield from self._list_parts(field.struct, f"{name}.")
        yield b"}"

    def read_column(self, field: StoredField, name: str) -> tuple[list[bytes], IntArray]:
        """Return the distinct values as JSON, and the index of each row. `name` is the field with its path."""
        column = self.packed.columns.get(name)
        if column is None:
            parent = self.packed.columns.get(name.rpartition(".")[0])
            is_null = "." in name and (parent is None or parent.texts == [b"null"])
            return [b"null" if is_null else _require_default(field)], np.zeros(self.row_count, dtype=np.int64)
        texts = _encode_values(column, range(_count_values(column)), field)
        if column.indices is None:
            return texts, np.zeros(self.row_count, dtype=np.int64)
        return texts, unpack_array(self.packed.indices[column.indices])

    def read_distinct(self, name: str) -> tuple[list[Any], IntArray]:
        """Return the distinct values of a field of the struct itself, and the index of each row."""
        texts, indices = self.read_column(next(field for field in list_fields(self.kind) if field.name == name), name)
        return msgspec.json.decode(b"[" + b",".join(texts) + b"]"), indices

    def read_values(self, name: str) -> list[Any]:
        """Return the values of a field of the struct itself, by row."""
        values, indices = self.read_distinct(name)
        return [values[index] for index in indices.tolist()]


def _join_texts(parts: Iterable[bytes | _VaryingPart]) -> list[bytes | _VaryingPart]:
    """Join texts that follow each other."""
    joined: list[bytes | _VaryingPart] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, bytes) and isinstance(last, bytes):
            joined[-1] = last + part
        else:
            joined.append(part)
    return joined


def _render_parts(parts: list[bytes | _VaryingPart], indices: list[list[int]], row_count: int) -> list[bytes]:
    """Return the JSON of each row. `indices` are those of each row."""
    columns: list[Iterable[bytes]] = [
        repeat(part, row_count) if isinstance(part, bytes) else _render_column(part, indices, row_count)
        for part in parts
    ]
    return [*map(b"".join, zip(*columns, strict=True))]


def _render_column(part: _VaryingPart, indices: list[list[int]], row_count: int) -> list[bytes]:
    values = _encode_values(part.column, indices[part.column.indices or 0], part.field)
    if not part.parts:
        return values
    structs = _render_parts(part.parts, indices, row_count)
    return [value if value == b"null" else struct for value, struct in zip(values, structs, strict=True)]


def _count_values(column: PackedColumn) -> int:
    numbers = (len(view_array(packed)) for packed in (column.integers, column.floats) if packed is not None)
    return len(column.texts) + sum(numbers)


def _encode_values(column: PackedColumn, indices: Sequence[int], field: StoredField) -> list[bytes]:
    """Return the JSON of the values at these indices."""
    start, used = len(column.texts), sorted(set(indices))
    texts = {index: column.texts[index] for index in used if index < start}
    if field.item is not None:
        texts = {index: _fit_items(text, field.item) for index, text in texts.items()}
    for packed in (column.integers, column.floats):
        if packed is not None:
            numbers = view_array(packed)
            end = start + len(numbers)
            chosen = [index for index in used if start <= index < end]
            if chosen:
                values = numbers[np.array(chosen) - start].tolist()
                texts.update(zip(chosen, ENCODER.encode(values)[1:-1].split(b","), strict=True))
            start = end
    return [texts[index] for index in indices]


def _fit_items(text: bytes, kind: type[Struct]) -> bytes:
    """Return a stored list of structs with the fields that the struct has now."""
    return ENCODER.encode(
        [
            {
                field.name: item[field.name] if field.name in item else msgspec.Raw(_require_default(field))
                for field in list_fields(kind)
            }
            for item in msgspec.json.decode(text) or ()
        ]
    )


def _require_default(field: StoredField) -> bytes:
    if field.default is None:
        raise UnknownFormat(f"The field `{field.name}` was not stored and has no default.")
    return field.default
