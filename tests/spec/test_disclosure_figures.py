"""A release as a whole: what the audit finds in tables that hide few and round the rest, and how it is repaired."""

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
from api.statistics.rollup import Tally
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, UNPROTECTED_RULE

CITY = (Area(code="city"), *(Area(code=code, level=1, parent="city") for code in ("north", "south", "west")))
SEX = Dimension(slug="sex", codes=("f", "m"))
SCHEMES = (Table(level=1), Table(dimensions=("sex",), level=1))
WARDS = build_lattice(ScopeShape(tables=SCHEMES, dimensions=(SEX,), places=CITY, periods={"now": ("now",)}))
NO_PROVIDERS = replace(PERSONS_RULE, audit_providers=False)


def returns(*providers, lattice=WARDS, scale=1):
    """Counts of providers that returned, ward by ward, `women/men`."""
    tallies = []
    for wards in providers:
        cells = {}
        for place, pair in zip(("north", "south", "west"), wards.split(), strict=True):
            cells |= {(place, sex): int(count) for sex, count in zip("fm", pair.split("/"), strict=True)}
        found = {}
        for node in lattice.nodes:
            fits = [
                n
                for (place, sex), n in cells.items()
                if node.place in {place, "city"} and dict(node.breakdown).get("sex", sex) == sex
            ]
            found[node] = Tally(low=sum(fits) * scale, high=sum(fits) * scale)
        tallies.append(found)
    return read_tallies(lattice, tallies, publish_alone=[True] * len(tallies))


def table(protected):
    """What is shown, area by area: total, women and men."""
    found = {}
    for figure in protected.counts:
        found.setdefault(figure.node.place, []).append("c" if figure.value is None else figure.value)
    return {place: " ".join(map(str, row)) for place, row in found.items()}


def test_a_table_that_keeps_its_secrets_is_left_alone():
    protected = protect_release(WARDS, PERSONS_RULE, [returns("3/20 40/50 30/20", "2/30 40/50 20/30")])
    assert table(protected) == {"city": "335 135 200", "north": "55 c 50", "south": "180 80 100", "west": "100 50 50"}
    assert (protected.report.withheld, protected.report.held_back, protected.report.repaired) == (0, 0, 0)
    assert protected.report.audited > 0


def test_two_hidden_counts_that_a_total_gives_away():
    """7 and 7 are 14, shown as 15: of 13 at least, which 7 and 6 make at most. The ward's total is withheld."""
    chain = [returns("7/7 40/50 30/20")]
    unaudited = make_display(WARDS, NO_PROVIDERS, chain)
    assert (unaudited.value[1], unaudited.shown[[5, 9]].any()) == (15, False)
    protected = protect_release(WARDS, NO_PROVIDERS, chain)
    assert table(protected)["north"] == "c c c"
    assert table(protected)["city"] == "155 75 75"
    assert (protected.report.withheld, protected.report.repaired) == (1, 1)


def test_a_total_is_never_hidden_and_so_a_release_may_be_refused():
    """The same with no wards: nothing but the total could be withheld."""
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
def test_a_small_total_of_two_groups_blocks_its_measure_and_one_of_three_hardly_ever(codes, unknown, refused):
    """13 and 14 are shown as 15, of 13 at least, and totals are never hidden: 7 and 6 would be known. Where some may be of
    unknown sex there is room, until four are."""
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


def test_it_is_one_in_fifteen_quarters_of_a_service_with_thirteen_clients():
    """Who come as Poisson has it, as many women as men."""
    often = {count: exp(-6.5) * 6.5**count / factorial(count) for count in (6, 7)}
    assert 2 * often[6] * often[7] + often[7] ** 2 == pytest.approx(1 / 15, abs=0.002)


def test_a_provider_would_know_what_the_others_returned():
    """8 women and 8 men of a ward are 16, shown as 15: 8 or 9 of each. Who returned 7 women knows of 1 or 2 more."""
    chain = [returns("7/0 20/20 20/20", "1/8 20/20 20/20")]
    assert table(protect_release(WARDS, NO_PROVIDERS, chain))["north"] == "15 10 10"
    assert Counter(table(protect_release(WARDS, PERSONS_RULE, chain))["north"].split())["c"] == 1


def test_few_more_that_a_total_would_give_away_are_held():
    """3 more women and 3 more men are 6 more: as neither has moved by more than 4, it is 1 to 4 of each. The women, or
    the men, are left as they were even if they have moved by 7, and their error says so."""
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


def test_few_whom_somebody_else_adds_beside_ones_own_are_held():
    """4 more women of one provider and 3 of another are 7, so that 5 more show: the first would know of 1 to 3 others.
    Of that no table is needed; where it is their own change that hides (the second's 1 beside 9), nothing is."""
    chain = [returns("40/40 50/50 50/50", "20/20 50/50 50/50"), returns("44/40 50/50 50/59", "23/20 50/50 50/60")]
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


def test_a_release_in_which_nothing_moved_tells_nothing_new():
    chain = [returns("7/7 40/50 30/20")] * 3
    displays = []
    for size in (1, 2, 3):
        displays.append(protect_release(WARDS, NO_PROVIDERS, chain[:size], displays).display)
    assert [display.value.tolist() for display in displays] == [displays[0].value.tolist()] * 3


def test_a_new_area_period_or_breakdown_joins_in_a_later_release():
    """What was not there before is kept as `absent`."""
    chain = [returns("3/20 40/50 30/20")] * 2
    first = protect_release(WARDS, NO_PROVIDERS, chain[:1]).display
    known = np.array([not node.breakdown for node in WARDS.nodes])
    empty = make_empty_display(known.size)
    old = type(first)(
        **{name: np.where(known, getattr(first, name), getattr(empty, name)) for name in first.__struct_fields__}
    )
    second = protect_release(WARDS, NO_PROVIDERS, chain, [old])
    assert table(second) == table(protect_release(WARDS, NO_PROVIDERS, chain[:1]))
    assert second.display.since.tolist() == [0] * 4 + [1] * 8


def test_a_shifted_area_that_gives_few_away_is_withheld_where_it_cannot_be_held():
    """Ten more women and seven more men: both and the total would move."""
    chain = [returns("7/30 40/50 30/20"), returns("7/30 52/53 30/20"), returns("7/30 52/57 33/23")]
    displays = []
    for size in (1, 2, 3):
        protected = protect_release(WARDS, PERSONS_RULE, chain[:size], displays)
        displays.append(protected.display)
    for figure, count in zip(protected.counts, chain[-1].totals, strict=True):
        assert figure.value is None or figure.low <= count <= figure.high


def of_six_wards(*providers):
    """A city of six wards, and what providers returned of each: `women/men`."""
    wards = [f"w{number}" for number in range(6)]
    places = (Area(code="city"), *(Area(code=code, level=1, parent="city") for code in wards))
    lattice = build_lattice(ScopeShape(tables=SCHEMES, dimensions=(SEX,), places=places, periods={"now": ("now",)}))
    tallies = []
    for returned in providers:
        found = dict(zip(wards, ([int(count) for count in pair.split("/")] for pair in returned.split()), strict=True))
        found["city"] = [sum(counts) for counts in zip(*found.values(), strict=True)]
        counts = {
            node: sum(found[node.place]["fm".index(sex)] for sex in dict(node.breakdown).values() or "fm")
            for node in lattice.nodes
        }
        tallies.append({node: Tally(low=count, high=count) for node, count in counts.items()})
    return lattice, read_tallies(lattice, tallies, publish_alone=[True] * len(tallies))


def test_few_in_one_of_many_areas():
    lattice, counts = of_six_wards("3/50 50/50 50/50 50/50 50/50 50/50")
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
def test_what_to_give_up_is_looked_for_nearby_and_then_further_away(returned, provider, monkeypatch):
    """In a table of 18 counts, three for each ward: of one ward or two, of more, of all."""
    monkeypatch.setattr(audit, "MIN_COLUMNS_PER_COUNT", 1)
    monkeypatch.setattr(audit, "MIN_AREAS_PER_COUNT", 1)
    lattice, counts = of_six_wards(*returned)
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
def test_what_was_given_up_nearby_is_enough_wherever_one_looks(returned, monkeypatch):
    """Each reader's audit of what is left, over all areas at once, finds nothing more to give up."""
    lattice, counts = of_six_wards(*returned)
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


def test_a_solver_that_vouches_for_nothing_lets_nothing_pass(monkeypatch):
    solve = LinearProgram.solve
    monkeypatch.setattr(
        LinearProgram, "solve", lambda self, cost, **how: None if cost.any() else solve(self, cost, **how)
    )
    with pytest.raises(ExposedCounts):
        protect_release(WARDS, PERSONS_RULE, [returns("3/20 40/50 30/20")])


def test_a_solution_that_is_no_witness_lets_nothing_pass(monkeypatch):
    monkeypatch.setattr(ReaderAudit, "add_witness", lambda *_: None)
    with pytest.raises(ExposedCounts):
        protect_release(WARDS, PERSONS_RULE, [returns("3/20 40/50 30/20")])


def test_a_table_that_disagrees_with_what_is_shown_is_no_witness():
    chain = [returns("3/20 40/50 30/20")]
    display = make_display(WARDS, PERSONS_RULE, chain)
    view = ReaderAudit(WARDS, PERSONS_RULE, chain, [display], find_cross_tables(WARDS, chain))
    truth = view.point
    view.add_witness(truth + 1)
    assert view.point is truth
    assert (view.least == view.most).all()


def test_tables_that_cannot_all_be_true_are_refused():
    tallies = {node: Tally(low=10, high=10) for node in WARDS.nodes}
    with pytest.raises(Contradiction) as refused:
        protect_release(WARDS, PERSONS_RULE, [read_tallies(WARDS, [tallies])])
    assert (refused.value.provider, refused.value.release) == (0, 0)


def test_employers_one_and_two_in_breakdowns_are_hidden_with_one_more_to_hide_them():
    """Exact figures: 1 of 21 would be the difference, if nothing else were withheld."""
    protected = protect_release(WARDS, ORGANISATIONS_RULE, [returns("1/20 5/6 7/8")])
    assert table(protected) == {"city": "47 c c", "north": "21 c c", "south": "11 5 6", "west": "15 7 8"} or Counter(
        " ".join(table(protected).values()).split()
    )["c"] in {3, 4}
    assert [row.split()[0] for row in table(protected).values()] == ["47", "21", "11", "15"]


def test_published_figures_are_left_as_they_are():
    protected = protect_release(WARDS, UNPROTECTED_RULE, [returns("1/20 5/6 7/8")])
    assert table(protected)["north"] == "21 1 20"
    assert protected.report.audited == 0


def test_the_tasks_of_the_readers_can_go_to_other_processes():
    tasks = []

    def across(function, given):
        given = list(given)
        tasks.append([task.provider for task in given])
        return map(function, given)

    protect_release(WARDS, PERSONS_RULE, [returns("3/20 40/50 30/20", "2/30 40/50 20/30")], map_tasks=across)
    assert tasks == [[None], [0, 1]]


def test_people_who_may_come_again_are_audited_with_their_bounds():
    """A year of at most the sum of its halves: 8 and 4, shown as 10 and `c`; and 12 in the year, shown as 10."""
    halves = {"h1": ("h1",), "h2": ("h2",), "year": ("h1", "h2")}
    lattice = build_lattice(ScopeShape(tables=(Table(),), periods=halves, overlapping_periods=True))
    tallies = {node: Tally(low=n, high=n) for node, n in zip(lattice.nodes, (40, 4, 44), strict=True)}
    protected = protect_release(lattice, NO_PROVIDERS, [read_tallies(lattice, [tallies], publish_alone=[True])])
    assert [figure.value for figure in protected.counts] == [40, None, 45]


# --- percentages ---------------------------------------------------------------------------------------------


def figure(value, low=None, high=None):
    return ProtectedCount(
        node=Node(part=None, breakdown=(), place="city", period="now"), value=value, low=low, high=high
    )


@pytest.mark.parametrize(
    ("part", "whole", "value", "between", "reason"),
    [
        (figure(25, 23, 27), figure(50, 48, 52), 50.0, (100 * 23 / 52, 100 * 27 / 48), None),
        (figure(25, 23, 27), figure(200, 198, 202), 12.5, (100 * 23 / 202, 100 * 27 / 198), None),
        (figure(25, 23, 27), figure(35, 33, 37), 71.0, (100 * 23 / 37, 100 * 27 / 33), None),
        (figure(25, 17, 33), figure(20, 18, 22), 100.0, (100 * 17 / 22, 100.0), None),
        (figure(10, 8, 12), figure(15, 13, 17), None, (None, None), "small_denominator"),
        (figure(None), figure(50, 48, 52), None, (None, None), "input_suppressed"),
        (figure(10, 8, 12), figure(None), None, (None, None), "input_suppressed"),
    ],
)
def test_a_percentage_of_what_is_shown(part, whole, value, between, reason):
    found = calculate_percentage(part, whole, PERSONS_RULE, (0, 0))
    assert (found.value, found.reason) == (value, reason)
    assert (found.low, found.high) == between


def test_there_is_no_percentage_of_nothing():
    assert (
        calculate_percentage(
            figure(0, 0, 0), figure(0, 0, 0), replace(UNPROTECTED_RULE, smallest_denominator=0), (0, 0)
        ).value
        is None
    )


def test_what_is_hidden_has_no_error():
    assert figure(None).largest_error is None
    assert figure(25, 19, 27).largest_error == 6


# --- what holds for all tables -------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=6, max_size=6), st.lists(st.integers(-6, 8), min_size=6, max_size=6))
def test_every_figure_holds_the_truth_within_what_it_states(first, changes):
    chain = [
        returns(" ".join(f"{f}/{m}" for f, m in zip(counts[::2], counts[1::2], strict=True)))
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


def test_what_protects_people_is_not_done_without_the_atoms():
    nodes = build_nodes(ScopeShape(tables=(Table(),), periods={"now": ("now",)}))
    counts = complete_counts(nodes, np.array([[9]]), np.array([False]), np.array([True]))
    with pytest.raises(TypeError, match="atoms"):
        protect_release(nodes, PERSONS_RULE, [counts])
    [figure] = protect_release(nodes, UNPROTECTED_RULE, [counts]).counts
    assert figure.value == 9


TO_DATE = build_lattice(
    ScopeShape(tables=SCHEMES, dimensions=(SEX,), places=CITY, periods={"may": ("may",), "june": ("may", "since may")})
)


def to_date(may, june):
    """Counts to date of a provider, of each ward `women/men`."""
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


def test_what_a_count_to_date_has_grown_by_is_a_count_like_others():
    """Six times 8 are 48, of 48 to 52, and six times 12 are 72, of at most 72: 4 more of each, if all of them show."""
    protected = protect_release(TO_DATE, PERSONS_RULE, [to_date("8/8 8/8 8/8", "12/12 12/12 12/12")])
    assert protected.report.withheld > 0
    # Of counts that are known as well as these, but did not grow by few, all show.
    protected = protect_release(TO_DATE, PERSONS_RULE, [to_date("8/8 8/8 8/8", "18/18 18/18 18/18")])
    assert protected.report.withheld == 0


def test_how_a_late_return_moves_what_a_count_to_date_has_grown_by_is_not_told():
    chain = [to_date("30/40 50/60 70/80", "50/60 70/80 90/99"), to_date("32/40 50/60 70/80", "50/61 70/80 90/99")]
    first = protect_release(TO_DATE, PERSONS_RULE, chain[:1])
    second = protect_release(TO_DATE, PERSONS_RULE, chain, [first.display])
    # Each count of the band or change of few is one, in each release: also those of the steps.
    assert [figure.value for figure in second.counts] == [figure.value for figure in first.counts]
    assert second.report.audited > first.report.audited
