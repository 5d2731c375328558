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
    without: Iterable[str] = (),
    anew: Iterable[tuple[str, str]] = (),
) -> NewRelease:
    """Everything that is approved: `api.create_release(programme, new_release(notes="Second quarter"))`.

    >>> new_release(notes="300 was a slip for 30.", anew=[("hub-job-placements", "FY2025-26-Q1")]).anew[0].period
    'FY2025-26-Q1'

    Args:
        notes: For readers: what is new, what was corrected and why.
        publish_at: The end of the embargo, with its time zone.
        without: Measures of which the release says nothing.
        anew: Measures and periods that are released as if for the first time, because a gross error is mended.
    """
    return NewRelease(
        notes=notes,
        publish_at=publish_at,
        without=list(without),
        anew=[MeasurePeriod(measure=measure, period=period) for measure, period in anew],
    )


def withdrawal_of_release(why: str) -> ReleaseWithdrawal:
    """Taking a release back as a whole: `api.withdraw_release(programme, 3, withdrawal_of_release("…"))`."""
    return ReleaseWithdrawal(reason=why)
