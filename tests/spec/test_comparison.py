"""Comparison of a figure with a standard, by the rule of Fingertips, and with a peer, by a test of the difference.

The vectors are from `BenchmarkComparedEngineTests.cs` in github.com/dhsc-govuk/FingertipsNext (commit d1600f4)
and of `SingleOverlappingCIsForTwoCILevelsComparerTest.cs` in github.com/ukhsa-collaboration/fingertips-open
(commit 6780897), both under the MIT licence.
"""

from math import sqrt
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.statistics.comparison import compare_with_peer, compare_with_standard
from api.statistics.periods import parse
from api.statistics.readings import Reading
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.measures import Aim
from schema.verdicts import AreaComparison, ComparisonMethod, NoComparisonReason, Verdict

P95, P99_8 = Confidence.P95, Confidence.P99_8
STANDARD, DIFFERENCE = ComparisonMethod.STANDARD, ComparisonMethod.DIFFERENCE


def make_published_interval(lower, upper, confidence=P95):
    return Interval(lower=lower, upper=upper, confidence=confidence, method=IntervalMethod.PUBLISHED)


def make_reading(value, *intervals, period="CY2020", series="rate", **more):
    return Reading(series=series, period=parse(period), value=value, intervals=intervals, **more)


# --- comparison --------------------------------------------------------------------------------------------

# Area and benchmark in four years; each limit lies 1.1 from its value.
FINGERTIPS_NEXT = """
    aim        4 v 1   3 v 2    2 v 3    1 v 4
    increase   better  similar  similar  worse
    decrease   worse   similar  similar  better
    -          higher  similar  similar  lower
"""


@pytest.mark.parametrize("line", FINGERTIPS_NEXT.strip().splitlines()[1:])
def test_area_verdicts_equal_those_of_fingertips_next(line):
    aim, *verdicts = line.split()
    for area, benchmark, expected in zip((4, 3, 2, 1), (1, 2, 3, 4), verdicts, strict=True):
        compared = compare_with_standard(
            make_reading(area, make_published_interval(area - 1.1, area + 1.1)),
            make_reading(benchmark),
            None if aim == "-" else Aim(aim),
        )
        assert compared == AreaComparison(verdict=Verdict(expected), confidence=P95, method=STANDARD)


# The sexes compared with all persons (4, 3, 2, 1) in four years, without a direction.
INEQUALITY = """
    female  2 3 4 5  lower similar higher  higher
    male    1 2 3 4  lower similar similar higher
"""


@pytest.mark.parametrize("line", INEQUALITY.strip().splitlines())
def test_group_verdicts_equal_those_of_fingertips_next(line):
    values, verdicts = line.split()[1:5], line.split()[5:]
    for value, persons, expected in zip(map(int, values), (4, 3, 2, 1), verdicts, strict=True):
        assert (
            compare_with_standard(
                make_reading(value, make_published_interval(value - 1.1, value + 1.1)), make_reading(persons), None
            ).verdict
            == expected
        )


# The area's value is 2.6, its limits 2.5–2.7 at 95 % and 2.3–2.9 at 99.8 %.
TWO_LEVELS = """
    benchmark  decrease     increase
    3.0        better 99.8  worse  99.8
    2.8        better 95    worse  95
    2.6        similar 95   similar 95
    2.4        worse 95     better 95
    2.2        worse 99.8   better 99.8
"""


@pytest.mark.parametrize("line", TWO_LEVELS.strip().splitlines()[1:])
def test_five_way_comparison_equals_that_of_fingertips(line):
    benchmark, *words = line.split()
    area = make_reading(2.6, make_published_interval(2.5, 2.7), make_published_interval(2.3, 2.9, P99_8))
    for aim, verdict, confidence in zip((Aim.DECREASE, Aim.INCREASE), words[::2], words[1::2], strict=True):
        comparator = make_reading(float(benchmark))
        assert compare_with_standard(area, comparator, aim, five_way=True) == AreaComparison(
            verdict=Verdict(verdict), confidence=Confidence(confidence), method=STANDARD
        )
        assert compare_with_standard(area, comparator, aim) == AreaComparison(
            verdict=Verdict(verdict), confidence=P95, method=STANDARD
        )


@pytest.mark.parametrize(
    ("benchmark", "verdict"), [(2.5, Verdict.SIMILAR), (2.7, Verdict.SIMILAR), (2.4999, Verdict.HIGHER)]
)
def test_comparator_on_a_limit_is_similar(benchmark, verdict):
    assert (
        compare_with_standard(
            make_reading(2.6, make_published_interval(2.5, 2.7)), make_reading(benchmark), None
        ).verdict
        is verdict
    )


def test_achieve_aim_has_no_numeric_direction():
    assert (
        compare_with_standard(make_reading(4, make_published_interval(3, 5)), make_reading(1), Aim.ACHIEVE).verdict
        is Verdict.HIGHER
    )


def test_bounded_value_is_compared_by_its_interval():
    assert (
        compare_with_standard(
            make_reading(None, make_published_interval(3, 5), low=3.5, high=4.5), make_reading(1), None
        ).verdict
        is Verdict.HIGHER
    )


AREA = make_reading(4, make_published_interval(3, 5))
NOT_COMPARED = [
    (AREA, None, False, NoComparisonReason.NO_COMPARATOR),
    (AREA, make_reading(None), False, NoComparisonReason.NO_COMPARATOR),
    (AREA, make_reading(1, series="another"), False, NoComparisonReason.DIFFERENT_SERIES),
    (AREA, make_reading(1, period="CY2019"), False, NoComparisonReason.DIFFERENT_PERIOD),
    (make_reading(4), make_reading(1), False, NoComparisonReason.NO_INTERVAL),
    (make_reading(4, make_published_interval(3, 5, P99_8)), make_reading(1), False, NoComparisonReason.NO_INTERVAL),
    (AREA, make_reading(1), True, NoComparisonReason.NO_INTERVAL),
    (make_reading(4, make_published_interval(3, 5, P99_8)), make_reading(1), True, NoComparisonReason.NO_INTERVAL),
]


@pytest.mark.parametrize(("area", "comparator", "five_way", "reason"), NOT_COMPARED)
def test_missing_comparison_states_its_reason(area, comparator, five_way, reason):
    assert compare_with_standard(area, comparator, Aim.INCREASE, five_way=five_way) == AreaComparison(reason=reason)


def test_periods_with_equal_spans_are_compared():
    assert compare_with_standard(AREA, make_reading(1, period="R12-2020-12"), Aim.INCREASE).verdict is Verdict.BETTER


limits = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@settings(deadline=None)
@given(limits, st.floats(0, 1), st.sampled_from([Aim.INCREASE, Aim.DECREASE]))
def test_opposite_direction_gives_the_opposite_verdict(interval, benchmark, aim):
    area, comparator = make_reading(interval[0], make_published_interval(*interval)), make_reading(benchmark)
    opposite_aim = Aim.DECREASE if aim is Aim.INCREASE else Aim.INCREASE
    opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER, Verdict.SIMILAR: Verdict.SIMILAR}
    assert (
        compare_with_standard(area, comparator, opposite_aim).verdict
        is opposite[compare_with_standard(area, comparator, aim).verdict]
    )


# --- peers -------------------------------------------------------------------------------------------------

# Two published estimates with their 95 % limits. The p-values are those of a normal test of the difference, with
# standard errors of a quarter of each interval's width (3.92 of them): the verdict and p < 0.05 agree.
PEERS = """
    figure            peer              p      decrease  increase
    9.6  7.8   11.4   7.7  6.3   9.1    0.102  similar   similar   Nottingham and Leeds: single overlap says worse
    9.6  8.2   11.0   7.1  5.7   8.5    0.013  worse     better
    7.1  5.7   8.5    9.6  8.2   11.0   0.013  better    worse
    60.1 55.0  65.2   70.0 66.0  74.0   0.003  better    worse
    9.6  7.8   11.4   9.6  9.6   9.6    1.000  similar   similar
"""


@pytest.mark.parametrize("line", PEERS.strip().splitlines()[1:])
def test_peer_is_compared_by_the_difference_of_two_estimates(line):
    numbers, words = line.split()[:7], line.split()[7:9]
    value, lower, upper, other, other_lower, other_upper, p = map(float, numbers)
    figure = make_reading(value, make_published_interval(lower, upper))
    peer = make_reading(other, make_published_interval(other_lower, other_upper))
    for aim, verdict in zip((Aim.DECREASE, Aim.INCREASE), words, strict=True):
        assert compare_with_peer(figure, peer, aim) == AreaComparison(
            verdict=Verdict(verdict), confidence=P95, method=DIFFERENCE
        )
    assert (words[0] != "similar") == (p < 0.05)
    variance = ((upper - lower) ** 2 + (other_upper - other_lower) ** 2) / 3.92**2
    assert 2 * NormalDist().cdf(-abs(value - other) / sqrt(variance)) == pytest.approx(p, abs=0.001)


def test_peer_differs_at_99_8_percent_if_both_have_such_intervals():
    figure = make_reading(60, make_published_interval(58, 62), make_published_interval(57, 63, P99_8))
    narrow, wide = make_published_interval(68, 72), make_published_interval(67, 73, P99_8)
    unclear = make_published_interval(50, 90, P99_8)
    for peer, confidence in (
        (make_reading(70, narrow, wide), P99_8),
        (make_reading(70, narrow), P95),
        (make_reading(70, narrow, unclear), P95),
    ):
        compared = compare_with_peer(figure, peer, Aim.INCREASE)
        assert compared == AreaComparison(verdict=Verdict.WORSE, confidence=confidence, method=DIFFERENCE)


def test_missing_comparison_with_a_peer_states_its_reason():
    peer = make_reading(1, make_published_interval(0, 2))
    for area, comparator, reason in (
        *((area, comparator, reason) for area, comparator, five_way, reason in NOT_COMPARED[:4] if not five_way),
        (AREA, make_reading(1), NoComparisonReason.NO_INTERVAL),
        (make_reading(4), peer, NoComparisonReason.NO_INTERVAL),
    ):
        assert compare_with_peer(area, comparator, Aim.INCREASE) == AreaComparison(reason=reason)
