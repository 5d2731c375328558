"""Gap and ratio of two groups. The indices over all groups are in `test_inequality_indices.py`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.statistics.inequality import (
    Contrast,
    calculate_gap,
    calculate_gap_to_whole,
    calculate_ratio,
)
from api.statistics.intervals import RatioCounts, make_exact_counts
from schema.intervals import Confidence, IntervalMethod

P95, P99_8 = Confidence.P95, Confidence.P99_8


def limits(interval):
    return interval.lower, interval.upper


# --- two groups --------------------------------------------------------------------------------------------


def test_gap_is_in_percentage_points_with_a_newcombe_interval():
    # 56/70 and 48/80: 0.2 (0.0524 to 0.3339), Newcombe, Statistics in Medicine 1998; 17: 873-890, table II, method 10.
    gap = calculate_gap(make_exact_counts(56, 70), make_exact_counts(48, 80))
    assert (gap.low, gap.high) == (pytest.approx(20), gap.low)
    assert limits(gap.interval) == pytest.approx((5.24, 33.39), abs=0.005)
    assert gap.interval.method is IntervalMethod.NEWCOMBE
    assert gap.reason is None


def test_gap_to_the_whole_allows_for_overlapping_groups():
    # 104/150 of all people and 48/80 with a condition are employed: 9.33 points. The interval is 70/150 of the one above.
    gap = calculate_gap_to_whole(make_exact_counts(48, 80), make_exact_counts(56, 70))
    assert (gap.low, gap.high) == (pytest.approx(100 * (104 / 150 - 48 / 80)), gap.low)
    assert limits(gap.interval) == pytest.approx((5.24 * 70 / 150, 33.39 * 70 / 150), abs=0.005)
    assert gap.interval.method is IntervalMethod.NEWCOMBE_SCALED


def test_ratio_has_a_katz_interval():
    # 2.5 (1.126 to 5.550): SciPy's documentation of `relative_risk`, after Sahai and Khurshid 1996.
    ratio = calculate_ratio(make_exact_counts(10, 75), make_exact_counts(12, 225))
    assert (ratio.low, ratio.high) == (pytest.approx(2.5), ratio.low)
    assert limits(ratio.interval) == pytest.approx((1.1261564003469628, 5.549850800541033))
    assert ratio.interval.method is IntervalMethod.KATZ_LOG


def bounded(low, high, base_low, base_high):
    return RatioCounts(numerator_low=low, numerator_high=high, denominator_low=base_low, denominator_high=base_high)


def test_bounded_counts_give_bounded_contrasts():
    first, second = bounded(8, 12, 48, 52), bounded(18, 22, 48, 52)
    assert calculate_gap(first, second, per=1).low == pytest.approx(8 / 52 - 22 / 48)
    assert calculate_gap(first, second, per=1).high == pytest.approx(12 / 48 - 18 / 52)
    assert calculate_gap(first, second).interval.envelope
    assert calculate_ratio(first, second).low == pytest.approx(8 / 52 * 48 / 22)
    assert calculate_ratio(first, second).high == pytest.approx(12 / 48 * 52 / 18)
    assert calculate_ratio(first, second).interval.envelope
    exact_gaps = [
        100 * ((x + y) / (n + m) - x / n)
        for x in range(8, 13)
        for n in range(48, 53)
        for y in range(18, 23)
        for m in range(48, 53)
    ]
    gap = calculate_gap_to_whole(first, second)
    assert gap.low <= min(exact_gaps)
    assert max(exact_gaps) <= gap.high
    assert gap.interval.lower < gap.low < gap.high < gap.interval.upper


NO_INTERVAL = [
    (make_exact_counts(0, 10), make_exact_counts(3, 10), (0, 0), "zero_numerator"),
    (make_exact_counts(3, 10), make_exact_counts(0, 10), (None, None), "zero_numerator"),
    (make_exact_counts(3, 10), bounded(0, 4, 10, 10), (0.75, None), "zero_numerator"),
    (bounded(1, 4, 10, None), make_exact_counts(5, 10), (0, 0.8), "unbounded_denominator"),
    (make_exact_counts(5, 10), bounded(1, 4, 10, None), (1.25, None), "unbounded_denominator"),
]


@pytest.mark.parametrize(("first", "second", "expected", "reason"), NO_INTERVAL)
def test_ratio_without_interval_states_its_reason(first, second, expected, reason):
    low, high = (value if value is None else pytest.approx(value) for value in expected)
    assert calculate_ratio(first, second) == Contrast(low=low, high=high, interval=None, reason=reason)


pairs = st.integers(1, 300).flatmap(lambda n: st.builds(make_exact_counts, st.integers(1, n), st.just(n)))


@settings(deadline=None)
@given(pairs, pairs, st.sampled_from(Confidence))
def test_gap_and_ratio_lie_within_their_intervals(first, second, confidence):
    for calculate in calculate_gap, calculate_ratio:
        contrast = calculate(first, second, confidence=confidence)
        assert contrast.low == contrast.high
        assert contrast.interval.lower - 1e-9 <= contrast.low <= contrast.interval.upper + 1e-9
        assert not contrast.interval.envelope


@settings(deadline=None)
@given(pairs, pairs)
def test_gap_to_the_whole_equals_whole_minus_group(group, rest):
    whole = (group.numerator_low + rest.numerator_low) / (group.denominator_low + rest.denominator_low)
    gap = calculate_gap_to_whole(group, rest, per=1)
    assert gap.low == pytest.approx(whole - group.numerator_low / group.denominator_low, abs=1e-12)
