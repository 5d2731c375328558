"""Inequality between groups: gap and ratio of two, slope and relative index of inequality over all.

The ratio has Katz's log interval, not the log-adjusted one, which adds a half to every count. Katz's interval is the
one of textbooks and of calculators with which readers may check, and the half only matters near 0, where released
counts of people never are.

The indices are those of Low and Low, Journal of Public Health 2004; 26: 388-395, as Fingertips calculates them:
groups in order of deprivation, each at the middle of its share of the population, a line fitted with the
populations as weights. Fingertips derives its intervals from 100,000 simulated sets of values. Because both ends of
the line are linear in the values, the limits that the simulation approximates can be calculated: normal limits for
the slope, Fieller's for the ratio of the ends (Biometrika 1940; 32: 175-185).
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from api.statistics import intervals
from api.statistics.intervals import RatioCounts, get_normal_deviate
from schema.intervals import Confidence, Interval, IntervalMethod

FloatArray = npt.NDArray[np.float64]

MIN_GROUPS = 5


class Contrast(Struct, frozen=True, kw_only=True):
    """The bounds and the interval of the difference or the ratio of two proportions."""

    low: float | None
    """The lower bound, equal to `high` if the counts are exact; None if there is none."""
    high: float | None
    interval: Interval | None
    reason: str | None = None
    """Why there is no interval: `zero_numerator` or `unbounded_denominator`."""


class OrderedGroup(Struct, frozen=True, kw_only=True):
    """One of the ordered groups of an index, such as a deprivation quintile."""

    population: int
    value: float | None
    """The value in the unit of the measure; None if it is missing or suppressed."""
    standard_error: float | None = None


class InequalityIndices(Struct, frozen=True, kw_only=True):
    """The slope and the relative index of inequality."""

    slope: float | None = None
    """The fitted value at the last end of the order minus the one at the first end, in the unit of the measure."""
    slope_interval: Interval | None = None
    relative: float | None = None
    """The fitted value at the last end divided by the one at the first end."""
    relative_interval: Interval | None = None
    reason: str | None = None
    """Why there is no result: `too_few_groups`, `missing_value` or `no_population` for both indices; `not_positive`
    for the relative index or its interval, if the line meets or may meet 0; `no_standard_error` for the intervals."""


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


def calculate_indices(groups: Sequence[OrderedGroup], *, confidence: Confidence = Confidence.P95) -> InequalityIndices:
    """Return slope and relative index of the values of ordered groups, most deprived first.

    A positive slope means higher values among the least deprived. Values are not transformed by a logarithm or
    logit. At least five groups are needed, each with a population and a value.
    """
    reason = _find_obstacle(groups)
    if reason:
        return InequalityIndices(reason=reason)
    values = np.array([group.value for group in groups], dtype=np.float64)
    first, last = _find_end_weights(np.array([group.population for group in groups], dtype=np.float64))
    start, end = float(first @ values), float(last @ values)
    is_positive = min(start, end) > 0
    indices = InequalityIndices(slope=end - start, relative=end / start if is_positive else None)
    errors = [group.standard_error for group in groups]
    if None in errors:
        return replace(indices, reason="no_standard_error")
    variances = np.array(errors, dtype=np.float64) ** 2
    margin = get_normal_deviate(confidence) * sqrt(variances @ (last - first) ** 2)
    slope = (end - start - margin, end - start + margin)
    relative = (
        _calculate_fieller_limits((end, start), variances, (last, first), get_normal_deviate(confidence))
        if is_positive
        else None
    )
    return replace(
        indices,
        slope_interval=_build_interval(slope, confidence, IntervalMethod.NORMAL),
        relative_interval=_build_interval(relative, confidence, IntervalMethod.FIELLER) if relative else None,
        reason=None if relative else "not_positive",
    )


def _bound_difference(of: RatioCounts, minus: RatioCounts) -> tuple[float, float]:
    (of_least, of_most), (minus_least, minus_most) = intervals.bound_proportion(of), intervals.bound_proportion(minus)
    return of_least - minus_most, of_most - minus_least


def _find_obstacle(groups: Sequence[OrderedGroup]) -> str | None:
    if len(groups) < MIN_GROUPS:
        return "too_few_groups"
    if any(group.value is None for group in groups):
        return "missing_value"
    if any(group.population <= 0 for group in groups):
        return "no_population"
    return None


def _find_end_weights(populations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weights of the values in the fitted line at rank 0 and at rank 1."""
    share = populations / populations.sum()
    rank = share.cumsum() - share / 2 - 0.5  # the mean rank is always a half
    slope = share * rank / (share @ rank**2)
    return share - slope / 2, share + slope / 2


def _calculate_fieller_limits(
    ends: tuple[float, float], variances: FloatArray, weights: tuple[FloatArray, FloatArray], z: float
) -> tuple[float, float] | None:
    """Return the limits of a ratio of two linear functions of the values; None if the denominator may be 0."""
    (numerator, denominator), (numerator_weights, denominator_weights) = ends, weights
    square = denominator**2 - z**2 * float(variances @ denominator_weights**2)
    if square <= 0:
        return None
    middle = numerator * denominator - z**2 * float(variances @ (numerator_weights * denominator_weights))
    constant = numerator**2 - z**2 * float(variances @ numerator_weights**2)
    root = sqrt(middle**2 - square * constant)
    return (middle - root) / square, (middle + root) / square


def _build_interval(limits: tuple[float, float], confidence: Confidence, method: IntervalMethod) -> Interval:
    return Interval(lower=limits[0], upper=limits[1], confidence=confidence, method=method)
