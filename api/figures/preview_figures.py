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
from api.figures.completeness import ReturnCompleteness, assess_completeness
from api.figures.published_cells import PublishedCell
from api.figures.resolution import ResolvedQuery
from api.figures.returns_data import RevisionCells, SelectedRevision
from api.figures.roll_up import RollUpResult
from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Concessions
from api.statistics import intervals, periods
from api.statistics.intervals import RatioCounts
from api.statistics.rollup import Tally
from api.submissions.effects import unit_multiplier
from schema.intervals import Confidence, Interval
from schema.measures import MeasureKind
from schema.outcomes import Contributor, Marker, PreviewFigure
from schema.periods import Period, PeriodType
from schema.plan import Plan
from schema.submissions import ReviewState, Status

MAX_CONTRIBUTORS = 100


class PlainFigures(Struct, frozen=True, kw_only=True):
    """The figures of one series and period, place by place, and whether every owed return is behind them."""

    figures: list[PreviewFigure]
    is_complete: bool


def calculate_figures(
    query: ResolvedQuery,
    cells: RevisionCells,
    catalogue: Catalogue,
    concessions: Concessions,
    min_coverage: float | None = None,
) -> PlainFigures:
    """A figure for each place, those without data included. They are not protected, and not compared yet."""
    there = assess_completeness(query, catalogue, concessions)
    period = query.period or build_programme_period(catalogue.plan)
    if query.reason is not None:
        rolled = [RollUpResult(tally=Tally(reason=query.reason))] * len(query.cell_keys)
        found = [_build_figure(query, period, *at, one, there) for at, one in zip(query.cell_keys, rolled, strict=True)]
    elif query.is_published:
        found = [
            _build_published_figure(query, period, *at, one, there)
            for at, one in zip(
                query.cell_keys, published_cells.find_published_cells(query, cells.published_figures), strict=True
            )
        ]
    elif query.formula_inputs:
        parts = [calculate_figures(one, cells, catalogue, concessions).figures for one in query.formula_inputs]
        found = [_build_derived_figure(query, period, each, there) for each in zip(*parts, strict=True)]
    else:
        rolled = roll_up.roll_up_cells(query, cells, catalogue)
        found = [_build_figure(query, period, *at, one, there) for at, one in zip(query.cell_keys, rolled, strict=True)]
    if there.is_below(min_coverage):
        found = [_mask_low_coverage(figure) for figure in found]
    return PlainFigures(figures=found, is_complete=there.is_complete)


def build_programme_period(plan: Plan) -> Period:
    """What a figure is about when nothing was ever returned: the programme from its first month to its last."""
    months = (plan.window.end.year - plan.window.start.year) * 12 + plan.window.end.month - plan.window.start.month + 1
    return periods.build_period(PeriodType.TO_DATE, plan.window.start.replace(day=1), months=months)


def _build_figure(
    query: ResolvedQuery,
    period: Period,
    area: str,
    breakdown: str,
    result: RollUpResult,
    completeness: ReturnCompleteness,
) -> PreviewFigure:
    tally = result.tally
    ratio = tally.denominator_low is not None
    low, high = (tally.ratio_low, tally.ratio_high) if ratio else (tally.low, tally.high)
    factor = unit_multiplier(query.measure) if ratio else 1
    low, high = (None if end is None else end * factor for end in (low, high))
    value = low if low is not None and low == high else None
    ends = {part.end.toordinal(): part for part in query.part_periods}
    figure = PreviewFigure(
        measure=query.measure.slug,
        series=query.series.slug,
        kind=query.measure.kind,
        unit=query.measure.unit,
        period=period,
        area=area,
        breakdown=parse_breakdown_key(breakdown),
        value=value,
        lower_bound=low,
        upper_bound=high,
        largest_error=None if value is None else 0,
        numerator=tally.low if ratio and tally.low == tally.high else None,
        denominator=tally.denominator_low if ratio and tally.denominator_low == tally.denominator_high else None,
        lower=None,
        upper=None,
        lower_99_8=None,
        upper_99_8=None,
        interval_method=None,
        status=None if low is not None else _choose_status(tally.reason),
        markers=[Marker.PROVISIONAL] if low is not None and _has_provisional_revision(result.revisions) else [],
        reason=tally.reason,
        as_of=None if tally.as_of is None else ends[tally.as_of],
        cells_without_value=tally.missing_entries,
        coverage=completeness.coverage,
        comparators=[],
        trend=None,
        movement=None,
        target=None,
        contributors=[_to_contributor(one) for one in result.revisions[:MAX_CONTRIBUTORS]],
        alternatives=query.alternatives,
    )
    return add_intervals(figure, _calculate_intervals(query, tally, factor))


def _choose_status(reason: str | None) -> Status:
    return Status.NOT_APPLICABLE if reason == "not_a_count" else Status.NOT_AVAILABLE


def _has_provisional_revision(revisions: Sequence[SelectedRevision]) -> bool:
    return any(one.state is not ReviewState.APPROVED for one in revisions)


def _to_contributor(revision: SelectedRevision) -> Contributor:
    return Contributor(
        organisation=revision.organisation,
        service=revision.service,
        period=revision.period.code,
        revision=revision.number,
        state=revision.state,
    )


def _calculate_intervals(query: ResolvedQuery, tally: Tally, factor: float) -> list[Interval]:
    """At 95 and 99.8 %, in the unit of the measure; none of what has none. Of bounds, the envelope."""
    if tally.low is None or tally.denominator_low is None or tally.ratio_low is None:
        return []
    counts = RatioCounts(
        numerator_low=tally.low,
        numerator_high=tally.high,
        denominator_low=tally.denominator_low,
        denominator_high=tally.denominator_high,
    )
    if query.measure.kind is MeasureKind.PROPORTION:
        return [intervals.calculate_proportion_interval(counts, confidence=each, per=factor) for each in Confidence]
    if query.measure.kind is MeasureKind.RATE and tally.high is not None:
        return [intervals.calculate_rate_interval(counts, confidence=each, per=factor) for each in Confidence]
    return []


def add_intervals(figure: PreviewFigure, intervals_by_confidence: Sequence[Interval]) -> PreviewFigure:
    """The figure with its intervals at 95 and 99.8 %, as far as there are any."""
    if not intervals_by_confidence:
        return figure
    by = {each.confidence: each for each in intervals_by_confidence}
    narrow, wide = by.get(Confidence.P95), by.get(Confidence.P99_8)
    return replace(
        figure,
        lower=narrow.lower if narrow else None,
        upper=narrow.upper if narrow else None,
        lower_99_8=wide.lower if wide else None,
        upper_99_8=wide.upper if wide else None,
        interval_method=intervals_by_confidence[0].method,
    )


def _build_published_figure(
    query: ResolvedQuery,
    period: Period,
    area: str,
    breakdown: str,
    cell: PublishedCell,
    completeness: ReturnCompleteness,
) -> PreviewFigure:
    """The figure of a publication, in its place in time and plan."""
    told = cell.value is not None
    rolled = RollUpResult(tally=Tally(reason=cell.reason), revisions=cell.revisions)
    provisional = [Marker.PROVISIONAL] if told and _has_provisional_revision(cell.revisions) else []
    return add_intervals(
        replace(
            _build_figure(query, period, area, breakdown, rolled, completeness),
            value=cell.value,
            lower_bound=cell.value,
            upper_bound=cell.value,
            largest_error=0 if told else None,
            numerator=cell.numerator,
            denominator=cell.denominator,
            status=cell.status,
            markers=list(dict.fromkeys([*cell.markers, *provisional])),
            alternatives=cell.alternatives,
            source=cell.source,
        ),
        cell.intervals,
    )


def _build_derived_figure(
    query: ResolvedQuery, period: Period, parts: Sequence[PreviewFigure], completeness: ReturnCompleteness
) -> PreviewFigure:
    """A derived figure: marked, dated and attributed as its parts are."""
    made = formulas.apply_formula(query, parts)
    told = made.low is not None
    value = made.low if told and made.low == made.high else None
    dates = {part.as_of.code: part.as_of for part in parts if part.as_of}
    return add_intervals(
        replace(
            parts[0],
            measure=query.measure.slug,
            series=query.series.slug,
            kind=query.measure.kind,
            unit=query.measure.unit,
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
            cells_without_value=sum(part.cells_without_value for part in parts),
            coverage=completeness.coverage,
            contributors=list(chain.from_iterable(part.contributors for part in parts))[:MAX_CONTRIBUTORS],
            alternatives=made.alternatives,
        ),
        made.intervals,
    )


def _mask_low_coverage(figure: PreviewFigure) -> PreviewFigure:
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
        alternatives="Ask for a smaller `min_coverage`.",
    )
