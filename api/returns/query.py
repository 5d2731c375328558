"""Which returns a caller asks for, as of which instant, and from which cursor on."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from api.submissions.revisions import PastInstant
from schema.codes import AreaCode, Slug
from schema.submissions import ReturnKind, ReviewState


class ReturnFilter(Struct, frozen=True, kw_only=True):
    """Which returns to select; a field that is None selects all.

    `readable_organisations` are those whose returns the caller may read.
    """

    readable_organisations: Sequence[str] | None
    organisation: str | None = None
    measure: str | None = None
    series: str | None = None
    service: str | None = None
    period: str | None = None
    kind: ReturnKind | None = None
    state: ReviewState | None = None


class HistoryRange(Struct, frozen=True, kw_only=True):
    """The state at `as_of` (None: now), limited to what has changed after `updated_after`.

    Each instant has the snapshot in which it is read, or None if every revision until then is committed.
    """

    as_of: datetime | None = None
    updated_after: datetime | None = None
    as_of_snapshot: str | None = None
    updated_after_snapshot: str | None = None

    @property
    def until(self) -> PastInstant | None:
        """The instant whose state is read."""
        return None if self.as_of is None else PastInstant(self.as_of, self.as_of_snapshot)

    @property
    def since(self) -> PastInstant | None:
        """The instant after which something has changed."""
        return None if self.updated_after is None else PastInstant(self.updated_after, self.updated_after_snapshot)


class ReturnCursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The key of the last return of a page."""

    measure: Slug
    series: Slug
    service: Slug
    organisation: Slug
    start: date
    period: Annotated[str, Meta(pattern="^[A-Z0-9.-]{4,32}$")]


class CellCursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The key of the last cell of a page. `breakdown` is its breakdown key: empty for the total."""

    return_cursor: ReturnCursor
    area: AreaCode
    breakdown: str


class EventCursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last event of a page, by its id."""

    event: UUID
