"""Somebody who has every release, knows the rules from their text, and solves for the people behind the figures.

Written apart from the auditor: one variable for each cell of the full cross, scipy's `linprog`, and intervals that are
worked out anew from the numbers shown and from the policy that the release quotes, as it stands in JSON. Nothing of
`api.statistics.disclosure` comes in here.
"""

from itertools import product
from math import ceil, floor, inf

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

TOLERANCE, MIN_OPEN_WIDTH = 1e-6, 4


class Attacker:
    """`dimensions` maps each dimension to its codes, the finest areas and the part (`in`, `out`) among them.

    A cell is a dict of dimension to code, or to several codes together; what it leaves out is summed over. `rule` is
    what the release's policy says of the measure. `own` are the attacker's own counts: of release and cell; `alone` is
    whether a figure that nobody but the attacker feeds may be published.
    """

    def __init__(self, dimensions, rule, *, own, others_unchanged=False, publish_alone=True):
        self.dimensions, self.rule = dimensions, rule
        self.size = int(np.prod([len(codes) for codes in dimensions.values()]))
        self.own = own
        self.others_unchanged = others_unchanged
        self.publish_alone = publish_alone
        self.rows, self.bounds = [], []
        self.releases = 0
        self.polytope = None
        self.known_solutions = []

    def build_coefficients(self, release, cell):
        flat = np.ones(1)
        for name, codes in self.dimensions.items():
            chosen = select_codes(cell, name, codes)
            flat = np.outer(flat, [float(code in chosen) for code in codes]).ravel()
        blocks = 1 if self.others_unchanged else self.releases
        form = np.zeros(blocks * self.size)
        at = 0 if self.others_unchanged else release
        form[at * self.size : (at + 1) * self.size] = flat
        return form

    def add_bounds(self, low, high, *terms):
        """Low ≤ Σ times × cell of a release ≤ high, of the total; the own part is taken off."""
        own = sum(times * self.own(release, cell) for times, release, cell in terms)
        self.rows.append(sum(times * self.build_coefficients(release, cell) for times, release, cell in terms))
        self.bounds.append((low - own, high - own))

    def add_upper_bound(self, high, *terms):
        """Σ times × cell of a release ≤ high, of anybody's counts: it lies in what is counted, whoever counts it."""
        self.rows.append(sum(times * self.build_coefficients(release, cell) for times, release, cell in terms))
        self.bounds.append((-inf, high))

    def read_releases(self, releases, small=(), inequalities=()):
        """`releases` lists, for each release, triples of cell, number shown, None for `c`, and bounds stated.

        `small` are the cells, and their releases, of which the attacker is told that they are in the band. `holds` are
        sums of cells, each cell so many times, that are at most 0 in every release.
        """
        self.releases = len(releases)
        for release, terms in product(range(1 if self.others_unchanged else len(releases)), inequalities):
            self.add_upper_bound(0, *((times, release, cell) for times, cell in terms))
        seen = {}
        for release, figures in enumerate(releases):
            for cell, shown, stated in figures:
                key = tuple(sorted(cell.items()))
                if shown is None:
                    if (release, key) in small:
                        self.add_bounds(self.rule["hide_from"], self.rule["hide_to"], (1, release, cell))
                    mine = self.own(release, cell)
                    if not self.publish_alone and not release and not cell and mine > self.rule["hide_to"]:
                        self.add_bounds(-inf, mine + self.rule["hide_to"], (1, release, cell))  # for nothing else
                    seen[key] = None
                    continue
                if not self.publish_alone and (mine := self.own(release, cell)):
                    self.add_bounds(mine + 1, inf, (1, release, cell))  # else it would not be shown
                before = seen.get(key)
                if before is None or (shown != before[1] and not self.rule["shift"]):
                    self._learn_first_display(release, cell, shown)
                    seen[key] = (release, shown, stated)
                elif self._learn_change(release, cell, before, (shown, stated)):
                    seen[key] = (release, shown, stated)
        matrix, (low, high) = np.array(self.rows), np.array(self.bounds).T
        upper, lower = np.isfinite(high), np.isfinite(low)
        self.polytope = (
            csr_array(np.vstack([matrix[upper], -matrix[lower]])),
            np.concatenate([high[upper], -low[lower]]),
        )

    def _learn_first_display(self, release, cell, shown):
        """A number that is displayed for the first time: rounded, and not in the band."""
        rule, half = self.rule, self.rule["base"] // 2
        low, high = max(shown - half, 0), shown - half + rule["base"] - 1
        if shown >= rule["hide_from"]:
            low = max(low, rule["hide_to"] + 1)
        else:
            high = min(high, rule["hide_from"] - 1)
        self.add_bounds(low, high, (1, release, cell))
        parts = [name for name, code in cell.items() if code == "in"]
        if rule["protect_complements"] and parts and rule["hide_from"] == 0:
            self.add_bounds(rule["hide_to"] + 1, inf, (1, release, cell | dict.fromkeys(parts, "out")))

    def _learn_change(self, release, cell, before, now):
        """What a number tells that was displayed before; whether it was set anew."""
        rule, half = self.rule, self.rule["base"] // 2
        (since, number, was), (shown, stated) = before, now
        change = (1, release, cell), (-1, since, cell)
        least = max(rule["hold_back"], half + 1)
        if shown == number:
            quiet = max(stated[1] - was[1], 0)  # an error larger than usual says that it was held
            lower = stated[1] < was[1]
            self.add_bounds(-inf if lower else -quiet, -least if lower else quiet, *change)
            return lower
        steps = abs(shown - number)
        low, high = max(steps - half, least), steps - half + rule["base"] - 1
        if shown < number and shown == rule["smallest_after_shift"]:
            high = inf
        self.add_bounds(*((low, high) if shown > number else (-high, -low)), *change)
        return True

    def is_possible(self, others):
        """Whether the truth, the others' full cross of each release, is among what is thought possible."""
        assert self.polytope is not None, "nothing has been read"
        a, b = self.polytope
        return bool(np.all(a @ np.concatenate([np.ravel(table) for table in others]) <= b + TOLERANCE))

    def find_range(self, *terms):
        """The least and the greatest that a sum over the others' cells can be."""
        assert self.polytope is not None, "nothing has been read"
        form, (a, b) = self._sum_coefficients(terms), self.polytope
        found = []
        for sign in (1, -1):
            solved = linprog(sign * form, A_ub=a, b_ub=b, bounds=(0, None), method="highs-ds")
            if solved.status == 3:
                found.append(inf * -sign)
                continue
            assert solved.status == 0, solved.message
            self.known_solutions.append(solved.x)
            found.append(sign * solved.fun)
        return ceil(found[0] - TOLERANCE) if found[0] > -inf else -inf, floor(found[1] + TOLERANCE) if found[
            1
        ] < inf else inf

    def judge(self, *terms):
        """What may be said of a small count: it is `exact`, `certain` not to be nothing, or `open`; and its range."""
        if self.known_solutions:  # what was found to be possible while other counts were looked at needs no search
            values = np.array(self.known_solutions) @ self._sum_coefficients(terms)
            seen = ceil(values.min() - TOLERANCE), floor(values.max() + TOLERANCE)
            if _classify_range(*seen) == "open":
                return "open", seen
        low, high = self.find_range(*terms)
        return _classify_range(low, high), (low, high)

    def _sum_coefficients(self, terms):
        return sum(times * self.build_coefficients(release, cell) for times, release, cell in terms)


def select_codes(cell, name, codes):
    """The codes of a dimension that a cell is about; all of them where it leaves the dimension out."""
    chosen = cell.get(name, codes)
    return (chosen,) if isinstance(chosen, str) else chosen


def _classify_range(low, high):
    if low >= high:
        return "exact"
    if (low > 0 or high < 0) and high - low < MIN_OPEN_WIDTH:
        return "certain"
    return "open"
