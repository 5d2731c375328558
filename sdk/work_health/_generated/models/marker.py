from __future__ import annotations

from enum import StrEnum


class Marker(StrEnum):
    B = "b"
    E = "e"
    LOW = "low"
    P = "p"
    R = "r"
    U = "u"

    @classmethod
    def _missing_(cls, value: object) -> Marker | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
