"""Which cells may be published, and which atoms each of them sums."""

from itertools import product

import numpy as np
import pytest

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.lattice import Area, Dimension, Node, ScopeShape, Table
from tests.fixtures.sparse_forms import evaluate_rows

SEX = Dimension(slug="sex", codes=("f", "m"))
AGE = Dimension(slug="age", codes=("young", "old"))
GROUP = Dimension(slug="group", codes=("x", "y", "z"))
CITY = (Area(code="city"), Area(code="north", level=1, parent="city"), Area(code="south", level=1, parent="city"))
NOW = {"now": ("now",)}


def make_lattice(*tables, dimensions=(SEX, AGE, GROUP), places=CITY[:1], periods=None, **how):
    return build_lattice(ScopeShape(tables=tables, dimensions=dimensions, places=places, periods=periods or NOW, **how))


def evaluate_nodes(built, point):
    """Return the value of each node and complement at given atoms."""
    return evaluate_rows(built.sums, point)


def satisfies_identities(built, point):
    """Return True if atoms satisfy the identities."""
    values = evaluate_rows(built.identities, point)
    return bool(np.all((values >= built.identities.lower) & (values <= built.identities.upper)))


def test_nodes_are_the_cells_of_all_tables():
    built = make_lattice(Table(), Table(dimensions=("sex",), level=1), places=CITY)
    assert [(node.breakdown, node.place) for node in built.nodes] == [
        ((), "city"),
        *(((("sex", code),), place) for code, place in product("fm", ("city", "north", "south"))),
    ]
    assert built.broken_down.tolist() == [False, *[True] * 6]


def test_table_has_at_most_two_dimensions():
    with pytest.raises(ValueError, match=r"\b2\b.*\bsex, age, group\b"):
        make_lattice(Table(dimensions=("sex", "age", "group")))


def test_crossed_dimensions_share_their_atoms():
    """A ring of three crossings is one block: sex × age × group."""
    built = make_lattice(*(Table(dimensions=pair) for pair in [("sex", "age"), ("age", "group"), ("sex", "group")]))
    assert built.atoms == 1 + 2 * 2 * 3
    assert (np.diff(built.sums.starts) == [3] * 4 + [2] * 6 + [2] * 6).all()


def test_chain_of_crossings_is_linked_by_common_dimensions():
    """Sex × age and age × group are two blocks, linked by age; both add up to the total."""
    built = make_lattice(Table(), Table(dimensions=("sex", "age")), Table(dimensions=("age", "group")))
    assert built.atoms == 1 + 2 * 2 + 2 * 3
    assert len(built.identities) == 1 + 2
    young_old = {4: [4, 3, 2, 1], 6: [5, 2, 0, 1, 2, 0]}  # 7 young, 3 old, by sex and by group
    other = {4: [4, 3, 2, 1], 6: [5, 1, 0, 2, 2, 0]}  # 7 and 3, but 6 and 4
    sizes = [4, 6] if np.diff(built.sums.starts)[1] == 1 and built.sums.columns[1] == 1 else [6, 4]
    assert satisfies_identities(built, [10, *young_old[sizes[0]], *young_old[sizes[1]]])
    assert not satisfies_identities(built, [10, *other[sizes[0]], *other[sizes[1]]])


def test_uncrossed_dimensions_share_only_the_total():
    built = make_lattice(Table(dimensions=("sex",)), Table(dimensions=("group",)))
    assert built.atoms == 1 + 2 + 3
    assert satisfies_identities(built, [5, 1, 4, 2, 2, 1]) or satisfies_identities(built, [5, 2, 2, 1, 1, 4])
    assert not satisfies_identities(built, [5, 1, 4, 2, 2, 2])


def test_wider_table_is_linked_to_the_areas_inside():
    built = make_lattice(Table(level=1), Table(dimensions=("sex",)), places=CITY)
    assert built.atoms == 2 + 2
    assert satisfies_identities(built, [3, 4, 5, 2])
    assert not satisfies_identities(built, [3, 4, 5, 3])


def test_period_is_the_sum_of_its_parts():
    year = {"q1": ("q1",), "q2": ("q2",), "year": ("q1", "q2")}
    built = make_lattice(Table(), periods=year)
    assert evaluate_nodes(built, [3, 4]).tolist() == [3, 4, 7]


def test_table_may_be_published_for_some_periods_only():
    year = {"q1": ("q1",), "q2": ("q2",), "year": ("q1", "q2")}
    built = make_lattice(Table(), Table(dimensions=("sex",), periods=("year",)), periods=year)
    assert [node.period for node in built.nodes] == ["q1", "q2", "year", "year", "year"]


def test_part_has_a_complement_if_its_whole_is_published():
    built = make_lattice(Table(), Table(part="moved-on"), Table(dimensions=("sex",), part="moved-on"))
    assert len(built.nodes) == 4
    assert built.whole.tolist() == [-1, 0, -1, -1, 0]
    assert built.complement.tolist() == [-1, 4, -1, -1, -1]


def test_overlapping_categories_are_separate_dimensions():
    """A person may be in several groups: each group is in or out, and groups do not add up."""
    loose = Dimension(slug="group", codes=("x", "y"), exclusive=False, exhaustive=False)
    built = make_lattice(Table(), Table(dimensions=("group",)), dimensions=(loose,))
    assert built.atoms == 1 + 2 + 2
    assert satisfies_identities(built, [5, 4, 1, 5, 0])
    assert evaluate_nodes(built, [5, 4, 1, 5, 0]).tolist() == [5, 4, 5]
    assert not satisfies_identities(built, [5, 4, 2, 5, 0])


def test_exhaustive_overlapping_groups_sum_to_at_least_the_total():
    loose = Dimension(slug="group", codes=("x", "y"), exclusive=False)
    built = make_lattice(
        Table(), Table(dimensions=("group",)), Table(dimensions=("group", "sex")), dimensions=(loose, SEX)
    )
    without_total = make_lattice(Table(dimensions=("group",)), dimensions=(loose,))
    assert built.identities.upper.tolist().count(np.inf) == 1
    assert without_total.identities.upper.tolist().count(np.inf) == 0


def test_total_with_more_areas_covers_only_existing_nodes():
    loose = Dimension(slug="group", codes=("x", "y"), exclusive=False)
    built = make_lattice(Table(level=1), Table(dimensions=("group",)), dimensions=(loose,), places=CITY)
    assert built.identities.upper.tolist().count(np.inf) == 1


def test_dimension_that_is_not_exhaustive_has_a_remainder():
    some = Dimension(slug="group", codes=("x", "y"), exhaustive=False)
    built = make_lattice(Table(), Table(dimensions=("group",)), dimensions=(some,))
    assert satisfies_identities(built, [5, 2, 2, 1])
    assert evaluate_nodes(built, [5, 2, 2, 1]).tolist() == [5, 2, 2]


@pytest.mark.parametrize(
    ("city_and_wards", "allowed"), [((7, 4, 3), True), ((4, 4, 3), True), ((8, 4, 3), False), ((3, 4, 3), False)]
)
def test_distinct_people_over_areas_are_bounded_by_max_and_sum(city_and_wards, allowed):
    built = make_lattice(Table(level=1), places=CITY, overlapping_places=True)
    assert satisfies_identities(built, city_and_wards) is allowed


def test_node_is_located_by_its_cell():
    built = make_lattice(Table(dimensions=("sex",)))
    assert Node(part=None, breakdown=(("sex", "f"),), place="city", period="now") in built.nodes


def test_quarter_total_has_atoms_if_a_dimension_exists_only_for_the_town():
    """A total without atoms could only be 0, so none of its counts would ever be protected."""
    lattice = build_lattice(
        ScopeShape(
            dimensions=(Dimension(slug="sex", codes=("f", "m")),),
            places=(Area(code="town"), *(Area(code=code, level=1, parent="town") for code in ("east", "west"))),
            tables=(Table(level=1), Table(dimensions=("sex",))),
            periods={"now": ("now",)},
        )
    )
    atoms = dict(zip(lattice.nodes, np.diff(lattice.sums.starts).tolist(), strict=False))
    assert all(atoms.values())
    assert atoms[Node(part=None, breakdown=(), place="town", period="now")] == sum(
        count for node, count in atoms.items() if node.place != "town"
    )


YEAR = {f"q{n}": (f"q{n}",) for n in range(1, 5)} | {"year": ("q1", "q2", "q3", "q4")}


def test_cumulative_count_has_unpublished_increment_node():
    to_date = {"to q1": ("q1",), "to q2": ("q1", "q2"), "to q3": ("q1", "q2", "q3")}
    tables = (Table(), Table(part="p"), Table(dimensions=("sex",), periods=("to q1", "to q3")))
    lattice = build_lattice(ScopeShape(tables=tables, dimensions=(SEX,), periods=to_date))
    names = [(node.part, node.breakdown, node.period) for node in lattice.nodes]
    names += [("not p", *names[part][1:]) for part in np.flatnonzero(lattice.complement >= 0)]
    steps = [
        (names[node], names[before][-1]) for node, before in enumerate(lattice.continues_from.tolist()) if before >= 0
    ]
    assert steps == [
        ((part, (), later), before)
        for part in (None, "p", "not p")
        for later, before in (("to q2", "to q1"), ("to q3", "to q2"))
    ]


def test_periods_with_a_published_difference_are_not_continued():
    periods = YEAR | {"half": ("q1", "q2"), "other half": ("q3", "q4")}
    assert not (build_lattice(ScopeShape(tables=(Table(),), periods=periods)).continues_from >= 0).any()
