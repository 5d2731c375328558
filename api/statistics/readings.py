"""One figure of a series as the verdicts read it, and what the direction of its measure makes of up and down."""

from math import inf

from msgspec import Struct

from schema.intervals import Confidence, Interval
from schema.measures import Aim
from schema.periods import Period
from schema.verdicts import Verdict


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    """A figure of one area and breakdown, in the unit of its measure. What goes out comes from released figures."""

    series: str
    """The measure and its series in any spelling; figures are only compared where it is the same."""
    period: Period
    value: float | None
    """None where it is missing, suppressed or known by its bounds alone."""
    low: float | None = None
    """The least that the true value can be, as where counts are rounded; None where `value` is exact."""
    high: float | None = None
    """The most; None where `value` is exact, or where there is a `low` and no upper bound."""
    numerator: int | None = None
    """People or events counted. Left out of survey estimates, whose weighted counts are no sample's size."""
    denominator: int | None = None
    intervals: tuple[Interval, ...] = ()
    """At most one for each confidence."""
    has_break: bool = False
    """Whether the series breaks before this period."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the most that the value can be; None where nothing is known."""
        if self.low is not None:
            return self.low, inf if self.high is None else self.high
        return None if self.value is None else (self.value, self.value)

    def find_interval(self, confidence: Confidence) -> Interval | None:
        return next((each for each in self.intervals if each.confidence is confidence), None)


def judge_direction(*, is_upward: bool, aim: Aim | None) -> Verdict:
    """Return what up or down means for a measure that is to increase, to decrease, or neither."""
    match aim:
        case Aim.INCREASE:
            return Verdict.BETTER if is_upward else Verdict.WORSE
        case Aim.DECREASE:
            return Verdict.WORSE if is_upward else Verdict.BETTER
        case _:
            return Verdict.HIGHER if is_upward else Verdict.LOWER
