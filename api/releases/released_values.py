"""The content of one cell of a release: a value with the bounds of the true value, or the reason for having none."""

from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from api.statistics import intervals
from api.statistics.disclosure.figures import Percentage, ProtectedCount
from api.statistics.intervals import RatioCounts
from schema.intervals import Confidence, Interval
from schema.submissions import Status


class ReleasedValue(Struct, frozen=True, kw_only=True, gc=False):
    """A displayed number with the bounds of the true one, or why there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    numerator: ProtectedCount | None = None
    denominator: ProtectedCount | None = None
    intervals: tuple[Interval, ...] = ()
    status: Status | None = None
    reason: str | None = None

    @property
    def largest_error(self) -> float | None:
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)

    @property
    def counts(self) -> RatioCounts | None:
        """The bounds of a proportion's counts."""
        part, whole = self.numerator, self.denominator
        if part is None or whole is None or part.low is None or whole.low is None or self.value is None:
            return None
        return RatioCounts(
            numerator_low=part.low, numerator_high=part.high, denominator_low=whole.low, denominator_high=whole.high
        )


NO_DATA = ReleasedValue(status=Status.NOT_AVAILABLE, reason="no_data")
SUPPRESSED = ReleasedValue(status=Status.CONFIDENTIAL, reason="suppressed")
NOT_KNOWN_FOR_ALL = ReleasedValue(status=Status.NOT_AVAILABLE, reason="not_known_for_all")
NOT_A_COUNT = ReleasedValue(status=Status.NOT_APPLICABLE, reason="not_a_count")
NOT_RELEASED = ReleasedValue(status=Status.NOT_APPLICABLE, reason="not_released")


def to_count(figure: ProtectedCount, overlapping_returns: int) -> ReleasedValue:
    """Return a displayed count. If several returns may count the same people, return bounds only."""
    if figure.value is None or figure.low is None or figure.high is None:
        return SUPPRESSED
    if overlapping_returns > 1:
        # The distinct people of several returns number at least those of the largest, so at least the average.
        return ReleasedValue(low=ceil(figure.low / overlapping_returns), high=figure.high)
    return ReleasedValue(value=figure.value, low=figure.low, high=figure.high)


def to_proportion(part: ProtectedCount, whole: ProtectedCount, share: Percentage) -> ReleasedValue:
    if share.value is None:
        if share.reason == "input_suppressed":
            return ReleasedValue(numerator=part, denominator=whole, status=Status.CONFIDENTIAL, reason="suppressed")
        return ReleasedValue(numerator=part, denominator=whole, status=Status.NOT_AVAILABLE, reason=share.reason)
    value = ReleasedValue(value=share.value, low=share.low, high=share.high, numerator=part, denominator=whole)
    counts = value.counts
    limits = (
        [intervals.calculate_proportion_interval(counts, confidence=level, per=100) for level in Confidence]
        if counts
        else []
    )
    return replace(value, intervals=tuple(limits))
