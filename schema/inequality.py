"""How far apart groups are."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug
from schema.intervals import IntervalMethod
from schema.outcomes import RevisionBasis
from schema.periods import Period


class GroupFigure(Struct, frozen=True, kw_only=True):
    """The measure in one category, without disclosure control."""

    category: Slug
    value: float | None
    numerator: float | None
    denominator: float | None
    lower: Annotated[float | None, Meta(description="Of the 95 % confidence interval.")]
    upper: float | None
    reason: str | None


class Disparity(Struct, frozen=True, kw_only=True):
    """One number for how far apart groups are."""

    value: float | None
    lower: Annotated[float | None, Meta(description="Of the 95 % confidence interval.")]
    upper: float | None
    lower_99_8: Annotated[float | None, Meta(description="Of the 99.8 % confidence interval.")]
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    reason: Annotated[
        str | None,
        Meta(description="Why there is no value, or no interval.", examples=["no_data", "dimension_not_ordered"]),
    ]


class PreviewInequality(Struct, frozen=True, kw_only=True):
    """How far apart the categories of a dimension are. It is not for publication."""

    programme: Slug
    plan_version: int
    protection: Annotated[Literal["none"], Meta(description="No disclosure control has been applied.")]
    revision_basis: RevisionBasis
    measure: Slug
    series: Slug
    unit: Slug
    period: Period
    area: AreaCode
    dimension: Slug
    category: Slug
    reference_category: Slug
    groups: Annotated[list[GroupFigure], Meta(description="Every category, in the order of the dimension.")]
    gap: Annotated[Disparity, Meta(description="`of` less `against`, in percentage points.")]
    ratio: Annotated[Disparity, Meta(description="`of` divided by `against`.")]
    slope_index: Annotated[
        Disparity,
        Meta(description="Slope index: the least deprived end less the most deprived one, in the unit of the measure."),
    ]
    relative_index: Annotated[
        Disparity, Meta(description="Relative index: the least deprived end divided by the most deprived one.")
    ]
