"""Tier 3: check each cell without the others."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, STATUSES, Cells, Column, Mask, to_column
from api.submissions.checks.code_index import CodeIndex, build_code_index, finest_level
from api.submissions.checks.findings import Findings
from api.submissions.checks.resolved_codes import group_listed_rows
from api.submissions.revisions import IdentifiedReturn
from schema.measures import RATIO_KINDS, Measure, MeasureKind
from schema.submissions import Status

BLOCK_CELLS = 2**15  # checked at once, with the rest of the last return


class CellIndex(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Cells of whole returns, with the positions of their areas and breakdowns in the plan's code index.

    A check evaluates each area or breakdown once and applies the result to all its cells.
    """

    cells: Cells
    codes: CodeIndex
    area_position: Column
    breakdown_position: Column
    first_row: int = 0  # of these cells, in the submission

    def split(self) -> Iterator["CellIndex"]:
        """Yield blocks of whole returns, so that a check needs the memory of a block alone."""
        item, start = self.cells.item, 0
        if len(item) <= BLOCK_CELLS:
            yield self
            return
        while start < len(item):
            last = min(start + BLOCK_CELLS, len(item)) - 1
            end = int(np.searchsorted(item, item[last : last + 1], side="right")[0])
            yield CellIndex(
                cells=self.cells.slice_rows(slice(start, end)),
                codes=self.codes,
                area_position=self.area_position[start:end],
                breakdown_position=self.breakdown_position[start:end],
                first_row=start,
            )
            start = end

    def _combined_key(self, item: Column, area: Column, breakdown: Column) -> Column:
        """Return one number for each cell, because one number sorts faster than three."""
        return (item * len(self.codes.area_ids) + area) * len(self.codes.breakdown_ids) + breakdown

    @cached_property
    def _sorted_keys(self) -> tuple[Column, Column]:
        """The keys in order, and the rows that they belong to."""
        keys = self._combined_key(self.cells.item, self.area_position, self.breakdown_position)
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def duplicate_rows(self) -> Column:
        """Return the rows that repeat an earlier cell."""
        keys, order = self._sorted_keys
        rows = np.sort(order[1:][keys[1:] == keys[:-1]])
        return rows[(self.area_position[rows] > 0) & (self.breakdown_position[rows] > 0)]

    def find_rows(self, item: Column, area: Column, breakdown: Column) -> Column:
        """Return the row of each cell, or MISSING if the return does not have it."""
        known, order = self._sorted_keys
        keys = self._combined_key(item, area, breakdown)
        indices = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        return np.where((known[indices] == keys) & (area > 0) & (breakdown > 0), order[indices], MISSING)


def index_cells(cells: Cells, catalogue: Catalogue) -> CellIndex:
    codes = build_code_index(catalogue)
    return CellIndex(
        cells=cells,
        codes=codes,
        area_position=np.searchsorted(codes.area_ids, cells.area),
        breakdown_position=np.searchsorted(codes.breakdown_ids, cells.breakdown),
    )


def check_cells(
    index: CellIndex, returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Check the area, breakdown and numbers of each cell, and that no cell is repeated."""
    _check_areas(index, returns, catalogue, findings)
    _check_breakdowns(index, returns, catalogue, findings)
    for block in index.split():
        _check_number_forms(block, returns, findings)
    for block in index.split():
        if (rows := block.duplicate_rows()).size:
            rows += block.first_row
            findings.add("duplicate-cell", "The return already has this area and breakdown.", rows=rows)


def _distinct_keys(keys: Column, size: int) -> list[int]:
    """Return the distinct keys, sorted. All are below `size`, which is small, so that no sort is needed."""
    is_present = np.zeros(size, dtype=np.bool_)
    is_present[keys] = True
    return is_present.nonzero()[0].tolist()


def _check_areas(
    index: CellIndex, returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Check that each area is inside the area of the duty."""
    size = len(index.codes.area_ids)
    duty_areas = list(dict.fromkeys(submitted.duty.area for submitted in returns))
    duty_index = to_column([duty_areas.index(submitted.duty.area) for submitted in returns])
    pairs = duty_index[index.cells.item] * size + index.area_position

    def area_and_duty(pair: int) -> tuple[str, str]:
        return catalogue.area_codes[int(index.codes.area_ids[pair % size])], duty_areas[pair // size]

    known = [pair for pair in _distinct_keys(pairs, len(duty_areas) * size) if pair % size]
    outside = [pair for pair in known if not catalogue.is_within(*area_and_duty(pair))]
    for pair, rows in group_listed_rows(pairs, outside, "area-outside-duty", findings):
        area, duty_area = area_and_duty(pair)
        findings.add(
            "area-outside-duty",
            f"{area} is not inside {duty_area}.",
            rows=rows,
            column="area",
            expected=f"{duty_area}, or an area inside it",
            actual=area,
        )


def _check_breakdowns(
    index: CellIndex, returns: Sequence[IdentifiedReturn], catalogue: Catalogue, findings: Findings
) -> None:
    """Check that the measure is collected by each breakdown, and for areas of this level."""
    size = len(index.codes.breakdown_ids)
    measures = list({submitted.measure.slug: submitted.measure for submitted in returns}.values())
    measure_index = {measure.slug: position for position, measure in enumerate(measures)}
    return_measures = to_column([measure_index[submitted.measure.slug] for submitted in returns])
    pairs = return_measures[index.cells.item] * size + index.breakdown_position
    known = [pair for pair in _distinct_keys(pairs, len(measures) * size) if pair % size]
    finest = {pair: finest_level(catalogue, measures[pair // size].slug, pair % size) for pair in known}

    def measure_and_dimensions(pair: int) -> tuple[Measure, str]:
        breakdown_id = int(index.codes.breakdown_ids[pair % size])
        return measures[pair // size], " and ".join(sorted(catalogue.get_breakdown_dimensions(breakdown_id)))

    not_collected = [pair for pair in known if finest[pair] is None]
    for pair, rows in group_listed_rows(pairs, not_collected, "breakdown-not-collected", findings):
        measure, dimensions = measure_and_dimensions(pair)
        findings.add(
            "breakdown-not-collected",
            f"{measure.slug} is not collected by {dimensions}.",
            rows=rows,
            expected=" or ".join(" and ".join(s.dimensions) for s in measure.schemes) or "only the total",
            actual=dimensions,
        )
    too_fine = _find_too_fine(index, pairs, finest, catalogue, len(measures) * size)
    too_fine_pairs = _distinct_keys(pairs[too_fine != MISSING], len(measures) * size)
    for pair, rows in group_listed_rows(too_fine, too_fine_pairs, "area-too-fine", findings):
        measure, dimensions = measure_and_dimensions(pair)
        suffix = f" by {dimensions}" if dimensions else ""
        findings.add(
            "area-too-fine",
            f"{measure.slug}{suffix} is not collected below the level {finest[pair]}.",
            rows=rows,
            column="area",
            expected=f"{finest[pair]} or wider",
        )


def _find_too_fine(
    index: CellIndex, pairs: Column, finest: dict[int, str | None], catalogue: Catalogue, size: int
) -> Column:
    """Return the pair of each cell whose area is below the finest level, and MISSING for all other cells."""
    levels = catalogue.level_ranks
    max_rank = np.full(size, len(levels), dtype=np.int64)
    for pair, level in finest.items():
        max_rank[pair] = len(levels) if level is None else levels[level]
    return np.where(index.codes.level_rank[index.area_position] > max_rank[pairs], pairs, MISSING)


def _check_number_forms(index: CellIndex, returns: Sequence[IdentifiedReturn], findings: Findings) -> None:
    """Check that each cell has a number in the measure's form, or a status."""
    cells = index.cells
    kinds = [submitted.measure.kind for submitted in returns]
    is_ratio = np.array([kind in RATIO_KINDS for kind in kinds], dtype=np.bool_)[cells.item]
    is_proportion = np.array([kind is MeasureKind.PROPORTION for kind in kinds], dtype=np.bool_)[cells.item]
    has_value, has_numerator, has_denominator, has_lower, has_upper = (
        getattr(cells, name) != MISSING for name in NUMBER_FIELDS
    )
    has_ratio = has_numerator | has_denominator
    has_number = has_value | has_ratio
    has_status = cells.status != 0
    has_bounds = has_lower | has_upper
    is_confidential = cells.status == STATUSES.index(Status.CONFIDENTIAL)
    faults: list[tuple[str, str, Mask]] = [
        ("value-missing", "There is neither a number nor a status.", ~has_number & ~has_status),
        ("value-and-status", "There is both a number and a status.", has_number & has_status),
        ("wrong-value-fields", "The measure is a count: send its number in `value`.", ~is_ratio & has_ratio),
        (
            "wrong-value-fields",
            "The measure is a ratio: send `numerator` and `denominator`, and no `value`.",
            is_ratio & has_number & ~(has_numerator & has_denominator & ~has_value),
        ),
        (
            "numerator-above-denominator",
            "The numerator is larger than the denominator.",
            is_proportion & has_numerator & has_denominator & (cells.numerator > cells.denominator),
        ),
        ("bounds-without-c", "There are bounds without the status `c`.", has_bounds & ~is_confidential),
        ("bounds-reversed", "`lower` is larger than `upper`.", has_lower & has_upper & (cells.lower > cells.upper)),
    ]
    for code, message, is_faulty in faults:
        if (rows := is_faulty.nonzero()[0]).size:
            findings.add(code, message, rows=rows + index.first_row)
