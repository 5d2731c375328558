"""What a figure says beside another: a comparator, its own start, its own recent years.

Null goes with a `reason`, in one word for machines; nothing is judged that has no direction.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.intervals import Confidence
from schema.periods import PeriodCode


class Verdict(StrEnum):
    """`better` and `worse` by the direction of the measure, `higher` and `lower` where it has none."""

    BETTER = "better"
    WORSE = "worse"
    HIGHER = "higher"
    LOWER = "lower"
    SIMILAR = "similar"
    UNCHANGED = "unchanged"


class NoComparisonReason(StrEnum):
    """Why there is no comparison."""

    NO_COMPARATOR = "no_comparator"
    DIFFERENT_SERIES = "different_series"
    DIFFERENT_PERIOD = "different_period"
    NO_INTERVAL = "no_interval"


class AreaComparison(Struct, frozen=True, kw_only=True):
    """Whether the comparator's value lies outside the figure's own interval."""

    verdict: Verdict | None = None
    confidence: Annotated[
        Confidence | None, Meta(description="The widest interval outside which it lies; 95 where it is similar.")
    ] = None
    reason: NoComparisonReason | None = None


class MovementStart(StrEnum):
    """What a movement starts from."""

    BASELINE = "baseline"
    FIRST_RELEASED = "first_released"


class NoMovementReason(StrEnum):
    """Why a movement cannot be told."""

    NO_VALUE = "no_value"
    NO_START = "no_start"
    BOUNDS_OVERLAP = "bounds_overlap"
    INCOMPLETE = "incomplete"  # a return is missing that an organisation owes


class Movement(Struct, frozen=True, kw_only=True):
    """Which way a figure has gone, by direction alone: no test of significance, no target."""

    verdict: Verdict | None = None
    since: MovementStart | None = None
    start_period: Annotated[PeriodCode | None, Meta(description="Null for a stated baseline.")] = None
    start: Annotated[float | None, Meta(description="Null where only its bounds are known.")] = None
    change: Annotated[float | None, Meta(description="Figure less start; null where either is not a number.")] = None
    reason: NoMovementReason | None = None


class Tendency(StrEnum):
    """Where the last five years point."""

    INCREASING = "increasing"
    DECREASING = "decreasing"
    NO_SIGNIFICANT_CHANGE = "no_significant_change"
    CANNOT_BE_CALCULATED = "cannot_be_calculated"


class TrendMethod(StrEnum):
    """`cochran-armitage` on numerators and denominators, `weighted-least-squares` on values and their intervals."""

    COCHRAN_ARMITAGE = "cochran-armitage"
    WEIGHTED_LEAST_SQUARES = "weighted-least-squares"


class NoTrendReason(StrEnum):
    """Why a trend cannot be calculated."""

    NOT_A_PROPORTION_OR_RATE = "not_a_proportion_or_rate"
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
    """The recent trend of a series, as Fingertips reckons it."""

    tendency: Tendency
    verdict: Annotated[
        Verdict | None, Meta(description="`better` or `worse`; null without a direction or a significant change.")
    ] = None
    method: TrendMethod | None = None
    chi_squared: Annotated[float | None, Meta(description="Of the slope, with one degree of freedom.")] = None
    first_period: PeriodCode | None = None
    last_period: PeriodCode | None = None
    reason: NoTrendReason | None = None
