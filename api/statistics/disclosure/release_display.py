"""The display of each count: hidden, rounded, held back or shifted; and what a reader who knows the rules can infer.

A first display hides small counts and rounds the others. In a later release a displayed number changes only when the
true one has changed by `hold_back` since the number was last set, and then by the rounded increment. So a provider that
varies its own returns sees only the effect of its own changes, and cannot locate another provider's count.
(docs/disclosure-control.md, "First display" and "Later releases".)
"""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from api.statistics.disclosure.display import (
    Display,
    carry_number,
    choose,
    get_hold_back_range,
    make_empty_display,
    round_to_base,
    withhold,
)
from api.statistics.disclosure.lattice import Nodes
from api.statistics.disclosure.provider_counts import ProviderCounts
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from schema.disclosure import Rule


def make_display(
    lattice: Nodes,
    rule: Rule,
    chain: Sequence[ProviderCounts],
    before: Display | None = None,
    *,
    reset_nodes: BoolArray | None = None,
) -> Display:
    """Return the display of the last release of a chain, given the display of the release before it.

    The `reset_nodes`, those of a republished period, are displayed as if for the first time.
    """
    first = _make_first_display(lattice, rule, chain[-1], release=len(chain) - 1)
    if before is None:
        return first
    later = _make_later_display(lattice, rule, chain, before, first)
    new = (before.since < 0) | (False if reset_nodes is None else reset_nodes)
    return choose(new, first, later)


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
    is_implied = ~counts.unknown & (~outside | rule.protect_complements)
    implied_low = np.where(shown, low, np.where(small, rule.hide_from, 0.0))
    # A displayed part implies that its complement is not a small count either.
    visible = lattice.complement[part[shown[part]]]
    implied_low[visible] = np.maximum(implied_low[visible], _min_visible(rule))
    implied_high = np.where(shown, high, np.where(small, rule.hide_to, np.inf))
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
        implied_low=np.where(is_implied, implied_low, 0.0),
        implied_high=np.where(is_implied, implied_high, np.inf),
    )


def _make_later_display(
    lattice: Nodes, rule: Rule, chain: Sequence[ProviderCounts], before: Display, first: Display
) -> Display:
    true, release = chain[-1].totals, len(chain) - 1
    quiet = get_hold_back_range(rule)
    then = chain[-2].rule or rule
    if then.base != rule.base:
        before = replace(before, value=round_to_base(before.value, rule.base))
    moved = true - before.reference
    display = carry_number(before, quiet)
    shifted = (
        _shift_number(rule, before, first, moved, release) if rule.shift else _set_again(first, moved, quiet, before)
    )
    display = choose(before.shown & (np.abs(moved) > quiet), replace(shifted, reference=true), display)
    # The change of a count that is or was unknown is not bounded.
    known = ~(chain[-1].unknown | _was_unknown_when_set(chain, before))
    display = choose(~before.shown, _bound_hidden(before, known & (moved <= quiet), quiet), display)
    appears = ~before.shown & first.shown & _has_moved_for_all(chain, before, quiet)
    part = np.flatnonzero(lattice.complement >= 0)
    appears[part] &= np.abs(moved[lattice.complement[part]]) > quiet
    display = choose(appears, choose(known, _set_again(first, moved, quiet, before), first), display)
    outside = np.zeros(true.size, dtype=np.bool_)
    outside[lattice.complement[part]] = True
    display = choose(outside, _bound_complements(lattice, before, first, appears), display)
    lost = chain[-1].unknown | chain[-1].single_provider | chain[-1].find_revealing_totals(rule, lattice)
    lost = display.shown & (lost | _find_newly_small(lattice, rule, then, before))
    return withhold(lattice, display, lost, true, release=release)


def _bound_hidden(before: Display, waits: BoolArray, quiet: int) -> Display:
    """Return the display of counts that stay hidden: where they wait, they have grown by at most `quiet`."""
    size = waits.size
    return replace(
        before,
        implied_low=np.zeros(size),
        implied_high=np.full(size, np.inf),
        change_low=np.full(size, -np.inf),
        change_high=np.where(waits, float(quiet), np.inf),
        change_since=np.where(waits, before.since, -1),
    )


def _bound_complements(lattice: Nodes, before: Display, first: Display, appears: BoolArray) -> Display:
    """Return the display of complements: bounded below only if their part appears in this release."""
    part = np.flatnonzero(lattice.complement >= 0)
    complements = np.zeros(appears.size, dtype=np.bool_)
    complements[lattice.complement[part]] = appears[part]
    empty = make_empty_display(appears.size)
    return replace(
        before,
        implied_low=np.where(complements, first.implied_low, 0.0),
        implied_high=empty.implied_high,
        change_low=empty.change_low,
        change_high=empty.change_high,
        change_since=empty.change_since,
    )


def _find_newly_small(lattice: Nodes, rule: Rule, then: Rule, before: Display) -> BoolArray:
    """Find nodes that an earlier, laxer rule showed and that the current rule would hide.

    This depends only on the displayed number, which readers may have: so hiding it now reveals nothing to them.
    """
    covered = lattice.broken_down if rule.totals_open else np.ones(before.value.size, dtype=np.bool_)
    lost = before.value - rule.base // 2 <= rule.hide_to
    part = np.flatnonzero(lattice.complement >= 0)
    whole = lattice.whole[part]
    outside = before.value[whole] - before.value[part] - 2 * (rule.base // 2)
    lost[part] |= before.shown[whole] & (outside <= rule.hide_to) & rule.protect_complements
    return covered & lost & before.shown & (rule.hide_to > then.hide_to)


def _shift_number(rule: Rule, before: Display, first: Display, moved: IntArray, release: int) -> Display:
    """Change the displayed number by the rounded increment, but never below `smallest_after_shift`."""
    value = before.value + round_to_base(moved, rule.base)
    lowest = (moved < 0) & (value <= rule.smallest_after_shift)
    value = np.where(lowest, rule.smallest_after_shift, value)
    steps = np.abs(value - before.value)
    least = np.maximum(steps - rule.base // 2, get_hold_back_range(rule) + 1).astype(np.float64)
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
        implied_low=np.zeros(value.size),
        implied_high=np.full(value.size, np.inf),
        change_low=change_low,
        change_high=change_high,
        change_since=before.since,
    )


def _set_again(first: Display, moved: IntArray, quiet: int, before: Display) -> Display:
    """Display a number as if for the first time, although readers know that it has changed."""
    return replace(
        first,
        change_low=np.where(moved > 0, quiet + 1.0, -np.inf),
        change_high=np.where(moved > 0, np.inf, -quiet - 1.0),
        change_since=before.since,
    )


def _has_moved_for_all(chain: Sequence[ProviderCounts], before: Display, quiet: int) -> BoolArray:
    """Find nodes that have changed enough even for a reader who knows one provider's part."""
    now, then = chain[-1].own, _find_own_when_set(chain, before)
    others_now, others_then = now.sum(axis=0) - now, then.sum(axis=0) - then
    theirs = (np.abs(others_now - others_then) > quiet) | ((others_now == 0) & (others_then == 0))
    return theirs.all(axis=0) & (np.abs(now.sum(axis=0) - then.sum(axis=0)) > quiet)


def _find_own_when_set(chain: Sequence[ProviderCounts], before: Display) -> IntArray:
    """Return each provider's part when the number was last set."""
    every = np.stack([counts.own for counts in chain])
    return every[before.since, :, np.arange(before.since.size)].T


def _was_unknown_when_set(chain: Sequence[ProviderCounts], before: Display) -> BoolArray:
    """Return True where the count was unknown when the number was last set."""
    every = np.stack([counts.unknown for counts in chain])
    return every[before.since, np.arange(before.since.size)]


def _min_visible(rule: Rule) -> float:
    """Return the smallest count that is not hidden, if all visible counts lie above the hidden ones."""
    return rule.hide_to + 1.0 if rule.hide_from == 0 else 0.0
