"""Bodies of the requests that publish and withdraw releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._generated.models import NewRelease, ReleaseWithdrawal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def new_release(
    *,
    notes: str | None = None,
    publish_at: datetime | None = None,
    exclude_measures: Iterable[str] = (),
) -> NewRelease:
    """Return a release of all approved data: `client.create_release(programme, new_release(notes="Second quarter"))`.

    >>> new_release(notes="Without the hub.", exclude_measures=["hub-job-placements"]).exclude_measures
    ['hub-job-placements']

    Args:
        notes: Notes for readers: what is new, what was corrected, and why.
        publish_at: The end of the embargo, with its time zone.
        exclude_measures: Measures to leave out of the release.
    """
    return NewRelease(
        notes=notes,
        publish_at=publish_at,
        exclude_measures=list(exclude_measures),
    )


def release_withdrawal(reason: str) -> ReleaseWithdrawal:
    """Return the withdrawal of a whole release: `client.withdraw_release(programme, 3, release_withdrawal("…"))`."""
    return ReleaseWithdrawal(reason=reason)
