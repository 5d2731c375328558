from __future__ import annotations

from enum import StrEnum


class ReleaseChangeWhy(StrEnum):
    CORRECTION = "correction"
    DATA = "data"
    DEFINITION = "definition"
    HELD_BACK = "held_back"
    NEW = "new"
    REMOVED = "removed"

    @classmethod
    def _missing_(cls, value: object) -> ReleaseChangeWhy | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
