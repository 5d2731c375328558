"""A released read that selects nothing: a row with the reason for each series, or a refusal with what is valid."""

import pytest

from api.commands import PLAN_FILE
from api.figures.query import IncompatibleFilters, NotCollected, OutcomeQuery, resolve_axes
from api.outcomes.empty_answers import PeriodNotReleased, explain_missing_series
from api.plan.queries_loading import read_plan
from api.statistics import periods
from schema.measures import Collection
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, make_catalogue

NOTTINGHAM = make_catalogue(read_plan(PLAN_FILE))
OTHER_CITY = NOTTINGHAM.peer_areas[0]
JANUARY = [(periods.parse("2026-01"), True)]
PUBLISHED = next(
    measure.slug
    for measure in NOTTINGHAM.plan.measures
    if any(series.headline and series.collection is Collection.PUBLISHED for series in measure.series)
)


def explain(covered=(), **filters: object):
    query = OutcomeQuery(**filters)
    catalogue = NOTTINGHAM if PUBLISHED in query.measures else HARBOUR_CATALOGUE
    axes = resolve_axes(query, catalogue)
    every = {(measure.slug, series.slug): covered for measure, series in axes.series}
    return explain_missing_series(query, axes, axes.series, every, catalogue, release=3)


# fmt: off
#   query                                                            released           period of the row           reason
REASONS = [
    ({"measures": ["learners"]},                                     [],                "P2026-01..2026-12",        "no_data"),
    ({"measures": ["learners"], "periods": ["2026-09"]},             JANUARY,           "2026-09",                  "not_in_release"),
    ({"measures": ["learners"], "periods": ["CY2026-Q2"]},           JANUARY,           "CY2026-Q2",                "not_in_release"),
    ({"measures": ["members"], "periods": ["FY2026-27-Q1"]},         JANUARY,           "FY2026-27-Q1",             "not_in_release"),
    ({"measures": ["learners"], "from_period": "FY2025-26-Q1", "to_period": "D2025-04-02"}, JANUARY, "P2026-01..2026-12", "no_period_in_range"),
    ({"measures": [PUBLISHED], "periods": ["CY2020"], "areas": [OTHER_CITY]}, [(periods.parse("CY2020"), True)], "CY2020", "as_published_only"),
]
REFUSALS = [
    ({"measures": ["learners"], "periods": ["2027-06"]},             [],                PeriodNotReleased, "2026-12"),
    ({"measures": ["learners"], "periods": ["CY2026"]},              JANUARY,           PeriodNotReleased, "FY2026-27-H1"),
    ({"measures": ["learners"], "periods": ["D2026-01-15"]},         JANUARY,           PeriodNotReleased, "2026-01"),
    ({"measures": [PUBLISHED], "periods": ["CY1999"]},               [(periods.parse("CY2020"), True)], PeriodNotReleased, "CY2020"),
    ({"measures": [PUBLISHED], "periods": ["CY1999"]},               [],                PeriodNotReleased, "no released period"),
    ({"measures": ["on-roll"], "areas": [EAST]},                     JANUARY,           NotCollected,      "on-roll"),
    ({"measures": ["prospectus"], "areas": [EAST]},                  JANUARY,           NotCollected,      "prospectus"),
]
# fmt: on


@pytest.mark.parametrize(("filters", "covered", "period", "reason"), REASONS)
def test_valid_question_without_figures_states_the_reason(filters, covered, period, reason):
    [row] = explain(covered, **filters)
    assert (row.value, row.status, row.period.code, row.reason, row.release) == (None, "x", period, reason, 3)
    assert row.alternatives is None
    assert (row.area, row.breakdown) == (filters.get("areas", [HARBOUR_CATALOGUE.plan.area])[0], {})


def test_row_with_a_reason_has_the_area_and_the_category_of_the_query():
    """Without them it looks like the total of the city."""
    released = [(periods.parse("CY2020"), True)]
    rows = explain(released, measures=[PUBLISHED], periods=["CY2020"], areas=[OTHER_CITY], group_by=["sex"])
    assert {row.area for row in rows} == {OTHER_CITY}
    assert {row.breakdown["sex"] for row in rows} == set(NOTTINGHAM.categories["sex"])
    assert len(rows) == len(NOTTINGHAM.categories["sex"])
    assert {row.reason for row in rows} == {"as_published_only"}


@pytest.mark.parametrize(("filters", "covered", "refusal", "nearest"), REFUSALS)
def test_question_that_no_release_answers_is_refused_with_the_nearest_valid_one(filters, covered, refusal, nearest):
    with pytest.raises(refusal, match=nearest):
        explain(covered, **filters)


def test_query_that_names_no_measure_gets_a_row_for_each():
    rows = explain(JANUARY, periods=["D2019-01-15"])
    assert [row.measure for row in rows] == [measure.slug for measure in HARBOUR_CATALOGUE.plan.measures]
    assert {row.reason for row in rows} == {"period_not_released"}
    assert all(row.alternatives for row in rows)


def test_breakdown_that_is_not_collected_is_a_reason_if_no_measure_is_named():
    rows = explain(JANUARY, group_by=["sex"], periods=["2026-09"])
    by_measure = {row.measure: row.reason for row in rows}
    assert by_measure["on-roll"] == "breakdown_not_collected"
    assert by_measure["learners"] == "not_in_release"


def test_theme_without_the_named_measure_is_refused():
    [measure, *others] = NOTTINGHAM.plan.measures
    other = next(one.theme for one in others if one.theme != measure.theme)
    with pytest.raises(IncompatibleFilters, match=measure.theme):
        resolve_axes(OutcomeQuery(measures=[measure.slug], theme=other), NOTTINGHAM)
