"""Worlds of several providers whose contributions are protected at the source, release by release."""

import numpy as np

from api.statistics.disclosure.contributions import (
    find_equal_nodes,
    list_node_rules,
    make_draws,
    redact_contribution,
    start_contribution,
    update_contribution,
)
from api.statistics.disclosure.source_protection import protect_contribution
from schema.disclosure import PERSONS_RULE
from tests.attacks.source_attacker import list_draws

REDACTED = "redacted"


class SourceWorld:
    """Play a history: for each release, each provider's full cross, None without a return, or REDACTED.

    `left_out` lists (release, provider, name) where a return leaves a dimension or a quarter out. Switches turn parts of the
    protection off: `audited`, and `stored`, without which each release displays from scratch.
    """

    def __init__(self, cube, rule=PERSONS_RULE, *, audited=True, stored=True):
        self.cube, self.rule, self.audited, self.stored = cube, rule, audited, stored
        self.same = find_equal_nodes(cube.lattice)

    def play(self, history, seed, *, left_out=()):
        """Return each provider's contributions, release by release. Each provider has its own random numbers."""
        return [
            self.play_provider([tables[provider] for tables in history], [seed, provider], provider, left_out)
            for provider in range(len(history[0]))
        ]

    def play_provider(self, tables, seed, provider=0, left_out=()):
        random = np.random.default_rng(seed)
        chain = []
        for release, table in enumerate(tables):
            omitted = {name for when, who, name in left_out if (when, who) == (release, provider)}
            returned = [not omitted & {*cell, cell.get("quarter")} for cell in self.cube.cells]
            present = np.array(returned) & isinstance(table, np.ndarray)
            if isinstance(table, str):
                chain.append(redact_contribution(chain[-1]))
                continue
            counts = self.cube.count_cells(table) if table is not None else np.zeros(present.size, dtype=np.int64)
            chain.append(self._contribute(counts * present, present, chain, random))
        return chain

    def _contribute(self, counts, present, chain, random):
        if self.audited and self.stored:
            return protect_contribution(self.cube.lattice, self.rule, counts, present, chain, random)
        before = chain[-1] if chain and self.stored else None
        rules = list_node_rules(self.cube.lattice, self.rule)
        draws = make_draws(self.rule, counts.size, random)[self.same]
        before = before or start_contribution(np.where(rules.is_open[: counts.size], 0, draws))
        return update_contribution(rules, before, counts, present, release=len(chain))


def generate_tables(cube, random, mean):
    """Return an uneven full cross with this mean of people in a cell."""
    shape = [len(codes) for codes in cube.dimensions.values()]
    return random.poisson(mean * random.gamma(1, 1, shape))


def correct_table(table, random, *, late=0.3, removed=0.1):
    """Add late records to some cells and remove people from others."""
    added = (random.random(table.shape) < late) * random.poisson(1.5, table.shape)
    return np.maximum(table + added - (random.random(table.shape) < removed) * random.poisson(1, table.shape), 0)


def get_displays(contribution):
    """Return what may leave the publisher's role."""
    return np.where(contribution.present, contribution.displayed, -1).tolist()


def display_as(cube, contribution, counts, rule):
    """Return a first contribution of other counts with draws that display as this one; None if no draws fit."""
    rules, draws = list_node_rules(cube.lattice, rule), np.array([draw for draw, _ in list_draws(rule)])
    base, is_open = rules.base[:, None], rules.is_open[: counts.size, None]
    fits = (counts[:, None] + draws) // base * base == contribution.displayed[:, None]
    fits &= ~is_open | (draws == 0)
    if not fits.any(axis=1).all():
        return None
    start = start_contribution(draws[fits.argmax(axis=1)])
    return update_contribution(rules, start, counts, contribution.present, release=0)
