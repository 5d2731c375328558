"""Distinct people or employers of a longer period, from the displayed counts of each organisation.

An organisation's own return for the longer period is used if there is one. Otherwise its distinct people number at
least those of its largest period, and at most the sum of all. Only displayed counts are used, so nothing new is
disclosed.
"""

from collections.abc import Sequence
from math import ceil

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.plan.counted_sources import list_longest_periods
from api.releases.released_values import NOT_KNOWN_FOR_ALL, SUPPRESSED, ReleasedValue, to_count
from api.statistics import periods
from api.statistics.disclosure.contribution_sums import find_sum_errors, get_largest_error
from api.statistics.disclosure.displayed_counts import DisplayedCount
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from api.statistics.rounded_counts import sum_margins
from schema.disclosure import Rule
from schema.periods import Period


class PeriodDisplay(Struct, frozen=True, kw_only=True, eq=False):
    """The displayed counts of one organisation in one period for which it has returned, cell by cell."""

    period: Period
    totals: IntArray
    unknown: BoolArray
    confidential: BoolArray
    exact: BoolArray
    is_first: bool
    """True if the organisation contributes to the period for the first time."""
    bases: tuple[int, ...] = ()
    """To what its returns declare that their counts are rounded."""

    def find_errors(self, rule: Rule) -> IntArray:
        """Return how far each count can be from the returned one."""
        largest = get_largest_error(rule, first=int(self.is_first), later=int(not self.is_first))
        return np.where(self.exact, 0, largest)


class DistinctCounts(Struct, frozen=True, kw_only=True, eq=False):
    """The counts of one or more organisations in a longer period, cell by cell."""

    totals: IntArray
    """The sum of the displayed counts that are used."""
    low: IntArray
    high: IntArray
    unknown: BoolArray
    confidential: BoolArray
    exact: BoolArray
    first: int = 0
    later: int = 0
    """The contributions to the longer period itself, if every organisation has one."""
    bases: tuple[int, ...] = ()
    is_own: bool
    """True if every organisation has returned the longer period itself, so that the total is a count."""


def count_distinct(period: Period, displays: Sequence[PeriodDisplay], rule: Rule) -> DistinctCounts:
    """Return the distinct count of one organisation in a period, from all that it displays inside it."""
    limited: list[PeriodDisplay] = []
    for display in sorted(displays, key=lambda display: periods.count_months(display.period)):
        inner = [other for other in limited if periods.contains(display.period, other.period)]
        limited.append(_limit_to_inner(display, inner, rule) if inner else display)
    used = _select_longest(limited)
    is_own = any(periods.is_same_span(display.period, period) for display in used)
    lows = [
        np.where(one.unknown, 0, one.totals - one.find_errors(rule) - sum_margins(one.bases))
        for one in (used if is_own else limited)
    ]
    bases = tuple(base for display in used for base in display.bases)
    return DistinctCounts(
        totals=np.sum([display.totals for display in used], axis=0),
        low=np.maximum(np.max(lows, axis=0), 0),
        high=np.sum([display.totals + display.find_errors(rule) for display in used], axis=0) + sum_margins(bases),
        unknown=np.any([display.unknown for display in used], axis=0),
        confidential=np.any([display.confidential for display in used], axis=0),
        exact=np.all([display.exact for display in used], axis=0),
        first=sum(display.is_first for display in used),
        later=sum(not display.is_first for display in used),
        bases=bases,
        is_own=is_own,
    )


def _select_longest(displays: Sequence[PeriodDisplay]) -> list[PeriodDisplay]:
    longest = list_longest_periods(display.period for display in displays)
    return [display for display in displays if display.period in longest]


def _limit_to_inner(display: PeriodDisplay, inner: Sequence[PeriodDisplay], rule: Rule) -> PeriodDisplay:
    """Return the display of a period within the limits that follow from those of the periods inside it.

    It is no smaller than the largest of them, and no greater than their sum can be. A display outside these limits
    would show that the draws of both lie at opposite ends, so that readers could narrow a small count down. The limits
    add no error to the greatest of the displays. They ignore declared roundings, which must not widen them. So the
    period has the error of the periods inside it if their roundings are coarser.
    """
    least = np.max([np.where(one.unknown, 0, one.totals) for one in inner], axis=0)
    totals = np.maximum(display.totals, least)
    whole = replace(display, is_first=display.is_first and all(one.is_first for one in inner))
    parts = _select_longest(inner)
    bases = max(display.bases, tuple(base for one in parts for base in one.bases), key=sum_margins)
    if sum(periods.count_months(one.period) for one in parts) == periods.count_months(display.period):
        greatest = np.sum([one.totals + one.find_errors(rule) for one in parts], axis=0)
        greatest += whole.find_errors(rule) - rule.width
        is_known = ~np.any([one.unknown for one in parts], axis=0)
        totals = np.where(is_known, np.minimum(totals, greatest // rule.base * rule.base), totals)
    return replace(whole, totals=np.where(display.exact, display.totals, totals), bases=bases)


def add_organisations(counts: Sequence[DistinctCounts]) -> DistinctCounts:
    """Add the counts of organisations."""
    return DistinctCounts(
        totals=np.sum([one.totals for one in counts], axis=0),
        low=np.sum([one.low for one in counts], axis=0),
        high=np.sum([one.high for one in counts], axis=0),
        unknown=np.any([one.unknown for one in counts], axis=0),
        confidential=np.any([one.confidential for one in counts], axis=0),
        exact=np.all([one.exact for one in counts], axis=0),
        first=sum(one.first for one in counts),
        later=sum(one.later for one in counts),
        bases=tuple(base for one in counts for base in one.bases),
        is_own=all(one.is_own for one in counts),
    )


def make_distinct_values(
    counts: DistinctCounts, rule: Rule, *, overlapping_sources: int, counts_people: bool
) -> list[ReleasedValue]:
    """Return the value of each cell, or its bounds; the same object for equal cells.

    `overlapping_sources` is the number of sources that may count the same people, 1 if none do.
    """
    errors = find_sum_errors(rule, first=counts.first, later=counts.later, bases=counts.bases)
    stated_unknown = counts.unknown & ~counts.confidential & (not counts_people)
    columns = (counts.totals, counts.low, counts.high, counts.unknown, stated_unknown, counts.exact)
    cells = list(zip(*(column.tolist() for column in columns), strict=True))

    def make_value(
        total: int, low: int, high: int, is_unknown: bool, is_stated_unknown: bool, is_exact: bool
    ) -> ReleasedValue:
        if is_stated_unknown:
            return NOT_KNOWN_FOR_ALL
        if is_unknown or (total < rule.hide_below and not is_exact):
            return SUPPRESSED
        if not counts.is_own:
            return ReleasedValue(low=ceil(low / overlapping_sources), high=high)
        largest, likely = errors.open if is_exact else errors.protected
        return to_count(DisplayedCount(value=total, largest_error=largest, error_95=likely), overlapping_sources)

    values = {cell: make_value(*cell) for cell in set(cells)}
    return [values[cell] for cell in cells]
