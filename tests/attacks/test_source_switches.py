"""Proof that the attacks on contributions detect a missing part of the protection.

Each part is switched off in turn, and an attack succeeds that fails while it is on.
"""

import numpy as np
from msgspec.structs import replace

from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE
from tests.attacks.source_attacker import SourceAttacker
from tests.attacks.source_cubes import SourceCube
from tests.attacks.source_worlds import SourceWorld, correct_table, generate_tables
from tests.attacks.test_source_protection import CUBES, count_named

NEAR_DRAWS = replace(PERSONS_RULE, far_share=0.0)


def attack_worlds(make_tables, rule=PERSONS_RULE, *, name="two categories", worlds=6, switches=None, **knowledge):
    """Return what is disclosed in several worlds of one provider."""
    cube, disclosed = SourceCube(CUBES[name]), []
    for seed in range(worlds):
        tables = make_tables(cube, np.random.default_rng([6, seed]))
        chain = SourceWorld(cube, rule, **(switches or {})).play_provider(tables, seed)
        disclosed += SourceAttacker(cube, rule, tables, chain, **knowledge).attack()[1]
    return disclosed


def add_one_record(cube, random):
    table = generate_tables(cube, random, 4.0)
    late = table.copy()
    late.ravel()[random.integers(table.size)] += 1
    return [table, late]


def correct_often(cube, random):
    tables = [generate_tables(cube, random, 3.0)]
    while len(tables) < 4:
        tables.append(correct_table(tables[-1], random, late=0.6))
    return tables


def test_stored_draws_stop_averaging_over_releases():
    """A breakdown is left out and sent again. If it were rounded from scratch, eight displays would reveal many of its counts."""
    small, right = count_named(PERSONS_RULE, 50, (1.0,), releases=8)
    assert right <= 0.005 * small
    small, right = count_named(PERSONS_RULE, 50, (1.0,), releases=8, stored=False)
    assert right > 0.1 * small


def test_hold_back_hides_one_late_record():
    """The attacker knows that one record is late. Any displayed change would reveal whose it is."""
    assert attack_worlds(add_one_record, late_records=1, worlds=8) == []
    disclosed = attack_worlds(add_one_record, replace(PERSONS_RULE, hold_back=1), late_records=1, worlds=8)
    assert ("exact", (1, 1), 1) in [verdict[:3] for verdict in disclosed]


def test_repeated_draws_stop_certain_and_narrow_counts():
    """Displays of 5 for a total and 10 for its women leave 6 to 9 women, unless the draws are repeated."""
    first = {"name": "one ward", "worlds": 10}
    assert attack_worlds(lambda *world: correct_often(*world)[:1], NEAR_DRAWS, **first) == []
    switched_off = {"switches": {"audited": False}}
    assert attack_worlds(lambda *world: correct_often(*world)[:1], NEAR_DRAWS, **first, **switched_off) != []


def test_repeated_draws_stop_certain_and_narrow_changes():
    """Far draws are not enough in later releases: two displays with the same draw limit the change to within 4."""
    later = {"name": "numerators", "worlds": 24}
    assert attack_worlds(correct_often, **later) == []
    assert attack_worlds(correct_often, **later, switches={"audited": False}) != []


def test_repeated_draws_stop_exact_counts_of_employers():
    """Totals are exact: of 2 employers, displays of 3 for two categories would be 1 each."""
    more = {"name": "one ward", "worlds": 6}

    def make_tables(cube, random):
        return [generate_tables(cube, random, 1.0)]

    assert attack_worlds(make_tables, ORGANISATIONS_RULE, **more) == []
    disclosed = attack_worlds(make_tables, ORGANISATIONS_RULE, **more, switches={"audited": False})
    assert {verdict[0] for verdict in disclosed} == {"exact"}


def test_far_draws_stop_a_bayesian_attacker():
    """In small tables a display of 5 is almost always 1 person, if 0 never displays as 5."""
    sparse = (0.02, 0.05)
    small, right = count_named(PERSONS_RULE, 100, sparse)
    assert right <= 0.005 * small
    small, right = count_named(NEAR_DRAWS, 100, sparse)
    assert right > 0.005 * small


def find_possible_late_returns(own, others, *, combined):
    """Return how many people another provider may have added in the second release, as one provider calculates it.

    It corrects its own count in each release, knows the rule, and sees when the figure moves. `combined` switches the
    sum of displays off: the combined count is displayed as if it came from one provider.
    """
    mine = np.array(own) if combined else np.zeros(len(own), dtype=np.int64)
    tables = [np.array([count]) for count in mine + others]
    chain = SourceWorld(SourceCube({"sex": ("all",)})).play_provider(tables, 1)
    moves = np.diff([int(one.displayed[0]) for one in chain]) != 0
    possible = []
    for late in range(PERSONS_RULE.hold_back):
        reference, expected = int(mine[0]), []
        for count in mine[1:] + late:
            expected.append(abs(count - reference) >= PERSONS_RULE.hold_back)
            reference = count if expected[-1] else reference
        if expected == moves.tolist():
            possible.append(late)
    return possible


def test_sum_of_displays_stops_probing_with_own_corrections():
    """A provider adds 5, 6, 7 and 8 people while another adds 2: a combined count would move with the sixth."""
    own, others = [20, 25, 26, 27, 28], [40, 42, 42, 42, 42]
    assert find_possible_late_returns(own, others, combined=False) == list(range(8))
    assert find_possible_late_returns(own, others, combined=True) == [2]
