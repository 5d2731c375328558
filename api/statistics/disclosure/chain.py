"""What is told in a chain of releases, row by row: counts, what a count to date grew by, and how each has changed."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.display import Display
from api.statistics.disclosure.lattice import BoolArray, FloatArray, IntArray, Lattice, RowBuilder, SparseRows

RowKey = tuple[int, int, int, bool]
"""Release, node, the release since which it has changed, and whether it is a step: as `Chain` has them."""
Sums = list[tuple[IntArray, float]]
"""Columns that are added up, and how many times."""


class Chain(Struct, frozen=True, kw_only=True, eq=False):
    """The releases that readers can compare, as rows over the atoms of each release that counts.

    A release in which no number was set counts only if it is the last: what it tells, its neighbours tell too.
    """

    rows: SparseRows
    equations: SparseRows
    """Each row again as a sum of few terms, less itself, which is 0: over the atoms, and the rows behind them."""
    releases: tuple[int, ...]
    area_period_id: IntArray
    """Of each column, its area and period."""
    release: IntArray
    """Of each row, its release; -1 for ties."""
    node: IntArray
    since: IntArray
    """Of a change, the earlier release; else -1."""
    step: BoolArray
    """Whether the row is about the increment that leads to its node."""


def build_chain(lattice: Lattice, displays: Sequence[Display]) -> Chain:
    """Lay out what the displays of a chain of releases are about."""
    last = len(displays) - 1
    releases = tuple(t for t in range(len(displays)) if t == last or (displays[t].since == t).any())
    laid = _ChainBuilder(len(releases) * lattice.atoms)
    ids, few = lattice.sums.split(), [terms[:-1] for terms in lattice.equations.split()]
    before: list[int] = lattice.continues_from.tolist()
    steps = {node: np.setdiff1d(ids[node], ids[earlier]) for node, earlier in enumerate(before) if earlier >= 0}
    for at, release in enumerate(releases):
        shift = at * lattice.atoms
        first = len(laid.row_keys)
        for node, (atoms, terms) in enumerate(zip(ids, few, strict=True)):
            its = np.where(terms < lattice.atoms, terms + shift, terms - lattice.atoms + laid.columns + first)
            laid.add((release, node, -1, False), [(atoms + shift, 1.0)], [(its, 1.0)])
        for node, atoms in steps.items():
            laid.add((release, node, -1, True), [(atoms + shift, 1.0)], [(atoms + shift, 1.0)])
        if at == 0:
            continue
        previous = releases[at - 1]
        then = displays[previous].since >= 0
        for node in np.flatnonzero(then).tolist():
            for since in sorted({previous, int(displays[release].change_since[node])} - {-1}):
                earlier = releases.index(since) * lattice.atoms
                laid.add_change((release, node, since, False), [(ids[node] + shift, 1.0), (ids[node] + earlier, -1.0)])
        for node, atoms in steps.items():
            earlier = shift - lattice.atoms
            laid.add_change((release, node, previous, True), [(atoms + shift, 1.0), (atoms + earlier, -1.0)])
    ties = lattice.identities
    for at, release in enumerate(releases):
        there = np.zeros(lattice.atoms, dtype=np.bool_)
        there[np.concatenate([ids[node] for node in np.flatnonzero(displays[release].since >= 0)])] = True
        for row in range(len(ties)):
            entries = slice(ties.starts[row], ties.starts[row + 1])
            if there[ties.columns[entries]].all():
                laid.add_identity(
                    ties.columns[entries] + at * lattice.atoms, ties.values[entries], ties.lower[row], ties.upper[row]
                )
    release, node, since, step = np.array(laid.row_keys, dtype=np.int64).T
    return Chain(
        rows=laid.forms.rows(),
        equations=laid.equations.rows(),
        releases=releases,
        area_period_id=np.tile(lattice.area_period_id, len(releases)),
        release=release,
        node=node,
        since=since,
        step=step > 0,
    )


class _ChainBuilder:
    """The rows of a chain in the making: each as a sum of columns, and as an equation in few terms."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.forms, self.equations = RowBuilder(), RowBuilder()
        self.row_keys: list[RowKey] = []
        self.at: dict[RowKey, int] = {}
        """The column of a row."""

    def add(self, of: RowKey, terms: Sums, few: Sums) -> None:
        self.forms.add(-np.inf, np.inf, *terms)
        self.equations.add(0.0, 0.0, *few, self._itself())
        self.at[of] = self.columns + len(self.row_keys)
        self.row_keys.append(of)

    def add_change(self, of: RowKey, terms: Sums) -> None:
        """By which a row of this release differs from that of an earlier one."""
        release, node, since, step = of
        now, then = (np.array([self.at[one, node, -1, step]]) for one in (release, since))
        self.add(of, terms, [(now, 1.0), (then, -1.0)])

    def add_identity(self, columns: IntArray, values: FloatArray, lower: float, upper: float) -> None:
        self.forms.add_row(columns, values, lower, upper)
        itself, less = self._itself()
        self.equations.add_row(np.append(columns, itself), np.append(values, less), 0.0, 0.0)
        self.row_keys.append((-1, -1, -1, False))

    def _itself(self) -> tuple[IntArray, float]:
        return np.array([self.columns + len(self.row_keys)]), -1.0
