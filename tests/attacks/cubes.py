"""Small cubes of made-up people, released and then attacked."""

from itertools import combinations

import msgspec
import numpy as np

from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.lattice import Area, Dimension, ScopeShape, Table
from api.statistics.disclosure.provider_counts import read_tallies
from api.statistics.roll_up import Tally
from schema.disclosure import PERSONS_RULE
from tests.attacks.attacker import Attacker

WHOLE_AREA = "all"


class Cube:
    """A cross of dimensions whose counts are released.

    `dimensions` maps each dimension to its codes; `place` and `part` (`in`, `out`) are special. `publish_alone` is True
    if a count of one provider may be shown.
    """

    def __init__(self, dimensions, *, depth=2, publish_alone=True):
        self.dimensions, self.publish_alone = dimensions, publish_alone
        places = dimensions.get("place", ())
        names = [name for name in dimensions if name not in {"place", "part"}]
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
                periods={"2026-07": ("2026-07",)},
            )
        )
        self.cells = [self.to_cell(node) for node in self.lattice.nodes]
        outside = [self.cells[part] | {"part": "out"} for part in np.flatnonzero(self.lattice.complement >= 0)]
        self.all_cells = self.cells + outside

    @staticmethod
    def to_cell(node):
        place = {} if node.place == WHOLE_AREA else {"place": node.place}
        return dict(node.breakdown) | place | ({} if node.part is None else {"part": node.part})

    def count_people(self, table, cell):
        indexes = [
            slice(None) if name not in cell else codes.index(cell[name]) for name, codes in self.dimensions.items()
        ]
        return int(np.asarray(table)[tuple(indexes)].sum())

    def build_counts(self, tables):
        """Return the counts of all cells. `tables` lists the full cross of each provider."""
        tallies = [
            {
                node: Tally(low=number, high=number)
                for node, cell in zip(self.lattice.nodes, self.cells, strict=True)
                for number in [self.count_people(table, cell)]
            }
            for table in tables
        ]
        return read_tallies(self.lattice, tallies, publish_alone=[self.publish_alone] * len(tables))

    def protect_releases(self, history, rule=PERSONS_RULE):
        """Protect one release after another. `history` lists the providers' full crosses for each release."""
        chain, displays, published = [], [], []
        for tables in history:
            chain.append(self.build_counts(tables))
            protected = figures.protect_release(self.lattice, rule, chain, displays)
            displays.append(protected.display)
            published.append(protected)
        return published


def find_disclosures(
    cube, history, published, rule=PERSONS_RULE, *, provider=None, knows_small_cells=True, changes=True, **options
):
    """Return what an attacker learns of small counts and small changes: the verdicts other than `open`."""

    def own(release, cell):
        return 0 if provider is None else cube.count_people(history[release][provider], cell)

    def true(release, cell):
        return sum(cube.count_people(table, cell) for table in history[release]) - own(release, cell)

    attacker = Attacker(
        cube.dimensions, msgspec.to_builtins(rule), own=own, publish_alone=cube.publish_alone, **options
    )
    figures_by_release = [
        [(cube.to_cell(figure.node), figure.value, (figure.low, figure.high)) for figure in protected.counts]
        for protected in published
    ]
    small = {
        (release, tuple(sorted(cell.items())))
        for release in ([0] if knows_small_cells else [])
        for cell in cube.cells
        if true(release, cell) + own(release, cell) <= 7
    }
    attacker.read_releases(figures_by_release, small)
    others = [sum(table for row, table in enumerate(tables) if row != provider) for tables in history]
    assert attacker.is_possible(others[:1] if attacker.others_unchanged else others)
    verdicts = []
    for release in range(len(history)):
        for cell in cube.all_cells:
            if (provider is not None) <= true(release, cell) <= 7:
                word, known = attacker.judge((1, release, cell))
                verdicts.append((word, release, cell, known, true(release, cell)))
            if changes and release and 1 <= abs(change := true(release, cell) - true(release - 1, cell)) <= 4:
                word, known = attacker.judge((1, release, cell), (-1, release - 1, cell))
                verdicts.append((word, release, cell, known, change))
    return [verdict for verdict in verdicts if verdict[0] != "open"]
