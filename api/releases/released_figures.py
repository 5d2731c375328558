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
from api.plan.scope_members import PROTECTED_KINDS
from api.protection.scopes import list_released_periods
from api.releases.figure_blocks import FigureBlock, pack_figures
from api.releases.figure_builder import DistinctFigures, SeriesBuilder, list_distinct
from api.releases.figure_keys import SeriesKey
from api.releases.formula_inputs import (
    calculate_formula,
    collect_formula_inputs,
    find_scopes,
    find_view,
    list_periods,
)
from api.releases.released_values import NO_DATA, NOT_A_COUNT, NOT_RELEASED, ReleasedValue
from api.releases.snapshot import Snapshot
from api.statistics import periods
from schema.measures import UNCOUNTED_KINDS, Collection, Measure, Series
from schema.periods import Period

REASONS_WITHOUT_RETURN = ("no_data", "part_without_value")
"""The reasons of a figure that lacks an approved return: its own, or that of a part of its formula."""
FetchPrevious = Callable[[SeriesKey, str], FigureBlock | None]
"""A function that returns the previous release's figures of a series in a period."""


class PeriodFigures(Struct, frozen=True, kw_only=True, eq=False):
    """The figures of a series in one period, packed, and those of the previous release."""

    key: SeriesKey
    period: Period
    received: bool
    """True if the period has a figure from an approved return. One that waits for review hides no earlier figure."""
    shown_count: int
    """The number of figures that have bounds."""
    not_sent_count: int
    """The number of figures that lack an approved return."""
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
    is_not_sent = np.array([figure.reason in REASONS_WITHOUT_RETURN for figure in distinct.figures])
    return PeriodFigures(
        key=key,
        period=period,
        received=distinct.figures[0].coverage.approved > 0 and not is_not_sent.all(),
        shown_count=int(has_bounds[distinct.numbers].sum()),
        not_sent_count=int(is_not_sent[distinct.numbers].sum()),
        content=pack_figures(distinct.figures, distinct.numbers, distinct.cells),
        previous=previous,
    )


CellValues = Iterable[tuple[CellKey, ReleasedValue]]


def _iterate_periods(measure: Measure, series: Series, snapshot: Snapshot) -> Iterator[tuple[Period, CellValues]]:
    """Yield the displayed cells of a series in each period, in time order, shorter periods first."""
    view = find_view(measure, series, snapshot)
    if view is not None:
        for period in list_periods(view):
            completeness = snapshot.coverage[(measure.slug, series.slug), period.code]
            yield period, zip(view.cells, view.read_values(period.code, completeness), strict=True)
    elif series.collection is not Collection.PUBLISHED and find_scopes(measure, series, snapshot) is None:
        today = calendar.to_london_date(snapshot.frozen_at)
        ended, longer = list_released_periods(measure, snapshot.catalogue, [], today=today)
        inputs = collect_formula_inputs(series, snapshot)
        carried = _list_carried_periods(measure, series, snapshot)
        for period in sorted({*ended, *longer} - {*carried}, key=period_sort_key):
            if series.formula:
                value = calculate_formula(series.formula, period, inputs, snapshot)
            else:
                value = _explain_missing_value(measure)
            yield period, [((snapshot.catalogue.plan.area, TOTAL_KEY), value)]


def _explain_missing_value(measure: Measure) -> ReleasedValue:
    if measure.kind in UNCOUNTED_KINDS:
        return NOT_A_COUNT
    return NO_DATA if measure.kind in PROTECTED_KINDS else NOT_RELEASED
