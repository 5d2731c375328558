"""Which cells a duty asks for: the total of each area, and every category of each scheme."""

from functools import lru_cache
from itertools import product

import numpy as np

from api.plan.catalogue import TOTAL, Catalogue, breakdown_key, breakdown_of
from api.submissions.revisions import Column, Identified
from schema.plan import Measure
from schema.problems import CellName
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


@lru_cache(maxsize=256)
def _places(catalogue: Catalogue, measure: str, area: str) -> Column:
    ids = catalogue.ids
    return np.array(
        [ids.areas[code] << 32 | ids.breakdowns[key] for code, key in owed(catalogue, measure, area)], dtype=np.int64
    )


def completeness(one: Identified, places: Column, catalogue: Catalogue) -> Completeness:
    """How many of the cells asked for are among `places`. A return that has no cells by its nature lacks none."""
    if one.given.kind is not ReturnKind.DATA or one.content is not None:
        return Completeness(required=0, present=0, missing=[])
    wanted = _places(catalogue, one.measure.slug, one.duty.area)
    lacking = np.flatnonzero(~np.isin(wanted, places))
    cells = owed(catalogue, one.measure.slug, one.duty.area)
    return Completeness(
        required=len(wanted),
        present=len(wanted) - len(lacking),
        missing=[
            CellName(
                measure=one.measure.slug,
                series=one.series.slug,
                service=one.duty.service,
                period=one.period.code,
                area=cells[index][0],
                breakdown=breakdown_of(cells[index][1]),
            )
            for index in map(int, lacking[:TOLD])
        ],
    )
