from __future__ import annotations

from enum import StrEnum


class PeriodType(StrEnum):
    ACADEMIC_YEAR = "academic-year"
    CALENDAR_QUARTER = "calendar-quarter"
    CALENDAR_YEAR = "calendar-year"
    FINANCIAL_HALF = "financial-half"
    FINANCIAL_QUARTER = "financial-quarter"
    FINANCIAL_YEAR = "financial-year"
    MONTH = "month"
    MONTHS_ENDING = "months-ending"
    SNAPSHOT = "snapshot"
    TO_DATE = "to-date"

    @classmethod
    def _missing_(cls, value: object) -> PeriodType | None:
        """Accept a value that the API has added since this release."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
