"""Pages and their cursors. A cursor is opaque to the reader and names only the last row of its page."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from api.http.refusals import Invalid
from schema.codes import Instant


class InvalidCursor(Invalid):
    """The cursor was not returned by this operation."""

    example = "A cursor of `…/returns` is sent to `…/observations`."
    fix = "Send `next_cursor` unchanged, or leave out `cursor` to start from the first page."


Position = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
"""A number in a cursor. Adding a page to it stays within PostgreSQL's integers."""
RowT = TypeVar("RowT")
CursorT = TypeVar("CursorT", bound=msgspec.Struct)


class ObligationCursor(msgspec.Struct, frozen=True, array_like=True):
    """The key of the last obligation of a page."""

    due: Instant
    holder: str
    measure: str
    series: str
    service: str
    period: str


class InstantCursor(msgspec.Struct, frozen=True, array_like=True):
    """The instant of the last entry of a page, and how many entries of exactly that instant have been returned."""

    at: Instant
    seen: Annotated[int, msgspec.Meta(ge=1, le=10**9)]


def build_page(
    rows: Sequence[RowT], limit: int, make_cursor: Callable[[Sequence[RowT]], msgspec.Struct]
) -> tuple[list[RowT], str | None]:
    """Return the first `limit` rows, and the cursor of the next page or None if `rows` has no more.

    The caller reads at least `limit + 1` rows if there are so many. `make_cursor` gets the rows of the page.
    """
    page = list(rows[:limit])
    return page, encode_cursor(make_cursor(page)) if len(rows) > limit else None


def encode_cursor(cursor: msgspec.Struct) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode_cursor(text: str | None, kind: type[CursorT]) -> CursorT | None:
    """Return the cursor, or None for the first page. Raises InvalidCursor."""
    if text is None:
        return None
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(content, type=kind)
        for value in msgspec.structs.astuple(cursor):
            if isinstance(value, datetime):
                value.astimezone(UTC)  # some valid instants lie outside the calendar when converted to UTC
    except (binascii.Error, msgspec.DecodeError, ValueError, OverflowError) as error:
        raise InvalidCursor(f"{text[:80]!r} is not a cursor.") from error
    return cursor


def make_instant_cursor(page: Sequence[datetime], before: InstantCursor | None) -> InstantCursor:
    """Return the cursor at the end of a page of instants, which are in descending order."""
    last = page[-1]
    earlier = before.seen if before is not None and before.at == last else 0
    return InstantCursor(last, earlier + sum(at == last for at in page))
