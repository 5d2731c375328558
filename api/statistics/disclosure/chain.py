"""The rows of a chain of releases: counts, increments of cumulative counts, and changes since earlier releases."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.display import Display
from api.statistics.disclosure.lattice import Lattice
from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray, RowBuilder, SparseRows

RowKey = tuple[int, int, int, bool]
"""Release, node, the release since which it has changed, and True for a step, as in `Chain`."""
Sums = list[tuple[IntArray, float]]
"""Columns to add up, and a factor for each sum."""


class Chain(Struct, frozen=True, kw_only=True, eq=False):
    """The releases that readers can compare, as rows over the atoms of each relevant release.

    A release that set no number is relevant only if it is the last: its neighbours imply the same.
    """

    rows: SparseRows
    equations: SparseRows
    """Each row as a short sum minus itself, which is 0: over the atoms, then the rows."""
    releases: tuple[int, ...]
    area_period_id: IntArray
    """For each column, its area and period."""
    release: IntArray
    """For each row, its release; -1 for identities."""
    node: IntArray
    since: IntArray
    """For a change, the earlier release; else -1."""
    step: BoolArray
    """True if the row is the increment that leads to its node."""


def build_chain(lattice: Lattice, displays: Sequence[Display]) -> Chain:
    """Lay out the rows of a chain of displays."""
    last = len(displays) - 1
    releases = tuple(t for t in range(len(displays)) if t == last or (displays[t].since == t).any())
    builder = _ChainBuilder(lattice, displays, releases)
    for index in range(len(releases)):
        builder.add_release(index)
        if index:
            builder.add_changes(index)
    for index in range(len(releases)):
        builder.add_identities(index)
    release, node, since, step = np.array(builder.row_keys, dtype=np.int64).T
    return Chain(
        rows=builder.forms.rows(),
        equations=builder.equations.rows(),
        releases=releases,
        area_period_id=np.tile(lattice.area_period_id, len(releases)),
        release=release,
        node=node,
        since=since,
        step=step > 0,
    )


class _ChainBuilder:
    """Collect the rows of a chain: each as a sum of columns, and as a short equation."""

    def __init__(self, lattice: Lattice, displays: Sequence[Display], releases: tuple[int, ...]) -> None:
        self.lattice, self.displays, self.releases = lattice, displays, releases
        self.columns = len(releases) * lattice.atoms
        self.forms, self.equations = RowBuilder(), RowBuilder()
        self.row_keys: list[RowKey] = []
        self.column_of: dict[RowKey, int] = {}
        self.ids = lattice.sums.split()
        self.short_terms = [terms[:-1] for terms in lattice.equations.split()]
        earlier: list[int] = lattice.continues_from.tolist()
        self.steps = {
            node: np.setdiff1d(self.ids[node], self.ids[start]) for node, start in enumerate(earlier) if start >= 0
        }

    def add_release(self, index: int) -> None:
        """Add a row for each node and step of a release."""
        atom_count, release = self.lattice.atoms, self.releases[index]
        shift, first = index * atom_count, len(self.row_keys)
        for node, (atoms, terms) in enumerate(zip(self.ids, self.short_terms, strict=True)):
            columns = np.where(terms < atom_count, terms + shift, terms - atom_count + self.columns + first)
            self._add((release, node, -1, False), [(atoms + shift, 1.0)], [(columns, 1.0)])
        for node, atoms in self.steps.items():
            self._add((release, node, -1, True), [(atoms + shift, 1.0)], [(atoms + shift, 1.0)])

    def add_changes(self, index: int) -> None:
        """Add a row for each change of a node or step since an earlier release."""
        release, previous, shift = self.releases[index], self.releases[index - 1], index * self.lattice.atoms
        for node in np.flatnonzero(self.displays[previous].since >= 0).tolist():
            for since in sorted({previous, int(self.displays[release].change_since[node])} - {-1}):
                earlier = self.releases.index(since) * self.lattice.atoms
                terms = [(self.ids[node] + shift, 1.0), (self.ids[node] + earlier, -1.0)]
                self._add_change((release, node, since, False), terms)
        for node, atoms in self.steps.items():
            earlier = shift - self.lattice.atoms
            self._add_change((release, node, previous, True), [(atoms + shift, 1.0), (atoms + earlier, -1.0)])

    def add_identities(self, index: int) -> None:
        """Add the identities of the atoms that exist in a release."""
        identities, shift = self.lattice.identities, index * self.lattice.atoms
        exists = np.zeros(self.lattice.atoms, dtype=np.bool_)
        nodes = np.flatnonzero(self.displays[self.releases[index]].since >= 0)
        exists[np.concatenate([self.ids[node] for node in nodes])] = True
        for row in range(len(identities)):
            entries = slice(identities.starts[row], identities.starts[row + 1])
            if exists[identities.columns[entries]].all():
                columns, values = identities.columns[entries] + shift, identities.values[entries]
                self._add_identity(columns, values, identities.lower[row], identities.upper[row])

    def _add(self, key: RowKey, terms: Sums, short_terms: Sums) -> None:
        self.forms.add(-np.inf, np.inf, *terms)
        self.equations.add(0.0, 0.0, *short_terms, self._itself())
        self.column_of[key] = self.columns + len(self.row_keys)
        self.row_keys.append(key)

    def _add_change(self, key: RowKey, terms: Sums) -> None:
        release, node, since, step = key
        new, old = (np.array([self.column_of[number, node, -1, step]]) for number in (release, since))
        self._add(key, terms, [(new, 1.0), (old, -1.0)])

    def _add_identity(self, columns: IntArray, values: FloatArray, lower: float, upper: float) -> None:
        self.forms.add_row(columns, values, lower, upper)
        itself, minus_one = self._itself()
        self.equations.add_row(np.append(columns, itself), np.append(values, minus_one), 0.0, 0.0)
        self.row_keys.append((-1, -1, -1, False))

    def _itself(self) -> tuple[IntArray, float]:
        return np.array([self.columns + len(self.row_keys)]), -1.0
