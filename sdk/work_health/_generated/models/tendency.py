from __future__ import annotations

from enum import StrEnum


class Tendency(StrEnum):
    CANNOT_BE_CALCULATED = "cannot_be_calculated"
    DECREASING = "decreasing"
    INCREASING = "increasing"
    NO_SIGNIFICANT_CHANGE = "no_significant_change"

    @classmethod
    def _missing_(cls, value: object) -> Tendency | None:
        """A value that the API has learnt since this release is kept as it is."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
