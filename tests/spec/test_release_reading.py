"""What is asked of a release, made into registered periods, areas and breakdowns: never by what the data hold."""

import re

import pytest
from msgspec.structs import replace

from api.figures import query
from api.figures.query import IncompatibleFilters, OutcomeQuery
from api.figures.resolution import NotCollected
from api.outcomes.released_query import (
    build_logic_model,
    build_progress,
    decode_covered_periods,
    explain_protection,
    mask_low_coverage,
    resolve_query,
)
from api.plan.periods import UnclearPeriod
from api.statistics import periods
from schema.disclosure import Policy
from schema.outcomes import Coverage
from schema.submissions import Status
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, HARBOUR_PLAN, TOWN, make_catalogue
from tests.fixtures.release_fixtures import EXAMPLE_RELEASE, make_measure, make_plan, release_figures

MONTHS = [f"2026-{n:02}" for n in range(1, 9)]
QUARTERS = ["FY2025-26-Q4", "FY2026-27-Q1"]
COVERED = decode_covered_periods(
    {
        HARBOUR_CATALOGUE.ids.series["learners", "headline"]: [
            *((code, code <= "2026-06") for code in MONTHS),
            *((code, True) for code in QUARTERS),
        ],
        HARBOUR_CATALOGUE.ids.series["on-roll", "headline"]: [(code, False) for code in MONTHS],
        9999: [("2026-01", True)],  # a series that this version of the plan does not have
    },
    HARBOUR_CATALOGUE,
)


def asked_for(catalogue=HARBOUR_CATALOGUE, covered=COVERED, **filters: object):
    question = OutcomeQuery(**{"measures": ["learners"]} | filters)
    return resolve_query(question, query.resolve_axes(question, catalogue), covered, catalogue)


def codes(**filters: object) -> list[str]:
    [one] = asked_for(**filters).filters
    return one.periods


# fmt: off
#   what is asked                                        periods, given that returns of January to June are there
PERIODS = [
    ({},                                                 ["2026-06"]),
    ({"periods": ["latest"]},                            ["2026-06"]),
    ({"periods": ["latest-2", "latest", "latest"]},      ["2026-04", "2026-06"]),
    ({"periods": ["2026-08"]},                           ["2026-08"]),  # released, and nothing is there
    ({"periods": ["2026-09"]},                           []),           # not released
    ({"periods": ["latest-12"]},                         []),
    ({"periods": ["FY2026-27-Q1"]},                      ["FY2026-27-Q1"]),
    ({"periods": ["CY2026-Q2"]},                         ["FY2026-27-Q1"]),  # the same days under another name
    ({"periods": ["CY2026"]},                            []),
    ({"from_period": "2026-02", "to_period": "2026-04"},            ["2026-02", "2026-03", "2026-04"]),
    ({"from_period": "FY2026-27-Q1"},                          ["2026-04", "2026-05", "2026-06"]),
    ({"from_period": "2026-05", "to_period": "2026-08"},            ["2026-05", "2026-06", "2026-07", "2026-08"]),
    ({"to_period": "2026-02"},                                ["2026-01", "2026-02"]),
    ({"from_period": "latest-1"},                              ["2026-05", "2026-06"]),
]
# fmt: on


@pytest.mark.parametrize(("filters", "expected"), PERIODS)
def test_periods(filters, expected):
    assert codes(**filters) == expected


def test_what_latest_stood_for_is_told_of_each_series():
    found = asked_for(measures=["learners", "on-roll"], periods=["latest", "latest-1"])
    assert [(one.token, one.measure, one.period) for one in found.resolved] == [
        ("latest", "learners", "2026-06"),
        ("latest-1", "learners", "2026-05"),
        ("latest", "on-roll", None),
        ("latest-1", "on-roll", None),
    ]
    assert [one.periods for one in found.filters] == [["2026-05", "2026-06"], []], (
        "nothing was ever returned of the other"
    )
    assert asked_for(measures=["on-roll"], from_period="latest").filters[0].periods == []
    assert asked_for(measures=["pass-rate"]).filters[0].periods == [], "of which the release says nothing"


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
def test_what_cannot_be_meant_is_refused(filters, refusal):
    with pytest.raises(refusal):
        asked_for(**filters)


def chosen(**filters: object) -> list[list[str]]:
    return [
        [HARBOUR_CATALOGUE.breakdown_keys[number] for number in one.breakdowns] for one in asked_for(**filters).filters
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [[""]]),
        ({"group_by": ["sex"]}, [["sex=female", "sex=male", "sex=unknown"]]),
        ({"breakdowns": ["sex:male"]}, [["sex=male"]]),
        ({"breakdowns": ["sex:male", "sex:female"]}, [["sex=female", "sex=male"]]),
        ({"group_by": ["need"], "breakdowns": ["sex:male"]}, [["need=travel;sex=male", "need=childcare;sex=male"]]),
        # Of all measures, those that have no such breakdown are passed over.
        ({"measures": [], "group_by": ["need"]}, [["need=travel", "need=childcare"]]),
    ],
)
def test_breakdowns(filters, expected):
    assert chosen(**filters) == expected


def test_a_breakdown_that_is_not_released_is_refused_with_those_that_are():
    with pytest.raises(NotCollected, match=r"\bcolour\b.*\bsex or need or sex and need\.$"):
        asked_for(group_by=["colour"])
    with pytest.raises(NotCollected, match=r"^on-roll .*\bsex\b.*\bnothing\b"):
        asked_for(measures=["on-roll"], group_by=["sex"])
    fewer = make_catalogue(replace(HARBOUR_PLAN, disclosure=Policy(breakdowns=1)))
    with pytest.raises(NotCollected, match=r"\bsex and need\b.*\bsex or need\.$"):
        asked_for(fewer, group_by=["sex", "need"])


def test_areas_are_those_that_the_database_knows_by_number():
    [one] = asked_for(within=[TOWN]).filters
    assert [HARBOUR_CATALOGUE.area_codes[number] for number in one.areas] == [a.code for a in HARBOUR_PLAN.areas[:4]]
    assert one.series == HARBOUR_CATALOGUE.ids.series["learners", "headline"]


PAIR = make_catalogue(
    make_plan(make_measure("on-roll"), make_measure("visits"), duties=["quay on-roll", "pier on-roll"])
)
FIGURES = [
    one
    for one in release_figures("quay on-roll 2026-01 town 50", "pier on-roll 2026-01 town 30", catalogue=PAIR)
    if one.period.code == "2026-01"
]


@pytest.mark.parametrize(
    ("least", "coverage", "given"),
    [  # asked; expected, received, approved
        (None, (4, 0, 0), True),
        (0.5, (4, 2, 2), True),
        (0.51, (4, 2, 2), False),
        (0.5, (4, 4, 1), False),  # received, and not approved: the figure does not rest on them
        (1.0, (0, 0, 0), True),
    ],
)
def test_a_figure_that_rests_on_too_few_returns_is_not_given(least, coverage, given):
    expected, received, approved = coverage
    there = Coverage(expected=expected, received=received, approved=approved, late=0, exempt=0)
    [one] = mask_low_coverage([replace(FIGURES[0], coverage=there)], least)
    assert (one.value == 80) is given
    assert (one.reason, one.status) == ((None, None) if given else ("coverage_below_minimum", Status.NOT_AVAILABLE))
    if not given:
        assert one.coverage == there
        bare = (one.lower_bound, one.upper_bound, one.largest_error, one.movement, one.trend, one.target)
        assert bare == (None,) * 6
        assert (one.markers, one.comparators) == ([], [])


def test_what_is_done_to_protect_people_is_said_for_what_is_read():
    persons = EXAMPLE_RELEASE.explanations["persons"]
    assert explain_protection(EXAMPLE_RELEASE, [], HARBOUR_CATALOGUE) == persons
    assert re.search(r"\b0\b.*\b7\b.*\[c\]", persons)
    both = explain_protection(EXAMPLE_RELEASE, [figure.measure for figure in FIGURES], HARBOUR_CATALOGUE)
    assert both == f"{persons} {EXAMPLE_RELEASE.explanations['none']}", "visits are not protected"


def test_progress_and_the_logic_model_hold_the_latest_figures():
    latest = [one for one in FIGURES if one.measure == "on-roll"]
    told = build_progress(EXAMPLE_RELEASE, latest, HARBOUR_CATALOGUE)
    assert (told.release, told.programme) == (3, "harbour-skills-2026")
    [theme] = told.themes
    assert [(one.measure, one.latest is None) for one in theme.measures][:3] == [
        ("learners", True),
        ("on-roll", False),
        ("pass-rate", True),
    ]
    model = build_logic_model(EXAMPLE_RELEASE, latest, HARBOUR_CATALOGUE)
    assert [node.slug for node in model.nodes] == [node.slug for node in HARBOUR_PLAN.nodes]
    [learners] = [node for node in model.nodes if node.slug == "learners"]
    assert learners.coverage == latest[0].coverage
    assert model.figures == latest
    assert periods.parse("2026-01") == latest[0].period
