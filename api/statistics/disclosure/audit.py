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

from collections.abc import Sequence

import highspy
import numpy as np
from msgspec import Struct

from api.statistics.disclosure.display import BoolArray, Contradiction, Counts, Display
from api.statistics.disclosure.lattice import FloatArray, Forms, IntArray, Lattice, Rows
from schema.disclosure import Rule

TOLERANCE = 1e-6
EXACT = 1e-9
"""How far a table may be off its bounds. One goes on from another, so that what is off adds up."""
TOGETHER = 4  # areas freed at once in a sweep
NEAR = (3, 6)  # areas freed for one count, of its own and of those around it, before all are


def crossed(lattice: Lattice, chain: Sequence[Counts]) -> FloatArray:
    """Find atoms that make up every return: releases × providers × atoms. Any that do, not the true ones.

    Raises `Contradiction` where there are none.
    """
    atoms = np.zeros((len(chain), chain[-1].own.shape[0], lattice.atoms))
    system = Programme.of(lattice.sums, lattice.ties)
    for release, counts in enumerate(chain):
        for provider, own in enumerate(counts.own):
            if release and np.array_equal(own, chain[release - 1].own[provider]):
                atoms[release, provider] = atoms[release - 1, provider]
                continue
            high = np.where(counts.unknown, np.inf, own)
            programme = system.bounded(np.append(own, lattice.ties.lower), np.append(high, lattice.ties.upper))
            point = programme.solve(np.zeros(lattice.atoms))
            if point is None:
                raise Contradiction(provider=provider, release=release)
            atoms[release, provider] = point
    return atoms


class Programme(Struct, frozen=True, kw_only=True, eq=False):
    """A linear programme without its objective: columns at least 0 in bounded rows."""

    rows: Rows

    @classmethod
    def of(cls, *blocks: Rows) -> "Programme":
        """Put rows over the same columns under each other."""
        offsets = np.cumsum([0, *(block.columns.size for block in blocks)])
        starts = [block.starts[:-1] + offset for block, offset in zip(blocks, offsets[:-1], strict=True)]
        return cls(
            rows=Rows(
                starts=np.concatenate([*starts, offsets[-1:]]),
                columns=np.concatenate([block.columns for block in blocks]),
                values=np.concatenate([block.values for block in blocks]),
                lower=np.concatenate([block.lower for block in blocks]),
                upper=np.concatenate([block.upper for block in blocks]),
            )
        )

    def bounded(self, lower: FloatArray, upper: FloatArray) -> "Programme":
        rows = self.rows
        return Programme(
            rows=Rows(starts=rows.starts, columns=rows.columns, values=rows.values, lower=lower, upper=upper)
        )

    def reaching(self, goal: float, *, up: bool) -> "Programme":
        """The programme with its last row at least, or at most, this."""
        lower, upper = self.rows.lower.copy(), self.rows.upper.copy()
        (lower if up else upper)[-1] = goal
        return self.bounded(lower, upper)

    def solve(self, cost: FloatArray, most: FloatArray | None = None) -> FloatArray | None:
        """The columns, at most `most`, that cost the least; None where the solver vouches for none."""
        rows, solver = self.rows, highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("presolve", "off")
        solver.setOptionValue("primal_feasibility_tolerance", EXACT)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = cost.size, len(rows)
        model.col_cost_ = cost
        model.col_lower_ = np.zeros(cost.size)
        model.col_upper_ = np.full(cost.size, np.inf) if most is None else most
        model.row_lower_, model.row_upper_ = rows.lower, rows.upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = rows.starts.astype(np.int32)
        model.a_matrix_.index_ = rows.columns.astype(np.int32)
        model.a_matrix_.value_ = rows.values
        solver.passModel(model)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.maximum(np.array(solver.getSolution().col_value), 0.0)


class Chain(Struct, frozen=True, kw_only=True, eq=False):
    """The releases that readers can compare, as rows over the atoms of each release that counts.

    A release in which no number was set counts only if it is the last: what it tells, its neighbours tell too.
    """

    rows: Rows
    releases: tuple[int, ...]
    patch: IntArray
    """Of each column, its area and period."""
    release: IntArray
    """Of each row, its release; -1 for ties."""
    node: IntArray
    since: IntArray
    """Of a change, the earlier release; else -1."""
    step: BoolArray
    """Whether the row is about the increment that leads to its node."""


def chained(lattice: Lattice, displays: Sequence[Display]) -> Chain:
    """Lay out what the displays of a chain of releases are about."""
    last = len(displays) - 1
    releases = tuple(t for t in range(len(displays)) if t == last or (displays[t].since == t).any())
    forms = Forms()
    about: list[tuple[int, int, int, bool]] = []
    ids: list[IntArray] = np.split(lattice.sums.columns, lattice.sums.starts[1:-1])
    before: list[int] = lattice.earlier.tolist()
    steps = {node: np.setdiff1d(ids[node], ids[earlier]) for node, earlier in enumerate(before) if earlier >= 0}
    for at, release in enumerate(releases):
        for node, atoms in enumerate(ids):
            forms.add(-np.inf, np.inf, (atoms + at * lattice.atoms, 1.0))
            about.append((release, node, -1, False))
        for node, atoms in steps.items():
            forms.add(-np.inf, np.inf, (atoms + at * lattice.atoms, 1.0))
            about.append((release, node, -1, True))
        if at == 0:
            continue
        then = displays[releases[at - 1]].since >= 0
        for node in np.flatnonzero(then).tolist():
            for since in sorted({releases[at - 1], int(displays[release].change_since[node])} - {-1}):
                earlier = ids[node] + releases.index(since) * lattice.atoms
                forms.add(-np.inf, np.inf, (ids[node] + at * lattice.atoms, 1.0), (earlier, -1.0))
                about.append((release, node, since, False))
        for node, atoms in steps.items():
            earlier = atoms + (at - 1) * lattice.atoms
            forms.add(-np.inf, np.inf, (atoms + at * lattice.atoms, 1.0), (earlier, -1.0))
            about.append((release, node, releases[at - 1], True))
    ties = lattice.ties
    for at, release in enumerate(releases):
        there = np.zeros(lattice.atoms, dtype=np.bool_)
        there[np.concatenate([ids[node] for node in np.flatnonzero(displays[release].since >= 0)])] = True
        for row in range(len(ties)):
            entries = slice(ties.starts[row], ties.starts[row + 1])
            if there[ties.columns[entries]].all():
                forms.append(
                    ties.columns[entries] + at * lattice.atoms, ties.values[entries], ties.lower[row], ties.upper[row]
                )
                about.append((-1, -1, -1, False))
    release, node, since, step = np.array(about, dtype=np.int64).T
    return Chain(
        rows=forms.rows(),
        releases=releases,
        patch=np.tile(lattice.patch, len(releases)),
        release=release,
        node=node,
        since=since,
        step=step > 0,
    )


class View:
    """What one reader can work out: the public, or the provider of a row of the counts."""

    def __init__(
        self,
        lattice: Lattice,
        rule: Rule,
        counts: Sequence[Counts],
        displays: Sequence[Display],
        atoms: FloatArray,
        *,
        provider: int | None = None,
    ) -> None:
        """Start from the truth, given the atoms behind the returns of the chain."""
        self.lattice, self.rule, self.counts, self.displays = lattice, rule, counts, list(displays)
        self.chain = chain = chained(lattice, displays)
        self.provider = provider
        self.own = [each.own[provider] if provider is not None else np.zeros_like(each.all) for each in counts]
        releases = list(chain.releases)
        others = atoms[releases].sum(axis=1)
        if provider is not None:
            others = others - atoms[releases, provider]
        self.point = others.ravel()
        self.targets, self.width, self.may_be_nothing = self._targets(public=provider is None)
        self.lower, self.upper = self.bounds(self.displays[-1])
        values = chain.rows.of(self.point)
        self.least, self.most = values.copy(), values.copy()
        self.margins = self._margins()
        self.row_of = chain.rows.row_of()
        # Always the same numbers, so that an audit can be repeated.
        self.random = np.random.default_rng(8)

    def _targets(self, *, public: bool) -> tuple[IntArray, IntArray, BoolArray]:
        """Rows to be protected: small counts and small changes, as they are beside the reader's own part. What a count
        to date has grown by is such a count.

        The public must be left a whole `width` at each small count, and at zero the possibility of another; a provider,
        and whoever compares two releases, must be left the possibility that there is nothing at all, or a whole width.
        """
        rule, chain, lattice = self.rule, self.chain, self.lattice
        true = np.stack([each.all - own for each, own in zip(self.counts, self.own, strict=True)])
        there = np.stack([(d.since >= 0) & ~c.unknown for d, c in zip(self.displays, self.counts, strict=True)])
        there &= lattice.broken_down | (not rule.totals_open)
        there[:, lattice.size :] &= rule.protect_complements
        # What was released under another rule was promised by that one.
        rules = [each.rule or rule for each in self.counts]
        least = np.array([each.hide_from if public else max(each.hide_from, 1) for each in rules])[:, None]
        most, width = np.array([each.hide_to for each in rules])[:, None], np.array([each.width for each in rules])
        goes_on = np.maximum(lattice.earlier, 0)
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

    def _margins(self) -> list[BoolArray]:
        """The columns of each one-way margin of the widest area, in all releases."""
        lattice, chain = self.lattice, self.chain
        nodes = np.flatnonzero((lattice.ways == 1) & lattice.broken_down & (lattice.whole < 0))
        found: list[BoolArray] = []
        for node in nodes:
            atoms = np.zeros(lattice.atoms, dtype=np.bool_)
            atoms[lattice.sums.columns[lattice.sums.starts[node] : lattice.sums.starts[node + 1]]] = True
            found.append(np.tile(atoms, len(chain.releases)))
        return found

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
        self._beside_others(value, displays, lower, upper)
        release, node = chain.release[change], chain.node[change]
        said = np.stack([d.change_since for d in displays])[release, node] == since
        moved = own[release, node] - own[since, node]
        lower[change] = np.where(said, np.stack([d.change_low for d in displays])[release, node] - moved, -np.inf)
        upper[change] = np.where(said, np.stack([d.change_high for d in displays])[release, node] - moved, np.inf)
        return lower, upper

    def _beside_others(
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
        others = np.stack([each.all for each in self.counts])[release, node] - own
        known = ~np.stack([each.unknown for each in self.counts])[release, node]
        bound = ~np.array([each.may_stand_alone[self.provider] for each in self.counts])[release]
        there = value[bound & shown & (own > 0) & (others > 0)]
        lower[there] = np.maximum(lower[there], 1.0)
        most = self.rule.hide_to
        total = (self.lattice.ways[node] == 0) & (node < len(self.lattice.nodes))
        few = value[bound & ~shown & known & total & (own > most) & (others <= most)]
        upper[few] = np.minimum(upper[few], most)

    def unsettled(self) -> IntArray:
        """The targets that no two witnesses settle yet."""
        least, most = self.least[self.targets], self.most[self.targets]
        wide = np.floor(most + TOLERANCE) - np.ceil(least - TOLERANCE) >= self.width
        nothing = self.may_be_nothing & (least <= TOLERANCE) & (most >= -TOLERANCE)
        return self.targets[~(wide | nothing)]

    def sweep(self) -> None:
        """Free a few areas, or a margin in all areas, at a time, until that settles few counts more."""
        patches = np.unique(self.chain.patch[self.chain.patch >= 0])
        left = self.unsettled().size
        while left:
            self.random.shuffle(patches)
            for first in range(0, patches.size, TOGETHER):
                self._push(self.around(patches[first : first + TOGETHER]))
            for margin in self.margins:
                self._push(margin)
            before, left = left, self.unsettled().size
            if before - left < max(0.05 * before, 2):
                break

    def improve(self, free: BoolArray, cost: FloatArray) -> None:
        """Find the table that costs the least of those that differ from the last one in free columns alone."""
        if cost[free].any():
            programme, _ = self.freed(free)
            self.take(free, programme.solve(cost[free]))

    def freed(self, free: BoolArray) -> tuple[Programme, IntArray]:
        """The polytope in the free columns, the others as they are, and which rows it has."""
        whole = self.chain.rows
        entries = free[whole.columns]
        rows, starts = _runs(self.row_of[entries])
        columns, values = whole.columns[entries], whole.values[entries]
        own = np.add.reduceat(self.point[columns] * values, starts[:-1])
        rest = whole.of(self.point)[rows] - own
        # The table in hand is one of them, whatever the solver's tolerance has left over.
        lower, upper = np.minimum(self.lower[rows] - rest, own), np.maximum(self.upper[rows] - rest, own)
        bounding = np.isfinite(lower) | np.isfinite(upper)
        kept = np.repeat(bounding, np.diff(starts))
        programme = Programme(
            rows=Rows(
                starts=np.append(0, np.cumsum(np.diff(starts)[bounding])),
                columns=(np.cumsum(free) - 1)[columns[kept]],
                values=values[kept],
                lower=lower[bounding],
                upper=upper[bounding],
            )
        )
        return programme, rows[bounding]

    def take(self, free: BoolArray, found: FloatArray | None) -> None:
        """Go on from the table with these free columns, if there is one, as a witness."""
        if found is not None:
            point = self.point.copy()
            point[free] = found
            self.witness(point)

    def witness(self, point: FloatArray) -> None:
        """Take a table as a witness, if it is one, and go on from there."""
        values = self.chain.rows.of(point)
        slack = TOLERANCE * 10
        if np.all(values >= self.lower - slack) and np.all(values <= self.upper + slack):
            self.point = point
            np.minimum(self.least, values, out=self.least)
            np.maximum(self.most, values, out=self.most)

    def _push(self, free: BoolArray) -> None:
        """Widen, by one programme, what is known of the unsettled counts: each this way or that, at random."""
        rows = self.unsettled()
        signs = self.random.choice([-1.0, 1.0], rows.size) * self.random.uniform(0.5, 1.5, rows.size)
        self.improve(free, self._cost(rows, signs))

    def _cost(self, rows: IntArray, weights: FloatArray) -> FloatArray:
        by_row = np.zeros(len(self.chain.rows))
        by_row[rows] = weights
        by_entry = by_row[self.row_of] * self.chain.rows.values
        by_column = np.bincount(self.chain.rows.columns, weights=by_entry, minlength=self.chain.patch.size)
        return by_column.astype(np.float64)

    def around(self, patches: IntArray) -> BoolArray:
        """Columns of these areas, and of the wider ones in the same periods."""
        near = np.concatenate((patches, -1 - patches // self.lattice.places))
        return np.isin(self.chain.patch, near)

    def near(self, row: int) -> list[BoolArray]:
        """Columns to free for one count: some of its areas and those that could make up for it; more; then all."""
        rows, patch = self.chain.rows, self.chain.patch
        columns = rows.columns[rows.starts[row] : rows.starts[row + 1]]
        own = self.random.permutation(np.unique(patch[columns]))
        inside = np.bincount(self.row_of[np.isin(rows.columns, columns)], minlength=len(rows)) == columns.size
        around = rows.columns[(inside & np.isfinite(self.upper))[self.row_of]]
        fine = around[patch[around] >= 0]
        heaviest = np.argsort(-np.bincount(patch[fine], weights=self.point[fine]), kind="stable")
        some = [self.around(np.concatenate((own[:number], heaviest[:number]))) for number in NEAR]
        return [*(free for free in some if not free.all()), np.ones(patch.size, dtype=np.bool_)]


def _runs(sorted_keys: IntArray) -> tuple[IntArray, IntArray]:
    """The different keys, and where the run of each begins, the end included."""
    begins = np.flatnonzero(np.diff(sorted_keys, prepend=-1))
    return sorted_keys[begins], np.append(begins, sorted_keys.size)
