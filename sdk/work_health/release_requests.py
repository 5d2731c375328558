"""Bodies of the requests that publish and withdraw releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._generated.models import MeasurePeriod, NewRelease, ReleaseWithdrawal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def new_release(
    *,
    notes: str | None = None,
    publish_at: datetime | None = None,
    exclude_measures: Iterable[str] = (),
    republish: Iterable[tuple[str, str]] = (),
) -> NewRelease:
    """Return a release of all approved data: `client.create_release(programme, new_release(notes="Second quarter"))`.

    >>> release = new_release(notes="Fixed a typing error.", republish=[("hub-job-placements", "FY2025-26-Q1")])
    >>> release.republish[0].period
    'FY2025-26-Q1'

    Args:
        notes: Notes for readers: what is new, what was corrected, and why.
        publish_at: The end of the embargo, with its time zone.
        exclude_measures: Measures to leave out of the release.
        republish: Measures and periods to release as if for the first time, because a gross error was fixed.
    """
    return NewRelease(
        notes=notes,
        publish_at=publish_at,
        exclude_measures=list(exclude_measures),
        republish=[MeasurePeriod(measure=measure, period=period) for measure, period in republish],
    )


def release_withdrawal(reason: str) -> ReleaseWithdrawal:
    """Return the withdrawal of a whole release: `client.withdraw_release(programme, 3, release_withdrawal("…"))`."""
    return ReleaseWithdrawal(reason=reason)
