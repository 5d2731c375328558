"""A figure in the form that comparisons and trends use, and the verdict of a direction."""

from math import inf

from msgspec import Struct

from api.statistics.intervals import round_limits
from schema.intervals import Confidence, Interval
from schema.measures import Aim
from schema.periods import Period
from schema.verdicts import MovementSource, Verdict


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    """A figure of one area and breakdown, in the unit of its measure."""

    series: str
    """An identifier of measure and series. Only figures of the same series are compared."""
    period: Period
    value: float | None
    """None if the value is missing, suppressed or only known by bounds."""
    low: float | None = None
    """The lower bound of the true value, as for rounded counts; None if `value` is exact."""
    high: float | None = None
    """The upper bound; None if `value` is exact, or if there is no upper bound."""
    numerator: int | None = None
    """People or events counted. None for survey estimates, whose weighted counts are not the sample size."""
    denominator: int | None = None
    intervals: tuple[Interval, ...] = ()
    """At most one for each confidence."""
    has_break: bool = False
    """True if the series has a break before this period."""
    is_estimate: bool = False
    """True for ratios, whose error is not known without an interval; False for counts of everybody."""
    counts_events: bool = False
    """True for a count of events that happen by chance (Poisson)."""
    digits: int | None = None
    """The number of digits after the point to which the value is rounded; None if it is not rounded."""
    sources: frozenset[MovementSource] | None = None
    """The organisations and services that contribute; None if it does not matter, as for a publisher's figure."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lower and the upper bound of the value; None if nothing is known."""
        if self.low is not None:
            return self.low, inf if self.high is None else self.high
        return None if self.value is None else (self.value, self.value)

    @property
    def point_bounds(self) -> tuple[float, float] | None:
        """The value, or the bounds of a value that is not known. A rounded value counts as the best estimate."""
        return self.bounds if self.value is None else (self.value, self.value)

    @property
    def shown_intervals(self) -> tuple[Interval, ...]:
        """The intervals with one digit more than the value. Verdicts use those that are not rounded."""
        return tuple(round_limits(interval, self.digits) for interval in self.intervals)

    def find_interval(self, confidence: Confidence) -> Interval | None:
        return next((interval for interval in self.intervals if interval.confidence is confidence), None)


def judge_direction(*, is_upward: bool, aim: Aim | None) -> Verdict:
    """Return the verdict on a rise or a fall for a measure that should increase, should decrease, or neither."""
    match aim:
        case Aim.INCREASE:
            return Verdict.BETTER if is_upward else Verdict.WORSE
        case Aim.DECREASE:
            return Verdict.WORSE if is_upward else Verdict.BETTER
        case _:
            return Verdict.HIGHER if is_upward else Verdict.LOWER
