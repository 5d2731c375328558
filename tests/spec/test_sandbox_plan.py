"""The plan and the boundaries of the example: what is invented beyond the bundled plan."""

import msgspec
import pytest
from msgspec.structs import replace

from api import sandbox, sandbox_boundaries
from api.plan import obligations, queries_loading
from api.plan.plan_files import read_plan_text
from api.sandbox_plan import BASELINES, EVIDENCE_HOLDERS, EVIDENCE_MEASURE, START, complete_plan
from api.sandbox_returns import EXAMPLE_MEASURES
from api.statistics.periods import count_months, parse
from schema.logic_model import Basis
from schema.measures import Baseline
from schema.plan import Plan
from tests.conftest import NOTTINGHAM_PLAN_FILE
from tests.fixtures.example_plan import HARBOUR_CATALOGUE, TOWN

BUNDLED = queries_loading.read_plan(NOTTINGHAM_PLAN_FILE)
EXAMPLE = complete_plan(BUNDLED)


def list_quarters(plan: Plan, measure: str) -> list[str]:
    expected = obligations.list_expected_returns(plan)
    return sorted({one.period.code for one in expected if one.measure == measure})


def test_completed_plan_has_no_mistakes():
    read_plan_text("example.yaml", msgspec.yaml.encode(EXAMPLE))


def test_example_begins_a_year_before_the_plan():
    assert (EXAMPLE.window.start, BUNDLED.window.start.year) == (START, START.year + 1)
    assert "FY2024-25-Q1" in list_quarters(EXAMPLE, "health-to-employment-referrals")


def test_first_count_is_of_a_flow_without_example_returns():
    """The tutorials count on what the example returns add up to."""
    count = sandbox.choose_first_count(BUNDLED)
    assert count is not None
    assert (count.measure, count.service, count.period) == ("ips-engagements", "ips-primary-care", "FY2025-26-Q3")
    assert count.measure not in EXAMPLE_MEASURES


@pytest.mark.parametrize("slug", BASELINES)
def test_baseline_is_as_long_as_the_figures(slug):
    [measure] = [measure for measure in EXAMPLE.measures if measure.slug == slug]
    months = measure.cadence.months or 3
    assert measure.baseline == BASELINES[slug]
    assert (count_months(parse(BASELINES[slug].period)), BASELINES[slug].basis) == (months, Basis.PROPOSED)


def test_evidence_is_owed():
    owing = {one.holder for one in obligations.list_expected_returns(EXAMPLE) if one.measure == EVIDENCE_MEASURE}
    assert owing == set(EVIDENCE_HOLDERS)
    assert not list_quarters(BUNDLED, EVIDENCE_MEASURE)


def test_what_a_plan_states_is_not_replaced():
    stated = Baseline(period="FY2024-25-Q4", value=1, basis=Basis.STATED)
    measures = [replace(measure, baseline=stated) for measure in BUNDLED.measures]
    plan = complete_plan(
        replace(BUNDLED, measures=measures, window=replace(BUNDLED.window, start=START.replace(day=2)))
    )
    assert {measure.baseline for measure in plan.measures} == {stated}
    earlier = replace(BUNDLED, window=replace(BUNDLED.window, start=START.replace(year=2020)))
    assert complete_plan(earlier).window.start == earlier.window.start


def test_squares_are_in_rows_by_name_and_do_not_overlap():
    areas = [replace(HARBOUR_CATALOGUE.areas[TOWN], code=f"S{name}", name=name) for name in "cadb"]
    squares = sandbox_boundaries.arrange_squares(areas)
    corners = {code: tuple(square.coordinates[0][0][0]) for code, square in squares.items()}
    assert sorted(corners, key=lambda code: (-corners[code][1], corners[code][0])) == ["Sa", "Sb", "Sc", "Sd"]
    assert len(set(corners.values())) == 4
