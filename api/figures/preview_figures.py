"""One figure of each place, by itself: value, bounds, intervals, coverage, and what it rests on.

Which figures have an interval: a proportion Wilson's, a rate Byar's (exact below 10), the gap of two proportions
Newcombe's, since they are read as the risk of a population, of which one year's people are a chance outcome; so does
Fingertips. A count (`flow`, `stock`, `cumulative`, `distinct`, and sums of them) has none: it says how many there
were, all of them were counted, and none was drawn by chance. How far it may be off is told by its bounds and its
coverage. A mean has none either: its spread is not returned.
"""

from collections.abc import Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from api.figures import formulas, published_cells, roll_up
from api.figures.completeness import Completeness, completeness
from api.figures.published_cells import Said
from api.figures.resolution import Asked
from api.figures.returns_data import StandingCells, StandingRevision
from api.figures.roll_up import Rolled
from api.plan.catalogue import Catalogue, breakdown_of
from api.reviews.concessions import Leeway
from api.statistics import intervals, periods
from api.statistics.intervals import Counts
from api.statistics.rollup import Tally
from api.submissions.effects import scale
from schema.intervals import Confidence, Interval
from schema.outcomes import Contributor, Marker, UnprotectedFigure
from schema.periods import Period, PeriodType
from schema.plan import Kind, Plan
from schema.submissions import ReviewState, Status

MOST_CONTRIBUTORS = 100


class Plain(Struct, frozen=True, kw_only=True):
    """The figures of one series and period, place by place, and whether every owed return is behind them."""

    figures: list[UnprotectedFigure]
    whole: bool


def plain(
    asked: Asked, cells: StandingCells, catalogue: Catalogue, granted: Leeway, least_coverage: float | None = None
) -> Plain:
    """A figure for each place, those without data included. They are not protected, and not compared yet."""
    there = completeness(asked, catalogue, granted)
    period = asked.period or whole_window(catalogue.plan)
    if asked.reason is not None:
        rolled = [Rolled(tally=Tally(reason=asked.reason))] * len(asked.places)
        found = [_figure(asked, period, *at, one, there) for at, one in zip(asked.places, rolled, strict=True)]
    elif asked.as_published:
        found = [
            _published(asked, period, *at, one, there)
            for at, one in zip(asked.places, published_cells.said(asked, cells.published), strict=True)
        ]
    elif asked.inputs:
        parts = [plain(one, cells, catalogue, granted).figures for one in asked.inputs]
        found = [_of_formula(asked, period, each, there) for each in zip(*parts, strict=True)]
    else:
        rolled = roll_up.rolled(asked, cells, catalogue)
        found = [_figure(asked, period, *at, one, there) for at, one in zip(asked.places, rolled, strict=True)]
    if there.below(least_coverage):
        found = [_withheld(figure) for figure in found]
    return Plain(figures=found, whole=there.whole)


def whole_window(plan: Plan) -> Period:
    """What a figure is about when nothing was ever returned: the programme from its first month to its last."""
    months = (plan.window.end.year - plan.window.start.year) * 12 + plan.window.end.month - plan.window.start.month + 1
    return periods.of(PeriodType.TO_DATE, plan.window.start.replace(day=1), months=months)


def _figure(
    asked: Asked, period: Period, area: str, breakdown: str, rolled: Rolled, there: Completeness
) -> UnprotectedFigure:
    tally = rolled.tally
    ratio = tally.base_low is not None
    low, high = (tally.ratio_low, tally.ratio_high) if ratio else (tally.low, tally.high)
    factor = scale(asked.measure) if ratio else 1
    low, high = (None if end is None else end * factor for end in (low, high))
    value = low if low is not None and low == high else None
    ends = {part.end.toordinal(): part for part in asked.parts}
    figure = UnprotectedFigure(
        measure=asked.measure.slug,
        series=asked.series.slug,
        kind=asked.measure.kind,
        unit=asked.measure.unit,
        period=period,
        area=area,
        breakdown=breakdown_of(breakdown),
        value=value,
        lower_bound=low,
        upper_bound=high,
        largest_error=None if value is None else 0,
        numerator=tally.low if ratio and tally.low == tally.high else None,
        denominator=tally.base_low if ratio and tally.base_low == tally.base_high else None,
        lower=None,
        upper=None,
        lower_99_8=None,
        upper_99_8=None,
        interval_method=None,
        status=None if low is not None else _status(tally.reason),
        markers=[Marker.PROVISIONAL] if low is not None and _provisional(rolled.returns) else [],
        reason=tally.reason,
        as_of=None if tally.as_of is None else ends[tally.as_of],
        cells_without_number=tally.left_out,
        coverage=there.coverage,
        comparators=[],
        trend=None,
        movement=None,
        target=None,
        contributors=[_contributor(one) for one in rolled.returns[:MOST_CONTRIBUTORS]],
        instead=asked.instead,
    )
    return with_intervals(figure, _intervals(asked, tally, factor))


def _status(reason: str | None) -> Status:
    return Status.NOT_APPLICABLE if reason == "not_a_count" else Status.NOT_AVAILABLE


def _provisional(returns: Sequence[StandingRevision]) -> bool:
    return any(one.state is not ReviewState.APPROVED for one in returns)


def _contributor(one: StandingRevision) -> Contributor:
    return Contributor(
        organisation=one.organisation,
        service=one.service,
        period=one.period.code,
        revision=one.number,
        state=one.state,
    )


def _intervals(asked: Asked, tally: Tally, factor: float) -> list[Interval]:
    """At 95 and 99.8 %, in the unit of the measure; none of what has none. Of bounds, the envelope."""
    if tally.low is None or tally.base_low is None or tally.ratio_low is None:
        return []
    counts = Counts(low=tally.low, high=tally.high, base_low=tally.base_low, base_high=tally.base_high)
    if asked.measure.kind is Kind.PROPORTION:
        return [intervals.proportion(counts, confidence=each, per=factor) for each in Confidence]
    if asked.measure.kind is Kind.RATE and tally.high is not None:
        return [intervals.rate(counts, confidence=each, per=factor) for each in Confidence]
    return []


def with_intervals(figure: UnprotectedFigure, found: Sequence[Interval]) -> UnprotectedFigure:
    """The figure with its intervals at 95 and 99.8 %, as far as there are any."""
    if not found:
        return figure
    by = {each.confidence: each for each in found}
    narrow, wide = by.get(Confidence.P95), by.get(Confidence.P99_8)
    return replace(
        figure,
        lower=narrow.lower if narrow else None,
        upper=narrow.upper if narrow else None,
        lower_99_8=wide.lower if wide else None,
        upper_99_8=wide.upper if wide else None,
        interval_method=found[0].method,
    )


def _published(
    asked: Asked, period: Period, area: str, breakdown: str, said: Said, there: Completeness
) -> UnprotectedFigure:
    """The figure of a publication, in its place in time and plan."""
    told = said.value is not None
    rolled = Rolled(tally=Tally(reason=said.reason), returns=said.returns)
    provisional = [Marker.PROVISIONAL] if told and _provisional(said.returns) else []
    return with_intervals(
        replace(
            _figure(asked, period, area, breakdown, rolled, there),
            value=said.value,
            lower_bound=said.value,
            upper_bound=said.value,
            largest_error=0 if told else None,
            numerator=said.numerator,
            denominator=said.denominator,
            status=said.status,
            markers=list(dict.fromkeys([*said.markers, *provisional])),
            instead=said.instead,
            publication=said.publication,
        ),
        said.intervals,
    )


def _of_formula(
    asked: Asked, period: Period, parts: Sequence[UnprotectedFigure], there: Completeness
) -> UnprotectedFigure:
    """A derived figure: marked, dated and attributed as its parts are."""
    made = formulas.made(asked, parts)
    told = made.low is not None
    value = made.low if told and made.low == made.high else None
    dates = {part.as_of.code: part.as_of for part in parts if part.as_of}
    return with_intervals(
        replace(
            parts[0],
            measure=asked.measure.slug,
            series=asked.series.slug,
            kind=asked.measure.kind,
            unit=asked.measure.unit,
            period=period,
            value=value,
            lower_bound=made.low,
            upper_bound=made.high,
            largest_error=None if value is None else 0,
            numerator=None,
            denominator=None,
            lower=None,
            upper=None,
            lower_99_8=None,
            upper_99_8=None,
            interval_method=None,
            status=None if told else Status.NOT_AVAILABLE,
            markers=sorted({marker for part in parts for marker in part.markers}) if told else [],
            reason=made.reason,
            as_of=max(dates.values(), key=lambda each: each.end, default=None),
            cells_without_number=sum(part.cells_without_number for part in parts),
            coverage=there.coverage,
            contributors=list(chain.from_iterable(part.contributors for part in parts))[:MOST_CONTRIBUTORS],
            instead=made.instead,
        ),
        made.intervals,
    )


def _withheld(figure: UnprotectedFigure) -> UnprotectedFigure:
    """Too few of the returns are there for a number; what it would rest on is still told."""
    if figure.lower_bound is None:
        return figure
    return replace(
        figure,
        value=None,
        lower_bound=None,
        upper_bound=None,
        largest_error=None,
        numerator=None,
        denominator=None,
        lower=None,
        upper=None,
        lower_99_8=None,
        upper_99_8=None,
        interval_method=None,
        status=Status.NOT_AVAILABLE,
        markers=[],
        reason="coverage_below_minimum",
        as_of=None,
        instead="Ask for a smaller `min_coverage`.",
    )
