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

from api.statistics.disclosure.audit import TOLERANCE, View
from api.statistics.disclosure.display import BoolArray, Counts, Display, can_be_held, held, withheld
from api.statistics.disclosure.lattice import FloatArray, IntArray, Lattice, Rows
from api.statistics.disclosure.linear_programs import Programme
from schema.disclosure import Rule

# What a slack of one costs, by the number of ways in which the figure is cut out of the total.
_COSTS = np.array([100_000.0, 2_000.0, 60.0, 1.0])


class Task(Struct, frozen=True, kw_only=True, eq=False):
    """One reader's view of a chain of releases. It can be sent to another process."""

    lattice: Lattice
    rule: Rule
    counts: Sequence[Counts]
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


def mended(task: Task) -> Repairs:
    """Audit one reader's view, and repair it."""
    view = View(task.lattice, task.rule, task.counts, task.displays, task.atoms, provider=task.provider)
    repairs = _Repairs(view)
    failing = repairs.give_up_by_themselves()
    view.sweep()
    exposed: list[int] = []
    for row in view.unsettled().tolist():
        if row in view.unsettled():
            failing += repairs.mend(row)
        if row in view.unsettled():
            exposed.append(int(view.chain.node[row]))
    return Repairs(
        held=repairs.held,
        withheld=repairs.withheld,
        exposed=tuple(exposed),
        audited=view.targets.size,
        repaired=failing,
    )


class _Repairs:
    def __init__(self, view: View) -> None:
        self.view = view
        size = view.lattice.whole.size
        self.held, self.withheld = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        # What is told of those outside is given up by withholding the part.
        self.shown_as = np.arange(size)
        parts = np.flatnonzero(view.lattice.complement >= 0)
        self.shown_as[view.lattice.complement[parts]] = parts

    def give_up_by_themselves(self) -> int:
        """Give up figures that tell too much of their own count, whatever else is shown; of how many counts.

        No programme is needed to see that: mostly they are small changes by somebody else, beside the reader's own.
        """
        before = self.view.too_narrow()
        for hide in (False, True) if len(self.view.displays) > 1 else (True,):
            nodes = np.zeros(self.view.lattice.whole.size, dtype=np.bool_)
            nodes[self.shown_as[self.view.chain.node[self.view.too_narrow()]]] = True
            self._give_up(nodes, hide=hide)
        return before.size - self.view.too_narrow().size

    def mend(self, row: int) -> bool:
        """Find witnesses for a count, giving up as little as can be; whether anything was given up."""
        view, given_up = self.view, False
        while row in view.unsettled() and (best := self._best(row)) is not None:
            before = view.least[row], view.most[row]
            if best.nodes.any():
                given_up = True
                self._give_up(best.nodes, hide=best.hide)
            view.take(best.free, best.point)
            if before == (view.least[row], view.most[row]):
                break
        return given_up

    def _best(self, row: int) -> "_Found | None":
        """The cheapest way to widen what is known of a count, in the least neighbourhood where one figure is enough.

        Where that would be a margin, or there are more, a wider one is tried: it may have a better way.
        """
        best: _Found | None = None
        for hide, free in product((False, True) if len(self.view.displays) > 1 else (True,), self.view.near(row)):
            elastic = self._elastic(row, free, hide=hide)
            for up in (True, False):
                found = self._moved(row, elastic, up=up)
                if found is not None and not found.nodes.any():
                    return found
                if found is not None and (best is None or found.cost < best.cost):
                    best = found
            if best is not None and (self._is_little(best) or free.all()):
                break
        return best

    def _is_little(self, found: "_Found") -> bool:
        """Whether no more is given up than one figure that is not a margin, or a few of little reach."""
        one = int(np.count_nonzero(found.nodes)) <= 1 and bool((self.view.lattice.ways[found.nodes] > 1).all())
        return one or found.cost < 2 * float(_COSTS[2])

    def _looser(self, *, hide: bool) -> tuple[Display, BoolArray, BoolArray]:
        """The last display with everything given up that may be; and the nodes that are then held, or withheld."""
        view, last = self.view, self.view.displays[-1]
        true, release = view.counts[-1].all, len(view.displays) - 1
        hideable = last.shown & (view.lattice.ways > 0) & (view.lattice.broken_down | (not view.rule.totals_open))
        holdable = np.zeros_like(hideable)
        if release and not hide:
            before = view.displays[-2]
            holdable = ~self.held & can_be_held(last, before, true, view.rule)
            last = held(last, before, holdable, view.rule)
        hideable &= ~holdable
        return withheld(view.lattice, last, hideable, true, release=release), holdable, hideable

    def _give_up(self, nodes: BoolArray, *, hide: bool) -> None:
        view, true, release = self.view, self.view.counts[-1].all, len(self.view.displays) - 1
        _, holdable, hideable = self._looser(hide=hide)
        self.held |= nodes & holdable
        self.withheld |= nodes & hideable
        last = view.displays[-1]
        if release:
            last = held(last, view.displays[-2], nodes & holdable, view.rule)
        view.displays[-1] = withheld(view.lattice, last, nodes & hideable, true, release=release)
        view.lower, view.upper = view.bounds(view.displays[-1])

    def _elastic(self, row: int, free: BoolArray, *, hide: bool) -> "_Elastic":
        """The polytope in the free columns, with slack where something can be given up; the count is its last row."""
        view, chain = self.view, self.view.chain
        programme, rows = view.freed(free)
        lower, upper = view.bounds(self._looser(hide=hide)[0])
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
        costs = _COSTS[np.minimum(view.lattice.ways[nodes], 3)] * (1 + view.displays[-1].value[nodes] / 100)
        return _Elastic(
            programme=Programme(
                rows=Rows(
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

    def _moved(self, row: int, elastic: "_Elastic", *, up: bool) -> "_Found | None":
        """The cheapest table in which the count is far from what it is known to be, or as far as can be."""
        view = self.view
        least, most = ceil(view.least[row] - TOLERANCE), floor(view.most[row] + TOLERANCE)
        target = np.searchsorted(view.targets, row)
        width = int(view.width[target])
        far = float(min(least + width, elastic.highest) if up else max(most - width, elastic.lowest))
        if view.may_be_nothing[target]:
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
        return _Found(
            cost=float(elastic.costs @ point), nodes=nodes, hide=elastic.hide, free=elastic.free, point=point[:columns]
        )


class _Elastic(Struct, frozen=True, kw_only=True, eq=False):
    programme: Programme
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
        return self.programme.reaching(far - self.elsewhere, up=up).solve(self.costs)

    def farthest(self, *, up: bool) -> int | None:
        """The greatest, or the least, that the count can be at whatever cost."""
        found = self.programme.solve(-self.count if up else self.count)
        if found is None:
            return None
        reached = float(self.count @ found) + self.elsewhere
        return floor(reached + TOLERANCE) if up else ceil(reached - TOLERANCE)


class _Found(Struct, frozen=True, kw_only=True, eq=False):
    cost: float
    nodes: BoolArray
    hide: bool
    free: BoolArray
    point: FloatArray
