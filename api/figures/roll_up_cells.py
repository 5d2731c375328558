"""The roll-up of returned cells to areas and breakdowns, with the revisions that contribute to each result."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue
from api.statistics.roll_up import FloatArray, RollUpEntries, Tally, roll_up
from api.submissions.cell_columns import MISSING, STATUS_INDEX, Cells, Column
from schema.measures import RATIO_KINDS, MeasureKind
from schema.submissions import ReturnKind, Status

LATEST_PERIOD_KINDS = frozenset({MeasureKind.STOCK, MeasureKind.CUMULATIVE})
"""The kinds for which only the last period of a source counts."""


class RollUpResult(Struct, frozen=True, kw_only=True):
    """The rolled-up count of one area and breakdown."""

    tally: Tally
    revisions: list[SelectedRevision] = []


def roll_up_cells(query: ResolvedQuery, cells: Cells, catalogue: Catalogue) -> list[RollUpResult]:
    """Return one result for each of the query's cell keys, in their order. A nil return counts as 0 everywhere."""
    areas = {catalogue.ids.areas[code]: index for index, code in enumerate([*query.areas, *query.comparator_areas])}
    breakdowns = {catalogue.ids.breakdowns[key]: index for index, key in enumerate(query.breakdowns)}
    counted = [revision for revision in query.revisions if revision.is_counted]
    revision_by_id = {revision.id: revision for revision in counted}
    is_selected = (
        np.isin(cells.item, list(revision_by_id))
        & np.isin(cells.area, list(areas))
        & np.isin(cells.breakdown, list(breakdowns))
    )
    nil_entries = [
        (revision, group)
        for revision in counted
        if revision.kind is ReturnKind.NIL
        for group in range(len(areas) * len(breakdowns))
    ]
    revisions = [revision_by_id[number] for number in cells.item[is_selected].tolist()]
    revisions += [revision for revision, _ in nil_entries]
    groups = [
        areas[area] * len(breakdowns) + breakdowns[breakdown]
        for area, breakdown in zip(cells.area[is_selected].tolist(), cells.breakdown[is_selected].tolist(), strict=True)
    ] + [group for _, group in nil_entries]
    entries = _map_to_entries(query, cells, is_selected, revisions, groups)
    kind = query.measure.kind
    tallies = roll_up(kind, entries, groups=len(query.cell_keys), overlap=query.measure.overlap)
    has_value = ~np.isnan(entries.low if entries.denominator_low is None else entries.low + entries.denominator_low)
    contributing = _find_contributing_revisions(kind, revisions, groups, has_value.tolist(), len(tallies))
    return [
        RollUpResult(tally=tally, revisions=group_revisions)
        for tally, group_revisions in zip(tallies, contributing, strict=True)
    ]


def _map_to_entries(
    query: ResolvedQuery,
    cells: Cells,
    is_selected: npt.NDArray[np.bool_],
    revisions: Sequence[SelectedRevision],
    groups: Sequence[int],
) -> RollUpEntries:
    """Return an entry for each selected cell, then one for each nil entry."""
    source_keys = sorted({(revision.organisation, revision.service) for revision in query.revisions})
    sources = {key: index for index, key in enumerate(source_keys)}
    is_ratio = query.measure.kind in RATIO_KINDS
    low, high, denominator = calculate_bounds(cells, is_ratio=is_ratio)
    zeros = np.zeros(len(revisions) - np.count_nonzero(is_selected))
    denominator = np.append(denominator[is_selected], zeros)
    return RollUpEntries(
        group=np.array(groups, dtype=np.int64),
        source=np.array([sources[revision.organisation, revision.service] for revision in revisions], dtype=np.int64),
        period=np.array([revision.period.end.toordinal() for revision in revisions], dtype=np.int64),
        low=np.append(low[is_selected], zeros),
        high=np.append(high[is_selected], zeros),
        denominator_low=denominator if is_ratio else None,
        denominator_high=denominator if is_ratio else None,
    )


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
            period_key = () if kind in LATEST_PERIOD_KINDS else (revision.period.code,)
            key = (revision.organisation, revision.service, *period_key)
            last = contributing[group].setdefault(key, revision)
            if last.period.end < revision.period.end:
                contributing[group][key] = revision
    return [
        sorted(by_source.values(), key=lambda revision: (revision.organisation, revision.service, revision.period.end))
        for by_source in contributing
    ]
