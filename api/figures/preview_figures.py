"""Preview figures: value, bounds, intervals, coverage and contributors of each area and breakdown.

Proportions have Wilson's interval, rates Byar's (exact below 10), and the gap of two proportions Newcombe's: they
are read as the risk of a population, of which one year's people are a chance outcome. Fingertips does the same.
Counts (`flow`, `stock`, `cumulative`, `distinct` and their sums) have no interval, because everybody was counted
and nobody was sampled; their bounds and their coverage state how far they can be wrong. Means have no interval,
because returns do not include a spread.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from api.figures import formulas, published_cells
from api.figures.blank import build_blank_figure, mask_low_coverage
from api.figures.common_sources import CommonReturns, find_common_returns
from api.figures.completeness import assess_completeness
from api.figures.published_cells import PublishedCell
from api.figures.resolution import NOT_A_COUNT, ResolvedQuery
from api.figures.returns_data import ReturnsData, SelectedRevision
from api.figures.roll_up_cells import RollUpResult, roll_up_cells
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Concessions
from api.statistics import intervals, periods
from api.statistics.intervals import RatioCounts
from api.statistics.roll_up import Tally
from api.submissions.effects import unit_multiplier
from schema.intervals import Confidence, Interval
from schema.measures import MeasureKind
from schema.outcomes import Contributor, PreviewFigure
from schema.periods import Period, PeriodType
from schema.plan import Plan
from schema.submissions import Marker, ReviewState, Status


class PlainFigures(Struct, frozen=True, kw_only=True):
    """The figures of one series and period before any comparison, and whether all owed returns are behind them."""

    figures: list[PreviewFigure]
    is_complete: bool


def calculate_figures(
    query: ResolvedQuery,
    data: ReturnsData,
    catalogue: Catalogue,
    concessions: Concessions,
    min_coverage: float | None = None,
    common: Sequence[CommonReturns] | None = None,
) -> PlainFigures:
    """Return a figure for each area and breakdown, including those without data. They are not protected.

    `contributors` has all of them: verdicts need them, and shorten the list.
    """
    completeness = assess_completeness(query, catalogue, concessions)
    period = query.period or build_programme_period(catalogue.plan)
    blanks = [build_blank_figure(query, period, area, breakdown, completeness) for area, breakdown in query.cell_keys]
    figures = list(_calculate_each(query, blanks, data, catalogue, concessions, common))
    if completeness.is_below(min_coverage):
        figures = [figure if figure.lower_bound is None else mask_low_coverage(figure) for figure in figures]
    return PlainFigures(figures=figures, is_complete=completeness.is_complete)


def _calculate_each(
    query: ResolvedQuery,
    blanks: Sequence[PreviewFigure],
    data: ReturnsData,
    catalogue: Catalogue,
    concessions: Concessions,
    common: Sequence[CommonReturns] | None,
) -> Iterator[PreviewFigure]:
    if query.reason is not None:
        refused = RollUpResult(tally=Tally(reason=query.reason))
        yield from (_build_figure(query, blank, refused) for blank in blanks)
    elif query.is_published:
        published = published_cells.find_published_cells(query, data.published_figures)
        yield from map(_build_published_figure, blanks, published)
    elif query.formula_inputs:
        common = find_common_returns(query, data, catalogue)
        inputs = [
            calculate_figures(part, data, catalogue, concessions, common=common).figures
            for part in query.formula_inputs
        ]
        yield from (
            _build_derived_figure(query, blank, parts, common[index] if common else None)
            for index, (blank, parts) in enumerate(zip(blanks, zip(*inputs, strict=True), strict=True))
        )
    else:
        names = None if common is None else [of_cell.names for of_cell in common]
        results = roll_up_cells(query, data.cells, catalogue, names)
        yield from (_build_figure(query, blank, result) for blank, result in zip(blanks, results, strict=True))


def build_programme_period(plan: Plan) -> Period:
    """Return the period from the programme's first month to its last, for figures of which nothing was returned."""
    months = (plan.window.end.year - plan.window.start.year) * 12 + plan.window.end.month - plan.window.start.month + 1
    return periods.build_period(PeriodType.TO_DATE, plan.window.start.replace(day=1), months=months)


def _build_figure(query: ResolvedQuery, blank: PreviewFigure, result: RollUpResult) -> PreviewFigure:
    tally = result.tally
    is_ratio = tally.denominator_low is not None
    factor = unit_multiplier(query.measure) if is_ratio else 1
    bounds = (tally.ratio_low, tally.ratio_high) if is_ratio else (tally.low, tally.high)
    low, high = (None if bound is None else bound * factor for bound in bounds)
    value = low if low is not None and low == high else None
    period_by_end = {part.end.toordinal(): part for part in query.part_periods}
    figure = replace(
        blank,
        value=value,
        lower_bound=low,
        upper_bound=high,
        largest_error=None if value is None else 0,
        numerator=tally.low if is_ratio and tally.low == tally.high else None,
        denominator=tally.denominator_low if is_ratio and tally.denominator_low == tally.denominator_high else None,
        status=None if low is not None else _choose_status(tally.reason),
        markers=[] if low is None else _list_provisional_marker(result.revisions),
        reason=tally.reason,
        as_of=None if tally.as_of is None else period_by_end[tally.as_of],
        mixed_as_of=None if tally.as_of is None else tally.has_mixed_as_of,
        cells_without_value=tally.missing_entries,
        contributors=_list_contributors(result.revisions),
        alternatives=query.alternatives,
    )
    return add_intervals(figure, _calculate_intervals(query, tally, factor))


def _choose_status(reason: str | None) -> Status:
    return Status.NOT_APPLICABLE if reason == NOT_A_COUNT else Status.NOT_AVAILABLE


def _list_provisional_marker(revisions: Sequence[SelectedRevision]) -> list[Marker]:
    is_approved = all(revision.state is ReviewState.APPROVED for revision in revisions)
    return [] if is_approved else [Marker.PROVISIONAL]


def _list_contributors(revisions: Sequence[SelectedRevision]) -> list[Contributor]:
    return [
        Contributor(
            organisation=revision.organisation,
            service=revision.service,
            period=revision.period.code,
            revision=revision.number,
            state=revision.state,
        )
        for revision in revisions
    ]


def _calculate_intervals(query: ResolvedQuery, tally: Tally, factor: float) -> list[Interval]:
    """Return the intervals at 95 and 99.8 % in the measure's unit; for bounds, the envelope; for counts, nothing."""
    if tally.low is None or tally.denominator_low is None or tally.ratio_low is None:
        return []
    counts = RatioCounts(
        numerator_low=tally.low,
        numerator_high=tally.high,
        denominator_low=tally.denominator_low,
        denominator_high=tally.denominator_high,
    )
    if query.measure.kind is MeasureKind.PROPORTION:
        return [intervals.calculate_proportion_interval(counts, confidence=level, per=factor) for level in Confidence]
    if query.measure.kind is MeasureKind.RATE and tally.high is not None:
        return [intervals.calculate_rate_interval(counts, confidence=level, per=factor) for level in Confidence]
    return []


def add_intervals(figure: PreviewFigure, intervals_by_confidence: Sequence[Interval]) -> PreviewFigure:
    """Return the figure with the given intervals."""
    if not intervals_by_confidence:
        return figure
    interval_by_level = {interval.confidence: interval for interval in intervals_by_confidence}
    narrow, wide = interval_by_level.get(Confidence.P95), interval_by_level.get(Confidence.P99_8)
    return replace(
        figure,
        lower=narrow.lower if narrow else None,
        upper=narrow.upper if narrow else None,
        lower_99_8=wide.lower if wide else None,
        upper_99_8=wide.upper if wide else None,
        interval_method=intervals_by_confidence[0].method,
    )


def _build_published_figure(blank: PreviewFigure, cell: PublishedCell) -> PreviewFigure:
    provisional = [] if cell.value is None else _list_provisional_marker(cell.revisions)
    figure = replace(
        blank,
        value=cell.value,
        lower_bound=cell.value,
        upper_bound=cell.value,
        largest_error=None if cell.value is None else 0,
        numerator=cell.numerator,
        denominator=cell.denominator,
        status=cell.status,
        markers=list(dict.fromkeys([*cell.markers, *provisional])),
        reason=cell.reason,
        contributors=_list_contributors(cell.revisions),
        alternatives=cell.alternatives,
        source=cell.source,
    )
    return add_intervals(figure, cell.intervals)


def _build_derived_figure(
    query: ResolvedQuery, blank: PreviewFigure, parts: Sequence[PreviewFigure], common: CommonReturns | None
) -> PreviewFigure:
    """Return the result of the formula with the markers, dates and contributors of its parts."""
    result = formulas.apply_formula(query, parts, common)
    has_result = result.low is not None
    value = result.low if has_result and result.low == result.high else None
    dates = {part.as_of.code: part.as_of for part in parts if part.as_of}
    figure = replace(
        blank,
        value=value,
        lower_bound=result.low,
        upper_bound=result.high,
        largest_error=None if value is None else 0,
        status=None if has_result else Status.NOT_AVAILABLE,
        markers=sorted({marker for part in parts for marker in part.markers}) if has_result else [],
        reason=result.reason,
        as_of=max(dates.values(), key=lambda period: period.end, default=None),
        mixed_as_of=(len(dates) > 1 or any(part.mixed_as_of for part in parts)) if dates else None,
        complete=blank.complete and not (common and common.sources_left_out),
        cells_without_value=sum(part.cells_without_value for part in parts),
        contributors=list(chain.from_iterable(part.contributors for part in parts)),
        alternatives=result.alternatives,
    )
    return add_intervals(figure, result.intervals)
