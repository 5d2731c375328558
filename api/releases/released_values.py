"""The content of one cell of a release: a value with the bounds of the true value, or the reason for having none."""

from math import ceil

from msgspec import Struct

from api.statistics import intervals
from api.statistics.disclosure.displayed_counts import (
    HIDDEN_COUNT,
    DisplayedCount,
    Percentage,
    bound_counts,
    bound_likely_counts,
)
from api.statistics.intervals import RatioCounts
from schema.intervals import Confidence, Interval
from schema.submissions import Status


class ReleasedValue(Struct, frozen=True, kw_only=True, gc=False):
    """A displayed number with the bounds of the true one, or why there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    error_95: float | None = None
    """In 95 % of roundings, the true number is not farther from the displayed one than this."""
    numerator: DisplayedCount = HIDDEN_COUNT
    denominator: DisplayedCount = HIDDEN_COUNT
    intervals: tuple[Interval, ...] = ()
    status: Status | None = None
    reason: str | None = None
    leaves_out_sources: bool = False
    """True for a gap that leaves out an organisation because it returned one of the two proportions only."""

    @property
    def largest_error(self) -> float | None:
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)

    @property
    def likely_bounds(self) -> tuple[float | None, float | None]:
        """The bounds of the true number in 95 % of roundings; its certain bounds if only those are known."""
        if self.value is None or self.error_95 is None or self.low is None or self.high is None:
            return self.low, self.high
        return max(self.low, self.value - self.error_95), min(self.high, self.value + self.error_95)

    @property
    def counts(self) -> tuple[RatioCounts, RatioCounts] | None:
        """The bounds of a proportion's true counts: the certain ones, and those in 95 % of roundings."""
        if self.value is None or self.numerator.value is None or self.denominator.value is None:
            return None
        return bound_counts(self.numerator, self.denominator), bound_likely_counts(self.numerator, self.denominator)

    @property
    def counts_error_95(self) -> int | None:
        """The error of a proportion's counts in 95 % of roundings: the larger one of the two."""
        return None if self.denominator.value is None else max(self.numerator.error_95, self.denominator.error_95)


NO_DATA = ReleasedValue(status=Status.NOT_AVAILABLE, reason="no_data")
SUPPRESSED = ReleasedValue(status=Status.CONFIDENTIAL, reason="suppressed")
NOT_KNOWN_FOR_ALL = ReleasedValue(status=Status.NOT_AVAILABLE, reason="not_known_for_all")
LAST_PERIOD_INCOMPLETE = ReleasedValue(status=Status.NOT_AVAILABLE, reason="last_period_incomplete")
NO_COMMON_SOURCE = ReleasedValue(status=Status.NOT_AVAILABLE, reason="no_common_source", leaves_out_sources=True)
NOT_A_COUNT = ReleasedValue(status=Status.NOT_APPLICABLE, reason="not_a_count")
NOT_RELEASED = ReleasedValue(status=Status.NOT_APPLICABLE, reason="not_released")


def to_count(figure: DisplayedCount, overlapping_returns: int) -> ReleasedValue:
    """Return a displayed count. If several returns may count the same people, return bounds only."""
    if figure.value is None or figure.low is None or figure.high is None:
        return SUPPRESSED
    if overlapping_returns > 1:
        # The distinct people of several returns number at least those of the largest, so at least the average.
        return ReleasedValue(low=ceil(figure.low / overlapping_returns), high=figure.high)
    return ReleasedValue(value=figure.value, low=figure.low, high=figure.high, error_95=figure.error_95)


def to_proportion(part: DisplayedCount, whole: DisplayedCount, share: Percentage) -> ReleasedValue:
    if share.value is None:
        if share.reason == "input_suppressed":
            return ReleasedValue(numerator=part, denominator=whole, status=Status.CONFIDENTIAL, reason="suppressed")
        return ReleasedValue(numerator=part, denominator=whole, status=Status.NOT_AVAILABLE, reason=share.reason)
    likely = bound_likely_counts(part, whole)
    return ReleasedValue(
        value=share.value,
        low=share.low,
        high=share.high,
        error_95=share.error_95,
        numerator=part,
        denominator=whole,
        intervals=tuple(
            intervals.calculate_proportion_interval(likely, confidence=level, per=100) for level in Confidence
        ),
    )
