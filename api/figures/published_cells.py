"""Figures of published statistics, as their publisher gives them: never rolled up, and never joined.

A publisher's own limits are carried. A share without any, whose publisher gives its counts, gets Wilson's interval,
marked as worked out here. Where a publication has limits somewhere, it rests on a sample: its weighted counts are no
sample's size, so nothing is worked out from them, here or in a trend.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from api.figures.resolution import AS_PUBLISHED_ONLY, MOST_NAMED, Asked
from api.figures.returns_data import StandingRevision
from api.plan.catalogue import breakdown_key
from api.statistics import intervals
from api.submissions.effects import scale
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.outcomes import PublishedSource
from schema.plan import Kind
from schema.submissions import Marker, PublishedFigure, Status

WITHOUT_VALUE = {
    Status.CONFIDENTIAL: "suppressed_by_publisher",
    Status.NOT_AVAILABLE: "not_available",
    Status.NOT_APPLICABLE: "not_applicable",
    Status.NONE_RECORDED: "none_recorded",
}
Place = tuple[str, str]  # area, key of the breakdown
_Returned = tuple[StandingRevision, PublishedFigure]


class Said(Struct, frozen=True, kw_only=True):
    """What the publisher says of one place, as numbers; `reason` where it is no number."""

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    intervals: list[Interval] = []
    status: Status | None = Status.NOT_AVAILABLE
    markers: list[Marker] = []
    reason: str | None = None
    instead: str | None = None
    publication: PublishedSource | None = None
    returns: list[StandingRevision] = []


def said(asked: Asked, published: Mapping[int, Sequence[PublishedFigure]]) -> list[Said]:
    """One for each of the places asked for, in their order."""
    found: dict[Place, list[_Returned]] = {}
    for one in asked.returns:
        for figure in published.get(one.id, ()):
            found.setdefault((figure.area, breakdown_key(figure.breakdown)), []).append((one, figure))
    sampled = any(figure.limits for each in found.values() for _, figure in each)
    return [
        _said(asked, found[place], sampled=sampled) if place in found else _nowhere(place, list(found))
        for place in asked.places
    ]


def _said(asked: Asked, returned: Sequence[_Returned], *, sampled: bool) -> Said:
    """The figure of a place. Where two returns tell it differently, nobody here can know which is right: none is."""
    figure = returned[0][1]
    if any(_numbers(other) != _numbers(figure) for _, other in returned):
        return Said(reason="returned_differently", instead=_each(returned), returns=[each for each, _ in returned])
    given = _given(figure) if sampled else _worked_out(asked, figure)
    source = asked.series.source
    return Said(
        value=_number(figure.value),
        numerator=_number(figure.numerator),
        denominator=_number(figure.denominator),
        intervals=given,
        status=figure.status,
        markers=figure.markers,
        reason=None if figure.status is None else WITHOUT_VALUE[figure.status],
        publication=PublishedSource(
            publisher=source.publisher if source else None,
            title=source.title if source else None,
            identifier=source.identifier if source else None,
            statistical_status=source.statistical_status if source else None,
            value=figure.value,
            limits_derived=any(each.method is not IntervalMethod.PUBLISHED for each in given),
            note=figure.note,
        ),
        returns=[each for each, _ in returned],
    )


def _numbers(figure: PublishedFigure) -> tuple[object, ...]:
    """What it tells, however it is written: 60.1 and 60.10 are one."""
    limits = {(each.confidence, Decimal(each.lower), Decimal(each.upper)) for each in figure.limits}
    counts = (figure.value, figure.numerator, figure.denominator)
    return (*(None if text is None else Decimal(text) for text in counts), limits, figure.status)


def _each(returned: Sequence[_Returned]) -> str:
    told = (
        f"{figure.value or f'[{figure.status}]'} ({one.service}, {one.period.code}, of {one.organisation})"
        for one, figure in returned
    )
    return f"It was returned as {' and as '.join(told)}. Correct or withdraw what is wrong."


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _given(figure: PublishedFigure) -> list[Interval]:
    return [
        Interval(lower=float(o.lower), upper=float(o.upper), confidence=o.confidence, method=o.method)
        for o in figure.limits
    ]


def _worked_out(asked: Asked, figure: PublishedFigure) -> list[Interval]:
    """Of a share that is its counts' own; none where rounding, or a fault, has set the two apart."""
    value = _number(figure.value)
    numerator, denominator = (round(_number(text) or 0) for text in (figure.numerator, figure.denominator))
    if (
        value is None
        or asked.measure.kind is not Kind.PROPORTION
        or not 0 <= numerator <= denominator
        or not denominator
    ):
        return []
    counts = intervals.exactly(numerator, denominator)
    found = [intervals.proportion(counts, confidence=each, per=scale(asked.measure)) for each in Confidence]
    return found if found[0].lower <= value <= found[0].upper else []


def _nowhere(place: Place, there: Sequence[Place]) -> Said:
    """What the publication has instead: the same breakdown elsewhere, or the same area otherwise."""
    if not there:
        return Said(reason="no_data")
    area, breakdown = place
    areas = [where for where, key in there if key == breakdown]
    keys = [key or "the total" for where, key in there if where == area]
    told: list[str] = []
    if areas:
        told.append(f"for {_listed(areas)}" if not breakdown else f"by {breakdown} for {_listed(areas)}")
    if keys:
        told.append(f"for {area} as {_listed(keys)}")
    if not told:
        told.append(f"for {_listed(list(dict.fromkeys(where for where, _ in there)))}, not by {breakdown}")
    return Said(reason=AS_PUBLISHED_ONLY, instead=f"It is published {', and '.join(told)}.")


def _listed(codes: Sequence[str]) -> str:
    more = len(codes) - MOST_NAMED
    return ", ".join(codes[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
