"""Bodies of the requests that reviewers send."""

from collections.abc import Iterable
from datetime import datetime

from ._generated.models import Clearance, Decision, NewComment, NewExemption, NewExtension, Reason


def decision(revision: int, text: str | None = None) -> Decision:
    """Return a decision about one revision: `client.approve_return(…, decision=decision(2))`."""
    return Decision(revision=revision, text=text)


def reason(revision: int, text: str) -> Reason:
    """Return a reason about one revision: `client.raise_query(…, reason=reason(2, "Twice as many as in June?"))`."""
    return Reason(revision=revision, reason=text)


def comment(revision: int, text: str) -> NewComment:
    """Return a comment on one revision, which need not be the current one."""
    return NewComment(revision=revision, text=text)


def clearance(revision: int, entries: Iterable[int]) -> Clearance:
    """Return the items or entries of a revision, counted from 1, that contain no personal data."""
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
    """Return an extension of one expected return. `until` is the first instant that is too late, with its time zone."""
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
    """Return an exemption of one expected return; with `exempt=False`, the end of an exemption."""
    return NewExemption(
        organisation=organisation,
        measure=measure,
        period=period,
        exempt=exempt,
        reason=reason,
        series=series,
        service=service,
    )
