from __future__ import annotations

from enum import StrEnum


class MeasureKind(StrEnum):
    CUMULATIVE = "cumulative"
    DERIVED = "derived"
    DISTINCT = "distinct"
    EVIDENCE = "evidence"
    FLOW = "flow"
    GAP = "gap"
    MEAN = "mean"
    MILESTONE = "milestone"
    PROPORTION = "proportion"
    RATE = "rate"
    STOCK = "stock"

    @classmethod
    def _missing_(cls, value: object) -> MeasureKind | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
