"""Withhold more figures where the audit fails.

For each count that no witness settles, an elastic program finds which displayed figures rule out a table in which the
count differs enough. Each bound that could be removed has a slack, and slack costs more for a figure with a wider
reach. Totals are never hidden; margins are hidden last. A later release prefers to hold a figure back over withholding
it. Removing bounds only adds tables, so a count that has passed never fails afterwards.
(The elastic heuristic for cell suppression: docs/disclosure-control.md, "Repair" and "Sources".)
"""

from collections.abc import Sequence
from itertools import product
from math import ceil, floor

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.audit import TOLERANCE, ReaderAudit
from api.statistics.disclosure.display import Display, find_holdable, hold_back, withhold
from api.statistics.disclosure.lattice import Lattice
from api.statistics.disclosure.linear_programs import LinearProgram
from api.statistics.disclosure.provider_counts import ProviderCounts
from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray, SparseRows
from schema.disclosure import Rule

# The cost of a slack of 1, by the breakdown depth of the figure.
_SLACK_COSTS = np.array([100_000.0, 2_000.0, 60.0, 1.0])


class RepairTask(Struct, frozen=True, kw_only=True, eq=False):
    """One reader's view of a chain of releases. Another process can run it."""

    lattice: Lattice
    rule: Rule
    counts: Sequence[ProviderCounts]
    displays: Sequence[Display]
    atoms: FloatArray
    provider: int | None


class Repairs(Struct, frozen=True, kw_only=True, eq=False):
    """The figures to hold back or withhold so that every count is protected from one reader."""

    held: BoolArray
    withheld: BoolArray
    exposed: tuple[int, ...]
    """Nodes and complements that remain exposed."""
    audited: int
    """The number of audited counts and changes."""
    repaired: int
    """The number of them that needed a repair."""


def audit_and_repair(task: RepairTask) -> Repairs:
    """Audit one reader's view and repair it."""
    view = ReaderAudit(task.lattice, task.rule, task.counts, task.displays, task.atoms, provider=task.provider)
    repairs = _RepairSearch(view)
    failing = repairs.withhold_self_disclosing()
    view.sweep()
    exposed: list[int] = []
    for row in view.unsettled().tolist():
        if row in view.unsettled():
            failing += repairs.repair_count(row)
        if row in view.unsettled():
            exposed.append(int(view.chain.node[row]))
    return Repairs(
        held=repairs.held,
        withheld=repairs.withheld,
        exposed=tuple(exposed),
        audited=view.targets.size,
        repaired=failing,
    )


class _RepairSearch:
    def __init__(self, view: ReaderAudit) -> None:
        self.view = view
        size = view.lattice.whole.size
        self.held, self.withheld = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        # To hide a complement, withhold its part.
        self.shown_as = np.arange(size)
        parts = np.flatnonzero(view.lattice.complement >= 0)
        self.shown_as[view.lattice.complement[parts]] = parts

    def withhold_self_disclosing(self) -> int:
        """Hide figures whose own bounds reveal their count; return the number of counts that this repairs.

        This needs no program. Most of them are small changes of another provider, in a figure with the reader's own.
        """
        before = self.view.too_narrow()
        for hide in (False, True) if len(self.view.displays) > 1 else (True,):
            nodes = np.zeros(self.view.lattice.whole.size, dtype=np.bool_)
            nodes[self.shown_as[self.view.chain.node[self.view.too_narrow()]]] = True
            self._apply(nodes, hide=hide)
        return before.size - self.view.too_narrow().size

    def repair_count(self, row: int) -> bool:
        """Find witnesses for a count and hide as little as possible; return True if a figure was hidden."""
        view, is_repaired = self.view, False
        while row in view.unsettled() and (best := self._find_cheapest(row)) is not None:
            before = view.least[row], view.most[row]
            if best.nodes.any():
                is_repaired = True
                self._apply(best.nodes, hide=best.hide)
            view.accept(best.free, best.point)
            if before == (view.least[row], view.most[row]):
                break
        return is_repaired

    def _find_cheapest(self, row: int) -> "_Repair | None":
        """Return the cheapest repair of a count, from the smallest neighbourhood in which one figure is enough.

        If that figure is a margin, or the repair needs several, try a wider neighbourhood as well.
        """
        best: _Repair | None = None
        for hide, free in product(
            (False, True) if len(self.view.displays) > 1 else (True,), self.view.iterate_neighbourhoods(row)
        ):
            elastic = self._build_elastic_program(row, free, hide=hide)
            for up in (True, False):
                repair = self._find_repair(row, elastic, up=up)
                if repair is not None and not repair.nodes.any():
                    return repair
                if repair is not None and (best is None or repair.cost < best.cost):
                    best = repair
            if best is not None and (self._is_small(best) or free.all()):
                break
        return best

    def _is_small(self, repair: "_Repair") -> bool:
        """Return True if the repair hides at most one figure that is not a margin, or figures of little reach."""
        depths = self.view.lattice.breakdown_depth[repair.nodes]
        return (depths.size <= 1 and bool((depths > 1).all())) or repair.cost < 2 * float(_SLACK_COSTS[2])

    def _loosen_display(self, *, hide: bool) -> tuple[Display, BoolArray, BoolArray]:
        """Return the last display with every allowed figure hidden, and the nodes held back and withheld in it."""
        view, last = self.view, self.view.displays[-1]
        true, release = view.counts[-1].totals, len(view.displays) - 1
        hideable = (
            last.shown & (view.lattice.breakdown_depth > 0) & (view.lattice.broken_down | (not view.rule.totals_open))
        )
        holdable = np.zeros_like(hideable)
        if release and not hide:
            before = view.displays[-2]
            holdable = ~self.held & find_holdable(last, before, true, view.rule)
            last = hold_back(last, before, holdable, view.rule)
        hideable &= ~holdable
        return withhold(view.lattice, last, hideable, true, release=release), holdable, hideable

    def _apply(self, nodes: BoolArray, *, hide: bool) -> None:
        view, true, release = self.view, self.view.counts[-1].totals, len(self.view.displays) - 1
        _, holdable, hideable = self._loosen_display(hide=hide)
        self.held |= nodes & holdable
        self.withheld |= nodes & hideable
        last = view.displays[-1]
        if release:
            last = hold_back(last, view.displays[-2], nodes & holdable, view.rule)
        view.displays[-1] = withhold(view.lattice, last, nodes & hideable, true, release=release)
        view.lower, view.upper = view.bounds(view.displays[-1])

    def _build_elastic_program(self, row: int, free: BoolArray, *, hide: bool) -> "_ElasticProgram":
        """Return the polytope in the free columns, with slack for bounds that can go; the count is its last row."""
        view, chain = self.view, self.view.chain
        program, rows = view.build_program(free)
        lower, upper = view.bounds(self._loosen_display(hide=hide)[0])
        with np.errstate(invalid="ignore"):
            below = np.nan_to_num(view.lower[rows] - lower[rows], nan=0.0, posinf=np.inf)
            above = np.nan_to_num(upper[rows] - view.upper[rows], nan=0.0, posinf=np.inf)
        slack = np.concatenate((np.flatnonzero(below > 0), np.flatnonzero(above > 0)))
        signs = np.where(np.arange(slack.size) < np.count_nonzero(below > 0), 1.0, -1.0)
        nodes = self.shown_as[chain.node[rows[slack]]]
        columns = int(np.count_nonzero(free))
        own = slice(chain.rows.starts[row], chain.rows.starts[row + 1])
        ids, values = chain.rows.columns[own], chain.rows.values[own]
        inside = free[ids]
        local = (np.cumsum(free) - 1)[ids[inside]]
        count = np.zeros(columns + slack.size)
        count[local] = values[inside]
        depth, value = view.lattice.breakdown_depth[nodes], view.displays[-1].value[nodes]
        costs = _SLACK_COSTS[np.minimum(depth, 3)] * (1 + value / 100)
        return _ElasticProgram(
            program=LinearProgram(
                rows=_append_slack(program.rows, columns, slack, signs, local, values[inside]),
                most=np.concatenate((np.full(columns, np.inf), below[below > 0], above[above > 0])),
            ),
            costs=np.append(np.zeros(columns), costs),
            nodes=nodes,
            count=count,
            elsewhere=float((view.point[ids] * values)[~inside].sum()),
            lowest=float(lower[row]) if chain.since[row] >= 0 else max(float(lower[row]), 0.0),
            highest=float(upper[row]),
            hide=hide,
            free=free,
        )

    def _find_repair(self, row: int, elastic: "_ElasticProgram", *, up: bool) -> "_Repair | None":
        """Return the cheapest table in which the count differs enough, or as much as possible."""
        view = self.view
        least, most = ceil(view.least[row] - TOLERANCE), floor(view.most[row] + TOLERANCE)
        target = np.searchsorted(view.targets, row)
        width = int(view.width[target])
        far = float(min(least + width, elastic.highest) if up else max(most - width, elastic.lowest))
        if view.may_be_zero[target]:
            # The possibility of zero is enough.
            far = min(far, 0.0) if up and least < 0 else max(far, 0.0) if not up and most > 0 else far
        if least <= far <= most:
            return None
        point = elastic.solve(far, up=up)
        if point is None and elastic.free.all() and (reached := elastic.farthest(up=up)) is not None:
            point = None if least <= reached <= most else elastic.solve(reached, up=up)
        if point is None:
            return None
        columns = point.size - elastic.nodes.size
        nodes = np.zeros(view.lattice.whole.size, dtype=np.bool_)
        nodes[elastic.nodes[point[columns:] > TOLERANCE]] = True
        return _Repair(
            cost=float(elastic.costs @ point), nodes=nodes, hide=elastic.hide, free=elastic.free, point=point[:columns]
        )


def _append_slack(
    rows: SparseRows, columns: int, slack: IntArray, signs: FloatArray, local: IntArray, values: FloatArray
) -> SparseRows:
    """Append a slack column to each row in `slack`, and the count as the last row."""
    row_ids = np.concatenate((rows.row_of, slack, np.full(local.size, len(rows))))
    order = np.argsort(row_ids, kind="stable")
    return SparseRows(
        starts=np.searchsorted(row_ids[order], np.arange(len(rows) + 2)),
        columns=np.concatenate((rows.columns, columns + np.arange(slack.size), local))[order],
        values=np.concatenate((rows.values, signs, values))[order],
        lower=np.append(rows.lower, -np.inf),
        upper=np.append(rows.upper, np.inf),
    )


class _ElasticProgram(Struct, frozen=True, kw_only=True, eq=False):
    program: LinearProgram
    costs: FloatArray
    """The cost of each column; only slack has a cost, and its columns come last."""
    nodes: IntArray
    """For each slack, the node to hide."""
    count: FloatArray
    """The count to change, as a sum of columns."""
    elsewhere: float
    """The amount that the fixed columns add to the count."""
    lowest: float
    highest: float
    """The bounds of the count that remain if every allowed figure is hidden."""
    hide: bool
    """True to withhold nodes; False to hold them back if possible."""
    free: BoolArray

    def solve(self, far: float, *, up: bool) -> FloatArray | None:
        """Return the cheapest columns with the count at least, or at most, `far`."""
        return self.program.require_goal(far - self.elsewhere, up=up).solve(self.costs)

    def farthest(self, *, up: bool) -> int | None:
        """Return the highest, or lowest, possible count at any cost."""
        point = self.program.solve(-self.count if up else self.count)
        if point is None:
            return None
        reached = float(self.count @ point) + self.elsewhere
        return floor(reached + TOLERANCE) if up else ceil(reached - TOLERANCE)


class _Repair(Struct, frozen=True, kw_only=True, eq=False):
    cost: float
    nodes: BoolArray
    hide: bool
    free: BoolArray
    point: FloatArray
