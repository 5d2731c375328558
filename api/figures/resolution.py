"""Resolved queries: each series in one period, with the returns that contribute to it, or why there is no answer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, product

from msgspec import Struct
from msgspec.structs import replace

from api.figures.figure_order import FigureOrder
from api.figures.period_resolution import PeriodResolver, find_earlier_periods, split_into_parts
from api.figures.query import (
    ADVICE_BY_UNCOUNTED_KIND,
    COMPARABLE_KINDS,
    MAX_FIGURES,
    OutcomeQuery,
    QueryAxes,
    ResultTooLarge,
    describe_schemes,
    find_formula_inputs,
    list_breakdown_keys,
    list_source_series,
)
from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue
from api.plan.counted_sources import find_repeated_returns
from api.plan.filters import check_area
from api.plan.periods import list_own_period_types
from api.statistics import periods, roll_up
from schema.measures import Collection, Measure, MeasureKind, Series
from schema.outcomes import ResolvedPeriod
from schema.periods import Period

AS_PUBLISHED_ONLY = "as_published_only"
NOT_A_COUNT = "not_a_count"
"""The reason of milestones and evidence, which have returns and coverage, but no figures."""
MAX_LISTED_CODES = 12  # periods, areas or breakdowns in one message
CellKey = tuple[str, str]
"""The code of an area and the key of a breakdown."""
RevisionsBySeries = Mapping[tuple[str, str], Sequence[SelectedRevision]]
"""Revisions by the slugs of measure and series."""


class ResolvedQuery(Struct, frozen=True, kw_only=True):
    """One series in one period, over areas and breakdowns. `reason` is set if there is no answer."""

    measure: Measure
    series: Series
    period: Period | None
    areas: list[str]
    breakdowns: list[str]
    comparator_areas: list[str] = []
    """Areas that the query did not select, calculated for comparison only."""
    comparators: list[str] | None = None
    """The areas that each figure is compared with; None for the wider areas that have a value."""
    part_periods: tuple[Period, ...] = ()
    revisions: list[SelectedRevision] = []
    repeated_returns: list[tuple[SelectedRevision, SelectedRevision]] = []
    """Each counted nil return of a cumulative measure, with the earlier return whose count it keeps."""
    formula_inputs: "list[ResolvedQuery]" = []
    earlier_periods: tuple[Period, ...] = ()
    """The earlier periods that have returns, in order of time."""
    earlier_queries: "list[ResolvedQuery]" = []
    """This query in each of the earlier periods that are to be read."""
    reason: str | None = None
    alternatives: str | None = None

    @property
    def is_published(self) -> bool:
        """Return True if the figures are the publisher's own, so that nothing is rolled up."""
        return self.series.collection is Collection.PUBLISHED

    @property
    def cell_keys(self) -> list[CellKey]:
        """Areas and breakdowns: first the selected ones, then those for comparison."""
        return list(product([*self.areas, *self.comparator_areas], self.breakdowns))

    @property
    def all_revisions(self) -> Iterator[SelectedRevision]:
        """The revisions of this query and those they repeat, of its formula's inputs and of its earlier periods."""
        inner = (*self.formula_inputs, *self.earlier_queries)
        repeated = (revision for _, revision in self.repeated_returns)
        return chain(self.revisions, repeated, *(query.all_revisions for query in inner))


def resolve_query(
    query: OutcomeQuery, axes: QueryAxes, catalogue: Catalogue, revisions: Iterable[SelectedRevision]
) -> tuple[list[ResolvedQuery], list[ResolvedPeriod]]:
    """Resolve each series and period, earliest first, and report the periods of relative tokens.

    Raises UnclearPeriod, NotCollected, IncompatibleFilters or ResultTooLarge.
    """
    resolved_queries, resolved_periods = resolve_query_unlimited(query, axes, catalogue, revisions)
    figure_count = sum(len(resolved.areas) * len(resolved.breakdowns) for resolved in resolved_queries)
    if figure_count > MAX_FIGURES:
        raise ResultTooLarge(f"The query selects {figure_count:,} figures; at most {MAX_FIGURES:,} are returned.")
    return resolved_queries, resolved_periods


def resolve_query_unlimited(
    query: OutcomeQuery, axes: QueryAxes, catalogue: Catalogue, revisions: Iterable[SelectedRevision]
) -> tuple[list[ResolvedQuery], list[ResolvedPeriod]]:
    """Resolve like `resolve_query`, for any number of figures."""
    returns: defaultdict[tuple[str, str], list[SelectedRevision]] = defaultdict(list)
    for revision in revisions:
        returns[revision.measure, revision.series].append(revision)
    order = FigureOrder(catalogue)
    resolved_queries: list[ResolvedQuery] = []
    resolved_periods: list[ResolvedPeriod] = []
    for measure, series in axes.series:
        sources = list_source_series([(measure, series)], catalogue)
        returned = [revision.period for key in sources for revision in returns[key] if revision.is_counted]
        resolver = PeriodResolver(measure, series, returned)
        selected_periods = resolver.resolve(query)
        resolved_periods += resolver.resolved_tokens
        outline = _resolve_series(measure, series, query, axes, catalogue, order)
        if selected_periods == []:
            resolved_queries.append(_drop_period(resolve_period(outline, resolver.newest_period, catalogue, returns)))
        else:
            resolved_queries += [
                _add_earlier_periods(
                    resolve_period(outline, period, catalogue, returns), outline, returned, catalogue, returns
                )
                for period in selected_periods or [resolver.newest_period]
            ]
    return resolved_queries, resolved_periods


def _resolve_series(
    measure: Measure, series: Series, query: OutcomeQuery, axes: QueryAxes, catalogue: Catalogue, order: FigureOrder
) -> ResolvedQuery:
    """Resolve everything but the period."""
    is_published = series.collection is Collection.PUBLISHED
    reason, alternatives = (None, None) if is_published else _explain_refusal(measure, series)
    breakdowns = list_breakdown_keys(measure, axes, measure.schemes, is_named=bool(query.measures))
    if breakdowns is None:
        breakdowns = [""]
        reason = reason or "breakdown_not_collected"
        alternatives = alternatives or f"It is collected by {describe_schemes(measure.schemes)}."
    comparators = [check_area(code, catalogue.areas) for code in query.comparators]
    is_comparable = measure.kind in COMPARABLE_KINDS
    wider = comparators or (_find_wider_areas(axes.areas, catalogue) if is_comparable else [])
    if is_published and wider and not comparators:
        wider = [*wider, *catalogue.peer_areas]
    return ResolvedQuery(
        measure=measure,
        series=series,
        period=None,
        areas=axes.areas,
        breakdowns=sorted(breakdowns, key=order.breakdown_sort_key),
        comparator_areas=[code for code in dict.fromkeys(wider) if code not in axes.areas],
        comparators=comparators or (None if is_comparable else []),
        reason=reason,
        alternatives=alternatives,
    )


def _find_wider_areas(areas: Sequence[str], catalogue: Catalogue) -> list[str]:
    """Return the areas that contain one of these."""
    return list(dict.fromkeys(chain.from_iterable(catalogue.list_area_and_ancestors(code)[1:] for code in areas)))


def _add_earlier_periods(
    resolved: ResolvedQuery,
    outline: ResolvedQuery,
    returned: Sequence[Period],
    catalogue: Catalogue,
    returns: RevisionsBySeries,
) -> ResolvedQuery:
    if resolved.period is None or outline.reason:
        return resolved
    earlier_periods = find_earlier_periods(resolved.period, resolved.measure, resolved.series, returned)
    return replace(
        resolved,
        earlier_periods=tuple(earlier_periods),
        earlier_queries=[resolve_period(outline, earlier, catalogue, returns) for earlier in earlier_periods],
    )


def _drop_period(query: ResolvedQuery) -> ResolvedQuery:
    """Return the query for a range that contains no period of the series."""
    return replace(
        query,
        period=None,
        reason=query.reason or "no_period_in_range",
        part_periods=(),
        revisions=[],
        formula_inputs=[],
    )


def resolve_period(
    query: ResolvedQuery, period: Period | None, catalogue: Catalogue, returns: RevisionsBySeries
) -> ResolvedQuery:
    """Resolve the query in one period. The inputs of a formula are resolved by their own kind and cadence."""
    if query.reason not in (None, NOT_A_COUNT):
        return replace(query, period=period)
    if period is None:
        return replace(query, reason=query.reason or "no_data")
    inputs: list[ResolvedQuery] = []
    for measure, series in find_formula_inputs(query.series, catalogue):
        reason, alternatives = _explain_refusal(measure, series)
        outline = replace(query, measure=measure, series=series, reason=reason, alternatives=alternatives)
        inputs.append(resolve_period(outline, period, catalogue, returns))
    if inputs:
        return replace(query, period=period, formula_inputs=inputs)
    revisions = returns.get((query.measure.slug, query.series.slug), [])
    if query.is_published:
        return _resolve_published(query, period, [revision for revision in revisions if revision.is_counted])
    parts = split_into_parts(period, query.measure.cadence, (revision.period for revision in revisions))
    if parts is None:
        cadence = query.measure.cadence.period_type
        return replace(
            query,
            period=period,
            reason=query.reason or "period_not_partitioned",
            alternatives=query.alternatives or f"Use a period that consists of whole periods of the type `{cadence}`.",
        )
    own_types = list_own_period_types(query.measure)
    selected = [
        revision
        for revision in revisions
        if revision.period in parts or (revision.period.type in own_types and periods.contains(period, revision.period))
    ]
    return replace(
        query,
        period=period,
        part_periods=parts,
        revisions=selected,
        repeated_returns=_find_repeated_returns(query, selected, revisions),
    )


def _find_repeated_returns(
    query: ResolvedQuery, selected: Sequence[SelectedRevision], revisions: Sequence[SelectedRevision]
) -> list[tuple[SelectedRevision, SelectedRevision]]:
    if query.measure.kind is not MeasureKind.CUMULATIVE:
        return []
    counted = [revision for revision in revisions if revision.is_counted]
    return find_repeated_returns(query.series, [nil for nil in selected if nil.is_counted], counted)


def _resolve_published(query: ResolvedQuery, period: Period, revisions: Sequence[SelectedRevision]) -> ResolvedQuery:
    """Select the publication of the same span, even with another code. Publications are not combined."""
    selected = [revision for revision in revisions if periods.is_same_span(revision.period, period)]
    if selected or not revisions:
        return replace(query, period=period, revisions=selected, reason=None if selected else "no_data")
    codes = list(dict.fromkeys(revision.period.code for revision in reversed(revisions)))
    rest = len(codes) - MAX_LISTED_CODES
    listed = ", ".join(codes[:MAX_LISTED_CODES]) + (f" and {rest} earlier periods" if rest > 0 else "")
    return replace(query, period=period, reason=AS_PUBLISHED_ONLY, alternatives=f"It is published for {listed}.")


def _explain_refusal(measure: Measure, series: Series) -> tuple[str | None, str | None]:
    """Return why the series cannot be rolled up from returns, and what to query instead."""
    if measure.kind in ADVICE_BY_UNCOUNTED_KIND:
        return NOT_A_COUNT, ADVICE_BY_UNCOUNTED_KIND[measure.kind]
    if series.collection is Collection.PUBLISHED:
        return AS_PUBLISHED_ONLY, "Query its own figures: a formula cannot use a published statistic."
    if series.formula is not None:
        return None, None
    if measure.kind not in roll_up.ADDITIVE_KINDS:
        return "not_additive", str(roll_up.NotAdditive(measure.kind))
    return None, None


def has_published_figures(revision: SelectedRevision, catalogue: Catalogue) -> bool:
    """Return True if the revision contains figures of a publisher instead of cells."""
    return any(
        series.slug == revision.series and series.collection is Collection.PUBLISHED
        for series in catalogue.measures[revision.measure].series
    )
