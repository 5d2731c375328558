"""Each count as a sum of few others, which says the same as its atoms do."""

from itertools import combinations

import numpy as np
import pytest

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.lattice import Area, Dimension, Node, ScopeShape, Table

SEX = Dimension(slug="sex", codes=("f", "m"))
AGE = Dimension(slug="age", codes=("young", "old"))
SOME = Dimension(slug="group", codes=("x", "y"), exhaustive=False)
ONE = Dimension(slug="group", codes=("x",), exhaustive=False)
LOOSE = Dimension(slug="group", codes=("x", "y"), exclusive=False)
CITY = (Area(code="city"), *(Area(code=code, level=1, parent="city") for code in ("north", "south")))
YEAR = {"q1": ("q1",), "q2": ("q2",), "q3": ("q3",), "half": ("q1", "q2"), "year": ("q1", "q2", "q3")}
EVERY = tuple(Table(dimensions=chosen, level=1) for size in range(3) for chosen in combinations(("sex", "age"), size))
IN = tuple(Table(dimensions=table.dimensions, part="in", level=1) for table in EVERY)


def shape(*tables, dimensions=(SEX, AGE), places=CITY, periods=YEAR, **how):
    return ScopeShape(tables=tables, dimensions=dimensions, places=places, periods=periods, **how)


SHAPES = {
    "by area, period, sex and age": shape(*EVERY),
    "with a part": shape(*EVERY, *IN),
    "a part without its whole": shape(*IN),
    "of the city alone": shape(*EVERY, places=CITY[:1]),
    "for the year alone": shape(Table(), Table(dimensions=("sex",), periods=("year",))),
    "age in the wards, sex in the city": shape(Table(level=1), Table(dimensions=("sex",)), EVERY[2]),
    "a category that leaves people out": shape(EVERY[0], Table(dimensions=("group",), level=1), dimensions=(SOME,)),
    "one category that is as many atoms as the total": shape(
        Table(), Table(dimensions=("group",)), dimensions=(ONE,), places=CITY[:1], periods={"q1": ("q1",)}
    ),
    "categories that overlap": shape(EVERY[0], Table(dimensions=("group",), level=1), dimensions=(LOOSE,)),
    "areas that overlap": shape(*EVERY, overlapping_places=True),
    "periods that overlap": shape(*EVERY, overlapping_periods=True),
    "counts to date": shape(*EVERY, periods={"to q1": ("q1",), "to q2": ("q1", "q2")}),
    "a quarter that is not published": shape(*EVERY, periods={"q1": ("q1",), "half": ("q1", "q2")}),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_terms_of_every_count_add_up_to_its_atoms(name):
    lattice = build_lattice(SHAPES[name])
    point = np.random.default_rng(1).integers(0, 50, lattice.atoms).astype(float)
    counts = lattice.sums.evaluate(point)
    assert (lattice.equations.evaluate(np.concatenate((point, counts))) == 0).all()
    # And a count that is not the sum is noticed.
    for wrong in range(counts.size):
        off = counts + (np.arange(counts.size) == wrong)
        assert lattice.equations.evaluate(np.concatenate((point, off)))[wrong] == -1


def terms(lattice, part, breakdown, place, period):
    """What a node is the sum of: other nodes, and how many atoms."""
    nodes = lattice.nodes
    row = nodes.index(Node(part=part, breakdown=breakdown, place=place, period=period))
    columns = lattice.equations.columns[lattice.equations.starts[row] : lattice.equations.starts[row + 1]]
    others = [nodes[column - lattice.atoms] for column in columns[:-1] if column >= lattice.atoms]
    return [(node.breakdown, node.place, node.period) for node in others], int((columns < lattice.atoms).sum())


@pytest.mark.parametrize(
    ("breakdown", "place", "period", "expected"),
    [
        ((), "city", "year", [((), "north", "year"), ((), "south", "year")]),
        ((), "north", "year", [((), "north", "half"), ((), "north", "q3")]),
        (
            (("age", "old"),),
            "north",
            "q1",
            [
                ((("sex", "f"), ("age", "old")), "north", "q1"),
                ((("sex", "m"), ("age", "old")), "north", "q1"),
            ],
        ),
    ],
)
def test_a_city_is_its_wards_a_year_its_parts_and_a_margin_what_it_is_broken_into(breakdown, place, period, expected):
    assert terms(build_lattice(shape(*EVERY)), None, breakdown, place, period) == (expected, 0)


def test_what_nothing_adds_up_to_is_a_sum_of_atoms():
    cell = (("sex", "f"), ("age", "old"))
    assert terms(build_lattice(shape(*EVERY)), None, cell, "north", "q1") == ([], 1)
    assert terms(build_lattice(shape(*EVERY)), None, (), "north", "q1") == ([], 1)
    part_of_period = build_lattice(SHAPES["a quarter that is not published"])
    assert terms(part_of_period, None, cell, "north", "half") == ([], 2)


def test_a_whole_is_the_part_and_who_is_left():
    """Of totals that is true as well, and said by a tie: the atoms of a total are its own."""
    lattice = build_lattice(shape(*EVERY, *IN))
    wholes = np.flatnonzero((lattice.whole < 0) & lattice.broken_down)
    assert (np.diff(lattice.equations.starts)[wholes] == 3).all()


def test_it_takes_few_terms():
    wards = (CITY[0], *(Area(code=f"w{n}", level=1, parent="city") for n in range(12)))
    ages = Dimension(slug="age", codes=tuple("abcdef"))
    lattice = build_lattice(shape(*EVERY, *IN, places=wards, dimensions=(SEX, ages)))
    assert lattice.equations.columns.size < lattice.sums.columns.size / 2
