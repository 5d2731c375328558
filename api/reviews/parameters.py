"""Read the parameters of operations on obligations and the audit."""

from datetime import UTC, datetime

from api.http.refusals import InvalidParameter


def to_utc(name: str, instant: datetime | None) -> datetime | None:
    """Return the instant in UTC. Raises InvalidParameter without an offset, or if UTC has no such instant."""
    if instant is not None and instant.tzinfo is None:
        raise InvalidParameter(f"{name} has no offset: send an instant such as 2026-02-01T00:00:00Z.")
    try:
        return None if instant is None else instant.astimezone(UTC)
    except OverflowError as error:
        raise InvalidParameter(f"The value of {name} lies outside the calendar.") from error
