"""How far apart groups are: gap and ratio of two, slope and relative index of inequality over all.

The ratio has Katz's log interval rather than the log-adjusted one, which adds a half to every count: Katz's is
the relative risk of the textbooks and of every calculator that a reader may check with, and the half only
matters near 0, where released counts of people never are.

The indices are those of Low and Low, Journal of Public Health 2004; 26: 388-395, as Fingertips reckons them:
groups in order of deprivation, each at the middle of its share of the population, a line fitted with the
populations as weights. Fingertips takes its intervals from 100,000 simulated sets of values; as both ends of
the line are linear in the values, the limits that the simulation nears follow without chance: normal ones for
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
    """What lies between two proportions."""

    low: float | None
    """The least that it can be, equal to `high` where the counts are exact; null where there is none."""
    high: float | None
    interval: Interval | None
    reason: str | None = None
    """Why there is no interval: `zero_numerator` or `unbounded_denominator`."""


class OrderedGroup(Struct, frozen=True, kw_only=True):
    """One of the ordered groups of an index, as a deprivation quintile."""

    population: int
    value: float | None
    """In the unit of the measure; None where it is missing or suppressed."""
    standard_error: float | None = None


class InequalityIndices(Struct, frozen=True, kw_only=True):
    """The slope and the relative index of inequality."""

    slope: float | None = None
    """The fitted value at the last end of the order less that at the first, in the unit of the measure."""
    slope_interval: Interval | None = None
    relative: float | None = None
    """The fitted value at the last end divided by that at the first."""
    relative_interval: Interval | None = None
    reason: str | None = None
    """Why something is missing: `too_few_groups`, `missing_value` or `no_population` for all, `not_positive` for
    the relative index or its interval, as the line meets 0 or may, `no_standard_error` for the intervals."""


def calculate_gap(
    of: RatioCounts, minus: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 100
) -> Contrast:
    """Return the difference of two groups that share nobody, in percentage points unless `per` says otherwise.

    Raises `ValueError` where a numerator is above its denominator.
    """
    low, high = _bound_difference(of, minus)
    interval = intervals.calculate_difference_interval(of, minus, confidence=confidence, per=per)
    return Contrast(low=low * per, high=high * per, interval=interval)


def calculate_gap_to_whole(
    group: RatioCounts, rest: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 100
) -> Contrast:
    """Return the whole's proportion less the group's, as `gap` does; the whole is group and rest together.

    The gap in the employment rate between everybody and people with a long-term condition is of this kind.
    """
    low, high = intervals.scale_to_whole(_bound_difference(rest, group), group, rest)
    interval = intervals.calculate_gap_to_whole_interval(group, rest, confidence=confidence, per=per)
    return Contrast(low=low * per, high=high * per, interval=interval)


def calculate_ratio(of: RatioCounts, to: RatioCounts, *, confidence: Confidence = Confidence.P95) -> Contrast:
    """Return how many times the proportion of one group is that of another that shares nobody with it.

    Raises `ValueError` where a numerator is above its denominator.
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
    """Return slope and relative index of values over groups in order, the most deprived first.

    A positive slope is a value that is higher among the least deprived. Values are taken as they are, without a
    logarithm or logit. At least five groups are needed, each with people in it and a value.
    """
    reason = _find_obstacle(groups)
    if reason:
        return InequalityIndices(reason=reason)
    values = np.array([group.value for group in groups], dtype=np.float64)
    first, last = _find_end_weights(np.array([group.population for group in groups], dtype=np.float64))
    start, end = float(first @ values), float(last @ values)
    positive = min(start, end) > 0
    found = InequalityIndices(slope=end - start, relative=end / start if positive else None)
    errors = [group.standard_error for group in groups]
    if None in errors:
        return replace(found, reason="no_standard_error")
    variances = np.array(errors, dtype=np.float64) ** 2
    margin = get_normal_deviate(confidence) * sqrt(variances @ (last - first) ** 2)
    slope = (end - start - margin, end - start + margin)
    relative = (
        _calculate_fieller_limits((end, start), variances, (last, first), get_normal_deviate(confidence))
        if positive
        else None
    )
    return replace(
        found,
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
    """Return the weights with which the values make up the fitted line at rank 0 and at rank 1."""
    part = populations / populations.sum()
    rank = part.cumsum() - part / 2 - 0.5  # the mean rank is a half, whatever the populations
    slope = part * rank / (part @ rank**2)
    return part - slope / 2, part + slope / 2


def _calculate_fieller_limits(
    ends: tuple[float, float], variances: FloatArray, weights: tuple[FloatArray, FloatArray], z: float
) -> tuple[float, float] | None:
    """Return the limits of a ratio of two linear functions of the values; None where the one below may be 0."""
    (over, under), (over_weights, under_weights) = ends, weights
    square = under**2 - z**2 * float(variances @ under_weights**2)
    if square <= 0:
        return None
    middle = over * under - z**2 * float(variances @ (over_weights * under_weights))
    constant = over**2 - z**2 * float(variances @ over_weights**2)
    root = sqrt(middle**2 - square * constant)
    return (middle - root) / square, (middle + root) / square


def _build_interval(limits: tuple[float, float], confidence: Confidence, method: IntervalMethod) -> Interval:
    return Interval(lower=limits[0], upper=limits[1], confidence=confidence, method=method)
