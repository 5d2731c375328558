"""The figures of a release that progress shows: the latest of each measure, those before, and the newest period."""

from collections.abc import Iterable, Mapping

from api.figures.period_resolution import period_sort_key
from api.figures.query import LATEST_KEYWORD
from api.outcomes.released_query import CoveredPeriods
from api.outcomes.released_views import MeasureFigures
from api.plan.catalogue import Catalogue, find_headline_series
from schema.measures import Collection, Measure
from schema.outcomes import ResolvedPeriod
from schema.periods import Period
from schema.released_figures import PublishedFigure


def find_newest_periods(covered: CoveredPeriods, catalogue: Catalogue) -> dict[str, Period]:
    """Return the newest period of each measure that the release covers, with or without returns."""
    newest: dict[str, Period] = {}
    for measure in catalogue.plan.measures:
        of_series = covered.get((measure.slug, find_headline_series(measure).slug), ())
        collected = [period for period, _ in of_series if _is_collected(period, measure)]
        if collected:
            newest[measure.slug] = max(collected, key=period_sort_key)
    return newest


def _is_collected(period: Period, measure: Measure) -> bool:
    """Return False for the longer periods that a release adds to those of the measure's calendar."""
    is_published = find_headline_series(measure).collection is Collection.PUBLISHED
    return is_published or period.type is measure.cadence.period_type


def group_figures(
    figures: Iterable[PublishedFigure],
    companions: Iterable[PublishedFigure],
    newest: Mapping[str, Period],
    resolved: Iterable[ResolvedPeriod],
    catalogue: Catalogue,
) -> dict[str, MeasureFigures]:
    """Group by measure, in plan order. Without any return, the latest figure is that of the newest period."""
    latest = {one.measure: one.period for one in resolved if one.token == LATEST_KEYWORD and one.period}
    figures_by_measure: dict[str, dict[str, PublishedFigure]] = {}
    for figure in sorted(figures, key=lambda figure: period_sort_key(figure.period)):
        if _is_collected(figure.period, catalogue.measures[figure.measure]):
            figures_by_measure.setdefault(figure.measure, {})[figure.period.code] = figure
    companion_figures = list(companions)
    grouped: dict[str, MeasureFigures] = {}
    for measure in catalogue.plan.measures:
        of_measure = figures_by_measure.get(measure.slug, {})
        code = newest[measure.slug].code if measure.slug in newest else ""
        last = of_measure.get(latest.get(measure.slug, code))
        grouped[measure.slug] = MeasureFigures(
            history=[one for one in of_measure.values() if last and one.period.end <= last.period.end],
            newest=of_measure.get(code),
            companions=[one for one in companion_figures if one.measure == measure.slug],
        )
    return grouped
