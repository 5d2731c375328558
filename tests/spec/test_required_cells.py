"""Which cells a duty asks for, and how many of them a return has."""

import msgspec
import pytest

from api.submissions.required_cells import MAX_LISTED_MISSING, calculate_completeness, required_cells
from schema.plan import Plan
from tests.fixtures.example_plan import (
    EAST,
    HARBOUR_CATALOGUE,
    HARBOUR_PLAN,
    TOWN,
    WEST,
    examine_returns,
    make_catalogue,
    make_return,
)

UNKNOWN = f"{TOWN}-unknown"
SEXES = ["sex=female", "sex=male", "sex=unknown"]
NEEDS = ["need=travel", "need=childcare"]
CROSSED = [f"need={need};sex={sex}" for sex in ("female", "male", "unknown") for need in ("travel", "childcare")]

# fmt: off
#   measure, area of the duty     area: keys of breakdowns, the total first
OWED = {
    ("learners", TOWN):   {TOWN: ["", *SEXES, *NEEDS, *CROSSED], EAST: ["", *SEXES], WEST: ["", *SEXES], UNKNOWN: ["", *SEXES]},
    ("learners", EAST):   {EAST: ["", *SEXES]},
    ("on-roll", TOWN):    {TOWN: [""]},
    ("on-roll", EAST):    {EAST: [""]},
    ("pass-rate", WEST):  {WEST: ["", *SEXES]},
    ("members", "E06999998"): {"E06999998": [""]},
}
# fmt: on


@pytest.mark.parametrize("duty", OWED)
def test_a_duty_asks_for_the_total_of_each_area_and_every_category(duty):
    cells: dict[str, list[str]] = {}
    for code, key in required_cells(HARBOUR_CATALOGUE, *duty):
        cells.setdefault(code, []).append(key)
    assert cells == OWED[duty]


def test_areas_of_another_family_are_not_asked_for():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["families"].append({"slug": "parishes", "label": "Parishes", "levels": ["parish"]})
    raw["areas"].append(
        {"code": "E04000001", "name": "St Mary", "level": "parish", "families": ["parishes"], "parent": TOWN}
    )
    here = make_catalogue(msgspec.convert(raw, Plan))
    assert {code for code, _ in required_cells(here, "learners", TOWN)} == {TOWN, EAST, WEST, UNKNOWN}


def complete(given: dict):
    examined = examine_returns(given)
    return calculate_completeness(examined.returns[0], examined.cells.cell_id, HARBOUR_CATALOGUE)


@pytest.mark.parametrize(
    ("given", "required", "present"),
    [
        (make_return("on-roll", "town 1"), 1, 1),
        (make_return("learners", "town 9"), 24, 1),
        (make_return("learners", "town 9", "town sex=female 9", "east c"), 24, 3),
        (make_return("learners", kind="nil"), 0, 0),
        (make_return("learners", kind="withdrawn", note="Wrong."), 0, 0),
        (make_return("prospectus", kind="nil"), 0, 0),
    ],
)
def test_completeness_counts_what_is_there_of_what_is_asked_for(given, required, present):
    found = complete(given)
    assert (found.required, found.present, len(found.missing)) == (required, present, required - present)


def test_what_is_missing_is_named():
    first, *_ = complete(make_return("learners", "town 9")).missing
    assert (first.measure, first.series, first.period, first.area) == ("learners", "headline", "2026-02", TOWN)
    assert first.breakdown == {"sex": "female"}


def test_of_very_much_that_is_missing_a_hundred_are_named():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["areas"] += [
        {"code": f"E0500{n:04}", "name": f"Pier {n}", "level": "quarter", "families": ["town"], "parent": TOWN}
        for n in range(50)
    ]
    here = make_catalogue(msgspec.convert(raw, Plan))
    examined = examine_returns(make_return("learners", "town 9"))
    found = calculate_completeness(examined.returns[0], examined.cells.cell_id, here)
    assert (found.required, len(found.missing)) == (24 + 50 * 4, MAX_LISTED_MISSING)
