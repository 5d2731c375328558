"""Counts as short sums of other counts, equivalent to the sums of their atoms."""

from itertools import combinations

import numpy as np
import pytest

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.lattice import Area, Dimension, Node, ScopeShape, Table
from tests.fixtures.sparse_forms import evaluate_rows

SEX = Dimension(slug="sex", codes=("f", "m"))
AGE = Dimension(slug="age", codes=("young", "old"))
SOME = Dimension(slug="group", codes=("x", "y"), exhaustive=False)
ONE = Dimension(slug="group", codes=("x",), exhaustive=False)
LOOSE = Dimension(slug="group", codes=("x", "y"), exclusive=False)
CITY = (Area(code="city"), *(Area(code=code, level=1, parent="city") for code in ("north", "south")))
YEAR = {"q1": ("q1",), "q2": ("q2",), "q3": ("q3",), "half": ("q1", "q2"), "year": ("q1", "q2", "q3")}
EVERY = tuple(Table(dimensions=chosen, level=1) for size in range(3) for chosen in combinations(("sex", "age"), size))
IN = tuple(Table(dimensions=table.dimensions, part="in", level=1) for table in EVERY)


def make_shape(*tables, dimensions=(SEX, AGE), places=CITY, periods=YEAR, **how):
    return ScopeShape(tables=tables, dimensions=dimensions, places=places, periods=periods, **how)


SHAPES = {
    "by area, period, sex and age": make_shape(*EVERY),
    "with a part": make_shape(*EVERY, *IN),
    "a part without its whole": make_shape(*IN),
    "of the city alone": make_shape(*EVERY, places=CITY[:1]),
    "for the year alone": make_shape(Table(), Table(dimensions=("sex",), periods=("year",))),
    "age in the wards, sex in the city": make_shape(Table(level=1), Table(dimensions=("sex",)), EVERY[2]),
    "a category that leaves people out": make_shape(
        EVERY[0], Table(dimensions=("group",), level=1), dimensions=(SOME,)
    ),
    "one category that is as many atoms as the total": make_shape(
        Table(), Table(dimensions=("group",)), dimensions=(ONE,), places=CITY[:1], periods={"q1": ("q1",)}
    ),
    "categories that overlap": make_shape(EVERY[0], Table(dimensions=("group",), level=1), dimensions=(LOOSE,)),
    "areas that overlap": make_shape(*EVERY, overlapping_places=True),
    "counts to date": make_shape(*EVERY, periods={"to q1": ("q1",), "to q2": ("q1", "q2")}),
    "a quarter that is not published": make_shape(*EVERY, periods={"q1": ("q1",), "half": ("q1", "q2")}),
}


@pytest.mark.parametrize("name", SHAPES)
def test_terms_of_every_count_add_up_to_its_atoms(name):
    lattice = build_lattice(SHAPES[name])
    point = np.random.default_rng(1).integers(0, 50, lattice.atoms).astype(float)
    counts = evaluate_rows(lattice.sums, point)
    assert (evaluate_rows(lattice.equations, np.concatenate((point, counts))) == 0).all()
    # And a count that is not the sum is noticed.
    for wrong in range(counts.size):
        off = counts + (np.arange(counts.size) == wrong)
        assert evaluate_rows(lattice.equations, np.concatenate((point, off)))[wrong] == -1


def list_terms(lattice, part, breakdown, place, period):
    """Return the terms of a node: other nodes, and the number of atoms."""
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
def test_city_year_and_margin_are_sums_of_their_parts(breakdown, place, period, expected):
    assert list_terms(build_lattice(make_shape(*EVERY)), None, breakdown, place, period) == (expected, 0)


def test_node_without_parts_is_a_sum_of_atoms():
    cell = (("sex", "f"), ("age", "old"))
    assert list_terms(build_lattice(make_shape(*EVERY)), None, cell, "north", "q1") == ([], 1)
    assert list_terms(build_lattice(make_shape(*EVERY)), None, (), "north", "q1") == ([], 1)
    part_of_period = build_lattice(SHAPES["a quarter that is not published"])
    assert list_terms(part_of_period, None, cell, "north", "half") == ([], 2)


def test_whole_is_the_sum_of_part_and_complement():
    """For totals an identity states the same, because a total has its own atoms."""
    lattice = build_lattice(make_shape(*EVERY, *IN))
    wholes = np.flatnonzero((lattice.whole < 0) & lattice.broken_down)
    assert (np.diff(lattice.equations.starts)[wholes] == 3).all()


def test_equations_are_short():
    wards = (CITY[0], *(Area(code=f"w{n}", level=1, parent="city") for n in range(12)))
    ages = Dimension(slug="age", codes=tuple("abcdef"))
    lattice = build_lattice(make_shape(*EVERY, *IN, places=wards, dimensions=(SEX, ages)))
    assert lattice.equations.columns.size < lattice.sums.columns.size / 2
