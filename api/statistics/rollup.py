"""What each kind of measure allows: how standing observations become one result for each output cell.

Everything is an interval, since a partner may send a small count as suppressed. Entries are put together in
three steps - the parts of a return, the periods of a source, the sources - and the kind decides each step.
"""

from collections.abc import Callable, Iterator
from math import isfinite

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from schema.measures import RATIO_KINDS, MeasureKind, Overlap

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class RollUpEntries(Struct, frozen=True, kw_only=True, eq=False):
    """Standing observations, one entry each, each mapped onto the one output cell ('group') that it feeds.

    All arrays have one length, and the order of the entries plays no role. Figures are whole and not negative;
    sums are exact to 2**53. An entry without a figure is left out or holds NaN, never 0. Of one source and
    period a group may have several entries: the wards of an area, or the exclusive categories of a total.
    """

    group: IntArray
    """The index of the output cell, from 0."""
    source: IntArray
    """The organisation and service that returned it, as any number."""
    period: IntArray
    """The submitted period as a number that grows with time; when it arrived plays no role. Two periods of a
    source have two numbers even where they end on the same day: entries with one number are added up as parts."""
    low: FloatArray
    """The count, or the numerator; of a suppressed one, the least that it can be."""
    high: FloatArray
    """The most that it can be: `low` where exact, infinite where nothing is known."""
    denominator_low: FloatArray | None = None
    """The same of the denominator, or of the number of cases of a mean; None for plain counts."""
    denominator_high: FloatArray | None = None


class Tally(Struct, frozen=True, kw_only=True):
    """The unprotected result of one output cell. It is not for publication before disclosure control."""

    low: int | None = None
    """The least that the count, or the numerator, can be; null where there is no value."""
    high: int | None = None
    """The most that it can be; null where there is no value or no upper bound."""
    denominator_low: int | None = None
    """The same of the denominator; null for plain counts."""
    denominator_high: int | None = None
    ratio_low: float | None = None
    """The least that numerator ÷ denominator can be, before any factor such as per 1,000."""
    ratio_high: float | None = None
    sources: int = 0
    """How many sources have an entry that counts."""
    periods: int = 0
    """How many periods have one, those included that a later one of the same stock has overtaken."""
    missing_entries: int = 0
    """How many entries have no figure, or only one of numerator and denominator."""
    as_of: int | None = None
    """The latest period used, of a stock or cumulative measure."""
    has_mixed_as_of: bool = False
    """Whether the sources' latest periods differ, so that the sum is as of no single one."""
    reason: str | None = None
    """Why there is no value: `no_data`, `zero_denominator`, `mixed_as_of`, `coverage_differs` or `fell`."""

    @property
    def is_exact(self) -> bool:
        """Whether there is a count, or a numerator and a denominator, and each is one number."""
        return self.low is not None and self.low == self.high and self.denominator_low == self.denominator_high


class NotAdditive(Exception):  # noqa: N818  a refusal is not an error of ours
    """Figures of this kind are not rolled up."""

    def __init__(self, kind: MeasureKind) -> None:
        super().__init__(f"A measure of the kind `{kind}` is not rolled up. {_ADVICE_BY_KIND[kind]}")
        self.kind = kind


_ADVICE_BY_KIND = {
    MeasureKind.GAP: "Ask for its two proportions at one period and area, and take their difference.",
    MeasureKind.MILESTONE: "Ask for the items of each organisation, or for its latest stage.",
    MeasureKind.EVIDENCE: "Ask for the entries of each organisation.",
    MeasureKind.DERIVED: "Roll up the measures of its formula, each by its own kind, then apply the formula.",
}

# Figures are rows of an array - low, high and, of a ratio, base_low, base_high - with one column for each entry.
# A step makes one column of each run of columns, given where the runs begin.
_RollUpStep = Callable[[FloatArray, IntArray], FloatArray]


def _add_up(figures: FloatArray, starts: IntArray) -> FloatArray:
    return np.add.reduceat(figures, starts, axis=1)


def _bound_union(figures: FloatArray, starts: IntArray) -> FloatArray:
    """Sets that may overlap have at least the members of the largest and at most those of all."""
    return np.stack((np.maximum.reduceat(figures[0], starts), np.add.reduceat(figures[1], starts)))


def _select_last(figures: FloatArray, starts: IntArray) -> FloatArray:
    return figures[:, _find_run_ends(starts, figures.shape[1])]


# Over the parts of a return, over time, over sources. A union becomes a sum where the sets are disjoint.
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
"""The kinds that are rolled up."""


def roll_up(
    kind: MeasureKind,
    cells: RollUpEntries,
    *,
    groups: int,
    overlap: Overlap = Overlap.UNKNOWN,
    parts_disjoint: bool = False,
) -> list[Tally]:
    """Roll up to one tally for each group, in their order; a group without data says so and has no value.

    `overlap` and `parts_disjoint` bear on `distinct` alone: whether two sources, or two entries of one source
    and period, may count the same person or employer. A ratio is Σ numerator ÷ Σ denominator over the entries
    that have both; a proportion is at most 1. Raises `NotAdditive` for the kinds that are not rolled up,
    `ValueError` for arrays that break the rules of `Cells`.
    """
    if kind not in _STEPS_BY_KIND:
        raise NotAdditive(kind)
    figures = _stack_bounds(kind, cells)
    _check_entries(cells.group, figures, groups)
    known = ~np.isnan(figures).any(axis=0)
    left_out = np.bincount(cells.group[~known], minlength=groups)
    order = np.flatnonzero(known)
    order = order[np.lexsort((cells.period[order], cells.source[order], cells.group[order]))]
    nest = _find_runs(cells.group[order], cells.source[order], cells.period[order])

    over_parts, over_time, over_sources = _STEPS_BY_KIND[kind]
    by_return = (_add_up if parts_disjoint else over_parts)(figures[:, order], nest.returns)
    by_source = over_time(by_return, nest.sources)
    totals = (_add_up if overlap is Overlap.DISJOINT else over_sources)(by_source, nest.groups)

    tallies = [Tally(missing_entries=number, reason="no_data") for number in left_out.tolist()]
    for cell, found in zip(nest.groups_with_data.tolist(), _build_tallies(kind, totals, nest, left_out), strict=True):
        tallies[cell] = found
    return tallies


def subtract_tallies(later: Tally, earlier: Tally) -> Tally:
    """Return the flow between two tallies of one cumulative measure, made since the same reset.

    Bounds in, bounds out, and never below 0. There is no value, and a reason, where either has none or nothing
    was returned since the earlier one (`no_data`), where a tally is as of several periods (`mixed_as_of`) or
    other sources are behind it (`coverage_differs`), since a return that is missing would then pass for no
    growth, and where the later one is certainly the smaller (`fell`).
    """
    mixed = later.has_mixed_as_of or earlier.has_mixed_as_of
    flow = Tally(sources=later.sources, periods=later.periods, as_of=later.as_of, has_mixed_as_of=mixed)
    if later.low is None or earlier.low is None or (later.as_of or 0) <= (earlier.as_of or 0):
        return replace(flow, reason="no_data")
    if mixed:
        return replace(flow, reason="mixed_as_of")
    if later.sources != earlier.sources:
        return replace(flow, reason="coverage_differs")
    high = None if later.high is None else later.high - earlier.low
    if high is not None and high < 0:
        return replace(flow, reason="cumulative_fell")
    low = 0 if earlier.high is None else max(later.low - earlier.high, 0)
    return replace(flow, low=low, high=high)


def _stack_bounds(kind: MeasureKind, cells: RollUpEntries) -> FloatArray:
    if kind not in RATIO_KINDS:
        return np.stack((cells.low, cells.high))
    if cells.denominator_low is None or cells.denominator_high is None:
        raise ValueError(f"A {kind} needs denominators.")
    return np.stack((cells.low, cells.high, cells.denominator_low, cells.denominator_high))


def _check_entries(group: IntArray, figures: FloatArray, groups: int) -> None:
    if np.any((group < 0) | (group >= groups)):
        raise ValueError(f"An entry feeds a group outside 0 to {groups - 1}.")
    if np.any(figures < 0) or np.any(figures > np.floor(figures)):
        raise ValueError("A figure is negative or not whole.")
    if np.any(figures[0::2] > figures[1::2]) or np.any(np.isinf(figures[0::2])):
        raise ValueError("A lower bound is above its upper bound, or infinite.")


class _RunStarts(Struct, frozen=True, kw_only=True, eq=False):
    """Where each return begins among the entries, each source among the returns, each group among the sources."""

    returns: IntArray
    sources: IntArray
    groups: IntArray
    groups_with_data: IntArray
    """The index of each group that has entries."""
    periods: IntArray
    """The number of its periods."""
    latest: IntArray
    earliest: IntArray
    """Of its sources' latest periods, the latest and the earliest."""


def _find_runs(group: IntArray, source: IntArray, period: IntArray) -> _RunStarts:
    """Find the runs in entries that are sorted by group, source and period."""
    returns = _find_run_starts(group, source, period)
    group, source, period = group[returns], source[returns], period[returns]
    sources = _find_run_starts(group, source)
    groups = _find_run_starts(group[sources])
    latest = period[_find_run_ends(sources, period.size)]
    by_period = np.lexsort((period, group))
    different = group[by_period][_find_run_starts(group[by_period], period[by_period])]
    return _RunStarts(
        returns=returns,
        sources=sources,
        groups=groups,
        groups_with_data=group[sources][groups],
        periods=np.diff(_find_run_starts(different), append=different.size),
        latest=np.maximum.reduceat(latest, groups),
        earliest=np.minimum.reduceat(latest, groups),
    )


def _find_run_starts(*keys: IntArray) -> IntArray:
    """Where each run of equal keys begins."""
    begins = np.ones(keys[0].size, dtype=np.bool_)
    begins[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.flatnonzero(begins)


def _find_run_ends(starts: IntArray, size: int) -> IntArray:
    """Return the last index of each run."""
    return np.append(starts[1:], size)[: starts.size] - 1


def _build_tallies(
    kind: MeasureKind, totals: FloatArray, nest: _RunStarts, missing_entries: IntArray
) -> Iterator[Tally]:
    """Make the tallies of the groups that have data, in order."""
    bounds = totals if kind in RATIO_KINDS else np.vstack((totals, np.full_like(totals, np.nan)))
    ratios = _divide_bounds(bounds, maximum=1.0 if kind is MeasureKind.PROPORTION else np.inf)
    low, high, base_low, base_high = ([int(n) if isfinite(n) else None for n in row] for row in bounds.tolist())
    ratio_low, ratio_high = ([n if isfinite(n) else None for n in row.tolist()] for row in ratios)
    sources = np.diff(nest.groups, append=nest.sources.size).tolist()
    periods, latest, earliest = nest.periods.tolist(), nest.latest.tolist(), nest.earliest.tolist()
    dated = _STEPS_BY_KIND[kind][1] is _select_last
    for at, cell in enumerate(nest.groups_with_data.tolist()):
        yield Tally(
            low=low[at],
            high=high[at],
            denominator_low=base_low[at],
            denominator_high=base_high[at],
            ratio_low=ratio_low[at],
            ratio_high=ratio_high[at],
            sources=sources[at],
            periods=periods[at],
            missing_entries=int(missing_entries[cell]),
            as_of=latest[at] if dated else None,
            has_mixed_as_of=dated and latest[at] != earliest[at],
            reason="zero_denominator" if base_high[at] == 0 else None,
        )


def _divide_bounds(bounds: FloatArray, *, maximum: float) -> tuple[FloatArray, FloatArray]:
    """Divide bounds by bounds; NaN where there is no denominator, or it is certainly 0."""
    low, high, base_low, base_high = bounds
    possible = base_high > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(possible, low / base_high, np.nan)
        greatest = np.where(possible, np.where(high == 0, 0.0, high / base_low), np.nan)
    return np.minimum(least, maximum), np.minimum(greatest, maximum)
