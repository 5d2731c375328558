"""A whole release: what the audit finds in tables that hide small counts and round others, and how it is repaired."""

from collections import Counter
from itertools import pairwise, product
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.statistics.disclosure import audit
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.audit import ReaderAudit, find_cross_tables
from api.statistics.disclosure.display import make_empty_display
from api.statistics.disclosure.figures import ExposedCounts, ProtectedCount, calculate_percentage, protect_release
from api.statistics.disclosure.lattice import Area, Dimension, Node, ScopeShape, Table, build_nodes
from api.statistics.disclosure.linear_programs import LinearProgram
from api.statistics.disclosure.provider_counts import Contradiction, complete_counts, read_tallies
from api.statistics.disclosure.release_display import make_display
from api.statistics.disclosure.repair import RepairTask, audit_and_repair
from api.statistics.roll_up import Tally
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, UNPROTECTED_RULE

CITY = (Area(code="city"), *(Area(code=code, level=1, parent="city") for code in ("north", "south", "west")))
SEX = Dimension(slug="sex", codes=("f", "m"))
SCHEMES = (Table(level=1), Table(dimensions=("sex",), level=1))
WARDS = build_lattice(ScopeShape(tables=SCHEMES, dimensions=(SEX,), places=CITY, periods={"now": ("now",)}))
NO_PROVIDERS = replace(PERSONS_RULE, audit_providers=False)


def make_counts(*providers, lattice=WARDS, scale=1):
    """Return the counts of providers that returned, ward by ward, `women/men`."""
    tallies = []
    for wards in providers:
        cells = {}
        for place, pair in zip(("north", "south", "west"), wards.split(), strict=True):
            cells |= {(place, sex): int(count) for sex, count in zip("fm", pair.split("/"), strict=True)}
        results = {}
        for node in lattice.nodes:
            fits = [
                n
                for (place, sex), n in cells.items()
                if node.place in {place, "city"} and dict(node.breakdown).get("sex", sex) == sex
            ]
            results[node] = Tally(low=sum(fits) * scale, high=sum(fits) * scale)
        tallies.append(results)
    return read_tallies(lattice, tallies, publish_alone=[True] * len(tallies))


def list_displayed(protected):
    """Return the displayed numbers, area by area: total, women and men."""
    results = {}
    for figure in protected.counts:
        results.setdefault(figure.node.place, []).append("c" if figure.value is None else figure.value)
    return {place: " ".join(map(str, row)) for place, row in results.items()}


def test_protected_table_needs_no_repair():
    protected = protect_release(WARDS, PERSONS_RULE, [make_counts("3/20 40/50 30/20", "2/30 40/50 20/30")])
    assert list_displayed(protected) == {
        "city": "335 135 200",
        "north": "55 c 50",
        "south": "180 80 100",
        "west": "100 50 50",
    }
    assert (protected.report.withheld, protected.report.held_back, protected.report.repaired) == (0, 0, 0)
    assert protected.report.audited > 0


def test_total_that_reveals_two_hidden_counts_is_withheld():
    """7 and 7 are 14, shown as 15: at least 13, and 7 and 6 are the most. The audit withholds the ward's total."""
    chain = [make_counts("7/7 40/50 30/20")]
    unaudited = make_display(WARDS, NO_PROVIDERS, chain)
    assert (unaudited.value[1], unaudited.shown[[5, 9]].any()) == (15, False)
    protected = protect_release(WARDS, NO_PROVIDERS, chain)
    assert list_displayed(protected)["north"] == "c c c"
    assert list_displayed(protected)["city"] == "155 75 75"
    assert (protected.report.withheld, protected.report.repaired) == (1, 1)


def test_release_is_refused_if_only_a_total_could_be_withheld():
    """The same without wards: only the total could be withheld."""
    lattice = build_lattice(
        ScopeShape(tables=(Table(), Table(dimensions=("sex",))), dimensions=(SEX,), periods={"now": ("now",)})
    )
    tallies = {
        node: Tally(low=7 * (2 - len(node.breakdown)), high=7 * (2 - len(node.breakdown))) for node in lattice.nodes
    }
    with pytest.raises(ExposedCounts) as refused:
        protect_release(lattice, NO_PROVIDERS, [read_tallies(lattice, [tallies], publish_alone=[True])])
    assert {node.breakdown for node in refused.value.nodes} <= {(("sex", "f"),), (("sex", "m"),), ()}
    assert str(refused.value).startswith(f"{len(refused.value.nodes)} ")


@pytest.mark.parametrize(
    ("codes", "unknown", "refused"),
    [("fm", [()], [(6, 7), (7, 6), (7, 7)]), ("fmu", [(0,), (1,), (2,), (3,), (4,)], [(7, 7, 4)])],
)
def test_small_total_of_two_groups_is_refused_and_of_three_hardly_ever(codes, unknown, refused):
    """13 and 14 are shown as 15, at least 13, and totals are never hidden: 7 and 6 would be known. People of unknown
    sex leave room, until there are four of them."""
    sex = Dimension(slug="sex", codes=tuple(codes))
    lattice = build_lattice(
        ScopeShape(tables=(Table(), Table(dimensions=("sex",))), dimensions=(sex,), periods={"now": ("now",)})
    )

    def is_refused(groups):
        own = np.array([[sum(groups), *groups]])
        try:
            protect_release(
                lattice,
                PERSONS_RULE,
                [complete_counts(lattice, own, np.zeros(own.size, dtype=np.bool_), np.array([True]))],
            )
        except ExposedCounts:
            return True
        return False

    tables = [(women, men, *others) for others in unknown for women, men in product(range(5, 8), repeat=2)]
    assert [groups for groups in tables if is_refused(groups)] == refused


def test_service_with_thirteen_clients_is_refused_in_one_of_fifteen_quarters():
    """Clients arrive by a Poisson distribution, as many women as men."""
    often = {count: exp(-6.5) * 6.5**count / factorial(count) for count in (6, 7)}
    assert 2 * often[6] * often[7] + often[7] ** 2 == pytest.approx(1 / 15, abs=0.002)


def test_figure_that_reveals_others_to_a_provider_is_withheld():
    """8 women and 8 men of a ward are 16, shown as 15: 8 or 9 of each. A provider that returned 7 women knows of 1 or 2
    more."""
    chain = [make_counts("7/0 20/20 20/20", "1/8 20/20 20/20")]
    assert list_displayed(protect_release(WARDS, NO_PROVIDERS, chain))["north"] == "15 10 10"
    assert Counter(list_displayed(protect_release(WARDS, PERSONS_RULE, chain))["north"].split())["c"] == 1


def test_small_increase_that_a_total_reveals_is_held_back():
    """3 more women and 3 more men are 6 more: as neither changed by more than 4, each is 1 to 4. The women or the men
    are held back, even if they changed by 7, and the stated error says so."""
    lattice = build_lattice(
        ScopeShape(tables=(Table(), Table(dimensions=("sex",))), dimensions=(SEX,), periods={"now": ("now",)})
    )
    chain = [
        read_tallies(
            lattice,
            [
                {
                    node: Tally(low=each * (2 - len(node.breakdown)), high=each * (2 - len(node.breakdown)))
                    for node in lattice.nodes
                }
            ],
            publish_alone=[True],
        )
        for each in (50, 53)
    ]
    first = protect_release(lattice, NO_PROVIDERS, chain[:1])
    unaudited = make_display(lattice, NO_PROVIDERS, chain, first.display)
    assert unaudited.value.tolist() == [105, 50, 50]
    second = protect_release(lattice, NO_PROVIDERS, chain, [first.display])
    assert [figure.value for figure in second.counts] == [105, 50, 50]
    assert second.report.withheld == 0
    assert sorted(figure.largest_error for figure in second.counts) in ([4, 6, 9], [4, 9, 9])


def test_small_increase_of_another_provider_is_held_back():
    """4 more women of one provider and 3 of another are 7, so 5 more show, and the first would know of 1 to 3 others.
    This needs no table. If their own change hides it (the second's 1 with 9), nothing is held back."""
    chain = [
        make_counts("40/40 50/50 50/50", "20/20 50/50 50/50"),
        make_counts("44/40 50/50 50/59", "23/20 50/50 50/60"),
    ]
    first = protect_release(WARDS, PERSONS_RULE, chain[:1]).display
    unaudited = make_display(WARDS, PERSONS_RULE, chain, first)
    views = [
        ReaderAudit(WARDS, PERSONS_RULE, chain, [first, unaudited], find_cross_tables(WARDS, chain), provider=provider)
        for provider in (None, 0, 1)
    ]
    narrow = [{WARDS.nodes[node] for node in view.chain.node[view.too_narrow()]} for view in views]
    north = Node(part=None, breakdown=(), place="north", period="now")
    women = replace(north, breakdown=(("sex", "f"),))
    city = replace(women, place="city")
    assert narrow == [set(), {north, women, city}, {north, women, city}]
    second = protect_release(WARDS, PERSONS_RULE, chain, [first])
    same = {node for node, figure in zip(WARDS.nodes, second.counts, strict=True) if figure.largest_error == 9}
    assert {north, women, city} <= same
    assert second.report.withheld == 0


def test_unchanged_release_implies_nothing_new():
    chain = [make_counts("7/7 40/50 30/20")] * 3
    displays = []
    for size in (1, 2, 3):
        displays.append(protect_release(WARDS, NO_PROVIDERS, chain[:size], displays).display)
    assert [display.value.tolist() for display in displays] == [displays[0].value.tolist()] * 3


def test_new_area_period_or_breakdown_joins_in_a_later_release():
    """A node that did not exist before has an empty display."""
    chain = [make_counts("3/20 40/50 30/20")] * 2
    first = protect_release(WARDS, NO_PROVIDERS, chain[:1]).display
    known = np.array([not node.breakdown for node in WARDS.nodes])
    empty = make_empty_display(known.size)
    old = type(first)(
        **{name: np.where(known, getattr(first, name), getattr(empty, name)) for name in first.__struct_fields__}
    )
    second = protect_release(WARDS, NO_PROVIDERS, chain, [old])
    assert list_displayed(second) == list_displayed(protect_release(WARDS, NO_PROVIDERS, chain[:1]))
    assert second.display.since.tolist() == [0] * 4 + [1] * 8


def test_shifted_area_is_withheld_if_it_cannot_be_held_back():
    """Ten more women and seven more men: both and the total would change."""
    chain = [make_counts("7/30 40/50 30/20"), make_counts("7/30 52/53 30/20"), make_counts("7/30 52/57 33/23")]
    displays = []
    for size in (1, 2, 3):
        protected = protect_release(WARDS, PERSONS_RULE, chain[:size], displays)
        displays.append(protected.display)
    for figure, count in zip(protected.counts, chain[-1].totals, strict=True):
        assert figure.value is None or figure.low <= count <= figure.high


def make_six_wards(*providers):
    """Return a city of six wards, and what providers returned for each: `women/men`."""
    wards = [f"w{number}" for number in range(6)]
    places = (Area(code="city"), *(Area(code=code, level=1, parent="city") for code in wards))
    lattice = build_lattice(ScopeShape(tables=SCHEMES, dimensions=(SEX,), places=places, periods={"now": ("now",)}))
    tallies = []
    for returned in providers:
        results = dict(
            zip(wards, ([int(count) for count in pair.split("/")] for pair in returned.split()), strict=True)
        )
        results["city"] = [sum(counts) for counts in zip(*results.values(), strict=True)]
        counts = {
            node: sum(results[node.place]["fm".index(sex)] for sex in dict(node.breakdown).values() or "fm")
            for node in lattice.nodes
        }
        tallies.append({node: Tally(low=count, high=count) for node, count in counts.items()})
    return lattice, read_tallies(lattice, tallies, publish_alone=[True] * len(tallies))


def test_small_count_in_one_of_many_areas_is_protected():
    lattice, counts = make_six_wards("3/50 50/50 50/50 50/50 50/50 50/50")
    protected = protect_release(lattice, PERSONS_RULE, [counts])
    assert [figure.node.place for figure in protected.counts if figure.value is None] == ["w0"]
    assert protected.report.repaired == 0


@pytest.mark.parametrize(
    ("returned", "provider"),
    [
        (["1/1 0/10 0/10 0/10 0/10 0/10"], None),
        (["8/1 1/7 3/2 0/8 5/5 8/8", "0/2 7/7 1/1 4/6 2/0 8/1"], None),
        (["8/1 1/7 3/2 0/8 5/5 8/8", "0/2 7/7 1/1 4/6 2/0 8/1"], 0),
    ],
)
def test_repair_searches_nearby_areas_first(returned, provider, monkeypatch):
    """In a table of 18 counts, three for each ward: one or two wards, then more, then all."""
    monkeypatch.setattr(audit, "MIN_COLUMNS_PER_COUNT", 1)
    monkeypatch.setattr(audit, "MIN_AREAS_PER_COUNT", 1)
    lattice, counts = make_six_wards(*returned)
    displays = [make_display(lattice, PERSONS_RULE, [counts])]
    view = ReaderAudit(
        lattice, PERSONS_RULE, [counts], displays, find_cross_tables(lattice, [counts]), provider=provider
    )
    assert view.targets.size > 3
    for row in view.targets.tolist():
        freed = list(view.iterate_neighbourhoods(row))
        sizes = [int(np.count_nonzero(free)) for free in freed]
        assert sizes[0] in {3, 6}
        assert sizes[-1] == 18
        assert all(less < more for less, more in pairwise(sizes)), sizes
        assert all((less <= more).all() for less, more in pairwise(freed))


@pytest.mark.parametrize(
    "returned",
    [
        ("8/1 1/7 3/2 0/8 5/5 8/8", "0/2 7/7 1/1 4/6 2/0 8/1"),
        ("7/7 40/50 30/20 7/6 1/0 0/9", "1/8 20/20 20/20 0/1 8/8 2/2"),
        ("1/1 1/1 1/1 1/1 1/1 1/1", "1/7 2/6 3/5 5/3 6/2 7/1"),
    ],
)
def test_local_repair_is_enough_for_all_areas(returned, monkeypatch):
    """Each reader's audit of the result, over all areas at once, finds nothing more to withhold."""
    lattice, counts = make_six_wards(*returned)
    with monkeypatch.context() as nearby:
        nearby.setattr(audit, "MIN_COLUMNS_PER_COUNT", 1)
        nearby.setattr(audit, "MIN_AREAS_PER_COUNT", 1)
        protected = protect_release(lattice, PERSONS_RULE, [counts])
    assert protected.report.repaired > 0
    atoms = find_cross_tables(lattice, [counts])
    for provider in (None, 0, 1):
        view = RepairTask(
            lattice=lattice,
            rule=PERSONS_RULE,
            counts=[counts],
            displays=[protected.display],
            atoms=atoms,
            provider=provider,
        )
        again = audit_and_repair(view)
        assert (again.withheld.any(), again.exposed, again.repaired) == (False, (), 0)


def test_failing_solver_lets_nothing_pass(monkeypatch):
    solve = LinearProgram.solve
    monkeypatch.setattr(
        LinearProgram, "solve", lambda self, cost, **how: None if cost.any() else solve(self, cost, **how)
    )
    with pytest.raises(ExposedCounts):
        protect_release(WARDS, PERSONS_RULE, [make_counts("3/20 40/50 30/20")])


def test_solution_that_is_no_witness_lets_nothing_pass(monkeypatch):
    monkeypatch.setattr(ReaderAudit, "add_witness", lambda *_: None)
    with pytest.raises(ExposedCounts):
        protect_release(WARDS, PERSONS_RULE, [make_counts("3/20 40/50 30/20")])


def test_table_that_contradicts_the_display_is_no_witness():
    chain = [make_counts("3/20 40/50 30/20")]
    display = make_display(WARDS, PERSONS_RULE, chain)
    view = ReaderAudit(WARDS, PERSONS_RULE, chain, [display], find_cross_tables(WARDS, chain))
    truth = view.point
    view.add_witness(truth + 1)
    assert view.point is truth
    assert (view.least == view.most).all()


def test_contradictory_tables_are_refused():
    tallies = {node: Tally(low=10, high=10) for node in WARDS.nodes}
    with pytest.raises(Contradiction) as refused:
        protect_release(WARDS, PERSONS_RULE, [read_tallies(WARDS, [tallies])])
    assert (refused.value.provider, refused.value.release) == (0, 0)


def test_one_or_two_employers_are_hidden_with_one_more_figure():
    """The figures are exact: without another withheld figure, 1 of 21 would be the difference."""
    protected = protect_release(WARDS, ORGANISATIONS_RULE, [make_counts("1/20 5/6 7/8")])
    assert list_displayed(protected) == {
        "city": "47 c c",
        "north": "21 c c",
        "south": "11 5 6",
        "west": "15 7 8",
    } or Counter(" ".join(list_displayed(protected).values()).split())["c"] in {3, 4}
    assert [row.split()[0] for row in list_displayed(protected).values()] == ["47", "21", "11", "15"]


def test_published_figures_are_unchanged():
    protected = protect_release(WARDS, UNPROTECTED_RULE, [make_counts("1/20 5/6 7/8")])
    assert list_displayed(protected)["north"] == "21 1 20"
    assert protected.report.audited == 0


def test_audits_can_run_in_other_processes():
    tasks = []

    def map_tasks(function, given):
        given = list(given)
        tasks.append([task.provider for task in given])
        return map(function, given)

    protect_release(WARDS, PERSONS_RULE, [make_counts("3/20 40/50 30/20", "2/30 40/50 20/30")], map_tasks=map_tasks)
    assert tasks == [[None], [0, 1]]


def test_distinct_people_are_audited_with_their_bounds():
    """A year is at most the sum of its halves: 8 and 4, shown as 10 and `c`; and 12 in the year, shown as 10."""
    halves = {"h1": ("h1",), "h2": ("h2",), "year": ("h1", "h2")}
    lattice = build_lattice(ScopeShape(tables=(Table(),), periods=halves, overlapping_periods=True))
    tallies = {node: Tally(low=n, high=n) for node, n in zip(lattice.nodes, (40, 4, 44), strict=True)}
    protected = protect_release(lattice, NO_PROVIDERS, [read_tallies(lattice, [tallies], publish_alone=[True])])
    assert [figure.value for figure in protected.counts] == [40, None, 45]


# --- percentages ---------------------------------------------------------------------------------------------


def make_figure(value, low=None, high=None):
    return ProtectedCount(
        node=Node(part=None, breakdown=(), place="city", period="now"), value=value, low=low, high=high
    )


@pytest.mark.parametrize(
    ("part", "whole", "value", "between", "reason"),
    [
        (make_figure(25, 23, 27), make_figure(50, 48, 52), 50.0, (100 * 23 / 52, 100 * 27 / 48), None),
        (make_figure(25, 23, 27), make_figure(200, 198, 202), 12.5, (100 * 23 / 202, 100 * 27 / 198), None),
        (make_figure(25, 23, 27), make_figure(35, 33, 37), 71.0, (100 * 23 / 37, 100 * 27 / 33), None),
        (make_figure(25, 17, 33), make_figure(20, 18, 22), 100.0, (100 * 17 / 22, 100.0), None),
        (make_figure(10, 8, 12), make_figure(15, 13, 17), None, (None, None), "small_denominator"),
        (make_figure(None), make_figure(50, 48, 52), None, (None, None), "input_suppressed"),
        (make_figure(10, 8, 12), make_figure(None), None, (None, None), "input_suppressed"),
    ],
)
def test_percentage_uses_displayed_counts(part, whole, value, between, reason):
    results = calculate_percentage(part, whole, PERSONS_RULE, (0, 0))
    assert (results.value, results.reason) == (value, reason)
    assert (results.low, results.high) == between


def test_percentage_needs_a_denominator_above_zero():
    assert (
        calculate_percentage(
            make_figure(0, 0, 0), make_figure(0, 0, 0), replace(UNPROTECTED_RULE, smallest_denominator=0), (0, 0)
        ).value
        is None
    )


def test_hidden_figure_has_no_error():
    assert make_figure(None).largest_error is None
    assert make_figure(25, 19, 27).largest_error == 6


# --- what holds for all tables -------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=6, max_size=6), st.lists(st.integers(-6, 8), min_size=6, max_size=6))
def test_every_figure_contains_the_truth_within_its_bounds(first, changes):
    chain = [
        make_counts(" ".join(f"{f}/{m}" for f, m in zip(counts[::2], counts[1::2], strict=True)))
        for counts in (first, [max(count + change, 0) for count, change in zip(first, changes, strict=True)])
    ]
    displays = []
    for size in (1, 2):
        try:
            protected = protect_release(WARDS, NO_PROVIDERS, chain[:size], displays)
        except ExposedCounts:
            return
        displays.append(protected.display)
        for one, count in zip(protected.counts, chain[size - 1].totals, strict=True):
            assert one.value is None or one.low <= count <= one.high
            assert one.value is None or one.value % 5 == 0
            assert one.value is None or one.value >= 10


def test_protection_of_people_needs_atoms():
    nodes = build_nodes(ScopeShape(tables=(Table(),), periods={"now": ("now",)}))
    counts = complete_counts(nodes, np.array([[9]]), np.array([False]), np.array([True]))
    with pytest.raises(TypeError, match="atoms"):
        protect_release(nodes, PERSONS_RULE, [counts])
    [figure] = protect_release(nodes, UNPROTECTED_RULE, [counts]).counts
    assert figure.value == 9


TO_DATE = build_lattice(
    ScopeShape(tables=SCHEMES, dimensions=(SEX,), places=CITY, periods={"may": ("may",), "june": ("may", "since may")})
)


def make_cumulative_counts(may, june):
    """Return the cumulative counts of a provider, for each ward `women/men`."""
    own = np.array([0] * TO_DATE.size)
    for wards, period in ((may, "may"), (june, "june")):
        pairs = dict(
            zip(("north", "south", "west"), (map(int, pair.split("/")) for pair in wards.split()), strict=True)
        )
        people = {(place, sex): count for place, pair in pairs.items() for sex, count in zip("fm", pair, strict=True)}
        for at, node in enumerate(TO_DATE.nodes):
            if node.period == period:
                own[at] = sum(
                    count
                    for (place, sex), count in people.items()
                    if node.place in (place, "city") and dict(node.breakdown).get("sex", sex) == sex
                )
    return complete_counts(TO_DATE, own[None], np.zeros(TO_DATE.size, dtype=np.bool_), np.array([True]))


def test_increment_of_a_cumulative_count_is_protected():
    """Six times 8 are 48, between 48 and 52, and six times 12 are 72, at most 72: 4 more of each, if all are shown."""
    protected = protect_release(TO_DATE, PERSONS_RULE, [make_cumulative_counts("8/8 8/8 8/8", "12/12 12/12 12/12")])
    assert protected.report.withheld > 0
    # Counts that grew by more than a small count all show.
    protected = protect_release(TO_DATE, PERSONS_RULE, [make_cumulative_counts("8/8 8/8 8/8", "18/18 18/18 18/18")])
    assert protected.report.withheld == 0


def test_change_of_an_increment_by_a_late_return_is_protected():
    chain = [
        make_cumulative_counts("30/40 50/60 70/80", "50/60 70/80 90/99"),
        make_cumulative_counts("32/40 50/60 70/80", "50/61 70/80 90/99"),
    ]
    first = protect_release(TO_DATE, PERSONS_RULE, chain[:1])
    second = protect_release(TO_DATE, PERSONS_RULE, chain, [first.display])
    # Each small count and small change is a target, in each release, including steps.
    assert [figure.value for figure in second.counts] == [figure.value for figure in first.counts]
    assert second.report.audited > first.report.audited
