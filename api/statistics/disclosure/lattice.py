"""What may be asked of a measure, fixed beforehand, and how the answers hang together.

A *node* is a cell that may be published: so many people of a breakdown, in an area, in a period. An *atom* is a
cell of the cross that links nodes: everybody counted has an age *and* a sex *and* an ethnic group, whatever was
collected. A node is a sum of atoms, and that is all that somebody who reads the release can reckon with. Nobody
returns atoms, and none are needed: disclosure control knows the nodes' counts and asks what else the atoms allow.

Of a count to date, what is published are sums of increments that are not. Each increment is people all the same, who
came between two periods, and so a *step* from a node to the same node later is protected like a count.

A measure that is part of another one - the numerator of a proportion, or a measure that this one contains - is a
dimension with two codes, *in* and *out*, and so is each category of a dimension that is not exclusive. How many are
*out* is never shown and always protected: it is the complement.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Dimension(Struct, frozen=True, kw_only=True):
    """A way to break down. `exclusive`: nobody is in two categories; `exhaustive`: everybody is in one."""

    slug: str
    codes: tuple[str, ...]
    exclusive: bool = True
    exhaustive: bool = True


class Area(Struct, frozen=True, kw_only=True):
    """An area of the one family that a measure uses. `level` is 0 for the widest."""

    code: str
    level: int = 0
    parent: str | None = None


class Table(Struct, frozen=True, kw_only=True):
    """Cells that are collected and published together: one scheme of one measure, or its totals."""

    dimensions: tuple[str, ...] = ()
    part: str | None = None
    """The measure that is part of the whole, such as the numerator; None for the whole itself."""
    level: int = 0
    """The finest level of the areas; all wider ones are published too."""
    periods: tuple[str, ...] = ()
    """Those that are published of it; empty for all."""


class ScopeShape(Struct, frozen=True, kw_only=True):
    """All that is audited together: a measure with its parts, in all of its areas and periods."""

    tables: tuple[Table, ...]
    dimensions: tuple[Dimension, ...] = ()
    places: tuple[Area, ...] = (Area(code="all"),)
    periods: dict[str, tuple[str, ...]]
    """Each published period with those that it is the sum of; itself where it is collected. A cumulative measure
    is the sum of its increments, of which none but the first is published."""
    overlapping_places: bool = False
    """Whether somebody may be counted in two areas: then a wider one is at most the sum and at least the largest."""
    overlapping_periods: bool = False
    """The same of periods, each of which is collected by itself."""


class Node(Struct, frozen=True, kw_only=True):
    """A cell that may be published."""

    part: str | None
    breakdown: tuple[tuple[str, str], ...]
    """Dimensions and codes, in the order of the table."""
    place: str
    period: str


class SparseRows(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """Linear forms, one for each row, as compressed sparse rows, and the bounds that each keeps to."""

    starts: IntArray
    columns: IntArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __len__(self) -> int:
        return self.starts.size - 1

    @cached_property
    def row_of(self) -> IntArray:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def split(self) -> list[IntArray]:
        """The columns of each row."""
        return np.split(self.columns, self.starts[1:-1])

    def select(self, rows: IntArray, columns: BoolArray, *, lower: FloatArray, upper: FloatArray) -> "SparseRows":
        """Some rows, in their order, over some columns, which are numbered anew, within bounds of their own."""
        there = np.zeros(len(self), dtype=np.bool_)
        there[rows] = True
        entries = there[self.row_of] & columns[self.columns]
        return SparseRows(
            starts=np.append(0, np.cumsum(np.bincount(self.row_of[entries], minlength=len(self))[rows])),
            columns=(np.cumsum(columns) - 1)[self.columns[entries]],
            values=self.values[entries],
            lower=lower,
            upper=upper,
        )

    def evaluate(self, point: FloatArray) -> FloatArray:
        """The value of each form at a point, whose last axis holds the columns."""
        if not len(self):
            return np.zeros((*point.shape[:-1], 0))
        return np.add.reduceat(point[..., self.columns] * self.values, self.starts[:-1], axis=-1)


class NodeGrid(Struct, frozen=True, kw_only=True):
    """The nodes of one table, which stand together: by its codes, by periods, by places."""

    table: Table
    first: int
    """The index of its first node."""
    codes: tuple[tuple[str, ...], ...]
    """Of each dimension of the table."""
    periods: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def axes(self) -> tuple[tuple[str, ...], ...]:
        return (*self.codes, self.periods, self.places)

    @property
    def ids(self) -> IntArray:
        """The index of each node, as an array of these axes."""
        sizes = [len(axis) for axis in self.axes]
        return np.arange(self.first, self.first + prod(sizes)).reshape(sizes)

    @property
    def breakdowns(self) -> list[tuple[tuple[str, str], ...]]:
        """In the order of the nodes."""
        return [tuple(zip(self.table.dimensions, codes, strict=True)) for codes in product(*self.codes)]


class Nodes(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """What may be published. Arrays over nodes go on, behind the nodes, with the complements of the parts."""

    grids: tuple[NodeGrid, ...]
    whole: IntArray
    """Of a part, and of its complement, the node that it is a part of; else -1."""
    complement: IntArray
    """Of a part, its complement; else -1."""
    breakdown_depth: IntArray
    """In how many ways a node is cut out of the total of its period: breakdowns and, below the widest, its area."""
    broken_down: BoolArray

    @property
    def size(self) -> int:
        """How many nodes there are, without the complements."""
        return sum(prod(map(len, grid.axes)) for grid in self.grids)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Each by itself. There are many: what is said of all of them is said of arrays."""
        return tuple(
            Node(part=grid.table.part, breakdown=breakdown, place=place, period=period)
            for grid in self.grids
            for breakdown, period, place in product(grid.breakdowns, grid.periods, grid.places)
        )

    def append_complements(self, counts: npt.NDArray[np.int64]) -> IntArray:
        """Append the complements to counts of the nodes that are shown (last axis)."""
        part = np.flatnonzero(self.complement >= 0)
        return np.concatenate((counts, counts[..., self.whole[part]] - counts[..., part]), axis=-1)


class Lattice(Nodes, frozen=True, kw_only=True, eq=False):
    """The nodes over the atoms."""

    atoms: int
    sums: SparseRows
    """Each node as a sum of atoms, at least 0."""
    identities: SparseRows
    """What atoms and nodes keep to whatever is counted."""
    area_period_id: IntArray
    """Of each atom, a number for its period and area; below 0 for those wider than the finest areas."""
    area_count: int
    """How many finest areas there are."""
    equations: SparseRows
    """Each node and complement as a sum of few terms, less itself, which is 0: over the atoms, and the nodes behind."""
    continues_from: IntArray
    """Of each node and complement, the one that it goes on from by an increment that no node is; else -1."""


def build_nodes(shape: ScopeShape) -> Nodes:
    """The nodes of a lattice in their order: a hundredth of the work where nobody asks for the atoms."""
    grids = tuple(_grids(shape))
    whole = np.concatenate([_find_wholes(grid, grids) for grid in grids])
    known = np.flatnonzero(whole >= 0)
    complement = np.full(whole.size + known.size, -1)
    complement[known] = np.arange(whole.size, complement.size)
    levels = {place.code: place.level for place in shape.places}
    cut = [(len(grid.codes), np.array([levels[place] > 0 for place in grid.places])) for grid in grids]
    ways = _flatten(grids, [dimensions + below for dimensions, below in cut])
    broken_down = _flatten(grids, [np.full(below.size, dimensions > 0) for dimensions, below in cut])
    return Nodes(
        grids=grids,
        whole=np.concatenate((whole, whole[known])),
        complement=complement,
        breakdown_depth=np.concatenate((ways, ways[known])),
        broken_down=np.concatenate((broken_down, broken_down[known])),
    )


def split_by_period(shape: ScopeShape) -> list[ScopeShape]:
    """Split a shape by its periods. Those that no longer one is made of together tell nothing of each other."""
    groups: list[set[str]] = []
    for code, parts in shape.periods.items():
        linked = [group for group in groups if not group.isdisjoint((code, *parts))]
        groups = [*(group for group in groups if group not in linked), {code, *parts}.union(*linked)]
    order = list(shape.periods)
    found: list[ScopeShape] = []
    for group in sorted(groups, key=lambda group: min(order.index(code) for code in group if code in shape.periods)):
        tables = [
            replace(table, periods=tuple(code for code in table.periods if code in group)) for table in shape.tables
        ]
        there = [one for one, whole in zip(tables, shape.tables, strict=True) if one.periods or not whole.periods]
        periods = {code: parts for code, parts in shape.periods.items() if code in group}
        found.append(replace(shape, tables=tuple(there), periods=periods))
    return found


def locate_nodes(nodes: Nodes, among: Nodes) -> IntArray:
    """The index of each of these nodes among others; -1 where it is not there."""
    return np.concatenate([_locate_grid(grid, _find_grid(grid, grid.table.part, among.grids)) for grid in nodes.grids])


def list_node_periods(nodes: Nodes) -> npt.NDArray[np.str_]:
    """The period of each node."""
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
    """What is said of the last axes of each grid, node by node."""
    return np.concatenate(
        [np.broadcast_to(value, grid.ids.shape).ravel() for grid, value in zip(grids, values, strict=True)]
    )


def _find_wholes(grid: NodeGrid, grids: Iterable[NodeGrid]) -> IntArray:
    return _locate_grid(grid, None if grid.table.part is None else _find_grid(grid, None, grids))


def _find_grid(grid: NodeGrid, part: str | None, grids: Iterable[NodeGrid]) -> NodeGrid | None:
    """The grid of a part by the same dimensions."""
    tables = {(other.table.part, other.table.dimensions): other for other in grids}
    return tables.get((part, grid.table.dimensions))


def _locate_grid(grid: NodeGrid, other: NodeGrid | None) -> IntArray:
    if other is None:
        return np.full(grid.ids.size, -1)
    found: list[IntArray] = []
    for mine, theirs in zip(grid.axes, other.axes, strict=True):
        at = {name: index for index, name in enumerate(theirs)}
        found.append(np.array([at.get(name, -1) for name in mine], dtype=np.int64))
    # Whatever is missing on an axis lies in the margin, which is the last of it.
    return np.pad(other.ids, [(0, 1)] * len(found), constant_values=-1)[np.ix_(*found)].ravel()


class RowBuilder:
    """Linear forms in the making."""

    def __init__(self) -> None:
        self.columns: list[IntArray] = []
        self.values: list[FloatArray] = []
        self.bounds: list[tuple[float, float]] = []

    def add(self, lower: float, upper: float, *terms: tuple[IntArray, float]) -> None:
        """Add sums of columns, each sum so many times."""
        columns = np.concatenate([ids for ids, _ in terms])
        self.add_row(columns, np.concatenate([np.full(ids.size, times) for ids, times in terms]), lower, upper)

    def add_row(self, columns: IntArray, values: FloatArray, lower: float, upper: float) -> None:
        self.columns.append(columns)
        self.values.append(values)
        self.bounds.append((lower, upper))

    def rows(self) -> SparseRows:
        lower, upper = np.array(self.bounds).reshape(-1, 2).T
        return SparseRows(
            starts=np.cumsum([0, *(ids.size for ids in self.columns)]),
            columns=np.concatenate([*self.columns, np.zeros(0, dtype=np.int64)]),
            values=np.concatenate([*self.values, np.zeros(0)]),
            lower=lower,
            upper=upper,
        )
