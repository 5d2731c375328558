"""Somebody who has every release, knows the rules from their text, and solves for the people behind the figures.

Written apart from the auditor: one variable for each cell of the full cross, dense matrices, scipy's `linprog`, and
intervals that are worked out anew from the numbers shown. Nothing of `api.statistics.disclosure` but the figures
comes in here.
"""

from math import ceil, floor, inf

import numpy as np
from scipy.optimize import linprog

BAND, STEP, HOLD, LEAST, WIDTH = 7, 5, 5, 10, 4
EPS = 1e-6


class Attacker:
    """`dimensions` maps each dimension to its codes, the finest areas and the part (`in`, `out`) among them.

    A cell is a dict of dimension to code; what it leaves out is summed over. `small` are the cells of a release that
    the attacker is told to be in the band. `own` are the attacker's own counts: of release and cell.
    """

    def __init__(self, dimensions, *, own, others_stand_still=False, hold=HOLD, least_hidden=0, shifts=True):
        self.dimensions = dimensions
        self.size = int(np.prod([len(codes) for codes in dimensions.values()]))
        self.own = own
        self.still = others_stand_still
        self.hold, self.least_hidden, self.shifts = hold, least_hidden, shifts
        self.rows, self.bounds = [], []
        self.releases = 0

    def form(self, release, cell):
        axes = [
            [1.0 if cell.get(name, code) == code else 0.0 for code in codes] for name, codes in self.dimensions.items()
        ]
        flat = axes[0]
        for axis in axes[1:]:
            flat = np.outer(flat, axis).ravel()
        blocks = 1 if self.still else self.releases
        form = np.zeros(blocks * self.size)
        at = 0 if self.still else release
        form[at * self.size : (at + 1) * self.size] = flat
        return form

    def learn(self, low, high, *terms):
        """Low ≤ Σ times × cell of a release ≤ high, of the total; the own part is taken off."""
        own = sum(times * self.own(release, cell) for times, release, cell in terms)
        self.rows.append(sum(times * self.form(release, cell) for times, release, cell in terms))
        self.bounds.append((low - own, high - own))

    def read(self, releases, small=()):
        """`releases` lists, for each release, pairs of cell and number shown, None for `c`; and what is stated."""
        self.releases = len(releases)
        seen = {}
        for release, figures in enumerate(releases):
            for cell, shown, stated in figures:
                key = tuple(sorted(cell.items()))
                before = seen.get(key)
                if shown is None:
                    if (release, key) in small:
                        self.learn(self.least_hidden, BAND, (1, release, cell))
                    seen[key] = None
                    continue
                if before is None or (shown != before[1] and not self.shifts):
                    low, high = max(shown - STEP // 2, 0), shown + STEP // 2
                    low = max(low, BAND + 1) if shown else 0
                    self.learn(low, high if shown else 0, (1, release, cell))
                    seen[key] = (release, shown, stated)
                    continue
                since, number, was = before
                change = (1, release, cell), (-1, since, cell)
                if shown == number:
                    quiet = max(stated[1] - was[1], 0)  # an error larger than usual says that it was held
                    moved_down = stated[1] < was[1]
                    self.learn(-inf if moved_down else -quiet, -HOLD if moved_down else quiet, *change)
                    if moved_down:
                        seen[key] = (release, shown, stated)
                    continue
                steps = abs(shown - number)
                low, high = max(steps - STEP // 2, self.hold), steps + STEP // 2
                if shown < number and shown == LEAST:
                    high = inf
                self.learn(*((low, high) if shown > number else (-high, -low)), *change)
                seen[key] = (release, shown, stated)

    def range(self, *terms):
        """The least and the greatest that a sum over the others' cells can be."""
        form = sum(times * self.form(release, cell) for times, release, cell in terms)
        matrix = np.array(self.rows)
        low, high = np.array(self.bounds).T
        upper, lower = np.isfinite(high), np.isfinite(low)
        a = np.vstack([matrix[upper], -matrix[lower]])
        b = np.concatenate([high[upper], -low[lower]])
        found = []
        for sign in (1, -1):
            solved = linprog(sign * form, A_ub=a, b_ub=b, bounds=(0, None), method="highs")
            if solved.status == 3:
                found.append(inf * -sign)
                continue
            assert solved.status == 0, solved.message
            found.append(sign * solved.fun)
        return ceil(found[0] - EPS) if found[0] > -inf else -inf, floor(found[1] + EPS) if found[1] < inf else inf


def verdict(low, high):
    """What the attacker may say of a small count: it is `exact`, `certain` not to be nothing, or `open`."""
    if low == high:
        return "exact"
    if (low > 0 or high < 0) and high - low < WIDTH:
        return "certain"
    return "open"
