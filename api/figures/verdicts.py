"""What a figure says beside others: a wider area, its own start, its own recent years, the programme's target.

It is told from readings, whatever they were made from: the returns of partners, or figures as published.
"""

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from api.figures import preview_figures
from api.figures.completeness import assess_completeness
from api.figures.preview_figures import PlainFigures
from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import RevisionCells
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.reviews import concessions
from api.reviews.concessions import Concessions
from api.statistics import comparison, periods
from api.statistics import trend as trends
from api.statistics.readings import Reading
from schema.areas import Area
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.measures import RATIO_KINDS, Aim, Measure, MeasureKind
from schema.outcomes import Comparator, PreviewFigure, TargetVerdict
from schema.periods import Period, PeriodType
from schema.submissions import Marker
from schema.verdicts import Movement, NoMovementReason, Trend, TrendMethod

EARLIER_TREND_POINTS = trends.TREND_POINTS - 1  # the points of a trend before the figure itself
ReadingLookup = Callable[[str, dict[str, str], Period], Reading | None]
"""The reading of an area, a breakdown and a period in one series; None where there is none."""


def build_judged_figures(
    query: ResolvedQuery,
    cells: RevisionCells,
    catalogue: Catalogue,
    concessions: Concessions = concessions.NO_CONCESSIONS,
    min_coverage: float | None = None,
) -> list[PreviewFigure]:
    """A figure for each area and breakdown asked for, with all that it says. They are not protected."""
    now = preview_figures.calculate_figures(query, cells, catalogue, concessions, min_coverage)
    before = [
        preview_figures.calculate_figures(one, cells, catalogue, concessions, min_coverage)
        for one in query.earlier_queries
    ]
    source = index_readings(now, *before)
    read = {one.period for one in query.earlier_queries}
    starts = [period for period in _find_start_periods(query, catalogue, concessions) if period in read]
    wanted = len(query.areas) * len(query.breakdowns)
    return [
        replace(
            figure,
            comparators=list(_compare_with_areas(figure, source, query, catalogue)),
            movement=_judge_movement(figure, source, starts, query, catalogue, is_complete=now.is_complete),
            trend=_judge_figure_trend(figure, source, query),
            target=judge_target(query.measure, figure.period, figure.lower_bound, figure.upper_bound)
            if _is_headline_total(figure, query, catalogue)
            else None,
        )
        if figure.lower_bound is not None
        else figure
        for figure in now.figures[:wanted]
    ]


def limit_history(query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions, starts: int) -> ResolvedQuery:
    """The question with no more earlier periods than its verdicts rest on, since each costs as much as its own.

    They are the years of a trend, and the first `starts` periods from which a movement may start; where a figure has
    none in these (`is_settled`), it is to be asked again with more.
    """
    wanted = {
        one.code
        for one in (
            *_find_start_periods(query, catalogue, concessions)[:starts],
            *_find_trend_periods(query)[-EARLIER_TREND_POINTS:],
        )
    }
    return replace(
        query,
        earlier_queries=[one for one in query.earlier_queries if one.period is not None and one.period.code in wanted],
    )


def has_enough_history(
    figures: Sequence[PreviewFigure], query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions, starts: int
) -> bool:
    """Whether no figure would find a start of its movement in later periods than those `starts` ones."""
    return starts >= len(_find_start_periods(query, catalogue, concessions)) or not any(
        figure.movement is not None and figure.movement.reason is NoMovementReason.NO_START for figure in figures
    )


def _find_start_periods(query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions) -> list[Period]:
    """The periods from which a movement may start, the earliest first.

    Of a published series, which is older than the programme, those that reach into the programme's own time. A count
    with a return missing is set beside nothing, nor is anything set beside it, or the gap would pass for a fall.
    """
    if query.is_published:
        return [period for period in query.earlier_periods if period.end >= catalogue.plan.window.start]
    if _is_ratio(query):
        return list(query.earlier_periods)
    if not assess_completeness(query, catalogue, concessions).is_complete:
        return []
    return [
        one.period
        for one in query.earlier_queries
        if one.period and assess_completeness(one, catalogue, concessions).is_complete
    ]


def _is_ratio(query: ResolvedQuery) -> bool:
    return query.measure.kind in RATIO_KINDS or query.measure.kind is MeasureKind.GAP


def _find_trend_periods(query: ResolvedQuery) -> list[Period]:
    """The earlier points of a trend. Of years that are told each quarter those that end in the same month, so that
    none overlaps. None where no trend is told.
    """
    period = query.period
    if period is None or period.type not in trends.ANNUAL_TYPES or query.measure.kind not in trends.TREND_KINDS:
        return []
    if period.type is PeriodType.MONTHS_ENDING:
        return [year for year in query.earlier_periods if year.end.month == period.end.month]
    return list(query.earlier_periods)


def to_reading(figure: PreviewFigure) -> Reading:
    """The figure as the verdicts read it."""
    found: list[Interval] = []
    for confidence, lower, upper in (
        (Confidence.P95, figure.lower, figure.upper),
        (Confidence.P99_8, figure.lower_99_8, figure.upper_99_8),
    ):
        if lower is not None and upper is not None and figure.interval_method is not None:
            found.append(Interval(lower=lower, upper=upper, confidence=confidence, method=figure.interval_method))
    bounded = figure.value is None
    # Limits of its publisher's own tell of a sample, whose weighted counts are not its size.
    counted = figure.source is None or figure.interval_method is IntervalMethod.WILSON
    return Reading(
        series=f"{figure.measure}/{figure.series}",
        period=figure.period,
        value=figure.value,
        low=figure.lower_bound if bounded else None,
        high=figure.upper_bound if bounded else None,
        numerator=None if not counted or figure.numerator is None else round(figure.numerator),
        denominator=None if not counted or figure.denominator is None else round(figure.denominator),
        intervals=tuple(found),
        has_break=Marker.BREAK in figure.markers,
    )


def index_readings(*rolled: PlainFigures) -> ReadingLookup:
    """What returns say, as readings."""
    found = {
        (figure.area, format_breakdown_key(figure.breakdown), figure.period.code): to_reading(figure)
        for one in rolled
        for figure in one.figures
    }
    return lambda area, breakdown, period: found.get((area, format_breakdown_key(breakdown), period.code))


def _compare_with_areas(
    figure: PreviewFigure, source: ReadingLookup, query: ResolvedQuery, catalogue: Catalogue
) -> Iterator[Comparator]:
    """Those that were asked for, else the usual ones."""
    aim = query.measure.direction.aim
    codes = query.comparators
    if codes is None:
        codes = _choose_default_comparators(figure, source, query, catalogue)
    reading = to_reading(figure)
    for code in codes:
        yield compare_with_area(reading, source(code, figure.breakdown, figure.period), catalogue.areas[code], aim)


def compare_with_area(reading: Reading, other: Reading | None, area: Area, aim: Aim) -> Comparator:
    """A figure beside that of another area, by both of its intervals where it has them."""
    if other is None or other.value is None:
        return Comparator(
            area=area.code,
            name=area.name,
            value=None,
            verdict=None,
            confidence=None,
            reason="no_published_equivalent",
        )
    compared = comparison.compare(reading, other, aim, five_way=reading.find_interval(Confidence.P99_8) is not None)
    return Comparator(
        area=area.code,
        name=area.name,
        value=other.value,
        verdict=compared.verdict,
        confidence=compared.confidence,
        reason=compared.reason,
    )


def _choose_default_comparators(
    figure: PreviewFigure, source: ReadingLookup, query: ResolvedQuery, catalogue: Catalogue
) -> list[str]:
    """The wider areas of the family that have a value; where none has, the nearest stands for them and says so.

    Of a published series all the wider areas, and those peers of the programme's area that it is published for.
    """
    wider = catalogue.list_area_and_ancestors(figure.area)[1:]

    def there(codes: Sequence[str]) -> list[str]:
        return [code for code in codes if _get_value(source(code, figure.breakdown, figure.period)) is not None]

    if not query.is_published:
        return there(wider) or wider[:1]
    own = catalogue.is_within(figure.area, catalogue.plan.area)
    return [*wider, *(there(catalogue.peer_areas) if own else [])]


def _get_value(reading: Reading | None) -> float | None:
    return None if reading is None else reading.value


def _is_headline_total(figure: PreviewFigure, query: ResolvedQuery, catalogue: Catalogue) -> bool:
    """Whether baseline and targets are about it: the plan states them for its own area and the headline series."""
    return query.series.headline and figure.area == catalogue.plan.area and not figure.breakdown


def _judge_movement(
    figure: PreviewFigure,
    source: ReadingLookup,
    starts: Sequence[Period],
    query: ResolvedQuery,
    catalogue: Catalogue,
    *,
    is_complete: bool,
) -> Movement:
    """Since the plan's baseline, or the first period of the series with a value.

    In a preview `first_released` is the first period that was returned: no release is looked at.
    """
    if not (is_complete or _is_ratio(query)):
        return Movement(reason=NoMovementReason.INCOMPLETE)
    found = [source(figure.area, figure.breakdown, period) for period in starts]
    return comparison.calculate_movement(
        to_reading(figure),
        [one for one in found if one is not None],
        query.measure.direction.aim,
        baseline=query.measure.baseline if _is_headline_total(figure, query, catalogue) else None,
    )


def _judge_figure_trend(figure: PreviewFigure, source: ReadingLookup, query: ResolvedQuery) -> Trend:
    """Over the last five years of the series, this figure's the last; a proportion of counts by its counts.

    Of what is not annual the periods alone are looked at: they tell why there is no trend.
    """
    years = _find_trend_periods(query) if figure.period.type in trends.ANNUAL_TYPES else query.earlier_periods
    points = [
        source(figure.area, figure.breakdown, period)
        or Reading(series=f"{figure.measure}/{figure.series}", period=period, value=None)
        for period in years[-EARLIER_TREND_POINTS:]
    ]
    return judge_trend([*points, to_reading(figure)], query.measure)


def judge_trend(points: Sequence[Reading], measure: Measure) -> Trend:
    """A proportion of which every point tells its counts is judged by these."""
    counted = measure.kind is MeasureKind.PROPORTION and all(point.numerator is not None for point in points)
    method = TrendMethod.COCHRAN_ARMITAGE if counted else TrendMethod.WEIGHTED_LEAST_SQUARES
    return trends.calculate_trend(points, measure.direction.aim, kind=measure.kind, method=method)


def judge_target(measure: Measure, period: Period, low: float | None, high: float | None) -> TargetVerdict | None:
    """Beside the target that the plan sets for the end of the period, if it sets one."""
    values = [each.value for each in measure.targets if periods.is_same_span(periods.parse(each.period), period)]
    return TargetVerdict(value=values[0], met=_is_target_met(low, high, values[0], measure)) if values else None


def _is_target_met(low: float | None, high: float | None, target: float, measure: Measure) -> bool | None:
    """Whether a figure is at the target or beyond; None where its bounds lie on both sides."""
    if measure.direction.aim is Aim.DECREASE:
        reached, missed = high is not None and high <= target, low is not None and low > target
    else:
        reached, missed = low is not None and low >= target, high is not None and high < target
    return True if reached else False if missed else None
