"""Displayed counts with their errors, and the percentages that are calculated from them."""

import pytest
from msgspec.structs import replace

from api.statistics.disclosure.displayed_counts import (
    HIDDEN_COUNT,
    DisplayedCount,
    Percentage,
    bound_counts,
    bound_likely_counts,
    calculate_percentage,
)
from api.statistics.intervals import RatioCounts
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, UNPROTECTED_RULE


def make_count(value: int, largest_error: int = 7, error_95: int = 4) -> DisplayedCount:
    return DisplayedCount(value=value, largest_error=largest_error, error_95=error_95)


@pytest.mark.parametrize(
    ("count", "bounds", "likely"),
    [
        (make_count(50), (43, 57), (46, 54)),
        (make_count(5), (0, 12), (1, 9)),
        (make_count(0), (0, 7), (0, 4)),
        (make_count(3, 0, 0), (3, 3), (3, 3)),
        (HIDDEN_COUNT, (None, None), (0, 0)),
    ],
)
def test_bounds_follow_from_the_errors_and_are_never_below_0(count, bounds, likely):
    assert (count.low, count.high) == bounds
    assert (count.likely_low, count.likely_high) == likely


# fmt: off
#   part           whole             rule                value   certain bounds               error in 95 %
PERCENTAGES = [
    # 35 ± 7 of 125 ± 7; in 95 % 31 to 39 of 121 to 129, which is 24.03 to 32.23 %.
    (make_count(35), make_count(125), PERSONS_RULE,      28.0,  (100 * 28 / 132, 100 * 42 / 118), 4.2),
    # Below 100 there are no decimals: 35 of 60 are 58.3 %; 31 of 64 are 48.4 %, 39 of 56 are 69.6 %.
    (make_count(35), make_count(60),  PERSONS_RULE,      58,    (100 * 28 / 67, 100 * 42 / 53),   11.6),
    (make_count(20), make_count(20),  PERSONS_RULE,      100,   (100 * 13 / 27, 100),             33.3),
    (make_count(3, 0, 0), make_count(4, 0, 0), UNPROTECTED_RULE, 75, (75, 75),                    0.0),
    (make_count(0, 2, 2), make_count(3, 0, 0), ORGANISATIONS_RULE, 0, (0, 100 * 2 / 3),           66.7),
]
# fmt: on


@pytest.mark.parametrize(("part", "whole", "rule", "value", "bounds", "error_95"), PERCENTAGES)
def test_percentage_and_its_errors_follow_from_displayed_counts(part, whole, rule, value, bounds, error_95):
    percentage = calculate_percentage(part, whole, rule)
    assert (percentage.value, percentage.error_95) == (value, error_95)
    assert (percentage.low, percentage.high) == pytest.approx(bounds)


@pytest.mark.parametrize(
    ("part", "whole", "rule", "reason"),
    [
        (HIDDEN_COUNT, make_count(100), PERSONS_RULE, "input_suppressed"),
        (make_count(10), HIDDEN_COUNT, PERSONS_RULE, "input_suppressed"),
        (make_count(10), make_count(15), PERSONS_RULE, "small_denominator"),
        (make_count(0, 0, 0), make_count(0, 0, 0), UNPROTECTED_RULE, "small_denominator"),
        (
            make_count(0, 0, 0),
            make_count(0, 0, 0),
            replace(UNPROTECTED_RULE, smallest_denominator=0),
            "small_denominator",
        ),
    ],
)
def test_missing_percentage_has_a_reason(part, whole, rule, reason):
    assert calculate_percentage(part, whole, rule) == Percentage(value=None, reason=reason)


def test_contradictory_likely_bounds_are_replaced_by_the_certain_ones():
    """27 of 27 people display as 30 of 20: 26 and more of 24 and fewer would be no percentage."""
    part, whole = make_count(30), make_count(20)
    certain = RatioCounts(numerator_low=23, numerator_high=37, denominator_low=13, denominator_high=27)
    assert bound_counts(part, whole) == bound_likely_counts(part, whole) == certain
    percentage = calculate_percentage(part, whole, PERSONS_RULE)
    assert (percentage.value, percentage.error_95) == (100, 14.8)
    assert (percentage.low, percentage.high) == (pytest.approx(100 * 23 / 27), 100)
    nearer = make_count(25)
    assert bound_likely_counts(part, nearer) == RatioCounts(
        numerator_low=26, numerator_high=34, denominator_low=21, denominator_high=29
    )
