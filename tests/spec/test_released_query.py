"""Queries of a release, resolved to registered periods, areas and breakdowns. The data make no difference."""

import re

import pytest
from msgspec.structs import replace

from api.figures.query import IncompatibleFilters, NotCollected, OutcomeQuery, resolve_axes
from api.outcomes.released_progress import group_figures
from api.outcomes.released_query import decode_covered_periods, resolve_query
from api.outcomes.released_views import build_logic_model, build_progress, explain_protection, mask_figures
from api.plan.periods import UnclearPeriod
from api.releases.figure_blocks import ReleasedPeriod
from api.statistics import periods
from schema.disclosure import Policy
from schema.outcomes import Coverage
from schema.submissions import Status
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN, TOWN, make_catalogue
from tests.fixtures.release_fixtures import EXAMPLE_RELEASE, make_measure, make_plan, release_figures

MONTHS = [f"2026-{n:02}" for n in range(1, 9)]
QUARTERS = ["FY2025-26-Q4", "FY2026-27-Q1"]
COVERED = decode_covered_periods(
    [
        ReleasedPeriod(series=series, period=code, received=received, positions=range(1))
        for series, code, received in (
            *((HARBOUR_CATALOGUE.ids.series["learners", "headline"], code, code <= "2026-06") for code in MONTHS),
            *((HARBOUR_CATALOGUE.ids.series["learners", "headline"], code, True) for code in QUARTERS),
            *((HARBOUR_CATALOGUE.ids.series["on-roll", "headline"], code, False) for code in MONTHS),
            (9999, "2026-01", True),  # a series that this version of the plan does not have
        )
    ],
    HARBOUR_CATALOGUE,
)


def resolve(catalogue=HARBOUR_CATALOGUE, covered=COVERED, **filters: object):
    question = OutcomeQuery(**{"measures": ["learners"]} | filters)
    return resolve_query(question, resolve_axes(question, catalogue), covered, catalogue)


def list_periods(**filters: object) -> list[str]:
    [series_filter] = resolve(**filters).filters
    return series_filter.periods


# fmt: off
#   query                                                periods, if returns of January to June are released
PERIODS = [
    ({},                                                 ["2026-06"]),
    ({"periods": ["latest"]},                            ["2026-06"]),
    ({"periods": ["latest-2", "latest", "latest"]},      ["2026-04", "2026-06"]),
    ({"periods": ["2026-08"]},                           ["2026-08"]),  # released without data
    ({"periods": ["2026-09"]},                           []),           # not released
    ({"periods": ["latest-12"]},                         []),
    ({"periods": ["FY2026-27-Q1"]},                      ["FY2026-27-Q1"]),
    ({"periods": ["CY2026-Q2"]},                         ["FY2026-27-Q1"]),  # another name of the same days
    ({"periods": ["CY2026-Q2", "FY2026-27-Q1"]},         ["FY2026-27-Q1"]),  # both names: once
    ({"periods": ["CY2026"]},                            []),
    ({"from_period": "2026-02", "to_period": "2026-04"},            ["2026-02", "2026-03", "2026-04"]),
    ({"from_period": "FY2026-27-Q1"},                          ["2026-04", "2026-05", "2026-06"]),
    ({"from_period": "2026-05", "to_period": "2026-08"},            ["2026-05", "2026-06", "2026-07", "2026-08"]),
    ({"to_period": "2026-02"},                                ["2026-01", "2026-02"]),
    ({"from_period": "latest-1"},                              ["2026-05", "2026-06"]),
]
# fmt: on


@pytest.mark.parametrize(("filters", "expected"), PERIODS)
def test_query_selects_registered_periods(filters, expected):
    assert list_periods(**filters) == expected


def test_response_states_the_latest_period_of_each_series():
    query = resolve(measures=["learners", "on-roll"], periods=["latest", "latest-1"])
    assert [(item.token, item.measure, item.period) for item in query.resolved] == [
        ("latest", "learners", "2026-06"),
        ("latest-1", "learners", "2026-05"),
        ("latest", "on-roll", None),
        ("latest-1", "on-roll", None),
    ]
    assert [item.periods for item in query.filters] == [["2026-05", "2026-06"], []], (
        "nothing was ever returned of the other"
    )
    assert resolve(measures=["on-roll"], from_period="latest").filters[0].periods == []
    assert resolve(measures=["pass-rate"]).filters[0].periods == [], "not covered by this release"


@pytest.mark.parametrize(
    ("filters", "refusal"),
    [
        ({"periods": ["2026-01"], "from_period": "2026-01"}, IncompatibleFilters),
        ({"periods": ["2026-01"], "to_period": "2026-01"}, IncompatibleFilters),
        ({"from_period": "2026-05", "to_period": "2026-01"}, IncompatibleFilters),
        ({"periods": ["Q1"]}, UnclearPeriod),
        ({"periods": ["latest-x"]}, UnclearPeriod),
    ],
)
def test_invalid_query_is_refused(filters, refusal):
    with pytest.raises(refusal):
        resolve(**filters)


def list_breakdowns(**filters: object) -> list[list[str]]:
    return [series_filter.breakdowns for series_filter in resolve(**filters).filters]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [[""]]),
        ({"group_by": ["sex"]}, [["sex=female", "sex=male", "sex=unknown"]]),
        ({"breakdowns": ["sex:male"]}, [["sex=male"]]),
        ({"breakdowns": ["sex:male", "sex:female"]}, [["sex=female", "sex=male"]]),
        ({"group_by": ["need"], "breakdowns": ["sex:male"]}, [["need=travel;sex=male", "need=childcare;sex=male"]]),
        # Measures without such a breakdown are skipped.
        ({"measures": [], "group_by": ["need"]}, [["need=travel", "need=childcare"]]),
    ],
)
def test_query_selects_registered_breakdowns(filters, expected):
    assert list_breakdowns(**filters) == expected


def test_unreleased_breakdown_is_refused_with_the_released_ones():
    with pytest.raises(NotCollected, match=r"\bcolour\b.*\bsex or need or sex and need\.$"):
        resolve(group_by=["colour"])
    with pytest.raises(NotCollected, match=r"^on-roll .*\bsex\b.*\bnothing\b"):
        resolve(measures=["on-roll"], group_by=["sex"])
    fewer = make_catalogue(replace(HARBOUR_PLAN, disclosure=Policy(breakdowns=1)))
    with pytest.raises(NotCollected, match=r"\bsex and need\b.*\bsex or need\.$"):
        resolve(fewer, group_by=["sex", "need"])


def test_query_selects_areas_and_series():
    [series_filter] = resolve(within=[TOWN]).filters
    assert series_filter.areas == [area.code for area in HARBOUR_PLAN.areas[:4]]
    assert series_filter.series == HARBOUR_CATALOGUE.ids.series["learners", "headline"]


PAIR = make_catalogue(
    make_plan(make_measure("on-roll"), make_measure("visits"), duties=["quay on-roll", "pier on-roll"])
)
FIGURES = [
    figure
    for figure in release_figures("quay on-roll 2026-01 town 50", "pier on-roll 2026-01 town 30", catalogue=PAIR)
    if figure.period.code == "2026-01"
]


@pytest.mark.parametrize(
    ("minimum", "coverage", "is_shown"),
    [  # minimum; expected, received, approved
        (None, (4, 0, 0), True),
        (0.5, (4, 2, 2), True),
        (0.51, (4, 2, 2), False),
        (0.5, (4, 4, 1), False),  # received but not approved, so they do not count
        (1.0, (0, 0, 0), True),
    ],
)
def test_figure_below_the_minimum_coverage_is_not_shown(minimum, coverage, is_shown):
    expected, received, approved = coverage
    figure_coverage = Coverage(expected=expected, received=received, approved=approved, late=0, exempt=0)
    [figure] = mask_figures([replace(FIGURES[0], coverage=figure_coverage)], minimum)
    assert (figure.value == 80) is is_shown
    assert (figure.reason, figure.status) == (
        (None, None) if is_shown else ("coverage_below_minimum", Status.NOT_AVAILABLE)
    )
    if not is_shown:
        assert figure.coverage == figure_coverage
        extras = (
            figure.lower_bound,
            figure.upper_bound,
            figure.largest_error,
            figure.movement,
            figure.trend,
            figure.target,
        )
        assert extras == (None,) * 6
        assert (figure.markers, figure.comparators) == ([], [])


def test_protection_is_explained_for_the_measures_read():
    persons = EXAMPLE_RELEASE.explanations["persons"]
    assert explain_protection(EXAMPLE_RELEASE, [], HARBOUR_CATALOGUE) == persons
    assert re.findall(r"\d+", persons) == ["5", "10"]
    explanation = explain_protection(EXAMPLE_RELEASE, [figure.measure for figure in FIGURES], HARBOUR_CATALOGUE)
    # Visits are not protected, so that each sentence names its measures.
    assert persons in explanation
    assert EXAMPLE_RELEASE.explanations["none"] in explanation


def test_progress_and_logic_model_contain_the_latest_figures():
    latest = [item for item in FIGURES if item.measure == "on-roll"]
    figures = group_figures(latest, [], {"on-roll": latest[0].period}, [], HARBOUR_CATALOGUE)
    progress = build_progress(EXAMPLE_RELEASE, figures, HARBOUR_CATALOGUE)
    assert (progress.release, progress.programme) == (3, "harbour-skills-2026")
    [theme] = progress.themes
    assert [(item.measure, item.latest is None, item.reason) for item in theme.measures][:3] == [
        ("learners", True, "not_in_release"),
        ("on-roll", False, None),
        ("pass-rate", True, "not_in_release"),
    ]
    model = build_logic_model(EXAMPLE_RELEASE, figures, HARBOUR_CATALOGUE)
    assert [node.slug for node in model.nodes] == [node.slug for node in HARBOUR_PLAN.nodes]
    [learners] = [node for node in model.nodes if node.slug == "learners"]
    assert learners.coverage == latest[0].coverage
    assert model.figures == latest
    assert periods.parse("2026-01") == latest[0].period
