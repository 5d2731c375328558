from __future__ import annotations

from enum import StrEnum


class NoMovementReason(StrEnum):
    BOUNDS_OVERLAP = "bounds_overlap"
    DIFFERENT_SPAN = "different_span"
    INCOMPLETE = "incomplete"
    NOT_COMPARABLE = "not_comparable"
    NO_INTERVAL = "no_interval"
    NO_START = "no_start"
    NO_VALUE = "no_value"
    OVERLAPPING_PERIODS = "overlapping_periods"

    @classmethod
    def _missing_(cls, value: object) -> NoMovementReason | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
