from __future__ import annotations

from enum import StrEnum


class MovementStart(StrEnum):
    BASELINE = "baseline"
    FIRST_RELEASED = "first_released"

    @classmethod
    def _missing_(cls, value: object) -> MovementStart | None:
        """A value that the API has learnt since this release is kept as it is."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
