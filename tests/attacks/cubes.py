"""Small cubes of made-up people, released and then attacked."""

from itertools import combinations

import msgspec
import numpy as np

from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build
from api.statistics.disclosure.display import counted
from api.statistics.disclosure.lattice import Dimension, Place, Shape, Table
from api.statistics.rollup import Tally
from schema.disclosure import PERSONS
from tests.attacks.attacker import Attacker

WIDEST = "all"


class Cube:
    """`dimensions` maps each dimension to its codes; `place` and `part` (`in`, `out`) are special.

    What a provider feeds `alone` may be shown, or not.
    """

    def __init__(self, dimensions, *, depth=2, alone=True):
        self.dimensions, self.alone = dimensions, alone
        places = dimensions.get("place", ())
        names = [name for name in dimensions if name not in {"place", "part"}]
        schemes = [chosen for size in range(depth + 1) for chosen in combinations(names, size)]
        level = 1 if places else 0
        self.lattice = build(
            Shape(
                dimensions=tuple(Dimension(slug=name, codes=tuple(dimensions[name])) for name in names),
                places=(Place(code=WIDEST), *(Place(code=code, level=1, parent=WIDEST) for code in places)),
                tables=tuple(
                    Table(dimensions=scheme, level=level, part=part)
                    for part in ([None, "in"] if "part" in dimensions else [None])
                    for scheme in schemes
                ),
                periods={"now": ("now",)},
            )
        )
        self.cells = [self.cell(node) for node in self.lattice.nodes]
        outside = [self.cells[part] | {"part": "out"} for part in np.flatnonzero(self.lattice.complement >= 0)]
        self.all_cells = self.cells + outside

    @staticmethod
    def cell(node):
        place = {} if node.place == WIDEST else {"place": node.place}
        return dict(node.breakdown) | place | ({} if node.part is None else {"part": node.part})

    def count(self, table, cell):
        at = [slice(None) if name not in cell else codes.index(cell[name]) for name, codes in self.dimensions.items()]
        return int(np.asarray(table)[tuple(at)].sum())

    def counts(self, tables):
        """`tables` is the full cross of each provider."""
        tallies = [
            {
                node: Tally(low=number, high=number)
                for node, cell in zip(self.lattice.nodes, self.cells, strict=True)
                for number in [self.count(table, cell)]
            }
            for table in tables
        ]
        return counted(self.lattice, tallies, may_stand_alone=[self.alone] * len(tables))

    def releases(self, history, rule=PERSONS):
        """Release after release; each is a list of the providers' full crosses."""
        chain, displays, published = [], [], []
        for tables in history:
            chain.append(self.counts(tables))
            protected = figures.release(self.lattice, rule, chain, displays)
            displays.append(protected.display)
            published.append(protected)
        return published


def attacks(cube, history, published, rule=PERSONS, *, provider=None, told=True, changes=True, **how):
    """What an attacker may say of small counts, and of small changes: a list of verdicts that should all be open."""

    def own(release, cell):
        return 0 if provider is None else cube.count(history[release][provider], cell)

    def true(release, cell):
        return sum(cube.count(table, cell) for table in history[release]) - own(release, cell)

    attacker = Attacker(cube.dimensions, msgspec.to_builtins(rule), own=own, alone=cube.alone, **how)
    answers = [[(cube.cell(f.node), f.value, (f.low, f.high)) for f in protected.figures] for protected in published]
    small = {
        (release, tuple(sorted(cell.items())))
        for release in ([0] if told else [])
        for cell in cube.cells
        if true(release, cell) + own(release, cell) <= 7
    }
    attacker.read(answers, small)
    others = [sum(table for row, table in enumerate(tables) if row != provider) for tables in history]
    assert attacker.allows(others[:1] if attacker.still else others)
    said = []
    for release in range(len(history)):
        for cell in cube.all_cells:
            if (provider is not None) <= true(release, cell) <= 7:
                word, known = attacker.verdict((1, release, cell))
                said.append((word, release, cell, known, true(release, cell)))
            if changes and release and 1 <= abs(change := true(release, cell) - true(release - 1, cell)) <= 4:
                word, known = attacker.verdict((1, release, cell), (-1, release - 1, cell))
                said.append((word, release, cell, known, change))
    return [one for one in said if one[0] != "open"]
