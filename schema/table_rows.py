"""Figures as rows of a table for people, with or without the comparators as rows of their own."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug
from schema.intervals import Confidence
from schema.periods import PeriodCode
from schema.submissions import Marker, Status
from schema.verdicts import ComparisonMethod, Verdict


class TableColumns(StrEnum):
    """Which columns a table of figures has."""

    FULL = "full"
    COMPACT = "compact"


class AdditionalRows(StrEnum):
    """Which rows a table has, as well as the figures."""

    COMPARATORS = "comparators"


class RowRole(StrEnum):
    """The meaning of a row of a table."""

    FIGURE = "figure"
    COMPARATOR = "comparator"


class CompactRow(Struct, frozen=True, kw_only=True):
    """A figure, or one of its comparators, in the columns that a person needs."""

    role: RowRole
    comparator_of: Annotated[
        AreaCode | None, Meta(description="In the row of a comparator: the area of the figure that it belongs to.")
    ]
    measure: Slug
    measure_label: str
    series: Slug
    period: PeriodCode
    period_label: str
    area: AreaCode
    area_label: str
    breakdown: Annotated[
        str, Meta(description="As `dimension:category`, two of them with a blank between; empty for the total.")
    ]
    breakdown_label: str
    value: float | None
    lower_bound: float | None
    upper_bound: float | None
    lower: Annotated[float | None, Meta(description="Lower limit of the 95 % confidence interval.")]
    upper: float | None
    error_95: Annotated[
        float | None, Meta(description="In a release: the true value is within this of `value` in 95 % of roundings.")
    ] = None
    unit: Slug
    status: Status | None
    markers: list[Marker]
    reason: str | None
    complete: bool | None
    verdict: Annotated[
        Verdict | None, Meta(description="In the row of a comparator: how the figure compares with it.")
    ] = None
    verdict_confidence: Confidence | None = None
    verdict_method: ComparisonMethod | None = None
