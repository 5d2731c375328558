"""The atoms of a lattice: which atoms each node sums, and which identities the atoms satisfy.

A cross table of all dimensions would be huge and mostly unused. Age and sex are linked only if a scheme, or a chain of
schemes, crosses them. So the atoms are the cross table of each *block* of dimensions. The blocks are the cliques of a
triangulation of the schemes, joined to a tree by identities: the common margin of two neighbours is the same in both.
Any atoms that satisfy the identities have a full cross table as well (Lauritzen, Graphical Models, 1996), so the
blocks lose nothing. A block has the finest area and the shortest period of its schemes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product
from math import inf, prod

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.lattice import Area, Lattice, Node, Nodes, ScopeShape, Table, build_nodes
from api.statistics.disclosure.nesting import build_equations
from api.statistics.disclosure.sparse_rows import IntArray, RowBuilder


def build_lattice(shape: ScopeShape, *, max_dimensions: int = 2) -> Lattice:
    """Build the nodes and atoms. Raises ValueError for a table of more than `max_dimensions` dimensions."""
    for table in shape.tables:
        if len(table.dimensions) > max_dimensions:
            raise ValueError(f"A table has at most {max_dimensions} dimensions, not {', '.join(table.dimensions)}.")
    return _LatticeBuilder(shape).lattice()


class _Cell(Struct, frozen=True, kw_only=True):
    """A cell of a table, and the features of its atoms.

    A feature is a dimension of atoms. A part is a feature with two codes, and so is a category that is not exclusive.
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


class _LatticeBuilder:
    def __init__(self, shape: ScopeShape) -> None:
        self.shape = shape
        self.dimensions = {dimension.slug: dimension for dimension in shape.dimensions}
        self.parents = {place.code: place.parent for place in shape.places}
        self.base = tuple(dict.fromkeys(chain.from_iterable(shape.periods.values())))
        self.at = {period: index for index, period in enumerate(self.base)}
        self.leaves: dict[tuple[tuple[str, ...], str], IntArray] = {}
        self.cells = [cell for table in shape.tables for cell in self._cells(table)]
        self.sizes = {name: self._size(name) for cell in self.cells for name in cell.codes}
        self.identities = RowBuilder()
        self.atoms = 0

    def lattice(self) -> Lattice:
        blocks = self._blocks()
        home = {
            (face, level): min(
                (b for b in blocks if face <= set(b.features) and b.level >= level), key=lambda block: block.ids.size
            )
            for face, level in {(frozenset(cell.codes), cell.table.level) for cell in self.cells}
        }
        listed = build_nodes(self.shape)
        inside, outside = self._sums(home)
        nodes = dict(zip(listed.nodes, inside, strict=True))
        parts = [index for index, node in enumerate(listed.nodes) if node.part is not None]
        known = [ids for index, ids in zip(parts, outside, strict=True) if listed.complement[index] >= 0]
        sums = RowBuilder()
        for ids in inside + known:
            sums.add_row(ids, np.ones(ids.size), 0.0, inf)
        self._constrain_unions(nodes)
        self._constrain_covers(nodes)
        rows = sums.rows()
        return Lattice(
            grids=listed.grids,
            atoms=self.atoms,
            sums=rows,
            equations=build_equations(self.shape, listed, rows, self.atoms),
            identities=self.identities.rows(),
            whole=listed.whole,
            complement=listed.complement,
            broken_down=listed.broken_down,
            continues_from=self._earlier(listed),
        )

    def _earlier(self, nodes: Nodes) -> IntArray:
        """Find nodes that continue others: the longer of two periods that differ by an unpublished one."""
        periods = self.shape.periods
        previous = {
            longer: shorter
            for (longer, long_parts), (shorter, short_parts) in product(periods.items(), repeat=2)
            if set(short_parts) < set(long_parts)
            and len(long_parts) == len(short_parts) + 1
            and not set(long_parts) - set(short_parts) <= set(periods)
        }
        continued = np.full(nodes.whole.size, -1)
        for grid in nodes.grids:
            ids = np.moveaxis(grid.ids, len(grid.codes), 0)
            at = {period: index for index, period in enumerate(grid.periods)}
            for longer, shorter in previous.items():
                if longer in at and shorter in at:
                    continued[ids[at[longer]]] = ids[at[shorter]]
        parts = np.flatnonzero((nodes.complement[: nodes.size] >= 0) & (continued[: nodes.size] >= 0))
        continued[nodes.complement[parts]] = nodes.complement[continued[parts]]
        return continued

    def _sums(self, home: Mapping[tuple[frozenset[str], int], _Block]) -> tuple[list[IntArray], list[IntArray]]:
        """Return the atoms of each node, in the order of the nodes, and the atoms of each complement."""
        inside: list[IntArray] = []
        outside: list[IntArray] = []
        for cell in self.cells:
            block = home[frozenset(cell.codes), cell.table.level]
            periods = [self.shape.periods[period] for period in cell.table.periods or self.shape.periods]
            places = [place.code for place in self.shape.places if place.level <= cell.table.level]
            inside += self._ids(block, periods, places, cell.codes)
            if cell.table.part is not None:
                out = cell.codes | {_name_feature(cell.table.part): _OUT}
                outside += self._ids(block, periods, places, out)
        return inside, outside

    def _cells(self, table: Table) -> Iterator[_Cell]:
        part = {} if table.part is None else {_name_feature(table.part): _IN}
        for codes in product(*(self.dimensions[slug].codes for slug in table.dimensions)):
            breakdown = tuple(zip(table.dimensions, codes, strict=True))
            yield _Cell(table=table, breakdown=breakdown, codes=dict(map(self._feature, breakdown)) | part)

    def _feature(self, category: tuple[str, str]) -> tuple[str, int]:
        slug, code = category
        dimension = self.dimensions[slug]
        if dimension.exclusive:
            return slug, dimension.codes.index(code)
        return f"{slug}={code}", _IN

    def _size(self, feature: str) -> int:
        dimension = self.dimensions.get(feature)
        return 2 if dimension is None else len(dimension.codes) + (not dimension.exhaustive)

    def _blocks(self) -> list[_Block]:
        """Return the blocks, each linked to the earlier block with the most common features (Prim)."""
        finest = max(table.level for table in self.shape.tables)
        levels = dict.fromkeys(self.sizes, 0)
        cliques = _find_cliques({frozenset(cell.codes) for cell in self.cells})
        for _ in cliques:  # a block is as fine as the finest block that it is linked to
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
            self._link_blocks(blocks[-1], block)
        return blocks

    def _block(self, features: tuple[str, ...], level: int) -> _Block:
        places = tuple(place.code for place in self.shape.places if self._collected(place, level))
        sizes = (len(self.base), len(places), *(self.sizes[name] for name in features))
        first, self.atoms = self.atoms, self.atoms + prod(sizes)
        return _Block(features=features, level=level, places=places, ids=np.arange(first, self.atoms).reshape(sizes))

    def _collected(self, place: Area, level: int) -> bool:
        """Return True if atoms belong to this area: the finest areas, or all areas if they overlap."""
        is_leaf = place.level == level or place.code not in self.parents.values()
        return place.level <= level and (is_leaf or self.shape.overlapping_places)

    def _within(self, inner: str | None, outer: str) -> bool:
        while inner is not None and inner != outer:
            inner = None if self.shape.overlapping_places else self.parents[inner]
        return inner is not None

    def _ids(
        self, block: _Block, periods: Iterable[Sequence[str]], places: Iterable[str], codes: dict[str, int]
    ) -> Iterator[IntArray]:
        """Yield the atoms with these features, for each period in each area."""
        fixed = tuple(codes.get(name, slice(None)) for name in block.features)
        atoms = block.ids[:, :, *fixed]
        within = [self._leaves(block, place) for place in places]
        for period in periods:
            then = atoms[[self.at[one] for one in period]]
            yield from (then[:, inner].ravel() for inner in within)

    def _leaves(self, block: _Block, place: str) -> IntArray:
        """Return which areas of a block lie in this area."""
        key = (block.places, place)
        if key not in self.leaves:
            inside = [index for index, inner in enumerate(block.places) if self._within(inner, place)]
            self.leaves[key] = np.array(inside, dtype=np.int64)
        return self.leaves[key]

    def _link_blocks(self, one: _Block, other: _Block) -> None:
        """Add the identities of two blocks: their common margin is the same."""
        coarser = min(one, other, key=lambda block: block.level)
        common = [name for name in one.features if name in other.features]
        for codes in product(*(range(self.sizes[name]) for name in common)):
            fixed = dict(zip(common, codes, strict=True))
            periods = [(period,) for period in self.base]
            both = (self._ids(block, periods, coarser.places, fixed) for block in (one, other))
            for ids, others in zip(*both, strict=True):
                self.identities.add(0.0, 0.0, (ids, 1.0), (others, -1.0))

    def _constrain_unions(self, nodes: dict[Node, IntArray]) -> None:
        """A person counted in an area is counted in at least one of its areas, and maybe in several."""
        if not self.shape.overlapping_places:
            return
        children = {code: [place.code for place in self.shape.places if place.parent == code] for code in self.parents}
        for node, atoms in nodes.items():
            parts = [replace(node, place=code) for code in children[node.place]]
            part_atoms = [nodes[part] for part in parts if part in nodes]
            for ids in part_atoms:
                self.identities.add(0.0, inf, (atoms, 1.0), (ids, -1.0))
            if part_atoms and len(part_atoms) == len(parts):
                self.identities.add(0.0, inf, (np.concatenate(part_atoms), 1.0), (atoms, -1.0))

    def _constrain_covers(self, nodes: dict[Node, IntArray]) -> None:
        """If everybody is in at least one category, the categories add up to at least the total."""
        for table in self.shape.tables:
            (dimension, *others) = (self.dimensions[slug] for slug in table.dimensions) if table.dimensions else (None,)
            if dimension is None or others or dimension.exclusive or not dimension.exhaustive:
                continue
            for total in [node for node in nodes if node.part == table.part and not node.breakdown]:
                members = [replace(total, breakdown=((dimension.slug, code),)) for code in dimension.codes]
                if all(member in nodes for member in members):
                    atoms = np.concatenate([nodes[member] for member in members])
                    self.identities.add(0.0, inf, (atoms, 1.0), (nodes[total], -1.0))


def _name_feature(slug: str) -> str:
    return f"part {slug}"


def _find_cliques(faces: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Return the maximal cliques of a triangulation of the graph in which the features of a face are neighbours."""
    graph: dict[str, set[str]] = {}
    for face in faces:
        for name in face:
            graph.setdefault(name, set()).update(face - {name})
    cliques: list[frozenset[str]] = []
    while graph:
        name = min(graph, key=lambda feature: (len(graph[feature]), feature))
        neighbours = graph.pop(name)
        for other in neighbours:
            graph[other] = (graph[other] | neighbours) - {name, other}
        clique = frozenset(neighbours | {name})
        if not any(clique <= other for other in cliques):
            cliques.append(clique)
    return cliques
