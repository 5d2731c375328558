"""The display of each count: hidden, rounded, held back or shifted; and what a reader who knows the rules can infer.

docs/disclosure-control.md describes the method under "First display" and "Later releases".
"""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.lattice import Nodes
from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray
from schema.disclosure import Rule


class Display(Struct, frozen=True, kw_only=True, eq=False):
    """The shown numbers of a release and what they imply, for each node and complement. Complements are not shown.

    It implies bounds of the count, and of its change since an earlier release: everything that a reader can infer who
    knows the rules and, in addition, knows which hidden counts are small.
    """

    shown: BoolArray
    value: IntArray
    """The displayed number; 0 if there is none."""
    low: FloatArray
    """The true count is at least this, as stated with the figure; 0 if nothing is shown."""
    high: FloatArray
    """The true count is at most this; infinite if nothing is shown."""
    since: IntArray
    """The release, counted from 0 along the chain, that last set it; -1 if the node did not exist."""
    reference: IntArray
    """The true count in that release."""
    reference_low: FloatArray
    """The lower bound of `reference` that follows from the displayed number."""
    reference_high: FloatArray
    implied_low: FloatArray
    implied_high: FloatArray
    change_low: FloatArray
    change_high: FloatArray
    change_since: IntArray
    """The release since which the change is bounded; -1 if it is not bounded."""


def make_empty_display(size: int) -> Display:
    """Return the display of nodes that do not exist yet. It implies nothing."""
    nothing, number, anything = np.full(size, -1), np.zeros(size), np.full(size, np.inf)
    return Display(
        shown=np.zeros(size, dtype=np.bool_),
        value=np.zeros(size, dtype=np.int64),
        low=number,
        high=anything,
        since=nothing,
        reference=np.zeros(size, dtype=np.int64),
        reference_low=number,
        reference_high=anything,
        implied_low=number,
        implied_high=anything,
        change_low=-anything,
        change_high=anything,
        change_since=nothing,
    )


def choose(nodes: BoolArray, one: Display, other: Display) -> Display:
    """Choose between two displays for each node: the first where `nodes` is True."""
    return Display(
        shown=np.where(nodes, one.shown, other.shown),
        value=np.where(nodes, one.value, other.value),
        low=np.where(nodes, one.low, other.low),
        high=np.where(nodes, one.high, other.high),
        since=np.where(nodes, one.since, other.since),
        reference=np.where(nodes, one.reference, other.reference),
        reference_low=np.where(nodes, one.reference_low, other.reference_low),
        reference_high=np.where(nodes, one.reference_high, other.reference_high),
        implied_low=np.where(nodes, one.implied_low, other.implied_low),
        implied_high=np.where(nodes, one.implied_high, other.implied_high),
        change_low=np.where(nodes, one.change_low, other.change_low),
        change_high=np.where(nodes, one.change_high, other.change_high),
        change_since=np.where(nodes, one.change_since, other.change_since),
    )


def round_to_base(counts: IntArray, base: int) -> IntArray:
    """Round to the nearest multiple of `base`, halves away from 0."""
    return np.sign(counts) * ((np.abs(counts) + base // 2) // base * base)


def withhold(lattice: Nodes, display: Display, nodes: BoolArray, counts: IntArray, *, release: int) -> Display:
    """Withhold nodes. This implies nothing about them or their complements: any `c` may be a small count."""
    hidden = replace(make_empty_display(nodes.size), since=np.full(nodes.size, release), reference=counts)
    outside = np.zeros_like(nodes)
    outside[lattice.complement[nodes & (lattice.complement >= 0)]] = True
    outside &= np.isinf(display.implied_high)
    return replace(choose(nodes, hidden, display), implied_low=np.where(nodes | outside, 0.0, display.implied_low))


def hold_back(display: Display, before: Display, nodes: BoolArray, rule: Rule) -> Display:
    """Leave the number of these nodes unchanged, with a larger error stated."""
    return choose(nodes, carry_number(before, _max_drift(rule)), display)


def carry_forward(before: Display, rule: Rule) -> Display:
    """Return the display of unchanged counts: as before, with the largest error that holding back allows.

    The error is the same whether the count is unchanged or has changed a little, so that nobody can distinguish them.
    """
    quiet = get_hold_back_range(rule)
    low = np.minimum(before.low, np.maximum(before.reference_low - quiet, 0.0))
    high = np.maximum(before.high, before.reference_high + quiet)
    return replace(before, low=np.where(before.shown, low, before.low), high=np.where(before.shown, high, before.high))


def find_holdable(display: Display, before: Display, counts: IntArray, rule: Rule) -> BoolArray:
    """Find nodes whose previous number is still close to the truth, and that imply less if it is left unchanged."""
    farthest = _max_drift(rule)
    near = np.abs(counts - before.reference) <= farthest
    less = (display.change_low >= -farthest) & (display.change_high <= farthest)
    return before.shown & display.shown & near & less


def carry_number(before: Display, farthest: int) -> Display:
    """Leave the displayed number unchanged: the count has changed by at most this since the number was set."""
    size = before.shown.size
    return replace(
        before,
        low=np.maximum(before.reference_low - farthest, 0.0),
        high=before.reference_high + farthest,
        implied_low=np.zeros(size),
        implied_high=np.full(size, np.inf),
        change_low=np.full(size, -float(farthest)),
        change_high=np.full(size, float(farthest)),
        change_since=before.since,
    )


def get_hold_back_range(rule: Rule) -> int:
    """Return how far a count may change while the displayed number is unchanged."""
    return max(rule.hold_back - 1, rule.base // 2)


def _max_drift(rule: Rule) -> int:
    """Return how far a count may have changed while its number is held back: as far as a shift by one step."""
    return max(rule.base + rule.base // 2, get_hold_back_range(rule))
