"""Tier 4: the parts of each total must fit it. A confidential part counts by its bounds."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations
from math import prod

import numpy as np

from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.statistics.rounded_counts import get_rounding_margin
from api.submissions.cell_columns import MISSING, Cells, Column, Mask, to_column
from api.submissions.checks.cells import CellIndex
from api.submissions.checks.code_index import margin_positions
from api.submissions.checks.findings import Findings
from api.submissions.checks.missing_areas import check_areas_add_up
from api.submissions.checks.parts import Bounds, PartsOfTotals
from api.submissions.revisions import IdentifiedReturn
from schema.measures import RATIO_KINDS, MeasureKind
from schema.problems import CellName


def check_totals(
    index: CellIndex, returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Check that every breakdown has its total, and that the parts fit it, by each scheme and by area."""
    _check_totals_present(index, returns, catalogue, findings)
    is_ratio = np.array([submitted.measure.kind in RATIO_KINDS for submitted in returns], dtype=np.bool_)
    low, high = count_bounds(index.cells, is_ratio[index.cells.item])
    margin = np.array([get_rounding_margin(submitted.submitted.rounded_to) for submitted in returns])[index.cells.item]
    low, high = np.maximum(low - margin, 0), high + margin
    by_area = _parts_by_area(index, returns)
    for parts in chain(_parts_by_scheme(index, returns, catalogue), [by_area]):
        if parts.is_exclusive:
            _check_sums(parts, low, high, index, returns, catalogue, findings)
        elif (larger := parts.part_rows[low[parts.part_rows] > high[parts.total_rows]]).size:
            larger += index.first_row
            findings.add("part-exceeds-total", f"A part {parts.description} is larger than its total.", rows=larger)
    check_areas_add_up(index, by_area, low, high, returns, catalogue, findings)


def count_bounds(cells: Cells, is_ratio: Mask) -> tuple[Bounds, Bounds]:
    """Return the bounds of each cell's count, or of a ratio's denominator.

    A confidential count has the bounds that were sent. A bound that was not sent is 0 or infinity.
    """
    number = np.where(is_ratio, cells.denominator, cells.value)
    known = number != MISSING
    low = np.where(known, number, np.maximum(cells.lower, 0)).astype(np.float64)
    hidden_high = np.where(cells.upper != MISSING, cells.upper.astype(np.float64), np.inf)
    return low, np.where(known, number.astype(np.float64), hidden_high)


def _check_totals_present(
    index: CellIndex, returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    cells, area_ids = index.cells, index.codes.area_ids
    pairs = cells.item * len(area_ids) + index.area_position
    has_total = np.zeros(len(returns) * len(area_ids), dtype=np.bool_)
    has_total[pairs[cells.breakdown == catalogue.ids.breakdowns[TOTAL_KEY]]] = True
    rows_without_total = (~has_total[pairs]).nonzero()[0]
    faulty_pairs, groups = np.unique(pairs[rows_without_total], return_inverse=True)
    listed_pairs: list[int] = faulty_pairs[: findings.room_for("total-missing")].tolist()
    for pair, rows in zip(listed_pairs, _rows_by_group(rows_without_total, groups), strict=False):
        item, area = divmod(pair, len(area_ids))
        code = catalogue.area_codes[int(area_ids[area])]
        findings.add(
            "total-missing",
            f"There is no row for {catalogue.name_area(code)} without a category, which is the total of its parts.",
            rows=rows + index.first_row,
            cell=returns[item].cell_name(code, {}),
        )
    findings.count_unlisted("total-missing", len(faulty_pairs) - len(listed_pairs))
    duty_areas = to_column([catalogue.ids.areas[submitted.duty.area] for submitted in returns])
    sizes = np.bincount(cells.item, minlength=len(returns))
    duty_area_cells = np.bincount(cells.item[cells.area == duty_areas[cells.item]], minlength=len(returns))
    for item in map(int, ((sizes > 0) & (duty_area_cells == 0)).nonzero()[0][: findings.room_for("total-missing")]):
        submitted = returns[item]
        findings.add(
            "total-missing",
            f"{submitted.measure.slug} {submitted.period.code} has no row for "
            f"{catalogue.name_area(submitted.duty.area)}, the area of the duty.",
            cell=submitted.cell_name(submitted.duty.area, {}),
        )


def _rows_by_group(rows: Column, group: Column) -> list[Column]:
    """Return the rows of each group, in the order of the groups."""
    if not len(rows):
        return []
    order = np.argsort(group, kind="stable")
    return np.split(rows[order], (np.diff(group[order])).nonzero()[0] + 1)


def _parts_by_scheme(
    index: CellIndex, returns: Sequence[IdentifiedReturn], catalogue: Catalogue
) -> Iterator[PartsOfTotals]:
    measures = {submitted.measure.slug: submitted.measure for submitted in returns}
    schemes: dict[tuple[tuple[str, ...], bool, bool], set[str]] = {}
    for slug, scheme in ((slug, scheme) for slug, measure in measures.items() for scheme in measure.schemes):
        key = (tuple(sorted(scheme.dimensions)), scheme.exclusive, scheme.exhaustive)
        schemes.setdefault(key, set()).add(slug)
    for (dimensions, exclusive, exhaustive), slugs in schemes.items():
        uses_scheme = np.array([submitted.measure.slug in slugs for submitted in returns])
        has_dimensions = index.codes.masks_by_dimensions[frozenset(dimensions)][index.breakdown_position]
        rows = (has_dimensions & uses_scheme[index.cells.item]).nonzero()[0]
        for remaining in chain.from_iterable(combinations(dimensions, size) for size in range(len(dimensions))):
            if rows.size:
                margin = margin_positions(catalogue, frozenset(dimensions), remaining)
                complete = prod(len(catalogue.categories[d]) for d in dimensions if d not in remaining)
                yield _link_parts(
                    index,
                    rows,
                    index.area_position[rows],
                    margin[index.breakdown_position[rows]],
                    expected_parts=complete if exhaustive else None,
                    is_exclusive=exclusive,
                    description=f"by {' and '.join(dimensions)}",
                )


def _parts_by_area(index: CellIndex, returns: Sequence[IdentifiedReturn]) -> PartsOfTotals:
    """Return areas as parts of their parent areas, except for measures that count distinct people.

    A person can be counted in two wards in the same quarter, so distinct people in areas do not add up.
    """
    parent = index.codes.parent_position[index.area_position]
    adds_up = np.array([submitted.measure.kind is not MeasureKind.DISTINCT for submitted in returns], dtype=np.bool_)
    rows = (adds_up[index.cells.item] & (parent > 0)).nonzero()[0]
    return _link_parts(
        index,
        rows,
        parent[rows],
        index.breakdown_position[rows],
        expected_parts=None,
        is_exclusive=True,
        description="by area",
    )


def _link_parts(
    index: CellIndex,
    rows: Column,
    area: Column,
    breakdown: Column,
    *,
    expected_parts: int | None,
    is_exclusive: bool,
    description: str,
) -> PartsOfTotals:
    """Link these rows to the rows of their totals, which have this area and breakdown. Omit rows without a total."""
    total_rows = index.find_rows(index.cells.item[rows], area, breakdown)
    has_total = total_rows != MISSING
    return PartsOfTotals(
        part_rows=rows[has_total],
        total_rows=total_rows[has_total],
        expected_parts=expected_parts,
        is_exclusive=is_exclusive,
        description=description,
    )


def _check_sums(
    parts: PartsOfTotals,
    low: Bounds,
    high: Bounds,
    index: CellIndex,
    returns: Sequence[IdentifiedReturn],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    size = len(low)
    part_count = np.bincount(parts.total_rows, minlength=size)
    lowest_sum = np.bincount(parts.total_rows, weights=low[parts.part_rows], minlength=size)
    highest_sum = np.bincount(parts.total_rows, weights=high[parts.part_rows], minlength=size)
    above = (part_count > 0) & (lowest_sum > high)
    below = np.zeros(size, dtype=np.bool_)
    if parts.expected_parts is not None:
        below = (part_count > 0) & (highest_sum < low)
    if not (above | below).any():
        return
    incomplete = below & (part_count != parts.expected_parts)

    def name_cell(row: int) -> CellName:
        return returns[int(index.cells.item[row])].cell_name(**index.cells.read_codes(row, catalogue))

    for code, bound, is_faulty, sums, total_bounds in (
        ("sum-exceeds-total", "at least", above, lowest_sum, high),
        ("sum-below-total", "at most", below & ~incomplete, highest_sum, low),
        ("categories-missing", "at most", incomplete, highest_sum, low),
    ):
        _add_sum_faults(code, bound, is_faulty, sums, total_bounds, parts, index.first_row, name_cell, findings)


def _add_sum_faults(
    code: str,
    bound: str,
    is_faulty: Mask,
    sums: Bounds | Column,
    totals: Bounds,
    parts: PartsOfTotals,
    first_row: int,
    name_cell: Callable[[int], CellName],
    findings: Findings,
) -> None:
    """Add a finding for each faulty total. `sums` and `totals` are the bounds that were compared, by row."""
    faulty_rows = is_faulty.nonzero()[0]
    listed_rows: list[int] = faulty_rows[: findings.room_for(code)].tolist()
    links = np.isin(parts.total_rows, listed_rows).nonzero()[0]
    part_rows = _rows_by_group(parts.part_rows[links], parts.total_rows[links])
    for total_row, rows in zip(listed_rows, part_rows, strict=True):
        findings.add(
            code,
            f"The parts {parts.description} add up to {bound} {sums[total_row]:.0f}, but their total is "
            f"{totals[total_row]:.0f}.",
            rows=np.append(total_row, rows) + first_row,
            cell=name_cell(total_row),
            expected=f"{totals[total_row]:.0f}",
            actual=f"{sums[total_row]:.0f}",
            id_detail=parts.description,
        )
    findings.count_unlisted(code, len(faulty_rows) - len(listed_rows))
