"""Comparison of a figure with its comparator and with its starting point.

The vectors are from `BenchmarkComparedEngineTests.cs` in github.com/dhsc-govuk/FingertipsNext (commit d1600f4)
and of `SingleOverlappingCIsForTwoCILevelsComparerTest.cs` in github.com/ukhsa-collaboration/fingertips-open
(commit 6780897), both under the MIT licence.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.statistics.comparison import calculate_movement, compare
from api.statistics.periods import parse
from api.statistics.readings import Reading
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.measures import Aim
from schema.verdicts import AreaComparison, Movement, MovementStart, NoComparisonReason, NoMovementReason, Verdict

P95, P99_8 = Confidence.P95, Confidence.P99_8


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
        compared = compare(
            make_reading(area, make_published_interval(area - 1.1, area + 1.1)),
            make_reading(benchmark),
            None if aim == "-" else Aim(aim),
        )
        assert compared == AreaComparison(verdict=Verdict(expected), confidence=P95)


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
            compare(
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
        assert compare(area, comparator, aim, five_way=True) == AreaComparison(
            verdict=Verdict(verdict), confidence=Confidence(confidence)
        )
        assert compare(area, comparator, aim) == AreaComparison(verdict=Verdict(verdict), confidence=P95)


@pytest.mark.parametrize(
    ("benchmark", "verdict"), [(2.5, Verdict.SIMILAR), (2.7, Verdict.SIMILAR), (2.4999, Verdict.HIGHER)]
)
def test_comparator_on_a_limit_is_similar(benchmark, verdict):
    assert (
        compare(make_reading(2.6, make_published_interval(2.5, 2.7)), make_reading(benchmark), None).verdict is verdict
    )


def test_achieve_aim_has_no_numeric_direction():
    assert (
        compare(make_reading(4, make_published_interval(3, 5)), make_reading(1), Aim.ACHIEVE).verdict is Verdict.HIGHER
    )


def test_bounded_value_is_compared_by_its_interval():
    assert (
        compare(make_reading(None, make_published_interval(3, 5), low=3.5, high=4.5), make_reading(1), None).verdict
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
    assert compare(area, comparator, Aim.INCREASE, five_way=five_way) == AreaComparison(reason=reason)


def test_periods_with_equal_spans_are_compared():
    assert compare(AREA, make_reading(1, period="R12-2020-12"), Aim.INCREASE).verdict is Verdict.BETTER


limits = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@settings(deadline=None)
@given(limits, st.floats(0, 1), st.sampled_from([Aim.INCREASE, Aim.DECREASE]))
def test_opposite_direction_gives_the_opposite_verdict(interval, benchmark, aim):
    area, comparator = make_reading(interval[0], make_published_interval(*interval)), make_reading(benchmark)
    opposite_aim = Aim.DECREASE if aim is Aim.INCREASE else Aim.INCREASE
    opposite = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER, Verdict.SIMILAR: Verdict.SIMILAR}
    assert compare(area, comparator, opposite_aim).verdict is opposite[compare(area, comparator, aim).verdict]


# --- movement ----------------------------------------------------------------------------------------------

MOVEMENTS = """
    from  to  increase   decrease   -
    20    25  better     worse      higher
    25    20  worse      better     lower
    20    20  unchanged  unchanged  unchanged
    0     3   better     worse      higher
"""


@pytest.mark.parametrize("line", MOVEMENTS.strip().splitlines()[1:])
def test_movement_verdict_depends_only_on_the_direction(line):
    start, now, *verdicts = line.split()
    for aim, expected in zip((Aim.INCREASE, Aim.DECREASE, None), verdicts, strict=True):
        first = make_reading(int(start), period="FY2025-26-Q1")
        movement = calculate_movement(make_reading(int(now), period="FY2025-26-Q3"), [first], aim)
        assert movement == Movement(
            verdict=Verdict(expected),
            since=MovementStart.FIRST_RELEASED,
            start_period="FY2025-26-Q1",
            start=int(start),
            change=int(now) - int(start),
        )


def test_stated_baseline_takes_precedence_over_the_first_release():
    first = make_reading(20, period="FY2025-26-Q1")
    now = make_reading(25, period="FY2025-26-Q3", low=23, high=27)
    assert calculate_movement(now, [first], Aim.INCREASE, baseline=30) == Movement(
        verdict=Verdict.WORSE, since=MovementStart.BASELINE, start=30, change=-5
    )


def test_baseline_of_zero_is_used():
    assert calculate_movement(make_reading(5), [], Aim.INCREASE, baseline=0).verdict is Verdict.BETTER


FIRST = [
    # The start is the earliest period with a value, in any order of arrival.
    ("FY2025-26-Q3", "FY2025-26-Q2 7; FY2025-26-Q1 5; FY2025-26-Q3 9", "FY2025-26-Q1"),
    ("FY2025-26-Q3", "FY2025-26-Q1 c; FY2025-26-Q2 7", "FY2025-26-Q2"),
    # The start has the same length and type.
    ("FY2025-26-Q3", "2025-04 3; FY2024-25 40; CY2025-Q1 6; FY2025-26-Q2 7", "FY2025-26-Q2"),
    ("R12-2025-12", "R3-2024-12 1; R12-2025-09 2", "R12-2025-09"),
    ("P2026-04..2026-06", "P2025-04..2026-03 40; P2025-04..2025-06 9", "P2025-04..2025-06"),
    ("2025-06", "D2025-04-30 8; 2025-05 9", "2025-05"),
    # No earlier period exists.
    ("FY2025-26-Q1", "FY2025-26-Q1 5; FY2025-26-Q2 7", None),
    ("FY2025-26-Q1", "", None),
]


@pytest.mark.parametrize(("now", "released", "start"), FIRST)
def test_movement_starts_at_the_first_released_period_of_equal_length(now, released, start):
    history = [
        make_reading(None if value == "c" else int(value), period=code)
        for code, value in (entry.split() for entry in released.split(";") if entry)
    ]
    movement = calculate_movement(make_reading(100, period=now), history, Aim.INCREASE)
    assert movement.start_period == start
    assert movement.reason is (None if start else NoMovementReason.NO_START)


def test_another_series_is_not_a_start():
    first = make_reading(20, period="CY2019", series="another")
    assert calculate_movement(make_reading(25), [first], Aim.INCREASE) == Movement(reason=NoMovementReason.NO_START)


@pytest.mark.parametrize("baseline", [None, 3])
def test_figure_without_value_has_no_movement(baseline):
    first = make_reading(20, period="CY2019")
    assert calculate_movement(make_reading(None), [first], Aim.INCREASE, baseline=baseline) == Movement(
        reason=NoMovementReason.NO_VALUE
    )


BOUNDS = [
    # start and now: the displayed value, with the lowest and the highest true value
    ((20, 18, 22), (25, 23, 27), Verdict.BETTER, 5),
    ((25, 23, 27), (20, 18, 22), Verdict.WORSE, -5),
    ((20, 18, 22), (25, 22, 28), None, 5),
    ((20, 18, 22), (20, 18, 22), None, 0),
    ((None, 30, 90), (None, 91, 120), Verdict.BETTER, None),
    ((None, 30, 90), (60, 60, 60), None, None),
    ((None, 30, None), (20, None, None), Verdict.WORSE, None),
    ((None, 30, None), (40, None, None), None, None),
    ((40, 40, 40), (40, None, None), Verdict.UNCHANGED, 0),
]


@pytest.mark.parametrize(("start", "now", "verdict", "change"), BOUNDS)
def test_difference_within_the_bounds_has_no_verdict(start, now, verdict, change):
    first, last = (
        make_reading(value, period=period, low=low, high=high)
        for (value, low, high), period in ((start, "CY2019"), (now, "CY2020"))
    )
    movement = calculate_movement(last, [first], Aim.INCREASE)
    assert (movement.verdict, movement.start, movement.change) == (verdict, start[0], change)
    assert movement.reason is (None if verdict else NoMovementReason.BOUNDS_OVERLAP)
