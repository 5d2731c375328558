from __future__ import annotations

from enum import StrEnum


class IntervalMethod(StrEnum):
    BYAR = "byar"
    DOBSON = "dobson"
    EXACT_POISSON = "exact-poisson"
    FIELLER = "fieller"
    KATZ_LOG = "katz-log"
    NEWCOMBE = "newcombe"
    NEWCOMBE_SCALED = "newcombe-scaled"
    NORMAL = "normal"
    PUBLISHED = "published"
    TRANSFORMED_NORMAL = "transformed-normal"
    WILSON = "wilson"

    @classmethod
    def _missing_(cls, value: object) -> IntervalMethod | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
