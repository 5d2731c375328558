"""Periods: spans of whole days, each with one code that implies its type."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

PeriodCode = Annotated[
    str,
    Meta(
        min_length=4,
        max_length=32,
        description=(
            "A period code, whose form implies the type: `2025-07`, `FY2025-26-Q1`, `FY2025-26-H1`, `FY2025-26`, "
            "`CY2025-Q3`, `CY2025`, `AY2025-26`, `R12-2025-12`, `D2025-09-30` or `P2025-04..2025-12`."
        ),
        examples=["FY2025-26-Q2"],
    ),
]


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


class Period(Struct, frozen=True, kw_only=True):
    """A span of whole days with its code."""

    code: PeriodCode
    type: PeriodType
    start: date
    end: Annotated[date, Meta(description="The last day of the period.")]
    label: Annotated[str, Meta(examples=["Q2 2025/26 (Jul to Sep 2025)"])]
