"""Read the fields of a form into the struct of an operation, with the messages of the API for each field."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from api.http.violations import find_violations
from api.plan.calendar import LONDON

Body = TypeVar("Body", bound=Struct)
Fields = Mapping[str, Sequence[str]]
"""The values of each field, as a browser sends them."""


class ReadForm(Struct, frozen=True, kw_only=True):
    """The content of a form: its struct, or a message for each field that is wrong."""

    body: Any
    errors: dict[str, str]


def read_form(kind: type[Body], fields: Fields) -> ReadForm:
    """Return the struct. An empty field counts as absent, a whole number as a number, and a local time as London's."""
    raw: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        texts = [text.strip() for text in fields.get(field.name, ()) if text.strip()]
        if texts:
            raw[field.name] = _convert(field.name, field.default_factory is list, texts)
    missing = (one.name for one in msgspec.structs.fields(kind) if one.required and one.name not in raw)
    errors = {name: f"Write the {name}." for name in missing}
    for finding in find_violations(kind, raw):
        errors.setdefault((finding.path or "/").split("/")[1], finding.message)
    return ReadForm(body=None if errors else msgspec.convert(raw, kind), errors=errors)


def _convert(name: str, is_list: bool, texts: list[str]) -> Any:
    if is_list:
        return texts
    if name == "revision" and texts[0].isdecimal() and len(texts[0]) < 12:
        return int(texts[0])
    if name.endswith("_at"):
        return _read_local_time(texts[0])
    return texts[0]


def _read_local_time(text: str) -> str:
    """Return an instant for the time of a field, which has no offset. A text of another form stays as it is."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (instant if instant.tzinfo else instant.replace(tzinfo=LONDON)).isoformat()
