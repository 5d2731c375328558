"""Find every way in which a value differs from its struct, each with a JSON pointer."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from schema.problems import Finding, Severity
from schema.submissions import WEB_ADDRESS_PATTERN

MAX_VIOLATIONS = 100
DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # of a body that is not JSON


_ERROR_PATTERN = re.compile(r"^(?P<message>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)


def find_violations(kind: Any, raw: Any, pointer: str = "") -> Iterator[Finding]:
    """Yield every violation in `raw` (builtins), by converting each failing part separately.

    msgspec stops at the first violation, but a caller with two hundred rows needs all of them.
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
        inner.append(_to_finding(first["message"], pointer + _json_pointer(first["path"]), raw))
    yield from inner


def _find_in_struct(kind: type[Struct], raw: dict[Any, Any], path: str) -> Iterator[Finding]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in raw:
            yield from find_violations(field.type, raw[name], f"{path}/{name}")
        elif field.required:
            yield _to_finding(f"Object missing required field `{name}`", f"{path}/{name}", None)
    unknown = (name for name in raw if name not in fields)
    for name in islice(unknown, MAX_VIOLATIONS):
        yield _to_finding(f"Object contains unknown field `{name}`", f"{path}/{_escape_pointer(name)}", None)


def _to_finding(message: str, path: str, raw: Any) -> Finding:
    is_scalar = isinstance(raw, (str, int, float, bool))
    if isinstance(raw, str) and "\x00" in raw:
        message = "The text contains a NUL character, which cannot be stored"
    if WEB_ADDRESS_PATTERN in message:
        message = "Expected a web address of ASCII characters, without a user name or password"
    return Finding(
        code="unreadable-field",
        severity=Severity.ERROR,
        message=f"{message}.",
        path=path or "/",
        actual=str(raw)[:80] if is_scalar else None,
    )


def describe_violation(error: Exception, pointer: str) -> Finding:
    """Return the finding of an error of msgspec in the part at `pointer`."""
    match = _ERROR_PATTERN.match(str(error))
    assert match is not None  # noqa: S101  the pattern matches any text
    return _to_finding(match["message"], pointer + _json_pointer(match["path"]), None)


def _json_pointer(path: str | None) -> str:
    """Return the JSON pointer `/0/count` (RFC 6901) for msgspec's path `[0].count`."""
    parts = re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", path or "")
    return "".join(f"/{_escape_pointer(name or index)}" for name, index in parts)


def _escape_pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
