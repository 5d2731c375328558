"""The figures of a release: every registered cell, in plan order, calculated from protected counts only."""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import groupby

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.figures.period_resolution import period_sort_key
from api.figures.resolution import CellKey
from api.plan import calendar
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import find_headline_series
from api.plan.scope_members import PROTECTED_KINDS, ScopeMember
from api.protection.scopes import SeriesScopes, list_released_periods
from api.releases.derived_values import PeriodTotals, calculate_derived
from api.releases.figure_blocks import FigureBlock, pack_figures
from api.releases.figure_builder import DistinctFigures, SeriesBuilder, list_distinct
from api.releases.figure_keys import SeriesKey
from api.releases.released_values import NO_DATA, NOT_A_COUNT, NOT_RELEASED, ReleasedValue
from api.releases.scope_views import SeriesView
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

    A number that differs from the previous release gets the marker `r`. Memory needs: the displayed counts of one
    series, and the figures of one period.
    """
    for measure in snapshot.catalogue.plan.measures:
        if measure.slug in snapshot.excluded_measures:
            continue
        for series in measure.series:
            key = (measure.slug, series.slug)
            builder = SeriesBuilder(measure, series, snapshot)
            computed = _iterate_periods(measure, series, snapshot)
            carried = ((period, None) for period in _list_carried_periods(measure, series, snapshot))
            for period, cell_values in merge(computed, carried, key=lambda pair: period_sort_key(pair[0])):
                previous = fetch_previous(key, period.code)
                if cell_values is not None:
                    displayed = previous.read_displayed_values() if previous else {}
                    figures = builder.build_figures(period, dict(cell_values), displayed)
                    yield _pack_period(key, period, figures, previous)
                elif previous is not None:
                    yield _pack_period(key, period, _carry_figures(previous, snapshot.number), previous)
            for period, figures in groupby(snapshot.published.get(key, ()), lambda figure: figure.period):
                yield _pack_period(key, period, list_distinct(figures), fetch_previous(key, period.code))


def _carry_figures(previous: FigureBlock, number: int) -> DistinctFigures:
    """Return the figures of the previous release, as figures of release `number`."""
    figures = previous.decode(np.arange(previous.table.row_count))
    return list_distinct(replace(figure, release=number) for figure in figures)


def _list_carried_periods(measure: Measure, series: Series, snapshot: Snapshot) -> list[Period]:
    """Return the periods that keep their figures: those of an earlier method, and formulas of them."""
    if series.collection is Collection.PUBLISHED:
        return []
    keys = {(measure.slug, series.slug)}
    for slug in series.formula.measures if series.formula else []:
        keys.add((slug, find_headline_series(snapshot.catalogue.measures[slug]).slug))
    codes = {code for key, code in snapshot.carried if key in keys}
    return sorted(map(periods.parse, codes), key=period_sort_key)


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
    view = _find_view(measure, series, snapshot)
    if view is not None:
        for period in _list_periods(view):
            completeness = snapshot.coverage[(measure.slug, series.slug), period.code]
            yield period, zip(view.cells, view.read_values(period.code, completeness), strict=True)
    elif series.collection is not Collection.PUBLISHED and _find_scopes(measure, series, snapshot) is None:
        today = calendar.to_london_date(snapshot.frozen_at)
        ended, longer = list_released_periods(measure, snapshot.catalogue, [], today=today)
        inputs = _collect_formula_totals(series, snapshot)
        carried = _list_carried_periods(measure, series, snapshot)
        for period in sorted({*ended, *longer} - {*carried}, key=period_sort_key):
            if series.formula:
                value = calculate_derived(series.formula, period, inputs)
            else:
                value = _explain_missing_value(measure)
            yield period, [((snapshot.catalogue.plan.area, TOTAL_KEY), value)]


def _find_scopes(measure: Measure, series: Series, snapshot: Snapshot) -> tuple[SeriesScopes, ScopeMember] | None:
    """Return the scopes of a series whose counts are protected, and the series as their member."""
    key = (measure.slug, series.slug)
    members = ((scopes, member) for scopes in snapshot.scopes for member in scopes.members)
    return next(((scopes, member) for scopes, member in members if member.key == key), None)


def _find_view(measure: Measure, series: Series, snapshot: Snapshot) -> SeriesView | None:
    """Return a view of a series whose counts are protected, if any of its periods is released."""
    protected = _find_scopes(measure, series, snapshot)
    if protected is None or not protected[0].scopes:
        return None
    return SeriesView(*protected, snapshot.catalogue, snapshot.load_counts)


def _list_periods(view: SeriesView) -> list[Period]:
    return sorted((periods.parse(code) for code in view.scopes.periods), key=period_sort_key)


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
    view, total = _find_view(measure, series, snapshot), (snapshot.catalogue.plan.area, TOTAL_KEY)
    if view is None:
        return
    index = view.cells.index(total)
    for period in _list_periods(view):
        completeness = snapshot.coverage[(measure.slug, series.slug), period.code]
        [value] = view.read_values(period.code, completeness, slice(index, index + 1))
        yield period, value
