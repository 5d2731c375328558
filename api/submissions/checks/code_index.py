"""Positions of areas and breakdowns in a plan, calculated once for each plan version.

A position counts the sorted database ids from 1. Position 0 means that the code is not known.
"""

from functools import lru_cache

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import MISSING, Column, Mask, to_column


class CodeIndex(Struct, frozen=True, kw_only=True, eq=False):
    """The properties of each area and breakdown that the checks need, by position."""

    area_ids: Column
    parent_position: Column  # position of each area's parent; 0 if it has none
    level_rank: Column  # rank of each area's level; MISSING if the plan no longer has the area
    breakdown_ids: Column
    masks_by_dimensions: dict[frozenset[str], Mask]  # which breakdowns have exactly these dimensions


@lru_cache(maxsize=64)
def build_code_index(catalogue: Catalogue) -> CodeIndex:
    area_ids = to_column([MISSING, *sorted(catalogue.area_codes)])
    breakdown_ids = to_column([MISSING, *sorted(catalogue.breakdown_keys)])
    parent_ids, ranks = [MISSING], [MISSING]
    for area_id in area_ids[1:].tolist():
        area = catalogue.areas.get(catalogue.area_codes[area_id])
        parent_ids.append(MISSING if area is None or area.parent is None else catalogue.ids.areas[area.parent])
        ranks.append(MISSING if area is None else catalogue.level_ranks[area.level])
    return CodeIndex(
        area_ids=area_ids,
        parent_position=_positions_of(area_ids, parent_ids),
        level_rank=to_column(ranks),
        breakdown_ids=breakdown_ids,
        masks_by_dimensions={
            dimensions: np.isin(breakdown_ids, ids) for dimensions, ids in catalogue.breakdown_ids_by_dimensions.items()
        },
    )


@lru_cache(maxsize=1024)
def margin_positions(catalogue: Catalogue, dimensions: frozenset[str], remaining_dimensions: tuple[str, ...]) -> Column:
    """Return the position of each breakdown's margin: its categories of the remaining dimensions only."""
    index = build_code_index(catalogue)
    has_dimensions = index.masks_by_dimensions[dimensions].tolist()
    margin_ids = [
        catalogue.find_margin(breakdown_id, remaining_dimensions) if applies else MISSING
        for breakdown_id, applies in zip(index.breakdown_ids.tolist(), has_dimensions, strict=True)
    ]
    return _positions_of(index.breakdown_ids, margin_ids)


@lru_cache(maxsize=65_536)
def finest_level(catalogue: Catalogue, measure: str, breakdown: int) -> str | None:
    """Return the finest level at which a measure is collected by the breakdown at this position, if it is at all."""
    breakdown_id = int(build_code_index(catalogue).breakdown_ids[breakdown])
    dimensions = catalogue.get_breakdown_dimensions(breakdown_id)
    return catalogue.find_finest_level(catalogue.measures[measure], dimensions)


def _positions_of(sorted_ids: Column, ids: list[int]) -> Column:
    """Return the position of each id in the sorted ids. An id that is not among them has position 0, like MISSING."""
    positions = np.searchsorted(sorted_ids, ids)
    return np.where(np.append(sorted_ids, MISSING)[positions] == ids, positions, 0)
