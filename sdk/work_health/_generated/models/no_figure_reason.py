from __future__ import annotations

from enum import StrEnum


class NoFigureReason(StrEnum):
    NOT_IN_RELEASE = "not_in_release"
    NO_PERIOD = "no_period"
    NO_PUBLICATION = "no_publication"

    @classmethod
    def _missing_(cls, value: object) -> NoFigureReason | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
