"""Comparison of a figure with another area: a standard by the rule of Fingertips, a peer by a test of the difference.

The comparison with a standard is that of `SingleOverlappingCIsForOneCILevelComparer` and
`…ForTwoCILevelsComparer` in github.com/ukhsa-collaboration/fingertips-open: it compares the interval of the figure
with the value of the comparator and ignores the comparator's interval. A value on a limit is inside. The error of
England or a region is small; that of a peer is as large as the figure's own, so that its interval counts as well.
"""

from api.statistics.differences import calculate_difference_limits, make_estimate
from api.statistics.periods import is_same_span
from api.statistics.readings import Reading, judge_direction
from schema.intervals import Confidence, Interval
from schema.measures import Aim
from schema.verdicts import AreaComparison, ComparisonMethod, NoComparisonReason, Verdict


def compare_with_standard(
    reading: Reading, comparator: Reading | None, aim: Aim | None, *, five_way: bool = False
) -> AreaComparison:
    """Return `similar` if the comparator's value lies inside the 95 % interval, otherwise the side on which it lies.

    With `five_way` the 99.8 % interval is also required, and `confidence` distinguishes `better` at 95 from `better`
    at 99.8. Without a direction the verdict is `higher` or `lower`. If there is no comparator or no interval, or if
    series or period differ, there is a reason instead of a verdict.
    """
    reason = _find_obstacle(reading, comparator)
    narrow, wide = reading.find_interval(Confidence.P95), reading.find_interval(Confidence.P99_8)
    if comparator is None or comparator.value is None or reason:
        return AreaComparison(reason=reason)
    if narrow is None or (five_way and wide is None):
        return AreaComparison(reason=NoComparisonReason.NO_INTERVAL)
    method = ComparisonMethod.STANDARD
    if not _is_outside(comparator.value, narrow):
        return AreaComparison(verdict=Verdict.SIMILAR, confidence=Confidence.P95, method=method)
    widest = wide if five_way and wide is not None and _is_outside(comparator.value, wide) else narrow
    return AreaComparison(
        verdict=judge_direction(is_upward=narrow.lower > comparator.value, aim=aim),
        confidence=widest.confidence,
        method=method,
    )


def compare_with_peer(reading: Reading, peer: Reading | None, aim: Aim | None) -> AreaComparison:
    """Return `similar` if the 95 % interval of the difference from a peer includes 0, otherwise the peer's side.

    The two estimates must be independent: neither area contains the other. `confidence` is 99.8 if both have
    intervals at 99.8 % and the difference excludes 0 at that level as well. Without an interval of both, there is a
    reason instead of a verdict.
    """
    reason = _find_obstacle(reading, peer)
    if peer is None or reason:
        return AreaComparison(reason=reason)
    verdict, highest = Verdict.SIMILAR, Confidence.P95
    for level in (Confidence.P95, Confidence.P99_8):
        own, other = make_estimate(reading, level), make_estimate(peer, level)
        if own is None or other is None:
            if level is Confidence.P95:
                return AreaComparison(reason=NoComparisonReason.NO_INTERVAL)
            break
        lower, upper = calculate_difference_limits(own, other)
        if lower <= 0 <= upper:
            break
        verdict, highest = judge_direction(is_upward=lower > 0, aim=aim), level
    return AreaComparison(verdict=verdict, confidence=highest, method=ComparisonMethod.DIFFERENCE)


def _find_obstacle(reading: Reading, comparator: Reading | None) -> NoComparisonReason | None:
    if comparator is None or comparator.value is None:
        return NoComparisonReason.NO_COMPARATOR
    if comparator.series != reading.series:
        return NoComparisonReason.DIFFERENT_SERIES
    return None if is_same_span(comparator.period, reading.period) else NoComparisonReason.DIFFERENT_PERIOD


def _is_outside(value: float, interval: Interval) -> bool:
    return value < interval.lower or value > interval.upper
