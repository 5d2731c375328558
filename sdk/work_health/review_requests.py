"""Short ways to write down what reviewers decide."""

from collections.abc import Iterable
from datetime import datetime

from ._generated.models import Clearance, Decision, NewComment, NewExemption, NewExtension, Reason


def decision(revision: int, text: str | None = None) -> Decision:
    """On one revision: `api.approve_return(…, decision=decision(2))`."""
    return Decision(revision=revision, text=text)


def reason(revision: int, why: str) -> Reason:
    """On one revision, and why: `api.raise_query(…, reason=reason(2, "Twice as many as in June?"))`."""
    return Reason(revision=revision, reason=why)


def comment(revision: int, text: str) -> NewComment:
    """On one revision, be it the newest or not."""
    return NewComment(revision=revision, text=text)


def clearance(revision: int, entries: Iterable[int]) -> Clearance:
    """Which items or entries of a revision, counted from 1, are free of personal data."""
    return Clearance(revision=revision, entries=list(entries))


def new_extension(
    organisation: str,
    measure: str,
    period: str,
    *,
    until: datetime,
    reason: str,
    series: str = "headline",
    service: str = "main",
) -> NewExtension:
    """More time for one expected return. `until` is the first instant that is too late, with its time zone."""
    return NewExtension(
        organisation=organisation,
        measure=measure,
        period=period,
        until=until,
        reason=reason,
        series=series,
        service=service,
    )


def new_exemption(
    organisation: str,
    measure: str,
    period: str,
    *,
    reason: str,
    exempt: bool = True,
    series: str = "headline",
    service: str = "main",
) -> NewExemption:
    """That a return is not expected after all; with `exempt=False`, that it is."""
    return NewExemption(
        organisation=organisation,
        measure=measure,
        period=period,
        exempt=exempt,
        reason=reason,
        series=series,
        service=service,
    )
