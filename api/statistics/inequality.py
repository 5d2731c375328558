"""Inequality between groups: gap and ratio of two, slope and relative index of inequality over all.

The ratio has Katz's log interval, not the log-adjusted one, which adds a half to every count. Katz's interval is the
one of textbooks and of calculators with which readers may check, and the half only matters near 0, where released
counts of people never are. The indices are in `api.statistics.inequality_indices`.
"""

from msgspec import Struct

from api.statistics import intervals
from api.statistics.intervals import RatioCounts
from schema.intervals import Confidence, Interval


class Contrast(Struct, frozen=True, kw_only=True):
    """The bounds and the interval of the difference or the ratio of two proportions."""

    low: float | None
    """The lower bound, equal to `high` if the counts are exact; None if there is none."""
    high: float | None
    interval: Interval | None
    reason: str | None = None
    """Why there is no interval: `zero_numerator` or `unbounded_denominator`."""


def calculate_gap(
    of: RatioCounts, minus: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 100
) -> Contrast:
    """Return the difference of two groups without common members, times `per`: by default in percentage points.

    Raises ValueError if a numerator is above its denominator.
    """
    low, high = _bound_difference(of, minus)
    interval = intervals.calculate_difference_interval(of, minus, confidence=confidence, per=per)
    return Contrast(low=low * per, high=high * per, interval=interval)


def calculate_gap_to_whole(
    group: RatioCounts, rest: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 100
) -> Contrast:
    """Return the whole's proportion minus the group's, times `per`. The whole is group and rest together.

    An example is the employment rate of everybody minus the one of people with a long-term condition.
    """
    low, high = intervals.scale_to_whole(_bound_difference(rest, group), group, rest)
    interval = intervals.calculate_gap_to_whole_interval(group, rest, confidence=confidence, per=per)
    return Contrast(low=low * per, high=high * per, interval=interval)


def calculate_ratio(of: RatioCounts, to: RatioCounts, *, confidence: Confidence = Confidence.P95) -> Contrast:
    """Return the ratio of the proportions of two groups without common members.

    Raises ValueError if a numerator is above its denominator.
    """
    (of_least, of_most), (to_least, to_most) = intervals.bound_proportion(of), intervals.bound_proportion(to)
    low = of_least / to_most if to_most else None
    high = of_most / to_least if to_least else None
    interval = intervals.calculate_ratio_interval(of, to, confidence=confidence)
    reason = None
    if interval is None:
        reason = "zero_numerator" if 0 in {of.numerator_low, to.numerator_low} else "unbounded_denominator"
    return Contrast(low=low, high=high, interval=interval, reason=reason)


def _bound_difference(of: RatioCounts, minus: RatioCounts) -> tuple[float, float]:
    (of_least, of_most), (minus_least, minus_most) = intervals.bound_proportion(of), intervals.bound_proportion(minus)
    return of_least - minus_most, of_most - minus_least
