"""Where a page ends: opaque to the reader, made of the last row's own names and nothing else."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from api.http.refusals import Invalid
from schema.codes import Instant


class InvalidCursor(Invalid):
    """The cursor is not one that this operation gave out."""

    example = "A cursor of `…/returns` is sent to `…/observations`."
    fix = "Send `next_cursor` as it was answered, or leave it out to begin again."


CursorT = TypeVar("CursorT", bound=msgspec.Struct)


class ObligationCursor(msgspec.Struct, frozen=True, array_like=True):
    """The key of the last expected return of a page."""

    due: Instant
    holder: str
    measure: str
    series: str
    service: str
    period: str


class InstantCursor(msgspec.Struct, frozen=True, array_like=True):
    """The instant of the last entry of a page, and how many entries of that very instant have been seen."""

    at: Instant
    seen: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


def encode_cursor(place: msgspec.Struct) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode_cursor(cursor: str | None, kind: type[CursorT]) -> CursorT | None:
    """Raises BadCursor."""
    if cursor is None:
        return None
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = msgspec.json.decode(content, type=kind)
        for value in msgspec.structs.astuple(place):
            if isinstance(value, datetime):
                value.astimezone(UTC)  # some instants that can be written are none that can be reckoned with
    except (binascii.Error, msgspec.DecodeError, ValueError, OverflowError) as error:
        raise InvalidCursor(f"{cursor[:80]!r} is not a cursor.") from error
    return place


def instant_cursor(page: Sequence[datetime], before: InstantCursor | None) -> InstantCursor:
    """Where a page of instants, the latest first, ends."""
    last = page[-1]
    earlier = before.seen if before is not None and before.at == last else 0
    return InstantCursor(last, earlier + sum(at == last for at in page))
