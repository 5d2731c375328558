"""What a release shows of each place, before anything is set beside anything: from protected counts alone."""

from itertools import product
from math import ceil

import numpy as np
from msgspec import Struct

from api.figures.completeness import ReturnCompleteness
from api.figures.query import FigureOrder
from api.plan.breakdowns import format_breakdown_key
from api.releases.protection import AuditHistory
from api.releases.scopes import AuditScope, ScopeMember
from api.statistics import inequality, intervals
from api.statistics.disclosure import figures as disclosure
from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.figures import Percentage, ProtectedCount
from api.statistics.disclosure.lattice import IntArray, build_nodes, locate_nodes
from api.statistics.intervals import RatioCounts
from schema.disclosure import DisclosureClass, Rule
from schema.intervals import Confidence, Interval
from schema.measures import Measure, MeasureKind, Operation, Overlap
from schema.submissions import Status

SeriesKey = tuple[str, str]
CellKey = tuple[str, str]
"""An area and the key of a breakdown."""
ALL_CELLS = slice(None)


class ReleasedValue(Struct, frozen=True, kw_only=True, gc=False):
    """A number as it is shown, between which bounds the true one lies, or why there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    numerator: ProtectedCount | None = None
    denominator: ProtectedCount | None = None
    intervals: tuple[Interval, ...] = ()
    status: Status | None = None
    reason: str | None = None

    @property
    def largest_error(self) -> float | None:
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)

    @property
    def counts(self) -> RatioCounts | None:
        """Of a proportion, between which bounds its counts lie."""
        part, whole = self.numerator, self.denominator
        if part is None or whole is None or part.low is None or whole.low is None or self.value is None:
            return None
        return RatioCounts(
            numerator_low=part.low, numerator_high=part.high, denominator_low=whole.low, denominator_high=whole.high
        )


NO_DATA = ReleasedValue(status=Status.NOT_AVAILABLE, reason="no_data")
SUPPRESSED = ReleasedValue(status=Status.CONFIDENTIAL, reason="suppressed")
NOT_KNOWN_FOR_ALL = ReleasedValue(status=Status.NOT_AVAILABLE, reason="not_known_for_all")
NOT_A_COUNT = ReleasedValue(status=Status.NOT_APPLICABLE, reason="not_a_count")
NOT_RELEASED = ReleasedValue(status=Status.NOT_APPLICABLE, reason="not_released")


class ScopeView(Struct, frozen=True, kw_only=True, eq=False):
    """What a protected scope tells of one of its series."""

    member: ScopeMember
    periods: dict[str, int]
    cells: tuple[CellKey, ...]
    """In their order."""
    nodes: IntArray
    """By period and place, in what is kept."""
    rule: Rule
    history: AuditHistory | None
    """None where nobody has returned anything."""
    whole_nodes: IntArray
    """Of each node that is kept."""
    counts_people: bool

    def read_values(self, code: str, there: ReturnCompleteness, chosen: slice = ALL_CELLS) -> list[ReleasedValue]:
        """Of each place, or of those chosen, in a period."""
        nodes = self.nodes[self.periods[code], chosen]
        if self.history is None or not there.counted_returns:
            return [NO_DATA] * nodes.size
        # Of people, what somebody left out is `c` like none and few: that it is not known would tell it from none.
        unknown = (self.history.true_counts.unknown & ~self.history.true_counts.hidden)[nodes] & (
            not self.counts_people
        )
        if self.member.measure.kind is MeasureKind.PROPORTION:
            return self._read_proportions(self.history, nodes, unknown)
        figures = disclosure.read_counts(self.history.display, nodes)
        # One whose duty a later plan version dropped is expected no more, and its return counts all the same.
        several = (
            max(there.counted_returns, len(self.history.true_counts.organisations))
            if self._may_count_people_twice()
            else 1
        )
        return [
            NOT_KNOWN_FOR_ALL if lost else _to_count(one, several)
            for one, lost in zip(figures, unknown.tolist(), strict=True)
        ]

    def _read_proportions(self, kept: AuditHistory, parts: IntArray, unknown: BoolArray) -> list[ReleasedValue]:
        wholes = self.whole_nodes[parts]
        true = kept.true_counts.own.sum(axis=0)
        rows = zip(
            disclosure.read_counts(kept.display, parts),
            disclosure.read_counts(kept.display, wholes),
            zip(true[parts].tolist(), true[wholes].tolist(), strict=True),
            (unknown | (wholes < 0)).tolist(),
            strict=True,
        )
        return [
            NOT_KNOWN_FOR_ALL
            if lost
            else _to_proportion(part, whole, disclosure.calculate_percentage(part, whole, self.rule, counts))
            for part, whole, counts, lost in rows
        ]

    def _may_count_people_twice(self) -> bool:
        measure = self.member.measure
        return measure.kind is MeasureKind.DISTINCT and measure.overlap is Overlap.UNKNOWN


def make_scope_view(
    scope: AuditScope, member: ScopeMember, kept: AuditHistory | None, rule: Rule, order: FigureOrder
) -> ScopeView:
    """Every cell of a series that is registered in a scope; its places in the order of the plan."""
    asked = build_nodes(scope.shape)
    there = None if kept is None else build_nodes(kept.shape)
    at = np.arange(asked.size) if there is None else locate_nodes(asked, there)
    grids = [grid for grid in asked.grids if grid.table.part == member.part]
    places = [
        (area, format_breakdown_key(dict(breakdown)))
        for grid in grids
        for breakdown, area in product(grid.breakdowns, grid.places)
    ]
    by_period = [np.moveaxis(at[grid.ids], -2, 0).reshape(len(grid.periods), -1) for grid in grids]
    placed = sorted(
        range(len(places)), key=lambda one: (order.area_ranks[places[one][0]], order.breakdown_sort_key(places[one][1]))
    )
    return ScopeView(
        member=member,
        periods={code: index for index, code in enumerate(scope.shape.periods)},
        cells=tuple(places[one] for one in placed),
        nodes=np.concatenate(by_period, axis=1)[:, placed],
        rule=rule,
        history=kept,
        whole_nodes=np.zeros(0, dtype=np.int64) if there is None else there.whole,
        counts_people=scope.disclosure_class is DisclosureClass.PERSONS,
    )


def _to_count(figure: ProtectedCount, several: int) -> ReleasedValue:
    """Of `several` returns whose people may be the same."""
    if figure.value is None or figure.low is None or figure.high is None:
        return SUPPRESSED
    if several > 1:
        # Different people of several returns are at least those of the largest, and so of the average one.
        return ReleasedValue(low=ceil(figure.low / several), high=figure.high)
    return ReleasedValue(value=figure.value, low=figure.low, high=figure.high)


def _to_proportion(part: ProtectedCount, whole: ProtectedCount, share: Percentage) -> ReleasedValue:
    if share.value is None:
        if share.reason == "input_suppressed":
            return ReleasedValue(numerator=part, denominator=whole, status=Status.CONFIDENTIAL, reason="suppressed")
        return ReleasedValue(numerator=part, denominator=whole, status=Status.NOT_AVAILABLE, reason=share.reason)
    one = ReleasedValue(value=share.value, low=share.low, high=share.high, numerator=part, denominator=whole)
    counts = one.counts
    found = (
        [intervals.calculate_proportion_interval(counts, confidence=each, per=100) for each in Confidence]
        if counts
        else []
    )
    return ReleasedValue(
        value=one.value,
        low=one.low,
        high=one.high,
        numerator=part,
        denominator=whole,
        intervals=tuple(found),
    )


def apply_formula(operation: Operation, of: list[Measure], parts: list[ReleasedValue]) -> ReleasedValue:
    """A derived figure, from what is shown of its measures. Bounds in, bounds out."""
    if any(part.low is None for part in parts):
        if any(part.status is Status.CONFIDENTIAL for part in parts):
            return SUPPRESSED
        alike = {part.reason for part in parts}
        reason = alike.pop() if len(alike) == 1 else "part_without_value"
        return ReleasedValue(status=Status.NOT_AVAILABLE, reason=reason)
    if operation is Operation.DIFFERENCE:
        return _calculate_gap(of, parts)
    lows = [part.low or 0 for part in parts]
    highs = [part.high for part in parts if part.high is not None]
    high = sum(highs) if len(highs) == len(parts) else None
    if operation is Operation.UNION:
        return ReleasedValue(low=max(lows), high=high)
    values = [part.value for part in parts if part.value is not None]
    return ReleasedValue(value=sum(values) if len(values) == len(parts) else None, low=sum(lows), high=high)


def _calculate_gap(of: list[Measure], parts: list[ReleasedValue]) -> ReleasedValue:
    """The first percentage less the second, with the interval that holds those of all counts within the bounds."""
    first, second = parts
    one, other = first.counts, second.counts
    if one is None or other is None or first.value is None or second.value is None:
        return ReleasedValue(status=Status.NOT_AVAILABLE, reason="no_counts")
    if of[1].slug in of[0].contains:
        rest = _subtract_part(one, other)
        if rest is None:
            return ReleasedValue(status=Status.NOT_AVAILABLE, reason="part_exceeds_whole")
        contrasts = [inequality.calculate_gap_to_whole(other, rest, confidence=each) for each in Confidence]
    else:
        contrasts = [inequality.calculate_gap(one, other, confidence=each) for each in Confidence]
    return ReleasedValue(
        value=round(first.value - second.value, 1),
        low=contrasts[0].low,
        high=contrasts[0].high,
        intervals=tuple(each.interval for each in contrasts if each.interval is not None),
    )


def _subtract_part(whole: RatioCounts, part: RatioCounts) -> RatioCounts | None:
    """Those of the whole who are not in the part, as far as the bounds of both tell."""
    if (
        whole.numerator_high is None
        or whole.denominator_high is None
        or part.numerator_high is None
        or part.denominator_high is None
    ):
        return None
    high, base_high = whole.numerator_high - part.numerator_low, whole.denominator_high - part.denominator_low
    low, base_low = (
        max(whole.numerator_low - part.numerator_high, 0),
        max(whole.denominator_low - part.denominator_high, 0),
    )
    if high < 0 or base_high <= 0 or low > base_high:
        return None
    return RatioCounts(numerator_low=low, numerator_high=high, denominator_low=base_low, denominator_high=base_high)
