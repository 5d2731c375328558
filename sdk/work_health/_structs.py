"""How structs of the contract print: short, and as a table in a notebook."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import cast

MAX_TEXT_CHARACTERS = 60
MAX_REPR_CHARACTERS = 240
MAX_SHOWN_ITEMS = 3
MAX_SHOWN_ROWS = 50
NAME_FIELDS = ("code", "slug", "id", "number")
"""The first of these fields that a struct has is its name within another struct."""


class ContractStruct:
    """Base of the structs of the contract."""

    __slots__ = ()

    def __repr__(self) -> str:
        return show_struct(self)

    def _repr_html_(self) -> str:
        items = getattr(self, "items", None)
        if isinstance(items, list):
            return show_table(cast("list[object]", items))
        rows = [(name, _show(value)) for name, value in _iter_fields(self)]
        return build_html_table((), rows)


def show_struct(struct: object) -> str:
    """Return the name of the struct's class with the fields that have a value, shortened."""
    text, separator = f"{type(struct).__name__}(", ""
    for name, value in _iter_fields(struct):
        field = f"{separator}{name}={_show(value)}"
        if len(text) + len(field) > MAX_REPR_CHARACTERS:
            return f"{text}{separator}…)"
        text, separator = text + field, ", "
    return f"{text})"


def show_table(items: Sequence[object]) -> str:
    """Return an HTML table of structs: a row for each, and a column for each field that has a value in any of them."""
    shown = [dict(_iter_fields(item)) for item in items[:MAX_SHOWN_ROWS]]
    columns = list(dict.fromkeys(name for fields in shown for name in fields))
    rows = [[_show(fields[name]) if name in fields else "" for name in columns] for fields in shown]
    rest = f"<p>… and {len(items) - len(shown)} more</p>" if len(items) > len(shown) else ""
    return build_html_table(columns, rows) + rest


def build_html_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = f"<thead><tr>{''.join(f'<th>{html.escape(name)}</th>' for name in columns)}</tr></thead>" if columns else ""
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _iter_fields(struct: object) -> Iterator[tuple[str, object]]:
    """Yield the fields that have a value."""
    for name in cast("Iterable[str]", [field.name for field in getattr(type(struct), "__attrs_attrs__", ())]):
        value = getattr(struct, name)
        if value is not None and not (isinstance(value, list | dict) and not value):
            yield name, cast(object, value)


def _show(value: object) -> str:
    match value:
        case Enum():
            text = str(value.value)
        case str():
            text = value if len(value) <= MAX_TEXT_CHARACTERS else value[: MAX_TEXT_CHARACTERS - 1] + "…"
        case datetime():
            text = f"{value:%Y-%m-%d %H:%M %Z}".strip()
        case list():
            text = _show_list(cast("list[object]", value))
        case Mapping():
            fields = cast("Mapping[str, object]", value)
            text = ", ".join(f"{key}={_show(inner)}" for key, inner in fields.items())
        case ContractStruct():
            name = next((name for name in NAME_FIELDS if isinstance(getattr(value, name, None), str | int)), None)
            text = str(getattr(value, name)) if name else show_struct(value)
        case _:
            text = str(value)
    return text


def _show_list(items: list[object]) -> str:
    if len(items) > MAX_SHOWN_ITEMS:
        return f"[{len(items)} × {type(items[0]).__name__}]"
    return f"[{', '.join(map(_show, items))}]"
