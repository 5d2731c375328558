"""The roll-up of cells to one result for each output cell, by the kind of the measure.

All numbers are bounds, because partners may send small counts as suppressed. Entries are combined in three steps:
the parts of a return, the periods of a source, the sources. The kind of the measure determines each step.
"""

from collections.abc import Callable, Iterator
from math import isfinite

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from schema.measures import RATIO_KINDS, MeasureKind, Overlap

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class RollUpEntries(Struct, frozen=True, kw_only=True, eq=False):
    """Cells of current revisions, each mapped to the output cell (the group) to which it contributes.

    All arrays have the same length, and the order of the entries does not matter. Numbers are whole and not negative;
    sums are exact up to 2**53. An entry without a number is omitted or is NaN, never 0. A group may have several
    entries of one source and period: the wards of an area, or the exclusive categories of a total.
    """

    group: IntArray
    """The index of the output cell, from 0."""
    source: IntArray
    """The organisation and service that returned it, as an arbitrary number."""
    period: IntArray
    """The period of the return as a number that increases with time, whenever it was submitted. Two periods of a source
    have different numbers even if they end on the same day: entries with the same number are added up as parts."""
    low: FloatArray
    """The count or the numerator; for a suppressed one, its lower bound."""
    high: FloatArray
    """The upper bound: equal to `low` if exact, infinite if unknown."""
    denominator_low: FloatArray | None = None
    """The same for the denominator, which for a mean is its number of cases; None for plain counts."""
    denominator_high: FloatArray | None = None
    reset: IntArray | None = None
    """For a cumulative count, the day of the last reset before the period, as a number; None if it is never reset."""


class Tally(Struct, frozen=True, kw_only=True):
    """The unprotected result of one output cell. It is not for publication before disclosure control."""

    low: int | None = None
    """The lower bound of the count or the numerator; None if there is no value."""
    high: int | None = None
    """The upper bound; None if there is no value or no upper bound."""
    denominator_low: int | None = None
    """The same for the denominator; None for plain counts."""
    denominator_high: int | None = None
    ratio_low: float | None = None
    """The lower bound of numerator ÷ denominator, before any factor such as per 1,000."""
    ratio_high: float | None = None
    sources: int = 0
    """The number of sources with a number."""
    periods: int = 0
    """The number of periods with a number, including earlier periods of a stock that are not used."""
    missing_entries: int = 0
    """The number of entries that have no number, or only one of numerator and denominator."""
    as_of: int | None = None
    """The latest period used, for a stock or a cumulative measure."""
    has_mixed_as_of: bool = False
    """True if the latest periods of the sources differ, so that the sum is not as of a single period."""
    reason: str | None = None
    """Why there is no value: `no_data`, `zero_denominator` or `mixed_resets`; of a flow between two tallies also
    `mixed_as_of`, `coverage_differs` or `cumulative_fell`."""

    @property
    def is_exact(self) -> bool:
        """Return True if the count, or both numerator and denominator, are known exactly."""
        return self.low is not None and self.low == self.high and self.denominator_low == self.denominator_high


class NotAdditive(Exception):  # noqa: N818  it reports faulty input, not a fault of this software
    """Measures of this kind cannot be rolled up."""

    def __init__(self, kind: MeasureKind) -> None:
        super().__init__(f"A measure of the kind `{kind}` cannot be rolled up. {_ADVICE_BY_KIND[kind]}")
        self.kind = kind


_ADVICE_BY_KIND = {
    MeasureKind.GAP: "Query its two proportions for one period and area, and subtract them.",
    MeasureKind.MILESTONE: "Read the items of each organisation, or their latest stages.",
    MeasureKind.EVIDENCE: "Read the entries of each organisation.",
    MeasureKind.DERIVED: "Roll up the measures of its formula, each by its own kind, then apply the formula.",
}

# Bounds are an array with one column for each entry. Its rows are low, high and, for a ratio, denominator low and high.
# A step combines each run of columns into one column; `starts` is where the runs begin.
_RollUpStep = Callable[[FloatArray, IntArray], FloatArray]


def _add_up(figures: FloatArray, starts: IntArray) -> FloatArray:
    return np.add.reduceat(figures, starts, axis=1)


def _bound_union(figures: FloatArray, starts: IntArray) -> FloatArray:
    """Return the bounds of a union of sets that may overlap: the size of the largest, and the sum of all."""
    return np.stack((np.maximum.reduceat(figures[0], starts), np.add.reduceat(figures[1], starts)))


def _select_last(figures: FloatArray, starts: IntArray) -> FloatArray:
    return figures[:, _find_run_ends(starts, figures.shape[1])]


# The steps over the parts of a return, over time, and over sources. Disjoint sets are added up.
_STEPS_BY_KIND: dict[MeasureKind, tuple[_RollUpStep, _RollUpStep, _RollUpStep]] = {
    MeasureKind.FLOW: (_add_up, _add_up, _add_up),
    MeasureKind.STOCK: (_add_up, _select_last, _add_up),
    MeasureKind.CUMULATIVE: (_add_up, _select_last, _add_up),
    MeasureKind.DISTINCT: (_bound_union, _bound_union, _bound_union),
    MeasureKind.PROPORTION: (_add_up, _add_up, _add_up),
    MeasureKind.RATE: (_add_up, _add_up, _add_up),
    MeasureKind.MEAN: (_add_up, _add_up, _add_up),
}
ADDITIVE_KINDS = frozenset(_STEPS_BY_KIND)
"""The kinds that can be rolled up."""


def roll_up(
    kind: MeasureKind,
    cells: RollUpEntries,
    *,
    groups: int,
    overlap: Overlap = Overlap.UNKNOWN,
    parts_disjoint: bool = False,
) -> list[Tally]:
    """Return one tally for each group, in their order. The tally of a group without data has the reason `no_data`.

    `overlap` and `parts_disjoint` matter for `distinct` only: they state whether two sources, or two entries of one
    source and period, may count the same person or employer. A ratio is Σ numerator ÷ Σ denominator over the entries
    that have both; a proportion is at most 1. Raises NotAdditive for kinds that cannot be rolled up, and ValueError
    for arrays that break the rules of `RollUpEntries`.
    """
    if kind not in _STEPS_BY_KIND:
        raise NotAdditive(kind)
    figures = _stack_bounds(kind, cells)
    _check_entries(cells.group, figures, groups)
    known = ~np.isnan(figures).any(axis=0)
    missing_entries = np.bincount(cells.group[~known], minlength=groups)
    order = np.flatnonzero(known)
    order = order[np.lexsort((cells.period[order], cells.source[order], cells.group[order]))]
    resets = np.zeros_like(cells.period) if cells.reset is None else cells.reset
    nest = _find_runs(cells.group[order], cells.source[order], cells.period[order], resets[order])

    over_parts, over_time, over_sources = _STEPS_BY_KIND[kind]
    by_return = (_add_up if parts_disjoint else over_parts)(figures[:, order], nest.returns)
    by_source = over_time(by_return, nest.sources)
    totals = (_add_up if overlap is Overlap.DISJOINT else over_sources)(by_source, nest.groups)

    tallies = [Tally(missing_entries=number, reason="no_data") for number in missing_entries.tolist()]
    for group, tally in zip(
        nest.groups_with_data.tolist(), _build_tallies(kind, totals, nest, missing_entries), strict=True
    ):
        tallies[group] = tally
    return tallies


def _stack_bounds(kind: MeasureKind, cells: RollUpEntries) -> FloatArray:
    if kind not in RATIO_KINDS:
        return np.stack((cells.low, cells.high))
    if cells.denominator_low is None or cells.denominator_high is None:
        raise ValueError(f"A {kind} needs denominators.")
    return np.stack((cells.low, cells.high, cells.denominator_low, cells.denominator_high))


def _check_entries(group: IntArray, figures: FloatArray, groups: int) -> None:
    if np.any((group < 0) | (group >= groups)):
        raise ValueError(f"An entry belongs to a group outside 0 to {groups - 1}.")
    if np.any(figures < 0) or np.any(figures > np.floor(figures)):
        raise ValueError("A number is negative or not whole.")
    if np.any(figures[0::2] > figures[1::2]) or np.any(np.isinf(figures[0::2])):
        raise ValueError("A lower bound is above its upper bound, or infinite.")


class _RunStarts(Struct, frozen=True, kw_only=True, eq=False):
    """The start of each return among the entries, each source among the returns, each group among the sources."""

    returns: IntArray
    sources: IntArray
    groups: IntArray
    groups_with_data: IntArray
    """The index of each group that has entries."""
    periods: IntArray
    """The number of periods in each group."""
    latest: IntArray
    earliest: IntArray
    """The latest and the earliest among the latest periods of the group's sources."""
    has_mixed_resets: BoolArray
    """True if the group's sources have counted since different resets."""


def _find_runs(group: IntArray, source: IntArray, period: IntArray, reset: IntArray) -> _RunStarts:
    """Find the runs in entries that are sorted by group, source and period."""
    returns = _find_run_starts(group, source, period)
    group, source, period, reset = group[returns], source[returns], period[returns], reset[returns]
    sources = _find_run_starts(group, source)
    groups = _find_run_starts(group[sources])
    last = _find_run_ends(sources, period.size)
    latest, last_reset = period[last], reset[last]
    by_period = np.lexsort((period, group))
    different = group[by_period][_find_run_starts(group[by_period], period[by_period])]
    return _RunStarts(
        returns=returns,
        sources=sources,
        groups=groups,
        groups_with_data=group[sources][groups],
        periods=_measure_runs(_find_run_starts(different), different.size),
        latest=np.maximum.reduceat(latest, groups),
        earliest=np.minimum.reduceat(latest, groups),
        has_mixed_resets=np.maximum.reduceat(last_reset, groups) != np.minimum.reduceat(last_reset, groups),
    )


def _find_run_starts(*keys: IntArray) -> IntArray:
    """Return the start of each run of equal keys."""
    begins = np.zeros(keys[0].size, dtype=np.bool_)
    begins[:1] = True
    for key in keys:
        begins[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(begins)


def _measure_runs(starts: IntArray, size: int) -> IntArray:
    """Return the length of each run."""
    return np.concatenate((starts[1:], [size])) - starts


def _find_run_ends(starts: IntArray, size: int) -> IntArray:
    """Return the last index of each run."""
    return starts + _measure_runs(starts, size) - 1


def _build_tallies(
    kind: MeasureKind, totals: FloatArray, nest: _RunStarts, missing_entries: IntArray
) -> Iterator[Tally]:
    """Yield the tallies of the groups that have data, in order."""
    low, high, *bases = ([int(n) if isfinite(n) else None for n in row] for row in totals.tolist())
    base_low = base_high = ratio_low = ratio_high = [None] * len(low)
    if kind in RATIO_KINDS:
        base_low, base_high = bases
        ratios = _divide_bounds(totals, maximum=1.0 if kind is MeasureKind.PROPORTION else np.inf)
        ratio_low, ratio_high = ([n if isfinite(n) else None for n in row.tolist()] for row in ratios)
    is_refused = nest.has_mixed_resets.tolist()
    sources = _measure_runs(nest.groups, nest.sources.size).tolist()
    periods, latest, earliest = nest.periods.tolist(), nest.latest.tolist(), nest.earliest.tolist()
    uses_last_period = _STEPS_BY_KIND[kind][1] is _select_last
    for index, group in enumerate(nest.groups_with_data.tolist()):
        yield Tally(
            low=None if is_refused[index] else low[index],
            high=None if is_refused[index] else high[index],
            denominator_low=base_low[index],
            denominator_high=base_high[index],
            ratio_low=ratio_low[index],
            ratio_high=ratio_high[index],
            sources=sources[index],
            periods=periods[index],
            missing_entries=int(missing_entries[group]),
            as_of=latest[index] if uses_last_period else None,
            has_mixed_as_of=uses_last_period and latest[index] != earliest[index],
            reason="mixed_resets" if is_refused[index] else "zero_denominator" if base_high[index] == 0 else None,
        )


def _divide_bounds(bounds: FloatArray, *, maximum: float) -> tuple[FloatArray, FloatArray]:
    """Return the bounds of the ratios; NaN if there is no denominator, or if it is certainly 0."""
    low, high, base_low, base_high = bounds
    possible = base_high > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(possible, low / base_high, np.nan)
        greatest = np.where(possible, np.where(high == 0, 0.0, high / base_low), np.nan)
    return np.minimum(least, maximum), np.minimum(greatest, maximum)
