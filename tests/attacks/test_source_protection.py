"""Attacks on contributions that are protected at the source, by the public and by providers, over all releases.

The attacker is given every displayed contribution of the provider that it attacks. No reader of a release knows more:
the public sees sums over providers, one provider the sum of the others', and all providers except one exactly this.
"""

import os
from itertools import cycle, product

import numpy as np
import pytest

from api.statistics.disclosure.contribution_audit import ContributionAudit
from api.statistics.disclosure.contribution_sums import sum_contributions
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE
from tests.attacks.source_attacker import SourceAttacker, name_with_confidence
from tests.attacks.source_cubes import SourceCube
from tests.attacks.source_worlds import (
    REDACTED,
    SourceWorld,
    correct_table,
    display_as,
    generate_tables,
    get_displays,
)

LONG = os.environ.get("ATTACKS") == "all"
SEEDS = range(10 if LONG else 1)
MEANS = (0.3, 2.0, 8.0)
RULES = {"people": PERSONS_RULE, "employers": ORGANISATIONS_RULE}
WARDS, SEX, AGE = ("w0", "w1", "w2"), ("f", "m"), ("a", "b", "c")
CUBES = {
    "one ward": {"place": WARDS[:1], "sex": SEX, "age": AGE[:2]},
    "two categories": {"place": WARDS[:2], "sex": SEX},
    "three wards": {"place": WARDS, "sex": (*SEX, "unknown"), "age": AGE[:2]},
    "numerators": {"place": WARDS[:2], "sex": SEX, "part": ("in", "out")},
}


def make_histories(cube, random, mean, releases=4):
    """Return three providers' tables over the releases, with late records and corrections."""
    providers = []
    for _ in range(3):
        tables = [generate_tables(cube, random, mean)]
        while len(tables) < releases:
            tables.append(correct_table(tables[-1], random))
        providers.append(tables)
    return providers


def leave_out_and_return(own, _):
    return own, {(1, 1, "sex"), (3, 1, "sex")}


def correct_by_one_two_three(own, _):
    return [own[0] + release for release in range(len(own))], set()


def correct_by_the_hold_back(own, _):
    return [own[0] + (PERSONS_RULE.hold_back - 1) * release for release in range(len(own))], set()


def join_late(own, _):
    return [None, *own[1:]], set()


def publish_again(own, _):
    return [own[0]] * len(own), set()


def leave_and_redact(own, _):
    return [own[0], None, own[2], REDACTED], set()


MOVES = [
    leave_out_and_return,
    correct_by_one_two_three,
    correct_by_the_hold_back,
    join_late,
    publish_again,
    leave_and_redact,
]
CASES = (
    list(product(RULES, CUBES, MOVES))
    if LONG
    else list(zip(["people"] * len(MOVES) + ["employers"] * len(MOVES), cycle(CUBES), MOVES * 2, strict=False))
)


@pytest.mark.parametrize(("kind", "name", "move"), CASES)
@pytest.mark.parametrize("seed", SEEDS)
def test_provider_learns_nothing_from_its_own_moves(move, name, kind, seed):
    """The sum less the attacker's own part is the others' contributions, which do not react to the attacker."""
    cube, rule = SourceCube(CUBES[name]), RULES[kind]
    world, random = SourceWorld(cube, rule), np.random.default_rng([1, seed])
    victim, attacker, third = make_histories(cube, random, MEANS[seed % 3])
    own, left_out = move(attacker, random)
    active = world.play(list(zip(victim, own, third, strict=True)), seed, left_out=left_out)
    passive = world.play(list(zip(victim, [attacker[0]] * 4, third, strict=True)), seed)
    for provider in (0, 2):
        assert [*map(get_displays, active[provider])] == [*map(get_displays, passive[provider])]
    for contributions in zip(*active, strict=True):
        shown = sum(np.where(one.present, one.displayed, 0) for one in contributions)
        assert (sum_contributions(contributions) == np.maximum(shown, 0)).all()
    targets, disclosed = SourceAttacker(cube, rule, victim, active[0]).attack()
    assert targets
    assert disclosed == []


@pytest.mark.parametrize("seed", SEEDS)
def test_colluding_providers_learn_nothing_of_the_one_that_remains(seed):
    """All providers except one subtract their own parts: what remains is the displayed contribution of that one.

    Two that collude know less: the sum of the others. So each test here, which gives the attacker the displayed
    contribution itself, is an attack of all providers but one.
    """
    cube = SourceCube(CUBES["two categories"])
    histories = make_histories(cube, np.random.default_rng([8, seed]), 8.0)
    chains = SourceWorld(cube).play(list(zip(*histories, strict=True)), seed)
    for one, *others in zip(*chains, strict=True):
        known = sum(other.displayed for other in others)
        total = sum_contributions([one, *others])
        assert (total - known)[total > 0].tolist() == one.displayed[total > 0].tolist()
    assert SourceAttacker(cube, PERSONS_RULE, histories[0], chains[0]).attack()[1] == []


def withdraw_and_redact(tables):
    return [*tables[:3], None, tables[4], REDACTED, tables[4], tables[7]]


def join_and_leave(tables):
    return [None, tables[1], tables[2], None, None, tables[5], tables[6], None]


HISTORIES = [withdraw_and_redact, join_and_leave]


@pytest.mark.parametrize("mean", (0.05, *MEANS, 30.0) if LONG else MEANS[:2])
@pytest.mark.parametrize(("kind", "make_history"), list(product(RULES, HISTORIES)))
@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("seed", SEEDS)
def test_eight_releases_of_changes_disclose_nothing(name, make_history, kind, mean, seed):
    """A provider joins, corrects, leaves a breakdown out, withdraws, returns, has a return redacted, sends it again."""
    if not LONG and (list(CUBES).index(name) + HISTORIES.index(make_history) + list(RULES).index(kind)) % 2:
        mean *= 10
    cube, rule = SourceCube(CUBES[name]), RULES[kind]
    [tables, *_] = make_histories(cube, np.random.default_rng([2, seed]), mean, 8)
    history = make_history(tables)
    chain = SourceWorld(cube, rule).play_provider(history, seed, left_out={(1, 0, "sex")})
    targets, disclosed = SourceAttacker(cube, rule, history, chain).attack()
    assert targets
    assert disclosed == []


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_and_then_one_late_record_disclose_nothing(name, kind, seed):
    """All counts are 0, then 1 person is added in each release."""
    cube, random = SourceCube(CUBES[name]), np.random.default_rng([9, seed])
    tables = [np.zeros([len(codes) for codes in cube.dimensions.values()], dtype=np.int64)]
    for _ in range(3):
        late = tables[-1].copy()
        late.ravel()[random.integers(late.size)] += 1
        tables.append(late)
    chain = SourceWorld(cube, RULES[kind]).play_provider(tables, seed)
    targets, disclosed = SourceAttacker(cube, RULES[kind], tables, chain).attack()
    assert targets
    assert disclosed == []


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("seed", SEEDS)
def test_all_or_none_in_a_part_disclose_nothing(inside, kind, seed):
    cube, rule = SourceCube(CUBES["numerators"]), RULES[kind]
    tables, *_ = make_histories(cube, np.random.default_rng([3, seed]), MEANS[seed % 3])
    for table in tables:
        table[..., int(inside)] = 0
    chain = SourceWorld(cube, rule).play_provider(tables, seed)
    assert SourceAttacker(cube, rule, tables, chain).attack()[1] == []


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("seed", SEEDS)
def test_running_the_code_on_candidate_worlds_excludes_none(name, kind, seed):
    """Every whole-number world that fits the displays can display as they do, and passes the audit as they did."""
    cube, rule = SourceCube(CUBES[name]), RULES[kind]
    table = generate_tables(cube, np.random.default_rng([4, seed]), MEANS[seed % 3])
    [contribution] = SourceWorld(cube, rule).play_provider([table], seed)
    attacker = SourceAttacker(cube, rule, [table], [contribution])
    candidates = 0
    for coefficients, _, _ in list(attacker.list_targets())[:6]:
        attacker.find_range(coefficients, whole=True)
    for witness in attacker.witnesses:
        counts = np.rint(attacker.cells[: len(cube.cells)] @ witness[: attacker.size]).astype(np.int64)
        same = display_as(cube, contribution, counts, rule)
        assert same is not None
        assert get_displays(same) == get_displays(contribution)
        assert ContributionAudit(cube.lattice, rule, [same]).find_narrow_ranges() == []
        candidates += 1
    assert candidates or not [*attacker.list_targets()]


def count_named(rule, worlds, means, *, stored=True, releases=1):
    """Return how many small counts there are, and how many a Bayesian attacker names correctly.

    The same return is released several times. If draws are stored, the attacker sees only one display.
    """
    cube = SourceCube(CUBES["two categories"])
    world = SourceWorld(cube, rule, stored=stored)
    small = right = 0
    for seed in range(worlds):
        random = np.random.default_rng([5, seed])
        expected = random.gamma(1, means[seed % len(means)], 4) + 1e-3
        table = np.minimum(random.poisson(expected), 7).reshape(2, 2)
        displays = np.unique([one.displayed for one in world.play_provider([table] * releases, seed)], axis=0)
        cells = np.array(
            [[cube.count_people(unit, cell) for unit in np.eye(4, dtype=int).reshape(4, 2, 2)] for cell in cube.cells]
        )
        counts = cells @ table.ravel()
        named = name_with_confidence(cube, rule, cells, displays, np.unique(world.same), expected)
        is_small = (counts >= 1) & (counts <= 7)
        small += is_small.sum()
        right += (is_small & (named == counts)).sum()
    return small, right


def test_bayesian_attacker_names_at_most_one_small_count_in_two_hundred():
    small, right = count_named(PERSONS_RULE, 2000 if LONG else 150, (0.05, 0.2, 1.0, 3.0))
    assert small > 250
    assert right <= 0.005 * small
