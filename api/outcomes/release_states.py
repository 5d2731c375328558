"""Which release of a programme everybody may read at an instant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

ReleaseSelector = tuple[str, int | None]
"""A programme and a release number; None selects the newest release that is not withdrawn."""


class ReleaseState(Struct, frozen=True, kw_only=True):
    """A release that is not withdrawn, the publication job that made it, and the end of its embargo.

    `boundaries_at` is the time when boundaries were last loaded: they are no part of a release, but its maps show them.
    """

    programme: int
    number: int
    publication: UUID
    published_at: datetime
    boundaries_at: datetime | None = None


ReleaseStates = Mapping[str, Sequence[ReleaseState]]
"""The releases of each programme that are not withdrawn, newest first."""


def select_release(states: ReleaseStates, selector: ReleaseSelector, *, now: datetime) -> ReleaseState | None:
    """Return the selected release, or None if it is withdrawn, under embargo or unknown."""
    slug, number = selector
    return next(
        (state for state in states.get(slug, ()) if state.published_at <= now and number in (None, state.number)), None
    )
