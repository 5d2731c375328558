"""The displayed totals that a formula of a release is applied to, and the organisations behind them."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from api.figures.period_resolution import period_sort_key
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import find_headline_series
from api.plan.scope_members import ScopeMember
from api.protection.scopes import SeriesScopes
from api.releases.derived_values import PeriodTotals, apply_formula, calculate_derived
from api.releases.released_values import NO_COMMON_SOURCE, ReleasedValue
from api.releases.returned_sources import SourcesByPeriod
from api.releases.scope_views import SeriesView
from api.releases.snapshot import Snapshot
from api.statistics import periods
from schema.measures import Formula, Measure, Operation, Series
from schema.periods import Period


class FormulaInput(Struct, frozen=True, kw_only=True):
    """A measure of a formula, with its totals by period. An excluded measure has no totals."""

    measure: Measure
    totals: PeriodTotals = []
    sources: list[tuple[Period, SourcesByPeriod]] = []
    """The organisations behind each total, by the same periods."""


def collect_formula_inputs(series: Series, snapshot: Snapshot) -> list[FormulaInput]:
    measures = [snapshot.catalogue.measures[slug] for slug in (series.formula.measures if series.formula else [])]
    return [_collect_input(measure, snapshot) for measure in measures]


def _collect_input(measure: Measure, snapshot: Snapshot) -> FormulaInput:
    view = find_view(measure, find_headline_series(measure), snapshot)
    if view is None or measure.slug in snapshot.excluded_measures:
        return FormulaInput(measure=measure)
    spans = list_periods(view)
    return FormulaInput(
        measure=measure,
        totals=[(period, _read_total(view, period, snapshot)) for period in spans],
        sources=[(period, view.list_sources(period.code)) for period in spans],
    )


def _read_total(
    view: SeriesView, period: Period, snapshot: Snapshot, common: SourcesByPeriod | None = None
) -> ReleasedValue:
    index = view.cells.index((snapshot.catalogue.plan.area, TOTAL_KEY))
    completeness = snapshot.coverage[view.member.key, period.code]
    [value] = view.read_values(period.code, completeness, slice(index, index + 1), common)
    return value


def calculate_formula(
    formula: Formula, period: Period, inputs: Sequence[FormulaInput], snapshot: Snapshot
) -> ReleasedValue:
    """Return the value of a formula. A gap compares the organisations that contribute to both of its proportions."""
    pairs = [pair for one in inputs for pair in [_find_sources(one, period)] if pair is not None]
    sources = [by_period for _, by_period in pairs]
    has_sources = len(pairs) == len(inputs) and all(any(by_period.values()) for by_period in sources)
    if formula.operation is Operation.DIFFERENCE and has_sources:
        common = _find_common_sources(sources)
        if common != sources:
            return _calculate_common_gap(inputs, [span for span, _ in pairs], common, snapshot)
    return calculate_derived(formula, period, [(one.measure, one.totals) for one in inputs])


def _calculate_common_gap(
    inputs: Sequence[FormulaInput], spans: Sequence[Period], common: Sequence[SourcesByPeriod], snapshot: Snapshot
) -> ReleasedValue:
    """Return the gap of the common organisations, which leaves out others."""
    if not any(common[0].values()):
        return NO_COMMON_SOURCE
    measures = [one.measure for one in inputs]
    values = [
        _read_total(view, span, snapshot, limited)
        for measure, span, limited in zip(measures, spans, common, strict=True)
        for view in [find_view(measure, find_headline_series(measure), snapshot)]
        if view is not None
    ]
    return replace(apply_formula(Operation.DIFFERENCE, measures, values), leaves_out_sources=True)


def _find_sources(one: FormulaInput, span: Period) -> tuple[Period, SourcesByPeriod] | None:
    """Return the period of a measure that equals the span, with the organisations behind its total."""
    return next((pair for pair in one.sources if periods.is_same_span(pair[0], span)), None)


def _find_common_sources(sources: Sequence[SourcesByPeriod]) -> list[SourcesByPeriod]:
    """Limit each measure to the organisations that all have, period by period if they have the same periods."""
    [first, *others] = sources
    if all(other.keys() == first.keys() for other in others):
        limited = {code: first[code].intersection(*(other[code] for other in others)) for code in first}
        return [limited] * len(sources)
    every = [frozenset[str]().union(*by_period.values()) for by_period in sources]
    common = every[0].intersection(*every[1:])
    return [{code: names & common for code, names in by_period.items()} for by_period in sources]


def find_scopes(measure: Measure, series: Series, snapshot: Snapshot) -> tuple[SeriesScopes, ScopeMember] | None:
    """Return the scopes of a series whose counts are protected, and the series as their member."""
    key = (measure.slug, series.slug)
    members = ((scopes, member) for scopes in snapshot.scopes for member in scopes.members)
    return next(((scopes, member) for scopes, member in members if member.key == key), None)


def find_view(measure: Measure, series: Series, snapshot: Snapshot) -> SeriesView | None:
    """Return a view of a series whose counts are protected, if any of its periods is released."""
    protected = find_scopes(measure, series, snapshot)
    if protected is None or not protected[0].scopes:
        return None
    return SeriesView(*protected, snapshot.catalogue, snapshot.load_counts, snapshot.returned)


def list_periods(view: SeriesView) -> list[Period]:
    return sorted((periods.parse(code) for code in view.scopes.periods), key=period_sort_key)
