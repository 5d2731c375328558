"""Try to calculate hidden counts again, like a reader who knows the rules and reads every release.

A reader's knowledge is a polytope: all tables, release by release, that agree with everything shown in the chain of
releases. A provider also knows its own part, so its polytope has the tables of the other providers. A hidden count is
protected if tables in that polytope, *witnesses*, differ enough in it. A count passes only with witnesses found.

The truth is the first witness. It comes from crossing each provider's own returns, which also checks that they do not
contradict each other. Linear programs (HiGHS) find the others: they free the atoms of some areas and fix the rest, so
each solution is a table of the whole polytope and bounds all counts at once. Programs for one count follow, with more
areas freed, and in `repair` all of them. The bounds are real numbers. A reader who uses that people are whole numbers
can do a little better, so a count passes only with a whole `width` between whole numbers.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from api.statistics.disclosure.chain import build_chain
from api.statistics.disclosure.display import Display
from api.statistics.disclosure.lattice import Lattice
from api.statistics.disclosure.linear_programs import LinearProgram, stack_rows
from api.statistics.disclosure.provider_counts import Contradiction, ProviderCounts
from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray
from schema.disclosure import Rule

TOLERANCE = 1e-6
MIN_AREAS_PER_STEP = 4
"""Areas that a step of a sweep frees, at least; more if together they have at most MAX_COLUMNS_PER_STEP columns."""
MAX_COLUMNS_PER_STEP = 1500
MIN_STEPS_PER_SWEEP = 8
MIN_SETTLED_SHARE = 0.02
"""Share of the remaining counts: a sweep that settles fewer is the last."""
MIN_AREAS_PER_COUNT = 3
"""Own areas freed for one count, and as many around it, at least; more if together they have at most
MIN_COLUMNS_PER_COUNT columns; then twice as many, and so on."""
MIN_COLUMNS_PER_COUNT = 900


def find_cross_tables(lattice: Lattice, chain: Sequence[ProviderCounts]) -> FloatArray:
    """Find atoms that fit every return: releases × providers × atoms. They need not be the true atoms.

    Raises Contradiction if no atoms fit.
    """
    atoms = np.zeros((len(chain), chain[-1].own.shape[0], lattice.atoms))
    rows = stack_rows(lattice.equations, lattice.identities)
    for release, counts in enumerate(chain):
        for provider, own in enumerate(counts.own):
            if release and np.array_equal(own, chain[release - 1].own[provider]):
                atoms[release, provider] = atoms[release - 1, provider]
                continue
            least = np.append(np.zeros(lattice.atoms), own)
            most = np.append(np.full(lattice.atoms, np.inf), np.where(counts.unknown, np.inf, own))
            point = LinearProgram(rows=rows, least=least, most=most).solve(np.zeros(least.size))
            if point is None:
                raise Contradiction(provider=provider, release=release)
            atoms[release, provider] = point[: lattice.atoms]
    return atoms


class ReaderAudit:
    """The knowledge of one reader: the public, or the provider with a row of the counts."""

    def __init__(
        self,
        lattice: Lattice,
        rule: Rule,
        counts: Sequence[ProviderCounts],
        displays: Sequence[Display],
        atoms: FloatArray,
        *,
        provider: int | None = None,
    ) -> None:
        """Start from the truth: `atoms` are those behind the returns of the chain."""
        self.lattice, self.rule, self.counts, self.displays = lattice, rule, counts, list(displays)
        self.chain = chain = build_chain(lattice, displays)
        self.provider = provider
        self.own = [each.own[provider] if provider is not None else np.zeros_like(each.totals) for each in counts]
        releases = list(chain.releases)
        others = atoms[releases].sum(axis=1)
        if provider is not None:
            others = others - atoms[releases, provider]
        self.point = others.ravel()
        self.targets, self.width, self.may_be_zero = self._find_targets(public=provider is None)
        self.lower, self.upper = self.bounds(self.displays[-1])
        values = chain.rows.evaluate(self.point)
        self.least, self.most = values.copy(), values.copy()
        # A fixed seed makes an audit repeatable.
        self.random = np.random.default_rng(8)

    def _find_targets(self, *, public: bool) -> tuple[IntArray, IntArray, BoolArray]:
        """Find the rows to protect: small counts, small increments and small changes, without the reader's own part.

        For the public, a small count must leave a whole `width`, and a zero must leave another possible value. For a
        provider, and for a comparison of two releases, a whole `width` or the possibility of zero is enough.
        """
        rule, chain, lattice = self.rule, self.chain, self.lattice
        true = np.stack([each.totals - own for each, own in zip(self.counts, self.own, strict=True)])
        exists = np.stack([(d.since >= 0) & ~c.unknown for d, c in zip(self.displays, self.counts, strict=True)])
        exists &= lattice.broken_down | (not rule.totals_open)
        exists[:, lattice.size :] &= rule.protect_complements
        # An earlier release keeps the promises of its own rule.
        rules = [each.rule or rule for each in self.counts]
        least = np.array([each.hide_from if public else max(each.hide_from, 1) for each in rules])[:, None]
        most, width = np.array([each.hide_to for each in rules])[:, None], np.array([each.width for each in rules])
        continued = np.maximum(lattice.continues_from, 0)
        true = np.stack((true, true - true[:, continued]))  # of counts, and of steps
        exists = np.stack((exists, exists & exists[:, continued]))
        small = exists & (true >= least) & (true <= most)
        previous = dict(zip(chain.releases[1:], chain.releases, strict=False))
        keys = zip(chain.step.astype(np.int64), chain.release, chain.node, chain.since, strict=True)
        targets = [
            row
            for row, (step, release, node, since) in enumerate(keys)
            if (since < 0 <= release and small[step, release, node])
            or (
                since >= 0
                and previous[release] == since
                and exists[step][[release, since], node].all()
                and 0 < abs(true[step, release, node] - true[step, since, node]) < rule.hold_back
            )
        ]
        rows = np.array(targets, dtype=np.int64)
        strict = (chain.since[rows] < 0) & public
        zero = strict & (true[chain.step[rows].astype(np.int64), chain.release[rows], chain.node[rows]] == 0)
        wide = width[chain.release[rows]]
        return rows, np.where(zero, np.minimum(wide, 1), wide), ~strict

    def bounds(self, last: Display) -> tuple[FloatArray, FloatArray]:
        """Return the bounds of each row that the displays imply for the reader; `last` is the newest display."""
        chain, displays = self.chain, [*self.displays[:-1], last]
        lower, upper = chain.rows.lower.copy(), chain.rows.upper.copy()
        value = np.flatnonzero((chain.release >= 0) & (chain.since < 0) & ~chain.step)
        change = np.flatnonzero((chain.since >= 0) & ~chain.step)  # a step alone is never bounded
        own = np.stack(self.own)
        release, node, since = chain.release[value], chain.node[value], chain.since[change]
        lower[value] = np.stack([d.implied_low for d in displays])[release, node] - own[release, node]
        upper[value] = np.stack([d.implied_high for d in displays])[release, node] - own[release, node]
        lower[value[lower[value] <= 0]] = -np.inf
        self._tighten_by_other_providers(value, displays, lower, upper)
        release, node = chain.release[change], chain.node[change]
        is_bounded = np.stack([d.change_since for d in displays])[release, node] == since
        moved = own[release, node] - own[since, node]
        lower[change] = np.where(is_bounded, np.stack([d.change_low for d in displays])[release, node] - moved, -np.inf)
        upper[change] = np.where(is_bounded, np.stack([d.change_high for d in displays])[release, node] - moved, np.inf)
        return lower, upper

    def _tighten_by_other_providers(
        self, value: IntArray, displays: Sequence[Display], lower: FloatArray, upper: FloatArray
    ) -> None:
        """Add what a provider without `publish_alone` can infer about the others.

        In a displayed figure, it is not the only provider. If a total is hidden although its own part is not a small
        count, the others' part must be a small count.
        """
        if self.provider is None:
            return
        release, node = self.chain.release[value], self.chain.node[value]
        shown = np.stack([display.shown for display in displays])[release, node]
        own = np.stack(self.own)[release, node]
        others = np.stack([each.totals for each in self.counts])[release, node] - own
        known = ~np.stack([each.unknown for each in self.counts])[release, node]
        bound = ~np.array([each.publish_alone[self.provider] for each in self.counts])[release]
        shared = value[bound & shown & (own > 0) & (others > 0)]
        lower[shared] = np.maximum(lower[shared], 1.0)
        most = self.rule.hide_to
        total = (self.lattice.breakdown_depth[node] == 0) & (node < len(self.lattice.nodes))
        small = value[bound & ~shown & known & total & (own > most) & (others <= most)]
        upper[small] = np.minimum(upper[small], most)

    def unsettled(self) -> IntArray:
        """Return the targets that the witnesses do not settle yet."""
        return self._find_too_narrow(self.least, self.most)

    def too_narrow(self) -> IntArray:
        """Return the targets whose own bounds leave too little room."""
        nothing_less = np.where(self.chain.since < 0, 0.0, -np.inf)
        return self._find_too_narrow(np.maximum(self.lower, nothing_less), self.upper)

    def _find_too_narrow(self, least: FloatArray, most: FloatArray) -> IntArray:
        """Return the targets for which these bounds leave too little room."""
        least, most = least[self.targets], most[self.targets]
        wide = np.floor(most + TOLERANCE) - np.ceil(least - TOLERANCE) >= self.width
        nothing = self.may_be_zero & (least <= TOLERANCE) & (most >= -TOLERANCE)
        return self.targets[~(wide | nothing)]

    def sweep(self) -> None:
        """Free some areas at a time, in all periods, until a sweep settles hardly any more counts."""
        patch, places = self.chain.area_period_id, np.arange(self.lattice.area_count)
        fine = np.where(patch >= 0, patch % places.size, -1)
        together = max(MIN_AREAS_PER_STEP, MAX_COLUMNS_PER_STEP * places.size // patch.size)
        wider = patch < 0
        firsts = range(0, places.size, together)
        remaining = self.unsettled().size
        while remaining:
            for _ in range(0, MIN_STEPS_PER_SWEEP, len(firsts)):
                self.random.shuffle(places)
                for first in firsts:
                    self._step_randomly(wider | np.isin(fine, places[first : first + together]))
            before, remaining = remaining, self.unsettled().size
            if before - remaining < max(MIN_SETTLED_SHARE * before, 2):
                break

    def minimise(self, free: BoolArray, cost: FloatArray) -> None:
        """Find the table with the lowest cost that differs from the last table in free columns only."""
        rows, lower, upper = self._calculate_remaining_bounds(free)
        if not cost[rows].any():
            return
        chosen = np.zeros(cost.size, dtype=np.bool_)
        chosen[rows] = True
        columns, nothing = int(np.count_nonzero(free)), np.zeros(rows.size)
        program = LinearProgram(
            rows=self.chain.equations.select(rows, np.append(free, chosen), lower=nothing, upper=nothing),
            least=np.append(np.zeros(columns), lower),
            most=np.append(np.full(columns, np.inf), upper),
        )
        solution = program.solve(np.append(np.zeros(columns), cost[rows]), corner=False)
        self.accept(free, None if solution is None else solution[:columns])

    def build_program(self, free: BoolArray) -> tuple[LinearProgram, IntArray]:
        """Return the polytope in the free columns, with the others fixed, and its rows."""
        rows, lower, upper = self._calculate_remaining_bounds(free)
        bounding = np.isfinite(lower) | np.isfinite(upper)
        rows, lower, upper = rows[bounding], lower[bounding], upper[bounding]
        return LinearProgram(rows=self.chain.rows.select(rows, free, lower=lower, upper=upper)), rows

    def _calculate_remaining_bounds(self, free: BoolArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return the rows with free columns, and the bounds that the fixed columns leave for them.

        The current table always satisfies these bounds, despite the solver's tolerance: no bound is tighter than the
        current sum of the free columns.
        """
        whole = self.chain.rows
        entries = free[whole.columns]
        row_ids = whole.row_of[entries]
        values = self.point[whole.columns[entries]] * whole.values[entries]
        own: FloatArray = np.bincount(row_ids, weights=values, minlength=len(whole)).astype(np.float64)
        rows = np.flatnonzero(np.bincount(row_ids, minlength=len(whole)))
        rest = (whole.evaluate(self.point) - own)[rows]
        return rows, np.minimum(self.lower[rows] - rest, own[rows]), np.maximum(self.upper[rows] - rest, own[rows])

    def accept(self, free: BoolArray, columns: FloatArray | None) -> None:
        """Use the table with these free columns as a witness, and continue from it; None changes nothing."""
        if columns is not None:
            point = self.point.copy()
            point[free] = columns
            self.add_witness(point)

    def add_witness(self, point: FloatArray) -> None:
        """Record a table as a witness if it satisfies all bounds, and continue from it."""
        values = self.chain.rows.evaluate(point)
        slack = TOLERANCE * 10
        if np.all(values >= self.lower - slack) and np.all(values <= self.upper + slack):
            self.point = point
            np.minimum(self.least, values, out=self.least)
            np.maximum(self.most, values, out=self.most)

    def _step_randomly(self, free: BoolArray) -> None:
        """Widen the bounds of the unsettled counts with one program, each in a random direction."""
        rows = self.unsettled()
        signs = self.random.choice([-1.0, 1.0], rows.size) * self.random.uniform(0.5, 1.5, rows.size)
        cost = np.zeros(len(self.chain.rows))
        cost[rows] = signs
        self.minimise(free, cost)

    def select_columns(self, patches: IntArray) -> BoolArray:
        """Return a mask of the columns of these areas, and of wider areas in the same periods."""
        near = np.concatenate((patches, -1 - patches // self.lattice.area_count))
        return np.isin(self.chain.area_period_id, near)

    def iterate_neighbourhoods(self, row: int) -> Iterator[BoolArray]:
        """Yield columns to free for one count: some of its areas and of their neighbours; then more; then all."""
        rows, patch = self.chain.rows, self.chain.area_period_id
        columns = rows.columns[rows.starts[row] : rows.starts[row + 1]]
        own = self.random.permutation(np.unique(patch[columns]))
        inside = np.bincount(rows.row_of[np.isin(rows.columns, columns)], minlength=len(rows)) == columns.size
        around = rows.columns[(inside & np.isfinite(self.upper))[rows.row_of]]
        fine = around[patch[around] >= 0]
        heaviest = np.argsort(-np.bincount(patch[fine], weights=self.point[fine]), kind="stable")
        number, freed = max(MIN_AREAS_PER_COUNT, MIN_COLUMNS_PER_COUNT * np.unique(patch).size // patch.size), 0
        while freed < patch.size:
            some = np.concatenate((own[:number], heaviest[:number]))
            free = self.select_columns(some) if number <= heaviest.size else np.ones(patch.size, dtype=np.bool_)
            if freed < (freed := int(np.count_nonzero(free))):
                yield free
            number *= 2
