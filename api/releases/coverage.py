"""Coverage of each series in each period of a release, as it is when the release is made."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from api.figures.completeness import ReturnCompleteness, assess_completeness
from api.figures.resolution import ResolvedQuery, resolve_period
from api.figures.returns_data import SelectedRevision
from api.figures.verdicts import list_sources
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.protection.scopes import SeriesScopes, iterate_series_periods, list_released_periods
from api.releases.figure_keys import SeriesKey
from api.reviews.concessions import Concessions
from schema.periods import Period
from schema.verdicts import MovementSource


def calculate_coverage(
    catalogue: Catalogue,
    scopes: Sequence[SeriesScopes],
    returns: Iterable[SelectedRevision],
    concessions: Concessions,
    *,
    today: date,
) -> dict[tuple[SeriesKey, str], ReturnCompleteness]:
    """Return the completeness of every series in every period that the release covers."""
    return {
        key: assess_completeness(resolved, catalogue, concessions)
        for key, resolved in _resolve_periods(catalogue, scopes, returns, today=today)
    }


def find_sources(
    catalogue: Catalogue, scopes: Sequence[SeriesScopes], returns: Iterable[SelectedRevision], *, today: date
) -> dict[tuple[SeriesKey, str], frozenset[MovementSource]]:
    """Return the organisations and services that returned each series in each period. It depends on no count."""
    return {
        key: list_sources((revision for revision in resolved.all_revisions if revision.is_counted), catalogue)
        for key, resolved in _resolve_periods(catalogue, scopes, returns, today=today)
    }


def _resolve_periods(
    catalogue: Catalogue, scopes: Sequence[SeriesScopes], returns: Iterable[SelectedRevision], *, today: date
) -> Iterator[tuple[tuple[SeriesKey, str], ResolvedQuery]]:
    """Yield the total of each series in each period, with its returns."""
    returns_by_series: dict[SeriesKey, list[SelectedRevision]] = {}
    for revision in returns:
        returns_by_series.setdefault((revision.measure, revision.series), []).append(revision)
    for query, period in _list_queries(catalogue, scopes, returns_by_series, today=today):
        key = (query.measure.slug, query.series.slug)
        yield (key, period.code), resolve_period(query, period, catalogue, returns_by_series)


def _list_queries(
    catalogue: Catalogue,
    scopes: Sequence[SeriesScopes],
    returns_by_series: Mapping[SeriesKey, Sequence[SelectedRevision]],
    *,
    today: date,
) -> Iterator[tuple[ResolvedQuery, Period]]:
    """Yield a query for the total of each series, with each period: those of its scopes, or else by the calendar."""
    periods_by_series: dict[SeriesKey, dict[str, Period]] = {}
    for key, period in iterate_series_periods(scopes):
        periods_by_series.setdefault(key, {})[period.code] = period
    for measure in catalogue.plan.measures:
        for series in measure.series:
            key = (measure.slug, series.slug)
            if key not in periods_by_series:
                returned = [revision.period for revision in returns_by_series.get(key, [])]
                ended, longer = list_released_periods(measure, catalogue, returned, today=today)
                periods_by_series[key] = {period.code: period for period in (*ended, *longer)}
            query = ResolvedQuery(
                measure=measure, series=series, period=None, areas=[catalogue.plan.area], breakdowns=[TOTAL_KEY]
            )
            yield from ((query, period) for period in periods_by_series[key].values())
