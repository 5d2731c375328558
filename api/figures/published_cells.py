"""Figures of published statistics, as their publisher states them. They are never rolled up or joined.

The publisher's own limits are used. A proportion without limits gets Wilson's interval if the publisher states its
counts, marked as derived here. If any figure of a publication has limits, the statistic comes from a sample: its
weighted counts are not a sample size, so no interval or trend is calculated from them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from api.figures.resolution import AS_PUBLISHED_ONLY, MAX_LISTED_CODES, CellKey, ResolvedQuery
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
_ReturnedFigure = tuple[SelectedRevision, PublisherFigure]


class PublishedCell(Struct, frozen=True, kw_only=True):
    """The publisher's figure for one cell, as numbers. `reason` is set if there is no number."""

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
    """Return one cell for each of the query's cell keys, in their order."""
    returned: dict[CellKey, list[_ReturnedFigure]] = {}
    for revision in query.revisions:
        for figure in published.get(revision.id, ()):
            key = (figure.area, format_breakdown_key(figure.breakdown))
            returned.setdefault(key, []).append((revision, figure))
    is_sample = any(figure.limits for figures in returned.values() for _, figure in figures)
    return [
        _build_cell(query, returned[key], is_sample=is_sample)
        if key in returned
        else _explain_missing(key, list(returned))
        for key in query.cell_keys
    ]


def _build_cell(query: ResolvedQuery, returned: Sequence[_ReturnedFigure], *, is_sample: bool) -> PublishedCell:
    """Return the figure of a cell. If two returns contradict each other, show neither: either may be wrong."""
    figure = returned[0][1]
    revisions = [revision for revision, _ in returned]
    if any(_normalise_numbers(other) != _normalise_numbers(figure) for _, other in returned):
        return PublishedCell(
            reason="conflicting_returns", alternatives=_describe_conflict(returned), revisions=revisions
        )
    cell_intervals = _read_publisher_intervals(figure) if is_sample else _calculate_intervals(query, figure)
    source = query.series.source
    return PublishedCell(
        value=_to_float(figure.value),
        numerator=_to_float(figure.numerator),
        denominator=_to_float(figure.denominator),
        intervals=cell_intervals,
        status=figure.status,
        markers=figure.markers,
        reason=None if figure.status is None else REASON_BY_STATUS[figure.status],
        source=PublishedSource(
            publisher=source.publisher if source else None,
            title=source.title if source else None,
            identifier=source.identifier if source else None,
            statistical_status=source.statistical_status if source else None,
            value=figure.value,
            limits_derived=any(interval.method is not IntervalMethod.PUBLISHED for interval in cell_intervals),
            note=figure.note,
            trend=figure.trend if all(other.trend == figure.trend for _, other in returned) else None,
        ),
        revisions=revisions,
    )


def _normalise_numbers(figure: PublisherFigure) -> tuple[object, ...]:
    """Return the figure's numbers and status for comparison: 60.1 and 60.10 are equal."""
    limits = {(limit.confidence, Decimal(limit.lower), Decimal(limit.upper)) for limit in figure.limits}
    counts = (figure.value, figure.numerator, figure.denominator)
    return (*(None if text is None else Decimal(text) for text in counts), limits, figure.status)


def _describe_conflict(returned: Sequence[_ReturnedFigure]) -> str:
    values = (
        f"{figure.value or f'[{figure.status}]'} "
        f"({revision.service}, {revision.period.code}, from {revision.organisation})"
        for revision, figure in returned
    )
    return f"It was returned as {' and as '.join(values)}. Correct or withdraw the wrong return."


def _to_float(text: str | None) -> float | None:
    return None if text is None else float(text)


def _read_publisher_intervals(figure: PublisherFigure) -> list[Interval]:
    return [
        Interval(
            lower=float(limits.lower), upper=float(limits.upper), confidence=limits.confidence, method=limits.method
        )
        for limits in figure.limits
    ]


def _calculate_intervals(query: ResolvedQuery, figure: PublisherFigure) -> list[Interval]:
    """Return the intervals of a proportion of published counts.

    Return nothing if the published value lies outside, as rounded or faulty counts can cause.
    """
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
    cell_intervals = [
        intervals.calculate_proportion_interval(counts, confidence=level, per=unit_multiplier(query.measure))
        for level in Confidence
    ]
    return cell_intervals if cell_intervals[0].lower <= value <= cell_intervals[0].upper else []


def _explain_missing(cell_key: CellKey, published_keys: Sequence[CellKey]) -> PublishedCell:
    """Name published alternatives: the same breakdown for other areas, or other breakdowns of the same area."""
    if not published_keys:
        return PublishedCell(reason="no_data")
    area, breakdown = cell_key
    areas = [published_area for published_area, key in published_keys if key == breakdown]
    keys = [key or "the total" for published_area, key in published_keys if published_area == area]
    options: list[str] = []
    if areas:
        options.append(f"for {_join_codes(areas)}" if not breakdown else f"by {breakdown} for {_join_codes(areas)}")
    if keys:
        options.append(f"for {area} as {_join_codes(keys)}")
    if not options:
        other_areas = list(dict.fromkeys(published_area for published_area, _ in published_keys))
        options.append(f"for {_join_codes(other_areas)}, not by {breakdown}")
    return PublishedCell(reason=AS_PUBLISHED_ONLY, alternatives=f"It is published {', and '.join(options)}.")


def _join_codes(codes: Sequence[str]) -> str:
    rest = len(codes) - MAX_LISTED_CODES
    return ", ".join(codes[:MAX_LISTED_CODES]) + (f" and {rest} more" if rest > 0 else "")
