"""Where a page ends: opaque to the reader, made of the last row's own names and nothing else."""

import base64
import binascii
from datetime import date

import msgspec

from api.refusals import Invalid


class BadCursor(Invalid):
    """The cursor is not one that this operation gave out."""

    mend = "Send `next_cursor` as it was answered, or leave it out to begin again."


class Place(msgspec.Struct, frozen=True, array_like=True):
    """The key of the last return of a page."""

    measure: str
    series: str
    service: str
    organisation: str
    start: date
    period: str


def encode(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode(cursor: str | None) -> Place | None:
    """Raises BadCursor."""
    if cursor is None:
        return None
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(content, type=Place)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise BadCursor(f"{cursor[:80]!r} is not a cursor.") from error
