"""Where a page ends: opaque to the reader, made of the last row's own names and nothing else."""

import base64
import binascii
from typing import TypeVar

import msgspec

from api.refusals import Invalid


class BadCursor(Invalid):
    """The cursor is not one that this operation gave out."""

    mend = "Send `next_cursor` as it was answered, or leave it out to begin again."


PlaceT = TypeVar("PlaceT", bound=msgspec.Struct)


def encode(place: msgspec.Struct) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode(cursor: str | None, kind: type[PlaceT]) -> PlaceT | None:
    """Raises BadCursor."""
    if cursor is None:
        return None
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(content, type=kind)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise BadCursor(f"{cursor[:80]!r} is not a cursor.") from error
