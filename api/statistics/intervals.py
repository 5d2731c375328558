"""Confidence intervals by the methods that Fingertips uses, for counts that are exact or lie between bounds.

Methods: Fingertips Public Health Technical Guidance (proportions, rates); Newcombe, Statistics in Medicine
1998; 17: 873-890, method 10 (difference); Katz and others, Biometrics 1978; 34: 469-474, method C (ratio).

Of bounds an *envelope* is given, which holds the interval of every admissible pair of counts, so that it
covers the truth at least as often as the interval of the true counts would. For `proportion`, `rate`, `count`
and `difference` it is the smallest that does: their limits rise with the numerator and fall with the
denominator, so that the extremes lie in corners. Those of `gap_to_whole` and `ratio` need not, and their
envelope may be wider than the smallest.
"""

from functools import cache
from math import exp, factorial, hypot, log, sqrt
from statistics import NormalDist

from msgspec import Struct

from schema.intervals import Confidence, Interval, IntervalMethod

EXACT_BELOW = 10
"""From this count on Byar's approximation is used, below it the exact method."""

_TAIL = {Confidence.P95: 0.025, Confidence.P99_8: 0.001}
_DEVIATE = {confidence: -NormalDist().inv_cdf(tail) for confidence, tail in _TAIL.items()}


class Counts(Struct, frozen=True, kw_only=True):
    """A numerator and its denominator as a `Tally` has them: whole, not negative, exact where low is high.

    Raises `ValueError` for bounds that are negative or the wrong way round, and where no pair within them has
    a denominator.
    """

    low: int
    high: int | None
    """None where there is no upper bound."""
    base_low: int
    base_high: int | None

    def __post_init__(self) -> None:
        for low, high in ((self.low, self.high), (self.base_low, self.base_high)):
            if low < 0 or (high is not None and high < low):
                raise ValueError(f"No count lies between {low} and {high}.")
        if self.base_high == 0:
            raise ValueError("There is no denominator.")

    @property
    def exact(self) -> bool:
        return self.low == self.high and self.base_low == self.base_high


def exactly(numerator: int, denominator: int) -> Counts:
    """Return counts that are known. Raises `ValueError` as `Counts` does."""
    return Counts(low=numerator, high=numerator, base_low=denominator, base_high=denominator)


def deviate(confidence: Confidence) -> float:
    """Return the standard normal deviate of a two-sided interval: 1.960 for 95 %, 3.090 for 99.8 %."""
    return _DEVIATE[confidence]


def standard_error(interval: Interval) -> float:
    """Return the standard error that a symmetric interval was made from, in the unit of the interval."""
    return (interval.upper - interval.lower) / (2 * deviate(interval.confidence))


def share(counts: Counts) -> tuple[float, float]:
    """Return the least and the most that the proportion can be, from 0 to 1.

    Pairs without a denominator or with a numerator above it are passed over. Raises `ValueError` where all
    are such.
    """
    return _least(counts, 0)[0], _most(counts, 0)[0]


def proportion(counts: Counts, *, confidence: Confidence = Confidence.P95, per: float = 1) -> Interval:
    """Wilson's score interval of a proportion, times `per`. Raises `ValueError` as `share` does."""
    z = deviate(confidence)
    return _interval(
        _least(counts, z)[1] * per, _most(counts, z)[1] * per, confidence, IntervalMethod.WILSON, exact=counts.exact
    )


def count(low: int, high: int, *, confidence: Confidence = Confidence.P95) -> Interval:
    """Return the interval of a count of events that lies between two numbers, or is one number twice.

    Exact (Poisson) below 10, Byar's from 10 on; of bounds on either side of 10, `method` names the upper
    limit's. Raises `ValueError` as `Counts` does.
    """
    return rate(Counts(low=low, high=high, base_low=1, base_high=1), confidence=confidence, per=1)


def rate(counts: Counts, *, confidence: Confidence = Confidence.P95, per: float = 100_000) -> Interval:
    """Return the interval of a crude rate, the events being Poisson, times `per`. Methods as for `count`.

    Pairs without a denominator are passed over. Raises `ValueError` where the numerator has no upper bound.
    """
    if counts.high is None:
        raise ValueError("A rate whose numerator has no upper bound has no upper limit.")
    lower = 0.0 if counts.base_high is None else _poisson(counts.low, confidence)[0] / counts.base_high
    upper = _poisson(counts.high, confidence)[1] / max(counts.base_low, 1)
    method = IntervalMethod.EXACT_POISSON if counts.high < EXACT_BELOW else IntervalMethod.BYAR
    return _interval(lower * per, upper * per, confidence, method, exact=counts.exact)


def difference(of: Counts, minus: Counts, *, confidence: Confidence = Confidence.P95, per: float = 1) -> Interval:
    """Newcombe's hybrid score interval of the difference of two independent proportions, times `per`.

    Nobody may be counted in both; for a group and the whole that contains it there is `gap_to_whole`. Raises
    `ValueError` as `share` does.
    """
    lower, upper = _newcombe(of, minus, deviate(confidence))
    return _interval(lower * per, upper * per, confidence, IntervalMethod.NEWCOMBE, exact=of.exact and minus.exact)


def gap_to_whole(group: Counts, rest: Counts, *, confidence: Confidence = Confidence.P95, per: float = 1) -> Interval:
    """Return the interval of the whole's proportion less the group's, times `per`; the whole is group and rest.

    The two overlap, so that Newcombe's interval of them would be far too wide. The gap is the share of the rest
    in the whole times the difference of rest and group, which are independent; so is its interval. Raises
    `ValueError` as `share` does.
    """
    lower, upper = scaled(_newcombe(rest, group, deviate(confidence)), group, rest)
    exact = group.exact and rest.exact
    return _interval(lower * per, upper * per, confidence, IntervalMethod.NEWCOMBE_SCALED, exact=exact)


def scaled(bounds: tuple[float, float], group: Counts, rest: Counts) -> tuple[float, float]:
    """Scale a difference, rest less group, to the whole less the group, by the rest's share of the whole."""
    rest_least, group_least = max(rest.base_low, rest.low, 1), max(group.base_low, group.low, 1)
    least = 0.0 if group.base_high is None else rest_least / (rest_least + group.base_high)
    most = 1.0 if rest.base_high is None else rest.base_high / (rest.base_high + group_least)
    lower, upper = bounds
    return lower * (least if lower > 0 else most), upper * (most if upper > 0 else least)


def ratio(of: Counts, to: Counts, *, confidence: Confidence = Confidence.P95) -> Interval | None:
    """Katz's log interval of the ratio of two independent proportions (the relative risk).

    None where a numerator may be 0, since its logarithm then has no standard error, or a denominator has no
    upper bound. Raises `ValueError` as `share` does.
    """
    (of_least, of_most), (to_least, to_most) = share(of), share(to)
    if of.base_high is None or to.base_high is None or of.low == 0 or to.low == 0:
        return None
    error = deviate(confidence) * sqrt(1 / of.low - 1 / of.base_high + 1 / to.low - 1 / to.base_high)
    return _interval(
        exp(log(of_least / to_most) - error),
        exp(log(of_most / to_least) + error),
        confidence,
        IntervalMethod.KATZ_LOG,
        exact=of.exact and to.exact,
    )


def _interval(lower: float, upper: float, confidence: Confidence, method: IntervalMethod, *, exact: bool) -> Interval:
    return Interval(lower=lower, upper=upper, confidence=confidence, method=method, envelope=not exact)


def _least(counts: Counts, z: float) -> tuple[float, float]:
    """Return the least proportion that the counts admit, and its lower limit."""
    if counts.base_high is None:
        return 0.0, 0.0
    if counts.low > counts.base_high:
        raise ValueError(f"A numerator of {counts.low} or more is above its denominator.")
    return counts.low / counts.base_high, _wilson(counts.low, counts.base_high, z)


def _most(counts: Counts, z: float) -> tuple[float, float]:
    """Return the greatest one, and its upper limit: one less the lower limit of its complement."""
    base = max(counts.base_low, counts.low, 1)
    numerator = base if counts.high is None else min(counts.high, base)
    return numerator / base, 1 - _wilson(base - numerator, base, z)


def _wilson(x: int, n: int, z: float) -> float:
    """Return the lower limit; exactly 0 at x = 0."""
    return (2 * x + z * z - z * sqrt(z * z + 4 * x * (n - x) / n)) / (2 * (n + z * z))


def _newcombe(of: Counts, minus: Counts, z: float) -> tuple[float, float]:
    (of_least, of_lower), (of_most, of_upper) = _least(of, z), _most(of, z)
    (minus_least, minus_lower), (minus_most, minus_upper) = _least(minus, z), _most(minus, z)
    return (
        of_least - minus_most - hypot(of_least - of_lower, minus_upper - minus_most),
        of_most - minus_least + hypot(of_upper - of_most, minus_least - minus_lower),
    )


def _poisson(x: int, confidence: Confidence) -> tuple[float, float]:
    """Return the limits of a count of events."""
    if x < EXACT_BELOW:
        tail = _TAIL[confidence]
        return _poisson_mean(x - 1, 1 - tail) if x else 0.0, _poisson_mean(x, tail)
    shift = deviate(confidence) / 3
    return (
        x * (1 - 1 / (9 * x) - shift / sqrt(x)) ** 3,
        (x + 1) * (1 - 1 / (9 * (x + 1)) + shift / sqrt(x + 1)) ** 3,
    )


@cache
def _poisson_mean(most: int, probability: float) -> float:
    """Return the mean at which a count of at most `most` has that probability, by bisection.

    It is half a chi-square quantile with 2 × `most` + 2 degrees of freedom; the sum is short and its forty
    arguments are few enough to do without a library.
    """
    low, high = 0.0, 64.0
    while low < (mean := (low + high) / 2) < high:
        if exp(-mean) * sum(mean**k / factorial(k) for k in range(most + 1)) > probability:
            low = mean
        else:
            high = mean
    return mean
