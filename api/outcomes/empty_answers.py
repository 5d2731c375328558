"""Rows with reasons for the series of a released read that have no figures, so that no list is empty.

A question that no release can answer is refused, with the nearest one that is valid. Whether it is depends on the plan
and on published statistics alone, never on what partners returned.
"""

from collections.abc import Sequence
from datetime import date
from itertools import product

from msgspec.structs import replace

from api.figures.blank import build_blank_figure
from api.figures.completeness import ReturnCompleteness
from api.figures.period_resolution import period_sort_key
from api.figures.preview_figures import build_programme_period
from api.figures.query import NotCollected, OutcomeQuery, QueryAxes, list_breakdown_keys
from api.figures.resolution import AS_PUBLISHED_ONLY, CellKey, ResolvedQuery
from api.http.refusals import Invalid
from api.outcomes.released_query import CoveredPeriods, list_selected_periods
from api.plan.breakdowns import cross_categories
from api.plan.catalogue import Catalogue
from api.plan.scope_members import PROTECTED_KINDS
from api.plan.scope_shapes import list_scope_areas
from api.protection.scopes import list_released_periods
from api.releases.figure_builder import NO_RETURNS
from api.releases.published_statistics import convert_published_figure
from api.statistics import periods
from schema.measures import Collection, Measure, Series
from schema.periods import Period, PeriodType
from schema.released_figures import PublishedFigure

MAX_SUGGESTED_PERIODS = 3
NO_COMPLETENESS = ReturnCompleteness(coverage=NO_RETURNS, counted_returns=0, is_complete=False)


class PeriodNotReleased(Invalid):
    """No release has the measure in this period."""

    example = "GET …/outcomes?measure=ips-primary-care-referrals&period=2025-07\n\nIt is released for quarters."
    fix = "Use one of the periods that the detail names. `…/outcomes/availability` lists them all."


def explain_missing_series(
    query: OutcomeQuery,
    axes: QueryAxes,
    missing: Sequence[tuple[Measure, Series]],
    covered: CoveredPeriods,
    catalogue: Catalogue,
    *,
    release: int,
) -> list[PublishedFigure]:
    """Return a row with the reason for each cell that the query selects of a series without figures.

    A row has the area and the breakdown of the query, so that it is not taken for the total.

    Raises PeriodNotReleased or NotCollected if the query names its measures, and no release has any of these figures.
    """
    explained = [
        (measure, series, *_explain_series(measure, series, query, axes, covered, catalogue))
        for measure, series in missing
    ]
    refusals = [refusal for *_, refusal in explained if refusal is not None]
    if query.measures and refusals and len(refusals) == len(axes.series):
        raise refusals[0]
    return [
        replace(
            _build_blank(measure, series, period, cell, release, catalogue),
            reason=reason,
            alternatives=None if refusal is None else str(refusal),
        )
        for measure, series, period, reason, refusal in explained
        for cell in product(axes.areas, cross_categories(axes.categories))
    ]


def _explain_series(
    measure: Measure,
    series: Series,
    query: OutcomeQuery,
    axes: QueryAxes,
    covered: CoveredPeriods,
    catalogue: Catalogue,
) -> tuple[Period, str, Invalid | None]:
    """Return a period for the row of a series, the reason, and the refusal if no release has such a figure."""
    of_release = covered.get((measure.slug, series.slug), ())
    selected = list_selected_periods(query, measure, series, of_release)
    period = (selected or [build_programme_period(catalogue.plan)])[-1]
    is_covered = bool(selected) and any(periods.is_same_span(period, one) for one, _ in of_release)
    reason, refusal = "no_data" if selected is None else "no_period_in_range", None
    if selected:
        is_published = series.collection is Collection.PUBLISHED
        valid = [one for one, _ in of_release] if is_published else list_registered_periods(measure, catalogue)
        is_snapshot = not is_published and measure.cadence.period_type is PeriodType.SNAPSHOT
        if is_published and is_covered:
            reason = AS_PUBLISHED_ONLY
        elif is_snapshot or any(periods.is_same_span(one, other) for one in selected for other in valid):
            reason = "not_in_release"
        else:
            reason = AS_PUBLISHED_ONLY if is_published else "period_not_released"
            refusal = _refuse_period(measure, series, period, valid)
    of_cells = _refuse_cells(measure, series, axes, catalogue)
    return (period, reason, refusal) if of_cells is None else (period, *of_cells)


def _refuse_cells(
    measure: Measure, series: Series, axes: QueryAxes, catalogue: Catalogue
) -> tuple[str, NotCollected] | None:
    """Return why no release has the series in the areas and the breakdown of the query; None if one may have."""
    schemes = [one for one in measure.schemes if len(one.dimensions) <= catalogue.plan.disclosure.breakdowns]
    has_breakdown = series.collection is Collection.PUBLISHED or not axes.dimensions or _is_protected(measure, series)
    if not has_breakdown or list_breakdown_keys(measure, axes, schemes, is_named=False) is None:
        return "breakdown_not_collected", NotCollected(f"{measure.slug} is not released by this breakdown.")
    areas = list_registered_areas(measure, series, axes, catalogue)
    if series.collection is Collection.PUBLISHED or not areas.isdisjoint(axes.areas):
        return None
    levels = sorted({catalogue.areas[code].level for code in areas}, key=catalogue.level_ranks.__getitem__)
    detail = f"{measure.slug} is released in this breakdown for areas of the level {' or '.join(levels)} only."
    return "area_not_released", NotCollected(detail)


def list_registered_periods(measure: Measure, catalogue: Catalogue) -> list[Period]:
    """Return every period of the programme that a release can have of a measure, whenever it is made."""
    ended, longer = list_released_periods(measure, catalogue, [], today=date.max)
    return sorted([*ended, *longer], key=period_sort_key)


def list_registered_areas(measure: Measure, series: Series, axes: QueryAxes, catalogue: Catalogue) -> set[str]:
    """Return the areas for which a release has the series in the breakdown of the query."""
    if not _is_protected(measure, series):
        return {catalogue.plan.area}
    finest = catalogue.find_finest_level(measure, axes.dimensions)
    deepest = catalogue.level_ranks[finest] if finest else 0
    return {
        area.code
        for area in list_scope_areas(measure, catalogue)
        if catalogue.level_ranks[catalogue.areas[area.code].level] <= deepest
    }


def _is_protected(measure: Measure, series: Series) -> bool:
    return series.collection is Collection.PARTNERS and measure.kind in PROTECTED_KINDS


def _refuse_period(measure: Measure, series: Series, period: Period, released: Sequence[Period]) -> PeriodNotReleased:
    """Return a refusal that names the released periods that are nearest to a period."""

    def measure_distance(other: Period) -> int:
        return abs((other.start - period.start).days) + abs((other.end - period.end).days)

    codes = [one.code for one in sorted(released, key=measure_distance)[:MAX_SUGGESTED_PERIODS]]
    nearest = f"The nearest ones are {', '.join(codes)}." if codes else "It has no released period."
    name = measure.slug if series.headline else f"The series {series.slug} of {measure.slug}"
    return PeriodNotReleased(f"{name} is not released for {period.code}. {nearest}")


def _build_blank(
    measure: Measure, series: Series, period: Period, cell: CellKey, release: int, catalogue: Catalogue
) -> PublishedFigure:
    query = ResolvedQuery(measure=measure, series=series, period=period, areas=[], breakdowns=[])
    blank = build_blank_figure(query, period, *cell, NO_COMPLETENESS)
    return convert_published_figure(blank, release, catalogue.plan.disclosure.version)
