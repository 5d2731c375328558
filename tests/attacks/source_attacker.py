"""An attacker who knows every displayed contribution of a provider, the rule and which draws are the same.

It is stronger than the public, and than any other provider: they see sums of these contributions. It shares no code with
the audit: it has a variable for each cell of the full cross of each release, and uses scipy.
"""

from itertools import product
from math import ceil, floor

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

TOLERANCE, MAX_INTEGER_WIDTH = 1e-6, 8


class SourceAttacker:
    """Collect what the displays of one provider imply, then find the range of each small count and change."""

    def __init__(self, cube, rule, tables, chain, *, unchanged=False, late_records=None):
        """Read the displays. `unchanged`: the attacker also knows that the counts are the same in all releases.

        `late_records`: it knows that at most so many records were added in each release, and none removed.
        """
        self.cube, self.rule, self.tables, self.chain = cube, rule, tables, chain
        open_cell = [rule.totals_open and not set(cell) - {"place", "part", "quarter"} for cell in cube.all_cells]
        far = rule.base // 2 + 1 if rule.far_share else 0
        self.is_open = np.array(open_cell)
        self.base, self.hold_back = np.where(open_cell, 1, rule.base), np.where(open_cell, 1, rule.hold_back)
        self.far = np.where(open_cell, 0, far)
        shape = [len(codes) for codes in cube.dimensions.values()]
        self.size = int(np.prod(shape))
        identity = np.eye(self.size, dtype=np.int64).reshape(self.size, *shape)
        self.cells = np.array([[cube.count_people(unit, cell) for unit in identity] for cell in cube.all_cells])
        self.unchanged = unchanged
        first = self.size * (1 if unchanged else len(chain))
        drawn = [(node, int(one.draws[node])) for one in chain for node in range(len(cube.cells))]
        self.draws = {draw: first + column for column, draw in enumerate(dict.fromkeys(drawn))}
        self.variables = first + len(self.draws)
        self.rows, self.low, self.high = [], [], []
        for release, node in product(range(len(chain)), range(len(cube.cells))):
            self._read(release, node)
        for release in range(1, len(chain) if late_records is not None else 0):
            total = [index for index, cell in enumerate(cube.cells) if not cell]
            self._add(self.select(release, total[0], since=release - 1), 0, late_records)
            for column in range(self.size):
                unit = np.zeros(self.variables)
                unit[[release * self.size + column, (release - 1) * self.size + column]] = 1, -1
                self._add(unit, 0, late_records)
        self.least = np.zeros(self.variables)  # draws may be negative
        nodes = [node for node, _ in self.draws]
        self.least[first:] = -self.far[nodes]
        self.most = np.full(self.variables, np.inf)
        self.most[first:] = self.base[nodes] - 1 + self.far[nodes]
        matrix = csr_array(np.array(self.rows).reshape(-1, self.variables))
        self.set_limits(matrix, np.array(self.low), np.array(self.high))

    def set_limits(self, matrix, low, high):
        """Know that each row of the matrix, times the variables, lies between its limits."""
        upper, lower = np.isfinite(high), np.isfinite(low)
        self.limits = csr_array(vstack([matrix[upper], -matrix[lower]])), np.concatenate((high[upper], -low[lower]))
        self.matrix, self.low, self.high, self.witnesses = matrix, low, high, []

    def select(self, release, cell, *, since=None):
        coefficients = np.zeros(self.variables)
        for number, factor in ((release, 1), (since, -1)):
            if number is not None:
                first = 0 if self.unchanged else number * self.size
                coefficients[first : first + self.size] += factor * self.cells[cell]
        return coefficients

    def select_step(self, release, step, *, since=None):
        later, earlier = step
        return self.select(release, later, since=since) - self.select(release, earlier, since=since)

    def _add(self, coefficients, low, high):
        self.rows.append(coefficients)
        self.low.append(low)
        self.high.append(high)

    def _read(self, release, node):
        one, base = self.chain[release], int(self.base[node])
        if not one.present[node] or (release and one is self.chain[release - 1]):  # unchanged as a whole: no news
            return
        reach = base - 1 + int(self.far[node])
        quiet, shown = int(self.hold_back[node]) - 1, int(one.displayed[node])
        before = self.chain[release - 1] if release else None
        if one.since[node] == release:
            counts = self.select(release, node)
            self._add(counts.copy(), shown - reach, shown + reach)
            counts[self.draws[node, int(one.draws[node])]] = 1
            self._add(counts, shown, shown + base - 1)
        if before is None or before.since[node] < 0 or self.unchanged:
            return
        old = int(before.displayed[node])
        change = self.select(release, node), old
        if not before.redacted[node]:
            change = self.select(release, node, since=int(before.since[node])), 0
        coefficients, offset = change
        if one.since[node] != release:
            self._add(coefficients, offset - quiet, offset + quiet)
        elif shown > old:
            self._add(coefficients, offset + quiet + 1, np.inf)
        elif shown < old:  # after a redaction it may be set again to the same number
            self._add(coefficients, -np.inf, offset - quiet - 1)

    def find_range(self, coefficients, *, whole=False):
        """Return the least and greatest value; `whole`: of whole numbers of people, the strongest attack."""
        ends = []
        for sign in (1, -1):
            if whole:
                solution = milp(
                    sign * coefficients,
                    constraints=LinearConstraint(self.matrix, self.low, self.high),
                    integrality=np.ones(self.variables),
                    bounds=Bounds(self.least, self.most),
                )
            else:
                rows, limits = self.limits
                ends_of_columns = np.stack((self.least, self.most), axis=1)
                solution = linprog(
                    sign * coefficients, A_ub=rows, b_ub=limits, bounds=ends_of_columns, method="highs-ds"
                )
            assert solution.status in (0, 3), solution.message
            if solution.status == 3:
                ends.append(-sign * np.inf)
                continue
            self.witnesses.append(solution.x)
            ends.append(sign * solution.fun)
        low, high = ends
        return (
            ceil(low - TOLERANCE) if np.isfinite(low) else low,
            floor(high + TOLERANCE) if np.isfinite(high) else high,
        )

    def judge(self, coefficients):
        """Return `open`, `certain` or `exact`, with the range. Whole numbers are tried where a range is not wide."""
        if self.witnesses:
            values = np.array(self.witnesses) @ coefficients
            if self.classify(ceil(values.min() - TOLERANCE), floor(values.max() + TOLERANCE)) == "open":
                return "open", None
        low, high = self.find_range(coefficients)
        if self.classify(low, high) == "open" and (low > 0 or high < 0) and high - low <= MAX_INTEGER_WIDTH:
            low, high = self.find_range(coefficients, whole=True)
        return self.classify(low, high), (low, high)

    def classify(self, low, high):
        if low >= high:
            return "exact"
        return "certain" if (low > 0 or high < 0) and high - low < self.rule.width else "open"

    def list_targets(self):
        """Yield each small count and each small change of the truth: its coefficients and its value."""
        known = [release for release, table in enumerate(self.tables) if isinstance(table, np.ndarray)]
        true = {release: self.cells @ np.ravel(self.tables[release]) for release in known}
        for release, cell in product(known, np.flatnonzero(~self.is_open)):
            if 1 <= true[release][cell] <= self.rule.largest_small:
                yield self.select(release, cell), int(true[release][cell]), (release, None, cell)
            for since in [] if self.unchanged else [number for number in known if number < release]:
                change = int(true[release][cell] - true[since][cell])
                if 1 <= abs(change) <= self.rule.largest_small_change:
                    yield self.select(release, cell, since=since), change, (release, since, cell)

    def list_steps(self):
        """Yield each small step of the truth from a cell to the one that continues it, and small changes of steps."""
        known = [release for release, table in enumerate(self.tables) if isinstance(table, np.ndarray)]
        for release, step in product(known, self.cube.find_steps()):
            for since in [None, *(number for number in known if number < release)]:
                coefficients = self.select_step(release, step, since=since)
                then = 0 if since is None else np.ravel(self.tables[since])
                now = np.ravel(self.tables[release])
                true = int((self.cells[step[0]] - self.cells[step[1]]) @ (now - then))
                largest = self.rule.largest_small if since is None else self.rule.largest_small_change
                if not self.is_open[step[0]] and 1 <= abs(true) <= largest:
                    yield coefficients, true, (release, since, step)

    def attack(self):
        """Return the number of targets, and what is disclosed: (verdict, range, truth, target)."""
        targets = [*self.list_targets(), *self.list_steps()]
        verdicts = [(*self.judge(coefficients), true, where) for coefficients, true, where in targets]
        for _, solution, true, _ in verdicts:
            assert solution is None or solution[0] <= true <= solution[1], "the attacker's rules exclude the truth"
        return len(targets), [verdict for verdict in verdicts if verdict[0] != "open"]


def name_with_confidence(cube, rule, counts, displays, nodes, means, *, largest=7):
    """Return which counts a Bayesian attacker names with 0.9 confidence, for each count: the value, or -1.

    The prior is exact: independent Poisson counts with the true means. `nodes` are those with draws of their own, and
    `displays` the displayed counts of all nodes, each time with other draws.
    """
    states = np.array(list(product(range(largest + 1), repeat=len(means))))
    factorials = np.cumsum(np.log(np.maximum(np.arange(largest + 1), 1)))
    score = (states * np.log(means) - factorials[states]).sum(axis=1)
    values = states @ counts.T
    for displayed, node in product(displays, nodes):
        chance = np.zeros(values.shape[0])
        if rule.totals_open and not set(cube.cells[node]) - {"place", "part"}:
            score = np.where(values[:, node] == displayed[node], score, -np.inf)
            continue
        for draw, share in list_draws(rule):
            chance += share * ((values[:, node] + draw) // rule.base * rule.base == displayed[node])
        score = score + np.log(np.maximum(chance, 1e-300))
    weights = np.exp(score - score.max())
    weights /= weights.sum()
    named = np.full(values.shape[1], -1)
    for cell in range(values.shape[1]):
        posterior = np.bincount(values[:, cell], weights=weights)
        if posterior.max() >= 0.9:
            named[cell] = posterior.argmax()
    return named


def list_draws(rule):
    """Return the draws with their probabilities: 0 to base - 1, and two far ones that share that of the middle."""
    middle = rule.base // 2
    near = [(draw, 1 / rule.base - (2 * rule.far_share if draw == middle else 0)) for draw in range(rule.base)]
    return near + [(middle + far, rule.far_share) for far in (-rule.base, rule.base) if rule.far_share]
