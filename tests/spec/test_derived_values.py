"""Derived figures: sums, unions and gaps of displayed values."""

import pytest
from msgspec.structs import replace

from api.releases.derived_values import apply_formula
from api.releases.released_values import NO_DATA, SUPPRESSED, ReleasedValue, to_proportion
from api.statistics import inequality
from api.statistics.disclosure.displayed_counts import DisplayedCount, calculate_percentage
from api.statistics.intervals import RatioCounts
from schema.disclosure import PERSONS_RULE
from schema.intervals import Confidence
from schema.measures import Operation
from schema.submissions import Status
from tests.fixtures.release_fixtures import make_measure


def make_count(value: int | None, low: int, high: int | None, error_95: float | None = None) -> ReleasedValue:
    return ReleasedValue(value=value, low=low, high=high, error_95=error_95)


def summarise(one: ReleasedValue) -> tuple[float | None, float | None, float | None, str | None]:
    return one.value, one.low, one.high, one.reason


SMALL = ReleasedValue(status=Status.NOT_AVAILABLE, reason="small_denominator")

# fmt: off
#   operation         parts                                           value, least, greatest, reason
SUMS = [
    (Operation.SUM,   [make_count(100, 98, 102), make_count(50, 48, 52)],       (150, 146, 154, None)),
    (Operation.SUM,   [make_count(None, 49, 102), make_count(50, 48, 52)],      (None, 97, 154, None)),
    (Operation.SUM,   [make_count(None, 49, None), make_count(50, 48, 52)],     (None, 97, None, None)),
    # Different members of several counts are at least those of the largest.
    (Operation.UNION, [make_count(100, 98, 102), make_count(50, 48, 52)],       (None, 98, 154, None)),
    (Operation.UNION, [make_count(100, 98, None), make_count(50, 48, 52)],      (None, 98, None, None)),
    (Operation.SUM,   [SUPPRESSED, make_count(50, 48, 52)],                (None, None, None, "suppressed")),
    (Operation.SUM,   [SUPPRESSED, NO_DATA],                          (None, None, None, "suppressed")),
    (Operation.SUM,   [NO_DATA, NO_DATA],                             (None, None, None, "no_data")),
    (Operation.SUM,   [NO_DATA, make_count(50, 48, 52)],                   (None, None, None, "part_without_value")),
    (Operation.SUM,   [NO_DATA, SMALL],                               (None, None, None, "part_without_value")),
    (Operation.DIFFERENCE, [SMALL, SMALL],                            (None, None, None, "small_denominator")),
    (Operation.DIFFERENCE, [make_count(100, 98, 102), make_count(50, 48, 52)],  (None, None, None, "no_counts")),
]
# fmt: on


@pytest.mark.parametrize(("operation", "parts", "expected"), SUMS)
def test_formula_propagates_bounds(operation, parts, expected):
    one = apply_formula(operation, [make_measure("learners"), make_measure("on-roll")], parts)
    assert summarise(one) == expected
    assert one.status is (
        None
        if expected[1] is not None
        else Status.CONFIDENTIAL
        if expected[3] == "suppressed"
        else Status.NOT_AVAILABLE
    )


def test_error_of_a_sum_is_the_root_of_the_squared_errors():
    """Independent errors: 3 and 4 give 5, 4 and 4 give 5.7, rounded up. There is none without a value."""
    learners, on_roll = make_measure("learners"), make_measure("on-roll")
    for errors, expected in (((3, 4), 5), ((4, 4), 6), ((0, 0), 0)):
        parts = [make_count(100, 93, 107, error) for error in errors]
        assert apply_formula(Operation.SUM, [learners, on_roll], parts).error_95 == expected
    parts = [make_count(None, 43, 114), make_count(100, 93, 107, 4)]
    assert apply_formula(Operation.SUM, [learners, on_roll], parts).error_95 is None


def make_proportion(part: int, whole: int, largest_error: int = 2, error_95: int = 1) -> ReleasedValue:
    """Return a proportion of displayed counts."""
    counts = [DisplayedCount(value=n, largest_error=largest_error, error_95=error_95) for n in (part, whole)]
    return to_proportion(*counts, calculate_percentage(*counts, PERSONS_RULE))


def make_counts(part: int, whole: int, error: int) -> RatioCounts:
    return RatioCounts(
        numerator_low=part - error,
        numerator_high=part + error,
        denominator_low=whole - error,
        denominator_high=whole + error,
    )


EVERYBODY, ILL = make_proportion(700, 1000), make_proportion(100, 200)
RATIO = make_measure("pass-rate")
WHOLE, PART = replace(RATIO, contains=["ill"]), replace(RATIO, slug="ill")


def test_gap_of_two_disjoint_groups():
    """Its bounds are certain. Its interval and its error cover 95 % of roundings."""
    one = apply_formula(Operation.DIFFERENCE, [RATIO, PART], [EVERYBODY, ILL])
    assert one.value == 20.0
    bounds = (100 * (698 / 1002 - 102 / 198), 100 * (702 / 998 - 98 / 202))
    assert (one.low, one.high) == pytest.approx(bounds)
    assert one.error_95 == round(20 - 100 * (699 / 1001 - 101 / 199), 1)
    expected = inequality.calculate_gap(make_counts(700, 1000, 1), make_counts(100, 200, 1))
    assert one.intervals[0] == expected.interval
    assert [each.confidence for each in one.intervals] == list(Confidence)
    assert one.intervals[0].lower < 20 < one.intervals[0].upper
    assert one.counts is None


def test_gap_of_whole_and_part_uses_the_people_outside_the_part():
    """600 of 800 outside the part are 75 %, which is 25 points more; 20 points weighted by the 8 in 10 outside."""
    one = apply_formula(Operation.DIFFERENCE, [WHOLE, PART], [EVERYBODY, ILL])
    assert one.value == 20.0
    certain = inequality.calculate_gap_to_whole(make_counts(100, 200, 2), make_counts(600, 800, 4))
    assert (one.low, one.high) == (certain.low, certain.high)
    likely = inequality.calculate_gap_to_whole(make_counts(100, 200, 1), make_counts(600, 800, 2))
    assert one.intervals[0] == likely.interval
    assert one.error_95 == round(max(20 - likely.low, likely.high - 20), 1)
    assert one.low < 100 * (700 / 1000 - 100 / 200) < one.high
    gap = apply_formula(Operation.DIFFERENCE, [RATIO, PART], [EVERYBODY, ILL])
    assert one.intervals[0].upper - one.intervals[0].lower < gap.intervals[0].upper - gap.intervals[0].lower


def test_gap_uses_certain_bounds_if_the_likely_ones_contradict_each_other():
    """At most 1,001 of all, but at least 1,003 of the part: only the certain bounds leave up to 10 outside the part."""
    whole, part = make_proportion(500, 1000, 7, 1), make_proportion(510, 1004, 7, 1)
    one = apply_formula(Operation.DIFFERENCE, [WHOLE, PART], [whole, part])
    rest = RatioCounts(numerator_low=0, numerator_high=4, denominator_low=0, denominator_high=10)
    expected = inequality.calculate_gap_to_whole(make_counts(510, 1004, 7), rest)
    assert one.value == -0.8
    assert (one.low, one.high, one.intervals[0]) == (expected.low, expected.high, expected.interval)
    assert one.error_95 == round(one.high + 0.8, 1)


@pytest.mark.parametrize(
    "part",
    [
        (800, 900),  # more of them work than of all
        (100, 1200),  # more of them than of all
        (10, 990),  # 686 of the rest would work, of whom there are 14
    ],
)
def test_no_gap_if_the_part_exceeds_the_whole(part):
    one = apply_formula(Operation.DIFFERENCE, [WHOLE, PART], [EVERYBODY, make_proportion(*part)])
    assert (one.reason, one.low) == ("part_exceeds_whole", None)
