"""The recent trend of Fingertips: the last five years, significant at 99.8 % even without any one of them.

The rule is that of Fingertips Public Health Technical Guidance, *Fingertips trend markers*: one method for proportions
with counts, and one for every other value with an interval: rates, ratios, means and gaps. The code of its first form,
`TrendMarkerCalculator` in github.com/ukhsa-collaboration/fingertips-open, differs in one point: it counts a slope of
exactly 0 with a year left out as a rise, so that a leap in the last year is a trend upwards, but its mirror image is
not a trend downwards. Here as in `assign_trend_markers` of PHEindicatormethods all six slopes must have one sign.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from api.statistics.intervals import get_normal_deviate
from api.statistics.periods import count_months
from api.statistics.readings import Reading, judge_direction
from schema.intervals import Confidence
from schema.measures import Aim, MeasureKind
from schema.periods import PeriodType
from schema.verdicts import NoTrendReason, Tendency, Trend, TrendMethod, Verdict

FloatArray = npt.NDArray[np.float64]

TREND_POINTS = 5
TREND_KINDS = frozenset({MeasureKind.PROPORTION, MeasureKind.RATE, MeasureKind.MEAN, MeasureKind.GAP})
CRITICAL_CHI_SQUARED = get_normal_deviate(Confidence.P99_8) ** 2
"""The chi-squared that one degree of freedom exceeds in 0.2 % of cases: 9.5495."""

_INTERVAL_STANDARD_ERRORS = 3.92
"""Standard errors between the limits of a 95 % interval, rounded as in Fingertips to reproduce its results."""
_RELATIVE_TOLERANCE = 1e-12
"""A slope that is a smaller share of the sum of its absolute terms is 0 except for rounding."""
_YEAR_NUMBERS = np.arange(1.0, TREND_POINTS + 1)
ANNUAL_TYPES = {
    PeriodType.FINANCIAL_YEAR,
    PeriodType.CALENDAR_YEAR,
    PeriodType.ACADEMIC_YEAR,
    PeriodType.MONTHS_ENDING,
    PeriodType.SNAPSHOT,
}
"""The period types that can have a trend."""


def calculate_trend(readings: Sequence[Reading], aim: Aim | None, *, kind: MeasureKind, method: TrendMethod) -> Trend:
    """Return the trend over the five latest periods. The readings may be in any order.

    The measure must be a proportion, rate, mean or gap with one period a year, none of them overlapping, missing or
    without a value, and no break between them; otherwise the trend is `cannot_be_calculated`, with the reason. Shorter
    periods that come once a year, such as winters, are annual. `cochran-armitage` needs counted numerators, all above 0
    and below their denominators; `weighted-least-squares` needs values with 95 % intervals, as surveys and gaps have.
    """
    last = sorted(readings, key=lambda reading: reading.period.end)[-TREND_POINTS:]
    reason = _find_obstacle(last, kind)
    if reason:
        return Trend(tendency=Tendency.CANNOT_BE_CALCULATED, reason=reason)
    result = _test_counts(last) if method is TrendMethod.COCHRAN_ARMITAGE else _test_intervals(last)
    if isinstance(result, NoTrendReason):
        return Trend(tendency=Tendency.CANNOT_BE_CALCULATED, method=method, reason=result)
    chi_squared, slopes = result
    tendency = Tendency.NO_SIGNIFICANT_CHANGE
    if chi_squared > CRITICAL_CHI_SQUARED and abs(np.sign(slopes).sum()) == slopes.size:
        tendency = Tendency.INCREASING if slopes[0] > 0 else Tendency.DECREASING
    return Trend(
        tendency=tendency,
        verdict=_judge_tendency(tendency, aim),
        method=method,
        chi_squared=chi_squared,
        first_period=last[0].period.code,
        last_period=last[-1].period.code,
    )


def _find_obstacle(last: Sequence[Reading], kind: MeasureKind) -> NoTrendReason | None:
    if kind not in TREND_KINDS:
        return NoTrendReason.KIND_WITHOUT_TREND
    if len(last) < TREND_POINTS:
        return NoTrendReason.TOO_FEW_POINTS
    if len({reading.series for reading in last}) > 1:
        return NoTrendReason.DIFFERENT_SERIES
    misplaced = next(filter(None, (_find_misplacement(earlier, later) for earlier, later in pairwise(last))), None)
    if misplaced is None and any(reading.value is None for reading in last):
        return NoTrendReason.MISSING_VALUE
    if misplaced is None and any(reading.has_break for reading in last[1:]):
        return NoTrendReason.BREAK_IN_SERIES
    return misplaced


def _find_misplacement(earlier: Reading, later: Reading) -> NoTrendReason | None:
    """Return why `later` is not the same part of the next year, or a snapshot in the same month of it."""
    before, after = earlier.period, later.period
    if before.type not in ANNUAL_TYPES or after.type is not before.type or count_months(after) != count_months(before):
        return NoTrendReason.NOT_ANNUAL
    if after.start <= before.end:
        return NoTrendReason.OVERLAPPING_PERIODS
    month_distance = 12 * (after.end.year - before.end.year) + after.end.month - before.end.month
    if month_distance == 12:
        return None
    return NoTrendReason.MISSING_PERIOD if month_distance > 12 else NoTrendReason.NOT_ANNUAL


def _test_counts(last: Sequence[Reading]) -> tuple[float, FloatArray] | NoTrendReason:
    """Return chi-squared for a trend in proportions and the slopes of their log odds."""
    counts = [(reading.numerator, reading.denominator) for reading in last]
    if any(None in pair for pair in counts):
        return NoTrendReason.NO_COUNTS
    x, n = np.array(counts, dtype=np.float64).T
    if np.any(x <= 0) or np.any(x >= n):
        return NoTrendReason.ZERO_OR_ALL_COUNTS
    total, cases = n.sum(), x.sum()
    skew = total * (x @ _YEAR_NUMBERS) - cases * (n @ _YEAR_NUMBERS)
    spread = total * (n @ _YEAR_NUMBERS**2) - (n @ _YEAR_NUMBERS) ** 2
    slopes, _ = _fit_slopes(np.log(x / (n - x)), np.ones(TREND_POINTS))
    return float(total * skew**2 / (cases * (total - cases) * spread)), slopes


def _test_intervals(last: Sequence[Reading]) -> tuple[float, FloatArray] | NoTrendReason:
    """Return chi-squared of the slope of a weighted regression, and the slopes."""
    intervals = [reading.find_interval(Confidence.P95) for reading in last]
    widths = np.array([interval.upper - interval.lower if interval else 0.0 for interval in intervals])
    if np.any(widths <= 0):
        return NoTrendReason.NO_INTERVAL
    slopes, precision = _fit_slopes(
        np.array([reading.value for reading in last], dtype=np.float64), (_INTERVAL_STANDARD_ERRORS / widths) ** 2
    )
    return float(slopes[0] ** 2 * precision), slopes


def _fit_slopes(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, float]:
    """Fit a weighted line to all years, then with each year left out.

    Return the six slopes and the precision (one over the variance) of the first, of shape (6,) and a number.
    """
    year_weights = np.vstack([np.ones(TREND_POINTS), 1 - np.eye(TREND_POINTS)]) * weights
    centre = year_weights @ _YEAR_NUMBERS / year_weights.sum(axis=1)
    distance = _YEAR_NUMBERS - centre[:, np.newaxis]
    spread = (year_weights * distance**2).sum(axis=1)
    terms = year_weights * distance * values
    rise = terms.sum(axis=1)
    rise[np.abs(rise) < _RELATIVE_TOLERANCE * np.abs(terms).sum(axis=1)] = 0
    return rise / spread, float(spread[0])


def _judge_tendency(tendency: Tendency, aim: Aim | None) -> Verdict | None:
    if tendency is Tendency.NO_SIGNIFICANT_CHANGE or aim not in {Aim.INCREASE, Aim.DECREASE}:
        return None
    return judge_direction(is_upward=tendency is Tendency.INCREASING, aim=aim)
