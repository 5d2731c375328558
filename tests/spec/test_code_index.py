"""What the plan alone says of places: parents, levels, and what is left of a breakdown when a dimension is summed."""

import msgspec
import numpy as np
import pytest

from api.submissions.cell_columns import MISSING
from api.submissions.checks.code_index import build_code_index, finest_level, margin_positions
from schema.plan import Plan
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, HARBOUR_PLAN, TOWN, WEST, make_catalogue


def at(numbers: np.ndarray, number: int) -> int:
    return numbers.tolist().index(number)


def area(code: str) -> int:
    return at(build_code_index(HARBOUR_CATALOGUE).area_ids, HARBOUR_CATALOGUE.ids.areas[code])


def breakdown(key: str) -> int:
    return at(build_code_index(HARBOUR_CATALOGUE).breakdown_ids, HARBOUR_CATALOGUE.ids.breakdowns[key])


def test_the_first_place_is_of_what_is_not_known():
    known = build_code_index(HARBOUR_CATALOGUE)
    assert (known.area_ids[0], known.parent_position[0], known.level_rank[0], known.breakdown_ids[0]) == (
        MISSING,
        0,
        MISSING,
        MISSING,
    )
    for numbers in (known.area_ids, known.breakdown_ids):
        assert (np.diff(numbers) > 0).all()


#   area, its parent, its level's rank
AREAS = [(TOWN, None, 0), (EAST, TOWN, 1), (WEST, TOWN, 1)]


@pytest.mark.parametrize(("code", "parent", "rank"), AREAS)
def test_an_area_has_its_parent_and_its_level(code, parent, rank):
    known = build_code_index(HARBOUR_CATALOGUE)
    assert known.level_rank[area(code)] == rank
    assert known.parent_position[area(code)] == (0 if parent is None else area(parent))


def test_an_area_that_the_plan_has_dropped_has_neither():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["areas"] = [one for one in raw["areas"] if one["code"] != WEST]
    smaller = msgspec.structs.replace(make_catalogue(msgspec.convert(raw, Plan)), ids=HARBOUR_CATALOGUE.ids)
    known = build_code_index(smaller)
    assert (known.parent_position[area(WEST)], known.level_rank[area(WEST)]) == (0, MISSING)


def test_breakdowns_are_found_by_their_dimensions():
    by = build_code_index(HARBOUR_CATALOGUE).masks_by_dimensions[frozenset({"sex"})]
    assert [HARBOUR_CATALOGUE.breakdown_keys[n] for n in build_code_index(HARBOUR_CATALOGUE).breakdown_ids[by].tolist()] == [
        "sex=female", "sex=male", "sex=unknown",
    ]  # fmt: skip


#   breakdown                  dimensions kept   what is left
LEFT = [
    ("need=travel;sex=female", (),               ""),
    ("need=travel;sex=female", ("sex",),         "sex=female"),
    ("need=travel;sex=female", ("need",),        "need=travel"),
    ("sex=female",             ("sex",),         None),  # is by other dimensions
]  # fmt: skip


@pytest.mark.parametrize(("key", "kept", "left"), LEFT)
def test_what_is_left_when_the_others_are_summed_over(key, kept, left):
    found = margin_positions(HARBOUR_CATALOGUE, frozenset({"need", "sex"}), kept)
    assert found[breakdown(key)] == (0 if left is None else breakdown(left))


#   measure      breakdown                  the finest level
FINEST = [
    ("learners", "",                        "quarter"),  # as finely as any breakdown
    ("learners", "sex=female",              "quarter"),
    ("learners", "need=travel",             "town"),
    ("learners", "need=travel;sex=female",  "town"),
    ("on-roll",  "sex=female",              None),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "key", "level"), FINEST)
def test_a_breakdown_is_collected_down_to_a_level(measure, key, level):
    assert finest_level(HARBOUR_CATALOGUE, measure, breakdown(key)) == level
