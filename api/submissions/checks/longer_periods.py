"""Tier 5: compare the distinct counts of a longer period with those of the periods inside it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import numpy as np
from msgspec import Struct

from api.plan.catalogue import Catalogue
from api.plan.counted_sources import list_longest_periods
from api.plan.periods import list_own_period_types
from api.statistics import periods
from api.submissions import diff
from api.submissions.cell_columns import Cells, Column
from api.submissions.checks.findings import Findings
from api.submissions.checks.totals import Bounds, count_bounds
from api.submissions.revisions import IdentifiedReturn, ReturnKey, ReturnTotal
from schema.periods import Period
from schema.problems import CellName
from schema.submissions import ReturnKind

CellsWithRows = tuple[Cells, Column | None]
"""The cells of a return, and their rows if the return is in this submission."""


class LongerReturn(Struct, frozen=True, kw_only=True):
    """A return for a longer period of a distinct measure, and the returns for the periods inside it."""

    key: ReturnKey
    inner: tuple[ReturnKey, ...]
    parts: tuple[ReturnKey, ...]
    """The returns among `inner` that add up to the longer period; empty if none do."""

    @property
    def keys(self) -> tuple[ReturnKey, ...]:
        return (self.key, *self.inner)


def find_longer_returns(returns: Sequence[IdentifiedReturn], past: Sequence[ReturnTotal]) -> list[LongerReturn]:
    """Return the longer periods that the submission returns, or into which it returns a period."""
    longer_returns: set[LongerReturn] = set()
    for identified in returns:
        own_types, source = list_own_period_types(identified.measure), identified.key[:3]
        if not own_types:
            continue
        kinds = {total.period: total.kind for total in past if total.key[:3] == source}
        kinds |= {r.period: r.submitted.kind for r in returns if r.key[:3] == source}
        returned = [period for period, kind in kinds.items() if kind is not ReturnKind.WITHDRAWN]
        for longer in returned:
            inner = [other for other in returned if periods.contains(longer, other) and other != longer]
            if inner and longer.type in own_types and periods.contains(longer, identified.period):
                longer_returns.add(_make_longer_return(source, longer, inner))
    return sorted(longer_returns, key=lambda one: one.key)


def _make_longer_return(source: tuple[str, ...], longer: Period, inner: Sequence[Period]) -> LongerReturn:
    measure, series, service = source
    parts = list_longest_periods(inner)
    is_whole = sum(periods.count_months(part) for part in parts) == periods.count_months(longer)
    return LongerReturn(
        key=(measure, series, service, longer.code),
        inner=tuple(sorted((measure, series, service, one.code) for one in inner)),
        parts=tuple(sorted((measure, series, service, one.code) for one in parts)) if is_whole else (),
    )


def check_distinct_counts(
    longer_returns: Sequence[LongerReturn],
    cells_by_return: Mapping[ReturnKey, CellsWithRows],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    """Add a finding for each cell whose count is certainly below one inside it, or above the sum of its parts."""
    for longer in longer_returns:
        whole, rows = cells_by_return[longer.key]
        low, high = _find_bounds(whole)
        for key in longer.inner:
            inner, inner_rows = cells_by_return[key]
            at, of_inner = diff.match_keys(whole.cell_id, inner.cell_id)
            least = _find_bounds(inner)[0]
            is_below = high[at] < least[of_inner]
            for cell, other in zip(at[is_below].tolist(), of_inner[is_below].tolist(), strict=True):
                places = _list_rows(rows, cell) or _list_rows(inner_rows, other)
                expected = f"at least {least[other]:.0f}, the count of {key[3]}"
                _add_finding(longer.key, whole, cell, places, f"{high[cell]:.0f}", expected, catalogue, findings)
        for cell, greatest, places in _find_excess(longer, cells_by_return):
            expected = f"at most {greatest:.0f}, the sum of {', '.join(key[3] for key in longer.parts)}"
            _add_finding(longer.key, whole, cell, places, f"{low[cell]:.0f}", expected, catalogue, findings)


def _find_excess(
    longer: LongerReturn, cells_by_return: Mapping[ReturnKey, CellsWithRows]
) -> Iterator[tuple[int, float, list[int]]]:
    """Yield each cell that exceeds the sum of its parts, all of which have it, with the sum and the rows concerned."""
    if not longer.parts:
        return
    whole, rows = cells_by_return[longer.key]
    parts = [cells_by_return[key] for key in longer.parts]
    shared = reduce(np.intersect1d, [part.cell_id for part, _ in parts], whole.cell_id)
    cells = diff.match_keys(shared, whole.cell_id)[1]
    in_parts = [diff.match_keys(shared, part.cell_id)[1] for part, _ in parts]
    greatest = np.sum([_find_bounds(part)[1][at] for (part, _), at in zip(parts, in_parts, strict=True)], axis=0)
    is_above = _find_bounds(whole)[0][cells] > greatest
    for number in np.flatnonzero(is_above).tolist():
        of_parts = [
            row for (_, part_rows), at in zip(parts, in_parts, strict=True) for row in _list_rows(part_rows, at[number])
        ]
        cell = int(cells[number])
        yield cell, float(greatest[number]), _list_rows(rows, cell) or of_parts


def _find_bounds(cells: Cells) -> tuple[Bounds, Bounds]:
    return count_bounds(cells, np.zeros(len(cells), dtype=np.bool_))


def _list_rows(rows: Column | None, cell: int) -> list[int]:
    return [] if rows is None else [int(rows[cell])]


def _add_finding(
    key: ReturnKey,
    cells: Cells,
    cell: int,
    rows: list[int],
    actual: str,
    expected: str,
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    measure, series, service, period = key
    findings.add(
        "distinct-outside-bounds",
        f"{measure} is {actual} in {period}, but the periods inside it allow {expected}.",
        rows=rows,
        cell=CellName(
            measure=measure, series=series, service=service, period=period, **cells.read_codes(cell, catalogue)
        ),
        expected=expected,
        actual=actual,
    )
