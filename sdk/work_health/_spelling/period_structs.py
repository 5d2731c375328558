"""Generated from schema/periods.py by tools/share_spelling.py; do not edit."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class PeriodType(StrEnum):
    """The type of a period, such as a month or a financial year."""

    MONTH = "month"
    FINANCIAL_QUARTER = "financial-quarter"
    FINANCIAL_HALF = "financial-half"
    FINANCIAL_YEAR = "financial-year"
    CALENDAR_QUARTER = "calendar-quarter"
    CALENDAR_YEAR = "calendar-year"
    ACADEMIC_YEAR = "academic-year"
    MONTHS_ENDING = "months-ending"
    SNAPSHOT = "snapshot"
    TO_DATE = "to-date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A span of whole days with its code."""

    code: str
    type: PeriodType
    start: date
    end: date
    label: str
