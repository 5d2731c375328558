"""The slope and the relative index of inequality over ordered groups.

The indices are those of Low and Low, Journal of Public Health 2004; 26: 388-395, as Fingertips and `phe_sii` of
PHEindicatormethods (version 2.1.0) calculate them: groups in order of deprivation, each at the middle of its share of
the population, a line fitted with the populations as weights. By default the line is fitted to the logits of
proportions and to the logarithms of rates, because values rarely fall in a straight line from group to group; its two
ends are transformed back.

`phe_sii` derives its intervals from 100,000 simulated sets of values. Because both ends of the line are linear in the
values, the limits that the simulation approximates can be calculated: normal limits for the slope, and Fieller's for
the ratio of the ends of an untransformed line (Biometrika 1940; 32: 175-185). With a transformation, `phe_sii` turns
the line about its middle to the limits of the slope, and transforms both ends back; so does this module.
"""

from collections.abc import Sequence
from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.intervals import get_normal_deviate
from schema.inequality import Transformation
from schema.intervals import Confidence, Interval, IntervalMethod

FloatArray = npt.NDArray[np.float64]

MIN_GROUPS = 5


class OrderedGroup(Struct, frozen=True, kw_only=True):
    """One of the ordered groups of an index, such as a deprivation quintile."""

    population: int
    value: float | None
    """The value in the unit of the measure; None if it is missing or suppressed."""
    lower: float | None = None
    """The lower limit of its 95 % interval."""
    upper: float | None = None


class InequalityIndices(Struct, frozen=True, kw_only=True):
    """The slope and the relative index of inequality."""

    slope: float | None = None
    """The fitted value at the last end of the order minus the one at the first end, in the unit of the measure."""
    slope_interval: Interval | None = None
    relative: float | None = None
    """The fitted value at the last end divided by the one at the first end."""
    relative_interval: Interval | None = None
    reason: str | None = None
    """Why there is no result: `too_few_groups`, `missing_value` or `no_population` for both indices, `zero_or_all` for
    both if a value has no logarithm or logit; `not_positive` for the relative index or its interval, if the line meets
    or may meet 0; `no_standard_error` for the intervals."""


def calculate_indices(
    groups: Sequence[OrderedGroup],
    *,
    transformation: Transformation,
    per: float = 1,
    confidence: Confidence = Confidence.P95,
) -> InequalityIndices:
    """Return slope and relative index of the values of ordered groups, most deprived first.

    A positive slope means higher values among the least deprived. At least five groups are needed, each with a
    population and a value. `per` is the value of a whole in the unit of the measure, such as 100 for per cent.
    """
    reason = _find_obstacle(groups)
    if reason:
        return InequalityIndices(reason=reason)
    values = [_transform(group.value, transformation, per) for group in groups]
    if None in values:
        return InequalityIndices(reason="zero_or_all")
    limits = [[_transform(limit, transformation, per) for limit in (group.lower, group.upper)] for group in groups]
    variances = (np.diff(np.array(limits, dtype=np.float64))[:, 0] / (2 * get_normal_deviate(Confidence.P95))) ** 2
    first, last = _find_end_weights(np.array([group.population for group in groups], dtype=np.float64))
    heights = np.array(values, dtype=np.float64)
    covariances = (float(variances @ first**2), float(variances @ last**2), float(variances @ (first * last)))
    line = _Line(
        start=float(first @ heights),
        end=float(last @ heights),
        covariances=None if any(None in pair for pair in limits) else covariances,
    )
    if transformation is Transformation.NONE:
        return _calculate_untransformed(line, confidence)
    return _calculate_transformed(line, transformation, per, confidence)


class _Line(Struct, frozen=True, kw_only=True):
    """The fitted line on its own scale."""

    start: float
    """The height at rank 0."""
    end: float
    covariances: tuple[float, float, float] | None
    """The variances of `start` and of `end`, and their covariance; None if the error of a value is not known."""


def _find_obstacle(groups: Sequence[OrderedGroup]) -> str | None:
    if len(groups) < MIN_GROUPS:
        return "too_few_groups"
    if any(group.value is None for group in groups):
        return "missing_value"
    if any(group.population <= 0 for group in groups):
        return "no_population"
    return None


def _transform(value: float | None, transformation: Transformation, per: float) -> float | None:
    """Return the value on the scale of the line; None if it has none."""
    if value is None or transformation is Transformation.NONE:
        return value
    if value <= 0 or (transformation is Transformation.LOGIT and value >= per):
        return None
    return log(value / per) if transformation is Transformation.LOG else log(value / (per - value))


def _transform_back(scaled: float, transformation: Transformation, per: float) -> float:
    return per * (exp(scaled) if transformation is Transformation.LOG else 1 / (1 + exp(-scaled)))


def _calculate_transformed(
    line: _Line, transformation: Transformation, per: float, confidence: Confidence
) -> InequalityIndices:
    """Return the indices of a line on a logarithmic or logit scale."""

    def compare_ends(slope: float) -> tuple[float, float]:
        """Return difference and quotient of the ends of the line that has this slope and the fitted middle."""
        middle = (line.start + line.end) / 2
        at_first, at_last = (
            _transform_back(height, transformation, per) for height in (middle - slope / 2, middle + slope / 2)
        )
        return at_last - at_first, at_last / at_first

    slope, relative = compare_ends(line.end - line.start)
    if line.covariances is None:
        return InequalityIndices(slope=slope, relative=relative, reason="no_standard_error")
    margin = _calculate_slope_margin(line.covariances, get_normal_deviate(confidence))
    (low, low_relative), (high, high_relative) = (
        compare_ends(line.end - line.start + change) for change in (-margin, margin)
    )
    method = IntervalMethod.TRANSFORMED_NORMAL
    return InequalityIndices(
        slope=slope,
        slope_interval=_build_interval((low, high), confidence, method),
        relative=relative,
        relative_interval=_build_interval((low_relative, high_relative), confidence, method),
    )


def _calculate_untransformed(line: _Line, confidence: Confidence) -> InequalityIndices:
    slope, is_positive = line.end - line.start, min(line.start, line.end) > 0
    indices = InequalityIndices(slope=slope, relative=line.end / line.start if is_positive else None)
    if line.covariances is None:
        return replace(indices, reason="no_standard_error")
    z = get_normal_deviate(confidence)
    margin = _calculate_slope_margin(line.covariances, z)
    relative = _calculate_fieller_limits(line.start, line.end, line.covariances, z) if is_positive else None
    return replace(
        indices,
        slope_interval=_build_interval((slope - margin, slope + margin), confidence, IntervalMethod.NORMAL),
        relative_interval=_build_interval(relative, confidence, IntervalMethod.FIELLER) if relative else None,
        reason=None if relative else "not_positive",
    )


def _find_end_weights(populations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weights of the values in the fitted line at rank 0 and at rank 1."""
    share = populations / populations.sum()
    rank = share.cumsum() - share / 2 - 0.5  # the mean rank is always a half
    slope = share * rank / (share @ rank**2)
    return share - slope / 2, share + slope / 2


def _calculate_slope_margin(covariances: tuple[float, float, float], z: float) -> float:
    """Return z standard errors of the slope."""
    start, end, both = covariances
    return z * sqrt(max(start + end - 2 * both, 0))


def _calculate_fieller_limits(
    start: float, end: float, covariances: tuple[float, float, float], z: float
) -> tuple[float, float] | None:
    """Return the limits of the ratio of a line's end to its start; None if the start may be 0."""
    square, constant, middle = (
        product - z**2 * covariance
        for product, covariance in zip((start**2, end**2, start * end), covariances, strict=True)
    )
    if square <= 0:
        return None
    root = sqrt(middle**2 - square * constant)
    return (middle - root) / square, (middle + root) / square


def _build_interval(limits: tuple[float, float], confidence: Confidence, method: IntervalMethod) -> Interval:
    return Interval(lower=limits[0], upper=limits[1], confidence=confidence, method=method)
