"""Inequality between the categories of a dimension."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schema.codes import AreaCode, Slug
from schema.intervals import IntervalMethod
from schema.outcomes import RevisionBasis
from schema.periods import Period


class IndexScale(StrEnum):
    """The scale on which the line of the indices is fitted.

    `transformed`: the logit of a proportion, the logarithm of a rate. `untransformed`: the values themselves.
    """

    TRANSFORMED = "transformed"
    UNTRANSFORMED = "untransformed"


class Transformation(StrEnum):
    """The transformation of the values before the line was fitted. Results are in the unit of the measure again."""

    LOGIT = "logit"
    LOG = "log"
    NONE = "none"


class GroupFigure(Struct, frozen=True, kw_only=True):
    """The measure in one category. In a preview, no disclosure control has been applied."""

    category: Slug
    value: float | None
    numerator: float | None
    denominator: float | None
    lower: Annotated[float | None, Meta(description="Lower limit of the 95 % confidence interval.")]
    upper: float | None
    reason: str | None


class Disparity(Struct, frozen=True, kw_only=True):
    """One measure of inequality with its intervals."""

    value: float | None
    lower: Annotated[float | None, Meta(description="Lower limit of the 95 % confidence interval.")]
    upper: float | None
    lower_99_8: Annotated[float | None, Meta(description="Lower limit of the 99.8 % confidence interval.")]
    upper_99_8: float | None
    interval_method: IntervalMethod | None
    reason: Annotated[
        str | None,
        Meta(description="Why there is no value, or no interval.", examples=["no_data", "dimension_not_ordered"]),
    ]


class InequalityFields(Struct, frozen=True, kw_only=True):
    """The fields that preview and released inequality share."""

    programme: Slug
    plan_version: int
    measure: Slug
    series: Slug
    unit: Slug
    period: Period
    area: AreaCode
    dimension: Slug
    category: Slug
    reference_category: Slug
    groups: Annotated[list[GroupFigure], Meta(description="Every category, in the order of the dimension.")]
    gap: Annotated[Disparity, Meta(description="`category` minus `reference_category`, in percentage points.")]
    ratio: Annotated[Disparity, Meta(description="`category` divided by `reference_category`.")]
    slope_index: Annotated[
        Disparity,
        Meta(
            description=(
                "Slope index: the fitted value at the least deprived end minus the one at the most deprived end, "
                "in the unit of the measure."
            )
        ),
    ]
    relative_index: Annotated[
        Disparity,
        Meta(
            description=(
                "Relative index: the fitted value at the least deprived end divided by the one at the most deprived "
                "end."
            )
        ),
    ]
    transformation: Annotated[
        Transformation | None, Meta(description="The transformation of both indices; null if they do not exist.")
    ] = None


class PreviewInequality(InequalityFields, frozen=True, kw_only=True):
    """Inequality between the categories of a dimension, calculated from live figures. Not for publication."""

    protection: Annotated[Literal["none"], Meta(description="No disclosure control has been applied.")]
    revision_basis: RevisionBasis
