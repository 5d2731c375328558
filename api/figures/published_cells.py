"""Figures of published statistics, as their publisher gives them: never rolled up, and never joined.

A publisher's own limits are carried. A share without any, whose publisher gives its counts, gets Wilson's interval,
marked as worked out here. Where a publication has limits somewhere, it rests on a sample: its weighted counts are no
sample's size, so nothing is worked out from them, here or in a trend.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from api.figures.resolution import AS_PUBLISHED_ONLY, MAX_LISTED_CODES, ResolvedQuery
from api.figures.returns_data import SelectedRevision
from api.plan.breakdowns import format_breakdown_key
from api.statistics import intervals
from api.submissions.effects import unit_multiplier
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.measures import MeasureKind
from schema.outcomes import PublishedSource
from schema.submissions import Marker, PublisherFigure, Status

REASON_BY_STATUS = {
    Status.CONFIDENTIAL: "suppressed_by_publisher",
    Status.NOT_AVAILABLE: "not_available",
    Status.NOT_APPLICABLE: "not_applicable",
    Status.NONE_RECORDED: "none_recorded",
}
CellKey = tuple[str, str]  # area, key of the breakdown
_ReturnedFigure = tuple[SelectedRevision, PublisherFigure]


class PublishedCell(Struct, frozen=True, kw_only=True):
    """What the publisher says of one place, as numbers; `reason` where it is no number."""

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    intervals: list[Interval] = []
    status: Status | None = Status.NOT_AVAILABLE
    markers: list[Marker] = []
    reason: str | None = None
    alternatives: str | None = None
    source: PublishedSource | None = None
    revisions: list[SelectedRevision] = []


def find_published_cells(
    query: ResolvedQuery, published: Mapping[int, Sequence[PublisherFigure]]
) -> list[PublishedCell]:
    """One for each of the places asked for, in their order."""
    found: dict[CellKey, list[_ReturnedFigure]] = {}
    for one in query.revisions:
        for figure in published.get(one.id, ()):
            found.setdefault((figure.area, format_breakdown_key(figure.breakdown)), []).append((one, figure))
    sampled = any(figure.limits for each in found.values() for _, figure in each)
    return [
        _build_cell(query, found[place], is_sample=sampled) if place in found else _explain_missing(place, list(found))
        for place in query.cell_keys
    ]


def _build_cell(query: ResolvedQuery, returned: Sequence[_ReturnedFigure], *, is_sample: bool) -> PublishedCell:
    """The figure of a place. Where two returns tell it differently, nobody here can know which is right: none is."""
    figure = returned[0][1]
    if any(_normalise_numbers(other) != _normalise_numbers(figure) for _, other in returned):
        return PublishedCell(
            reason="conflicting_returns",
            alternatives=_describe_conflict(returned),
            revisions=[each for each, _ in returned],
        )
    given = _read_publisher_intervals(figure) if is_sample else _calculate_intervals(query, figure)
    source = query.series.source
    return PublishedCell(
        value=_to_float(figure.value),
        numerator=_to_float(figure.numerator),
        denominator=_to_float(figure.denominator),
        intervals=given,
        status=figure.status,
        markers=figure.markers,
        reason=None if figure.status is None else REASON_BY_STATUS[figure.status],
        source=PublishedSource(
            publisher=source.publisher if source else None,
            title=source.title if source else None,
            identifier=source.identifier if source else None,
            statistical_status=source.statistical_status if source else None,
            value=figure.value,
            limits_derived=any(each.method is not IntervalMethod.PUBLISHED for each in given),
            note=figure.note,
        ),
        revisions=[each for each, _ in returned],
    )


def _normalise_numbers(figure: PublisherFigure) -> tuple[object, ...]:
    """What it tells, however it is written: 60.1 and 60.10 are one."""
    limits = {(each.confidence, Decimal(each.lower), Decimal(each.upper)) for each in figure.limits}
    counts = (figure.value, figure.numerator, figure.denominator)
    return (*(None if text is None else Decimal(text) for text in counts), limits, figure.status)


def _describe_conflict(returned: Sequence[_ReturnedFigure]) -> str:
    told = (
        f"{figure.value or f'[{figure.status}]'} ({one.service}, {one.period.code}, of {one.organisation})"
        for one, figure in returned
    )
    return f"It was returned as {' and as '.join(told)}. Correct or withdraw what is wrong."


def _to_float(text: str | None) -> float | None:
    return None if text is None else float(text)


def _read_publisher_intervals(figure: PublisherFigure) -> list[Interval]:
    return [
        Interval(lower=float(o.lower), upper=float(o.upper), confidence=o.confidence, method=o.method)
        for o in figure.limits
    ]


def _calculate_intervals(query: ResolvedQuery, figure: PublisherFigure) -> list[Interval]:
    """Of a share that is its counts' own; none where rounding, or a fault, has set the two apart."""
    value = _to_float(figure.value)
    numerator, denominator = (round(_to_float(text) or 0) for text in (figure.numerator, figure.denominator))
    if (
        value is None
        or query.measure.kind is not MeasureKind.PROPORTION
        or not 0 <= numerator <= denominator
        or not denominator
    ):
        return []
    counts = intervals.make_exact_counts(numerator, denominator)
    found = [
        intervals.calculate_proportion_interval(counts, confidence=each, per=unit_multiplier(query.measure))
        for each in Confidence
    ]
    return found if found[0].lower <= value <= found[0].upper else []


def _explain_missing(cell_key: CellKey, published_keys: Sequence[CellKey]) -> PublishedCell:
    """What the publication has instead: the same breakdown elsewhere, or the same area otherwise."""
    if not published_keys:
        return PublishedCell(reason="no_data")
    area, breakdown = cell_key
    areas = [where for where, key in published_keys if key == breakdown]
    keys = [key or "the total" for where, key in published_keys if where == area]
    told: list[str] = []
    if areas:
        told.append(f"for {_join_codes(areas)}" if not breakdown else f"by {breakdown} for {_join_codes(areas)}")
    if keys:
        told.append(f"for {area} as {_join_codes(keys)}")
    if not told:
        told.append(f"for {_join_codes(list(dict.fromkeys(where for where, _ in published_keys)))}, not by {breakdown}")
    return PublishedCell(reason=AS_PUBLISHED_ONLY, alternatives=f"It is published {', and '.join(told)}.")


def _join_codes(codes: Sequence[str]) -> str:
    more = len(codes) - MAX_LISTED_CODES
    return ", ".join(codes[:MAX_LISTED_CODES]) + (f" and {more} more" if more > 0 else "")
