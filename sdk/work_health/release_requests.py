"""Short ways to write down what is to be published."""

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
    """Everything that is approved: `api.create_release(programme, new_release(notes="Second quarter"))`.

    >>> release = new_release(notes="Fixed a slip.", republish=[("hub-job-placements", "FY2025-26-Q1")])
    >>> release.republish[0].period
    'FY2025-26-Q1'

    Args:
        notes: For readers: what is new, what was corrected and why.
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


def release_withdrawal(why: str) -> ReleaseWithdrawal:
    """Taking a release back as a whole: `api.withdraw_release(programme, 3, release_withdrawal("…"))`."""
    return ReleaseWithdrawal(reason=why)
