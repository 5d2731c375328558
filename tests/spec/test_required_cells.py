"""The cells that a duty requires, and how many of them a return contains."""

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
REQUIRED_CELLS = {
    ("learners", TOWN):   {TOWN: ["", *SEXES, *NEEDS, *CROSSED], EAST: ["", *SEXES], WEST: ["", *SEXES], UNKNOWN: ["", *SEXES]},
    ("learners", EAST):   {EAST: ["", *SEXES]},
    ("on-roll", TOWN):    {TOWN: [""]},
    ("on-roll", EAST):    {EAST: [""]},
    ("pass-rate", WEST):  {WEST: ["", *SEXES]},
    ("members", "E06999998"): {"E06999998": [""]},
}
# fmt: on


@pytest.mark.parametrize("duty", REQUIRED_CELLS)
def test_duty_requires_the_total_and_every_category_of_each_area(duty):
    cells: dict[str, list[str]] = {}
    for code, key in required_cells(HARBOUR_CATALOGUE, *duty):
        cells.setdefault(code, []).append(key)
    assert cells == REQUIRED_CELLS[duty]


def test_scheme_that_is_not_required_is_accepted_and_never_missing():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    [learners] = [measure for measure in raw["measures"] if measure["slug"] == "learners"]
    [by_need] = [scheme for scheme in learners["schemes"] if scheme["dimensions"] == ["need"]]
    by_need["required"] = False
    catalogue = make_catalogue(msgspec.convert(raw, Plan))
    cells = [key for code, key in required_cells(catalogue, "learners", TOWN) if code == TOWN]
    assert cells == ["", *SEXES, *CROSSED]
    assert set(NEEDS) <= catalogue.breakdown_ids.keys()


def test_areas_of_another_family_are_not_required():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["families"].append({"slug": "parishes", "label": "Parishes", "levels": ["parish"]})
    raw["areas"].append(
        {"code": "E04000001", "name": "St Mary", "level": "parish", "families": ["parishes"], "parent": TOWN}
    )
    catalogue = make_catalogue(msgspec.convert(raw, Plan))
    assert {code for code, _ in required_cells(catalogue, "learners", TOWN)} == {TOWN, EAST, WEST, UNKNOWN}


def check_completeness(return_: dict):
    checked = examine_returns(return_)
    return calculate_completeness(checked.returns[0], checked.cells.cell_id, HARBOUR_CATALOGUE)


@pytest.mark.parametrize(
    ("return_", "required", "present"),
    [
        (make_return("on-roll", "town 1"), 1, 1),
        (make_return("learners", "town 9"), 24, 1),
        (make_return("learners", "town 9", "town sex=female 9", "east c"), 24, 3),
        (make_return("learners", kind="nil"), 0, 0),
        (make_return("learners", kind="withdrawn", note="Wrong."), 0, 0),
        (make_return("prospectus", kind="nil"), 0, 0),
    ],
)
def test_completeness_counts_present_and_required_cells(return_, required, present):
    completeness = check_completeness(return_)
    assert (completeness.required, completeness.present, len(completeness.missing)) == (
        required,
        present,
        required - present,
    )


def test_missing_cells_are_listed():
    """Totals come first: a missing area matters more than one of its categories."""
    first, *others = check_completeness(make_return("learners", "town 9")).missing
    assert (first.measure, first.series, first.period, first.area) == ("learners", "headline", "2026-02", EAST)
    assert first.breakdown == {}
    by_sex = next(cell for cell in others if cell.area == TOWN)
    assert by_sex.breakdown == {"sex": "female"}
    sizes = [len(cell.breakdown) > 0 for cell in (first, *others)]
    assert sizes == sorted(sizes)


def test_at_most_a_hundred_missing_cells_are_listed():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["areas"] += [
        {
            "code": f"E0500{number:04}",
            "name": f"Pier {number}",
            "level": "quarter",
            "families": ["town"],
            "parent": TOWN,
        }
        for number in range(50)
    ]
    catalogue = make_catalogue(msgspec.convert(raw, Plan))
    checked = examine_returns(make_return("learners", "town 9"))
    completeness = calculate_completeness(checked.returns[0], checked.cells.cell_id, catalogue)
    assert (completeness.required, len(completeness.missing)) == (24 + 50 * 4, MAX_LISTED_MISSING)
