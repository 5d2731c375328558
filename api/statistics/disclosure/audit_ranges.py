"""The counts and changes that an audit protects, and the ranges of their values that are known so far."""

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray
from schema.disclosure import Rule

TOLERANCE = 1e-6
SIGNS = (1.0, -1.0, -1.0, 1.0)


class Targets(Struct, frozen=True, kw_only=True, eq=False):
    """Counts and changes, of nodes and of steps."""

    columns: IntArray
    """The node; the node in the earlier release; both of the node that a step continues (4 × targets); or -1 for 0. The
    value is their sum with these `SIGNS`."""
    largest: IntArray
    """The largest value that is small."""
    release: IntArray
    since: IntArray
    node: IntArray
    is_step: BoolArray

    def select(self, chosen: IntArray) -> "Targets":
        return Targets(
            columns=self.columns[:, chosen],
            largest=self.largest[chosen],
            release=self.release[chosen],
            since=self.since[chosen],
            node=self.node[chosen],
            is_step=self.is_step[chosen],
        )


class Ranges:
    """The least and the greatest value of each target among the solutions so far."""

    def __init__(self, rule: Rule, targets: Targets) -> None:
        self.width, self.targets = rule.width, targets
        self.least, self.most = np.full(targets.node.size, np.inf), np.full(targets.node.size, -np.inf)

    def widen(self, columns: FloatArray) -> None:
        now, then, earlier, then_earlier = np.append(columns, 0.0)[self.targets.columns]
        value = now - then - earlier + then_earlier
        np.minimum(self.least, value, out=self.least)
        np.maximum(self.most, value, out=self.most)

    def find_open(self) -> IntArray:
        """Return the targets that no solutions show to be safe: a whole width, or possibly 0."""
        wide = np.floor(self.most + TOLERANCE) - np.ceil(self.least - TOLERANCE) >= self.width
        possibly_nothing = (self.least <= TOLERANCE) & (self.most >= -TOLERANCE)
        return np.flatnonzero(~(wide | possibly_nothing))

    def is_open(self, target: int) -> bool:
        return bool(np.isin(target, self.find_open()))

    def round_inwards(self, target: int) -> tuple[int, int]:
        return int(np.ceil(self.least[target] - TOLERANCE)), int(np.floor(self.most[target] + TOLERANCE))

    def is_narrow(self, target: int) -> bool:
        """Return True if the range is too narrow, without 0, and begins at a small count or change."""
        low, high = self.round_inwards(target)
        largest = int(self.targets.largest[target])
        return high - low < self.width and (1 <= low <= largest or -largest <= high <= -1)
