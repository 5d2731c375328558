"""Movement of a figure since its start: like with like, the change with its limits, a verdict where it is significant.

Each table can be read without the code. The limits of proportions are those of statsmodels 0.15.0,
`confint_proportions_2indep(…, method="newcomb")`, and the first eight are Newcombe's own, Statistics in Medicine 1998;
17: 873-890, Table II, method 10. Those of survey estimates follow by hand from the formula of Zou and Donner,
Statistics in Medicine 2008; 27: 1693-1702. Those of rounded counts follow from the distribution of the rounding.
"""

from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from api.statistics.intervals import calculate_proportion_interval, make_exact_counts
from api.statistics.movement import calculate_movement
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.logic_model import Basis
from schema.measures import Aim, Baseline
from schema.verdicts import (
    ChangeMethod,
    Movement,
    MovementDirection,
    MovementSource,
    MovementStart,
    NoMovementReason,
    Verdict,
)
from tests.spec.test_comparison import make_reading

# Counts of everybody: the change is exact, and any change has a verdict.
COUNTS = """
    from  to  change  direction  increase   decrease   -
    20    25   5      higher     better     worse      higher
    25    20  -5      lower      worse      better     lower
    20    20   0      unchanged  unchanged  unchanged  unchanged
    0     3    3      higher     better     worse      higher
"""


@pytest.mark.parametrize("line", COUNTS.strip().splitlines()[1:])
def test_count_of_everybody_has_an_exact_change(line):
    start, now, change, direction, *verdicts = line.split()
    for aim, expected in zip((Aim.INCREASE, Aim.DECREASE, None), verdicts, strict=True):
        first = make_reading(int(start), period="FY2025-26-Q1", digits=0)
        movement = calculate_movement(make_reading(int(now), period="FY2025-26-Q3", digits=0), [first], aim)
        assert movement == Movement(
            verdict=Verdict(expected),
            since=MovementStart.FIRST_RELEASED,
            start_period="FY2025-26-Q1",
            start=int(start),
            change=int(change),
            direction=MovementDirection(direction),
            lower=int(change),
            upper=int(change),
            method=ChangeMethod.COMPLETE_COUNT,
        )


# Published estimates with 95 % limits. 9.8 and 9.6 are the audit's: a fall of 0.2 is far inside its uncertainty.
SURVEYS = """
    start             now               change lower upper decrease            direction
    9.8  8.0   11.6   9.6  7.8   11.4   -0.2   -2.7  2.3   within_uncertainty  lower
    10.8 9.4   12.2   8.2  6.8   9.6    -2.6   -4.6  -0.6  better              lower
    8.2  6.8   9.6    10.8 9.4   12.2   2.6    0.6   4.6   worse               higher
    9.6  7.8   11.4   9.6  7.8   11.4   0.0    -2.5  2.5   within_uncertainty  unchanged
    60.1 60.0  60.2   60.2 60.1  60.3   0.1    0.0   0.2   within_uncertainty  higher
    60.1 60.2  60.3   61.1 61.0  61.2   1.0    0.8   1.1   worse               higher
"""


@pytest.mark.parametrize("line", SURVEYS.strip().splitlines()[1:])
def test_change_of_an_estimate_has_limits_and_a_verdict_only_if_significant(line):
    *numbers, verdict, direction = line.split()
    start, start_lower, start_upper, now, now_lower, now_upper, change, lower, upper = map(float, numbers)
    first, last = (
        make_reading(value, make_published(*limits), period=period, digits=1, is_estimate=True)
        for value, limits, period in (
            (start, (start_lower, start_upper), "R12-2024-06"),
            (now, (now_lower, now_upper), "R12-2025-06"),
        )
    )
    movement = calculate_movement(last, [first], Aim.DECREASE)
    assert (movement.change, movement.lower, movement.upper) == (change, lower, upper), (
        "as written, without float noise"
    )
    assert (movement.verdict, movement.direction, movement.method) == (verdict, direction, ChangeMethod.INTERVALS)


def make_published(lower: float, upper: float) -> Interval:
    return Interval(lower=lower, upper=upper, confidence=Confidence.P95, method=IntervalMethod.PUBLISHED)


# Proportions: now less start, with the limits of method 10.
PROPORTIONS = """
    now        start      lower    upper    increase
    56/70      48/80      0.0524   0.3339   better
    9/10       3/10       0.1705   0.8090   better
    6/7        2/7        0.0582   0.8062   better
    5/56       0/29       -0.0381  0.1926   within_uncertainty
    0/10       0/20       -0.1611  0.2775   within_uncertainty
    0/10       0/10       -0.2775  0.2775   within_uncertainty
    10/10      0/20       0.6791   1.0000   better
    10/10      0/10       0.6075   1.0000   better
    96/1000    77/1000    -0.0057  0.0438   within_uncertainty
    38/70      30/60      -0.1259  0.2086   within_uncertainty
    412/685    700/1000   -0.1448  -0.0522  worse
"""


@pytest.mark.parametrize("line", PROPORTIONS.strip().splitlines()[1:])
def test_change_of_a_proportion_has_newcombe_s_limits(line):
    now, start, lower, upper, verdict = line.split()
    last, first = (
        make_reading(x / n, calculate_proportion_interval(make_exact_counts(x, n)), period=period, is_estimate=True)
        for (x, n), period in ((map(int, now.split("/")), "CY2020"), (map(int, start.split("/")), "CY2019"))
    )
    movement = calculate_movement(last, [first], Aim.INCREASE)
    assert (movement.lower, movement.upper) == (
        pytest.approx(float(lower), abs=5e-5),
        pytest.approx(float(upper), abs=5e-5),
    )
    assert (movement.verdict, movement.method) == (verdict, ChangeMethod.INTERVALS)


# Value (- if only bounds are known), with the lowest and highest true value, and * without an upper bound. With a
# value, the bounds are those of 95 % of roundings: each error is one of two draws, and the errors add as squares.
BOUNDS = """
    start          now             change lower upper method          increase
    20 18 22       25 23 27        5      2     8     rounding        better
    25 23 27       20 18 22        -5     -8    -2    rounding        worse
    20 18 22       22 20 24        2      -1    5     rounding        within_uncertainty
    20 18 22       20 18 22        0      -3    3     rounding        within_uncertainty
    20 14 26       25 19 31        5      -4    14    rounding        within_uncertainty
    -  30 90       -  91 120       -      1     90    bounds          better
    -  30 90       60 60 60        -      -30   30    bounds          within_uncertainty
    -  30 *        20 20 20        -      -*    -10   bounds          worse
    40 40 40       -  30 *         -      -10   *     bounds          within_uncertainty
    -  30 90       100 94 106      -      4     76    rounding        better
    40 40 40       40 40 40        0      0     0     complete-count  unchanged
"""


@pytest.mark.parametrize("line", BOUNDS.strip().splitlines()[1:])
def test_change_of_a_rounded_or_bounded_count_has_limits(line):
    *numbers, change, lower, upper, method, verdict = line.split()
    first, last = (
        make_reading(
            None if value == "-" else int(value),
            period=period,
            low=None if low == high else int(low),
            high=None if "*" in (low, high) or low == high else int(high),
            digits=0,
        )
        for (value, low, high), period in ((numbers[:3], "CY2019"), (numbers[3:], "CY2020"))
    )
    movement = calculate_movement(last, [first], Aim.INCREASE)
    expected = [None if text in ("-", "*", "-*") else float(text) for text in (change, lower, upper)]
    assert [movement.change, movement.lower, movement.upper] == expected
    assert (movement.verdict, movement.method, movement.reason) == (verdict, method, None)


def list_rounding_errors(count: int) -> dict[int, float]:
    """Return the probability of each error of a sum of counts, each rounded at random to a multiple of 5, unbiased."""
    one = np.zeros(9)
    for remainder in range(5):
        one[4 - remainder] += (5 - remainder) / 25
        one[4 + 5 - remainder if remainder else 4] += remainder / 25
    total = np.ones(1)
    for _ in range(count):
        total = np.convolve(total, one)
    return {error: float(share) for error, share in enumerate(total, -(total.size // 2))}


@pytest.mark.parametrize("counts", list(product((1, 2, 5), (1, 3, 9))))
def test_limits_of_a_rounded_change_contain_it_in_95_percent_of_roundings(counts):
    first, last = map(list_rounding_errors, counts)
    half_widths = [
        min(width for width in range(50) if sum(share for e, share in errors.items() if abs(e) <= width) >= 0.95)
        for errors in (first, last)
    ]
    start, now = (
        make_reading(500, period=period, low=500 - width, high=500 + width, digits=0)
        for width, period in zip(half_widths, ("CY2019", "CY2020"), strict=True)
    )
    movement = calculate_movement(now, [start], Aim.INCREASE)
    covered = sum(
        a * b for (e, a), (f, b) in product(first.items(), last.items()) if movement.lower <= f - e <= movement.upper
    )
    assert covered >= 0.95


# Events that a measure declares: Byar's limits from 10 on, exact (Poisson) below, and their difference. The p-values
# are those of the exact conditional test (scipy's binomtest), which shares nothing with the limits.
EVENTS = """
    start  now  lower  upper  p      decrease
    100    80   -47    7      0.156  within_uncertainty
    100    60   -66    -15    0.002  better
    4      11   -1     16     0.118  within_uncertainty
    3      12   1      18     0.035  worse
    2      12   2      19     0.013  worse
"""


@pytest.mark.parametrize("line", EVENTS.strip().splitlines()[1:])
def test_count_of_events_is_tested_as_poisson_only_if_declared(line):
    start, now, lower, upper, p, verdict = line.split()
    declared, plain = (
        calculate_movement(
            make_reading(int(now), period="CY2020", digits=0, counts_events=events),
            [make_reading(int(start), period="CY2019", digits=0, counts_events=events)],
            Aim.DECREASE,
        )
        for events in (True, False)
    )
    assert (declared.lower, declared.upper, declared.verdict) == (float(lower), float(upper), verdict)
    assert declared.method is ChangeMethod.INTERVALS
    assert binomtest(int(now), int(start) + int(now)).pvalue == pytest.approx(float(p), abs=0.0006)
    assert (float(p) < 0.05) == (verdict != "within_uncertainty")
    assert plain.method is ChangeMethod.COMPLETE_COUNT
    assert plain.verdict is not Verdict.WITHIN_UNCERTAINTY


def test_events_without_an_upper_bound_have_no_upper_limit():
    first = make_reading(3, period="CY2019", counts_events=True)
    movement = calculate_movement(make_reading(None, low=40, counts_events=True), [first], Aim.INCREASE)
    assert (movement.upper, movement.verdict, movement.direction) == (None, Verdict.BETTER, MovementDirection.HIGHER)


def test_bounds_on_both_sides_of_the_start_have_no_direction():
    first = make_reading(50, period="CY2019")
    assert calculate_movement(make_reading(None, low=40, high=60), [first], None).direction is None


def test_estimate_without_an_interval_has_a_change_and_no_verdict():
    first, last = (make_reading(v, period=p, is_estimate=True) for v, p in ((0.3, "CY2019"), (0.1, "CY2020")))
    assert calculate_movement(last, [first], Aim.DECREASE) == Movement(
        since=MovementStart.FIRST_RELEASED,
        start_period="CY2019",
        start=0.3,
        change=-0.2,
        direction=MovementDirection.LOWER,
        reason=NoMovementReason.NO_INTERVAL,
    )
    unknown = make_reading(None, low=1, high=2, is_estimate=True)
    movement = calculate_movement(unknown, [first], Aim.DECREASE)
    assert (movement.change, movement.direction, movement.reason) == (None, None, NoMovementReason.NO_INTERVAL)


FIRST = [
    # The start is the earliest period with a value, in any order of arrival.
    ("FY2025-26-Q3", "FY2025-26-Q2 7; FY2025-26-Q1 5; FY2025-26-Q3 9", "FY2025-26-Q1", None),
    ("FY2025-26-Q3", "FY2025-26-Q1 c; FY2025-26-Q2 7", "FY2025-26-Q2", None),
    # The start has the same length and type.
    ("FY2025-26-Q3", "2025-04 3; FY2024-25 40; CY2025-Q1 6; FY2025-26-Q2 7", "FY2025-26-Q2", None),
    ("R12-2026-12", "R3-2024-12 1; R12-2025-09 2", "R12-2025-09", None),
    ("P2026-04..2026-06", "P2025-04..2026-03 40; P2025-04..2025-06 9", "P2025-04..2025-06", None),
    ("2025-06", "D2025-04-30 8; 2025-05 9", "2025-05", None),
    ("D2025-06-30", "D2025-04-30 8", "D2025-04-30", None),
    # It has no day in common with the figure.
    ("R12-2025-12", "R12-2025-06 2", "R12-2025-06", NoMovementReason.OVERLAPPING_PERIODS),
    ("R12-2025-12", "R12-2025-06 2; R12-2024-12 3; R12-2024-09 c", "R12-2024-12", None),
    # No earlier period exists.
    ("FY2025-26-Q1", "FY2025-26-Q1 5; FY2025-26-Q2 7", None, NoMovementReason.NO_START),
    ("FY2025-26-Q1", "", None, NoMovementReason.NO_START),
]


@pytest.mark.parametrize(("now", "released", "start", "reason"), FIRST)
def test_movement_starts_at_the_first_separate_period_of_equal_length(now, released, start, reason):
    history = [
        make_reading(None if value == "c" else int(value), period=code)
        for code, value in (entry.split() for entry in released.split(";") if entry)
    ]
    movement = calculate_movement(make_reading(100, period=now), history, Aim.INCREASE)
    assert (movement.start_period, movement.reason) == (start, reason)
    assert (movement.change is None) == (reason is not None)


#   sources of each earlier quarter and of the last one    start, reason
SOURCES = [
    (["a b c", "a b c"],               "FY2025-26-Q1", None),
    (["a b c", "d e f g"],             "FY2025-26-Q1", NoMovementReason.NOT_COMPARABLE),
    (["a b", "a b c", "a b c"],        "FY2025-26-Q2", None),  # the earliest with the same sources
    (["a b c", "a b", "a"],            "FY2025-26-Q1", NoMovementReason.NOT_COMPARABLE),
    (["?", "a b"],                     "FY2025-26-Q1", None),  # a publisher's figure has no sources
    (["a b", "?"],                     "FY2025-26-Q1", None),
]  # fmt: skip


@pytest.mark.parametrize(("quarters", "start", "reason"), SOURCES)
def test_movement_compares_the_same_sources(quarters, start, reason):
    """Three sources and then four others: +507 is not a movement."""
    *earlier, now = (
        make_reading(
            100 + 507 * number,
            period=f"FY2025-26-Q{number + 1}",
            sources=None
            if names == "?"
            else frozenset(MovementSource(organisation=name, service="main") for name in names.split()),
        )
        for number, names in enumerate(quarters)
    )
    movement = calculate_movement(now, earlier, Aim.INCREASE)
    assert (movement.start_period, movement.reason) == (start, reason)
    assert (movement.verdict is None) == (reason is not None)


def test_another_series_is_not_a_start():
    first = make_reading(20, period="CY2019", series="another")
    assert calculate_movement(make_reading(25), [first], Aim.INCREASE) == Movement(reason=NoMovementReason.NO_START)


def make_baseline(value: float, period: str = "CY2019") -> Baseline:
    return Baseline(period=period, value=value, basis=Basis.STATED)


def test_stated_baseline_takes_precedence_over_the_first_release():
    first = make_reading(20, period="FY2025-26-Q1")
    now = make_reading(25, period="FY2025-26-Q3", low=23, high=27, digits=0)
    movement = calculate_movement(now, [first], Aim.INCREASE, baseline=make_baseline(30, "FY2024-25-Q3"))
    assert (movement.since, movement.start_period) == (MovementStart.BASELINE, "FY2024-25-Q3")
    assert (movement.start, movement.change) == (30, -5)
    assert (movement.lower, movement.upper, movement.verdict) == (-7, -3, Verdict.WORSE)


# The baseline is 400, in the audit that of a year: a quarter of 110 is no fall of 290.
BASELINE_SPANS = """
    baseline     figure        kind    reason
    FY2024-25    FY2025-26     flow    -
    FY2024-25    CY2025        flow    overlapping_periods
    FY2024-25    CY2026        flow    -
    R12-2025-03  FY2025-26     flow    -
    FY2024-25    FY2025-26-Q1  flow    different_span
    FY2024-25    2025-04       flow    different_span
    2025-03      2025-04       flow    -
    2025-03      D2025-04-30   flow    different_span
    FY2025-26    FY2025-26     flow    overlapping_periods
    FY2025-26    FY2024-25     flow    no_start
    FY2024-25    FY2025-26-Q1  stock   -
    FY2024-25    2025-04       stock   -
    D2025-03-31  2025-04       stock   -
    FY2024-25    FY2024-25-Q4  stock   overlapping_periods
    FY2024-25    2025-03       stock   overlapping_periods
    FY2024-25    2024-03       stock   no_start
"""


@pytest.mark.parametrize("line", BASELINE_SPANS.strip().splitlines()[1:])
def test_baseline_is_compared_with_a_figure_of_an_equal_span(line):
    period, figure, kind, reason = line.split()
    movement = calculate_movement(
        make_reading(110, period=figure),
        [],
        Aim.INCREASE,
        baseline=make_baseline(400, period),
        is_stock=kind == "stock",
    )
    assert (movement.start_period, movement.start) == (period, 400)
    assert movement.reason == (None if reason == "-" else reason)
    assert (movement.change, movement.verdict) == ((-290, "worse") if reason == "-" else (None, None))


def test_change_from_a_baseline_has_the_digits_of_both():
    now = make_reading(8.5, make_published(7.1, 9.9), digits=1, is_estimate=True)
    movement = calculate_movement(now, [], Aim.DECREASE, baseline=make_baseline(10.25))
    assert (movement.change, movement.lower, movement.upper) == (-1.75, -3.15, -0.35)
    assert movement.verdict is Verdict.BETTER


def test_baseline_of_zero_is_used():
    assert calculate_movement(make_reading(5), [], Aim.INCREASE, baseline=make_baseline(0)).verdict is Verdict.BETTER


@pytest.mark.parametrize("baseline", [None, make_baseline(3)])
def test_figure_without_value_has_no_movement(baseline):
    first = make_reading(20, period="CY2019")
    assert calculate_movement(make_reading(None), [first], Aim.INCREASE, baseline=baseline) == Movement(
        reason=NoMovementReason.NO_VALUE
    )
