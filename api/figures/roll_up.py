"""The cells of returns, rolled up place by place, and the returns that each result rests on."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.figures.resolution import Asked
from api.figures.returns_data import StandingCells, StandingRevision
from api.plan.catalogue import Catalogue
from api.statistics import rollup
from api.statistics.rollup import FloatArray, Tally
from schema.plan import Kind
from schema.submissions import ReturnKind

OVERTAKEN = frozenset({Kind.STOCK, Kind.CUMULATIVE})
"""The kinds of which a source's last period counts alone."""


class Rolled(Struct, frozen=True, kw_only=True):
    """What the returns say of one area and breakdown."""

    tally: Tally
    returns: list[StandingRevision] = []


def rolled(asked: Asked, cells: StandingCells, catalogue: Catalogue) -> list[Rolled]:
    """One result for each of the places asked for, in their order. Nil counts as 0 everywhere."""
    areas = {catalogue.ids.areas[code]: index for index, code in enumerate([*asked.areas, *asked.beside])}
    breakdowns = {catalogue.ids.breakdowns[key]: index for index, key in enumerate(asked.breakdowns)}
    counted = [r for r in asked.returns if r.counts]
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
    mapped = _mapped(asked, cells, chosen, behind, places)
    tallies = rollup.tally(asked.measure.kind, mapped, groups=len(asked.places), overlap=asked.measure.overlap)
    known = ~np.isnan(mapped.low) if mapped.base_low is None else ~np.isnan(mapped.low + mapped.base_low)
    returns = _behind(asked.measure.kind, behind, places, known.tolist(), len(tallies))
    return [Rolled(tally=tally, returns=its) for tally, its in zip(tallies, returns, strict=True)]


def _mapped(
    asked: Asked,
    cells: StandingCells,
    chosen: npt.NDArray[np.bool_],
    behind: Sequence[StandingRevision],
    places: Sequence[int],
) -> rollup.Cells:
    """The chosen cells, then nils, each with the place that it feeds."""
    sources = {key: index for index, key in enumerate(sorted({(r.organisation, r.service) for r in asked.returns}))}
    ratio = asked.measure.kind in rollup.RATIOS
    low, high, base = bounds(cells, ratio=ratio)
    none = np.zeros(len(behind) - np.count_nonzero(chosen))
    base = np.append(base[chosen], none)
    return rollup.Cells(
        group=np.array(places, dtype=np.int64),
        source=np.array([sources[r.organisation, r.service] for r in behind], dtype=np.int64),
        period=np.array([r.period.end.toordinal() for r in behind], dtype=np.int64),
        low=np.append(low[chosen], none),
        high=np.append(high[chosen], none),
        base_low=base if ratio else None,
        base_high=base if ratio else None,
    )


def bounds(cells: StandingCells, *, ratio: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of each cell the least and the most that the count can be, and of a ratio its denominator; NaN where not known.

    A ratio is known where both of its numbers are.
    """
    if ratio:
        number = np.where(np.isnan(cells.denominator), np.nan, cells.numerator)
        return number, number, cells.denominator
    low = np.where(cells.hidden, np.nan_to_num(cells.lower, nan=0.0), cells.value)
    high = np.where(cells.hidden, np.nan_to_num(cells.upper, nan=np.inf), cells.value)
    return low, high, cells.denominator


def _behind(
    kind: Kind, behind: Sequence[StandingRevision], places: Sequence[int], known: Sequence[bool], count: int
) -> list[list[StandingRevision]]:
    """The returns that have a number for each place and are not overtaken by a later one, source by source."""
    found: list[dict[tuple[str, ...], StandingRevision]] = [{} for _ in range(count)]
    for one, place, there in zip(behind, places, known, strict=True):
        if there:
            key = (one.organisation, one.service, *(() if kind in OVERTAKEN else (one.period.code,)))
            last = found[place].setdefault(key, one)
            if last.period.end < one.period.end:
                found[place][key] = one
    return [sorted(its.values(), key=lambda r: (r.organisation, r.service, r.period.end)) for its in found]
