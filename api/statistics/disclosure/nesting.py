"""Counts as short sums of other counts: a year of its quarters, a city of its wards, a margin of its categories.

These equations are equivalent to the sums of atoms but have fewer terms, an eighth for a year of twenty wards. So a
solver needs a fraction of the time.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from api.statistics.disclosure.lattice import NodeGrid, Nodes, ScopeShape
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray, RowBuilder, SparseRows

Sums = tuple[IntArray, IntArray]
"""Nodes, and the nodes whose sum each may be (nodes × terms)."""


def build_equations(shape: ScopeShape, nodes: Nodes, sums: SparseRows, atoms: int) -> SparseRows:
    """Return the terms of each node and complement, minus itself: over the atoms, then the nodes.

    A sum of nodes is used if it has the same atoms; otherwise the atoms themselves.
    """
    terms = sums.split()
    is_open = np.ones(len(sums), dtype=np.bool_)
    for candidates, candidate_terms in _sums(shape, nodes):
        is_equal = is_open[candidates]
        is_equal[is_equal] = _have_same_atoms(sums, candidates[is_equal], candidate_terms[is_equal])
        is_open[candidates[is_equal]] = False
        for node, ids in zip(candidates[is_equal].tolist(), candidate_terms[is_equal] + atoms, strict=True):
            terms[node] = ids
    forms = RowBuilder()
    for node, ids in enumerate(terms):
        forms.add(0.0, 0.0, (ids, 1.0), (np.array([atoms + node]), -1.0))
    return forms.rows()


def _sums(shape: ScopeShape, nodes: Nodes) -> Iterator[Sums]:
    """Yield candidate sums in order of preference: a part and its complement come first."""
    part = np.flatnonzero(nodes.complement[: nodes.size] >= 0)
    yield nodes.whole[part], np.stack((part, nodes.complement[part]), axis=1)
    for grid in nodes.grids:
        for these, terms in (*_by_places(shape, grid), *_by_periods(shape, grid), *_broken_down(grid, nodes.grids)):
            yield these, terms
            out, inner = nodes.complement[these], nodes.complement[terms]
            exists = (out >= 0) & (inner >= 0).all(axis=1)
            yield out[exists], inner[exists]


def _by_places(shape: ScopeShape, grid: NodeGrid) -> Iterator[Sums]:
    at = {code: index for index, code in enumerate(grid.places)}
    for place in grid.places:
        inner = [at[one.code] for one in shape.places if one.parent == place and one.code in at]
        if inner:
            yield _pair_sums(grid.ids[..., at[place]], grid.ids[..., inner])


def _by_periods(shape: ScopeShape, grid: NodeGrid) -> Iterator[Sums]:
    ids = np.moveaxis(grid.ids, -2, -1)
    for at, period in enumerate(grid.periods):
        inner = [grid.periods.index(code) for code in _find_tiling_periods(period, grid.periods, shape)]
        if inner:
            yield _pair_sums(ids[..., at], ids[..., inner])


def _find_tiling_periods(period: str, published: Sequence[str], shape: ScopeShape) -> list[str]:
    """Return shorter periods that add up to a period, longest first; an empty list if a part would remain."""
    whole = set(shape.periods[period])
    remaining, tiles = whole, list[str]()
    for code in sorted(published, key=lambda code: -len(shape.periods[code])):
        parts = set(shape.periods[code])
        if parts <= remaining and parts != whole:
            tiles.append(code)
            remaining = remaining - parts
    return [] if remaining else tiles


def _broken_down(grid: NodeGrid, grids: Sequence[NodeGrid]) -> Iterator[Sums]:
    """Yield sums over one more dimension."""
    own = grid.table.dimensions
    for other in grids:
        more = [slug for slug in other.table.dimensions if slug not in own]
        if other.table.part != grid.table.part or len(more) != 1 or len(other.codes) != len(own) + 1:
            continue
        order = [other.table.dimensions.index(slug) for slug in (*own, *more)]
        periods = [code for code in grid.periods if code in other.periods]
        places = [code for code in grid.places if code in other.places]
        mine, theirs = (
            np.ix_([each.periods.index(code) for code in periods], [each.places.index(code) for code in places])
            for each in (grid, other)
        )
        terms = np.moveaxis(np.transpose(other.ids, (*order, -2, -1))[..., *theirs], len(own), -1)
        yield _pair_sums(grid.ids[..., *mine], terms)


def _pair_sums(nodes: IntArray, terms: IntArray) -> Sums:
    return nodes.ravel(), terms.reshape(nodes.size, -1)


def _have_same_atoms(sums: SparseRows, nodes: IntArray, terms: IntArray) -> BoolArray:
    """Return True where the terms together have the atoms of a node, each of them once."""
    sizes = np.diff(sums.starts)
    same = sizes[nodes] == sizes[terms].sum(axis=1)
    at = np.repeat(np.arange(nodes.size), terms.shape[1])
    both = ((np.arange(nodes.size), nodes), (at, terms.ravel()))
    atoms = sums.columns.max() + 1
    keys = [np.repeat(item, sizes[rows]) * atoms + sums.columns[_entries(sums, rows)] for item, rows in both]
    same[np.setxor1d(*keys) // atoms] = False
    return same


def _entries(rows: SparseRows, chosen: IntArray) -> IntArray:
    """Return the positions of the entries of these rows."""
    sizes = np.diff(rows.starts)[chosen]
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if ends.size else 0) + np.repeat(rows.starts[chosen] - ends + sizes, sizes)
