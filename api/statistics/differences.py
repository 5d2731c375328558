"""The difference of two independent estimates, with its limits, by the method of variance estimates recovery (MOVER).

Zou and Donner, Statistics in Medicine 2008; 27: 1693-1702: each limit of the difference adds, as a root sum of
squares, the distance of the first estimate from its own limit on the one side and the distance of the second on the
other. With Wilson's limits of two proportions it is Newcombe's method 10 (Statistics in Medicine 1998; 17: 873-890).
It needs limits only, so that it serves published statistics, whose counts or variances nobody states.
"""

from math import hypot, isinf

from msgspec import Struct

from api.statistics.readings import Reading
from schema.intervals import Confidence


class Estimate(Struct, frozen=True, kw_only=True):
    """An estimate with its limits. An exact number has four equal fields."""

    low: float
    """The least possible estimate, equal to `high` if the estimate is known."""
    high: float
    lower: float
    """The lower limit of its interval."""
    upper: float


def make_estimate(reading: Reading, confidence: Confidence) -> Estimate | None:
    """Return the value of a reading, or its bounds, with the limits of its interval; None without an interval."""
    interval, bounds = reading.find_interval(confidence), reading.point_bounds
    if interval is None or bounds is None:
        return None
    return Estimate(low=bounds[0], high=bounds[1], lower=interval.lower, upper=interval.upper)


def calculate_difference_limits(of: Estimate, minus: Estimate) -> tuple[float, float]:
    """Return the limits of `of` less `minus`. For estimates that are known by bounds, they cover every pair."""
    return (
        of.low - minus.high - hypot(_distance(of.low, of.lower), _distance(minus.upper, minus.high)),
        of.high - minus.low + hypot(_distance(of.upper, of.high), _distance(minus.low, minus.lower)),
    )


def _distance(larger: float, smaller: float) -> float:
    """Return the distance, which is 0 where a publisher's rounding puts a limit on the wrong side of its value."""
    return 0.0 if isinf(larger) else max(larger - smaller, 0.0)
