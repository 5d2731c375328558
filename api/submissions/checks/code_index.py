"""Where areas and breakdowns lie among those of a plan: what the plan alone decides, worked out once for each version.

They are counted by their numbers, from 1; 0 is one that is not known, whose number is NULL.
"""

from functools import lru_cache

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions.revisions import MISSING, Column, Mask


class CodeIndex(Struct, frozen=True, kw_only=True, eq=False):
    """For each area and breakdown what is asked of it."""

    area_ids: Column  # their numbers
    parent_position: Column  # the place of each area's parent; 0 where it has none
    level_rank: Column  # the rank of its level; NULL where the plan has it no longer
    breakdown_ids: Column  # their numbers
    masks_by_dimensions: dict[frozenset[str], Mask]  # which breakdowns are by these dimensions


@lru_cache(maxsize=64)
def build_code_index(catalogue: Catalogue) -> CodeIndex:
    areas = np.array([MISSING, *sorted(catalogue.area_codes)], dtype=np.int64)
    breakdowns = np.array([MISSING, *sorted(catalogue.breakdown_keys)], dtype=np.int64)
    parents, ranks = [MISSING], [MISSING]
    for number in areas[1:].tolist():
        area = catalogue.areas.get(catalogue.area_codes[number])
        parents.append(MISSING if area is None or area.parent is None else catalogue.ids.areas[area.parent])
        ranks.append(MISSING if area is None else catalogue.level_ranks[area.level])
    return CodeIndex(
        area_ids=areas,
        parent_position=_positions_of(areas, parents),
        level_rank=np.array(ranks, dtype=np.int64),
        breakdown_ids=breakdowns,
        masks_by_dimensions={
            dimensions: np.isin(breakdowns, numbers)
            for dimensions, numbers in catalogue.breakdown_ids_by_dimensions.items()
        },
    )


@lru_cache(maxsize=1024)
def margin_positions(catalogue: Catalogue, dimensions: frozenset[str], kept_dimensions: tuple[str, ...]) -> Column:
    """For each breakdown by these dimensions the place of what is left when all but those kept are summed over."""
    known = build_code_index(catalogue)
    wanted = [
        catalogue.find_margin(number, kept_dimensions) if by else MISSING
        for number, by in zip(known.breakdown_ids.tolist(), known.masks_by_dimensions[dimensions].tolist(), strict=True)
    ]
    return _positions_of(known.breakdown_ids, wanted)


@lru_cache(maxsize=65_536)
def finest_level(catalogue: Catalogue, measure: str, breakdown: int) -> str | None:
    """The finest level at which a measure is collected by a breakdown, given by its place; None where it is not."""
    number = int(build_code_index(catalogue).breakdown_ids[breakdown])
    return catalogue.find_finest_level(catalogue.measures[measure], catalogue.get_breakdown_dimensions(number))


def _positions_of(numbers: Column, wanted: list[int]) -> Column:
    """Where each wanted number lies among the numbers; 0, where NULL lies, if it is not one of them."""
    at = np.searchsorted(numbers, wanted)
    return np.where(np.append(numbers, MISSING)[at] == wanted, at, 0)
