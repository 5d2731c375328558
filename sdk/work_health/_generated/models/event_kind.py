from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    APPROVED = "approved"
    CLEARED = "cleared"
    COMMENTED = "commented"
    QUERIED = "queried"
    RECORDED = "recorded"
    REDACTED = "redacted"
    REDACTION_PROPOSED = "redaction-proposed"
    REOPENED = "reopened"
    SUPERSEDED = "superseded"

    @classmethod
    def _missing_(cls, value: object) -> EventKind | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
