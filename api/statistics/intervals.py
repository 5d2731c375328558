"""Confidence intervals by the methods of Fingertips, for counts that are exact or known by bounds.

Methods: Fingertips Public Health Technical Guidance (proportions, rates); Newcombe, Statistics in Medicine
1998; 17: 873-890, method 10 (difference); Katz and others, Biometrics 1978; 34: 469-474, method C (ratio).

For bounds, the result is an *envelope*: it contains the interval of every possible pair of counts, so that it covers
the truth at least as often as the interval of the true counts would. For proportions, rates, counts and differences
it is the smallest envelope: their limits rise with the numerator and fall with the denominator, so that the extremes
lie in corners. For gaps to the whole and for ratios it may be wider than the smallest.
"""

from functools import cache
from math import exp, factorial, hypot, log, sqrt
from statistics import NormalDist

from msgspec import Struct
from msgspec.structs import replace

from schema.intervals import Confidence, Interval, IntervalMethod

MIN_BYAR_COUNT = 10
"""The smallest count for Byar's approximation. Smaller counts use the exact method."""

_TAIL_PROBABILITIES = {Confidence.P95: 0.025, Confidence.P99_8: 0.001}
_DEVIATES = {confidence: -NormalDist().inv_cdf(tail) for confidence, tail in _TAIL_PROBABILITIES.items()}


class RatioCounts(Struct, frozen=True, kw_only=True):
    """A numerator and its denominator, as in a `Tally`: whole numbers from 0, exact if low equals high.

    Raises ValueError if bounds are negative or in the wrong order, or if no pair within them has a denominator.
    """

    numerator_low: int
    numerator_high: int | None
    """None if there is no upper bound."""
    denominator_low: int
    denominator_high: int | None

    def __post_init__(self) -> None:
        for low, high in ((self.numerator_low, self.numerator_high), (self.denominator_low, self.denominator_high)):
            if low < 0 or (high is not None and high < low):
                raise ValueError(f"No count lies between {low} and {high}.")
        if self.denominator_high == 0:
            raise ValueError("The denominator is 0.")

    @property
    def is_exact(self) -> bool:
        return self.numerator_low == self.numerator_high and self.denominator_low == self.denominator_high


def make_exact_counts(numerator: int, denominator: int) -> RatioCounts:
    """Return exact counts. Raises ValueError as `RatioCounts` does."""
    return RatioCounts(
        numerator_low=numerator, numerator_high=numerator, denominator_low=denominator, denominator_high=denominator
    )


def get_normal_deviate(confidence: Confidence) -> float:
    """Return the standard normal deviate of a two-sided interval: 1.960 for 95 %, 3.090 for 99.8 %."""
    return _DEVIATES[confidence]


def bound_proportion(counts: RatioCounts) -> tuple[float, float]:
    """Return the bounds of the proportion, from 0 to 1.

    Pairs without a denominator or with a numerator above it are ignored. Raises ValueError if there are no others.
    """
    return _find_least_proportion(counts, 0)[0], _find_greatest_proportion(counts, 0)[0]


def calculate_proportion_interval(
    counts: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 1
) -> Interval:
    """Return Wilson's score interval of a proportion, times `per`. Raises ValueError as `bound_proportion` does."""
    z = get_normal_deviate(confidence)
    return _build_interval(
        _find_least_proportion(counts, z)[1] * per,
        _find_greatest_proportion(counts, z)[1] * per,
        confidence,
        IntervalMethod.WILSON,
        is_exact=counts.is_exact,
    )


def calculate_count_interval(low: int, high: int, *, confidence: Confidence = Confidence.P95) -> Interval:
    """Return the interval of a count of events between two bounds, which are equal for an exact count.

    The method is exact (Poisson) below 10 and Byar's from 10 on. For bounds on both sides of 10, `method` is the
    one of the upper limit. Raises ValueError as `RatioCounts` does.
    """
    return calculate_rate_interval(
        RatioCounts(numerator_low=low, numerator_high=high, denominator_low=1, denominator_high=1),
        confidence=confidence,
        per=1,
    )


def calculate_rate_interval(
    counts: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 100_000
) -> Interval:
    """Return the interval of a crude rate of Poisson events, times `per`, by the methods for counts.

    Pairs without a denominator are ignored. Raises ValueError if the numerator has no upper bound.
    """
    if counts.numerator_high is None:
        raise ValueError("A rate whose numerator has no upper bound has no upper limit.")
    lower = (
        0.0
        if counts.denominator_high is None
        else _calculate_poisson_limits(counts.numerator_low, confidence)[0] / counts.denominator_high
    )
    upper = _calculate_poisson_limits(counts.numerator_high, confidence)[1] / max(counts.denominator_low, 1)
    method = IntervalMethod.EXACT_POISSON if counts.numerator_high < MIN_BYAR_COUNT else IntervalMethod.BYAR
    return _build_interval(lower * per, upper * per, confidence, method, is_exact=counts.is_exact)


def calculate_difference_interval(
    of: RatioCounts, minus: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 1
) -> Interval:
    """Return Newcombe's hybrid score interval of the difference of two independent proportions, times `per`.

    Nobody may be counted in both; for a group and the whole that contains it use `calculate_gap_to_whole_interval`.
    Raises ValueError as `bound_proportion` does.
    """
    lower, upper = _calculate_newcombe_limits(of, minus, get_normal_deviate(confidence))
    return _build_interval(
        lower * per, upper * per, confidence, IntervalMethod.NEWCOMBE, is_exact=of.is_exact and minus.is_exact
    )


def calculate_gap_to_whole_interval(
    group: RatioCounts, rest: RatioCounts, *, confidence: Confidence = Confidence.P95, per: float = 1
) -> Interval:
    """Return the interval of the whole's proportion less the group's, times `per`; the whole is group and rest.

    The two overlap, so that Newcombe's interval of them would be far too wide. The gap is the share of the rest in
    the whole times the difference of rest and group, which are independent; its interval is scaled in the same way.
    Raises ValueError as `bound_proportion` does.
    """
    lower, upper = scale_to_whole(_calculate_newcombe_limits(rest, group, get_normal_deviate(confidence)), group, rest)
    exact = group.is_exact and rest.is_exact
    return _build_interval(lower * per, upper * per, confidence, IntervalMethod.NEWCOMBE_SCALED, is_exact=exact)


def scale_to_whole(bounds: tuple[float, float], group: RatioCounts, rest: RatioCounts) -> tuple[float, float]:
    """Scale the difference of rest and group to that of whole and group, by the rest's share of the whole."""
    rest_least, group_least = (
        max(rest.denominator_low, rest.numerator_low, 1),
        max(group.denominator_low, group.numerator_low, 1),
    )
    least = 0.0 if group.denominator_high is None else rest_least / (rest_least + group.denominator_high)
    most = 1.0 if rest.denominator_high is None else rest.denominator_high / (rest.denominator_high + group_least)
    lower, upper = bounds
    return lower * (least if lower > 0 else most), upper * (most if upper > 0 else least)


def calculate_ratio_interval(
    of: RatioCounts, to: RatioCounts, *, confidence: Confidence = Confidence.P95
) -> Interval | None:
    """Return Katz's log interval of the ratio of two independent proportions (the relative risk).

    Return None if a numerator may be 0, because its logarithm then has no standard error, or if a denominator has no
    upper bound. Raises ValueError as `bound_proportion` does.
    """
    (of_least, of_most), (to_least, to_most) = bound_proportion(of), bound_proportion(to)
    if of.denominator_high is None or to.denominator_high is None or of.numerator_low == 0 or to.numerator_low == 0:
        return None
    error = get_normal_deviate(confidence) * sqrt(
        1 / of.numerator_low - 1 / of.denominator_high + 1 / to.numerator_low - 1 / to.denominator_high
    )
    return _build_interval(
        exp(log(of_least / to_most) - error),
        exp(log(of_most / to_least) + error),
        confidence,
        IntervalMethod.KATZ_LOG,
        is_exact=of.is_exact and to.is_exact,
    )


def round_limits(interval: Interval, digits: int | None) -> Interval:
    """Return the interval as it is shown, next to a value with `digits` after the point: with one digit more.

    The limits of a publisher, or next to a value that is not rounded (None), remain as they are.
    """
    if digits is None or interval.method is IntervalMethod.PUBLISHED:
        return interval
    return replace(interval, lower=round(interval.lower, digits + 1), upper=round(interval.upper, digits + 1))


def _build_interval(
    lower: float, upper: float, confidence: Confidence, method: IntervalMethod, *, is_exact: bool
) -> Interval:
    return Interval(lower=lower, upper=upper, confidence=confidence, method=method, envelope=not is_exact)


def _find_least_proportion(counts: RatioCounts, z: float) -> tuple[float, float]:
    """Return the least proportion that the counts admit, and its lower limit."""
    if counts.denominator_high is None:
        return 0.0, 0.0
    if counts.numerator_low > counts.denominator_high:
        raise ValueError(f"A numerator of {counts.numerator_low} or more is above its denominator.")
    return counts.numerator_low / counts.denominator_high, _calculate_wilson_lower_limit(
        counts.numerator_low, counts.denominator_high, z
    )


def _find_greatest_proportion(counts: RatioCounts, z: float) -> tuple[float, float]:
    """Return the greatest proportion that the counts admit, and its upper limit, by the complement's lower limit."""
    base = max(counts.denominator_low, counts.numerator_low, 1)
    numerator = base if counts.numerator_high is None else min(counts.numerator_high, base)
    return numerator / base, 1 - _calculate_wilson_lower_limit(base - numerator, base, z)


def _calculate_wilson_lower_limit(x: int, n: int, z: float) -> float:
    """Return the lower limit, which is exactly 0 at x = 0."""
    return (2 * x + z * z - z * sqrt(z * z + 4 * x * (n - x) / n)) / (2 * (n + z * z))


def _calculate_newcombe_limits(of: RatioCounts, minus: RatioCounts, z: float) -> tuple[float, float]:
    (of_least, of_lower), (of_most, of_upper) = _find_least_proportion(of, z), _find_greatest_proportion(of, z)
    (minus_least, minus_lower), (minus_most, minus_upper) = (
        _find_least_proportion(minus, z),
        _find_greatest_proportion(minus, z),
    )
    return (
        of_least - minus_most - hypot(of_least - of_lower, minus_upper - minus_most),
        of_most - minus_least + hypot(of_upper - of_most, minus_least - minus_lower),
    )


def calculate_population_half_width(half_width: float, *, of_group: float, of_population: float) -> float | None:
    """Return the half-width of a share of the population, from that of the same people's share of a group within it.

    `half_width` belongs to `of_group`, the share of the group; `of_population` is the share of the population, and the
    population is a known control total. The group's share of the population, g = `of_population` / `of_group`, is an
    estimate of the same sample, so that g × `half_width` is too narrow. If the sample has n people, n × g of them are
    in the group, and the design effect is the same for both shares,

    - half_width² = z² × deff × of_group × (1 − of_group) / (n × g)
    - wanted² = z² × deff × of_population × (1 − of_population) / n

    and their quotient is g² × (1 − of_population) / (1 − of_group), from which n, z and deff have disappeared. Shares
    are from 0 to 1. Return None if they are 0 or 1, so that the half-width has no information, or contradictory.
    """
    if not 0 < of_population <= of_group < 1:
        return None
    return half_width * of_population / of_group * sqrt((1 - of_population) / (1 - of_group))


def _calculate_poisson_limits(x: int, confidence: Confidence) -> tuple[float, float]:
    """Return the limits of a count of events."""
    if x < MIN_BYAR_COUNT:
        tail = _TAIL_PROBABILITIES[confidence]
        return _find_poisson_mean(x - 1, 1 - tail) if x else 0.0, _find_poisson_mean(x, tail)
    shift = get_normal_deviate(confidence) / 3
    return (
        x * (1 - 1 / (9 * x) - shift / sqrt(x)) ** 3,
        (x + 1) * (1 - 1 / (9 * (x + 1)) + shift / sqrt(x + 1)) ** 3,
    )


@cache
def _find_poisson_mean(max_count: int, probability: float) -> float:
    """Return the mean at which a count of at most `max_count` has that probability, by bisection.

    It is half a chi-square quantile with 2 × `max_count` + 2 degrees of freedom. The sum is short and has only forty
    different arguments, so that no library is needed.
    """
    low, high = 0.0, 64.0
    while low < (mean := (low + high) / 2) < high:
        if exp(-mean) * sum(mean**k / factorial(k) for k in range(max_count + 1)) > probability:
            low = mean
        else:
            high = mean
    return mean
