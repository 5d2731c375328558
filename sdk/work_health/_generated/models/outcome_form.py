from __future__ import annotations

from enum import StrEnum


class OutcomeForm(StrEnum):
    AGE_STANDARDISED = "age_standardised"
    PER_POPULATION = "per_population"

    @classmethod
    def _missing_(cls, value: object) -> OutcomeForm | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
