"""The third tier: within a return, parts must fit their totals, hidden parts counted by their bounds."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.plan.breakdowns import TOTAL_KEY, parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.submissions.checks.cells import CellIndex
from api.submissions.checks.code_index import margin_positions
from api.submissions.checks.findings import Findings
from api.submissions.revisions import MISSING, Cells, Column, IdentifiedReturn, Mask
from schema.areas import Scheme
from schema.measures import RATIO_KINDS, MeasureKind

MAX_LISTED_FAULTS = 1000  # of one kind of fault; beyond it a number says enough
Bounds = npt.NDArray[np.float64]


class PartsOfTotals(Struct, frozen=True, kw_only=True, eq=False):
    """Cells that are parts of other cells of the same return."""

    part_rows: Column
    total_rows: Column  # for each part, the row of its total
    expected_parts: int | None  # how many parts a whole has in all; None where that cannot be known
    is_exclusive: bool
    description: str


def check_totals(
    cells: Cells, grid: CellIndex, identified: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Every breakdown has its total; parts fit it, by each scheme and by area."""
    _check_totals_present(cells, grid, identified, catalogue, findings)
    low, high = count_bounds(
        cells, np.array([one.measure.kind in RATIO_KINDS for one in identified], dtype=np.bool_)[cells.item]
    )
    for parts in (*_parts_by_scheme(cells, grid, identified, catalogue), _parts_by_area(cells, grid, identified)):
        if parts.is_exclusive:
            _check_sums(parts, low, high, cells, identified, catalogue, findings)
        elif (larger := parts.part_rows[low[parts.part_rows] > high[parts.total_rows]]).size:
            findings.add("part-exceeds-total", f"A part {parts.description} is larger than its total.", rows=larger)


def count_bounds(cells: Cells, is_ratio: Mask) -> tuple[Bounds, Bounds]:
    """What each cell's count (a ratio's denominator) lies between.

    Of a hidden count its own bounds are known at best, of a missing one nothing: at least 0, at most infinite.
    """
    number = np.where(is_ratio, cells.denominator, cells.value)
    known = number != MISSING
    low = np.where(known, number, np.maximum(cells.lower, 0)).astype(np.float64)
    hidden_high = np.where(cells.upper != MISSING, cells.upper.astype(np.float64), np.inf)
    return low, np.where(known, number.astype(np.float64), hidden_high)


def _check_totals_present(
    cells: Cells, grid: CellIndex, identified: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    pair = cells.item * len(grid.area_ids) + grid.area_position
    has_total = np.zeros(len(identified) * len(grid.area_ids), dtype=np.bool_)
    has_total[pair[cells.breakdown == catalogue.ids.breakdowns[TOTAL_KEY]]] = True
    lacking = np.flatnonzero(~has_total[pair])
    pairs, group = np.unique(pair[lacking], return_inverse=True)
    keys: list[int] = pairs[:MAX_LISTED_FAULTS].tolist()
    for key, found in zip(keys, _rows_by_group(lacking, group), strict=False):
        item, area = divmod(key, len(grid.area_ids))
        code = catalogue.area_codes[int(grid.area_ids[area])]
        findings.add(
            "total-missing",
            f"There is a breakdown without its total for {code}.",
            rows=found,
            cell=identified[item].cell_name(code, {}),
        )
    findings.count_unlisted("total-missing", max(len(pairs) - MAX_LISTED_FAULTS, 0))
    areas = np.array([catalogue.ids.areas[one.duty.area] for one in identified], dtype=np.int64)
    sizes = np.bincount(cells.item, minlength=len(identified))
    totals = np.bincount(cells.item[cells.area == areas[cells.item]], minlength=len(identified))
    for item in map(int, np.flatnonzero((sizes > 0) & (totals == 0))[:MAX_LISTED_FAULTS]):
        one = identified[item]
        findings.add(
            "total-missing",
            f"{one.measure.slug} {one.period.code} has no total for {one.duty.area}.",
            rows=np.flatnonzero(cells.item == item)[:1],
            cell=one.cell_name(one.duty.area, {}),
        )


def _rows_by_group(rows: Column, group: Column) -> list[Column]:
    """The rows of each group, in the order of the groups."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    return np.split(rows[order], starts[1:]) if len(rows) else []


def _parts_by_scheme(
    cells: Cells, grid: CellIndex, identified: Sequence[IdentifiedReturn], catalogue: Catalogue
) -> Iterator[PartsOfTotals]:
    measures = {one.measure.slug: one.measure for one in identified}
    schemes: dict[tuple[str, ...], list[tuple[str, Scheme]]] = {}
    for measure in measures.values():
        for scheme in measure.schemes:
            schemes.setdefault(tuple(sorted(scheme.dimensions)), []).append((measure.slug, scheme))
    for dimensions, uses in schemes.items():
        broken_down = grid.codes.masks_by_dimensions[frozenset(dimensions)][grid.breakdown_position]
        if not broken_down.any():
            continue
        for exclusive, exhaustive in sorted({(scheme.exclusive, scheme.exhaustive) for _, scheme in uses}):
            using = {slug for slug, s in uses if (s.exclusive, s.exhaustive) == (exclusive, exhaustive)}
            mine = broken_down & np.array([one.measure.slug in using for one in identified])[cells.item]
            for size in range(len(dimensions)):
                for kept in combinations(dimensions, size):
                    yield _parts_of_margin(
                        cells, grid, np.flatnonzero(mine), dimensions, kept, catalogue, exclusive, exhaustive
                    )


def _parts_of_margin(
    cells: Cells,
    grid: CellIndex,
    mine: Column,
    dimensions: Sequence[str],
    kept: Sequence[str],
    catalogue: Catalogue,
    exclusive: bool,
    exhaustive: bool,
) -> PartsOfTotals:
    margin = margin_positions(catalogue, frozenset(dimensions), tuple(kept))
    complete = int(np.prod([len(catalogue.categories[d]) for d in dimensions if d not in kept]))
    return _link_parts(
        mine,
        grid.find_rows(cells.item[mine], grid.area_position[mine], margin[grid.breakdown_position[mine]]),
        expected_parts=complete if exhaustive else None,
        is_exclusive=exclusive,
        description=f"by {' and '.join(dimensions)}",
    )


def _parts_by_area(cells: Cells, grid: CellIndex, identified: Sequence[IdentifiedReturn]) -> PartsOfTotals:
    """One person may be counted in two wards of a quarter, so areas of distinct people are no parts of a sum."""
    parent = grid.codes.parent_position[grid.area_position]
    mine = np.array([one.measure.kind is not MeasureKind.DISTINCT for one in identified], dtype=np.bool_)[cells.item]
    mine = np.flatnonzero(mine & (parent > 0))
    return _link_parts(
        mine,
        grid.find_rows(cells.item[mine], parent[mine], grid.breakdown_position[mine]),
        expected_parts=None,
        is_exclusive=True,
        description="by area",
    )


def _link_parts(
    part: Column, whole: Column, *, expected_parts: int | None, is_exclusive: bool, description: str
) -> PartsOfTotals:
    there = whole != MISSING
    return PartsOfTotals(
        part_rows=part[there],
        total_rows=whole[there],
        expected_parts=expected_parts,
        is_exclusive=is_exclusive,
        description=description,
    )


def _check_sums(
    parts: PartsOfTotals,
    low: Bounds,
    high: Bounds,
    cells: Cells,
    identified: Sequence[IdentifiedReturn],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    size = len(low)
    number = np.bincount(parts.total_rows, minlength=size)
    lowest = np.bincount(parts.total_rows, weights=low[parts.part_rows], minlength=size)
    highest = np.bincount(parts.total_rows, weights=high[parts.part_rows], minlength=size)
    above = (number > 0) & (lowest > high)
    below = (number > 0) & (highest < low) if parts.expected_parts is not None else np.zeros(size, dtype=np.bool_)
    if not (above | below).any():
        return
    missing = below & (number != parts.expected_parts)
    faults = [
        ("sum-exceeds-total", above, "at least", lowest, high),
        ("sum-below-total", below & ~missing, "at most", highest, low),
        ("categories-missing", missing, "at most", highest, low),
    ]
    for code, faulty, bound, together, total in faults:
        wrong = np.flatnonzero(faulty)
        mine = np.flatnonzero(np.isin(parts.total_rows, wrong[:MAX_LISTED_FAULTS]))
        for whole, part in zip(
            wrong[:MAX_LISTED_FAULTS], _rows_by_group(parts.part_rows[mine], parts.total_rows[mine]), strict=True
        ):
            findings.add(
                code,
                f"The parts {parts.description} add up to {bound} {together[whole]:.0f}; "
                f"their total is {total[whole]:.0f}.",
                rows=[int(whole), *part.tolist()],
                cell=identified[int(cells.item[whole])].cell_name(
                    catalogue.area_codes[int(cells.area[whole])],
                    parse_breakdown_key(catalogue.breakdown_keys[int(cells.breakdown[whole])]),
                ),
                expected=f"{total[whole]:.0f}",
                actual=f"{together[whole]:.0f}",
                id_detail=parts.description,
            )
        findings.count_unlisted(code, max(len(wrong) - MAX_LISTED_FAULTS, 0))
