"""Check stored cells against what a submission may contain: an operator's check of a whole database."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import numpy as np
from msgspec import Struct

from api.submissions.cell_columns import MISSING, STATUS_INDEX, STATUSES, Cells, Column
from api.submissions.packed_cells import PackedCells, unpack_cells
from schema.submissions import MAX_COUNT, Status


class KnownCodes(Struct, frozen=True, kw_only=True):
    """The ids of a programme's areas and breakdowns, and that of the breakdown of totals."""

    areas: AbstractSet[int]
    breakdowns: AbstractSet[int]
    total: int | None


def find_faults(packed: PackedCells, known: KnownCodes) -> list[str]:
    """Return what is wrong with the cells of a revision: a code for each rule that they break."""
    if not all(packed.columns[:2]):
        return ["no-cells"]
    if any(column and len(column) not in {width * packed.count for width in (1, 2, 4, 8)} for column in packed.columns):
        return ["wrong-length"]
    cells = unpack_cells([0], [packed])
    return [code for code, is_broken in _check_rules(cells, packed, known) if is_broken]


def _check_rules(cells: Cells, packed: PackedCells, known: KnownCodes) -> Iterator[tuple[str, bool]]:
    """Yield each rule, and whether it is broken."""
    has_value, has_numerator, has_denominator, has_lower, has_upper = (
        column != MISSING for column in (cells.value, cells.numerator, cells.denominator, cells.lower, cells.upper)
    )
    is_confidential = cells.status == STATUS_INDEX[Status.CONFIDENTIAL]
    yield "duplicate-cell", len(np.unique(cells.cell_id)) < len(cells)
    yield "unknown-area", not _is_known(cells.area, known.areas)
    yield "unknown-breakdown", not _is_known(cells.breakdown, known.breakdowns)
    yield "unknown-status", bool((cells.status >= len(STATUSES)).any())
    yield "no-number-or-status", bool(((cells.status != 0) == (has_value | has_numerator)).any())
    yield "two-numbers", bool((has_value & has_numerator).any())
    yield "half-a-ratio", bool((has_numerator != has_denominator).any())
    yield "bounds-of-a-number", bool(((has_lower | has_upper) & ~is_confidential).any())
    yield "bounds-in-disorder", bool((has_lower & has_upper & (cells.lower > cells.upper)).any())
    yield "too-large", any(int(column.max()) > MAX_COUNT for column in (cells.value, cells.denominator, cells.upper))
    is_total = cells.breakdown == known.total
    yield "totals-not-first", not (is_total[: packed.totals].all() and not is_total[packed.totals :].any())


def _is_known(column: Column, ids: AbstractSet[int]) -> bool:
    return bool(np.isin(column, list(ids)).all())
