"""The cells that a duty requires: the total of each area, and every category of each scheme that is required."""

from functools import lru_cache
from itertools import product

import numpy as np
from msgspec import Struct

from api.plan.breakdowns import TOTAL_KEY, format_breakdown_key, parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import MISSING, Column, calculate_cell_id, to_column
from api.submissions.revisions import IdentifiedReturn
from schema.measures import Measure
from schema.problems import CellName
from schema.submission_reports import Completeness
from schema.submissions import ReturnKind

MAX_LISTED_MISSING = 100


@lru_cache(maxsize=256)
def required_cells(catalogue: Catalogue, measure_slug: str, area: str) -> tuple[tuple[str, str], ...]:
    """Return the area code and breakdown key of each required cell, in the plan's order of areas, totals first."""
    measure = catalogue.measures[measure_slug]
    family = next(family for family in catalogue.plan.families if family.slug == measure.area_family)
    rank = {level: index for index, level in enumerate(family.levels)}
    cells: list[tuple[str, str]] = []
    for plan_area in catalogue.plan.areas:
        if measure.area_family in plan_area.families and catalogue.is_within(plan_area.code, area):
            fineness = rank[plan_area.level]
            if fineness <= rank.get(catalogue.find_finest_level(measure, ()) or "", -1) or plan_area.code == area:
                cells.append((plan_area.code, TOTAL_KEY))
            cells += [(plan_area.code, key) for key in _required_breakdowns(catalogue, measure, fineness, rank)]
    return tuple(cells)


def _required_breakdowns(catalogue: Catalogue, measure: Measure, fineness: int, rank: dict[str, int]) -> list[str]:
    keys: list[str] = []
    for scheme in measure.schemes:
        if scheme.required and fineness <= rank[scheme.finest_level]:
            codes = [[c.code for c in catalogue.dimensions[d].categories] for d in scheme.dimensions]
            keys += [
                format_breakdown_key(dict(zip(scheme.dimensions, categories, strict=True)))
                for categories in product(*codes)
            ]
    return keys


class _RequiredCells(Struct, frozen=True, kw_only=True, eq=False):
    """The names of the required cells, and their sorted cell ids with MISSING after the last."""

    names: list[tuple[str, dict[str, str]]]  # area and breakdown
    sorted_ids: Column
    cell_index: Column  # index into names, for each sorted id


@lru_cache(maxsize=256)
def _index_required_cells(catalogue: Catalogue, measure: str, area: str) -> _RequiredCells:
    cells = required_cells(catalogue, measure, area)
    ids = catalogue.ids
    cell_ids = to_column([calculate_cell_id(ids.areas[code], ids.breakdowns[key]) for code, key in cells])
    order = np.argsort(cell_ids)
    names = [(code, parse_breakdown_key(key)) for code, key in cells]
    return _RequiredCells(names=names, sorted_ids=np.append(cell_ids[order], MISSING), cell_index=order)


def calculate_completeness(identified: IdentifiedReturn, cell_ids: Column, catalogue: Catalogue) -> Completeness:
    """Count the required cells among these cells of a return. A return without observations requires no cells."""
    if identified.submitted.kind is not ReturnKind.DATA or identified.content is not None:
        return Completeness(required=0, present=0, missing=[])
    required = _index_required_cells(catalogue, identified.measure.slug, identified.duty.area)
    missing: list[int] = _find_missing(required, cell_ids).tolist()
    missing.sort(key=lambda index: bool(required.names[index][1]))  # totals first: their areas may lack all cells
    measure, series, service, period = identified.key
    names = [
        CellName(measure=measure, series=series, service=service, period=period, area=area, breakdown=breakdown)
        for area, breakdown in map(required.names.__getitem__, missing[:MAX_LISTED_MISSING])
    ]
    return Completeness(required=len(required.names), present=len(required.names) - len(missing), missing=names)


def count_required_cells(cell_ids: Column, measure: str, area: str, catalogue: Catalogue) -> int:
    """Return how many of the required cells are among these."""
    required = _index_required_cells(catalogue, measure, area)
    return len(required.names) - len(_find_missing(required, cell_ids))


def _find_missing(required: _RequiredCells, cell_ids: Column) -> Column:
    """Return the indices of the required cells that are not among these."""
    positions = np.searchsorted(required.sorted_ids[:-1], cell_ids)
    is_missing = np.ones(len(required.names), dtype=np.bool_)
    is_missing[required.cell_index[positions[required.sorted_ids[positions] == cell_ids]]] = False
    return is_missing.nonzero()[0]
