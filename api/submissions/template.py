"""Which cells a duty asks for: the total of each area, and every category of each scheme."""

from functools import lru_cache
from itertools import product

import numpy as np
from msgspec import Struct

from api.plan.catalogue import TOTAL, Catalogue, breakdown_key, breakdown_of
from api.submissions.revisions import NULL, Column, Identified
from schema.plan import Measure
from schema.submissions import Completeness, ReturnKind

TOLD = 100


@lru_cache(maxsize=256)
def owed(catalogue: Catalogue, measure_slug: str, area: str) -> tuple[tuple[str, str], ...]:
    """Area code and breakdown key of every cell, by area as the plan lists them, the total first."""
    measure = catalogue.measures[measure_slug]
    family = next(family for family in catalogue.plan.families if family.slug == measure.area_family)
    rank = {level: number for number, level in enumerate(family.levels)}
    cells: list[tuple[str, str]] = []
    for place in catalogue.plan.areas:
        if measure.area_family in place.families and catalogue.lies_within(place.code, area):
            fineness = rank[place.level]
            if fineness <= rank.get(catalogue.finest_level(measure, ()) or "", -1) or place.code == area:
                cells.append((place.code, TOTAL))
            cells += [(place.code, key) for key in _keys(catalogue, measure, fineness, rank)]
    return tuple(cells)


def _keys(catalogue: Catalogue, measure: Measure, fineness: int, rank: dict[str, int]) -> list[str]:
    keys: list[str] = []
    for scheme in measure.schemes:
        if fineness <= rank[scheme.finest_level]:
            codes = [[c.code for c in catalogue.dimensions[d].categories] for d in scheme.dimensions]
            keys += [breakdown_key(dict(zip(scheme.dimensions, combined, strict=True))) for combined in product(*codes)]
    return keys


class _Wanted(Struct, frozen=True, kw_only=True, eq=False):
    """The cells asked for: their names, and their places in order, with the cell of each. NULL is after the last."""

    names: list[tuple[str, dict[str, str]]]
    places: Column
    cell: Column


@lru_cache(maxsize=256)
def _wanted(catalogue: Catalogue, measure: str, area: str) -> _Wanted:
    cells = owed(catalogue, measure, area)
    ids = catalogue.ids
    places = np.array([ids.areas[code] << 32 | ids.breakdowns[key] for code, key in cells], dtype=np.int64)
    order = np.argsort(places)
    names = [(code, breakdown_of(key)) for code, key in cells]
    return _Wanted(names=names, places=np.append(places[order], NULL), cell=order)


def completeness(one: Identified, places: Column, catalogue: Catalogue) -> Completeness:
    """How many of the cells asked for are among `places`. A return that has no cells by its nature lacks none."""
    if one.given.kind is not ReturnKind.DATA or one.content is not None:
        return Completeness(required=0, present=0, missing=[])
    wanted = _wanted(catalogue, one.measure.slug, one.duty.area)
    at = np.searchsorted(wanted.places[:-1], places)
    lacks = np.ones(len(wanted.names), dtype=np.bool_)
    lacks[wanted.cell[at[wanted.places[at] == places]]] = False
    lacking = np.flatnonzero(lacks)
    return Completeness(
        required=len(lacks),
        present=len(lacks) - len(lacking),
        missing=[one.named(*wanted.names[index]) for index in map(int, lacking[:TOLD])],
    )
