from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    C = "c"
    W = "w"
    X = "x"
    Z = "z"

    @classmethod
    def _missing_(cls, value: object) -> Status | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
