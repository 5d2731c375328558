"""Movement of a figure since its start."""

import pytest

from api.statistics.movement import calculate_movement
from schema.measures import Aim
from schema.verdicts import Movement, MovementStart, NoMovementReason, Verdict
from tests.spec.test_comparison import make_reading

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
