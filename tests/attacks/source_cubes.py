"""Small cubes of made-up people, as one provider counts them."""

from itertools import chain, combinations, product

import numpy as np

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.lattice import Area, Dimension, ScopeShape, Table

WHOLE_AREA = "all"


class SourceCube:
    """A cross of dimensions whose margins are displayed.

    `dimensions` maps each dimension to its codes; `place`, `part` (`in`, `out`) and `quarter` are special. The people
    of a quarter are those who came in it; a cumulative count of a period has those of all quarters so far. With
    `overlapping` places, people are listed by the set of places that count them.
    """

    def __init__(self, dimensions, *, depth=2, overlapping=False):
        self.dimensions = dimensions
        places, self.quarters = dimensions.get("place", ()), dimensions.get("quarter", ("now",))
        names = [name for name in dimensions if name not in {"place", "part", "quarter"}]
        schemes = [names_of_scheme for size in range(depth + 1) for names_of_scheme in combinations(names, size)]
        level = 1 if places else 0
        self.lattice = build_lattice(
            ScopeShape(
                dimensions=tuple(Dimension(slug=name, codes=tuple(dimensions[name])) for name in names),
                places=(Area(code=WHOLE_AREA), *(Area(code=code, level=1, parent=WHOLE_AREA) for code in places)),
                tables=tuple(
                    Table(dimensions=scheme, level=level, part=part)
                    for part in ([None, "in"] if "part" in dimensions else [None])
                    for scheme in schemes
                ),
                overlapping_places=overlapping,
                periods={code: (self.quarters[0], *self._list_increments(at)) for at, code in enumerate(self.quarters)},
            )
        )
        self.cells = [self.to_cell(node) for node in self.lattice.nodes]
        outside = [self.cells[part] | {"part": "out"} for part in np.flatnonzero(self.lattice.complement >= 0)]
        self.all_cells = self.cells + outside

        if overlapping:
            sets = chain.from_iterable(combinations(places, size + 1) for size in range(len(places)))
            self.dimensions = dimensions | {"place": tuple(sets)}

    def _list_increments(self, at):
        return tuple(f"since {before}" for before in self.quarters[:at])

    def to_cell(self, node):
        place = {} if node.place == WHOLE_AREA else {"place": node.place}
        quarter = {"quarter": node.period} if "quarter" in self.dimensions else {}
        return dict(node.breakdown) | place | quarter | ({} if node.part is None else {"part": node.part})

    def count_people(self, table, cell):
        indexes = [
            codes.index(cell[name]) if name in cell and cell[name] in codes else slice(None)
            for name, codes in self.dimensions.items()
        ]
        if "place" in cell and isinstance(self.dimensions["place"][0], tuple):
            at = list(self.dimensions).index("place")
            indexes[at] = [index for index, places in enumerate(self.dimensions["place"]) if cell["place"] in places]
        if "quarter" in cell:
            at = list(self.dimensions).index("quarter")
            indexes[at] = slice(0, indexes[at] + 1)
        return int(np.asarray(table)[tuple(indexes)].sum())

    def count_cells(self, table):
        return np.array([self.count_people(table, cell) for cell in self.cells])

    def find_steps(self):
        """Return each pair of cells of which the first continues the second by one quarter."""
        at = {tuple(sorted(cell.items())): index for index, cell in enumerate(self.all_cells)}
        return [
            (at[tuple(sorted((cell | {"quarter": later}).items()))], index)
            for index, cell in enumerate(self.all_cells)
            for earlier, later in product(self.quarters, repeat=2)
            if cell.get("quarter") == earlier and self.quarters.index(later) == self.quarters.index(earlier) + 1
        ]
