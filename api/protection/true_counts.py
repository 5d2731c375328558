"""True counts: what one organisation returned, node by node, either exactly known or unknown.

A cell that was not returned as a number is unknown, even if the other cells leave nothing for it: otherwise, that it is
displayed or not would reveal whether they do. A nil return is 0 everywhere. If the cells of a return contradict each
other (a warning that a provider answered with a justification), the finer cells become unknown and only the total is
used. Each service of an organisation is read separately, so that one service never fills the gaps of another.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.figures.returns_data import SelectedRevision
from api.figures.roll_up_cells import calculate_bounds
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.protection import cell_inference
from api.protection.cell_inference import NOT_RETURNED, UNKNOWN, PartTables, TableCounts
from api.protection.scopes import AuditScope
from api.statistics.disclosure.lattice import Nodes, Table, build_nodes, locate_nodes
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from api.submissions.cell_columns import Cells, look_up_numbers
from schema.measures import MeasureKind
from schema.submissions import ReturnKind


class TrueCounts(Struct, frozen=True, kw_only=True, eq=False):
    """The true counts of an organisation in a scope, by node. They are not for publication."""

    counts: IntArray
    """0 where the count is not known."""
    known: BoolArray
    unknown: BoolArray
    """Nodes for which the organisation returned something, but no exact count. Other nodes were not returned at all."""
    confidential: BoolArray
    """Unknown nodes that the organisation returned as confidential."""


class ReturnedCounts(Struct, kw_only=True, eq=False):
    """The returned counts of one part: by service (until services are summed), period, area and code."""

    part: PartTables
    counts: TableCounts
    confidential: dict[tuple[str, ...], BoolArray]
    return_counts: IntArray
    """The number of returns, by service (until services are summed), and by period."""


CountsByPart = Mapping[str | None, ReturnedCounts]


def calculate_true_counts(
    scope: AuditScope,
    lattice: Nodes,
    catalogue: Catalogue,
    returns: Sequence[SelectedRevision],
    cells: Cells,
) -> TrueCounts:
    """Place the returns of one organisation on the nodes of a lattice. `returns` are those of the scope.

    The lattice may have nodes of earlier plan versions. Those that the plan no longer has are unknown.
    """
    plan_nodes = build_nodes(scope.shape)
    node_ids = locate_nodes(plan_nodes, lattice)
    services = sorted({revision.service for revision in returns})
    returned = _sum_all_services(scope, _read_returned_counts(scope, catalogue, returns, services, cells))
    counts, confidential = np.full(lattice.size, UNKNOWN), np.zeros(lattice.size, dtype=np.bool_)
    counts[node_ids], confidential[node_ids] = _map_to_nodes(scope, plan_nodes, returned)
    return TrueCounts(
        counts=np.maximum(counts, 0),
        known=counts >= 0,
        unknown=counts == UNKNOWN,
        confidential=confidential & (counts == UNKNOWN),
    )


def _read_returned_counts(
    scope: AuditScope,
    catalogue: Catalogue,
    revisions: Sequence[SelectedRevision],
    services: Sequence[str],
    cells: Cells,
) -> dict[str | None, ReturnedCounts]:
    """Return the counts of each service separately, part by part."""
    counts_by_part: dict[str | None, ReturnedCounts] = {}
    period_codes = list(scope.collected_periods)
    for member in scope.members:
        is_ratio = member.measure.kind is MeasureKind.PROPORTION
        low, high, base = calculate_bounds(cells, is_ratio=is_ratio)
        is_exact = low == high  # False for NaN
        numbers_by_part = {member.part: np.where(is_exact, low, UNKNOWN)}
        if is_ratio and member is scope.members[0]:
            numbers_by_part[None] = np.where(is_exact, base, UNKNOWN)
        returns = {
            r.id: (services.index(r.service), period_codes.index(r.period.code), r)
            for r in revisions
            if (r.measure, r.series) == member.key
        }
        for part, numbers in numbers_by_part.items():
            returned = _make_empty_counts(scope, part, len(services))
            _fill_counts(returned, catalogue, returns, cells, numbers)
            if member.measure.kind is MeasureKind.CUMULATIVE:
                _keep_counts_of_nil_returns(returned, returns)
            has_return = (returned.return_counts > 0)[..., None, None]
            inferred = returned.part.infer_missing(returned.counts)
            returned.counts = {
                key: np.where(~has_return, NOT_RETURNED, np.where(cells >= 0, inferred[key], UNKNOWN))
                for key, cells in returned.counts.items()
            }
            counts_by_part[part] = returned
    if scope.members[0].measure.kind is MeasureKind.CUMULATIVE:
        for returned in counts_by_part.values():
            _enforce_monotone(returned)
    return counts_by_part


def _make_empty_counts(scope: AuditScope, part: str | None, service_count: int) -> ReturnedCounts:
    tables = cell_inference.select_tables(scope.shape, part)
    axes = (service_count, len(scope.collected_periods))
    counts = tables.make_empty_counts(*axes)
    confidential = {key: np.zeros(cells.shape, dtype=np.bool_) for key, cells in counts.items()}
    return ReturnedCounts(
        part=tables, counts=counts, confidential=confidential, return_counts=np.zeros(axes, dtype=np.int64)
    )


def _fill_counts(
    returned: ReturnedCounts,
    catalogue: Catalogue,
    returns: Mapping[int, tuple[int, int, SelectedRevision]],
    cells: Cells,
    numbers: IntArray,
) -> None:
    """Write the returned numbers into the arrays. A nil return is 0 everywhere."""
    return_index = look_up_numbers(cells.item, {revision: i for i, revision in enumerate(returns)})
    area_codes = [area.code for area in returned.part.shape.places]
    axes = np.array([entry[:2] for entry in returns.values()], dtype=np.int64).reshape(-1, 2)
    for table in returned.part.tables:
        areas = returned.part.list_areas(table)
        area = look_up_numbers(cells.area, {catalogue.ids.areas[area_codes[i]]: i for i in areas})
        keys = enumerate(_list_breakdown_keys(returned.part, table))
        code = look_up_numbers(cells.breakdown, {catalogue.ids.breakdowns.get(key, UNKNOWN): i for i, key in keys})
        chosen = np.flatnonzero((return_index >= 0) & (area >= 0) & (code >= 0))
        services_and_periods = axes[return_index[chosen]]
        index = (services_and_periods[:, 0], services_and_periods[:, 1], area[chosen], code[chosen])
        returned.counts[table.dimensions][index] = numbers[chosen]
        returned.confidential[table.dimensions][index] = numbers[chosen] == UNKNOWN
        for service, period, revision in returns.values():
            if revision.kind is ReturnKind.NIL:
                returned.counts[table.dimensions][service, period, areas] = 0
    for service, period, _ in returns.values():
        returned.return_counts[service, period] = 1


def _keep_counts_of_nil_returns(
    returned: ReturnedCounts, returns: Mapping[int, tuple[int, int, SelectedRevision]]
) -> None:
    """Let each nil return of a cumulative count keep the counts of the return before it in the scope."""
    for service, period, revision in sorted(returns.values(), key=lambda entry: entry[1]):
        earlier = np.flatnonzero(returned.return_counts[service, :period])
        if revision.kind is ReturnKind.NIL and earlier.size:
            for cells in (*returned.counts.values(), *returned.confidential.values()):
                cells[service, period] = cells[service, earlier[-1]]


def _list_breakdown_keys(part: PartTables, table: Table) -> list[str]:
    codes = {dimension.slug: dimension.codes for dimension in part.shape.dimensions}
    categories = product(*(codes[slug] for slug in table.dimensions))
    return [format_breakdown_key(dict(zip(table.dimensions, chosen, strict=True))) for chosen in categories]


def _enforce_monotone(returned: ReturnedCounts) -> None:
    """Discard the cells of a cumulative count that exceed a later one.

    Use only the total of such a return, and only if no later total is smaller. A missing return is unknown.
    """
    has_begun = np.logical_or.accumulate(returned.return_counts > 0, axis=1)
    ever_returned = {key: (cells != NOT_RETURNED).any(axis=1) for key, cells in returned.counts.items()}
    later = {key: np.full(mask.shape, NOT_RETURNED) for key, mask in ever_returned.items()}
    minimum = dict(later)
    for period in reversed(range(has_begun.shape[1])):
        missing = (has_begun[:, period] & (returned.return_counts[:, period] == 0))[:, None, None]
        counts = {
            key: np.where(missing & ever_returned[key], UNKNOWN, cells[:, period])
            for key, cells in returned.counts.items()
        }
        fits = returned.part.may_be_part(counts, later)
        known = np.zeros_like(fits)
        for key, cells in counts.items():
            fits = fits & ~((minimum[key] >= 0) & (cells > minimum[key])).any((-2, -1))
            known |= (cells >= 0).any((-2, -1))
        counts = returned.part.discard_all_but_total(counts, returned.part.read_widest_total(minimum), ~fits)
        for key, cells in counts.items():
            returned.counts[key][:, period] = cells
            later[key] = np.where((fits & known)[:, None, None], cells, later[key])
            minimum[key] = np.where(cells >= 0, cells, minimum[key])
    returned.return_counts = has_begun.astype(np.int64)


def _sum_all_services(scope: AuditScope, counts_by_part: CountsByPart) -> dict[str | None, ReturnedCounts]:
    """Sum the services, and reconcile the parts with the whole."""
    summed = {part: _sum_services(returned) for part, returned in counts_by_part.items()}
    is_ratio = scope.members[0].measure.kind is MeasureKind.PROPORTION
    for part, returned in summed.items():
        if part is not None:
            _reconcile_with_whole(returned, summed[None], is_ratio=is_ratio)
    return summed


def _sum_services(returned: ReturnedCounts) -> ReturnedCounts:
    """Sum services. A sum is unknown if any term is unknown, and not returned if no term was returned."""
    counts: TableCounts = {}
    for key, cells in returned.counts.items():
        total = np.maximum(cells, 0).sum(axis=0)
        total[(cells == NOT_RETURNED).all(axis=0)] = NOT_RETURNED
        total[(cells == UNKNOWN).any(axis=0)] = UNKNOWN
        counts[key] = total
    return ReturnedCounts(
        part=returned.part,
        counts=counts,
        confidential={key: np.logical_or.reduce(cells, axis=0) for key, cells in returned.confidential.items()},
        return_counts=returned.return_counts.sum(axis=0),
    )


def _reconcile_with_whole(returned: ReturnedCounts, whole: ReturnedCounts, *, is_ratio: bool) -> None:
    """Set a part to unknown where its whole is unknown. If the remainder cannot be people, use only the total.

    If a denominator has more returns than its numerator, the numerator is unknown.
    """
    lost = (whole.return_counts == 0) | (is_ratio & (returned.return_counts < whole.return_counts))
    whole_cells = {key: whole.counts.get(key, np.array(NOT_RETURNED)) for key in returned.counts}
    counts = {
        key: np.where((cells != NOT_RETURNED) & (whole_cells[key] == UNKNOWN), UNKNOWN, cells)
        for key, cells in returned.counts.items()
    }
    fits = returned.part.may_be_part(counts, whole.counts)
    counts = returned.part.discard_all_but_total(counts, whole.part.read_widest_total(whole.counts), ~fits)
    for key, cells in counts.items():
        was_returned = (cells != NOT_RETURNED) | (whole_cells[key] != NOT_RETURNED)
        counts[key] = np.where(lost[..., None, None], np.where(was_returned, UNKNOWN, NOT_RETURNED), cells)
    returned.counts = counts


def _map_to_nodes(scope: AuditScope, nodes: Nodes, counts_by_part: CountsByPart) -> tuple[IntArray, BoolArray]:
    """Return the count, or a marker, of each node; and which nodes were returned as confidential."""
    counts: list[IntArray] = []
    confidential: list[BoolArray] = []
    for grid in nodes.grids:
        returned = counts_by_part[grid.table.part]
        areas = cell_inference.select_tables(scope.shape, grid.table.part).list_areas(grid.table)
        counts.append(_flatten_in_node_order(returned.counts[grid.table.dimensions][:, areas]))
        confidential.append(_flatten_in_node_order(returned.confidential[grid.table.dimensions][:, areas]))
    return np.concatenate(counts), np.concatenate(confidential)


def _flatten_in_node_order(cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Flatten periods × areas × codes into the order of nodes, in which codes come first."""
    return np.moveaxis(cells, -1, 0).ravel()
