"""Try to calculate a provider's small counts and small changes from all its displayed counts.

The reader knows the rule, the code, every displayed count of every release and which draws are the same, but neither a
true count nor a draw. All counts that agree with this are a polytope, whose columns are, for each release, the atoms
and the nodes, and then the changes of nodes and the draws. Linear programs (HiGHS) find the range of each count and
change.

The result depends on nothing that the reader does not know. So it reveals nothing that a contribution has passed: all
true counts that agree with the displayed ones could have displayed as these, and would have passed as well.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.audit_ranges import SIGNS, TOLERANCE, Ranges, Targets
from api.statistics.disclosure.contributions import Contribution, find_set_nodes, has_news, list_node_rules
from api.statistics.disclosure.lattice import Lattice
from api.statistics.disclosure.linear_programs import RepeatedProgram, Solution, stack_rows
from api.statistics.disclosure.sparse_rows import FloatArray, IntArray, SparseRows
from schema.disclosure import Rule

MAX_SINGLE_RANGES = 20
"""Up to so many open ranges, programs for each are faster than a program for all."""
MIN_SETTLED_SHARE = 0.1
"""Share of the open ranges: a program for all of them that settles fewer is the last. Programs for each follow."""


class NarrowRange(Struct, frozen=True, kw_only=True, eq=False):
    """A small count, or a small change since an earlier release, that the reader knows too well."""

    release: int
    since: int
    """The earlier release of a change; -1 for a count."""
    node: int
    """A node, or a complement."""
    is_step: bool
    """True for the increment by which the node continues another one."""
    low: int
    high: int
    binding: IntArray
    """The nodes whose newest displayed counts limit the range."""


class ImpossibleContribution(Exception):  # noqa: N818  a refusal is not an error of ours
    """The displayed counts of a provider cannot all be true of the same people."""


class ContributionAudit:
    """The ranges that a reader can calculate from a chain of contributions of one provider."""

    def __init__(self, lattice: Lattice, rule: Rule, chain: Sequence[Contribution]) -> None:
        self.lattice, self.rule, self.chain = lattice, rule, chain
        self.rules = list_node_rules(lattice, rule)
        self.releases = [0, *(number for number in range(1, len(chain)) if has_news(chain[number - 1], chain[number]))]
        self.per_release = lattice.atoms + lattice.whole.size
        self.is_set = np.stack([find_set_nodes(chain[number], number) for number in self.releases])
        self.release, self.since, self.node = self._list_changes()
        release, node = np.nonzero(self.is_set)
        drawn = np.stack([chain[number].draws for number in self.releases])[release, node]
        draw_keys, draw, times = np.unique((node, drawn), axis=1, return_inverse=True, return_counts=True)
        again = times[draw] > 1  # a draw that is used once implies no more than the displayed count
        self.drawn_release, self.drawn_node = release[again], node[again]
        self.first_change = len(self.releases) * self.per_release
        self.first_rounded = self.first_change + self.node.size
        self.first_draw = self.first_rounded + self.drawn_node.size
        self.draw_node = draw_keys[0]
        self.size = self.first_draw + self.draw_node.size
        self.rows = self._build_rows(draw[again])
        self.program = RepeatedProgram(self.rows, self.size)
        self.targets = self._list_targets()

    def _list_changes(self) -> tuple[IntArray, IntArray, IntArray]:
        """Return releases, the earlier releases that set the displayed counts before, and nodes."""
        index = {number: place for place, number in enumerate(self.releases)}
        changes = [
            (index[number], index[int(before.since[node])], node)
            for number in self.releases[1:]
            for before, after in [(self.chain[number - 1], self.chain[number])]
            for node in np.flatnonzero(after.present & (before.since >= 0) & ~before.redacted).tolist()
        ]
        release, since, node = np.array(changes, dtype=np.int64).reshape(-1, 3).T
        return release, since, node

    def _build_rows(self, draw: IntArray) -> SparseRows:
        """Return the equations of each release; of changes; and count + draw = a number that is rounded down."""
        always = (self.lattice.equations, self.lattice.identities)
        blocks = [
            _shift_columns(rows, index * self.per_release) for index, rows in product(range(len(self.releases)), always)
        ]
        now, then = self._locate(self.release, self.node), self._locate(self.since, self.node)
        changes = np.arange(self.first_change, self.first_rounded)
        rounded = np.arange(self.first_rounded, self.first_draw)
        counts = self._locate(self.drawn_release, self.drawn_node)
        return stack_rows(
            *blocks,
            _subtract((now, 1.0), (then, -1.0), changes),
            _subtract((counts, 1.0), (draw + self.first_draw, 1.0), rounded),
        )

    def _locate(self, release: IntArray, node: IntArray) -> IntArray:
        """Return the columns of nodes in releases."""
        return release * self.per_release + self.lattice.atoms + node

    def _list_targets(self) -> Targets:
        """Return the counts and steps of each release, and their changes since each earlier one."""
        nodes = np.flatnonzero(~self.rules.is_open)
        later = nodes[self.lattice.continues_from[nodes] >= 0]
        node = np.concatenate((nodes, later))
        earlier = np.concatenate((np.full(nodes.size, -1), self.lattice.continues_from[later]))
        pairs = [(late, early) for late in range(len(self.releases)) for early in range(-1, late)]
        release, since = (np.repeat(side, node.size) for side in np.array(pairs).T)
        node, earlier = (np.tile(side, len(pairs)) for side in (node, earlier))
        is_count, is_step = since < 0, earlier >= 0
        columns = np.stack(
            (
                self._locate(release, node),
                np.where(is_count, -1, self._locate(since, node)),
                np.where(is_step, self._locate(release, earlier), -1),
                np.where(is_count | ~is_step, -1, self._locate(since, earlier)),
            )
        )
        largest = np.where(is_count, self.rule.largest_small, self.rule.largest_small_change)
        return Targets(columns=columns, largest=largest, release=release, since=since, node=node, is_step=is_step)

    def find_bounds(self) -> tuple[FloatArray, FloatArray]:
        """Return the bounds of each column that the displayed counts imply."""
        reach, quiet = self.rules.largest_first_error, self.rules.hold_back[self.node] - 1
        shown = np.stack([self.chain[number].displayed for number in self.releases])
        above = (np.maximum(shown, 0) + reach + self.rules.hold_back).sum(axis=1).max()
        least, most = np.zeros(self.size), np.full(self.size, float(above))
        release, node = np.nonzero(self.is_set)
        columns, values = self._locate(release, node), shown[self.is_set]
        least[columns], most[columns] = np.maximum(values - reach[node], 0), values + reach[node]
        for index in range(1, len(self.releases)):
            self._bound_after_redaction(index, least, most)
        step = shown[self.release, self.node] - shown[self.since, self.node]
        is_set, changes = self.is_set[self.release, self.node], slice(self.first_change, self.first_rounded)
        least[changes] = np.where(is_set, np.where(step > 0, quiet + 1, -np.inf), -quiet)
        most[changes] = np.where(is_set, np.where(step < 0, -quiet - 1, np.inf), quiet)
        rounded = shown[self.drawn_release, self.drawn_node]
        least[self.first_rounded : self.first_draw] = rounded
        most[self.first_rounded : self.first_draw] = rounded + self.rules.base[self.drawn_node] - 1
        reach = reach[self.draw_node]
        least[self.first_draw :], most[self.first_draw :] = self.rules.base[self.draw_node] - 1 - reach, reach
        self._follow_changes(least, most)
        return least, most

    def _follow_changes(self, least: FloatArray, most: FloatArray) -> None:
        """Tighten the bounds of counts by those of the counts before and of the changes."""
        for index in range(1, len(self.releases)):
            these = np.flatnonzero(self.release == index)
            now, then = (self._locate(of[these], self.node[these]) for of in (self.release, self.since))
            least[now] = np.maximum(least[now], least[then] + least[self.first_change + these])
            most[now] = np.minimum(most[now], most[then] + most[self.first_change + these])
        part = np.flatnonzero(self.lattice.complement >= 0)
        for index in range(len(self.releases)):
            out, whole, inside = (
                self._locate(np.array(index), nodes)
                for nodes in (self.lattice.complement[part], self.lattice.whole[part], part)
            )
            least[out] = np.maximum(least[out], least[whole] - most[inside])
            most[out] = np.minimum(most[out], most[whole] - least[inside])

    def _find_small(self, least: FloatArray, most: FloatArray) -> IntArray:
        """Return the targets that may be small, according to the bounds of counts and changes."""
        least, most, targets = np.append(least, 0.0), np.append(most, 0.0), self.targets
        now, then, earlier, _ = targets.columns
        low, high = least[now] - most[then], most[now] - least[then]
        keys = zip(now.tolist(), then.tolist(), earlier.tolist(), strict=True)
        places = {key: place for place, key in enumerate(keys)}
        ends = (self._locate(of, self.node).tolist() for of in (self.release, self.since))
        targeted = np.array([places.get((*key, -1), -1) for key in zip(*ends, strict=True)], dtype=np.int64)
        change = np.flatnonzero(targeted >= 0)
        low[targeted[change]] = np.maximum(low[targeted[change]], least[self.first_change + change])
        high[targeted[change]] = np.minimum(high[targeted[change]], most[self.first_change + change])
        return np.flatnonzero(targets.is_step | ((low <= targets.largest) & (high >= -targets.largest)))

    def _bound_after_redaction(self, index: int, least: FloatArray, most: FloatArray) -> None:
        """Add that a count is near the displayed one of a redacted return, or has moved away from it."""
        number = self.releases[index]
        before, after = self.chain[number - 1], self.chain[number]
        nodes = np.flatnonzero(before.redacted & after.present)
        quiet = self.rules.hold_back[nodes] - 1
        columns, old = self._locate(np.array(index), nodes), before.displayed[nodes]
        step, moved = after.displayed[nodes] - old, self.is_set[index, nodes]
        low = np.where(moved, np.where(step > 0, old + quiet + 1, 0), old - quiet)
        high = np.where(moved, np.where(step < 0, old - quiet - 1, np.inf), old + quiet)
        least[columns] = np.maximum(least[columns], low)
        most[columns] = np.minimum(most[columns], high)

    def find_narrow_ranges(self, suspects: Sequence[NarrowRange] = ()) -> list[NarrowRange]:
        """Return what the reader knows too well. Raises ImpossibleContribution if no counts agree with all displays.

        If one of the `suspects`, which were narrow with other draws, still is, only those are returned: this is faster.
        """
        bounds = self.find_bounds()
        self.program.set_bounds(*bounds)
        ranges = Ranges(self.rule, self.targets.select(self._find_small(*bounds)))
        suspected = self._find_suspects(ranges.targets, suspects)
        if suspected.size:
            self._solve(ranges, suspected, np.ones(suspected.size))
            if narrow := self._find_narrow(ranges, suspected):
                return narrow
        self._sweep(ranges)
        return self._find_narrow(ranges, ranges.find_open())

    def _find_suspects(self, targets: Targets, suspects: Sequence[NarrowRange]) -> IntArray:
        index = {number: place for place, number in enumerate(self.releases)}
        known = {(index[one.release], index.get(one.since, -1), one.node, one.is_step) for one in suspects}
        keys = zip(
            targets.release.tolist(),
            targets.since.tolist(),
            targets.node.tolist(),
            targets.is_step.tolist(),
            strict=True,
        )
        return np.array([place for place, key in enumerate(keys) if key in known], dtype=np.int64)

    def _find_narrow(self, ranges: Ranges, targets: IntArray) -> list[NarrowRange]:
        """Find the ends of each open range of these, one after another, and return those that are too narrow."""
        narrow: list[NarrowRange] = []
        for target in targets.tolist():
            gains = np.zeros(self.size)
            for direction in (1.0, -1.0):
                if ranges.is_open(target):
                    gains += self._solve(ranges, np.array([target]), np.array([direction]), from_last=True).gains
            if ranges.is_narrow(target):
                narrow.append(self._describe(target, ranges, np.flatnonzero(gains > TOLERANCE)))
        return narrow

    def _sweep(self, ranges: Ranges) -> None:
        """Push all open ranges at once, towards 0 and away from it in turns, until hardly any is settled by it."""
        random = np.random.default_rng(8)  # a fixed seed makes an audit repeatable
        remaining, settled, towards_nothing = ranges.find_open(), True, False
        self._solve(ranges, remaining, np.where(ranges.targets.since[remaining] < 0, 1.0, 0.0))
        while remaining.size > MAX_SINGLE_RANGES and (settled or not towards_nothing):
            before, remaining = remaining, ranges.find_open()
            factors = random.uniform(0.5, 1.5, remaining.size)
            towards_nothing = not towards_nothing
            is_positive = ranges.most[remaining] > 0
            self._solve(ranges, remaining, np.where(is_positive == towards_nothing, factors, -factors))
            settled = remaining.size <= (1 - MIN_SETTLED_SHARE) * before.size

    def _solve(self, ranges: Ranges, targets: IntArray, factors: FloatArray, *, from_last: bool = False) -> Solution:
        cost = np.zeros(self.size + 1)
        for columns, sign in zip(ranges.targets.columns, SIGNS, strict=True):
            np.add.at(cost, columns[targets], sign * factors)
        solution = self.program.solve(cost[:-1], from_last=from_last)
        if solution is None:
            raise ImpossibleContribution
        ranges.widen(solution.columns)
        return solution

    def _describe(self, target: int, ranges: Ranges, columns: IntArray) -> NarrowRange:
        last, atoms = len(self.releases) - 1, self.lattice.atoms
        nodes = columns[columns < self.first_change] - last * self.per_release - atoms
        changes = columns[(columns >= self.first_change) & (columns < self.first_rounded)] - self.first_change
        rounded = columns[(columns >= self.first_rounded) & (columns < self.first_draw)] - self.first_rounded
        changed, drawn = self.node[changes][self.release[changes] == last], self.drawn_node[rounded]
        binding = np.concatenate((nodes, changed, drawn[self.drawn_release[rounded] == last]))
        low, high = ranges.round_inwards(target)
        targets, since = ranges.targets, int(ranges.targets.since[target])
        return NarrowRange(
            release=self.releases[int(targets.release[target])],
            since=-1 if since < 0 else self.releases[since],
            node=int(targets.node[target]),
            is_step=bool(targets.is_step[target]),
            low=low,
            high=high,
            binding=np.unique(binding[(binding >= 0) & (binding < self.lattice.size)]),
        )


def _shift_columns(rows: SparseRows, offset: int) -> SparseRows:
    return SparseRows(
        starts=rows.starts, columns=rows.columns + offset, values=rows.values, lower=rows.lower, upper=rows.upper
    )


def _subtract(first: tuple[IntArray, float], second: tuple[IntArray, float], result: IntArray) -> SparseRows:
    """Return rows in which two columns with factors, less the column of the result, are 0."""
    (one, times_one), (other, times_other), nothing = first, second, np.zeros(result.size)
    return SparseRows(
        starts=np.arange(0, 3 * result.size + 1, 3),
        columns=np.stack((one, other, result), axis=1).ravel(),
        values=np.tile([times_one, times_other, -1.0], result.size),
        lower=nothing,
        upper=nothing,
    )
