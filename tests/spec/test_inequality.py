"""Measures of inequality between groups.

Slopes, relative indices and the closed limits of the slope are from statsmodels 0.15.0 (`WLS` of the values on the
mid-ranks, with the populations as weights) and SciPy 1.17.1. The limits of the relative index are from a simulation
with NumPy 2.4.6: twenty million sets of normal values, each fitted separately. Fingertips uses 100,000 sets.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.statistics.inequality import (
    Contrast,
    InequalityIndices,
    OrderedGroup,
    calculate_gap,
    calculate_gap_to_whole,
    calculate_indices,
    calculate_ratio,
)
from api.statistics.intervals import RatioCounts, make_exact_counts
from schema.intervals import Confidence, Interval, IntervalMethod

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


# --- indices over ordered groups ---------------------------------------------------------------------------

# Invented: % employed and people per 1,000 out of work through ill health, from the most deprived fifth to the least.
EMPLOYED = """
    people  value  standard error
    130000  62.0   0.9
    70000   68.5   1.1
    50000   70.1   1.4
    30000   75.2   1.8
    20000   78.9   2.2
"""
INACTIVE = """
    people  value  standard error
    41000   118.0  4.0
    40000   97.0   3.6
    39500   80.0   3.3
    40500   61.0   2.9
    39000   50.0   2.7
"""


def groups(table):
    return [
        OrderedGroup(population=int(people), value=float(value), standard_error=float(error))
        for people, value, error in map(str.split, table.strip().splitlines()[1:])
    ]


INDICES = [
    (EMPLOYED, P95, 19.268148148148132, (15.11776364367553, 23.418532652620733)),
    (EMPLOYED, P99_8, 19.268148148148132, (12.724327761698873, 25.81196853459739)),
    (INACTIVE, P95, -86.22934489628494, (-96.77272686684294, -75.68596292572694)),
    (INACTIVE, P99_8, -86.22934489628494, (-102.85286442964592, -69.60582536292397)),
]


@pytest.mark.parametrize(("table", "confidence", "slope", "interval"), INDICES)
def test_slope_index_is_the_weighted_slope_over_ranks(table, confidence, slope, interval):
    indices = calculate_indices(groups(table), confidence=confidence)
    assert indices.slope == pytest.approx(slope, rel=1e-12)
    assert limits(indices.slope_interval) == pytest.approx(interval, rel=1e-12)
    assert indices.slope_interval.method is IntervalMethod.NORMAL
    assert indices.reason is None


RELATIVE = [
    (EMPLOYED, P95, 1.3340567891404571, (1.25268, 1.42192)),
    (EMPLOYED, P99_8, 1.3340567891404571, (1.20844, 1.47573)),
    (INACTIVE, P95, 0.3079905177033781, (0.25701, 0.36330)),
    (INACTIVE, P99_8, 0.3079905177033781, (0.22934, 0.39739)),
]


@pytest.mark.parametrize(("table", "confidence", "relative", "simulated"), RELATIVE)
def test_relative_index_limits_agree_with_the_simulation(table, confidence, relative, simulated):
    indices = calculate_indices(groups(table), confidence=confidence)
    assert indices.relative == pytest.approx(relative, rel=1e-12)
    # The simulation's own error is 0.0001 at 95 % and 0.0002 at 99.8 %.
    assert limits(indices.relative_interval) == pytest.approx(simulated, abs=0.0002)
    assert indices.relative_interval.confidence is confidence
    assert indices.relative_interval.method is IntervalMethod.FIELLER


def test_five_equal_groups_on_a_line_match_hand_calculation():
    # Mid-ranks are 0.1, 0.3 … 0.9. A step of 0.2 adds 10, so the line rises by 50: from 5 to 55, eleven times as much.
    line = [OrderedGroup(population=100, value=value) for value in (10.0, 20.0, 30.0, 40.0, 50.0)]
    assert calculate_indices(line) == InequalityIndices(
        slope=pytest.approx(50), relative=pytest.approx(11), reason="no_standard_error"
    )


NO_INDICES = [
    (lambda group, n: group if n < 4 else None, "too_few_groups"),
    (lambda group, n: replace(group, value=None) if n == 2 else group, "missing_value"),
    (lambda group, n: replace(group, population=0) if n == 2 else group, "no_population"),
]


@pytest.mark.parametrize(("change", "reason"), NO_INDICES)
def test_incomplete_groups_have_no_indices(change, reason):
    changed = filter(None, (change(group, n) for n, group in enumerate(groups(EMPLOYED))))
    assert calculate_indices(list(changed)) == InequalityIndices(reason=reason)


def test_missing_standard_error_leaves_indices_without_intervals():
    first, *others = groups(EMPLOYED)
    indices = calculate_indices([replace(first, standard_error=None), *others])
    assert indices.slope == pytest.approx(19.268148148148132)
    assert (indices.slope_interval, indices.relative_interval, indices.reason) == (None, None, "no_standard_error")


def test_line_that_reaches_zero_has_no_relative_index():
    # The line goes from -5 to 45, or from 45 to -5, or from 5 to 55 with errors so large that it may start at 0.
    through = [OrderedGroup(population=1, value=value, standard_error=1) for value in (0.0, 10.0, 20.0, 30.0, 40.0)]
    for ordered in through, through[::-1]:
        indices = calculate_indices(ordered)
        assert indices.slope_interval is not None
        assert (indices.relative, indices.relative_interval, indices.reason) == (None, None, "not_positive")
    vague = [replace(group, value=group.value + 10, standard_error=9) for group in through]
    indices = calculate_indices(vague)
    assert indices.relative == pytest.approx(11)
    assert (indices.relative_interval, indices.reason) == (None, "not_positive")


ordered_groups = st.lists(
    st.builds(
        OrderedGroup,
        population=st.integers(1, 100_000),
        value=st.floats(1, 100),
        standard_error=st.floats(0.01, 5),
    ),
    min_size=5,
    max_size=10,
)


@settings(deadline=None)
@given(ordered_groups)
def test_reversed_groups_change_the_sign_of_the_slope(ordered):
    forwards, backwards = calculate_indices(ordered), calculate_indices(ordered[::-1])
    assert backwards.slope == pytest.approx(-forwards.slope, abs=1e-6)
    lower, upper = limits(forwards.slope_interval)
    assert limits(backwards.slope_interval) == pytest.approx((-upper, -lower), abs=1e-6)


@settings(deadline=None)
@given(ordered_groups, st.sampled_from(Confidence))
def test_indices_lie_within_their_intervals(ordered, confidence):
    indices = calculate_indices(ordered, confidence=confidence)
    assert indices.slope_interval.lower < indices.slope < indices.slope_interval.upper
    if indices.relative_interval:
        assert indices.relative_interval.lower < indices.relative < indices.relative_interval.upper
        # Both intervals must agree about the presence of inequality.
        assert (indices.relative_interval.lower > 1) == (indices.slope_interval.lower > 0)


@settings(deadline=None)
@given(ordered_groups, st.sampled_from([2, 3]))
def test_indices_depend_only_on_population_shares(ordered, factor):
    larger = [replace(group, population=group.population * factor) for group in ordered]
    assert calculate_indices(larger).slope == pytest.approx(calculate_indices(ordered).slope, abs=1e-9)


@settings(deadline=None)
@given(ordered_groups)
def test_equal_groups_have_no_inequality(ordered):
    indices = calculate_indices([replace(group, value=42.0) for group in ordered])
    assert indices.slope == pytest.approx(0, abs=1e-6)
    assert indices.relative == pytest.approx(1, abs=1e-6)


def test_interval_of_indices_is_not_an_envelope():
    indices = calculate_indices(groups(EMPLOYED))
    assert indices.slope_interval == Interval(
        lower=pytest.approx(15.11776364367553),
        upper=pytest.approx(23.418532652620733),
        confidence=P95,
        method=IntervalMethod.NORMAL,
    )
