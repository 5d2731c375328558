"""The figures of a release: every registered cell, in plan order, calculated from protected counts only."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import numpy as np
from msgspec import Struct

from api.figures.figure_order import FigureOrder
from api.figures.period_resolution import period_sort_key
from api.figures.resolution import CellKey
from api.plan import calendar
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import find_headline_series
from api.releases.derived_values import PeriodTotals, calculate_derived
from api.releases.figure_blocks import FigureBlock, pack_figures
from api.releases.figure_builder import DistinctFigures, SeriesBuilder, list_distinct
from api.releases.figure_keys import SeriesKey
from api.releases.released_values import NO_DATA, NOT_A_COUNT, NOT_RELEASED, ReleasedValue
from api.releases.scope_members import PROTECTED_KINDS
from api.releases.scope_views import ScopeView, make_scope_view
from api.releases.scopes import AuditScope, list_released_periods
from api.releases.snapshot import Snapshot
from api.statistics import periods
from schema.measures import UNCOUNTED_KINDS, Collection, Measure, Series
from schema.periods import Period

FetchPrevious = Callable[[SeriesKey, str], FigureBlock | None]
"""A function that returns the previous release's figures of a series in a period."""


class PeriodFigures(Struct, frozen=True, kw_only=True, eq=False):
    """The figures of a series in one period, packed, and those of the previous release."""

    key: SeriesKey
    period: Period
    received: bool
    """True if anything was returned for the period."""
    shown_count: int
    """The number of figures that have bounds."""
    content: bytes
    previous: FigureBlock | None


def build_period_figures(snapshot: Snapshot, fetch_previous: FetchPrevious) -> Iterator[PeriodFigures]:
    """Yield every figure in the order of the plan, of time, of areas and of categories, period by period.

    A number that differs from the previous release gets the marker `r`. Memory needs: one scope and one period.
    """
    for measure in snapshot.catalogue.plan.measures:
        if measure.slug in snapshot.excluded_measures:
            continue
        for series in measure.series:
            key = (measure.slug, series.slug)
            builder = SeriesBuilder(measure, series, snapshot)
            for period, cell_values in _iterate_periods(measure, series, snapshot):
                previous = fetch_previous(key, period.code)
                displayed = previous.read_displayed_values() if previous else {}
                yield _pack_period(key, period, builder.build_figures(period, dict(cell_values), displayed), previous)
            for period, figures in groupby(snapshot.published.get(key, ()), lambda figure: figure.period):
                yield _pack_period(key, period, list_distinct(figures), fetch_previous(key, period.code))


def _pack_period(
    key: SeriesKey, period: Period, distinct: DistinctFigures, previous: FigureBlock | None
) -> PeriodFigures:
    has_bounds = np.array([figure.lower_bound is not None for figure in distinct.figures])
    return PeriodFigures(
        key=key,
        period=period,
        received=distinct.figures[0].coverage.received > 0,
        shown_count=int(has_bounds[distinct.numbers].sum()),
        content=pack_figures(distinct.figures, distinct.numbers, distinct.cells),
        previous=previous,
    )


CellValues = Iterable[tuple[CellKey, ReleasedValue]]


def _iterate_periods(measure: Measure, series: Series, snapshot: Snapshot) -> Iterator[tuple[Period, CellValues]]:
    """Yield the displayed cells of a series in each period, in time order, shorter periods first."""
    scopes = _SeriesScopes(measure, series, snapshot)
    if scopes.periods:
        for period, scope in scopes.periods:
            view = scopes.view_scope(scope)
            completeness = snapshot.coverage[(measure.slug, series.slug), period.code]
            yield period, zip(view.cells, view.read_values(period.code, completeness), strict=True)
    elif series.collection is not Collection.PUBLISHED:
        today = calendar.to_london_date(snapshot.frozen_at)
        ended, longer = list_released_periods(measure, snapshot.catalogue, [], today=today)
        inputs = _collect_formula_totals(series, snapshot)
        for period in sorted((*ended, *longer), key=period_sort_key):
            if series.formula:
                value = calculate_derived(series.formula, period, inputs)
            else:
                value = _explain_missing_value(measure)
            yield period, [((snapshot.catalogue.plan.area, TOTAL_KEY), value)]


class _SeriesScopes:
    """The scopes of a series. It caches the view of the scope that was read last."""

    def __init__(self, measure: Measure, series: Series, snapshot: Snapshot) -> None:
        self.key, self.snapshot = (measure.slug, series.slug), snapshot
        self.order = FigureOrder(snapshot.catalogue)
        scopes = [scope for scope in snapshot.scopes if any(member.key == self.key for member in scope.members)]
        scope_periods = [(periods.parse(code), scope) for scope in scopes for code in scope.shape.periods]
        self.periods = sorted(scope_periods, key=lambda pair: period_sort_key(pair[0]))
        self._cached: tuple[str, ScopeView] | None = None

    def view_scope(self, scope: AuditScope) -> ScopeView:
        if self._cached is None or self._cached[0] != scope.key:
            member = next(member for member in scope.members if member.key == self.key)
            rule = self.snapshot.catalogue.plan.disclosure.rule(scope.disclosure_class)
            history = self.snapshot.load_history(scope.key)
            self._cached = (scope.key, make_scope_view(scope, member, history, rule, self.order))
        return self._cached[1]


def _explain_missing_value(measure: Measure) -> ReleasedValue:
    if measure.kind in UNCOUNTED_KINDS:
        return NOT_A_COUNT
    return NO_DATA if measure.kind in PROTECTED_KINDS else NOT_RELEASED


def _collect_formula_totals(series: Series, snapshot: Snapshot) -> list[tuple[Measure, PeriodTotals]]:
    """Return the measures of a formula with their totals. An excluded measure has no totals."""
    slugs = series.formula.measures if series.formula else []
    measures = [snapshot.catalogue.measures[slug] for slug in slugs]
    return [
        (measure, [] if measure.slug in snapshot.excluded_measures else list(_iterate_totals(measure, snapshot)))
        for measure in measures
    ]


def _iterate_totals(measure: Measure, snapshot: Snapshot) -> Iterator[tuple[Period, ReleasedValue]]:
    series = find_headline_series(measure)
    scopes, total = _SeriesScopes(measure, series, snapshot), (snapshot.catalogue.plan.area, TOTAL_KEY)
    for period, scope in scopes.periods:
        view = scopes.view_scope(scope)
        index = view.cells.index(total)
        completeness = snapshot.coverage[(measure.slug, series.slug), period.code]
        [value] = view.read_values(period.code, completeness, slice(index, index + 1))
        yield period, value
