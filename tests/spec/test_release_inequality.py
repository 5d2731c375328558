"""How far apart groups are, from figures as a release shows them: rounded counts, each within its bounds."""

import pytest
from msgspec.structs import replace

from api.figures import inequality_figures
from api.outcomes import released_query
from api.statistics import inequality, periods
from api.statistics.intervals import Counts
from schema.intervals import Confidence
from schema.outcomes import Coverage
from schema.plan import Kind
from schema.releases import Figure
from schema.submissions import Status
from tests.fixtures.example_plan import HERE, TOWN
from tests.fixtures.release_fixtures import RELEASE

NOTHING = Coverage(expected=0, received=0, approved=0, late=0, exempt=0)
PASS_RATE = HERE.measures["pass-rate"]


def figure(sex: str, x: int | None, n: int | None, value: float | None) -> Figure:
    """Counts as they are shown, each of them true within 2."""
    return Figure(
        measure="pass-rate",
        series="headline",
        kind=Kind.PROPORTION,
        unit="percent",
        period=periods.parse("2026-07"),
        area=TOWN,
        breakdown={"sex": sex},
        value=value,
        lower_bound=value,
        upper_bound=value,
        largest_error=None,
        numerator=x,
        numerator_low=None if x is None else x - 2,
        numerator_high=None if x is None else x + 2,
        denominator=n,
        denominator_low=None if n is None else n - 2,
        denominator_high=None if n is None else n + 2,
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
        policy=1,
    )


WOMEN, MEN, OTHERS = figure("female", 45, 95, 47.0), figure("male", 80, 165, 48.5), figure("unknown", None, None, None)


def test_a_gap_and_a_ratio_are_of_the_values_shown_and_their_intervals_hold_those_of_the_true_counts():
    found = inequality_figures.apart(PASS_RATE, [WOMEN, MEN, OTHERS], ("female", "male"), HERE)
    assert (found.gap.value, found.ratio.value) == (-1.5, 0.97)
    widest = inequality.gap(
        Counts(low=43, high=47, base_low=93, base_high=97),
        Counts(low=78, high=82, base_low=163, base_high=167),
        confidence=Confidence.P95,
    ).interval
    assert (found.gap.lower, found.gap.upper) == (widest.lower, widest.upper)
    for x, n, y, m in ((43, 97, 82, 163), (47, 93, 78, 167), (45, 95, 80, 165)):
        true = inequality.gap(
            Counts(low=x, high=x, base_low=n, base_high=n),
            Counts(low=y, high=y, base_low=m, base_high=m),
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
    found = inequality_figures.apart(PASS_RATE, [of, against], pair, HERE)
    assert (found.gap.value, found.gap.reason, found.ratio.reason) == (None, reason, reason)


def test_nothing_is_divided_by_nothing():
    none = replace(MEN, value=0.0)
    found = inequality_figures.apart(PASS_RATE, [WOMEN, none], ("female", "male"), HERE)
    assert (found.gap.value, found.ratio.value) == (47, None)


def test_it_is_told_with_the_release_and_its_protection():
    told = released_query.inequality(RELEASE, [WOMEN, MEN, OTHERS], ("female", "male"), "sex", HERE)
    assert (told.release, told.measure, told.area, told.period.code) == (RELEASE.number, "pass-rate", TOWN, "2026-07")
    assert (told.gap.value, told.protection) == (-1.5, RELEASE.explanations["persons"])
    assert [group.category for group in told.groups] == ["female", "male", "unknown"]


def test_a_release_without_such_figures_says_so():
    with pytest.raises(released_query.NoFigures, match="no figures"):
        released_query.inequality(None, [], ("female", "male"), "sex", HERE)
