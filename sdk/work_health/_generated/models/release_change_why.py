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
        """A value that the API has learnt since this release is kept as it is."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
