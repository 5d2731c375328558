"""Attacks on another provider's counts that use only what a provider may send and read, over HTTP.

A provider that knows its own displayed counts sees the sum of the others'. The tests show that this sum does not depend
on what the provider does, and that even each displayed contribution separately discloses no small count. All of these
attacks succeeded on combined counts. `make attack` runs more people.
"""

import os

import numpy as np
import pytest
from msgspec.structs import replace

from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE
from tests.attacks.http_releases import (
    ATTACKER,
    SHOW_SMALL,
    VICTIM,
    attack,
    make_return,
    open_press,
    play,
    read_chain,
    read_displays,
)

LONG = os.environ.get("ATTACKS") == "all"
RELEASES = 5
RULES = {"learners": PERSONS_RULE, "pass-rate": PERSONS_RULE, "employers": ORGANISATIONS_RULE}


def generate_tables(random, measure: str, mean: float, releases: int = 1) -> list[np.ndarray]:
    """Return a provider's cross of three areas and three sexes; records are late or removed in each release."""
    shape = (3, 3, 2) if measure == "pass-rate" else (3, 3)
    means = mean * random.gamma(1, 1, shape)
    tables = [random.poisson(means)]
    while len(tables) < releases:
        late = (random.random(shape) < 0.3) * random.poisson(1.5, shape)
        tables.append(np.maximum(tables[-1] + late - (random.random(shape) < 0.1), 0))
    return tables


def leave_a_breakdown_out(key, own):
    """Send a breakdown, leave it out, and send it again."""
    return [make_return(key, own), make_return(key, own, without=["sex"])] * 2 + [make_return(key, own)]


def correct_own_cells(key, own):
    return [make_return(key, own + step) for step in (0, 1, 3, 6, 10)]


def join_in_the_second_release(key, own):
    return [None, make_return(key, own)]


def move_by_five(key, own):
    return [make_return(key, own), make_return(key, own + 5)]


def publish_again(key, own):
    return [make_return(key, own)]


MOVES = {
    "2026-01": leave_a_breakdown_out,
    "2026-02": correct_own_cells,
    "2026-03": join_in_the_second_release,
    "2026-04": move_by_five,
    "2026-05": publish_again,
}
"""The moves of the attacker, by period: periods are protected separately."""
PERIODS = {
    "learners": tuple(MOVES),
    "pass-rate": ("2026-02", "2026-03"),
    "employers": ("2026-01", "2026-04"),
}
"""The periods that the short form of the test attacks."""
MIN_COMPARED = 4 * RELEASES
"""The least number of figures that both servers display."""
JOINING = "2026-04"
"""The victim joins in the second release of this period."""


def make_victim_returns(key, tables):
    late = key[1] == JOINING
    return [None if late and release == 0 else make_return(key, table) for release, table in enumerate(tables)]


@pytest.mark.parametrize("mean", (0.7, 3.0, 12.0) if LONG else (3.0,))
@pytest.mark.parametrize("seed", range(3 if LONG else 1))
async def test_moves_of_a_provider_disclose_nothing_of_another(application, second_application, mean, seed):
    """Two servers differ in what the attacker sends: the sum of the others' displayed counts is the same.

    Where a figure is 0, the sum may be less, so only figures above 0 are compared.
    """
    random = np.random.default_rng([8, seed])
    keys = [(measure, period) for measure, periods in PERIODS.items() for period in (MOVES if LONG else periods)]
    own = {key: generate_tables(random, key[0], mean)[0] for key in keys}
    tables = {key: generate_tables(random, key[0], mean, RELEASES) for key in keys}
    theirs = {key: make_victim_returns(key, tables[key]) for key in keys}
    active = {key: MOVES[key[1]](key, own[key]) for key in keys}
    passive = {key: [make_return(key, own[key])] for key in keys}
    others, chains = [], []
    for server, returns in ((application, active), (second_application, passive)):
        press = await open_press(server)
        releases = await play(press, theirs, returns)
        own_displays = {key: read_displays(await read_chain(press, ATTACKER, key), RELEASES) for key in keys}
        others.append({key: subtract([counts[key] for counts in releases], own_displays[key]) for key in keys})
        chains.append({key: await read_chain(press, VICTIM, key) for key in keys})
    for key in keys:
        compared = [
            (one[cell], other[cell])
            for one, other in zip(others[0][key], others[1][key], strict=True)
            for cell in one.keys() & other
        ]
        assert len(compared) >= MIN_COMPARED, key
        assert [pair for pair in compared if pair[0] != pair[1]] == []
        first, second = (read_displays(chain[key], RELEASES) for chain in chains)
        assert first == second
        targets, disclosed = attack(RULES[key[0]], tables[key], chains[0][key])
        assert targets > 0
        assert disclosed == []


def subtract(releases, own_displays):
    """Return each figure above 0 less the attacker's own displayed count."""
    return [
        {cell: number - (own.get(cell) or 0) for cell, number in counts.items() if number}
        for counts, own in zip(releases, own_displays, strict=True)
    ]


OFF = {"hold-back": {"hold_back": 1, "width": 0}, "repeated draws": {"far_share": 0.0, "width": 0}}
"""Rules without a part of the protection. The audit finds nothing narrow with a width of 0, so it repeats no draws."""


@pytest.mark.parametrize("part", OFF)
async def test_attack_over_http_succeeds_if_a_plan_switches_a_part_off(application, second_application, part):
    """Proof that these attacks can succeed. The attacker knows that one record is late."""
    keys = [("learners", period) for period in MOVES]
    tables = {}
    for number, key in enumerate(keys):
        [table] = generate_tables(np.random.default_rng([10, number]), "learners", 3.0)
        late = table.copy()
        late[number % 3, number % 2] += 1
        tables[key] = [table, late]
    disclosed = {}
    for server, changes in ((application, {}), (second_application, OFF[part])):
        rule = replace(SHOW_SMALL, **changes)
        press = await open_press(server, rule=rule)
        await play(press, {key: [make_return(key, table) for table in tables[key]] for key in keys}, {})
        knowledge = replace(rule, width=SHOW_SMALL.width)
        disclosed[server] = [
            verdict
            for key in keys
            for verdict in attack(knowledge, tables[key], await read_chain(press, VICTIM, key), late_records=1)[1]
        ]
    assert disclosed[application] == []
    assert disclosed[second_application] != []
