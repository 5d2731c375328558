"""Withhold a few more figures where the audit fails.

For a count that nothing settles, one elastic programme asks which figures shown stand in the way of a table in
which it is far enough from what it is known to be: every bound that could be given up has a slack, and slack costs
the more, the wider the figure's reach. Totals are never hidden; margins go last. In a later release a figure is
rather held as it was than withheld. Giving up bounds only adds tables, so that no count that has passed can fail.
(The elastic heuristic for cell suppression: docs/disclosure-control.md, "Repair" and "Sources".)
"""

from collections.abc import Sequence
from itertools import product
from math import ceil, floor

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.audit import TOLERANCE, ReaderAudit
from api.statistics.disclosure.display import BoolArray, Display, ProviderCounts, find_holdable, hold_back, withhold
from api.statistics.disclosure.lattice import FloatArray, IntArray, Lattice, SparseRows
from api.statistics.disclosure.linear_programs import LinearProgram
from schema.disclosure import Rule

# What a slack of one costs, by the number of ways in which the figure is cut out of the total.
_SLACK_COSTS = np.array([100_000.0, 2_000.0, 60.0, 1.0])


class RepairTask(Struct, frozen=True, kw_only=True, eq=False):
    """One reader's view of a chain of releases. It can be sent to another process."""

    lattice: Lattice
    rule: Rule
    counts: Sequence[ProviderCounts]
    displays: Sequence[Display]
    atoms: FloatArray
    provider: int | None


class Repairs(Struct, frozen=True, kw_only=True, eq=False):
    """What must be given up so that every count is protected from one reader."""

    held: BoolArray
    withheld: BoolArray
    exposed: tuple[int, ...]
    """Nodes and complements of which too much would be known all the same."""
    audited: int
    """How many counts and changes were audited."""
    repaired: int
    """How many of them needed a repair."""


def audit_and_repair(task: RepairTask) -> Repairs:
    """Audit one reader's view, and repair it."""
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
        # What is told of those outside is given up by withholding the part.
        self.shown_as = np.arange(size)
        parts = np.flatnonzero(view.lattice.complement >= 0)
        self.shown_as[view.lattice.complement[parts]] = parts

    def withhold_self_disclosing(self) -> int:
        """Give up figures that tell too much of their own count, whatever else is shown; of how many counts.

        No programme is needed to see that: mostly they are small changes by somebody else, beside the reader's own.
        """
        before = self.view.too_narrow()
        for hide in (False, True) if len(self.view.displays) > 1 else (True,):
            nodes = np.zeros(self.view.lattice.whole.size, dtype=np.bool_)
            nodes[self.shown_as[self.view.chain.node[self.view.too_narrow()]]] = True
            self._apply(nodes, hide=hide)
        return before.size - self.view.too_narrow().size

    def repair_count(self, row: int) -> bool:
        """Find witnesses for a count, giving up as little as can be; whether anything was given up."""
        view, given_up = self.view, False
        while row in view.unsettled() and (best := self._find_cheapest(row)) is not None:
            before = view.least[row], view.most[row]
            if best.nodes.any():
                given_up = True
                self._apply(best.nodes, hide=best.hide)
            view.accept(best.free, best.point)
            if before == (view.least[row], view.most[row]):
                break
        return given_up

    def _find_cheapest(self, row: int) -> "_Repair | None":
        """The cheapest way to widen what is known of a count, in the least neighbourhood where one figure is enough.

        Where that would be a margin, or there are more, a wider one is tried: it may have a better way.
        """
        best: _Repair | None = None
        for hide, free in product(
            (False, True) if len(self.view.displays) > 1 else (True,), self.view.iterate_neighbourhoods(row)
        ):
            elastic = self._build_elastic_program(row, free, hide=hide)
            for up in (True, False):
                found = self._find_repair(row, elastic, up=up)
                if found is not None and not found.nodes.any():
                    return found
                if found is not None and (best is None or found.cost < best.cost):
                    best = found
            if best is not None and (self._is_small(best) or free.all()):
                break
        return best

    def _is_small(self, found: "_Repair") -> bool:
        """Whether no more is given up than one figure that is not a margin, or a few of little reach."""
        one = int(np.count_nonzero(found.nodes)) <= 1 and bool(
            (self.view.lattice.breakdown_depth[found.nodes] > 1).all()
        )
        return one or found.cost < 2 * float(_SLACK_COSTS[2])

    def _loosen_display(self, *, hide: bool) -> tuple[Display, BoolArray, BoolArray]:
        """The last display with everything given up that may be; and the nodes that are then held, or withheld."""
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
        """The polytope in the free columns, with slack where something can be given up; the count is its last row."""
        view, chain = self.view, self.view.chain
        programme, rows = view.build_program(free)
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
        at = np.concatenate((programme.rows.row_of, slack, np.full(local.size, rows.size)))
        order = np.argsort(at, kind="stable")
        count = np.zeros(columns + slack.size)
        count[local] = values[inside]
        costs = _SLACK_COSTS[np.minimum(view.lattice.breakdown_depth[nodes], 3)] * (
            1 + view.displays[-1].value[nodes] / 100
        )
        return _ElasticProgram(
            program=LinearProgram(
                rows=SparseRows(
                    starts=np.searchsorted(at[order], np.arange(rows.size + 2)),
                    columns=np.concatenate((programme.rows.columns, columns + np.arange(slack.size), local))[order],
                    values=np.concatenate((programme.rows.values, signs, values[inside]))[order],
                    lower=np.append(programme.rows.lower, -np.inf),
                    upper=np.append(programme.rows.upper, np.inf),
                ),
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
        """The cheapest table in which the count is far from what it is known to be, or as far as can be."""
        view = self.view
        least, most = ceil(view.least[row] - TOLERANCE), floor(view.most[row] + TOLERANCE)
        target = np.searchsorted(view.targets, row)
        width = int(view.width[target])
        far = float(min(least + width, elastic.highest) if up else max(most - width, elastic.lowest))
        if view.may_be_zero[target]:
            # It is enough that there may be nothing.
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


class _ElasticProgram(Struct, frozen=True, kw_only=True, eq=False):
    program: LinearProgram
    costs: FloatArray
    """Of each column; only slack costs, and its columns come last."""
    nodes: IntArray
    """Of each slack, what is given up."""
    count: FloatArray
    """The count that is to be moved, as a sum of columns."""
    elsewhere: float
    """What columns that are not free add to it."""
    lowest: float
    highest: float
    """What would still be told of it if everything were given up."""
    hide: bool
    """Whether nodes are withheld, rather than held where that can be."""
    free: BoolArray

    def solve(self, far: float, *, up: bool) -> FloatArray | None:
        """The cheapest columns with which the count is at least, or at most, so far."""
        return self.program.require_goal(far - self.elsewhere, up=up).solve(self.costs)

    def farthest(self, *, up: bool) -> int | None:
        """The greatest, or the least, that the count can be at whatever cost."""
        found = self.program.solve(-self.count if up else self.count)
        if found is None:
            return None
        reached = float(self.count @ found) + self.elsewhere
        return floor(reached + TOLERANCE) if up else ceil(reached - TOLERANCE)


class _Repair(Struct, frozen=True, kw_only=True, eq=False):
    cost: float
    nodes: BoolArray
    hide: bool
    free: BoolArray
    point: FloatArray
