"""A protected scope as readers see it: the displayed value of each cell of one of its series."""

from itertools import product

import numpy as np
from msgspec import Struct

from api.figures.completeness import ReturnCompleteness
from api.figures.figure_order import FigureOrder
from api.figures.resolution import CellKey
from api.plan.breakdowns import format_breakdown_key
from api.releases.audit_history import AuditHistory
from api.releases.released_values import NO_DATA, NOT_KNOWN_FOR_ALL, ReleasedValue, to_count, to_proportion
from api.releases.scope_members import ScopeMember
from api.releases.scopes import AuditScope
from api.statistics.disclosure.figures import calculate_percentage, read_counts
from api.statistics.disclosure.lattice import build_nodes, locate_nodes
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from schema.disclosure import DisclosureClass, Rule
from schema.measures import MeasureKind, Overlap

ALL_CELLS = slice(None)


class ScopeView(Struct, frozen=True, kw_only=True, eq=False):
    """The displayed values of one series in a protected scope."""

    member: ScopeMember
    periods: dict[str, int]
    cells: tuple[CellKey, ...]
    """In plan order."""
    nodes: IntArray
    """Node of the history, by period and cell."""
    rule: Rule
    history: AuditHistory | None
    """Missing if the scope has no return."""
    whole_nodes: IntArray
    """For each node of the history, the node of its denominator."""
    counts_people: bool

    def read_values(
        self, code: str, completeness: ReturnCompleteness, chosen: slice = ALL_CELLS
    ) -> list[ReleasedValue]:
        """Return the value of each chosen cell in a period; the same object for equal cells."""
        nodes = self.nodes[self.periods[code], chosen]
        if self.history is None or not completeness.counted_returns:
            return [NO_DATA] * nodes.size
        # A missing count of people shows `c` like zero and small counts: another status would distinguish it from them.
        counts = self.history.true_counts
        unknown = (counts.unknown & ~counts.hidden)[nodes] & (not self.counts_people)
        if self.member.measure.kind is MeasureKind.PROPORTION:
            return self._read_proportions(self.history, nodes, unknown)
        figures = read_counts(self.history.display, nodes)
        # A return counts even if a later plan version has dropped its duty, so it is no longer expected.
        overlapping_returns = (
            max(completeness.counted_returns, len(counts.organisations)) if self._may_count_people_twice() else 1
        )
        cells = list(zip(figures, unknown.tolist(), strict=True))
        values = {
            (figure, is_unknown): NOT_KNOWN_FOR_ALL if is_unknown else to_count(figure, overlapping_returns)
            for figure, is_unknown in set(cells)
        }
        return [values[cell] for cell in cells]

    def _read_proportions(self, history: AuditHistory, parts: IntArray, unknown: BoolArray) -> list[ReleasedValue]:
        wholes = self.whole_nodes[parts]
        true = history.true_counts.own.sum(axis=0)
        cells = list(
            zip(
                read_counts(history.display, parts),
                read_counts(history.display, wholes),
                zip(true[parts].tolist(), true[wholes].tolist(), strict=True),
                (unknown | (wholes < 0)).tolist(),
                strict=True,
            )
        )
        values = {
            (part, whole, counts, is_unknown): NOT_KNOWN_FOR_ALL
            if is_unknown
            else to_proportion(part, whole, calculate_percentage(part, whole, self.rule, counts))
            for part, whole, counts, is_unknown in set(cells)
        }
        return [values[cell] for cell in cells]

    def _may_count_people_twice(self) -> bool:
        measure = self.member.measure
        return measure.kind is MeasureKind.DISTINCT and measure.overlap is Overlap.UNKNOWN


def make_scope_view(
    scope: AuditScope, member: ScopeMember, history: AuditHistory | None, rule: Rule, order: FigureOrder
) -> ScopeView:
    """Return a view of every registered cell of a series in a scope, in plan order."""
    plan_nodes = build_nodes(scope.shape)
    history_nodes = None if history is None else build_nodes(history.shape)
    node_ids = np.arange(plan_nodes.size) if history_nodes is None else locate_nodes(plan_nodes, history_nodes)
    grids = [grid for grid in plan_nodes.grids if grid.table.part == member.part]
    cells = [
        (area, key)
        for grid in grids
        for key, area in product([format_breakdown_key(dict(breakdown)) for breakdown in grid.breakdowns], grid.places)
    ]
    nodes_by_period = [np.moveaxis(node_ids[grid.ids], -2, 0).reshape(len(grid.periods), -1) for grid in grids]
    plan_order = sorted(
        range(len(cells)), key=lambda i: (order.area_ranks[cells[i][0]], order.breakdown_sort_key(cells[i][1]))
    )
    return ScopeView(
        member=member,
        periods={code: index for index, code in enumerate(scope.shape.periods)},
        cells=tuple(cells[i] for i in plan_order),
        nodes=np.concatenate(nodes_by_period, axis=1)[:, plan_order],
        rule=rule,
        history=history,
        whole_nodes=np.zeros(0, dtype=np.int64) if history_nodes is None else history_nodes.whole,
        counts_people=scope.disclosure_class is DisclosureClass.PERSONS,
    )
