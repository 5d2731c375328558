"""Attacks on counts of distinct people, who may be counted in several wards, and once in the city."""

import os
from itertools import product

import numpy as np
import pytest
from msgspec.structs import replace

from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE
from tests.attacks.source_attacker import SourceAttacker
from tests.attacks.source_cubes import SourceCube
from tests.attacks.source_worlds import SourceWorld, correct_table, generate_tables

SEEDS = range(10 if os.environ.get("ATTACKS") == "all" else 3)
MEANS = (0.3, 1.0, 4.0)
RULES = {"people": PERSONS_RULE, "employers": ORGANISATIONS_RULE}
WARDS, SEX = ("w0", "w1", "w2"), ("f", "m")
CUBES = {
    "two wards": {"place": WARDS[:2], "sex": SEX},
    "three wards": {"place": WARDS, "sex": SEX},
    "numerators": {"place": WARDS[:2], "part": ("in", "out")},
    "ages": {"place": WARDS[:2], "sex": SEX, "age": ("a", "b")},
}


def attack_distinct_people(name, rule, seed, **switches):
    """Return what is disclosed of counts and changes, and of hidden numbers: who is in no ward or in several."""
    cube, random = SourceCube(CUBES[name], overlapping=True), np.random.default_rng([12, seed])
    tables = [generate_tables(cube, random, MEANS[seed % 3])]
    while len(tables) < 4:
        tables.append(correct_table(tables[-1], random))
    chain = SourceWorld(cube, rule, **switches).play_provider(tables, seed)
    attacker = SourceAttacker(cube, rule, tables, chain)
    hidden = [
        (verdict, true)
        for coefficients, true in list_hidden_numbers(attacker)
        for verdict, _ in [attacker.judge(coefficients)]
        if 1 <= true <= rule.largest_small and verdict != "open"
    ]
    return attacker.attack()[1], hidden


def list_hidden_numbers(attacker):
    """Yield the people of the city outside each ward, and the wards together less the city, with their number."""
    cube = attacker.cube
    at = {tuple(sorted(cell.items())): index for index, cell in enumerate(cube.all_cells)}
    for (release, table), (index, cell) in product(enumerate(attacker.tables), enumerate(cube.all_cells)):
        if "place" in cell:
            continue
        wards = [at[tuple(sorted((cell | {"place": place}).items()))] for place in WARDS if place in str(at)]
        all_wards = sum(attacker.cells[ward] for ward in wards) - attacker.cells[index]
        for cells in [attacker.cells[index] - attacker.cells[ward] for ward in wards] + [all_wards]:
            coefficients = np.zeros(attacker.variables)
            coefficients[release * attacker.size : (release + 1) * attacker.size] = cells
            yield coefficients, int(cells @ table.ravel())


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("seed", SEEDS)
def test_distinct_people_are_not_disclosed(name, kind, seed):
    disclosed, hidden = attack_distinct_people(name, RULES[kind], seed)
    assert disclosed == []
    assert hidden == [] or kind == "employers"


def test_repeated_draws_stop_certain_and_narrow_counts_of_distinct_people():
    near = replace(PERSONS_RULE, far_share=0.0)
    for audited in (True, False):
        worlds = [attack_distinct_people("two wards", near, seed, audited=audited)[0] for seed in range(6)]
        assert (not any(worlds)) == audited
