"""Coverage of each series in each period of a release, as it is when the release is made."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from api.figures.completeness import ReturnCompleteness, assess_completeness
from api.figures.resolution import ResolvedQuery, resolve_period
from api.figures.returns_data import SelectedRevision
from api.figures.verdicts import list_sources
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.plan.counted_sources import find_repeated_returns, select_counted_returns
from api.plan.periods import LONGER_PERIOD_TYPES
from api.protection.scopes import SeriesScopes, iterate_series_periods, list_released_periods
from api.releases.figure_keys import SeriesKey
from api.releases.returned_sources import ReturnedSources
from api.reviews.concessions import Concessions
from api.statistics import periods
from schema.measures import LAST_PERIOD_KINDS, MeasureKind
from schema.periods import Period
from schema.submissions import ReturnKind
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
    returns_by_series = _group_by_series(returns)
    for query, period in _list_queries(catalogue, scopes, returns_by_series, today=today):
        key = (query.measure.slug, query.series.slug)
        yield (key, period.code), resolve_period(query, _find_last_part(query, period), catalogue, returns_by_series)


def _find_last_part(query: ResolvedQuery, period: Period) -> Period:
    """Return the period whose returns are behind the figure of a stock: of a longer period, the last part."""
    cadence = query.measure.cadence.period_type
    is_last = query.measure.kind in LAST_PERIOD_KINDS and period.type in LONGER_PERIOD_TYPES.get(cadence, ())
    return periods.divide_period(period, cadence)[-1] if is_last else period


def find_returned_sources(
    catalogue: Catalogue, scopes: Sequence[SeriesScopes], returns: Iterable[SelectedRevision], *, today: date
) -> ReturnedSources:
    """Return who has returned what, and the longer periods of stocks whose last part lacks a source."""
    returns_by_series = _group_by_series(revision for revision in returns if revision.is_counted)
    services: dict[tuple[SeriesKey, str], dict[str, frozenset[str]]] = {}
    for key, of_series in returns_by_series.items():
        for one in of_series:
            of_period = services.setdefault((key, one.period.code), {})
            of_period[one.organisation] = of_period.get(one.organisation, frozenset()) | {one.service}
    lacking: set[tuple[SeriesKey, str]] = set()
    for query, period in _list_queries(catalogue, scopes, returns_by_series, today=today):
        key, last = (query.measure.slug, query.series.slug), _find_last_part(query, period)
        if last != period:
            inside = [one for one in returns_by_series.get(key, []) if periods.contains(period, one.period)]
            counted = select_counted_returns(query.measure, query.series, inside, catalogue)
            of_last = {(one.organisation, one.service) for one in counted if one.period == last}
            if not {(one.organisation, one.service) for one in counted} <= of_last:
                lacking.add((key, period.code))
    return ReturnedSources(
        services=services, lacking_at_end=frozenset(lacking), bases=_find_bases(catalogue, returns_by_series)
    )


def _find_bases(
    catalogue: Catalogue, returns_by_series: Mapping[SeriesKey, Sequence[SelectedRevision]]
) -> dict[tuple[SeriesKey, str], dict[str, tuple[int, ...]]]:
    """Return to what counts are rounded. A nil return is exact, unless it keeps the counts of an earlier return."""
    bases: dict[tuple[SeriesKey, str], dict[str, tuple[int, ...]]] = {}
    for key, returns in returns_by_series.items():
        measure = catalogue.measures[key[0]]
        [series] = [series for series in measure.series if series.slug == key[1]]
        pairs = [(one, one) for one in returns if one.kind is ReturnKind.DATA]
        if measure.kind is MeasureKind.CUMULATIVE:
            pairs += find_repeated_returns(series, returns, returns)
        for one, counted in pairs:
            if counted.rounded_to is not None:
                of_period = bases.setdefault((key, one.period.code), {})
                of_period[one.organisation] = (*of_period.get(one.organisation, ()), counted.rounded_to)
    return bases


def _group_by_series(returns: Iterable[SelectedRevision]) -> dict[SeriesKey, list[SelectedRevision]]:
    returns_by_series: dict[SeriesKey, list[SelectedRevision]] = {}
    for revision in returns:
        returns_by_series.setdefault((revision.measure, revision.series), []).append(revision)
    return returns_by_series


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
