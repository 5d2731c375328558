"""What a release shows of each place, before anything is set beside anything: from protected counts alone."""

from itertools import product
from math import ceil

import numpy as np
from msgspec import Struct

from api.figures.completeness import Completeness
from api.figures.query import Order
from api.plan.catalogue import breakdown_key
from api.releases.protection import Kept
from api.releases.scopes import AuditScope, Member
from api.statistics import inequality, intervals
from api.statistics.disclosure import figures as disclosure
from api.statistics.disclosure.display import BoolArray
from api.statistics.disclosure.figures import Figure, Percentage
from api.statistics.disclosure.lattice import IntArray, located, nodes_of
from api.statistics.intervals import Counts
from schema.disclosure import DisclosureClass, Rule
from schema.intervals import Confidence, Interval
from schema.plan import Kind, Measure, Operation, Overlap
from schema.submissions import Status

SeriesKey = tuple[str, str]
Place = tuple[str, str]
"""An area and the key of a breakdown."""
EVERYWHERE = slice(None)


class Shown(Struct, frozen=True, kw_only=True, gc=False):
    """A number as it is shown, between which bounds the true one lies, or why there is none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    numerator: Figure | None = None
    denominator: Figure | None = None
    intervals: tuple[Interval, ...] = ()
    status: Status | None = None
    reason: str | None = None

    @property
    def largest_error(self) -> float | None:
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)

    @property
    def counts(self) -> Counts | None:
        """Of a proportion, between which bounds its counts lie."""
        part, whole = self.numerator, self.denominator
        if part is None or whole is None or part.low is None or whole.low is None or self.value is None:
            return None
        return Counts(low=part.low, high=part.high, base_low=whole.low, base_high=whole.high)


NO_DATA = Shown(status=Status.NOT_AVAILABLE, reason="no_data")
SUPPRESSED = Shown(status=Status.CONFIDENTIAL, reason="suppressed")
UNKNOWN = Shown(status=Status.NOT_AVAILABLE, reason="not_known_for_all")
NOT_A_COUNT = Shown(status=Status.NOT_APPLICABLE, reason="not_a_count")
NOT_RELEASED = Shown(status=Status.NOT_APPLICABLE, reason="not_released")


class Told(Struct, frozen=True, kw_only=True, eq=False):
    """What a protected scope tells of one of its series."""

    member: Member
    periods: dict[str, int]
    places: tuple[Place, ...]
    """In their order."""
    nodes: IntArray
    """By period and place, in what is kept."""
    rule: Rule
    kept: Kept | None
    """None where nobody has returned anything."""
    whole: IntArray
    """Of each node that is kept."""
    people: bool

    def of(self, code: str, there: Completeness, chosen: slice = EVERYWHERE) -> list[Shown]:
        """Of each place, or of those chosen, in a period."""
        nodes = self.nodes[self.periods[code], chosen]
        if self.kept is None or not there.counted:
            return [NO_DATA] * nodes.size
        # Of people, what somebody left out is `c` like none and few: that it is not known would tell it from none.
        unknown = (self.kept.frozen.unknown & ~self.kept.frozen.hidden)[nodes] & (not self.people)
        if self.member.measure.kind is Kind.PROPORTION:
            return self._shares(self.kept, nodes, unknown)
        figures = disclosure.chosen(self.kept.display, nodes)
        # One whose duty a later plan version dropped is expected no more, and its return counts all the same.
        several = max(there.counted, len(self.kept.frozen.organisations)) if self._may_overlap() else 1
        return [UNKNOWN if lost else _count(one, several) for one, lost in zip(figures, unknown.tolist(), strict=True)]

    def _shares(self, kept: Kept, parts: IntArray, unknown: BoolArray) -> list[Shown]:
        wholes = self.whole[parts]
        true = kept.frozen.own.sum(axis=0)
        rows = zip(
            disclosure.chosen(kept.display, parts),
            disclosure.chosen(kept.display, wholes),
            zip(true[parts].tolist(), true[wholes].tolist(), strict=True),
            (unknown | (wholes < 0)).tolist(),
            strict=True,
        )
        return [
            UNKNOWN if lost else _proportion(part, whole, disclosure.percentage(part, whole, self.rule, counts))
            for part, whole, counts, lost in rows
        ]

    def _may_overlap(self) -> bool:
        measure = self.member.measure
        return measure.kind is Kind.DISTINCT and measure.overlap is Overlap.UNKNOWN


def told(scope: AuditScope, member: Member, kept: Kept | None, rule: Rule, order: Order) -> Told:
    """Every cell of a series that is registered in a scope; its places in the order of the plan."""
    asked = nodes_of(scope.shape)
    there = None if kept is None else nodes_of(kept.shape)
    at = np.arange(asked.size) if there is None else located(asked, there)
    grids = [grid for grid in asked.grids if grid.table.part == member.part]
    places = [
        (area, breakdown_key(dict(breakdown)))
        for grid in grids
        for breakdown, area in product(grid.breakdowns, grid.places)
    ]
    by_period = [np.moveaxis(at[grid.ids], -2, 0).reshape(len(grid.periods), -1) for grid in grids]
    placed = sorted(range(len(places)), key=lambda one: (order.areas[places[one][0]], order.breakdown(places[one][1])))
    return Told(
        member=member,
        periods={code: index for index, code in enumerate(scope.shape.periods)},
        places=tuple(places[one] for one in placed),
        nodes=np.concatenate(by_period, axis=1)[:, placed],
        rule=rule,
        kept=kept,
        whole=np.zeros(0, dtype=np.int64) if there is None else there.whole,
        people=scope.disclosure_class is DisclosureClass.PERSONS,
    )


def _count(figure: Figure, several: int) -> Shown:
    """Of `several` returns whose people may be the same."""
    if figure.value is None or figure.low is None or figure.high is None:
        return SUPPRESSED
    if several > 1:
        # Different people of several returns are at least those of the largest, and so of the average one.
        return Shown(low=ceil(figure.low / several), high=figure.high)
    return Shown(value=figure.value, low=figure.low, high=figure.high)


def _proportion(part: Figure, whole: Figure, share: Percentage) -> Shown:
    if share.value is None:
        if share.reason == "input_suppressed":
            return Shown(numerator=part, denominator=whole, status=Status.CONFIDENTIAL, reason="suppressed")
        return Shown(numerator=part, denominator=whole, status=Status.NOT_AVAILABLE, reason=share.reason)
    one = Shown(value=share.value, low=share.low, high=share.high, numerator=part, denominator=whole)
    counts = one.counts
    found = [intervals.proportion(counts, confidence=each, per=100) for each in Confidence] if counts else []
    return Shown(
        value=one.value,
        low=one.low,
        high=one.high,
        numerator=part,
        denominator=whole,
        intervals=tuple(found),
    )


def made(operation: Operation, of: list[Measure], parts: list[Shown]) -> Shown:
    """A derived figure, from what is shown of its measures. Bounds in, bounds out."""
    if any(part.low is None for part in parts):
        if any(part.status is Status.CONFIDENTIAL for part in parts):
            return SUPPRESSED
        alike = {part.reason for part in parts}
        reason = alike.pop() if len(alike) == 1 else "part_without_value"
        return Shown(status=Status.NOT_AVAILABLE, reason=reason)
    if operation is Operation.DIFFERENCE:
        return _gap(of, parts)
    lows = [part.low or 0 for part in parts]
    highs = [part.high for part in parts if part.high is not None]
    high = sum(highs) if len(highs) == len(parts) else None
    if operation is Operation.UNION:
        return Shown(low=max(lows), high=high)
    values = [part.value for part in parts if part.value is not None]
    return Shown(value=sum(values) if len(values) == len(parts) else None, low=sum(lows), high=high)


def _gap(of: list[Measure], parts: list[Shown]) -> Shown:
    """The first percentage less the second, with the interval that holds those of all counts within the bounds."""
    first, second = parts
    one, other = first.counts, second.counts
    if one is None or other is None or first.value is None or second.value is None:
        return Shown(status=Status.NOT_AVAILABLE, reason="no_counts")
    if of[1].slug in of[0].contains:
        rest = _rest(one, other)
        if rest is None:
            return Shown(status=Status.NOT_AVAILABLE, reason="part_exceeds_whole")
        contrasts = [inequality.gap_to_whole(other, rest, confidence=each) for each in Confidence]
    else:
        contrasts = [inequality.gap(one, other, confidence=each) for each in Confidence]
    return Shown(
        value=round(first.value - second.value, 1),
        low=contrasts[0].low,
        high=contrasts[0].high,
        intervals=tuple(each.interval for each in contrasts if each.interval is not None),
    )


def _rest(whole: Counts, part: Counts) -> Counts | None:
    """Those of the whole who are not in the part, as far as the bounds of both tell."""
    if whole.high is None or whole.base_high is None or part.high is None or part.base_high is None:
        return None
    high, base_high = whole.high - part.low, whole.base_high - part.base_low
    low, base_low = max(whole.low - part.high, 0), max(whole.base_low - part.base_high, 0)
    if high < 0 or base_high <= 0 or low > base_high:
        return None
    return Counts(low=low, high=high, base_low=base_low, base_high=base_high)
