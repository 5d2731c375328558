"""Stored rows of a struct, rendered as JSON by the struct as it is now.

Stored columns that the struct no longer has are ignored, and fields that were not stored get their default.
"""

from collections.abc import Iterable
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from api.releases.packed_arrays import unpack_array
from api.releases.struct_columns import ENCODER, FORMAT_VERSION, PackedColumn, PackedTable, StoredField, list_fields
from api.statistics.disclosure.sparse_rows import IntArray


class UnknownFormat(ValueError):  # noqa: N818  the stored data may be right
    """The rows were stored by a later version of the software, or the struct has a new field without a default."""


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
        texts = _Selection(self.packed, rows).render_struct(self.kind, "")
        return [texts] * len(rows) if isinstance(texts, bytes) else texts

    def read_column(self, field: StoredField, name: str) -> tuple[list[bytes], IntArray]:
        """Return the distinct values as JSON, and the index of each row. `name` is the field with its path."""
        column = self.packed.columns.get(name)
        if column is None:
            parent = self.packed.columns.get(name.rpartition(".")[0])
            is_null = "." in name and (parent is None or parent.texts == [b"null"])
            return [b"null" if is_null else _require_default(field)], np.zeros(self.row_count, dtype=np.int64)
        texts = _encode_values(column, np.arange(_count_values(column)), field)
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


class _Selection:
    """Chosen rows of a table."""

    def __init__(self, packed: PackedTable, rows: IntArray) -> None:
        self.packed, self.rows = packed, rows
        self._located: dict[int, tuple[IntArray, list[int]]] = {}

    def render_struct(self, kind: type[Struct], path: str) -> bytes | list[bytes]:
        """Return the JSON of each row, or one JSON if all are equal."""
        parts: list[Iterable[bytes]] = []
        text = b"{"
        for field in list_fields(kind):
            value = self._render_field(field, path + field.name)
            text += field.label
            if isinstance(value, bytes):
                text += value
            else:
                parts += [repeat(text), value]
                text = b""
            text += b","
        text = text[:-1] + b"}"
        return [*map(b"".join, zip(*parts, repeat(text), strict=False))] if parts else text

    def _render_field(self, field: StoredField, name: str) -> bytes | list[bytes]:
        column = self.packed.columns.get(name)
        if column is None:
            return _require_default(field)
        values = self._render_column(column, field)
        if field.struct is None or values == b"null":
            return values
        structs = self.render_struct(field.struct, f"{name}.")
        if isinstance(values, bytes):
            return structs
        texts = repeat(structs) if isinstance(structs, bytes) else structs
        return [value if value == b"null" else text for value, text in zip(values, texts, strict=False)]

    def _render_column(self, column: PackedColumn, field: StoredField) -> bytes | list[bytes]:
        if column.indices is None and column.texts and field.item is None:
            return column.texts[0]
        if column.indices is None:
            return _encode_values(column, np.zeros(1, dtype=np.int64), field)[0]
        if column.indices not in self._located:
            indices = unpack_array(self.packed.indices[column.indices])[self.rows]
            used, places = np.unique(indices, return_inverse=True)
            self._located[column.indices] = used, places.tolist()
        used, places = self._located[column.indices]
        texts = _encode_values(column, used, field)
        return [texts[place] for place in places]


def _count_values(column: PackedColumn) -> int:
    numbers = (len(unpack_array(packed)) for packed in (column.integers, column.floats) if packed is not None)
    return len(column.texts) + sum(numbers)


def _encode_values(column: PackedColumn, indices: IntArray, field: StoredField) -> list[bytes]:
    """Return the JSON of the distinct values at these indices, which are in order."""
    start = len(column.texts)
    chosen_texts: list[int] = indices[indices < start].tolist()
    texts = [column.texts[index] for index in chosen_texts]
    if field.item is not None:
        texts = [_fit_items(text, field.item) for text in texts]
    for packed in (column.integers, column.floats):
        if packed is not None:
            numbers = unpack_array(packed)
            end = start + len(numbers)
            chosen = numbers[indices[(indices >= start) & (indices < end)] - start]
            if chosen.size:
                texts += ENCODER.encode(chosen.tolist())[1:-1].split(b",")
            start = end
    return texts


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
