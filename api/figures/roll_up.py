"""The cells of returns, rolled up place by place, and the returns that each result rests on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import RevisionCells, SelectedRevision
from api.plan.catalogue import Catalogue
from api.statistics import rollup
from api.statistics.rollup import FloatArray, Tally
from schema.measures import RATIO_KINDS, MeasureKind
from schema.submissions import ReturnKind

LATEST_PERIOD_KINDS = frozenset({MeasureKind.STOCK, MeasureKind.CUMULATIVE})
"""The kinds of which a source's last period counts alone."""


class RollUpResult(Struct, frozen=True, kw_only=True):
    """What the returns say of one area and breakdown."""

    tally: Tally
    revisions: list[SelectedRevision] = []


def roll_up_cells(query: ResolvedQuery, cells: RevisionCells, catalogue: Catalogue) -> list[RollUpResult]:
    """One result for each of the places asked for, in their order. Nil counts as 0 everywhere."""
    areas = {catalogue.ids.areas[code]: index for index, code in enumerate([*query.areas, *query.comparator_areas])}
    breakdowns = {catalogue.ids.breakdowns[key]: index for index, key in enumerate(query.breakdowns)}
    counted = [r for r in query.revisions if r.is_counted]
    by_revision = {r.id: r for r in counted}
    chosen = (
        np.isin(cells.revision, list(by_revision))
        & np.isin(cells.area, list(areas))
        & np.isin(cells.breakdown, list(breakdowns))
    )
    nils = [(r, place) for r in counted if r.kind is ReturnKind.NIL for place in range(len(areas) * len(breakdowns))]
    behind = [by_revision[number] for number in cells.revision[chosen].tolist()] + [r for r, _ in nils]
    places = [
        areas[area] * len(breakdowns) + breakdowns[breakdown]
        for area, breakdown in zip(cells.area[chosen].tolist(), cells.breakdown[chosen].tolist(), strict=True)
    ] + [place for _, place in nils]
    mapped = _map_to_entries(query, cells, chosen, behind, places)
    tallies = rollup.roll_up(query.measure.kind, mapped, groups=len(query.cell_keys), overlap=query.measure.overlap)
    known = ~np.isnan(mapped.low) if mapped.denominator_low is None else ~np.isnan(mapped.low + mapped.denominator_low)
    returns = _find_contributing_revisions(query.measure.kind, behind, places, known.tolist(), len(tallies))
    return [RollUpResult(tally=tally, revisions=its) for tally, its in zip(tallies, returns, strict=True)]


def _map_to_entries(
    query: ResolvedQuery,
    cells: RevisionCells,
    chosen: npt.NDArray[np.bool_],
    revisions: Sequence[SelectedRevision],
    groups: Sequence[int],
) -> rollup.RollUpEntries:
    """The chosen cells, then nils, each with the place that it feeds."""
    sources = {key: index for index, key in enumerate(sorted({(r.organisation, r.service) for r in query.revisions}))}
    ratio = query.measure.kind in RATIO_KINDS
    low, high, base = calculate_bounds(cells, is_ratio=ratio)
    none = np.zeros(len(revisions) - np.count_nonzero(chosen))
    base = np.append(base[chosen], none)
    return rollup.RollUpEntries(
        group=np.array(groups, dtype=np.int64),
        source=np.array([sources[r.organisation, r.service] for r in revisions], dtype=np.int64),
        period=np.array([r.period.end.toordinal() for r in revisions], dtype=np.int64),
        low=np.append(low[chosen], none),
        high=np.append(high[chosen], none),
        denominator_low=base if ratio else None,
        denominator_high=base if ratio else None,
    )


def calculate_bounds(cells: RevisionCells, *, is_ratio: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of each cell the least and the most that the count can be, and of a ratio its denominator; NaN where not known.

    A ratio is known where both of its numbers are.
    """
    if is_ratio:
        number = np.where(np.isnan(cells.denominator), np.nan, cells.numerator)
        return number, number, cells.denominator
    low = np.where(cells.confidential, np.nan_to_num(cells.lower, nan=0.0), cells.value)
    high = np.where(cells.confidential, np.nan_to_num(cells.upper, nan=np.inf), cells.value)
    return low, high, cells.denominator


def _find_contributing_revisions(
    kind: MeasureKind, revisions: Sequence[SelectedRevision], groups: Sequence[int], known: Sequence[bool], count: int
) -> list[list[SelectedRevision]]:
    """The returns that have a number for each place and are not overtaken by a later one, source by source."""
    found: list[dict[tuple[str, ...], SelectedRevision]] = [{} for _ in range(count)]
    for one, place, there in zip(revisions, groups, known, strict=True):
        if there:
            key = (one.organisation, one.service, *(() if kind in LATEST_PERIOD_KINDS else (one.period.code,)))
            last = found[place].setdefault(key, one)
            if last.period.end < one.period.end:
                found[place][key] = one
    return [sorted(its.values(), key=lambda r: (r.organisation, r.service, r.period.end)) for its in found]
