from __future__ import annotations

from enum import StrEnum


class NoNextReturnReason(StrEnum):
    NOBODY_OWES = "nobody_owes"
    PROGRAMME_OVER = "programme_over"
    PUBLISHER_SETS_DATES = "publisher_sets_dates"

    @classmethod
    def _missing_(cls, value: object) -> NoNextReturnReason | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
