"""Try to work hidden counts out again, as somebody would who knows the rules and reads everything.

What a reader knows is a polytope: all tables, release by release, that agree with everything shown in the chain of
releases. A provider knows its own part besides, and so a polytope of what the others returned. A hidden count is
protected if tables in that polytope, *witnesses*, differ enough in it. Only witnesses in hand let a count pass.

The truth is the first witness; it is found by crossing each provider's own returns, which also tells whether they
can be true together. Others are found by linear programmes (HiGHS) that free the atoms of a few areas and keep the
rest: each solution is a table of the whole polytope and bounds all counts at once. What is left goes to programmes
for one count, with more areas freed and, in `repair`, all of them. The bounds are of real numbers; a reader who
uses that people are whole can do a little better, so what passes holds a whole `width` between whole numbers.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from api.statistics.disclosure.chain import build_chain
from api.statistics.disclosure.display import Contradiction, Display, ProviderCounts
from api.statistics.disclosure.lattice import BoolArray, FloatArray, IntArray, Lattice
from api.statistics.disclosure.linear_programs import LinearProgram, stack_rows
from schema.disclosure import Rule

TOLERANCE = 1e-6
MIN_AREAS_PER_STEP = 4  # areas freed at once in a sweep, at least; more, while they have no more columns than
MAX_COLUMNS_PER_STEP = 1500
MIN_STEPS_PER_SWEEP = 8  # programmes, at least
MIN_SETTLED_SHARE = 0.02  # of the counts that are left: a sweep that settles fewer is the last
MIN_AREAS_PER_COUNT = (
    3  # areas of its own that are freed for one count, and as many around it, at least; more, while they have no
)
MIN_COLUMNS_PER_COUNT = 900  # more columns than this; then twice as many, and so on


def find_cross_tables(lattice: Lattice, chain: Sequence[ProviderCounts]) -> FloatArray:
    """Find atoms that make up every return: releases × providers × atoms. Any that do, not the true ones.

    Raises `Contradiction` where there are none.
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
    """What one reader can work out: the public, or the provider of a row of the counts."""

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
        """Start from the truth, given the atoms behind the returns of the chain."""
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
        # Always the same numbers, so that an audit can be repeated.
        self.random = np.random.default_rng(8)

    def _find_targets(self, *, public: bool) -> tuple[IntArray, IntArray, BoolArray]:
        """Rows to be protected: small counts and small changes, as they are beside the reader's own part. What a count
        to date has grown by is such a count.

        The public must be left a whole `width` at each small count, and at zero the possibility of another; a provider,
        and whoever compares two releases, must be left the possibility that there is nothing at all, or a whole width.
        """
        rule, chain, lattice = self.rule, self.chain, self.lattice
        true = np.stack([each.totals - own for each, own in zip(self.counts, self.own, strict=True)])
        there = np.stack([(d.since >= 0) & ~c.unknown for d, c in zip(self.displays, self.counts, strict=True)])
        there &= lattice.broken_down | (not rule.totals_open)
        there[:, lattice.size :] &= rule.protect_complements
        # What was released under another rule was promised by that one.
        rules = [each.rule or rule for each in self.counts]
        least = np.array([each.hide_from if public else max(each.hide_from, 1) for each in rules])[:, None]
        most, width = np.array([each.hide_to for each in rules])[:, None], np.array([each.width for each in rules])
        goes_on = np.maximum(lattice.continues_from, 0)
        true = np.stack((true, true - true[:, goes_on]))  # of counts, and of steps
        there = np.stack((there, there & there[:, goes_on]))
        small = there & (true >= least) & (true <= most)
        previous = dict(zip(chain.releases[1:], chain.releases, strict=False))
        rows = zip(chain.step.astype(np.int64), chain.release, chain.node, chain.since, strict=True)
        targets = [
            row
            for row, (step, release, node, since) in enumerate(rows)
            if (since < 0 <= release and small[step, release, node])
            or (
                since >= 0
                and previous[release] == since
                and there[step][[release, since], node].all()
                and 0 < abs(true[step, release, node] - true[step, since, node]) < rule.hold_back
            )
        ]
        found = np.array(targets, dtype=np.int64)
        strict = (chain.since[found] < 0) & public
        zero = strict & (true[chain.step[found].astype(np.int64), chain.release[found], chain.node[found]] == 0)
        wide = width[chain.release[found]]
        return found, np.where(zero, np.minimum(wide, 1), wide), ~strict

    def bounds(self, last: Display) -> tuple[FloatArray, FloatArray]:
        """What the displays, the last one being this, tell the reader of each row."""
        chain, displays = self.chain, [*self.displays[:-1], last]
        lower, upper = chain.rows.lower.copy(), chain.rows.upper.copy()
        value = np.flatnonzero((chain.release >= 0) & (chain.since < 0) & ~chain.step)
        change = np.flatnonzero((chain.since >= 0) & ~chain.step)  # of steps nothing is told by itself
        own = np.stack(self.own)
        release, node, since = chain.release[value], chain.node[value], chain.since[change]
        lower[value] = np.stack([d.told_low for d in displays])[release, node] - own[release, node]
        upper[value] = np.stack([d.told_high for d in displays])[release, node] - own[release, node]
        lower[value[lower[value] <= 0]] = -np.inf
        self._tighten_by_other_providers(value, displays, lower, upper)
        release, node = chain.release[change], chain.node[change]
        said = np.stack([d.change_since for d in displays])[release, node] == since
        moved = own[release, node] - own[since, node]
        lower[change] = np.where(said, np.stack([d.change_low for d in displays])[release, node] - moved, -np.inf)
        upper[change] = np.where(said, np.stack([d.change_high for d in displays])[release, node] - moved, np.inf)
        return lower, upper

    def _tighten_by_other_providers(
        self, value: IntArray, displays: Sequence[Display], lower: FloatArray, upper: FloatArray
    ) -> None:
        """What a provider that may not stand alone learns from that: of what shows, it is not the only one; and for a
        total that is hidden although its own part is not small there is no other reason than that the others are few.
        """
        if self.provider is None:
            return
        release, node = self.chain.release[value], self.chain.node[value]
        shown = np.stack([display.shown for display in displays])[release, node]
        own = np.stack(self.own)[release, node]
        others = np.stack([each.totals for each in self.counts])[release, node] - own
        known = ~np.stack([each.unknown for each in self.counts])[release, node]
        bound = ~np.array([each.publish_alone[self.provider] for each in self.counts])[release]
        there = value[bound & shown & (own > 0) & (others > 0)]
        lower[there] = np.maximum(lower[there], 1.0)
        most = self.rule.hide_to
        total = (self.lattice.breakdown_depth[node] == 0) & (node < len(self.lattice.nodes))
        few = value[bound & ~shown & known & total & (own > most) & (others <= most)]
        upper[few] = np.minimum(upper[few], most)

    def unsettled(self) -> IntArray:
        """The targets that no two witnesses settle yet."""
        return self._find_too_narrow(self.least, self.most)

    def too_narrow(self) -> IntArray:
        """The targets of which what is told of each by itself leaves too little."""
        nothing_less = np.where(self.chain.since < 0, 0.0, -np.inf)
        return self._find_too_narrow(np.maximum(self.lower, nothing_less), self.upper)

    def _find_too_narrow(self, least: FloatArray, most: FloatArray) -> IntArray:
        """The targets that these bounds of each row do not leave enough room."""
        least, most = least[self.targets], most[self.targets]
        wide = np.floor(most + TOLERANCE) - np.ceil(least - TOLERANCE) >= self.width
        nothing = self.may_be_zero & (least <= TOLERANCE) & (most >= -TOLERANCE)
        return self.targets[~(wide | nothing)]

    def sweep(self) -> None:
        """Free a few areas at a time, in all periods, until that settles few counts more."""
        patch, places = self.chain.area_period_id, np.arange(self.lattice.area_count)
        fine = np.where(patch >= 0, patch % places.size, -1)
        together = max(MIN_AREAS_PER_STEP, MAX_COLUMNS_PER_STEP * places.size // patch.size)
        wider = patch < 0
        firsts = range(0, places.size, together)
        left = self.unsettled().size
        while left:
            for _ in range(0, MIN_STEPS_PER_SWEEP, len(firsts)):
                self.random.shuffle(places)
                for first in firsts:
                    self._step_randomly(wider | np.isin(fine, places[first : first + together]))
            before, left = left, self.unsettled().size
            if before - left < max(MIN_SETTLED_SHARE * before, 2):
                break

    def minimise(self, free: BoolArray, cost: FloatArray) -> None:
        """Find the table in which rows cost the least of those that differ from the last one in free columns alone."""
        rows, lower, upper = self._calculate_remaining_bounds(free)
        if not cost[rows].any():
            return
        there = np.zeros(cost.size, dtype=np.bool_)
        there[rows] = True
        columns, nothing = int(np.count_nonzero(free)), np.zeros(rows.size)
        programme = LinearProgram(
            rows=self.chain.equations.select(rows, np.append(free, there), lower=nothing, upper=nothing),
            least=np.append(np.zeros(columns), lower),
            most=np.append(np.full(columns, np.inf), upper),
        )
        found = programme.solve(np.append(np.zeros(columns), cost[rows]), corner=False)
        self.accept(free, None if found is None else found[:columns])

    def build_program(self, free: BoolArray) -> tuple[LinearProgram, IntArray]:
        """The polytope in the free columns, the others as they are, and which rows it has."""
        rows, lower, upper = self._calculate_remaining_bounds(free)
        bounding = np.isfinite(lower) | np.isfinite(upper)
        rows, lower, upper = rows[bounding], lower[bounding], upper[bounding]
        return LinearProgram(rows=self.chain.rows.select(rows, free, lower=lower, upper=upper)), rows

    def _calculate_remaining_bounds(self, free: BoolArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """The rows that have free columns, and what the others leave to these of each row's bounds.

        The table in hand keeps to that, whatever the solver's tolerance has left over: no bound is closer than what
        the free columns add now.
        """
        whole = self.chain.rows
        entries = free[whole.columns]
        of = whole.row_of[entries]
        values = self.point[whole.columns[entries]] * whole.values[entries]
        own: FloatArray = np.bincount(of, weights=values, minlength=len(whole)).astype(np.float64)
        rows = np.flatnonzero(np.bincount(of, minlength=len(whole)))
        rest = (whole.evaluate(self.point) - own)[rows]
        return rows, np.minimum(self.lower[rows] - rest, own[rows]), np.maximum(self.upper[rows] - rest, own[rows])

    def accept(self, free: BoolArray, found: FloatArray | None) -> None:
        """Go on from the table with these free columns, if there is one, as a witness."""
        if found is not None:
            point = self.point.copy()
            point[free] = found
            self.add_witness(point)

    def add_witness(self, point: FloatArray) -> None:
        """Take a table as a witness, if it is one, and go on from there."""
        values = self.chain.rows.evaluate(point)
        slack = TOLERANCE * 10
        if np.all(values >= self.lower - slack) and np.all(values <= self.upper + slack):
            self.point = point
            np.minimum(self.least, values, out=self.least)
            np.maximum(self.most, values, out=self.most)

    def _step_randomly(self, free: BoolArray) -> None:
        """Widen, by one programme, what is known of the unsettled counts: each this way or that, at random."""
        rows = self.unsettled()
        signs = self.random.choice([-1.0, 1.0], rows.size) * self.random.uniform(0.5, 1.5, rows.size)
        cost = np.zeros(len(self.chain.rows))
        cost[rows] = signs
        self.minimise(free, cost)

    def select_columns(self, patches: IntArray) -> BoolArray:
        """Columns of these areas, and of the wider ones in the same periods."""
        near = np.concatenate((patches, -1 - patches // self.lattice.area_count))
        return np.isin(self.chain.area_period_id, near)

    def iterate_neighbourhoods(self, row: int) -> Iterator[BoolArray]:
        """Columns to free for one count: some of its areas and those that could make up for it; more; then all."""
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
