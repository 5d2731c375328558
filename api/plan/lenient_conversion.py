"""Convert built-in objects to structs, report every mistake, and put a placeholder where a value is wrong."""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from functools import cache
from types import NoneType
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from api.plan.mistakes import Mistake, Path

EMPTY_VALUES: dict[object, object] = {str: "", int: 0, float: 0.0, bool: False, dict: {}, date: date.min}


def convert_leniently(value: object, kind: Any, path: Path, mistakes: list[Mistake]) -> object:
    """Return the value as its annotated type, and add each mistake in it to the list.

    A wrong text stays as it is, so that others may refer to it. Other wrong or missing values become empty ones.
    """
    bare, metadata, is_optional = _unwrap(kind)
    if value is None and is_optional:
        return None
    if isinstance(bare, type) and issubclass(bare, Struct):
        return _convert_struct(value, bare, path, mistakes)
    if get_origin(bare) is list:
        return _convert_list(value, bare, metadata, path, mistakes)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        mistakes.append(_describe(value, bare, str(error), path))
    return value if bare is str and isinstance(value, str) else _make_empty(bare)


def _unwrap(kind: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Return the type without its annotations, the annotations, and whether None is allowed."""
    if get_origin(kind) is Annotated:
        inner, *metadata = get_args(kind)
        bare, deeper, is_optional = _unwrap(inner)
        return bare, (*deeper, *metadata), is_optional
    choices = [choice for choice in get_args(kind) if choice is not NoneType]
    if NoneType in get_args(kind):
        return (*_unwrap(choices[0])[:2], True)
    return kind, (), False


@cache
def _list_types(struct: type[Struct]) -> dict[str, Any]:
    return get_type_hints(struct, include_extras=True)


def _convert_struct(value: object, struct: type[Struct], path: Path, mistakes: list[Mistake]) -> object:
    if not isinstance(value, Mapping):
        mistakes.append(Mistake(path=path, text="it must have fields, each with a name and a value"))
        return _make_empty(struct)
    record = cast("Mapping[object, object]", value)
    types, fields = _list_types(struct), {field.name: field for field in msgspec.structs.fields(struct)}
    for key in record:
        if key not in fields:
            unknown = Mistake(
                path=(*path, str(key)), text=f"unknown field {str(key)!r}", value=str(key), allowed=list(fields)
            )
            mistakes.append(unknown)
    values: dict[str, object] = {}
    for name, field in fields.items():
        if name in record:
            values[name] = convert_leniently(record[name], types[name], (*path, name), mistakes)
        elif field.required:
            mistakes.append(Mistake(path=path, text=f"`{name}` is missing"))
            values[name] = _make_empty(_unwrap(types[name])[0])
    try:
        return struct(**values)
    except ValueError as error:
        mistakes.append(Mistake(path=path, text=str(error).rstrip(".")))
        return _make_empty(struct)


def _convert_list(
    value: object, kind: Any, metadata: tuple[Any, ...], path: Path, mistakes: list[Mistake]
) -> list[object]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    try:
        msgspec.convert(value, Annotated[(list[Any], *metadata)] if metadata else list[Any])  # pyright: ignore[reportInvalidTypeForm]
    except msgspec.ValidationError as error:
        mistakes.append(_describe(items, list, str(error), path))
    [item_type] = get_args(kind)
    return [convert_leniently(item, item_type, (*path, number), mistakes) for number, item in enumerate(items)]


def _describe(value: object, kind: Any, message: str, path: Path) -> Mistake:
    if isinstance(kind, type) and issubclass(kind, Enum):
        allowed = [str(member.value) for member in kind]
        return Mistake(path=path, text=f"{value!r} is not allowed", value=str(value), allowed=allowed)
    if kind is str and not isinstance(value, str):
        return Mistake(path=path, text=f"it must be a text, but YAML reads it as {value!r}: put it in quotes")
    shown = "" if isinstance(value, list | Mapping) else f"{value!r}: "
    return Mistake(path=path, text=f"{shown}{message[0].lower()}{message[1:].partition(' - at')[0]}")


def _make_empty(kind: Any) -> object:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return convert_leniently({}, kind, (), [])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return [] if get_origin(kind) is list else EMPTY_VALUES[get_origin(kind) or kind]
