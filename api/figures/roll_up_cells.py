"""The roll-up of returned cells to areas and breakdowns, with the revisions that contribute to each result."""

from collections.abc import Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue
from api.plan.counted_sources import find_reset_day, select_counted_returns
from api.statistics.roll_up import FloatArray, IntArray, RollUpEntries, Tally, roll_up
from api.statistics.rounded_counts import get_rounding_margin
from api.submissions.cell_columns import MISSING, STATUS_INDEX, Cells, Column
from schema.measures import LAST_PERIOD_KINDS, RATIO_KINDS, MeasureKind
from schema.submissions import ReturnKind, Status

ReturnName = tuple[str, str, str]
"""The organisation, the service and the period of a return."""


class RollUpResult(Struct, frozen=True, kw_only=True):
    """The rolled-up count of one area and breakdown."""

    tally: Tally
    revisions: list[SelectedRevision] = []


def name_return(revision: SelectedRevision) -> ReturnName:
    return revision.organisation, revision.service, revision.period.code


class _SelectedCells(Struct, frozen=True, kw_only=True, eq=False):
    """Cells with the returns that they count for, and their groups. Row -1 is a 0 of a nil return."""

    rows: IntArray
    revisions: list[SelectedRevision]
    groups: list[int]


def roll_up_cells(
    query: ResolvedQuery, cells: Cells, catalogue: Catalogue, common: Sequence[Set[ReturnName]] | None = None
) -> list[RollUpResult]:
    """Return one result for each of the query's cell keys, in their order. A nil return counts as 0 everywhere.

    The nil return of a cumulative measure keeps the count of the return that the query pairs it with. `common` limits
    the returns of each cell key to those with these names.
    """
    selected = _select_cells(query, cells, catalogue)
    entries = _map_to_entries(query, cells, selected)
    has_value = ~np.isnan(entries.low if entries.denominator_low is None else entries.low + entries.denominator_low)
    if common is not None:
        names = zip(selected.revisions, selected.groups, strict=True)
        is_common = np.array([name_return(revision) in common[group] for revision, group in names], dtype=np.bool_)
        entries = _limit_entries(entries, ~has_value | is_common)
        has_value &= is_common
    tallies = roll_up(query.measure.kind, entries, groups=len(query.cell_keys), overlap=query.measure.overlap)
    contributing = _find_contributing_revisions(
        query.measure.kind, selected.revisions, selected.groups, has_value.tolist(), len(tallies)
    )
    return [
        RollUpResult(tally=tally, revisions=group_revisions)
        for tally, group_revisions in zip(tallies, contributing, strict=True)
    ]


def _select_cells(query: ResolvedQuery, cells: Cells, catalogue: Catalogue) -> _SelectedCells:
    """Select the cells of the returns that count, then those that nil returns repeat, then the zeros of the others."""
    areas = {catalogue.ids.areas[code]: index for index, code in enumerate([*query.areas, *query.comparator_areas])}
    breakdowns = {catalogue.ids.breakdowns[key]: index for index, key in enumerate(query.breakdowns)}
    counted = select_counted_returns(
        query.measure, query.series, (revision for revision in query.revisions if revision.is_counted), catalogue
    )
    by_id = {revision.id: revision for revision in counted}
    is_queried = np.isin(cells.area, list(areas)) & np.isin(cells.breakdown, list(breakdowns))
    rows = np.flatnonzero(is_queried & np.isin(cells.item, list(by_id)))
    revisions = [by_id[number] for number in cells.item[rows].tolist()]
    repeats = {nil.id: data for nil, data in query.repeated_returns if nil.id in by_id}
    for nil, data in repeats.items():
        repeated = np.flatnonzero(is_queried & (cells.item == data.id))
        rows = np.append(rows, repeated)
        revisions += [by_id[nil]] * repeated.size
    groups = [
        areas[area] * len(breakdowns) + breakdowns[breakdown]
        for area, breakdown in zip(cells.area[rows].tolist(), cells.breakdown[rows].tolist(), strict=True)
    ]
    zeros = [
        (revision, group)
        for revision in counted
        if revision.kind is ReturnKind.NIL and revision.id not in repeats
        for group in range(len(areas) * len(breakdowns))
    ]
    return _SelectedCells(
        rows=np.append(rows, np.full(len(zeros), -1)),
        revisions=[*revisions, *(revision for revision, _ in zeros)],
        groups=[*groups, *(group for _, group in zeros)],
    )


def _map_to_entries(query: ResolvedQuery, cells: Cells, selected: _SelectedCells) -> RollUpEntries:
    """Return an entry for each selected cell."""
    source_keys = sorted({(revision.organisation, revision.service) for revision in query.revisions})
    sources = {key: index for index, key in enumerate(source_keys)}
    revisions, is_ratio = selected.revisions, query.measure.kind in RATIO_KINDS
    # Row -1 selects the zero at the end.
    low, high, denominator = (
        np.append(numbers, 0.0)[selected.rows] for numbers in calculate_bounds(cells, is_ratio=is_ratio)
    )
    # A nil return counts exactly nobody.
    margin = np.array([get_rounding_margin(revision.rounded_to) for revision in revisions], dtype=np.float64)
    margin = np.where(selected.rows < 0, 0.0, margin)
    low, high = np.maximum(low - margin, 0), high + margin
    denominator_low, denominator_high = np.maximum(denominator - margin, 0), denominator + margin
    resets = [find_reset_day(query.series, revision.period.end).toordinal() for revision in revisions]
    return RollUpEntries(
        group=np.array(selected.groups, dtype=np.int64),
        source=np.array([sources[revision.organisation, revision.service] for revision in revisions], dtype=np.int64),
        period=np.array([revision.period.end.toordinal() for revision in revisions], dtype=np.int64),
        reset=np.array(resets, dtype=np.int64),
        low=low,
        high=high,
        denominator_low=denominator_low if is_ratio else None,
        denominator_high=denominator_high if is_ratio else None,
    )


def _limit_entries(entries: RollUpEntries, chosen: npt.NDArray[np.bool_]) -> RollUpEntries:
    columns = {name: getattr(entries, name) for name in entries.__struct_fields__}
    limited: dict[str, Any] = {name: column[chosen] for name, column in columns.items() if column is not None}
    return RollUpEntries(**limited)


def calculate_bounds(cells: Cells, *, is_ratio: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lower bounds, upper bounds and denominators of the cells; NaN if unknown.

    The bounds of a ratio are its numerator, which is NaN unless both of its numbers are known.
    """
    denominator = _replace_missing(cells.denominator, np.nan)
    if is_ratio:
        numerator = np.where(np.isnan(denominator), np.nan, _replace_missing(cells.numerator, np.nan))
        return numerator, numerator, denominator
    is_confidential = cells.status == STATUS_INDEX[Status.CONFIDENTIAL]
    value = _replace_missing(cells.value, np.nan)
    low = np.where(is_confidential, _replace_missing(cells.lower, 0), value)
    high = np.where(is_confidential, _replace_missing(cells.upper, np.inf), value)
    return low, high, denominator


def _replace_missing(column: Column, number: float) -> FloatArray:
    return np.where(column == MISSING, number, column).astype(np.float64)


def _find_contributing_revisions(
    kind: MeasureKind,
    revisions: Sequence[SelectedRevision],
    groups: Sequence[int],
    has_value: Sequence[bool],
    group_count: int,
) -> list[list[SelectedRevision]]:
    """Return the revisions that have a number in each group; of stocks and cumulative counts each source's last."""
    contributing: list[dict[tuple[str, ...], SelectedRevision]] = [{} for _ in range(group_count)]
    for revision, group, is_known in zip(revisions, groups, has_value, strict=True):
        if is_known:
            period_key = () if kind in LAST_PERIOD_KINDS else (revision.period.code,)
            key = (revision.organisation, revision.service, *period_key)
            last = contributing[group].setdefault(key, revision)
            if last.period.end < revision.period.end:
                contributing[group][key] = revision
    return [
        sorted(by_source.values(), key=lambda revision: (revision.organisation, revision.service, revision.period.end))
        for by_source in contributing
    ]
