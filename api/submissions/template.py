"""Which cells a duty asks for: the total of each area, and every category of each scheme."""

from functools import lru_cache
from itertools import product

import numpy as np
from msgspec import Struct

from api.plan.breakdowns import TOTAL_KEY, format_breakdown_key, parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.submissions.revisions import MISSING, Column, IdentifiedReturn
from schema.measures import Measure
from schema.submission_reports import Completeness
from schema.submissions import ReturnKind

MAX_LISTED_MISSING = 100


@lru_cache(maxsize=256)
def required_cells(catalogue: Catalogue, measure_slug: str, area: str) -> tuple[tuple[str, str], ...]:
    """Area code and breakdown key of every cell, by area as the plan lists them, the total first."""
    measure = catalogue.measures[measure_slug]
    family = next(family for family in catalogue.plan.families if family.slug == measure.area_family)
    rank = {level: number for number, level in enumerate(family.levels)}
    cells: list[tuple[str, str]] = []
    for place in catalogue.plan.areas:
        if measure.area_family in place.families and catalogue.is_within(place.code, area):
            fineness = rank[place.level]
            if fineness <= rank.get(catalogue.find_finest_level(measure, ()) or "", -1) or place.code == area:
                cells.append((place.code, TOTAL_KEY))
            cells += [(place.code, key) for key in _required_breakdowns(catalogue, measure, fineness, rank)]
    return tuple(cells)


def _required_breakdowns(catalogue: Catalogue, measure: Measure, fineness: int, rank: dict[str, int]) -> list[str]:
    keys: list[str] = []
    for scheme in measure.schemes:
        if fineness <= rank[scheme.finest_level]:
            codes = [[c.code for c in catalogue.dimensions[d].categories] for d in scheme.dimensions]
            keys += [
                format_breakdown_key(dict(zip(scheme.dimensions, combined, strict=True)))
                for combined in product(*codes)
            ]
    return keys


class _RequiredCells(Struct, frozen=True, kw_only=True, eq=False):
    """The cells asked for: their names, and their places in order, with the cell of each. NULL is after the last."""

    names: list[tuple[str, dict[str, str]]]
    sorted_ids: Column
    cell_index: Column


@lru_cache(maxsize=256)
def _index_required_cells(catalogue: Catalogue, measure: str, area: str) -> _RequiredCells:
    cells = required_cells(catalogue, measure, area)
    ids = catalogue.ids
    places = np.array([ids.areas[code] << 32 | ids.breakdowns[key] for code, key in cells], dtype=np.int64)
    order = np.argsort(places)
    names = [(code, parse_breakdown_key(key)) for code, key in cells]
    return _RequiredCells(names=names, sorted_ids=np.append(places[order], MISSING), cell_index=order)


def calculate_completeness(one: IdentifiedReturn, places: Column, catalogue: Catalogue) -> Completeness:
    """How many of the cells asked for are among `places`. A return that has no cells by its nature lacks none."""
    if one.submitted.kind is not ReturnKind.DATA or one.content is not None:
        return Completeness(required=0, present=0, missing=[])
    wanted = _index_required_cells(catalogue, one.measure.slug, one.duty.area)
    at = np.searchsorted(wanted.sorted_ids[:-1], places)
    lacks = np.ones(len(wanted.names), dtype=np.bool_)
    lacks[wanted.cell_index[at[wanted.sorted_ids[at] == places]]] = False
    lacking = np.flatnonzero(lacks)
    return Completeness(
        required=len(lacks),
        present=len(lacks) - len(lacking),
        missing=[one.cell_name(*wanted.names[index]) for index in map(int, lacking[:MAX_LISTED_MISSING])],
    )
