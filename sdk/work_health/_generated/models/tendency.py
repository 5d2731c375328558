from __future__ import annotations

from enum import StrEnum


class Tendency(StrEnum):
    CANNOT_BE_CALCULATED = "cannot_be_calculated"
    DECREASING = "decreasing"
    INCREASING = "increasing"
    NO_SIGNIFICANT_CHANGE = "no_significant_change"

    @classmethod
    def _missing_(cls, value: object) -> Tendency | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
