"""Where areas and breakdowns lie among those of a plan: what the plan alone decides, worked out once for each version.

They are counted by their numbers, from 1; 0 is one that is not known, whose number is NULL.
"""

from functools import lru_cache

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions.revisions import NULL, Column, Mask


class Places(Struct, frozen=True, kw_only=True, eq=False):
    """For each area and breakdown what is asked of it."""

    areas: Column  # their numbers
    parent: Column  # the place of each area's parent; 0 where it has none
    fineness: Column  # the rank of its level; NULL where the plan has it no longer
    breakdowns: Column  # their numbers
    by: dict[frozenset[str], Mask]  # which breakdowns are by these dimensions


@lru_cache(maxsize=64)
def places(catalogue: Catalogue) -> Places:
    areas = np.array([NULL, *sorted(catalogue.area_codes)], dtype=np.int64)
    breakdowns = np.array([NULL, *sorted(catalogue.breakdown_texts)], dtype=np.int64)
    parents, ranks = [NULL], [NULL]
    for number in areas[1:].tolist():
        area = catalogue.areas.get(catalogue.area_codes[number])
        parents.append(NULL if area is None or area.parent is None else catalogue.ids.areas[area.parent])
        ranks.append(NULL if area is None else catalogue.levels[area.level])
    return Places(
        areas=areas,
        parent=_among(areas, parents),
        fineness=np.array(ranks, dtype=np.int64),
        breakdowns=breakdowns,
        by={dimensions: np.isin(breakdowns, numbers) for dimensions, numbers in catalogue.breakdowns_by.items()},
    )


@lru_cache(maxsize=1024)
def margins(catalogue: Catalogue, dimensions: frozenset[str], kept: tuple[str, ...]) -> Column:
    """For each breakdown by these dimensions the place of what is left when all but those kept are summed over."""
    known = places(catalogue)
    wanted = [
        catalogue.margin(number, kept) if by else NULL
        for number, by in zip(known.breakdowns.tolist(), known.by[dimensions].tolist(), strict=True)
    ]
    return _among(known.breakdowns, wanted)


@lru_cache(maxsize=65_536)
def finest_level(catalogue: Catalogue, measure: str, breakdown: int) -> str | None:
    """The finest level at which a measure is collected by a breakdown, given by its place; None where it is not."""
    number = int(places(catalogue).breakdowns[breakdown])
    return catalogue.finest_level(catalogue.measures[measure], catalogue.dimensions_of(number))


def _among(numbers: Column, wanted: list[int]) -> Column:
    """Where each wanted number lies among the numbers; 0, where NULL lies, if it is not one of them."""
    at = np.searchsorted(numbers, wanted)
    return np.where(np.append(numbers, NULL)[at] == wanted, at, 0)
