"""What a figure says beside others: a wider area, its own start, its own recent years, the programme's target.

It is told from readings, whatever they were made from: the returns of partners, or figures as published.
"""

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from api.figures import preview_figures
from api.figures.completeness import completeness
from api.figures.preview_figures import Plain
from api.figures.resolution import Asked
from api.figures.returns_data import StandingCells
from api.plan.catalogue import Catalogue, breakdown_key
from api.reviews import concessions
from api.reviews.concessions import Leeway
from api.statistics import comparison, periods, rollup
from api.statistics import trend as trends
from api.statistics.readings import Reading
from schema.intervals import Confidence, Interval, IntervalMethod
from schema.outcomes import Comparator, TargetVerdict, UnprotectedFigure
from schema.periods import Period, PeriodType
from schema.plan import Aim, Area, Kind, Measure
from schema.submissions import Marker
from schema.verdicts import Movement, NotMoved, Trend, TrendMethod

TREND = trends.POINTS - 1  # the points of a trend before the figure itself
Source = Callable[[str, dict[str, str], Period], Reading | None]
"""The reading of an area, a breakdown and a period in one series; None where there is none."""


def answered(
    asked: Asked,
    cells: StandingCells,
    catalogue: Catalogue,
    granted: Leeway = concessions.NONE,
    least_coverage: float | None = None,
) -> list[UnprotectedFigure]:
    """A figure for each area and breakdown asked for, with all that it says. They are not protected."""
    now = preview_figures.plain(asked, cells, catalogue, granted, least_coverage)
    before = [preview_figures.plain(one, cells, catalogue, granted, least_coverage) for one in asked.earlier]
    source = source_of(now, *before)
    read = {one.period for one in asked.earlier}
    starts = [period for period in _starts(asked, catalogue, granted) if period in read]
    wanted = len(asked.areas) * len(asked.breakdowns)
    return [
        replace(
            figure,
            comparators=list(_comparators(figure, source, asked, catalogue)),
            movement=_movement(figure, source, starts, asked, catalogue, whole=now.whole),
            trend=_trend(figure, source, asked),
            target=target_of(asked.measure, figure.period, figure.lower_bound, figure.upper_bound)
            if _is_the_programmes(figure, asked, catalogue)
            else None,
        )
        if figure.lower_bound is not None
        else figure
        for figure in now.figures[:wanted]
    ]


def sparing(asked: Asked, catalogue: Catalogue, granted: Leeway, starts: int) -> Asked:
    """The question with no more earlier periods than its verdicts rest on, since each costs as much as its own.

    They are the years of a trend, and the first `starts` periods from which a movement may start; where a figure has
    none in these (`is_settled`), it is to be asked again with more.
    """
    wanted = {one.code for one in (*_starts(asked, catalogue, granted)[:starts], *_years(asked)[-TREND:])}
    return replace(
        asked, earlier=[one for one in asked.earlier if one.period is not None and one.period.code in wanted]
    )


def is_settled(
    figures: Sequence[UnprotectedFigure], asked: Asked, catalogue: Catalogue, granted: Leeway, starts: int
) -> bool:
    """Whether no figure would find a start of its movement in later periods than those `starts` ones."""
    return starts >= len(_starts(asked, catalogue, granted)) or not any(
        figure.movement is not None and figure.movement.reason is NotMoved.NO_START for figure in figures
    )


def _starts(asked: Asked, catalogue: Catalogue, granted: Leeway) -> list[Period]:
    """The periods from which a movement may start, the earliest first.

    Of a published series, which is older than the programme, those that reach into the programme's own time. A count
    with a return missing is set beside nothing, nor is anything set beside it, or the gap would pass for a fall.
    """
    if asked.as_published:
        return [period for period in asked.past if period.end >= catalogue.plan.window.start]
    if _grows_not(asked):
        return list(asked.past)
    if not completeness(asked, catalogue, granted).whole:
        return []
    return [one.period for one in asked.earlier if one.period and completeness(one, catalogue, granted).whole]


def _grows_not(asked: Asked) -> bool:
    return asked.measure.kind in rollup.RATIOS or asked.measure.kind is Kind.GAP


def _years(asked: Asked) -> list[Period]:
    """The earlier points of a trend. Of years that are told each quarter those that end in the same month, so that
    none overlaps. None where no trend is told.
    """
    period = asked.period
    if period is None or period.type not in trends.ANNUAL or asked.measure.kind not in trends.KINDS:
        return []
    if period.type is PeriodType.MONTHS_ENDING:
        return [year for year in asked.past if year.end.month == period.end.month]
    return list(asked.past)


def reading_of(figure: UnprotectedFigure) -> Reading:
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
    counted = figure.publication is None or figure.interval_method is IntervalMethod.WILSON
    return Reading(
        series=f"{figure.measure}/{figure.series}",
        period=figure.period,
        value=figure.value,
        low=figure.lower_bound if bounded else None,
        high=figure.upper_bound if bounded else None,
        numerator=None if not counted or figure.numerator is None else round(figure.numerator),
        denominator=None if not counted or figure.denominator is None else round(figure.denominator),
        intervals=tuple(found),
        breaks=Marker.BREAK in figure.markers,
    )


def source_of(*rolled: Plain) -> Source:
    """What returns say, as readings."""
    found = {
        (figure.area, breakdown_key(figure.breakdown), figure.period.code): reading_of(figure)
        for one in rolled
        for figure in one.figures
    }
    return lambda area, breakdown, period: found.get((area, breakdown_key(breakdown), period.code))


def _comparators(figure: UnprotectedFigure, source: Source, asked: Asked, catalogue: Catalogue) -> Iterator[Comparator]:
    """Those that were asked for, else the usual ones."""
    aim = asked.measure.direction.aim
    codes = asked.comparators
    if codes is None:
        codes = _usual(figure, source, asked, catalogue)
    reading = reading_of(figure)
    for code in codes:
        yield beside(reading, source(code, figure.breakdown, figure.period), catalogue.areas[code], aim)


def beside(reading: Reading, other: Reading | None, area: Area, aim: Aim) -> Comparator:
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
    compared = comparison.compare(reading, other, aim, five_way=reading.interval(Confidence.P99_8) is not None)
    return Comparator(
        area=area.code,
        name=area.name,
        value=other.value,
        verdict=compared.verdict,
        confidence=compared.confidence,
        reason=compared.reason,
    )


def _usual(figure: UnprotectedFigure, source: Source, asked: Asked, catalogue: Catalogue) -> list[str]:
    """The wider areas of the family that have a value; where none has, the nearest stands for them and says so.

    Of a published series all the wider areas, and those peers of the programme's area that it is published for.
    """
    wider = catalogue.ancestors(figure.area)[1:]

    def there(codes: Sequence[str]) -> list[str]:
        return [code for code in codes if _value(source(code, figure.breakdown, figure.period)) is not None]

    if not asked.as_published:
        return there(wider) or wider[:1]
    own = catalogue.lies_within(figure.area, catalogue.plan.area)
    return [*wider, *(there(catalogue.outside) if own else [])]


def _value(reading: Reading | None) -> float | None:
    return None if reading is None else reading.value


def _is_the_programmes(figure: UnprotectedFigure, asked: Asked, catalogue: Catalogue) -> bool:
    """Whether baseline and targets are about it: the plan states them for its own area and the headline series."""
    return asked.series.headline and figure.area == catalogue.plan.area and not figure.breakdown


def _movement(
    figure: UnprotectedFigure,
    source: Source,
    starts: Sequence[Period],
    asked: Asked,
    catalogue: Catalogue,
    *,
    whole: bool,
) -> Movement:
    """Since the plan's baseline, or the first period of the series with a value.

    In a preview `first_released` is the first period that was returned: no release is looked at.
    """
    if not (whole or _grows_not(asked)):
        return Movement(reason=NotMoved.INCOMPLETE)
    found = [source(figure.area, figure.breakdown, period) for period in starts]
    return comparison.movement(
        reading_of(figure),
        [one for one in found if one is not None],
        asked.measure.direction.aim,
        baseline=asked.measure.baseline if _is_the_programmes(figure, asked, catalogue) else None,
    )


def _trend(figure: UnprotectedFigure, source: Source, asked: Asked) -> Trend:
    """Over the last five years of the series, this figure's the last; a proportion of counts by its counts.

    Of what is not annual the periods alone are looked at: they tell why there is no trend.
    """
    years = _years(asked) if figure.period.type in trends.ANNUAL else asked.past
    points = [
        source(figure.area, figure.breakdown, period)
        or Reading(series=f"{figure.measure}/{figure.series}", period=period, value=None)
        for period in years[-TREND:]
    ]
    return trend_of([*points, reading_of(figure)], asked.measure)


def trend_of(points: Sequence[Reading], measure: Measure) -> Trend:
    """A proportion of which every point tells its counts is judged by these."""
    counted = measure.kind is Kind.PROPORTION and all(point.numerator is not None for point in points)
    method = TrendMethod.COCHRAN_ARMITAGE if counted else TrendMethod.WEIGHTED_LEAST_SQUARES
    return trends.trend(points, measure.direction.aim, kind=measure.kind, method=method)


def target_of(measure: Measure, period: Period, low: float | None, high: float | None) -> TargetVerdict | None:
    """Beside the target that the plan sets for the end of the period, if it sets one."""
    values = [each.value for each in measure.targets if periods.same_span(periods.parse(each.period), period)]
    return TargetVerdict(value=values[0], met=_met(low, high, values[0], measure)) if values else None


def _met(low: float | None, high: float | None, target: float, measure: Measure) -> bool | None:
    """Whether a figure is at the target or beyond; None where its bounds lie on both sides."""
    if measure.direction.aim is Aim.DECREASE:
        reached, missed = high is not None and high <= target, low is not None and low > target
    else:
        reached, missed = low is not None and low >= target, high is not None and high < target
    return True if reached else False if missed else None
