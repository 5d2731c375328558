"""Attacks on a provider's own return for a year of distinct people, next to its returns for the quarters.

A person who comes in a quarter is counted in the year, so the year is at least its largest quarter and at most their sum. The
attacker knows this of every displayed cell, and sees the year as a release displays it, within limits from the quarters.
"""

import os
from itertools import product

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.sparse import block_diag, csr_array, vstack

from api.releases.distinct_periods import PeriodDisplay, count_distinct
from api.statistics import periods
from api.statistics.disclosure.contributions import list_node_rules, start_contribution, update_contribution
from schema.disclosure import ORGANISATIONS_RULE, PERSONS_RULE
from tests.attacks.source_attacker import SourceAttacker
from tests.attacks.source_cubes import SourceCube
from tests.attacks.source_worlds import SourceWorld, correct_table, generate_tables

SEEDS = range(12 if os.environ.get("ATTACKS") == "all" else 3)
MEANS = (0.3, 1.0, 3.0)
RULES = {"people": PERSONS_RULE, "employers": ORGANISATIONS_RULE}
CUBES = {"by sex": {"sex": ("f", "m")}, "two wards": {"place": ("w0", "w1"), "sex": ("f", "m")}}
YEAR, QUARTERS = "CY2026", ("CY2026-Q1", "CY2026-Q2", "CY2026-Q3", "CY2026-Q4")
MOST_DISPLAYED = 300


class YearAttacker(SourceAttacker):
    """Join what the displays of a year and of its quarters imply, each read by an attacker of its own."""

    def __init__(self, cube, rule, tables, chains, display):
        """Read the tables and contributions by period. `display` is how a release shows the year."""
        self.cube, self.rule = cube, rule
        seen, limits = self._read_year(chains, display)
        self.parts = {
            code: SourceAttacker(cube, rule, tables[code], seen if code == YEAR else chains[code]) for code in chains
        }
        self.variables = sum(one.variables for one in self.parts.values())
        self.least, self.most = (
            np.concatenate([getattr(one, end) for one in self.parts.values()]) for end in ("least", "most")
        )
        rows, low, high = [], [], []
        for release, cell in product(range(len(seen)), range(len(cube.all_cells))):
            year, quarters = self.select_in(YEAR, release, cell), self.select_quarters(release, cell)
            rows += [*(year - quarter for quarter in quarters), sum(quarters) - year]
            low += [0] * (len(quarters) + 1)
            high += [np.inf] * (len(quarters) + 1)
            if cell < len(cube.cells):
                rows.append(year)
                low.append(limits[release][0][cell])
                high.append(limits[release][1][cell])
        parts = self.parts.values()
        self.set_limits(
            csr_array(vstack([block_diag([one.matrix for one in parts]), np.array(rows)])),
            np.concatenate([*(one.low for one in parts), low]),
            np.concatenate([*(one.high for one in parts), high]),
        )

    def select_in(self, code, release, cell, *, since=None):
        """Return the coefficients of a cell in one period among the variables of all periods."""
        blocks = [
            one.select(release, cell, since=since) if name == code else np.zeros(one.variables)
            for name, one in self.parts.items()
        ]
        return np.concatenate(blocks)

    def select_quarters(self, release, cell):
        return [self.select_in(code, release, cell) for code in self.parts if code != YEAR]

    def list_targets(self):
        """Yield each small count and change of each period, and who came in the year but not in a quarter."""
        for code, one in self.parts.items():
            for _, true, (release, since, cell) in one.list_targets():
                yield self.select_in(code, release, cell, since=since), true, (code, release, since, cell)
        for release, cell in product(range(len(self.parts[YEAR].chain)), range(len(self.cube.all_cells))):
            year, quarters = self.select_in(YEAR, release, cell), self.select_quarters(release, cell)
            truth = np.concatenate([self._list_truth(one, release) for one in self.parts.values()])
            for at, coefficients in enumerate([*(year - quarter for quarter in quarters), sum(quarters) - year]):
                true = int(coefficients @ truth)
                if 1 <= true <= self.rule.largest_small and not self.parts[YEAR].is_open[cell]:
                    yield coefficients, true, ("between", release, at, cell)

    def list_steps(self):
        return []

    def _list_truth(self, one, release):
        truth = np.zeros(one.variables)
        truth[release * one.size : (release + 1) * one.size] = one.tables[release].ravel()
        return truth

    def _read_year(self, chains, display):
        """Return the year's contributions where its display shows them, and limits of the counts where it does not."""
        seen, limits = [], []
        for release, year in enumerate(chains[YEAR]):
            displays = make_displays(self.cube, self.rule, chains, release)
            shown, base = display(displays, self.rule), np.where(displays[YEAR].exact, 1, self.rule.base)
            possible = [
                (
                    np.where(
                        display(displays | {YEAR: replace(displays[YEAR], totals=raw)}, self.rule) == shown, raw, np.nan
                    )
                )
                for raw in (base * at for at in range(-1, MOST_DISPLAYED // self.rule.base))
            ]
            lowest, highest = np.nanmin(possible, axis=0), np.nanmax(possible, axis=0)
            reach = self.rule.largest_first_error + np.where(year.since == release, 0, self.rule.hold_back - 1)
            is_seen = lowest == highest
            assert np.all(is_seen <= (lowest == year.displayed))
            limits.append(
                (
                    np.where(is_seen | (lowest < 0), -np.inf, lowest - reach),
                    np.where(is_seen | (highest + self.rule.base >= MOST_DISPLAYED), np.inf, highest + reach),
                )
            )
            seen.append(replace(year, present=year.present & is_seen))
        return seen, limits


def make_displays(cube, rule, chains, release):
    """Return what the provider displays in each period."""
    is_open = list_node_rules(cube.lattice, rule).is_open[: len(cube.cells)]
    return {
        code: PeriodDisplay(
            period=periods.parse(code),
            totals=chain[release].displayed,
            unknown=~chain[release].present,
            confidential=~chain[release].present,
            exact=is_open,
            is_first=release == 0,
        )
        for code, chain in chains.items()
    }


def show_as_contributed(displays, rule):
    return displays[YEAR].totals


def display_within_quarters(displays, rule):
    return count_distinct(periods.parse(YEAR), list(displays.values()), rule).totals


def generate_year(quarters, random, *, again=0.5):
    """Return the people of the year: those of the largest quarter, and some of the others."""
    most = np.max(quarters, axis=0)
    return most + random.binomial(np.sum(quarters, axis=0) - most, again)


def attack_year(name, rule, seed, display=display_within_quarters, *, releases=2):
    """Return the kinds of targets, and what is disclosed of them."""
    cube, random = SourceCube(CUBES[name], overlapping="place" in CUBES[name]), np.random.default_rng([21, seed])
    tables = {code: [generate_tables(cube, random, MEANS[seed % 3])] for code in QUARTERS}
    while len(tables[QUARTERS[0]]) < releases:
        for of_quarter in tables.values():
            of_quarter.append(correct_table(of_quarter[-1], random))
    tables[YEAR] = [generate_year([tables[code][release] for code in QUARTERS], random) for release in range(releases)]
    chains = {
        code: SourceWorld(cube, rule).play_provider(of_period, [seed, at])
        for at, (code, of_period) in enumerate(tables.items())
    }
    attacker = YearAttacker(cube, rule, tables, chains, display)
    return {where[0] for *_, where in attacker.list_targets()}, attacker.attack()[1]


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("name", CUBES)
@pytest.mark.parametrize("seed", SEEDS)
def test_year_and_quarters_together_disclose_nothing(name, kind, seed):
    kinds, disclosed = attack_year(name, RULES[kind], seed)
    assert kinds
    assert disclosed == []


def test_limits_stop_what_finer_rounding_would_disclose():
    near = replace(PERSONS_RULE, far_share=0.0)
    for display in (display_within_quarters, show_as_contributed):
        disclosed = [where for seed in range(3) for *_, where in attack_year("by sex", near, seed, display)[1]]
        assert (disclosed == []) == (display is display_within_quarters)


def contribute(cube, count, draw):
    """Return the contribution of so many people with this draw."""
    counts = np.full(len(cube.cells), count)
    present = np.ones(counts.size, dtype=bool)
    return [update_contribution(PERSONS_RULE, start_contribution(counts * 0 + draw), counts, present, release=0)]


def test_display_of_a_year_outside_its_quarters_would_disclose_them():
    """Seven people in each quarter display as 0, and 28 in the year as 35: so each quarter has seven."""
    cube = SourceCube({"sex": ("f",)})
    chains = {code: contribute(cube, 7, -3) for code in QUARTERS} | {YEAR: contribute(cube, 28, 7)}
    tables = {code: [np.array([7])] for code in QUARTERS} | {YEAR: [np.array([28])]}
    assert [int(chain[0].displayed[0]) for chain in chains.values()] == [0, 0, 0, 0, 35]
    *_, disclosed = YearAttacker(cube, PERSONS_RULE, tables, chains, show_as_contributed).attack()
    assert {(verdict, true, where[0]) for verdict, _, true, where in disclosed} >= {
        ("exact", 7, code) for code in QUARTERS
    }
    assert YearAttacker(cube, PERSONS_RULE, tables, chains, display_within_quarters).attack()[1] == []
