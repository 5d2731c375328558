"""The third tier: within a return, parts must fit their totals, hidden parts counted by their bounds."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.plan.catalogue import TOTAL, Catalogue, breakdown_of
from api.submissions.checks.cells import Grid
from api.submissions.checks.code_index import margins
from api.submissions.checks.findings import Findings
from api.submissions.revisions import NULL, RATIOS, Cells, Column, Identified, Mask
from schema.plan import Kind, Scheme

TOLD = 1000  # of one kind of fault; beyond it a number says enough
Bounds = npt.NDArray[np.float64]


class Parts(Struct, frozen=True, kw_only=True, eq=False):
    """Cells that are parts of other cells of the same return."""

    rows: Column
    whole: Column  # for each part, the row of its total
    complete: int | None  # how many parts a whole has in all; None where that cannot be known
    exclusive: bool
    what: str


def check(cells: Cells, grid: Grid, identified: Sequence[Identified], catalogue: Catalogue, findings: Findings) -> None:
    """Every breakdown has its total; parts fit it, by each scheme and by area."""
    _totals_are_there(cells, grid, identified, catalogue, findings)
    low, high = bounds(cells, np.array([one.measure.kind in RATIOS for one in identified], dtype=np.bool_)[cells.item])
    for parts in (*_by_scheme(cells, grid, identified, catalogue), _by_area(cells, grid, identified)):
        if parts.exclusive:
            _sums_fit(parts, low, high, cells, identified, catalogue, findings)
        elif (larger := parts.rows[low[parts.rows] > high[parts.whole]]).size:
            findings.add("part-exceeds-total", f"A part {parts.what} is larger than its total.", rows=larger)


def bounds(cells: Cells, is_ratio: Mask) -> tuple[Bounds, Bounds]:
    """What each cell's count (a ratio's denominator) lies between.

    Of a hidden count its own bounds are known at best, of a missing one nothing: at least 0, at most infinite.
    """
    number = np.where(is_ratio, cells.denominator, cells.value)
    known = number != NULL
    low = np.where(known, number, np.maximum(cells.lower, 0)).astype(np.float64)
    hidden_high = np.where(cells.upper != NULL, cells.upper.astype(np.float64), np.inf)
    return low, np.where(known, number.astype(np.float64), hidden_high)


def _totals_are_there(
    cells: Cells, grid: Grid, identified: Sequence[Identified], catalogue: Catalogue, findings: Findings
) -> None:
    pair = cells.item * len(grid.areas) + grid.area
    has_total = np.zeros(len(identified) * len(grid.areas), dtype=np.bool_)
    has_total[pair[cells.breakdown == catalogue.ids.breakdowns[TOTAL]]] = True
    lacking = np.flatnonzero(~has_total[pair])
    pairs, group = np.unique(pair[lacking], return_inverse=True)
    keys: list[int] = pairs[:TOLD].tolist()
    for key, found in zip(keys, _runs(lacking, group), strict=False):
        item, area = divmod(key, len(grid.areas))
        code = catalogue.area_codes[int(grid.areas[area])]
        findings.add(
            "total-missing",
            f"There is a breakdown without its total for {code}.",
            rows=found,
            cell=identified[item].named(code, {}),
        )
    findings.more("total-missing", max(len(pairs) - TOLD, 0))
    areas = np.array([catalogue.ids.areas[one.duty.area] for one in identified], dtype=np.int64)
    sizes = np.bincount(cells.item, minlength=len(identified))
    totals = np.bincount(cells.item[cells.area == areas[cells.item]], minlength=len(identified))
    for item in map(int, np.flatnonzero((sizes > 0) & (totals == 0))[:TOLD]):
        one = identified[item]
        findings.add(
            "total-missing",
            f"{one.measure.slug} {one.period.code} has no total for {one.duty.area}.",
            rows=np.flatnonzero(cells.item == item)[:1],
            cell=one.named(one.duty.area, {}),
        )


def _runs(rows: Column, group: Column) -> list[Column]:
    """The rows of each group, in the order of the groups."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return np.split(rows[order], starts[1:]) if len(rows) else []


def _by_scheme(cells: Cells, grid: Grid, identified: Sequence[Identified], catalogue: Catalogue) -> Iterator[Parts]:
    measures = {one.measure.slug: one.measure for one in identified}
    schemes: dict[tuple[str, ...], list[tuple[str, Scheme]]] = {}
    for measure in measures.values():
        for scheme in measure.schemes:
            schemes.setdefault(tuple(sorted(scheme.dimensions)), []).append((measure.slug, scheme))
    for dimensions, uses in schemes.items():
        broken_down = grid.known.by[frozenset(dimensions)][grid.breakdown]
        if not broken_down.any():
            continue
        for exclusive, exhaustive in sorted({(scheme.exclusive, scheme.exhaustive) for _, scheme in uses}):
            using = {slug for slug, s in uses if (s.exclusive, s.exhaustive) == (exclusive, exhaustive)}
            mine = broken_down & np.array([one.measure.slug in using for one in identified])[cells.item]
            for size in range(len(dimensions)):
                for kept in combinations(dimensions, size):
                    yield _margins(
                        cells, grid, np.flatnonzero(mine), dimensions, kept, catalogue, exclusive, exhaustive
                    )


def _margins(
    cells: Cells,
    grid: Grid,
    mine: Column,
    dimensions: Sequence[str],
    kept: Sequence[str],
    catalogue: Catalogue,
    exclusive: bool,
    exhaustive: bool,
) -> Parts:
    margin = margins(catalogue, frozenset(dimensions), tuple(kept))
    complete = int(np.prod([len(catalogue.categories[d]) for d in dimensions if d not in kept]))
    return _linked(
        mine,
        grid.find(cells.item[mine], grid.area[mine], margin[grid.breakdown[mine]]),
        complete=complete if exhaustive else None,
        exclusive=exclusive,
        what=f"by {' and '.join(dimensions)}",
    )


def _by_area(cells: Cells, grid: Grid, identified: Sequence[Identified]) -> Parts:
    """One person may be counted in two wards of a quarter, so areas of distinct people are no parts of a sum."""
    parent = grid.known.parent[grid.area]
    mine = np.array([one.measure.kind is not Kind.DISTINCT for one in identified], dtype=np.bool_)[cells.item]
    mine = np.flatnonzero(mine & (parent > 0))
    return _linked(
        mine,
        grid.find(cells.item[mine], parent[mine], grid.breakdown[mine]),
        complete=None,
        exclusive=True,
        what="by area",
    )


def _linked(part: Column, whole: Column, *, complete: int | None, exclusive: bool, what: str) -> Parts:
    there = whole != NULL
    return Parts(rows=part[there], whole=whole[there], complete=complete, exclusive=exclusive, what=what)


def _sums_fit(
    parts: Parts,
    low: Bounds,
    high: Bounds,
    cells: Cells,
    identified: Sequence[Identified],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    size = len(low)
    number = np.bincount(parts.whole, minlength=size)
    lowest = np.bincount(parts.whole, weights=low[parts.rows], minlength=size)
    highest = np.bincount(parts.whole, weights=high[parts.rows], minlength=size)
    above = (number > 0) & (lowest > high)
    below = (number > 0) & (highest < low) if parts.complete is not None else np.zeros(size, dtype=np.bool_)
    if not (above | below).any():
        return
    missing = below & (number != parts.complete)
    faults = [
        ("parts-exceed-total", above, "at least", lowest, high),
        ("parts-below-total", below & ~missing, "at most", highest, low),
        ("categories-missing", missing, "at most", highest, low),
    ]
    for code, faulty, bound, together, total in faults:
        wrong = np.flatnonzero(faulty)
        mine = np.flatnonzero(np.isin(parts.whole, wrong[:TOLD]))
        for whole, part in zip(wrong[:TOLD], _runs(parts.rows[mine], parts.whole[mine]), strict=True):
            findings.add(
                code,
                f"The parts {parts.what} add up to {bound} {together[whole]:.0f}; their total is {total[whole]:.0f}.",
                rows=[int(whole), *part.tolist()],
                cell=identified[int(cells.item[whole])].named(
                    catalogue.area_codes[int(cells.area[whole])],
                    breakdown_of(catalogue.breakdown_texts[int(cells.breakdown[whole])]),
                ),
                expected=f"{total[whole]:.0f}",
                actual=f"{together[whole]:.0f}",
                about=parts.what,
            )
        findings.more(code, max(len(wrong) - TOLD, 0))
