"""Comparisons of a figure with another area, with its own start and with its own recent years.

A null verdict goes with a machine-readable `reason`. Without a direction, nothing is better or worse.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.codes import Slug
from schema.intervals import Confidence
from schema.periods import PeriodCode


class Verdict(StrEnum):
    """`better` and `worse` if the measure has a direction, otherwise `higher` and `lower`.

    `similar` is the verdict on another area, `within_uncertainty` that on a movement, if the difference is not
    significant at 95 %. `unchanged` is an exact number that is equal to its start.
    """

    BETTER = "better"
    WORSE = "worse"
    HIGHER = "higher"
    LOWER = "lower"
    SIMILAR = "similar"
    UNCHANGED = "unchanged"
    WITHIN_UNCERTAINTY = "within_uncertainty"


class NoComparisonReason(StrEnum):
    """Why there is no comparison."""

    NO_COMPARATOR = "no_comparator"
    DIFFERENT_SERIES = "different_series"
    DIFFERENT_PERIOD = "different_period"
    NO_INTERVAL = "no_interval"
    PART_OF_AREA = "part_of_area"


class ComparisonMethod(StrEnum):
    """The rule of a comparison.

    `standard`: the comparator is similar if its value is inside the figure's own interval, as in Fingertips; it is a
    wider area. `difference`: the two are similar if the interval of their difference includes 0; the comparator is a
    peer, such as another authority, whose value is an estimate with an interval of its own.
    """

    STANDARD = "standard"
    DIFFERENCE = "difference"


class AreaComparison(Struct, frozen=True, kw_only=True):
    """The result of comparing a figure with another area."""

    verdict: Verdict | None = None
    confidence: Annotated[
        Confidence | None,
        Meta(description="The highest level at which the two differ; 95 if they are similar."),
    ] = None
    method: ComparisonMethod | None = None
    reason: NoComparisonReason | None = None


class MovementStart(StrEnum):
    """The starting point of a movement."""

    BASELINE = "baseline"
    FIRST_RELEASED = "first_released"


class NoMovementReason(StrEnum):
    """Why there is no movement, or no verdict on it."""

    NO_VALUE = "no_value"
    NO_START = "no_start"
    NO_INTERVAL = "no_interval"  # an estimate without an interval: its error is not known
    OVERLAPPING_PERIODS = "overlapping_periods"  # the two periods have days in common
    DIFFERENT_SPAN = "different_span"  # the baseline's period has another length
    NOT_COMPARABLE = "not_comparable"  # other organisations or services returned the start
    INCOMPLETE = "incomplete"  # returns are missing
    BOUNDS_OVERLAP = "bounds_overlap"  # only in releases made before `within_uncertainty` existed


class MovementDirection(StrEnum):
    """The direction of a change, without a judgement."""

    HIGHER = "higher"
    LOWER = "lower"
    UNCHANGED = "unchanged"


class ChangeMethod(StrEnum):
    """How the limits of a change follow from the two figures.

    `intervals`: from their 95 % intervals (MOVER; Newcombe's method 10 for proportions). `rounding`: from the random
    rounding of counts that are complete, in 95 % of roundings. `bounds`: the change is certainly within the limits.
    `complete-count`: everybody was counted and nothing was rounded, so that the change is exact.
    """

    INTERVALS = "intervals"
    ROUNDING = "rounding"
    BOUNDS = "bounds"
    COMPLETE_COUNT = "complete-count"


class Movement(Struct, frozen=True, kw_only=True):
    """The change of a figure since its start, in neutral words, and a verdict where it is significant.

    Like is compared with like: the same sources, equal spans, and periods that do not overlap. A target is not tested.
    """

    verdict: Annotated[
        Verdict | None,
        Meta(description="`within_uncertainty` if `lower` and `upper` include 0, so that it may be none."),
    ] = None
    since: MovementStart | None = None
    start_period: Annotated[PeriodCode | None, Meta(description="The period of the start.")] = None
    start: Annotated[float | None, Meta(description="Null if only bounds of the start are known.")] = None
    change: Annotated[
        float | None,
        Meta(description="The figure minus the start, with the digits of the two; null if either has no value."),
    ] = None
    reason: NoMovementReason | None = None
    direction: Annotated[
        MovementDirection | None, Meta(description="Null if only bounds are known, on both sides of 0.")
    ] = None
    lower: Annotated[float | None, Meta(description="The lower limit of the change, by `method`.")] = None
    upper: Annotated[float | None, Meta(description="The upper limit; null if there is none.")] = None
    method: ChangeMethod | None = None


class MovementSource(Struct, frozen=True, kw_only=True, order=True):
    """An organisation and service that returned only one of two figures. A successor has its predecessors' place."""

    organisation: Slug
    service: Slug


class MovementSources(Struct, frozen=True, kw_only=True):
    """Who makes a movement `not_comparable`. A release states the reason alone."""

    missing: Annotated[list[MovementSource], Meta(description="They returned the start, but not the figure.")]
    new: Annotated[list[MovementSource], Meta(description="They returned the figure, but not the start.")]


class Tendency(StrEnum):
    """The direction of the last five years."""

    INCREASING = "increasing"
    DECREASING = "decreasing"
    NO_SIGNIFICANT_CHANGE = "no_significant_change"
    CANNOT_BE_CALCULATED = "cannot_be_calculated"


class TrendVerdict(StrEnum):
    """The judgement of a publisher on its own trend."""

    BETTER = "better"
    WORSE = "worse"


class TrendMethod(StrEnum):
    """`cochran-armitage` tests numerators and denominators, `weighted-least-squares` values and their intervals."""

    COCHRAN_ARMITAGE = "cochran-armitage"
    WEIGHTED_LEAST_SQUARES = "weighted-least-squares"


class NoTrendReason(StrEnum):
    """Why a trend cannot be calculated."""

    KIND_WITHOUT_TREND = "kind_without_trend"  # a count
    NOT_A_PROPORTION_OR_RATE = "not_a_proportion_or_rate"  # only in releases made before gaps and means had trends
    TOO_FEW_POINTS = "too_few_points"
    DIFFERENT_SERIES = "different_series"
    NOT_ANNUAL = "not_annual"
    OVERLAPPING_PERIODS = "overlapping_periods"
    MISSING_PERIOD = "missing_period"
    MISSING_VALUE = "missing_value"
    BREAK_IN_SERIES = "break_in_series"
    NO_COUNTS = "no_counts"
    ZERO_OR_ALL_COUNTS = "zero_or_all_counts"
    NO_INTERVAL = "no_interval"


class Trend(Struct, frozen=True, kw_only=True):
    """The recent trend of a series, calculated as Fingertips does."""

    tendency: Tendency
    verdict: Annotated[
        Verdict | None, Meta(description="`better` or `worse`; null without a direction or a significant change.")
    ] = None
    method: TrendMethod | None = None
    chi_squared: Annotated[
        float | None, Meta(description="Test statistic of the slope, with one degree of freedom.")
    ] = None
    first_period: PeriodCode | None = None
    last_period: PeriodCode | None = None
    reason: NoTrendReason | None = None
