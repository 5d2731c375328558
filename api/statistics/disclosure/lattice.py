"""What may be asked of a measure, fixed beforehand, and how the answers hang together.

A *node* is a cell that may be published: so many people of a breakdown, in an area, in a period. An *atom* is a
cell of the cross that links nodes: everybody counted has an age *and* a sex *and* an ethnic group, whatever was
collected. A node is a sum of atoms, and that is all that somebody who reads the release can reckon with. Nobody
returns atoms, and none are needed: disclosure control knows the nodes' counts and asks what else the atoms allow.

A full cross of all dimensions would be huge and mostly idle. Age and sex hang together only where a scheme, or a
chain of schemes, crosses them; so the atoms are the cross of each *block* of dimensions, where the blocks are the
cliques of a triangulation of the schemes, joined to a tree by ties: what two neighbours have in common adds up to
the same. Then whatever satisfies the ties also has a full cross (Lauritzen, Graphical Models, 1996), and so
nothing is lost. A block has the finest area and the shortest period of its schemes.

Of a count to date, what is published are sums of increments that are not. Each increment is people all the same, who
came between two periods, and so a *step* from a node to the same node later is protected like a count.

A measure that is part of another one - the numerator of a proportion, or a measure that this one contains - is a
dimension with two codes, *in* and *out*, and so is each category of a dimension that is not exclusive. How many are
*out* is never shown and always protected: it is the complement.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, product
from math import inf, prod
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class Dimension(Struct, frozen=True, kw_only=True):
    """A way to break down. `exclusive`: nobody is in two categories; `exhaustive`: everybody is in one."""

    slug: str
    codes: tuple[str, ...]
    exclusive: bool = True
    exhaustive: bool = True


class Place(Struct, frozen=True, kw_only=True):
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


class Shape(Struct, frozen=True, kw_only=True):
    """All that is audited together: a measure with its parts, in all of its areas and periods."""

    tables: tuple[Table, ...]
    dimensions: tuple[Dimension, ...] = ()
    places: tuple[Place, ...] = (Place(code="all"),)
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


class Rows(Struct, frozen=True, kw_only=True, eq=False):
    """Linear forms, one for each row, as compressed sparse rows, and the bounds that each keeps to."""

    starts: IntArray
    columns: IntArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __len__(self) -> int:
        return self.starts.size - 1

    def row_of(self) -> IntArray:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def of(self, point: FloatArray) -> FloatArray:
        """The value of each form at a point, whose last axis holds the columns."""
        if not len(self):
            return np.zeros((*point.shape[:-1], 0))
        return np.add.reduceat(point[..., self.columns] * self.values, self.starts[:-1], axis=-1)


class Grid(Struct, frozen=True, kw_only=True):
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

    grids: tuple[Grid, ...]
    whole: IntArray
    """Of a part, and of its complement, the node that it is a part of; else -1."""
    complement: IntArray
    """Of a part, its complement; else -1."""
    ways: IntArray
    """In how many ways a node is cut out of the total of its period: breakdowns and, below the widest, its area."""
    broken_down: npt.NDArray[np.bool_]

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

    def completed(self, counts: npt.NDArray[np.int64]) -> IntArray:
        """Append the complements to counts of the nodes that are shown (last axis)."""
        part = np.flatnonzero(self.complement >= 0)
        return np.concatenate((counts, counts[..., self.whole[part]] - counts[..., part]), axis=-1)


class Lattice(Nodes, frozen=True, kw_only=True, eq=False):
    """The nodes over the atoms."""

    atoms: int
    sums: Rows
    """Each node as a sum of atoms, at least 0."""
    ties: Rows
    """What atoms and nodes keep to whatever is counted."""
    patch: IntArray
    """Of each atom, a number for its period and area; below 0 for those wider than the finest areas."""
    places: int
    """How many finest areas there are."""
    earlier: IntArray
    """Of each node and complement, the one that it goes on from by an increment that no node is; else -1."""


def nodes_of(shape: Shape) -> Nodes:
    """The nodes of a lattice in their order: a hundredth of the work where nobody asks for the atoms."""
    grids = tuple(_grids(shape))
    whole = np.concatenate([_wholes(grid, grids) for grid in grids])
    known = np.flatnonzero(whole >= 0)
    complement = np.full(whole.size + known.size, -1)
    complement[known] = np.arange(whole.size, complement.size)
    levels = {place.code: place.level for place in shape.places}
    cut = [(len(grid.codes), np.array([levels[place] > 0 for place in grid.places])) for grid in grids]
    ways = _over(grids, [dimensions + below for dimensions, below in cut])
    broken_down = _over(grids, [np.full(below.size, dimensions > 0) for dimensions, below in cut])
    return Nodes(
        grids=grids,
        whole=np.concatenate((whole, whole[known])),
        complement=complement,
        ways=np.concatenate((ways, ways[known])),
        broken_down=np.concatenate((broken_down, broken_down[known])),
    )


def independent(shape: Shape) -> list[Shape]:
    """Split a shape by its periods. Those that no longer one is made of together tell nothing of each other."""
    groups: list[set[str]] = []
    for code, parts in shape.periods.items():
        linked = [group for group in groups if not group.isdisjoint((code, *parts))]
        groups = [*(group for group in groups if group not in linked), {code, *parts}.union(*linked)]
    order = list(shape.periods)
    found: list[Shape] = []
    for group in sorted(groups, key=lambda group: min(order.index(code) for code in group if code in shape.periods)):
        tables = [
            replace(table, periods=tuple(code for code in table.periods if code in group)) for table in shape.tables
        ]
        there = [one for one, whole in zip(tables, shape.tables, strict=True) if one.periods or not whole.periods]
        periods = {code: parts for code, parts in shape.periods.items() if code in group}
        found.append(replace(shape, tables=tuple(there), periods=periods))
    return found


def located(nodes: Nodes, among: Nodes) -> IntArray:
    """The index of each of these nodes among others; -1 where it is not there."""
    return np.concatenate([_among(grid, _like(grid, grid.table.part, among.grids)) for grid in nodes.grids])


def period_of(nodes: Nodes) -> npt.NDArray[np.str_]:
    """The period of each node."""
    return _over(nodes.grids, [np.array(grid.periods)[:, None] for grid in nodes.grids])


def _grids(shape: Shape) -> Iterator[Grid]:
    dimensions = {dimension.slug: dimension for dimension in shape.dimensions}
    first = 0
    for table in shape.tables:
        grid = Grid(
            table=table,
            first=first,
            codes=tuple(dimensions[slug].codes for slug in table.dimensions),
            periods=table.periods or tuple(shape.periods),
            places=tuple(place.code for place in shape.places if place.level <= table.level),
        )
        first += prod(map(len, grid.axes))
        yield grid


def _over(grids: Iterable[Grid], values: Iterable[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """What is said of the last axes of each grid, node by node."""
    return np.concatenate(
        [np.broadcast_to(value, grid.ids.shape).ravel() for grid, value in zip(grids, values, strict=True)]
    )


def _wholes(grid: Grid, grids: Iterable[Grid]) -> IntArray:
    return _among(grid, None if grid.table.part is None else _like(grid, None, grids))


def _like(grid: Grid, part: str | None, grids: Iterable[Grid]) -> Grid | None:
    """The grid of a part by the same dimensions."""
    tables = {(other.table.part, other.table.dimensions): other for other in grids}
    return tables.get((part, grid.table.dimensions))


def _among(grid: Grid, other: Grid | None) -> IntArray:
    if other is None:
        return np.full(grid.ids.size, -1)
    found: list[IntArray] = []
    for mine, theirs in zip(grid.axes, other.axes, strict=True):
        at = {name: index for index, name in enumerate(theirs)}
        found.append(np.array([at.get(name, -1) for name in mine], dtype=np.int64))
    # Whatever is missing on an axis lies in the margin, which is the last of it.
    return np.pad(other.ids, [(0, 1)] * len(found), constant_values=-1)[np.ix_(*found)].ravel()


def build(shape: Shape, *, breakdowns: int = 2) -> Lattice:
    """Lay out the nodes and atoms. Raises `ValueError` for a table of more than `breakdowns` dimensions."""
    for table in shape.tables:
        if len(table.dimensions) > breakdowns:
            raise ValueError(f"A table has at most {breakdowns} dimensions, not {', '.join(table.dimensions)}.")
    return _Builder(shape).lattice()


class _Cell(Struct, frozen=True, kw_only=True):
    """A cell of a table, by itself and by the features of its atoms.

    A feature is a dimension as atoms have it: a part, or a category that excludes no other, has two codes.
    """

    table: Table
    breakdown: tuple[tuple[str, str], ...]
    codes: dict[str, int]


_IN, _OUT = 0, 1


class _Block(Struct, frozen=True, kw_only=True, eq=False):
    """The atoms of one clique: an array of periods, areas and features."""

    features: tuple[str, ...]
    level: int
    places: tuple[str, ...]
    ids: IntArray


class Forms:
    """Linear forms in the making."""

    def __init__(self) -> None:
        self.columns: list[IntArray] = []
        self.values: list[FloatArray] = []
        self.bounds: list[tuple[float, float]] = []

    def add(self, lower: float, upper: float, *terms: tuple[IntArray, float]) -> None:
        """Add sums of columns, each sum so many times."""
        columns = np.concatenate([ids for ids, _ in terms])
        self.append(columns, np.concatenate([np.full(ids.size, times) for ids, times in terms]), lower, upper)

    def append(self, columns: IntArray, values: FloatArray, lower: float, upper: float) -> None:
        self.columns.append(columns)
        self.values.append(values)
        self.bounds.append((lower, upper))

    def rows(self) -> Rows:
        lower, upper = np.array(self.bounds).reshape(-1, 2).T
        return Rows(
            starts=np.cumsum([0, *(ids.size for ids in self.columns)]),
            columns=np.concatenate([*self.columns, np.zeros(0, dtype=np.int64)]),
            values=np.concatenate([*self.values, np.zeros(0)]),
            lower=lower,
            upper=upper,
        )


class _Builder:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.dimensions = {dimension.slug: dimension for dimension in shape.dimensions}
        self.parents = {place.code: place.parent for place in shape.places}
        collected = shape.periods if shape.overlapping_periods else chain.from_iterable(shape.periods.values())
        self.base = tuple(dict.fromkeys(collected))
        self.at = {period: index for index, period in enumerate(self.base)}
        self.leaves: dict[tuple[tuple[str, ...], str], IntArray] = {}
        self.cells = [cell for table in shape.tables for cell in self._cells(table)]
        self.sizes = {name: self._size(name) for cell in self.cells for name in cell.codes}
        self.ties = Forms()
        self.atoms = 0

    def lattice(self) -> Lattice:
        blocks = self._blocks()
        home = {
            (face, level): min(
                (b for b in blocks if face <= set(b.features) and b.level >= level), key=lambda block: block.ids.size
            )
            for face, level in {(frozenset(cell.codes), cell.table.level) for cell in self.cells}
        }
        listed = nodes_of(self.shape)
        inside, outside = self._sums(home)
        nodes = dict(zip(listed.nodes, inside, strict=True))
        parts = [index for index, node in enumerate(listed.nodes) if node.part is not None]
        known = [ids for index, ids in zip(parts, outside, strict=True) if listed.complement[index] >= 0]
        sums = Forms()
        for ids in inside + known:
            sums.append(ids, np.ones(ids.size), 0.0, inf)
        self._unions(nodes)
        self._covers(nodes)
        return Lattice(
            grids=listed.grids,
            atoms=self.atoms,
            sums=sums.rows(),
            ties=self.ties.rows(),
            whole=listed.whole,
            complement=listed.complement,
            ways=listed.ways,
            broken_down=listed.broken_down,
            patch=np.concatenate([self._patches(block, blocks[0]) for block in blocks]),
            places=len(blocks[0].places),
            earlier=self._earlier(listed),
        )

    def _earlier(self, nodes: Nodes) -> IntArray:
        """By the periods: of two that differ by one that is not published, the longer goes on from the shorter."""
        periods = {} if self.shape.overlapping_periods else self.shape.periods
        before = {
            longer: shorter
            for (longer, its), (shorter, held) in product(periods.items(), repeat=2)
            if set(held) < set(its) and len(its) == len(held) + 1 and not set(its) - set(held) <= set(periods)
        }
        found = np.full(nodes.whole.size, -1)
        for grid in nodes.grids:
            ids = np.moveaxis(grid.ids, len(grid.codes), 0)
            at = {period: index for index, period in enumerate(grid.periods)}
            for longer, shorter in before.items():
                if longer in at and shorter in at:
                    found[ids[at[longer]]] = ids[at[shorter]]
        parts = np.flatnonzero((nodes.complement[: nodes.size] >= 0) & (found[: nodes.size] >= 0))
        found[nodes.complement[parts]] = nodes.complement[found[parts]]
        return found

    def _sums(self, home: Mapping[tuple[frozenset[str], int], _Block]) -> tuple[list[IntArray], list[IntArray]]:
        """The atoms of each node, in the order of the nodes, and those that are left of the wholes of the parts."""
        inside: list[IntArray] = []
        outside: list[IntArray] = []
        for cell in self.cells:
            block = home[frozenset(cell.codes), cell.table.level]
            periods = [self._parts(period) for period in cell.table.periods or self.shape.periods]
            places = [place.code for place in self.shape.places if place.level <= cell.table.level]
            inside += self._ids(block, periods, places, cell.codes)
            if cell.table.part is not None:
                out = cell.codes | {_part(cell.table.part): _OUT}
                outside += self._ids(block, periods, places, out)
        return inside, outside

    def _cells(self, table: Table) -> Iterator[_Cell]:
        part = {} if table.part is None else {_part(table.part): _IN}
        for codes in product(*(self.dimensions[slug].codes for slug in table.dimensions)):
            breakdown = tuple(zip(table.dimensions, codes, strict=True))
            yield _Cell(table=table, breakdown=breakdown, codes=dict(map(self._feature, breakdown)) | part)

    def _feature(self, one: tuple[str, str]) -> tuple[str, int]:
        dimension = self.dimensions[one[0]]
        if dimension.exclusive:
            return dimension.slug, dimension.codes.index(one[1])
        return f"{one[0]}={one[1]}", _IN

    def _size(self, feature: str) -> int:
        dimension = self.dimensions.get(feature)
        return 2 if dimension is None else len(dimension.codes) + (not dimension.exhaustive)

    def _parts(self, period: str) -> tuple[str, ...]:
        return (period,) if self.shape.overlapping_periods else self.shape.periods[period]

    def _blocks(self) -> list[_Block]:
        """The blocks, each tied to the one before it with which it has the most in common (Prim)."""
        finest = max(table.level for table in self.shape.tables)
        levels = dict.fromkeys(self.sizes, 0)
        cliques = _cliques({frozenset(cell.codes) for cell in self.cells})
        for _ in cliques:  # a block is as fine as the finest that it hangs together with
            for cell in self.cells:
                level = max((cell.table.level, *(levels[name] for name in cell.codes)))
                levels |= dict.fromkeys(cell.codes, level)
        blocks = [self._block((), finest)]
        while cliques:
            clique, block = max(
                product(sorted(cliques, key=sorted), blocks),
                key=lambda pair: len(pair[0].intersection(pair[1].features)),
            )
            cliques.remove(clique)
            blocks.append(self._block(tuple(sorted(clique)), max(levels[name] for name in clique)))
            self._tie(blocks[-1], block)
        return blocks

    def _block(self, features: tuple[str, ...], level: int) -> _Block:
        places = tuple(place.code for place in self.shape.places if self._collected(place, level))
        sizes = (len(self.base), len(places), *(self.sizes[name] for name in features))
        first, self.atoms = self.atoms, self.atoms + prod(sizes)
        return _Block(features=features, level=level, places=places, ids=np.arange(first, self.atoms).reshape(sizes))

    def _patches(self, block: _Block, root: _Block) -> IntArray:
        """Number the atoms by period and area, as of the finest; coarser ones by their period, below 0."""
        periods = np.arange(len(self.base))[:, None]
        if block.level == root.level:
            numbers = periods * len(root.places) + np.arange(len(root.places))
        else:
            numbers = np.broadcast_to(-1 - periods, (len(self.base), len(block.places)))
        return np.repeat(numbers.ravel(), prod(block.ids.shape[2:]))

    def _collected(self, place: Place, level: int) -> bool:
        """Whether atoms are of this area: the finest there are, or all where they overlap."""
        is_leaf = place.level == level or place.code not in self.parents.values()
        return place.level <= level and (is_leaf or self.shape.overlapping_places)

    def _within(self, inner: str | None, outer: str) -> bool:
        while inner is not None and inner != outer:
            inner = None if self.shape.overlapping_places else self.parents[inner]
        return inner is not None

    def _ids(
        self, block: _Block, periods: Iterable[Sequence[str]], places: Iterable[str], codes: dict[str, int]
    ) -> Iterator[IntArray]:
        """The atoms of these features, for each of the periods in each of the places."""
        fixed = tuple(codes.get(name, slice(None)) for name in block.features)
        atoms = block.ids[:, :, *fixed]
        within = [self._leaves(block, place) for place in places]
        for period in periods:
            then = atoms[[self.at[one] for one in period]]
            yield from (then[:, inner].ravel() for inner in within)

    def _leaves(self, block: _Block, place: str) -> IntArray:
        """Which of the areas of a block lie in this one."""
        key = (block.places, place)
        if key not in self.leaves:
            found = [at for at, inner in enumerate(block.places) if self._within(inner, place)]
            self.leaves[key] = np.array(found, dtype=np.int64)
        return self.leaves[key]

    def _tie(self, one: _Block, other: _Block) -> None:
        """What two blocks have in common adds up to the same."""
        coarser = min(one, other, key=lambda block: block.level)
        common = [name for name in one.features if name in other.features]
        for codes in product(*(range(self.sizes[name]) for name in common)):
            fixed = dict(zip(common, codes, strict=True))
            periods = [(period,) for period in self.base]
            both = (self._ids(block, periods, coarser.places, fixed) for block in (one, other))
            for ids, others in zip(*both, strict=True):
                self.ties.add(0.0, 0.0, (ids, 1.0), (others, -1.0))

    def _unions(self, nodes: dict[Node, IntArray]) -> None:
        """Who is counted in an area or period is counted in one of its parts, and not in every one."""
        parts: list[tuple[Node, list[Node]]] = []
        if self.shape.overlapping_places:
            children = {
                code: [place.code for place in self.shape.places if place.parent == code] for code in self.parents
            }
            parts += [(node, [replace(node, place=code) for code in children[node.place]]) for node in nodes]
        if self.shape.overlapping_periods:
            shorter = {code: [part for part in parts if part != code] for code, parts in self.shape.periods.items()}
            parts += [(node, [replace(node, period=code) for code in shorter[node.period]]) for node in nodes]
        for node, found in parts:
            there = [nodes[part] for part in found if part in nodes]
            for ids in there:
                self.ties.add(0.0, inf, (nodes[node], 1.0), (ids, -1.0))
            if there and len(there) == len(found):
                self.ties.add(0.0, inf, (np.concatenate(there), 1.0), (nodes[node], -1.0))

    def _covers(self, nodes: dict[Node, IntArray]) -> None:
        """Where everybody is in a category, or in several, the categories add up to the total at least."""
        for table in self.shape.tables:
            (dimension, *others) = (self.dimensions[slug] for slug in table.dimensions) if table.dimensions else (None,)
            if dimension is None or others or dimension.exclusive or not dimension.exhaustive:
                continue
            for total in [node for node in nodes if node.part == table.part and not node.breakdown]:
                members = [replace(total, breakdown=((dimension.slug, code),)) for code in dimension.codes]
                if all(member in nodes for member in members):
                    every = np.concatenate([nodes[member] for member in members])
                    self.ties.add(0.0, inf, (every, 1.0), (nodes[total], -1.0))


def _part(slug: str) -> str:
    return f"part {slug}"


def _cliques(faces: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The largest cliques of a triangulation of the graph in which the features of a face are neighbours."""
    graph: dict[str, set[str]] = {}
    for face in faces:
        for name in face:
            graph.setdefault(name, set()).update(face - {name})
    found: list[frozenset[str]] = []
    while graph:
        name = min(graph, key=lambda feature: (len(graph[feature]), feature))
        around = graph.pop(name)
        for other in around:
            graph[other] = (graph[other] | around) - {name, other}
        clique = frozenset(around | {name})
        if not any(clique <= other for other in found):
            found.append(clique)
    return found
