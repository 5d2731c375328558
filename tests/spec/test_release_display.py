"""The display of one count, release after release, and how far the truth can be from it.

A small table: sex in one area, returned by two providers. A release is written as the two providers' women and men.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.display import round_to_base
from api.statistics.disclosure.figures import list_counts
from api.statistics.disclosure.lattice import Area, Dimension, Node, ScopeShape, Table
from api.statistics.disclosure.provider_counts import complete_counts, read_tallies
from api.statistics.disclosure.release_display import make_display
from api.statistics.roll_up import Tally
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE, UNPROTECTED_RULE

SEX = Dimension(slug="sex", codes=("f", "m"))
TABLES = (Table(), Table(dimensions=("sex",)))
PLAIN = build_lattice(ScopeShape(tables=TABLES, dimensions=(SEX,), periods={"now": ("now",)}))
PARTS = (*TABLES, Table(part="in"), Table(part="in", dimensions=("sex",)))
WITH_PART = build_lattice(ScopeShape(tables=PARTS, dimensions=(SEX,), periods={"now": ("now",)}))
WOMEN, MEN = (Node(part=None, breakdown=(("sex", code),), place="all", period="now") for code in "fm")
TOTAL = Node(part=None, breakdown=(), place="all", period="now")


def make_counts(*providers, alone=True):
    """Return the counts of providers that returned (women, men)."""
    tallies = [
        {TOTAL: Tally(low=f + m, high=f + m), WOMEN: Tally(low=f, high=f), MEN: Tally(low=m, high=m)}
        for f, m in providers
    ]
    return read_tallies(PLAIN, tallies, publish_alone=[alone] * len(providers))


def make_part_counts(*cells):
    """Return the counts of one provider that returned, for women and men, `in/all`."""
    (fx, fn), (mx, mn) = (map(int, cell.split("/")) for cell in cells)
    tallies = {
        replace(node, part="in"): Tally(low=x, high=x, denominator_low=n, denominator_high=n)
        for node, x, n in [(TOTAL, fx + mx, fn + mn), (WOMEN, fx, fn), (MEN, mx, mn)]
    }
    return read_tallies(WITH_PART, [tallies], publish_alone=[True])


def list_displayed(display, lattice=PLAIN):
    """Return total, women and men as displayed, `c` if hidden."""
    return ["c" if f.value is None else f.value for f in list_counts(lattice, display)]


def read_figure(display, node=WOMEN):
    (figure,) = [f for f in list_counts(PLAIN, display) if f.node == node]
    return figure.low, figure.high


def display_last(*releases, rule=PERSONS_RULE, lattice=PLAIN, reset_nodes=None):
    """Return the display of the last of several releases."""
    display = None
    for number in range(1, len(releases) + 1):
        last = number == len(releases)
        display = make_display(lattice, rule, releases[:number], display, reset_nodes=reset_nodes if last else None)
    return display


# --- the first release ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "as_shown", "between"),
    [
        (0, "c", (None, None)),
        (1, "c", (None, None)),
        (7, "c", (None, None)),
        (8, 10, (8, 12)),
        (12, 10, (8, 12)),
        (13, 15, (13, 17)),
        (99, 100, (98, 102)),
    ],
)
def test_small_counts_are_hidden_and_others_rounded(count, as_shown, between):
    display = display_last(make_counts((count, 50)))
    assert (list_displayed(display)[1], read_figure(display)) == (as_shown, between)


@pytest.mark.parametrize(
    ("rule", "as_shown"),
    [
        (PERSONS_RULE, ["c", "c", "c"]),
        (ORGANISATIONS_RULE, [3, "c", "c"]),
        (UNPROTECTED_RULE, [3, 1, 2]),
        (replace(PERSONS_RULE, hide_from=1, hide_to=2), [5, "c", "c"]),
    ],
)
def test_each_class_has_its_own_rule(rule, as_shown):
    assert list_displayed(display_last(make_counts((1, 2)), rule=rule)) == as_shown


@pytest.mark.parametrize(
    ("rule", "zero"), [(PERSONS_RULE, "c"), (ORGANISATIONS_RULE, 0), (replace(PERSONS_RULE, hide_from=1), 0)]
)
def test_zero_is_hidden_only_for_people(rule, zero):
    display = display_last(make_counts((0, 30)), rule=rule)
    assert list_displayed(display)[1] == zero
    assert read_figure(display) == ((None, None) if zero == "c" else (0, 0))


@pytest.mark.parametrize(
    ("women", "as_shown"),
    [
        ("20/50", [50, 20]),
        ("0/50", [50, "c"]),
        ("7/50", [50, "c"]),
        ("43/50", [50, "c"]),  # 7 are not in it
        ("50/50", [50, "c"]),  # everybody is
        ("42/50", [50, 40]),
        ("3/6", ["c", "c"]),
    ],
)
def test_complement_is_protected_like_its_part(women, as_shown):
    display = list_displayed(display_last(make_part_counts(women, "50/100"), lattice=WITH_PART), WITH_PART)
    assert [display[1], display[4]] == as_shown


def test_unprotected_complement_does_not_hide_its_part():
    rule = replace(PERSONS_RULE, protect_complements=False)
    assert (
        list_displayed(display_last(make_part_counts("50/50", "50/100"), rule=rule, lattice=WITH_PART), WITH_PART)[4]
        == 50
    )


@pytest.mark.parametrize(
    ("providers", "as_shown"), [([(30, 30)], "c"), ([(30, 30), (0, 30)], "c"), ([(30, 30), (1, 30)], 30)]
)
def test_figure_of_one_provider_needs_publish_alone(providers, as_shown):
    assert list_displayed(display_last(make_counts(*providers, alone=False)))[1] == as_shown


def test_count_with_bounds_only_is_not_shown():
    counts = read_tallies(
        PLAIN, [{WOMEN: Tally(low=20, high=23), TOTAL: Tally(low=60, high=60), MEN: Tally(reason="no_data")}]
    )
    assert list_displayed(display_last(replace(counts, publish_alone=np.array([True])))) == [60, "c", "c"]


@pytest.mark.parametrize(
    ("count", "base", "nearest"), [(12, 5, 10), (13, 5, 15), (-12, 5, -10), (-13, 5, -15), (7, 1, 7), (5, 10, 10)]
)
def test_counts_are_rounded_to_the_nearest_multiple(count, base, nearest):
    assert round_to_base(np.array([count]), base).tolist() == [nearest]


# --- hold-back and shift -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("women", "as_shown", "between"),
    [
        ([42, 46], 40, (34, 46)),  # held back: 4 more
        ([42, 47], 45, (43, 49)),  # 5 more: moved by 5
        ([42, 49], 45, (43, 49)),
        ([42, 50], 50, (46, 54)),  # 8 more: moved by 10
        ([42, 46, 49], 45, (43, 49)),  # 7 more since it was set
        ([42, 47, 51], 45, (39, 53)),  # set at 47
        ([42, 47, 52], 50, (48, 56)),  # 52 is rounded with the increments, 5 and 5
        ([42, 37], 35, (31, 37)),
        ([42, 12], 10, (0, 14)),
        ([42, 3], 10, (0, 14)),  # no shift below 10: it may be any of these
        ([9, 5], 10, (4, 16)),
        ([9, 2], 10, (0, 7)),
        ([9, 2, 9], 15, (5, 14)),  # 7 more: a shift by 5
    ],
)
def test_number_changes_from_5_on_by_the_rounded_increment(women, as_shown, between):
    display = display_last(*(make_counts((count, 50), (0, 50)) for count in women))
    assert (list_displayed(display)[1], read_figure(display)) == (as_shown, between)
    assert between[0] <= women[-1] <= between[1]


def test_without_shift_the_new_count_is_rounded():
    rule = replace(PERSONS_RULE, shift=False)
    assert list_displayed(display_last(*(make_counts((count, 50)) for count in (42, 49)), rule=rule))[1] == 50
    assert list_displayed(display_last(*(make_counts((count, 50)) for count in (42, 46)), rule=rule))[1] == 40


@pytest.mark.parametrize(
    ("first", "second", "as_shown"),
    [
        ([(3, 50), (3, 50)], [(5, 50), (4, 50)], "c"),  # 3 more
        ([(3, 50), (3, 50)], [(20, 50), (3, 50)], "c"),  # one provider's increment would show the other's count
        ([(3, 50), (3, 50)], [(8, 50), (8, 50)], 15),  # 5 more of each
        ([(3, 50), (0, 50)], [(20, 50), (0, 50)], 20),  # there is no other
        ([(0, 50), (0, 50)], [(5, 50), (1, 50)], "c"),
    ],
)
def test_hidden_count_appears_only_after_a_change_for_every_provider(first, second, as_shown):
    assert list_displayed(display_last(make_counts(*first), make_counts(*second)))[1] == as_shown


@pytest.mark.parametrize(("later", "as_shown"), [("20/27", "c"), ("20/30", 20), ("26/26", "c")])
def test_part_hidden_for_its_complement_needs_a_change_of_both(later, as_shown):
    """14 of 16: 2 are outside."""
    display = display_last(make_part_counts("14/16", "50/100"), make_part_counts(later, "50/100"), lattice=WITH_PART)
    assert list_displayed(display, WITH_PART)[4] == as_shown


def test_figure_that_now_has_one_provider_is_hidden():
    both, one = make_counts((20, 50), (20, 50), alone=False), make_counts((40, 50), (0, 50), alone=False)
    assert list_displayed(display_last(both, one))[1] == "c"


# fmt: off
WITH_OTHERS = [
    ([(10, 10), (4, 3)],         PERSONS_RULE,                                  "c"),
    ([(10, 10), (4, 4)],         PERSONS_RULE,                                  30),
    ([(10, 10), (2, 2), (2, 2)], PERSONS_RULE,                                  30),
    ([(10, 10), (4, 3)],         replace(PERSONS_RULE, audit_providers=False),  25),
    ([(10, 10), (1, 1)],         ORGANISATIONS_RULE,                            22),
]
# fmt: on


@pytest.mark.parametrize(("providers", "rule", "total"), WITH_OTHERS)
def test_total_that_reveals_a_small_count_of_others_is_hidden(providers, rule, total):
    """A displayed total shows a provider without `publish_alone` that others contribute."""
    assert list_displayed(display_last(make_counts(*providers, alone=False), rule=rule))[0] == total


def test_republished_period_is_rounded_again():
    chain = [make_counts((count, 50), (0, 50)) for count in (42, 47, 52)]
    assert list_displayed(display_last(*chain, reset_nodes=np.array([True, True, True])))[1] == 50
    assert read_figure(display_last(*chain, reset_nodes=np.array([True, True, True]))) == (48, 52)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=5))
def test_figure_is_never_further_from_the_truth_than_stated(history):
    display = display_last(*(make_counts((f, m), (f // 2, m // 3)) for f, m in history))
    women, men = history[-1]
    women, men = women + women // 2, men + men // 3
    for figure, count in zip(list_counts(PLAIN, display), (women + men, women, men), strict=True):
        assert figure.value is None or figure.low <= count <= figure.high
        assert figure.value is None or abs(count - figure.value) <= figure.largest_error


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(60, 200), min_size=2, max_size=5), st.integers(0, 60), st.integers(0, 60))
def test_changes_follow_only_from_a_providers_own_increments(own, one, other):
    """The shift rule: after the first release, changes follow from the provider's own increments."""
    movements = []
    for others in (one, other):
        chain = [make_counts((mine, 50), (others, 50)) for mine in own]
        numbers = [list_displayed(display_last(*chain[:size]))[1] for size in range(1, len(own) + 1)]
        movements.append(np.diff(numbers).tolist())
    assert movements[0] == movements[1]


@pytest.mark.parametrize("seed", range(40))
def test_implied_bounds_always_contain_the_truth(seed):
    """Counts that appear, disappear, change and are unknown for a while: no bound excludes the truth."""
    chance = np.random.default_rng(seed)
    places = (Area(code="city"), *(Area(code=f"w{n}", level=1, parent="city") for n in range(3)))
    built = build_lattice(
        ScopeShape(
            tables=tuple(Table(part=part, level=1) for part in (None, "in")),
            places=places,
            periods={"now": ("now",)},
        )
    )
    inside = chance.poisson(chance.choice([2, 9, 40], (2, 3)), (2, 3))
    outside = chance.poisson(chance.choice([2, 9, 40], (2, 3)), (2, 3))
    chain, displays = [], []
    for _ in range(5):
        step = chance.choice([0, 0, 1, 4, 5, 12], (2, 2, 3)) * chance.choice([1, -1], (2, 2, 3))
        inside, outside = np.maximum(inside + step[0], 0), np.maximum(outside + step[1], 0)
        whole = inside + outside
        own = np.concatenate([np.stack([x.sum(axis=1), *x.T]) for x in (whole, inside)]).T
        unknown = chance.random(own.shape[1]) < 0.2
        own[:, unknown] = 0
        chain.append(complete_counts(built, own, unknown, np.array([True, False])))
        displays.append(make_display(built, PERSONS_RULE, chain, displays[-1] if displays else None))
    for release, (counts, display) in enumerate(zip(chain, displays, strict=True)):
        true, known = counts.totals, ~counts.unknown
        assert not (display.shown & ~known).any()
        assert (display.implied_low <= true)[known].all()
        assert (true <= display.implied_high)[known].all()
        assert np.isinf(display.implied_high[~known]).all()
        expected_bounds = np.flatnonzero(display.change_since >= 0)
        since = display.change_since[expected_bounds]
        assert (since < release).all()
        then = np.stack([each.totals for each in chain])[since, expected_bounds]
        known_both = known[expected_bounds] & ~np.stack([each.unknown for each in chain])[since, expected_bounds]
        assert known_both.all(), "a change from or to an unknown count is not bounded"
        assert (display.change_low[expected_bounds] <= true[expected_bounds] - then).all()
        assert (true[expected_bounds] - then <= display.change_high[expected_bounds]).all()
