"""An attacker who reads every release, knows the rules from their text, and solves for the counts of people.

The attacker shares no code with the auditor: it has one variable for each cell of the full cross, uses scipy's
`linprog`, and derives each interval from the displayed numbers and from the policy that the release quotes in JSON.
It imports nothing from `api.statistics.disclosure`.
"""

from itertools import product
from math import ceil, floor, inf

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

TOLERANCE, MIN_OPEN_WIDTH = 1e-6, 4


class Attacker:
    """Collect constraints from the releases, then calculate the range of each hidden count.

    `dimensions` maps each dimension to its codes; the finest areas and the part (`in`, `out`) are dimensions too. A
    cell maps a dimension to a code, or to several codes together; a dimension that it omits is summed over. `rule` is
    the measure's rule in the release's policy. `own` returns the attacker's own count for a release and a cell.
    `publish_alone` is True if a figure may be published to which the attacker alone contributes.
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
        in_cell = np.ones(1)
        for name, codes in self.dimensions.items():
            selected = select_codes(cell, name, codes)
            in_cell = np.outer(in_cell, [float(code in selected) for code in codes]).ravel()
        blocks = 1 if self.others_unchanged else self.releases
        coefficients = np.zeros(blocks * self.size)
        block = 0 if self.others_unchanged else release
        coefficients[block * self.size : (block + 1) * self.size] = in_cell
        return coefficients

    def add_bounds(self, low, high, *terms):
        """Add low ≤ Σ times × cell of a release ≤ high for the total, less the attacker's own counts."""
        own = sum(times * self.own(release, cell) for times, release, cell in terms)
        self.rows.append(sum(times * self.build_coefficients(release, cell) for times, release, cell in terms))
        self.bounds.append((low - own, high - own))

    def add_upper_bound(self, high, *terms):
        """Add Σ times × cell of a release ≤ high for each provider's counts: it follows from the measure's meaning."""
        self.rows.append(sum(times * self.build_coefficients(release, cell) for times, release, cell in terms))
        self.bounds.append((-inf, high))

    def read_releases(self, releases, small=(), inequalities=()):
        """Add the constraints of all releases.

        `releases` lists for each release its cells as (cell, displayed number or None for `c`, stated bounds). `small`
        are the (release, cell) pairs that the attacker knows to be small counts. `inequalities` are sums of
        (factor, cell) that are at most 0 in every release.
        """
        self.releases = len(releases)
        for release, terms in product(range(1 if self.others_unchanged else len(releases)), inequalities):
            self.add_upper_bound(0, *((times, release, cell) for times, cell in terms))
        known = {}
        for release, figures in enumerate(releases):
            for cell, shown, stated in figures:
                key = tuple(sorted(cell.items()))
                if shown is None:
                    if (release, key) in small:
                        self.add_bounds(self.rule["hide_from"], self.rule["hide_to"], (1, release, cell))
                    own_count = self.own(release, cell)
                    if not self.publish_alone and not release and not cell and own_count > self.rule["hide_to"]:
                        # Only a small count of the others is a reason to hide it.
                        self.add_bounds(-inf, own_count + self.rule["hide_to"], (1, release, cell))
                    known[key] = None
                    continue
                if not self.publish_alone and (own_count := self.own(release, cell)):
                    self.add_bounds(own_count + 1, inf, (1, release, cell))  # otherwise it would be hidden
                before = known.get(key)
                if before is None or (shown != before[1] and not self.rule["shift"]):
                    self._learn_first_display(release, cell, shown)
                    known[key] = (release, shown, stated)
                elif self._learn_change(release, cell, before, (shown, stated)):
                    known[key] = (release, shown, stated)
        blocks = 1 if self.others_unchanged else self.releases
        matrix = np.array(self.rows).reshape(-1, blocks * self.size)  # also without rows, if nothing is displayed
        low, high = np.array(self.bounds).reshape(-1, 2).T
        upper, lower = np.isfinite(high), np.isfinite(low)
        self.polytope = (
            csr_array(np.vstack([matrix[upper], -matrix[lower]])),
            np.concatenate([high[upper], -low[lower]]),
        )

    def _learn_first_display(self, release, cell, shown):
        """Add the bounds of a number that is displayed for the first time: rounded, and not a small count."""
        rule, half_base = self.rule, self.rule["base"] // 2
        low, high = max(shown - half_base, 0), shown - half_base + rule["base"] - 1
        if shown >= rule["hide_from"]:
            low = max(low, rule["hide_to"] + 1)
        else:
            high = min(high, rule["hide_from"] - 1)
        self.add_bounds(low, high, (1, release, cell))
        parts = [name for name, code in cell.items() if code == "in"]
        if rule["protect_complements"] and parts and rule["hide_from"] == 0:
            self.add_bounds(rule["hide_to"] + 1, inf, (1, release, cell | dict.fromkeys(parts, "out")))

    def _learn_change(self, release, cell, before, after):
        """Add the bounds of a number that was displayed before. Return True if it was published again."""
        rule, half_base = self.rule, self.rule["base"] // 2
        (earlier_release, number, earlier), (shown, stated) = before, after
        change = (1, release, cell), (-1, earlier_release, cell)
        smallest_change = max(rule["hold_back"], half_base + 1)
        if shown == number:
            slack = max(stated[1] - earlier[1], 0)  # a larger error than usual shows that it was held back
            republished = stated[1] < earlier[1]
            self.add_bounds(-inf if republished else -slack, -smallest_change if republished else slack, *change)
            return republished
        moved = abs(shown - number)
        low, high = max(moved - half_base, smallest_change), moved - half_base + rule["base"] - 1
        if shown < number and shown == rule["smallest_after_shift"]:
            high = inf
        self.add_bounds(*((low, high) if shown > number else (-high, -low)), *change)
        return True

    def is_possible(self, others):
        """Return True if the true counts, the others' full cross of each release, meet all constraints."""
        assert self.polytope is not None, "read_releases has not been called"
        matrix, limits = self.polytope
        return bool(np.all(matrix @ np.concatenate([np.ravel(table) for table in others]) <= limits + TOLERANCE))

    def find_range(self, *terms):
        """Return the least and the greatest possible value of a sum over the others' cells."""
        assert self.polytope is not None, "read_releases has not been called"
        coefficients, (matrix, limits) = self._sum_coefficients(terms), self.polytope
        ends = []
        for sign in (1, -1):
            solution = linprog(sign * coefficients, A_ub=matrix, b_ub=limits, bounds=(0, None), method="highs-ds")
            if solution.status == 3:
                ends.append(inf * -sign)
                continue
            assert solution.status == 0, solution.message
            self.known_solutions.append(solution.x)
            ends.append(sign * solution.fun)
        low, high = ends
        return ceil(low - TOLERANCE) if low > -inf else low, floor(high + TOLERANCE) if high < inf else high

    def judge(self, *terms):
        """Return what the attacker knows of a small count, `exact`, `certain` not to be zero or `open`, and its range."""
        if self.known_solutions:  # earlier solutions often show that the range is open, which saves a search
            values = np.array(self.known_solutions) @ self._sum_coefficients(terms)
            known = ceil(values.min() - TOLERANCE), floor(values.max() + TOLERANCE)
            if _classify_range(*known) == "open":
                return "open", known
        low, high = self.find_range(*terms)
        return _classify_range(low, high), (low, high)

    def _sum_coefficients(self, terms):
        return sum(times * self.build_coefficients(release, cell) for times, release, cell in terms)


def select_codes(cell, name, codes):
    """Return the cell's codes of a dimension, or all codes if the cell omits the dimension."""
    selected = cell.get(name, codes)
    return (selected,) if isinstance(selected, str) else selected


def _classify_range(low, high):
    if low >= high:
        return "exact"
    if (low > 0 or high < 0) and high - low < MIN_OPEN_WIDTH:
        return "certain"
    return "open"
