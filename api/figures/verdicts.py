"""Verdicts: a figure compared with other areas, its own start, its recent years and the programme's target.

They are calculated from readings, which can come from partners' returns or from published figures.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from api.figures.history import EARLIER_TREND_POINTS, find_start_periods, find_trend_periods, is_ratio
from api.figures.preview_figures import PlainFigures, add_intervals, calculate_figures
from api.figures.query import COMPARABLE_KINDS
from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import ReturnsData, SelectedRevision
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.reviews.concessions import NO_CONCESSIONS, Concessions
from api.statistics import comparison, movement, periods, trends
from api.statistics.readings import Reading
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.measures import LAST_PERIOD_KINDS, Aim, Measure, MeasureKind
from schema.outcomes import Comparator, Contributor, PreviewFigure, TargetVerdict
from schema.periods import Period
from schema.submissions import Marker
from schema.verdicts import (
    AreaComparison,
    Movement,
    MovementSource,
    MovementSources,
    NoComparisonReason,
    NoMovementReason,
    Trend,
    TrendMethod,
)

MAX_CONTRIBUTORS = 100
_NO_SOURCES = frozenset[MovementSource]()
ReadingLookup = Callable[[str, dict[str, str], Period], Reading | None]
"""Finds the reading of an area, a breakdown and a period in one series; None if there is none."""


def build_judged_figures(
    query: ResolvedQuery,
    data: ReturnsData,
    catalogue: Catalogue,
    concessions: Concessions = NO_CONCESSIONS,
    min_coverage: float | None = None,
) -> list[PreviewFigure]:
    """Return a figure with its verdicts for each selected area and breakdown. They are not protected."""
    current = calculate_figures(query, data, catalogue, concessions, min_coverage)
    earlier = [
        calculate_figures(earlier_query, data, catalogue, concessions, min_coverage)
        for earlier_query in query.earlier_queries
    ]
    find_reading = index_readings(query.measure, catalogue, current, *earlier)
    read_periods = {earlier_query.period for earlier_query in query.earlier_queries}
    starts = [period for period in find_start_periods(query, catalogue, concessions) if period in read_periods]
    selected_count = len(query.areas) * len(query.breakdowns)
    return [
        replace(
            _judge_figure(figure, find_reading, starts, query, catalogue, is_complete=current.is_complete)
            if figure.lower_bound is not None
            else figure,
            contributors=figure.contributors[:MAX_CONTRIBUTORS],
        )
        for figure in current.figures[:selected_count]
    ]


def _judge_figure(
    figure: PreviewFigure,
    find_reading: ReadingLookup,
    starts: Sequence[Period],
    query: ResolvedQuery,
    catalogue: Catalogue,
    *,
    is_complete: bool,
) -> PreviewFigure:
    since_start, sources = _judge_movement(figure, find_reading, starts, query, catalogue, is_complete=is_complete)
    target = None
    if _is_headline_total(figure, query, catalogue):
        target = judge_target(query.measure, figure.period, figure.lower_bound, figure.upper_bound)
    judged = replace(
        figure,
        comparators=list(_compare_with_areas(figure, find_reading, query, catalogue)),
        movement=since_start,
        movement_sources=sources,
        trend=_judge_figure_trend(figure, find_reading, query, catalogue),
        target=target,
    )
    return add_intervals(judged, to_reading(figure, query.measure, catalogue).shown_intervals)


def to_reading(figure: PreviewFigure, measure: Measure, catalogue: Catalogue) -> Reading:
    """Convert a figure to the form that comparisons and trends use. A successor has its predecessors' place."""
    intervals: list[Interval] = []
    for confidence, lower, upper in (
        (Confidence.P95, figure.lower, figure.upper),
        (Confidence.P99_8, figure.lower_99_8, figure.upper_99_8),
    ):
        if lower is not None and upper is not None and figure.interval_method is not None:
            intervals.append(Interval(lower=lower, upper=upper, confidence=confidence, method=figure.interval_method))
    is_bounded = figure.value is None
    # A publisher's own limits mean that the figure comes from a sample, whose weighted counts are not its size.
    is_counted = figure.source is None or figure.interval_method is IntervalMethod.WILSON
    return Reading(
        series=f"{figure.measure}/{figure.series}",
        period=figure.period,
        value=figure.value,
        low=figure.lower_bound if is_bounded else None,
        high=figure.upper_bound if is_bounded else None,
        numerator=None if not is_counted or figure.numerator is None else round(figure.numerator),
        denominator=None if not is_counted or figure.denominator is None else round(figure.denominator),
        intervals=tuple(intervals),
        has_break=Marker.BREAK in figure.markers,
        is_estimate=figure.kind in COMPARABLE_KINDS or figure.source is not None,
        counts_events=measure.counts_events,
        digits=_count_digits(figure),
        sources=None if figure.source else list_sources(figure.contributors, catalogue),
    )


def _count_digits(figure: PreviewFigure) -> int | None:
    """Return the digits after the point: those that were published, none of a count; None for an unrounded ratio."""
    if figure.source is not None and figure.source.value is not None:
        return len(figure.source.value.partition(".")[2])
    return None if figure.kind in COMPARABLE_KINDS else 0


def list_sources(returns: Iterable[Contributor | SelectedRevision], catalogue: Catalogue) -> frozenset[MovementSource]:
    """Return the organisations and services of returns. A successor has its predecessors' place."""
    successors = catalogue.successor_by_organisation
    pairs = {(successors.get(item.organisation, item.organisation), item.service) for item in returns}
    return frozenset(MovementSource(organisation=organisation, service=service) for organisation, service in pairs)


def index_readings(measure: Measure, catalogue: Catalogue, *periods_of_figures: PlainFigures) -> ReadingLookup:
    """Return a function that finds the reading of a figure."""
    readings = {
        (figure.area, format_breakdown_key(figure.breakdown), figure.period.code): to_reading(
            figure, measure, catalogue
        )
        for plain in periods_of_figures
        for figure in plain.figures
    }
    return lambda area, breakdown, period: readings.get((area, format_breakdown_key(breakdown), period.code))


def _compare_with_areas(
    figure: PreviewFigure, find_reading: ReadingLookup, query: ResolvedQuery, catalogue: Catalogue
) -> Iterator[Comparator]:
    codes = query.comparators
    if codes is None:
        codes = _choose_default_comparators(figure, find_reading, query, catalogue)
    reading = to_reading(figure, query.measure, catalogue)
    for code in codes:
        other = find_reading(code, figure.breakdown, figure.period)
        yield compare_with_area(reading, other, figure.area, code, query.measure.direction.aim, catalogue)


def compare_with_area(
    reading: Reading, other: Reading | None, area: str, comparator: str, aim: Aim, catalogue: Catalogue
) -> Comparator:
    """Compare the figure of an area with that of another: a wider area is a standard, any other a peer.

    The 99.8 % intervals are used where they exist. A part of the figure's own area is not independent of it, so that
    there is a reason instead of a verdict.
    """
    name = catalogue.areas[comparator].name
    if other is None or other.value is None:
        return Comparator(
            area=comparator, name=name, value=None, verdict=None, confidence=None, reason="no_published_equivalent"
        )
    if catalogue.is_wider(comparator, area):
        five_way = reading.find_interval(Confidence.P99_8) is not None
        result = comparison.compare_with_standard(reading, other, aim, five_way=five_way)
    elif catalogue.is_within(comparator, area):
        result = AreaComparison(reason=NoComparisonReason.PART_OF_AREA)
    else:
        result = comparison.compare_with_peer(reading, other, aim)
    return Comparator(
        area=comparator,
        name=name,
        value=other.value,
        verdict=result.verdict,
        confidence=result.confidence,
        reason=result.reason,
        method=result.method,
    )


def _choose_default_comparators(
    figure: PreviewFigure, find_reading: ReadingLookup, query: ResolvedQuery, catalogue: Catalogue
) -> list[str]:
    """Return the wider areas that have a value; if none has one, the nearest wider area, which states the reason.

    For a published series, return all wider areas and the peers of the programme's area that have a value.
    """
    wider = catalogue.list_area_and_ancestors(figure.area)[1:]

    def select_with_value(codes: Sequence[str]) -> list[str]:
        readings = {code: find_reading(code, figure.breakdown, figure.period) for code in codes}
        return [code for code, reading in readings.items() if reading is not None and reading.value is not None]

    if not query.is_published:
        return select_with_value(wider) or wider[:1]
    is_inside = catalogue.is_within(figure.area, catalogue.plan.area)
    return [*wider, *(select_with_value(catalogue.peer_areas) if is_inside else [])]


def _is_headline_total(figure: PreviewFigure, query: ResolvedQuery, catalogue: Catalogue) -> bool:
    """Return True if the plan's baseline and targets apply: to the headline series, for the plan's area, in total."""
    return query.series.headline and figure.area == catalogue.plan.area and not figure.breakdown


def _judge_movement(
    figure: PreviewFigure,
    find_reading: ReadingLookup,
    starts: Sequence[Period],
    query: ResolvedQuery,
    catalogue: Catalogue,
    *,
    is_complete: bool,
) -> tuple[Movement, MovementSources | None]:
    """Return the movement since the plan's baseline, otherwise since the first comparable period with a value.

    Name the sources that differ. In a preview `first_released` is the first returned period: releases are not read.
    """
    if not (is_complete or is_ratio(query)):
        return Movement(reason=NoMovementReason.INCOMPLETE), None
    reading = to_reading(figure, query.measure, catalogue)
    readings = [
        earlier for period in starts if (earlier := find_reading(figure.area, figure.breakdown, period)) is not None
    ]
    result = movement.calculate_movement(
        reading,
        readings,
        query.measure.direction.aim,
        baseline=query.measure.baseline if _is_headline_total(figure, query, catalogue) else None,
        is_stock=query.measure.kind is MeasureKind.STOCK,
    )
    if result.reason is not NoMovementReason.NOT_COMPARABLE:
        return result if is_complete else movement.leave_unjudged(result), None
    start, _ = movement.find_start(reading, readings)
    before, now = (start and start.sources) or _NO_SOURCES, reading.sources or _NO_SOURCES
    return result, MovementSources(missing=sorted(before - now), new=sorted(now - before))


def _judge_figure_trend(
    figure: PreviewFigure, find_reading: ReadingLookup, query: ResolvedQuery, catalogue: Catalogue
) -> Trend:
    """Return the trend of the last five years of the series, this figure's year the last.

    For a series that is not annual, the periods alone determine the reason why there is no trend.
    """
    is_annual = figure.period.type in trends.ANNUAL_TYPES
    years = find_trend_periods(query) if is_annual else query.earlier_periods
    points = [
        find_reading(figure.area, figure.breakdown, period)
        or Reading(series=f"{figure.measure}/{figure.series}", period=period, value=None)
        for period in years[-EARLIER_TREND_POINTS:]
    ]
    return judge_trend([*points, to_reading(figure, query.measure, catalogue)], query.measure)


def judge_trend(points: Sequence[Reading], measure: Measure) -> Trend:
    """Return the trend. A proportion is tested by its counts if every point has them."""
    is_counted = measure.kind is MeasureKind.PROPORTION and all(point.numerator is not None for point in points)
    method = TrendMethod.COCHRAN_ARMITAGE if is_counted else TrendMethod.WEIGHTED_LEAST_SQUARES
    return trends.calculate_trend(points, measure.direction.aim, kind=measure.kind, method=method)


def judge_target(measure: Measure, period: Period, low: float | None, high: float | None) -> TargetVerdict | None:
    """Compare a figure with the plan's target for the period; return None if the plan sets none.

    A stock or a cumulative count is a state at the end of its period, so that the target of any period that ends on
    the same day applies: the year's target to the last quarter. A flow has a target only for its own span.
    """
    targets = {target.period: target.value for target in measure.targets}
    candidates = [
        candidate
        for candidate in map(periods.parse, targets)
        if periods.is_same_span(candidate, period)
        or (measure.kind in LAST_PERIOD_KINDS and candidate.end == period.end)
    ]
    if not candidates:
        return None
    own_days = period.end - period.start
    closest = min(candidates, key=lambda candidate: abs(candidate.end - candidate.start - own_days))
    value = targets[closest.code]
    return TargetVerdict(value=value, met=_is_target_met(low, high, value, measure), period=closest.code)


def _is_target_met(low: float | None, high: float | None, target: float, measure: Measure) -> bool | None:
    """Return True if the figure is at the target or beyond it; None if the target lies between its bounds."""
    if measure.direction.aim is Aim.DECREASE:
        is_met, is_missed = high is not None and high <= target, low is not None and low > target
    else:
        is_met, is_missed = low is not None and low >= target, high is not None and high < target
    return True if is_met else False if is_missed else None
