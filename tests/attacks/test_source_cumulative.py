"""Attacks on cumulative counts: what came between two periods is a step that nobody publishes.

The periods come in one by one, and earlier ones are corrected in each release.
"""

import os
from collections import Counter
from itertools import product

import numpy as np
import pytest
from msgspec.structs import replace

from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE
from tests.attacks.source_attacker import SourceAttacker
from tests.attacks.source_cubes import SourceCube
from tests.attacks.source_worlds import SourceWorld, correct_table, generate_tables

LONG = os.environ.get("ATTACKS") == "all"
SEEDS = range(8 if LONG else 2)
MEANS = (0.3, 2.0, 6.0)
RULES = {"people": PERSONS_RULE, "employers": ORGANISATIONS_RULE}
QUARTERS, RELEASES = ("q1", "q2", "q3", "q4"), 8
CUBES = {
    "by sex": {"sex": ("f", "m"), "quarter": QUARTERS},
    "with a part": {"part": ("in", "out"), "quarter": QUARTERS[:3]},
    "by ward": {"place": ("w0", "w1"), "quarter": QUARTERS[:3], "sex": ("f", "m")},
}


def attack_cumulative_counts(name, rule, seed, **switches):
    """Return the number of targets of each kind, and what is disclosed of them."""
    cube, random = SourceCube(CUBES[name]), np.random.default_rng([11, seed])
    tables = [generate_tables(cube, random, MEANS[seed % 3])]
    while len(tables) < RELEASES:
        tables.append(correct_table(tables[-1], random))
    late = {(release, 0, code) for release in range(RELEASES) for code in QUARTERS[1 + release // 2 :]}
    chain = SourceWorld(cube, rule, **switches).play_provider(tables, seed, left_out=late)
    attacker = SourceAttacker(cube, rule, tables, chain)
    kinds = Counter(isinstance(where[2], tuple) for *_, where in [*attacker.list_targets(), *attacker.list_steps()])
    return kinds, attacker.attack()[1]


@pytest.mark.parametrize(
    ("name", "kind"), [*product(CUBES, ["people"]), ("by sex", "employers"), ("by ward", "employers")]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_eight_releases_of_cumulative_counts_disclose_nothing(name, kind, seed):
    kinds, disclosed = attack_cumulative_counts(name, RULES[kind], seed)
    assert kinds[False]
    assert kinds[True]
    assert disclosed == []


def test_repeated_draws_stop_certain_and_narrow_steps():
    """With finer rounding, displayed counts of two periods limit the step between them, unless draws are repeated."""
    rule = replace(PERSONS_RULE, base=3, far_share=0.0, hold_back=3)
    for audited in (True, False):
        disclosed = [
            where
            for seed in range(2)
            for *_, where in attack_cumulative_counts("by sex", rule, seed, audited=audited)[1]
            if isinstance(where[2], tuple)
        ]
        assert (disclosed == []) == audited
