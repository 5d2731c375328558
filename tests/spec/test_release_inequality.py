"""How far apart groups are, from figures as a release shows them: rounded counts, each within its bounds."""

import pytest
from msgspec.structs import replace

from api.figures import inequality_figures
from api.outcomes import released_query
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


def figure(sex: str, x: int | None, n: int | None, value: float | None) -> PublishedFigure:
    """Counts as they are shown, each of them true within 2."""
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


WOMEN, MEN, OTHERS = figure("female", 45, 95, 47.0), figure("male", 80, 165, 48.5), figure("unknown", None, None, None)


def test_a_gap_and_a_ratio_are_of_the_values_shown_and_their_intervals_hold_those_of_the_true_counts():
    found = inequality_figures.calculate_inequality(
        PASS_RATE, [WOMEN, MEN, OTHERS], ("female", "male"), HARBOUR_CATALOGUE
    )
    assert (found.gap.value, found.ratio.value) == (-1.5, 0.97)
    widest = inequality.calculate_gap(
        RatioCounts(numerator_low=43, numerator_high=47, denominator_low=93, denominator_high=97),
        RatioCounts(numerator_low=78, numerator_high=82, denominator_low=163, denominator_high=167),
        confidence=Confidence.P95,
    ).interval
    assert (found.gap.lower, found.gap.upper) == (widest.lower, widest.upper)
    for x, n, y, m in ((43, 97, 82, 163), (47, 93, 78, 167), (45, 95, 80, 165)):
        true = inequality.calculate_gap(
            RatioCounts(numerator_low=x, numerator_high=x, denominator_low=n, denominator_high=n),
            RatioCounts(numerator_low=y, numerator_high=y, denominator_low=m, denominator_high=m),
            confidence=Confidence.P95,
        ).interval
        assert found.gap.lower <= true.lower <= true.upper <= found.gap.upper


@pytest.mark.parametrize(
    ("of", "against", "reason"),
    [
        (WOMEN, OTHERS, "no_data"),
        (replace(WOMEN, value=None, status=Status.NOT_AVAILABLE, reason="small_denominator"), MEN, "no_data"),
    ],
)
def test_what_rests_on_a_figure_without_a_value_has_none(of, against, reason):
    pair = (of.breakdown["sex"], against.breakdown["sex"])
    found = inequality_figures.calculate_inequality(PASS_RATE, [of, against], pair, HARBOUR_CATALOGUE)
    assert (found.gap.value, found.gap.reason, found.ratio.reason) == (None, reason, reason)


def test_nothing_is_divided_by_nothing():
    none = replace(MEN, value=0.0)
    found = inequality_figures.calculate_inequality(PASS_RATE, [WOMEN, none], ("female", "male"), HARBOUR_CATALOGUE)
    assert (found.gap.value, found.ratio.value) == (47, None)


def test_it_is_told_with_the_release_and_its_protection():
    told = released_query.build_inequality(
        EXAMPLE_RELEASE, [WOMEN, MEN, OTHERS], ("female", "male"), "sex", HARBOUR_CATALOGUE
    )
    assert (told.release, told.measure, told.area, told.period.code) == (
        EXAMPLE_RELEASE.number,
        "pass-rate",
        TOWN,
        "2026-07",
    )
    assert (told.gap.value, told.protection) == (-1.5, EXAMPLE_RELEASE.explanations["persons"])
    assert [group.category for group in told.groups] == ["female", "male", "unknown"]


def test_a_release_without_such_figures_says_so():
    with pytest.raises(released_query.NoFigures, match="no figures"):
        released_query.build_inequality(None, [], ("female", "male"), "sex", HARBOUR_CATALOGUE)
