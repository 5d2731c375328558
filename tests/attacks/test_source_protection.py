"""Attacks on contributions that are protected at the source, by the public and by providers, over all releases.

The attacker is given every displayed contribution of the provider that it attacks. No reader of a release knows more:
the public sees sums over providers, one provider the sum of the others', and all providers except one exactly this.
"""

import os
from itertools import cycle

import numpy as np
import pytest

from api.statistics.disclosure.contribution_audit import ContributionAudit
from api.statistics.disclosure.contribution_sums import sum_contributions
from api.statistics.disclosure.contributions import SOURCE_RULE
from tests.attacks.cubes import Cube
from tests.attacks.source_attacker import SourceAttacker, name_with_confidence
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
    return [own[0] + (SOURCE_RULE.hold_back - 1) * release for release in range(len(own))], set()


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
PAIRS = [(name, move) for name in CUBES for move in MOVES]


@pytest.mark.parametrize(("name", "move"), PAIRS if LONG else list(zip(cycle(CUBES), MOVES, strict=False)))
@pytest.mark.parametrize("seed", SEEDS)
def test_provider_learns_nothing_from_its_own_moves(move, name, seed):
    """The sum less the attacker's own part is the others' contributions, which do not react to the attacker."""
    cube = Cube(CUBES[name])
    world, random = SourceWorld(cube), np.random.default_rng([1, seed])
    victim, attacker, third = make_histories(cube, random, MEANS[seed % 3])
    own, left_out = move(attacker, random)
    active = world.play(list(zip(victim, own, third, strict=True)), seed, left_out=left_out)
    passive = world.play(list(zip(victim, [attacker[0]] * 4, third, strict=True)), seed)
    for provider in (0, 2):
        assert [*map(get_displays, active[provider])] == [*map(get_displays, passive[provider])]
    for contributions in zip(*active, strict=True):
        shown = sum(np.where(one.present, one.displayed, 0) for one in contributions)
        assert (sum_contributions(contributions) == np.maximum(shown, 0)).all()
    targets, disclosed = SourceAttacker(cube, SOURCE_RULE, victim, active[0]).attack()
    assert targets
    assert disclosed == []


@pytest.mark.parametrize("mean", MEANS if LONG else MEANS[:2])
@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("seed", SEEDS)
def test_eight_releases_of_changes_disclose_nothing(name, mean, seed):
    """A provider corrects, leaves a breakdown out, withdraws, returns, has a return redacted and sends it again."""
    cube = Cube(CUBES[name])
    [tables, *_] = make_histories(cube, np.random.default_rng([2, seed]), mean, 8)
    history = [*tables[:3], None, tables[4], REDACTED, tables[4], tables[7]]
    chain = SourceWorld(cube).play_provider(history, seed, left_out={(1, 0, "sex")})
    targets, disclosed = SourceAttacker(cube, SOURCE_RULE, history, chain).attack()
    assert targets
    assert disclosed == []


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_all_or_none_in_a_part_disclose_nothing(inside, seed):
    cube = Cube(CUBES["numerators"])
    tables, *_ = make_histories(cube, np.random.default_rng([3, seed]), MEANS[seed % 3])
    for table in tables:
        table[..., int(inside)] = 0
    chain = SourceWorld(cube).play_provider(tables, seed)
    assert SourceAttacker(cube, SOURCE_RULE, tables, chain).attack()[1] == []


@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("seed", SEEDS)
def test_running_the_code_on_candidate_worlds_excludes_none(name, seed):
    """Every whole-number world that fits the displays can display as they do, and passes the audit as they did."""
    cube = Cube(CUBES[name])
    table = generate_tables(cube, np.random.default_rng([4, seed]), MEANS[seed % 3])
    [contribution] = SourceWorld(cube).play_provider([table], seed)
    attacker = SourceAttacker(cube, SOURCE_RULE, [table], [contribution])
    candidates = 0
    for coefficients, _, _ in list(attacker.list_targets())[:6]:
        attacker.find_range(coefficients, whole=True)
    for witness in attacker.witnesses:
        counts = np.rint(attacker.cells[: len(cube.cells)] @ witness[: attacker.size]).astype(np.int64)
        same = display_as(contribution, counts, SOURCE_RULE)
        assert same is not None
        assert get_displays(same) == get_displays(contribution)
        assert ContributionAudit(cube.lattice, SOURCE_RULE, [same]).find_narrow_ranges() == []
        candidates += 1
    assert candidates or not attacker.list_targets()


def count_named(rule, worlds, means, *, stored=True, releases=1):
    """Return how many small counts there are, and how many a Bayesian attacker names correctly.

    The same return is released several times. If draws are stored, the attacker sees only one display.
    """
    cube = Cube(CUBES["two categories"])
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
    small, right = count_named(SOURCE_RULE, 2000 if LONG else 150, (0.05, 0.2, 1.0, 3.0))
    assert small > 250
    assert right <= 0.005 * small
