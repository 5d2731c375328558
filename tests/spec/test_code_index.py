"""The index of the plan's codes: parents and levels of areas, and the margins of breakdowns."""

import msgspec
import numpy as np
import pytest

from api.submissions.cell_columns import MISSING
from api.submissions.checks.code_index import build_code_index, finest_level, margin_positions
from schema.plan import Plan
from tests.fixtures.example_plan import EAST, HARBOUR_CATALOGUE, HARBOUR_PLAN, TOWN, WEST, make_catalogue


def find_position(numbers: np.ndarray, number: int) -> int:
    return numbers.tolist().index(number)


def area_position(code: str) -> int:
    return find_position(build_code_index(HARBOUR_CATALOGUE).area_ids, HARBOUR_CATALOGUE.ids.areas[code])


def breakdown_position(key: str) -> int:
    return find_position(build_code_index(HARBOUR_CATALOGUE).breakdown_ids, HARBOUR_CATALOGUE.ids.breakdowns[key])


def test_first_position_is_for_unknown_codes():
    index = build_code_index(HARBOUR_CATALOGUE)
    assert (index.area_ids[0], index.parent_position[0], index.level_rank[0], index.breakdown_ids[0]) == (
        MISSING,
        0,
        MISSING,
        MISSING,
    )
    for numbers in (index.area_ids, index.breakdown_ids):
        assert (np.diff(numbers) > 0).all()


#   area, its parent, its level's rank
AREAS = [(TOWN, None, 0), (EAST, TOWN, 1), (WEST, TOWN, 1)]


@pytest.mark.parametrize(("code", "parent", "rank"), AREAS)
def test_area_has_its_parent_and_its_level(code, parent, rank):
    index = build_code_index(HARBOUR_CATALOGUE)
    assert index.level_rank[area_position(code)] == rank
    assert index.parent_position[area_position(code)] == (0 if parent is None else area_position(parent))


def test_removed_area_has_neither_parent_nor_level():
    raw = msgspec.to_builtins(HARBOUR_PLAN)
    raw["areas"] = [record for record in raw["areas"] if record["code"] != WEST]
    smaller = msgspec.structs.replace(make_catalogue(msgspec.convert(raw, Plan)), ids=HARBOUR_CATALOGUE.ids)
    index = build_code_index(smaller)
    assert (index.parent_position[area_position(WEST)], index.level_rank[area_position(WEST)]) == (0, MISSING)


def test_breakdowns_are_indexed_by_their_dimensions():
    mask = build_code_index(HARBOUR_CATALOGUE).masks_by_dimensions[frozenset({"sex"})]
    assert [HARBOUR_CATALOGUE.breakdown_keys[number] for number in build_code_index(HARBOUR_CATALOGUE).breakdown_ids[mask].tolist()] == [
        "sex=female", "sex=male", "sex=unknown",
    ]  # fmt: skip


#   breakdown                  dimensions        margin
MARGINS = [
    ("need=travel;sex=female", (),               ""),
    ("need=travel;sex=female", ("sex",),         "sex=female"),
    ("need=travel;sex=female", ("need",),        "need=travel"),
    ("sex=female",             ("sex",),         None),  # it has other dimensions
]  # fmt: skip


@pytest.mark.parametrize(("key", "dimensions", "margin"), MARGINS)
def test_margin_omits_the_other_dimensions(key, dimensions, margin):
    positions = margin_positions(HARBOUR_CATALOGUE, frozenset({"need", "sex"}), dimensions)
    assert positions[breakdown_position(key)] == (0 if margin is None else breakdown_position(margin))


#   measure      breakdown                  finest level
FINEST = [
    ("learners", "",                        "quarter"),  # the finest level of all breakdowns
    ("learners", "sex=female",              "quarter"),
    ("learners", "need=travel",             "town"),
    ("learners", "need=travel;sex=female",  "town"),
    ("on-roll",  "sex=female",              None),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "key", "level"), FINEST)
def test_finest_level_of_a_breakdown(measure, key, level):
    assert finest_level(HARBOUR_CATALOGUE, measure, breakdown_position(key)) == level
