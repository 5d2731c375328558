"""Every way in which a value differs from the struct that it should be, each with its place."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from schema.problems import Finding, Severity

MAX_VIOLATIONS = 100


_ERROR_PATTERN = re.compile(r"^(?P<message>.*?)(?: - at `\$(?P<place>.*)`)?$", re.DOTALL)


def find_violations(kind: Any, raw: Any, pointer: str = "") -> Iterator[Finding]:
    """Every violation in `raw` (builtins), found by trying each failing part by itself.

    msgspec stops at the first; somebody with two hundred rows wants to hear of all.
    """
    try:
        msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        first = _ERROR_PATTERN.match(str(error))
    else:
        return
    base = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    inner: list[Finding] = []
    if isinstance(base, type) and issubclass(base, Struct) and isinstance(raw, dict):
        inner.extend(_find_in_struct(base, raw, pointer))  # pyright: ignore[reportUnknownArgumentType]
    elif get_origin(base) is list and isinstance(raw, list):
        for index, item in enumerate(raw):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            inner.extend(find_violations(get_args(base)[0], item, f"{pointer}/{index}"))
            if len(inner) >= MAX_VIOLATIONS:
                break
    if not inner and first is not None:
        inner.append(_to_finding(first["message"], pointer + _json_pointer(first["place"]), raw))
    yield from inner


def _find_in_struct(kind: type[Struct], raw: dict[Any, Any], at: str) -> Iterator[Finding]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in raw:
            yield from find_violations(field.type, raw[name], f"{at}/{name}")
        elif field.required:
            yield _to_finding(f"Object missing required field `{name}`", f"{at}/{name}", None)
    for name in raw:
        if name not in fields:
            yield _to_finding(f"Object contains unknown field `{name}`", f"{at}/{_escape_pointer(name)}", None)


def _to_finding(message: str, path: str, raw: Any) -> Finding:
    simple = isinstance(raw, (str, int, float, bool))
    if isinstance(raw, str) and "\x00" in raw:
        message = "The text has a NUL character, which no database keeps"
    return Finding(
        code="unreadable-field",
        severity=Severity.ERROR,
        message=f"{message}.",
        path=path or "/",
        actual=str(raw)[:80] if simple else None,
    )


def _json_pointer(place: str | None) -> str:
    """msgspec's `[0].count` as the JSON pointer `/0/count` (RFC 6901)."""
    parts = re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", place or "")
    return "".join(f"/{_escape_pointer(name or index)}" for name, index in parts)


def _escape_pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
