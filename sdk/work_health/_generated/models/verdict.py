from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    BETTER = "better"
    HIGHER = "higher"
    LOWER = "lower"
    SIMILAR = "similar"
    UNCHANGED = "unchanged"
    WITHIN_UNCERTAINTY = "within_uncertainty"
    WORSE = "worse"

    @classmethod
    def _missing_(cls, value: object) -> Verdict | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
