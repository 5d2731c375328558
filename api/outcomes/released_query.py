"""Queries of a release, resolved to registered periods, areas and breakdowns, never to data.

What a query selects must not depend on the returns, or it would disclose which returns exist.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from api.figures.period_resolution import PeriodResolver
from api.figures.query import OutcomeQuery, QueryAxes, list_breakdown_keys
from api.http.pagination import Position
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.plan.periods import parse_period
from api.releases.figure_blocks import ReleasedPeriod
from api.statistics import periods
from schema.measures import UNCOUNTED_KINDS, Measure, Series
from schema.outcomes import ResolvedPeriod
from schema.periods import Period

CoveredPeriods = Mapping[tuple[str, str], Sequence[tuple[Period, bool]]]
"""The periods that a release covers of each series, in order of time, and whether it has returns for them."""


class ReleaseCursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The position of the last figure or entry of a page."""

    release: Position
    position: Position


class FigureFilter(Struct, frozen=True, kw_only=True):
    """The figures of a series to read. The series is the database's number."""

    series: int
    periods: list[str]
    areas: list[str]
    breakdowns: list[str]


class EntryFilter(Struct, frozen=True, kw_only=True):
    """The entries of a series to read, by the database's numbers; those of every period if `periods` is None."""

    series: int
    periods: list[str] | None


class ReleaseQuery(Struct, frozen=True, kw_only=True):
    """A query, resolved for one release."""

    filters: list[FigureFilter]
    """One filter for each series, in the order of the plan."""
    resolved: list[ResolvedPeriod]


def resolve_query(query: OutcomeQuery, axes: QueryAxes, covered: CoveredPeriods, catalogue: Catalogue) -> ReleaseQuery:
    """Resolve the query for a release. Raises UnclearPeriod, NotCollected or IncompatibleFilters."""
    filters: list[FigureFilter] = []
    resolved: list[ResolvedPeriod] = []
    max_dimensions = catalogue.plan.disclosure.breakdowns
    for measure, series in axes.series:
        codes, resolved_tokens = _match_periods(query, measure, series, covered.get((measure.slug, series.slug), ()))
        resolved += resolved_tokens
        schemes = [scheme for scheme in measure.schemes if len(scheme.dimensions) <= max_dimensions]
        keys = list_breakdown_keys(measure, axes, schemes, is_named=bool(query.measures), verb="released")
        if keys is not None:
            filters.append(
                FigureFilter(
                    series=catalogue.ids.series[measure.slug, series.slug],
                    periods=codes,
                    areas=list(axes.areas),
                    breakdowns=list(keys),
                )
            )
    return ReleaseQuery(filters=filters, resolved=resolved)


def _match_periods(
    query: OutcomeQuery, measure: Measure, series: Series, covered: Sequence[tuple[Period, bool]]
) -> tuple[list[str], list[ResolvedPeriod]]:
    """Return each code of the released periods once. A period of the same span matches even with another code."""
    resolver = _make_resolver(measure, series, covered)
    released = {period.code: period for period, _ in covered}
    codes: list[str] = []
    for period in resolver.resolve(query) or []:
        if period.code in released:
            codes.append(period.code)
        else:
            codes += [code for code, other in released.items() if periods.is_same_span(other, period)]
    return list(dict.fromkeys(codes)), resolver.resolved_tokens


def _make_resolver(measure: Measure, series: Series, covered: Sequence[tuple[Period, bool]]) -> PeriodResolver:
    cadence = measure.cadence.period_type
    returned = [period for period, has_returns in covered if has_returns and period.type is cadence]
    return PeriodResolver(measure, series, returned)


def list_selected_periods(
    query: OutcomeQuery, measure: Measure, series: Series, covered: Sequence[tuple[Period, bool]]
) -> list[Period] | None:
    """Return the periods that a query selects, released or not; None if a relative token has no period."""
    return _make_resolver(measure, series, covered).resolve(query)


def decode_covered_periods(rows: Iterable[ReleasedPeriod], catalogue: Catalogue) -> CoveredPeriods:
    covered: dict[tuple[str, str], list[tuple[Period, bool]]] = {}
    for row in rows:
        if row.series in catalogue.series_slugs:
            spans = covered.setdefault(catalogue.series_slugs[row.series], [])
            spans.append((periods.parse(row.period), row.received))
    return covered


def resolve_entry_filters(
    measures: Sequence[str], period_codes: Sequence[str], covered: CoveredPeriods, catalogue: Catalogue
) -> list[EntryFilter]:
    """Return a filter for each series of the named milestone and evidence measures, or of all of them.

    Raises UnknownCode or UnclearPeriod.
    """
    uncounted = {measure.slug: measure for measure in catalogue.plan.measures if measure.kind in UNCOUNTED_KINDS}
    named = [
        uncounted[check_code("a milestone or evidence measure", slug, uncounted)] for slug in dict.fromkeys(measures)
    ]
    spans = [parse_period(code) for code in period_codes]
    return [
        EntryFilter(
            series=catalogue.ids.series[measure.slug, series.slug],
            periods=_match_period_codes(spans, covered.get((measure.slug, series.slug), ())) if spans else None,
        )
        for measure in named or uncounted.values()
        for series in measure.series
    ]


def _match_period_codes(spans: Sequence[Period], covered: Iterable[tuple[Period, bool]]) -> list[str]:
    """Return the codes of covered periods of the same spans, and the codes of the spans themselves."""
    same = [period.code for period, _ in covered if any(periods.is_same_span(period, span) for span in spans)]
    return list(dict.fromkeys([*same, *(span.code for span in spans)]))
