"""What a release shows of each place, before anything is set beside anything: from protected counts alone."""

from collections.abc import Iterator, Mapping
from math import ceil

from msgspec import Struct

from api.outcomes.completeness import Completeness
from api.plan.catalogue import breakdown_key
from api.releases.protection import Kept, percentages_of
from api.releases.scopes import AuditScope, Member
from api.statistics import inequality, intervals
from api.statistics.disclosure.figures import Figure, Percentage
from api.statistics.disclosure.lattice import Node, nodes_of
from api.statistics.intervals import Counts
from schema.disclosure import DisclosureClass, Rule
from schema.intervals import Confidence, Interval
from schema.plan import Kind, Measure, Operation, Overlap
from schema.submissions import Status

SeriesKey = tuple[str, str]
CellKey = tuple[str, str, str]
"""Period, area, key of the breakdown."""


class Shown(Struct, frozen=True, kw_only=True):
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


def shown(
    scope: AuditScope, kept: Kept | None, rule: Rule, coverage: Mapping[tuple[SeriesKey, str], Completeness]
) -> Iterator[tuple[SeriesKey, CellKey, Shown]]:
    """Every cell that is registered in a scope, in the order of its lattice; `kept` is None where nobody has returned
    anything.
    """
    people = scope.disclosure_class is DisclosureClass.PERSONS
    told = _Told(kept, rule, people=people) if kept is not None else None
    members = {member.part: member for member in scope.members}
    for node in nodes_of(scope.shape).nodes:
        member = members.get(node.part)
        if member is None:  # the denominators of a proportion are told with it
            continue
        there = coverage[member.key, node.period]
        one = told.one(member, node, there) if told is not None and there.counted else NO_DATA
        yield member.key, (node.period, node.place, breakdown_key(dict(node.breakdown))), one


class _Told:
    """What a protected scope tells of its nodes."""

    def __init__(self, kept: Kept, rule: Rule, *, people: bool) -> None:
        self.found, self.shares = percentages_of(kept, rule)
        frozen = zip(nodes_of(kept.shape).nodes, kept.frozen.unknown.tolist(), kept.frozen.hidden.tolist(), strict=True)
        self.organisations = len(kept.frozen.organisations)
        # Of people, what somebody left out is `c` like none and few: that it is not known would tell it from none.
        self.unknown = {node for node, unknown, hidden in frozen if unknown and not hidden and not people}

    def one(self, member: Member, node: Node, there: Completeness) -> Shown:
        if node in self.unknown:
            return UNKNOWN
        # One whose duty a later plan version dropped is expected no more, and its return counts all the same.
        return _one(member, node, self.found, self.shares, returns=max(there.counted, self.organisations))


def _one(
    member: Member,
    node: Node,
    found: Mapping[Node, Figure],
    shares: Mapping[Node, Percentage],
    *,
    returns: int,
) -> Shown:
    figure = found[node]
    if member.measure.kind is Kind.PROPORTION:
        whole = Node(part=None, breakdown=node.breakdown, place=node.place, period=node.period)
        return _proportion(figure, found[whole], shares[node])
    if figure.value is None or figure.low is None or figure.high is None:
        return SUPPRESSED
    if member.measure.kind is Kind.DISTINCT and member.measure.overlap is Overlap.UNKNOWN and returns > 1:
        # Different people of several returns are at least those of the largest, and so of the average one.
        return Shown(low=ceil(figure.low / returns), high=figure.high)
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
