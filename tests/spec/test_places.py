"""What the plan alone says of places: parents, levels, and what is left of a breakdown when a dimension is summed."""

import msgspec
import numpy as np
import pytest

from api.submissions.checks.code_index import finest_level, margins, places
from api.submissions.revisions import NULL
from schema.plan import Plan
from tests.fixtures.example_plan import EAST, HERE, PLAN, TOWN, WEST, catalogue


def at(numbers: np.ndarray, number: int) -> int:
    return numbers.tolist().index(number)


def area(code: str) -> int:
    return at(places(HERE).areas, HERE.ids.areas[code])


def breakdown(key: str) -> int:
    return at(places(HERE).breakdowns, HERE.ids.breakdowns[key])


def test_the_first_place_is_of_what_is_not_known():
    known = places(HERE)
    assert (known.areas[0], known.parent[0], known.fineness[0], known.breakdowns[0]) == (NULL, 0, NULL, NULL)
    for numbers in (known.areas, known.breakdowns):
        assert (np.diff(numbers) > 0).all()


#   area, its parent, its level's rank
AREAS = [(TOWN, None, 0), (EAST, TOWN, 1), (WEST, TOWN, 1)]


@pytest.mark.parametrize(("code", "parent", "rank"), AREAS)
def test_an_area_has_its_parent_and_its_level(code, parent, rank):
    known = places(HERE)
    assert known.fineness[area(code)] == rank
    assert known.parent[area(code)] == (0 if parent is None else area(parent))


def test_an_area_that_the_plan_has_dropped_has_neither():
    raw = msgspec.to_builtins(PLAN)
    raw["areas"] = [one for one in raw["areas"] if one["code"] != WEST]
    smaller = msgspec.structs.replace(catalogue(msgspec.convert(raw, Plan)), ids=HERE.ids)
    known = places(smaller)
    assert (known.parent[area(WEST)], known.fineness[area(WEST)]) == (0, NULL)


def test_breakdowns_are_found_by_their_dimensions():
    by = places(HERE).by[frozenset({"sex"})]
    assert [HERE.breakdown_texts[n] for n in places(HERE).breakdowns[by].tolist()] == [
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
    found = margins(HERE, frozenset({"need", "sex"}), kept)
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
    assert finest_level(HERE, measure, breakdown(key)) == level
