"""The fixed set of cells of a measure, and how they are linked.

A *node* is a cell that may be published: the people of a breakdown, in an area, in a period. An *atom* is a cell of
the cross table that links nodes: every person has an age *and* a sex *and* an ethnic group, even if a return does not
cross them. A node is a sum of atoms, and this is all that a reader can calculate with. Nobody returns atoms:
disclosure control knows the nodes' counts and finds out which other counts the atoms allow.

A cumulative count is a sum of increments that are not published. Each increment is a count of people who came between
two periods, so a *step* from a node to the same node later is protected like a count.

A part, such as the numerator of a proportion or a contained measure, is a dimension with two codes, *in* and *out*.
So is each category of a dimension that is not exclusive. The count of *out* is the complement: it is never shown and
always protected.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.statistics.disclosure.sparse_rows import BoolArray, IntArray, SparseRows


class Dimension(Struct, frozen=True, kw_only=True):
    """A way to break down. `exclusive`: no person is in two categories; `exhaustive`: everybody is in at least one."""

    slug: str
    codes: tuple[str, ...]
    exclusive: bool = True
    exhaustive: bool = True


class Area(Struct, frozen=True, kw_only=True):
    """An area of the family that a measure uses. `level` is 0 for the widest area."""

    code: str
    level: int = 0
    parent: str | None = None


class Table(Struct, frozen=True, kw_only=True):
    """Cells that are collected and published together: one scheme of a measure, or its totals."""

    dimensions: tuple[str, ...] = ()
    part: str | None = None
    """The measure that is part of the whole, such as the numerator; None for the whole."""
    level: int = 0
    """The finest level of the areas; all wider areas are published too."""
    periods: tuple[str, ...] = ()
    """The published periods; empty for all."""


class ScopeShape(Struct, frozen=True, kw_only=True):
    """The cells that are audited together: a measure with its parts, in all of its areas and periods."""

    tables: tuple[Table, ...]
    dimensions: tuple[Dimension, ...] = ()
    places: tuple[Area, ...] = (Area(code="all"),)
    periods: dict[str, tuple[str, ...]]
    """Each published period with the periods that it sums, or with itself if it is collected. A cumulative measure is
    the sum of its increments, of which only the first is published."""
    overlapping_places: bool = False
    """True if a person may be counted in two areas: a wider area is then at most the sum and at least the largest."""


class Node(Struct, frozen=True, kw_only=True):
    """A cell that may be published."""

    part: str | None
    breakdown: tuple[tuple[str, str], ...]
    """Dimensions and codes, in the order of the table."""
    place: str
    period: str


class NodeGrid(Struct, frozen=True, kw_only=True):
    """The nodes of one table, which are consecutive: by codes, by periods, by areas."""

    table: Table
    first: int
    """The index of its first node."""
    codes: tuple[tuple[str, ...], ...]
    """The codes of each dimension of the table."""
    periods: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def axes(self) -> tuple[tuple[str, ...], ...]:
        return (*self.codes, self.periods, self.places)

    @property
    def ids(self) -> IntArray:
        """The index of each node, as an array with these axes."""
        sizes = [len(axis) for axis in self.axes]
        return np.arange(self.first, self.first + prod(sizes)).reshape(sizes)

    @property
    def breakdowns(self) -> list[tuple[tuple[str, str], ...]]:
        """The breakdowns in the order of the nodes."""
        return [tuple(zip(self.table.dimensions, codes, strict=True)) for codes in product(*self.codes)]


class Nodes(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """The cells that may be published. In arrays over nodes, the complements of the parts follow the nodes."""

    grids: tuple[NodeGrid, ...]
    whole: IntArray
    """For a part and for its complement, the node of the whole; else -1."""
    complement: IntArray
    """For a part, its complement; else -1."""
    broken_down: BoolArray
    """True for the cells of a breakdown, False for totals."""

    @property
    def size(self) -> int:
        """The number of nodes, without the complements."""
        return sum(prod(map(len, grid.axes)) for grid in self.grids)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes one by one. There are many: use arrays for calculations."""
        return tuple(
            Node(part=grid.table.part, breakdown=breakdown, place=place, period=period)
            for grid in self.grids
            for breakdown, period, place in product(grid.breakdowns, grid.periods, grid.places)
        )


class Lattice(Nodes, frozen=True, kw_only=True, eq=False):
    """The nodes as sums of atoms."""

    atoms: int
    sums: SparseRows
    """Each node as a sum of atoms that is at least 0."""
    identities: SparseRows
    """The equations that atoms and nodes always satisfy."""
    equations: SparseRows
    """Each node and complement as a short sum minus itself, which is 0: over the atoms, then the nodes."""
    continues_from: IntArray
    """For each node and complement, the one that it continues by an unpublished increment; else -1."""


def build_nodes(shape: ScopeShape) -> Nodes:
    """Return the nodes of a lattice in order, without atoms, which takes a hundredth of the work."""
    grids = tuple(_grids(shape))
    whole = np.concatenate([_find_wholes(grid, grids) for grid in grids])
    known = np.flatnonzero(whole >= 0)
    complement = np.full(whole.size + known.size, -1)
    complement[known] = np.arange(whole.size, complement.size)
    broken_down = _flatten(grids, [np.array(len(grid.codes) > 0) for grid in grids])
    return Nodes(
        grids=grids,
        whole=np.concatenate((whole, whole[known])),
        complement=complement,
        broken_down=np.concatenate((broken_down, broken_down[known])),
    )


def locate_nodes(nodes: Nodes, among: Nodes) -> IntArray:
    """Return the index of each node among other nodes; -1 if it is not among them."""
    return np.concatenate([_locate_grid(grid, _find_grid(grid, grid.table.part, among.grids)) for grid in nodes.grids])


def list_node_periods(nodes: Nodes) -> npt.NDArray[np.str_]:
    """Return the period of each node."""
    return _flatten(nodes.grids, [np.array(grid.periods)[:, None] for grid in nodes.grids])


def _grids(shape: ScopeShape) -> Iterator[NodeGrid]:
    dimensions = {dimension.slug: dimension for dimension in shape.dimensions}
    first = 0
    for table in shape.tables:
        grid = NodeGrid(
            table=table,
            first=first,
            codes=tuple(dimensions[slug].codes for slug in table.dimensions),
            periods=table.periods or tuple(shape.periods),
            places=tuple(place.code for place in shape.places if place.level <= table.level),
        )
        first += prod(map(len, grid.axes))
        yield grid


def _flatten(grids: Iterable[NodeGrid], values: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Broadcast values for the last axes of each grid to its nodes, and concatenate them."""
    return np.concatenate(
        [np.broadcast_to(value, grid.ids.shape).ravel() for grid, value in zip(grids, values, strict=True)]
    )


def _find_wholes(grid: NodeGrid, grids: Iterable[NodeGrid]) -> IntArray:
    return _locate_grid(grid, None if grid.table.part is None else _find_grid(grid, None, grids))


def _find_grid(grid: NodeGrid, part: str | None, grids: Iterable[NodeGrid]) -> NodeGrid | None:
    """Return the grid of a part with the same dimensions."""
    tables = {(other.table.part, other.table.dimensions): other for other in grids}
    return tables.get((part, grid.table.dimensions))


def _locate_grid(grid: NodeGrid, other: NodeGrid | None) -> IntArray:
    if other is None:
        return np.full(grid.ids.size, -1)
    positions: list[IntArray] = []
    for mine, theirs in zip(grid.axes, other.axes, strict=True):
        index_by_name = {name: index for index, name in enumerate(theirs)}
        positions.append(np.array([index_by_name.get(name, -1) for name in mine], dtype=np.int64))
    # A name that an axis lacks has index -1, which selects the padding at its end.
    return np.pad(other.ids, [(0, 1)] * len(positions), constant_values=-1)[np.ix_(*positions)].ravel()
