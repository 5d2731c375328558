"""Each count by itself: hidden, rounded, held back or shifted; and what that tells to somebody who knows the rules.

A first display hides the counts of the band and rounds the others. In a later release a displayed number moves only
when the true one has moved by `hold_back` since the number was last set, and then by the rounded increment: so what
somebody sees who varies their own returns depends on their own increments alone, and locates nobody else's count.
(docs/disclosure-control.md, "First display" and "Later releases".)
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.lattice import BoolArray, FloatArray, IntArray, Node, Nodes
from api.statistics.rollup import Tally
from schema.disclosure import Rule


class ProviderCounts(Struct, frozen=True, kw_only=True, eq=False):
    """The true counts of a release: a row for each provider, a column for each node and complement.

    A provider's row holds what it knows: its own returns with those of its predecessors and of its declared group.
    All releases of a chain have the same rows in the same order. They are not for publication.
    """

    own: IntArray
    publish_alone: BoolArray
    """Of each provider, whether nodes that it alone feeds may be published (`publish_alone`)."""
    unknown: BoolArray
    """Nodes whose count is not known exactly, so that nothing can be shown; what is known of them is in `own`."""
    rule: Rule | None = None
    """The rule of the release, where it is another than that of the last one of the chain."""

    @property
    def totals(self) -> IntArray:
        """What the providers make together."""
        return self.own.sum(axis=0)

    @property
    def single_provider(self) -> BoolArray:
        """Nodes that one provider alone feeds that has not agreed to their publication."""
        feeds = self.own > 0
        return (feeds.sum(axis=0) == 1) & (feeds & ~self.publish_alone[:, None]).any(axis=0)

    def find_revealing_totals(self, rule: Rule, lattice: Nodes) -> BoolArray:
        """Totals that one who may not stand alone feeds beside few others.

        Were such a total shown, it would tell that there are others; and totals are not withheld by the audit, which
        sees to it that no other figure tells too much.
        """
        feeds = (self.own > 0) & ~self.publish_alone[:, None]
        others = self.own.sum(axis=0) - self.own
        few = feeds & (others > 0) & (others <= rule.hide_to)
        return few.any(axis=0) & (lattice.breakdown_depth == 0) & (rule.audit_providers and not rule.totals_open)


class Contradiction(Exception):  # noqa: N818  a refusal is not an error of ours
    """What a provider returned cannot all be true: no cross of people has its tables.

    `provider` is its row in the counts, `release` the place of the release in the chain.
    """

    def __init__(self, *, provider: int, release: int) -> None:
        super().__init__(f"The tables of provider {provider} in release {release} of the chain contradict each other.")
        self.provider = provider
        self.release = release


def read_tallies(
    lattice: Nodes, tallies: Sequence[Mapping[Node, Tally]], *, publish_alone: Sequence[bool] | None = None
) -> ProviderCounts:
    """Take the counts of each provider out of its tallies; a node without a tally, or without data, counts 0.

    The tally of a ratio counts at its node, a part, and with its denominator at the whole.
    """
    at = {node: index for index, node in enumerate(lattice.nodes)}
    own = np.zeros((len(tallies), len(at)), dtype=np.int64)
    unknown = np.zeros(len(at), dtype=np.bool_)
    for provider, found in enumerate(tallies):
        for node, tally in found.items():
            bounds = [
                (at[node], tally.low, tally.high),
                (lattice.whole[at[node]], tally.denominator_low, tally.denominator_high),
            ]
            for index, low, high in bounds:
                if low is not None:
                    own[provider, index] = low
                    unknown[index] |= low != high
    stand = np.array(publish_alone or [False] * len(tallies), dtype=np.bool_)
    return complete_counts(lattice, own, unknown, stand)


def complete_counts(lattice: Nodes, own: IntArray, unknown: BoolArray, may_stand_alone: BoolArray) -> ProviderCounts:
    """Take counts of the nodes, and complete them; a complement is unknown if its part or its whole is."""
    parts = np.flatnonzero(lattice.complement >= 0)
    lost = unknown[parts] | unknown[lattice.whole[parts]]
    own = lattice.append_complements(own)
    own[:, unknown.size :][:, lost] = 0  # the whole less the least of an unknown part is the most that is outside it
    return ProviderCounts(own=own, publish_alone=may_stand_alone, unknown=np.concatenate((unknown, lost)))


class Display(Struct, frozen=True, kw_only=True, eq=False):
    """What a release shows, and what it tells. One entry for each node and complement; complements are not shown.

    What it tells are bounds on the count, and on its change since an earlier release: all that follows for somebody
    who knows the rules, and is told besides which hidden counts are small.
    """

    shown: BoolArray
    value: IntArray
    """The number shown; 0 where there is none."""
    low: FloatArray
    """The true count is at least this: stated with the figure. 0 where nothing is shown."""
    high: FloatArray
    """And at most this; infinite where nothing is shown."""
    since: IntArray
    """The release, counted from 0 along the chain, when it was last set; -1 where the node was not yet there."""
    reference: IntArray
    """The true count then."""
    reference_low: FloatArray
    """What is known of it from the number shown."""
    reference_high: FloatArray
    told_low: FloatArray
    told_high: FloatArray
    change_low: FloatArray
    change_high: FloatArray
    change_since: IntArray
    """The release since which the change is bounded; -1 where it is not."""


def make_empty_display(size: int) -> Display:
    """The display of nodes that are not there yet. It tells nothing."""
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
        told_low=number,
        told_high=anything,
        change_low=-anything,
        change_high=anything,
        change_since=nothing,
    )


def choose(nodes: BoolArray, one: Display, other: Display) -> Display:
    """Choose, for each node, between two displays."""
    return Display(
        shown=np.where(nodes, one.shown, other.shown),
        value=np.where(nodes, one.value, other.value),
        low=np.where(nodes, one.low, other.low),
        high=np.where(nodes, one.high, other.high),
        since=np.where(nodes, one.since, other.since),
        reference=np.where(nodes, one.reference, other.reference),
        reference_low=np.where(nodes, one.reference_low, other.reference_low),
        reference_high=np.where(nodes, one.reference_high, other.reference_high),
        told_low=np.where(nodes, one.told_low, other.told_low),
        told_high=np.where(nodes, one.told_high, other.told_high),
        change_low=np.where(nodes, one.change_low, other.change_low),
        change_high=np.where(nodes, one.change_high, other.change_high),
        change_since=np.where(nodes, one.change_since, other.change_since),
    )


def round_to_base(counts: IntArray, base: int) -> IntArray:
    """Round to the nearest multiple, halves away from 0."""
    return np.sign(counts) * ((np.abs(counts) + base // 2) // base * base)


def make_display(
    lattice: Nodes,
    rule: Rule,
    chain: Sequence[ProviderCounts],
    before: Display | None = None,
    *,
    reset_nodes: BoolArray | None = None,
) -> Display:
    """Display the last of a chain of releases, after the display of the one before it.

    Nodes marked `afresh` are displayed as if for the first time: those of a period that is released anew.
    """
    first = _make_first_display(lattice, rule, chain[-1], release=len(chain) - 1)
    if before is None:
        return first
    later = _make_later_display(lattice, rule, chain, before, first)
    new = (before.since < 0) | (False if reset_nodes is None else reset_nodes)
    return choose(new, first, later)


def withhold(lattice: Nodes, display: Display, nodes: BoolArray, counts: IntArray, *, release: int) -> Display:
    """Withhold nodes. It tells nothing of them, or of those outside: any `c` may be one of few."""
    hidden = replace(make_empty_display(nodes.size), since=np.full(nodes.size, release), reference=counts)
    outside = np.zeros_like(nodes)
    outside[lattice.complement[nodes & (lattice.complement >= 0)]] = True
    outside &= np.isinf(display.told_high)
    return replace(choose(nodes, hidden, display), told_low=np.where(nodes | outside, 0.0, display.told_low))


def hold_back(display: Display, before: Display, nodes: BoolArray, rule: Rule) -> Display:
    """Leave nodes as they were, with a larger error stated."""
    return choose(nodes, _carry_number(before, _max_drift(rule)), display)


def carry_forward(before: Display, rule: Rule) -> Display:
    """The display of counts that have not changed: as before, with the error that holding back may leave.

    It is stated alike whether nothing has changed or few have, so that nobody can tell which.
    """
    quiet = _hold_back_range(rule)
    low = np.minimum(before.low, np.maximum(before.reference_low - quiet, 0.0))
    high = np.maximum(before.high, before.reference_high + quiet)
    return replace(before, low=np.where(before.shown, low, before.low), high=np.where(before.shown, high, before.high))


def find_holdable(display: Display, before: Display, counts: IntArray, rule: Rule) -> BoolArray:
    """Nodes whose number before is still near enough to the truth, and that tell less if it is left."""
    farthest = _max_drift(rule)
    near = np.abs(counts - before.reference) <= farthest
    less = (display.change_low >= -farthest) & (display.change_high <= farthest)
    return before.shown & display.shown & near & less


def _make_first_display(lattice: Nodes, rule: Rule, counts: ProviderCounts, *, release: int) -> Display:
    true = counts.totals
    outside = np.arange(true.size) >= lattice.size
    covered = rule.protects & (lattice.broken_down if rule.totals_open else np.ones(true.size, dtype=np.bool_))
    small = covered & (true >= rule.hide_from) & (true <= rule.hide_to) & ~counts.unknown
    hidden = small | counts.unknown | counts.single_provider | counts.find_revealing_totals(rule, lattice)
    part = np.flatnonzero(lattice.complement >= 0)
    if rule.protect_complements:
        hidden[part] |= (small | counts.unknown)[lattice.complement[part]]
    shown = ~hidden & ~outside
    value = round_to_base(true, rule.base)
    low = np.maximum(value - rule.base // 2, 0)
    high = value - rule.base // 2 + rule.base - 1
    low = np.where(covered & (true > rule.hide_to), np.maximum(low, rule.hide_to + 1), low).astype(np.float64)
    high = np.where(covered & (true < rule.hide_from), np.minimum(high, rule.hide_from - 1), high).astype(np.float64)
    told = ~counts.unknown & (~outside | rule.protect_complements)
    told_low = np.where(shown, low, np.where(small, rule.hide_from, 0.0))
    # A part that shows tells that those outside are not few either.
    beside = lattice.complement[part[shown[part]]]
    told_low[beside] = np.maximum(told_low[beside], _min_visible(rule))
    told_high = np.where(shown, high, np.where(small, rule.hide_to, np.inf))
    return replace(
        make_empty_display(true.size),
        shown=shown,
        value=np.where(shown, value, 0),
        low=np.where(shown, low, 0.0),
        high=np.where(shown, high, np.inf),
        since=np.full(true.size, release),
        reference=true,
        reference_low=np.where(shown, low, 0.0),
        reference_high=np.where(shown, high, np.inf),
        told_low=np.where(told, told_low, 0.0),
        told_high=np.where(told, told_high, np.inf),
    )


def _make_later_display(
    lattice: Nodes, rule: Rule, chain: Sequence[ProviderCounts], before: Display, first: Display
) -> Display:
    true, release = chain[-1].totals, len(chain) - 1
    quiet = _hold_back_range(rule)
    then = chain[-2].rule or rule
    if then.base != rule.base:
        before = replace(before, value=round_to_base(before.value, rule.base))
    moved = true - before.reference
    display = _carry_number(before, quiet)
    shifted = (
        _shift_number(rule, before, first, moved, release) if rule.shift else _set_again(first, moved, quiet, before)
    )
    display = choose(before.shown & (np.abs(moved) > quiet), replace(shifted, reference=true), display)
    # Of a count that is not known, now or then, nobody learns how it has moved.
    known = ~(chain[-1].unknown | _was_unknown_when_set(chain, before))
    waits = known & (moved <= quiet)
    waiting = replace(
        before,
        told_low=np.zeros(true.size),
        told_high=np.full(true.size, np.inf),
        change_low=np.full(true.size, -np.inf),
        change_high=np.where(waits, float(quiet), np.inf),
        change_since=np.where(waits, before.since, -1),
    )
    display = choose(~before.shown, waiting, display)
    appears = ~before.shown & first.shown & _has_moved_for_all(chain, before, quiet)
    part = np.flatnonzero(lattice.complement >= 0)
    appears[part] &= np.abs(moved[lattice.complement[part]]) > quiet
    display = choose(appears, choose(known, _set_again(first, moved, quiet, before), first), display)
    outside = np.zeros(true.size, dtype=np.bool_)
    outside[lattice.complement[part]] = True
    beside = np.zeros(true.size, dtype=np.bool_)
    beside[lattice.complement[part]] = appears[part]
    free = make_empty_display(true.size)
    complements = replace(
        before,
        told_low=np.where(beside, first.told_low, 0.0),
        told_high=free.told_high,
        change_low=free.change_low,
        change_high=free.change_high,
        change_since=free.change_since,
    )
    display = choose(outside, complements, display)
    lost = chain[-1].unknown | chain[-1].single_provider | chain[-1].find_revealing_totals(rule, lattice)
    lost = display.shown & (lost | _find_newly_small(lattice, rule, then, before))
    return withhold(lattice, display, lost, true, release=release)


def _find_newly_small(lattice: Nodes, rule: Rule, then: Rule, before: Display) -> BoolArray:
    """What was shown under a rule that hid fewer, and that of today would hide.

    That goes by the number shown alone, which its readers remember: so it tells them nothing that it is hidden now.
    """
    covered = lattice.broken_down if rule.totals_open else np.ones(before.value.size, dtype=np.bool_)
    lost = before.value - rule.base // 2 <= rule.hide_to
    part = np.flatnonzero(lattice.complement >= 0)
    whole = lattice.whole[part]
    outside = before.value[whole] - before.value[part] - 2 * (rule.base // 2)
    lost[part] |= before.shown[whole] & (outside <= rule.hide_to) & rule.protect_complements
    return covered & lost & before.shown & (rule.hide_to > then.hide_to)


def _carry_number(before: Display, farthest: int) -> Display:
    """What was shown stays, and so the count has moved by no more than this since it was set."""
    size = before.shown.size
    return replace(
        before,
        low=np.maximum(before.reference_low - farthest, 0.0),
        high=before.reference_high + farthest,
        told_low=np.zeros(size),
        told_high=np.full(size, np.inf),
        change_low=np.full(size, -float(farthest)),
        change_high=np.full(size, float(farthest)),
        change_since=before.since,
    )


def _shift_number(rule: Rule, before: Display, first: Display, moved: IntArray, release: int) -> Display:
    """The number shown moves by the rounded increment, down to the smallest that a shift may leave."""
    value = before.value + round_to_base(moved, rule.base)
    lowest = (moved < 0) & (value <= rule.smallest_after_shift)
    value = np.where(lowest, rule.smallest_after_shift, value)
    steps = np.abs(value - before.value)
    least = np.maximum(steps - rule.base // 2, _hold_back_range(rule) + 1).astype(np.float64)
    most = np.where(lowest, np.inf, steps - rule.base // 2 + rule.base - 1)
    change_low, change_high = np.where(moved > 0, least, -most), np.where(moved > 0, most, -least)
    low = np.maximum(before.reference_low + change_low, 0.0)
    high = before.reference_high + change_high
    return replace(
        first,
        shown=before.shown,
        value=value,
        low=low,
        high=high,
        since=np.full(value.size, release),
        reference_low=low,
        reference_high=high,
        told_low=np.zeros(value.size),
        told_high=np.full(value.size, np.inf),
        change_low=change_low,
        change_high=change_high,
        change_since=before.since,
    )


def _set_again(first: Display, moved: IntArray, quiet: int, before: Display) -> Display:
    """What is displayed as for the first time, though it is known that it has moved."""
    return replace(
        first,
        change_low=np.where(moved > 0, quiet + 1.0, -np.inf),
        change_high=np.where(moved > 0, np.inf, -quiet - 1.0),
        change_since=before.since,
    )


def _has_moved_for_all(chain: Sequence[ProviderCounts], before: Display, quiet: int) -> BoolArray:
    """Nodes that have moved enough for everybody who knows one provider's part, where others have a part too."""
    now, then = chain[-1].own, _find_own_when_set(chain, before)
    others_now, others_then = now.sum(axis=0) - now, then.sum(axis=0) - then
    theirs = (np.abs(others_now - others_then) > quiet) | ((others_now == 0) & (others_then == 0))
    return theirs.all(axis=0) & (np.abs(now.sum(axis=0) - then.sum(axis=0)) > quiet)


def _find_own_when_set(chain: Sequence[ProviderCounts], before: Display) -> IntArray:
    """Each provider's part when the number was last set."""
    every = np.stack([counts.own for counts in chain])
    return every[before.since, :, np.arange(before.since.size)].T


def _was_unknown_when_set(chain: Sequence[ProviderCounts], before: Display) -> BoolArray:
    """Whether the count was unknown when the number was last set."""
    every = np.stack([counts.unknown for counts in chain])
    return every[before.since, np.arange(before.since.size)]


def _hold_back_range(rule: Rule) -> int:
    """How far a count may move while the number shown stays."""
    return max(rule.hold_back - 1, rule.base // 2)


def _max_drift(rule: Rule) -> int:
    """How far a count may have moved whose number is held: as far as a shift by one step reaches."""
    return max(rule.base + rule.base // 2, _hold_back_range(rule))


def _min_visible(rule: Rule) -> float:
    """The least of the counts outside the band, where they lie on one side of it."""
    return rule.hide_to + 1.0 if rule.hide_from == 0 else 0.0
