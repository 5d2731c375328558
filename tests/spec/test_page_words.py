"""The words of the pages for a figure: its value, how exact it is, how it moved, and how complete it is."""

import pytest
from msgspec.structs import replace

from api.pages import wording
from schema.outcomes import Comparator, Coverage
from schema.submissions import Status
from schema.verdicts import (
    ChangeMethod,
    Movement,
    MovementDirection,
    MovementStart,
    NoMovementReason,
    Tendency,
    Trend,
    Verdict,
)
from tests.fixtures.release_fixtures import release_figures

FIGURE = next(one for one in release_figures("quay on-roll 2026-01 town 50") if one.measure == "on-roll")
NONE = {
    "value": None,
    "lower_bound": None,
    "upper_bound": None,
    "status": None,
    "error_95": None,
    "largest_error": None,
}
PLAIN = replace(FIGURE, **NONE, lower=None, upper=None, unit="people")

# fmt: off
#   unit               value, and how it is shown
VALUES = [
    ("people",            140,     "140"),
    ("people",            12000,   "12,000"),
    ("percent",           9.6,     "9.6 %"),
    ("percent",           10,      "10.0 %"),
    ("percentage-points", -3.25,   "-3.2 points"),
    ("people-per-1000",   2.5,     "2.5"),
]
#   fields of the figure                                       words for its value,                 for its exactness
FIGURES = [
    ({"value": 140, "error_95": 4},                            "140",           "rounded: within 4 of the true number in 95 % of cases"),
    ({"value": 140, "largest_error": 8},                       "140",           "rounded: at most 8 from the true number"),
    ({"value": 140},                                           "140",           ""),
    ({"value": 9.6, "unit": "percent", "lower": 7.8, "upper": 11.4}, "9.6 %",   "95 % interval: 7.8 % to 11.4 %"),
    ({"lower_bound": 20, "upper_bound": 23},                   "20 to 23",      ""),
    ({"lower_bound": 20},                                      "at least 20",   ""),
    ({},                                                       "Not available", ""),
    ({"status": Status.CONFIDENTIAL},                          "Hidden, so that nobody can be identified", ""),
]
START = {"start_period": "2025-01", "start": 100, "since": MovementStart.FIRST_RELEASED}
UP, DOWN, SAME = MovementDirection.HIGHER, MovementDirection.LOWER, MovementDirection.UNCHANGED
MOVEMENTS = [
    (None,                                                                        "people",  ""),
    ({"reason": NoMovementReason.NO_START},                                       "people",  "There is no earlier figure within the plan's period."),
    ({},                                                                          "people",  ""),
    (START | {"change": 40, "direction": UP, "verdict": Verdict.BETTER},          "people",
     "Higher by 40 than the first released figure (January 2025): a significant change for the better."),
    (START | {"change": -0.2, "direction": DOWN, "verdict": Verdict.WITHIN_UNCERTAINTY, "since": MovementStart.BASELINE}, "percent",
     "Lower by 0.2 points than the baseline (January 2025): within the uncertainty of the figures."),
    (START | {"change": 0, "direction": SAME, "reason": NoMovementReason.INCOMPLETE}, "people",
     "Unchanged since the first released figure (January 2025): not judged, because returns are missing."),
    (START | {"change": 0, "direction": SAME, "reason": NoMovementReason.NO_INTERVAL}, "people",
     "Unchanged since the first released figure (January 2025): not judged."),
    (START | {"change": 15, "direction": UP, "verdict": Verdict.BETTER, "method": ChangeMethod.ROUNDING}, "people",
     "Higher by 15 than the first released figure (January 2025): more than the rounding could explain, for the better."),
    (START | {"change": 15, "direction": UP, "verdict": Verdict.HIGHER, "method": ChangeMethod.ROUNDING}, "people",
     "Higher by 15 than the first released figure (January 2025): more than the rounding could explain."),
    (START | {"change": 1, "direction": UP, "verdict": Verdict.HIGHER},           "people",
     "Higher by 1 than the first released figure (January 2025): a significant change."),
]
TRENDS = [
    (None,                                                                    ""),
    (Trend(tendency=Tendency.CANNOT_BE_CALCULATED),                           ""),
    (Trend(tendency=Tendency.DECREASING, verdict=Verdict.BETTER),             "Recent trend: decreasing, for the better."),
    (Trend(tendency=Tendency.NO_SIGNIFICANT_CHANGE),                          "Recent trend: no significant change."),
]
COVERAGES = [
    ((0, 0, 0), "No returns were expected."),
    ((1, 1, 0), "1 of 1 return approved"),
    ((4, 3, 1), "3 of 4 returns approved; 1 exempt"),
]
PERIODS = [
    ("Q2 2025/26 (Jul to Sep 2025)",   "Q2 2025/26",                  "Q2 25/26"),
    ("2025/26",                        "2025/26",                     "25/26"),
    ("12 months ending December 2025", "12 months ending December 2025", "to Dec 2025"),
]
# fmt: on


@pytest.mark.parametrize(("unit", "value", "shown"), VALUES)
def test_value_has_the_sign_of_its_unit(unit, value, shown):
    assert wording.format_value(value, unit) == shown


def test_unit_is_a_word_after_a_number_without_a_sign():
    assert [wording.name_unit(unit) for unit in ("percent", "job-placements")] == ["", "job placements"]
    axes = [wording.name_axis(unit) for unit in ("percent", "percentage-points", "job-placements")]
    assert axes == ["%", "points", "job placements"]


@pytest.mark.parametrize(("fields", "value", "exactness"), FIGURES)
def test_figure_in_words(fields, value, exactness):
    figure = replace(PLAIN, **fields)
    assert (wording.describe_value(figure), wording.describe_exactness(figure)) == (value, exactness)


@pytest.mark.parametrize(("fields", "unit", "sentence"), MOVEMENTS)
def test_movement_in_words(fields, unit, sentence):
    movement = None if fields is None else Movement(**fields)
    assert wording.describe_movement(movement, unit) == sentence


@pytest.mark.parametrize(("trend", "sentence"), TRENDS)
def test_trend_in_words(trend, sentence):
    assert wording.describe_trend(trend) == sentence


@pytest.mark.parametrize(("counts", "words"), COVERAGES)
def test_coverage_in_words(counts, words):
    expected, approved, exempt = counts
    coverage = Coverage(expected=expected, received=approved, approved=approved, late=0, exempt=exempt)
    assert wording.describe_coverage(coverage) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"expected": 3, "approved": 1, "complete": False}, "partial: 1 of 3 returns"),
        ({"expected": 1, "approved": 0, "complete": False}, "partial: 0 of 1 return"),
        ({"expected": 3, "approved": 1, "complete": None}, "partial: 1 of 3 returns"),
        ({"expected": 3, "approved": 2, "complete": True}, "partial: 2 of 3 returns"),  # no organisation has the third
        ({"expected": 3, "approved": 3, "complete": False}, ""),  # a gap leaves out a source
        ({"expected": 3, "approved": 1, "complete": False, "value": None, "lower_bound": None}, ""),
    ],
)
def test_number_with_missing_returns_is_partial(fields, words):
    counts = {name: fields.pop(name) for name in ("expected", "approved")}
    coverage = Coverage(received=counts["expected"], late=0, exempt=0, **counts)
    assert wording.describe_missing_part(replace(FIGURE, **({"value": 50, "coverage": coverage} | fields))) == words


@pytest.mark.parametrize(("label", "short", "shortest"), PERIODS)
def test_period_in_words(label, short, shortest):
    assert (wording.shorten_period(label), wording.abbreviate_period(label)) == (short, shortest)


@pytest.mark.parametrize(
    ("value", "verdict", "words"),
    [
        (8.5, Verdict.SIMILAR, "England: 8.5 % (similar)"),
        (8.5, None, "England: 8.5 %"),
        (None, None, "England: no figure"),
    ],
)
def test_comparator_in_words(value, verdict, words):
    comparator = Comparator(
        area="E92000001", name="England", value=value, verdict=verdict, confidence=None, reason=None
    )
    assert wording.describe_comparator(comparator, "percent") == words
