"""Inequality measures from published figures: rounded counts, each within its bounds."""

import pytest
from msgspec.structs import replace

from api.figures import inequality_figures
from api.outcomes import released_views
from api.statistics import inequality, periods
from api.statistics.intervals import RatioCounts
from schema.intervals import Confidence
from schema.measures import MeasureKind
from schema.outcomes import Coverage
from schema.released_figures import PublishedFigure
from schema.submissions import Status
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, TOWN
from tests.fixtures.release_fixtures import EXAMPLE_RELEASE

NOTHING = Coverage(expected=0, received=0, approved=0, late=0, exempt=0)
PASS_RATE = HARBOUR_CATALOGUE.measures["pass-rate"]


def make_figure(sex: str, x: int | None, n: int | None, value: float | None) -> PublishedFigure:
    """Return a published figure whose counts are at most 2 from the true counts."""
    return PublishedFigure(
        measure="pass-rate",
        series="headline",
        kind=MeasureKind.PROPORTION,
        unit="percent",
        period=periods.parse("2026-07"),
        area=TOWN,
        breakdown={"sex": sex},
        value=value,
        lower_bound=value,
        upper_bound=value,
        largest_error=None,
        numerator=x,
        numerator_lower_bound=None if x is None else x - 2,
        numerator_upper_bound=None if x is None else x + 2,
        denominator=n,
        denominator_lower_bound=None if n is None else n - 2,
        denominator_upper_bound=None if n is None else n + 2,
        lower=None,
        upper=None,
        lower_99_8=None,
        upper_99_8=None,
        interval_method=None,
        status=None if value is not None else Status.CONFIDENTIAL,
        markers=[],
        reason=None,
        coverage=NOTHING,
        comparators=[],
        trend=None,
        movement=None,
        target=None,
        release=1,
        policy_version=1,
    )


WOMEN, MEN, OTHERS = (
    make_figure("female", 45, 95, 47.0),
    make_figure("male", 80, 165, 48.5),
    make_figure("unknown", None, None, None),
)


def test_intervals_of_gap_and_ratio_contain_those_of_the_true_counts():
    released = inequality_figures.calculate_inequality(
        PASS_RATE, [WOMEN, MEN, OTHERS], ("female", "male"), HARBOUR_CATALOGUE
    )
    assert (released.gap.value, released.ratio.value) == (-1.5, 0.97)
    widest = inequality.calculate_gap(
        RatioCounts(numerator_low=43, numerator_high=47, denominator_low=93, denominator_high=97),
        RatioCounts(numerator_low=78, numerator_high=82, denominator_low=163, denominator_high=167),
        confidence=Confidence.P95,
    ).interval
    assert (released.gap.lower, released.gap.upper) == (widest.lower, widest.upper)
    for x, n, y, m in ((43, 97, 82, 163), (47, 93, 78, 167), (45, 95, 80, 165)):
        true = inequality.calculate_gap(
            RatioCounts(numerator_low=x, numerator_high=x, denominator_low=n, denominator_high=n),
            RatioCounts(numerator_low=y, numerator_high=y, denominator_low=m, denominator_high=m),
            confidence=Confidence.P95,
        ).interval
        assert released.gap.lower <= true.lower <= true.upper <= released.gap.upper


def test_intervals_use_likely_counts_unless_they_contradict_each_other():
    """At least 111 of at most 110 is no proportion: there, only the certain bounds are right."""
    impossible = replace(MEN, numerator=112, denominator=109, numerator_lower_bound=100, denominator_upper_bound=120)
    impossible = replace(impossible, numerator_upper_bound=124, denominator_lower_bound=98)
    figures = [replace(figure, counts_error_95=1) for figure in (WOMEN, MEN, impossible)]
    women, men, certain = (
        RatioCounts(numerator_low=a, numerator_high=b, denominator_low=c, denominator_high=d)
        for a, b, c, d in ((44, 46, 94, 96), (79, 81, 164, 166), (100, 124, 98, 120))
    )
    for man, counts in ((figures[1], men), (figures[2], certain)):
        released = inequality_figures.calculate_inequality(
            PASS_RATE, [figures[0], man], ("female", "male"), HARBOUR_CATALOGUE
        )
        expected = inequality.calculate_gap(women, counts, confidence=Confidence.P95).interval
        assert (released.gap.lower, released.gap.upper) == (expected.lower, expected.upper)


@pytest.mark.parametrize(
    ("category", "reference", "reason"),
    [
        (WOMEN, OTHERS, "no_data"),
        (replace(WOMEN, value=None, status=Status.NOT_AVAILABLE, reason="small_denominator"), MEN, "no_data"),
    ],
)
def test_inequality_needs_both_values(category, reference, reason):
    pair = (category.breakdown["sex"], reference.breakdown["sex"])
    released = inequality_figures.calculate_inequality(PASS_RATE, [category, reference], pair, HARBOUR_CATALOGUE)
    assert (released.gap.value, released.gap.reason, released.ratio.reason) == (None, reason, reason)


def test_ratio_to_zero_is_null():
    zero = replace(MEN, value=0.0)
    released = inequality_figures.calculate_inequality(PASS_RATE, [WOMEN, zero], ("female", "male"), HARBOUR_CATALOGUE)
    assert (released.gap.value, released.ratio.value) == (47, None)


def test_response_states_the_release_and_its_protection():
    response = released_views.build_inequality(
        EXAMPLE_RELEASE, [WOMEN, MEN, OTHERS], ("female", "male"), "sex", HARBOUR_CATALOGUE
    )
    assert (response.release, response.measure, response.area, response.period.code) == (
        EXAMPLE_RELEASE.number,
        "pass-rate",
        TOWN,
        "2026-07",
    )
    assert (response.gap.value, response.protection) == (-1.5, EXAMPLE_RELEASE.explanations["persons"])
    assert [group.category for group in response.groups] == ["female", "male", "unknown"]


def test_release_without_such_figures_is_refused():
    with pytest.raises(released_views.NoFigures, match="no figures"):
        released_views.build_inequality(None, [], ("female", "male"), "sex", HARBOUR_CATALOGUE)
