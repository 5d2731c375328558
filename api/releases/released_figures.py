"""The figures of a release: every registered cell in the order of the plan, and what each says beside others.

Whatever is said of a figure - comparison, movement, trend, target - is calculated from figures of the same release.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, product

from msgspec import Struct

from api.figures import verdicts
from api.figures.completeness import ReturnCompleteness
from api.figures.query import FigureOrder, period_sort_key
from api.figures.resolution import ADVICE_BY_UNCOUNTED_KIND, COMPARABLE_KINDS, has_same_time_since_reset
from api.plan import calendar
from api.plan.breakdowns import TOTAL_KEY, format_breakdown_key, parse_breakdown_key
from api.plan.catalogue import Catalogue, find_headline_series
from api.releases import released_entries
from api.releases.protection import AuditHistory
from api.releases.released_values import (
    NO_DATA,
    NOT_A_COUNT,
    NOT_RELEASED,
    CellKey,
    ReleasedValue,
    ScopeView,
    SeriesKey,
    apply_formula,
    make_scope_view,
)
from api.releases.scopes import PROTECTED_KINDS, AuditScope, list_released_periods
from api.statistics import comparison, periods
from api.statistics import trend as trends
from api.statistics.readings import Reading
from schema.measures import Collection, Formula, Measure, MeasureKind, Series
from schema.outcomes import Comparator, Coverage, PreviewFigure, TargetVerdict
from schema.periods import Period, PeriodType
from schema.released_figures import PublishedFigure
from schema.submissions import Marker
from schema.verdicts import Movement, NoMovementReason, Trend

FigureKey = tuple[str, ...]
"""The names of a figure: measure, series, period, area, breakdown."""


class PreviousFigure(Struct, frozen=True, kw_only=True):
    """A figure of the last release, and its position there."""

    position: int
    figure: PublishedFigure


FetchPrevious = Callable[[SeriesKey, str], Mapping[FigureKey, PreviousFigure]]
"""The figures of the last release of a series in a period."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that the figures of a release are made of. Nothing in it is unprotected."""

    catalogue: Catalogue
    number: int
    frozen_at: datetime
    scopes: Sequence[AuditScope]
    load_history: Callable[[str], AuditHistory | None]
    """What was protected of a scope, by its key. It is asked for scope by scope, since all together may be much."""
    coverage: Mapping[tuple[SeriesKey, str], ReturnCompleteness]
    published: Mapping[SeriesKey, Sequence[PublishedFigure]] = {}
    """Published statistics, which their publishers have protected."""
    excluded_measures: frozenset[str] = frozenset()


class PeriodFigures(Struct, frozen=True, kw_only=True):
    """The figures of a series in one period, and those of the last release."""

    figures: list[PublishedFigure]
    cells: Sequence[CellKey]
    """Of each figure."""
    previous: Mapping[FigureKey, PreviousFigure]


def build_period_figures(snapshot: Snapshot, before: FetchPrevious) -> Iterator[PeriodFigures]:
    """Every figure, in the order of the plan, of time, of areas and of categories, period by period.

    A number that differs from the one before is marked as revised. No more than a scope and a period are held at once.
    """
    for measure in snapshot.catalogue.plan.measures:
        if measure.slug in snapshot.excluded_measures:
            continue
        for series in measure.series:
            key = (measure.slug, series.slug)
            beside = _SeriesBuilder(measure, series, snapshot)
            for period, cells in _iterate_periods(measure, series, snapshot):
                there = before(key, period.code)
                shown = dict(cells)
                yield PeriodFigures(figures=beside.build_figures(period, shown, there), cells=[*shown], previous=there)
            for period, found in groupby(snapshot.published.get(key, ()), lambda figure: figure.period):
                figures = list(found)
                places = [(one.area, format_breakdown_key(one.breakdown)) for one in figures]
                yield PeriodFigures(figures=figures, cells=places, previous=before(key, period.code))


def convert_published_figure(figure: PreviewFigure, number: int, policy: int) -> PublishedFigure:
    """A figure of a published statistic, with all that it says beside others of its publication."""
    return PublishedFigure(
        measure=figure.measure,
        series=figure.series,
        kind=figure.kind,
        unit=figure.unit,
        period=figure.period,
        area=figure.area,
        breakdown=figure.breakdown,
        value=figure.value,
        lower_bound=figure.lower_bound,
        upper_bound=figure.upper_bound,
        largest_error=figure.largest_error,
        numerator=figure.numerator,
        numerator_lower_bound=figure.numerator,
        numerator_upper_bound=figure.numerator,
        denominator=figure.denominator,
        denominator_lower_bound=figure.denominator,
        denominator_upper_bound=figure.denominator,
        lower=figure.lower,
        upper=figure.upper,
        lower_99_8=figure.lower_99_8,
        upper_99_8=figure.upper_99_8,
        interval_method=figure.interval_method,
        status=figure.status,
        markers=figure.markers,
        reason=figure.reason,
        coverage=figure.coverage,
        comparators=figure.comparators,
        trend=figure.trend,
        movement=figure.movement,
        target=figure.target,
        release=number,
        policy_version=policy,
        source=figure.source,
    )


def make_figure_key(figure: PublishedFigure) -> FigureKey:
    breakdown = [f"{dimension}={code}" for dimension, code in sorted(figure.breakdown.items())]
    return (figure.measure, figure.series, figure.period.code, figure.area, *breakdown)


CellValues = Iterable[tuple[CellKey, ReleasedValue]]


def _iterate_periods(measure: Measure, series: Series, snapshot: Snapshot) -> Iterator[tuple[Period, CellValues]]:
    """The cells of a series, each with what is shown of it, in each period in order of time, the shorter first."""
    scopes = _SeriesScopes(measure, series, snapshot)
    if scopes.periods:
        for period, scope in scopes.periods:
            told = scopes.view_scope(scope)
            there = snapshot.coverage[(measure.slug, series.slug), period.code]
            yield period, zip(told.cells, told.read_values(period.code, there), strict=True)
    elif series.collection is not Collection.PUBLISHED:
        today = calendar.to_london_date(snapshot.frozen_at)
        over, longer = list_released_periods(measure, snapshot.catalogue, [], today=today)
        parts = _collect_formula_totals(series, snapshot)
        for period in sorted((*over, *longer), key=period_sort_key):
            one = (
                _calculate_derived(series.formula, period, parts) if series.formula else _explain_missing_value(measure)
            )
            yield period, [((snapshot.catalogue.plan.area, TOTAL_KEY), one)]


class _SeriesScopes:
    """The scopes of a series, of which the one that was asked for last is at hand."""

    def __init__(self, measure: Measure, series: Series, snapshot: Snapshot) -> None:
        self.key, self.snapshot = (measure.slug, series.slug), snapshot
        self.order = FigureOrder(snapshot.catalogue)
        mine = [scope for scope in snapshot.scopes if any(member.key == self.key for member in scope.members)]
        every = [(periods.parse(code), scope) for scope in mine for code in scope.shape.periods]
        self.periods = sorted(every, key=lambda one: period_sort_key(one[0]))
        self._last: tuple[str, ScopeView] | None = None

    def view_scope(self, scope: AuditScope) -> ScopeView:
        if self._last is None or self._last[0] != scope.key:
            member = next(one for one in scope.members if one.key == self.key)
            rule = self.snapshot.catalogue.plan.disclosure.rule(scope.disclosure_class)
            self._last = (
                scope.key,
                make_scope_view(scope, member, self.snapshot.load_history(scope.key), rule, self.order),
            )
        return self._last[1]


def _explain_missing_value(measure: Measure) -> ReleasedValue:
    if measure.kind in ADVICE_BY_UNCOUNTED_KIND:
        return NOT_A_COUNT
    return NO_DATA if measure.kind in PROTECTED_KINDS else NOT_RELEASED


PeriodTotals = list[tuple[Period, ReleasedValue]]
"""What is shown of a measure for the programme as a whole, by period."""


def _collect_formula_totals(series: Series, snapshot: Snapshot) -> list[tuple[Measure, PeriodTotals]]:
    """The measures of a formula. Of one that is left out nothing is told."""
    slugs = series.formula.measures if series.formula else []
    every = [snapshot.catalogue.measures[slug] for slug in slugs]
    return [
        (one, [] if one.slug in snapshot.excluded_measures else list(_iterate_totals(one, snapshot))) for one in every
    ]


def _iterate_totals(measure: Measure, snapshot: Snapshot) -> Iterator[tuple[Period, ReleasedValue]]:
    series = find_headline_series(measure)
    scopes, total = _SeriesScopes(measure, series, snapshot), (snapshot.catalogue.plan.area, TOTAL_KEY)
    for period, scope in scopes.periods:
        told = scopes.view_scope(scope)
        at = told.cells.index(total)
        there = snapshot.coverage[(measure.slug, series.slug), period.code]
        [one] = told.read_values(period.code, there, slice(at, at + 1))
        yield period, one


def _calculate_derived(
    formula: Formula, period: Period, parts: Sequence[tuple[Measure, PeriodTotals]]
) -> ReleasedValue:
    found = [_find_total(period, measure, totals) for measure, totals in parts]
    return apply_formula(formula.operation, [measure for measure, _ in parts], found)


def _find_total(wanted: Period, measure: Measure, totals: PeriodTotals) -> ReleasedValue:
    """What is shown of a measure of a formula in the period; of a stock, at the end of it."""
    for period, one in totals:
        last = measure.kind in (MeasureKind.STOCK, MeasureKind.CUMULATIVE) and period.end == wanted.end
        if periods.is_same_span(period, wanted) or (last and periods.contains(wanted, period)):
            return one
    return NO_DATA


class _SeriesBuilder:
    """The figures of one series in the making, and whatever is set beside them: ask for its periods in order of time.

    Of those before it holds what a later one may be set beside: the first of its like, and the years of a trend.
    """

    def __init__(self, measure: Measure, series: Series, snapshot: Snapshot) -> None:
        self.measure, self.series, self.snapshot, self.catalogue = measure, series, snapshot, snapshot.catalogue
        self.is_ratio = measure.kind in COMPARABLE_KINDS
        self.breakdowns: dict[str, dict[str, str]] = {}
        self.earlier_periods: list[Period] = []
        self.movement_starts: list[tuple[Period, dict[CellKey, Reading]]] = []
        self.annual_readings: dict[PeriodType, dict[CellKey, list[Reading]]] = {}

    def build_figures(
        self, period: Period, shown: Mapping[CellKey, ReleasedValue], earlier: Mapping[FigureKey, PreviousFigure]
    ) -> list[PublishedFigure]:
        there = self.snapshot.coverage.get(((self.measure.slug, self.series.slug), period.code))
        now = _PeriodBuilder(self, period, shown, there)
        found = [now.build_figure(place, earlier) for place in now.values]
        self._record_period(now)
        return found

    def find_movement_starts(self, period: Period) -> dict[CellKey, Reading]:
        """Of each place the first figure that one of this period may be set beside."""
        for first, found in self.movement_starts:
            alike = first.type is period.type and periods.count_months(first) == periods.count_months(period)
            if alike and has_same_time_since_reset(first, period, self.series.resets):
                return found
        self.movement_starts.append((period, {}))
        return self.movement_starts[-1][1]

    def _record_period(self, now: "_PeriodBuilder") -> None:
        """A count with a return missing is no start of a movement."""
        self.earlier_periods.append(now.period)
        if self.is_ratio or now.is_complete:
            for place, one in now.readings.items():
                if one.bounds is not None:
                    now.movement_starts.setdefault(place, one)
        if now.is_annual:
            years = self.annual_readings.setdefault(now.period.type, {})
            for place, one in now.readings.items():
                years.setdefault(place, []).append(one)


class _PeriodBuilder:
    """The figures of a series in one period."""

    def __init__(
        self,
        series_builder: _SeriesBuilder,
        period: Period,
        shown: Mapping[CellKey, ReleasedValue],
        there: ReturnCompleteness | None,
    ) -> None:
        self.series_builder, self.period, self.values = series_builder, period, shown
        self.measure, self.series, self.snapshot = (
            series_builder.measure,
            series_builder.series,
            series_builder.snapshot,
        )
        self.catalogue = self.snapshot.catalogue
        name = f"{self.measure.slug}/{self.series.slug}"
        self.readings = {place: to_reading(name, period, one) for place, one in shown.items()}
        self.movement_starts = series_builder.find_movement_starts(period)
        self.is_complete = there is not None and there.is_complete
        self.coverage = there.coverage if there else NO_RETURNS
        self.is_annual = period.type in trends.ANNUAL_TYPES and self.measure.kind in trends.TREND_KINDS
        alike = [one for one in series_builder.earlier_periods if one.type is period.type]
        # Of what is not annual the periods alone are looked at: they tell why there is no trend.
        blank = [Reading(series=name, period=one, value=None) for one in (*alike, period)]
        self.no_trend = verdicts.judge_trend(blank, self.measure)
        closes = calendar.compute_deadlines(period, self.catalogue.plan.calendar).closes_at
        open_still = closes > self.snapshot.frozen_at if closes else there is not None and not self.is_complete
        self.markers = [Marker.PROVISIONAL] * open_still

    def build_figure(self, place: CellKey, earlier: Mapping[FigureKey, PreviousFigure]) -> PublishedFigure:
        area, breakdown = place
        shown = self.values[place]
        told = shown.low is not None
        narrow, wide = shown.intervals or (None, None)
        part, whole = shown.numerator, shown.denominator
        return PublishedFigure(
            measure=self.measure.slug,
            series=self.series.slug,
            kind=self.measure.kind,
            unit=self.measure.unit,
            period=self.period,
            area=area,
            breakdown=self._parse_breakdown(breakdown),
            value=shown.value,
            lower_bound=shown.low,
            upper_bound=shown.high,
            largest_error=shown.largest_error,
            numerator=part.value if part else None,
            numerator_lower_bound=part.low if part else None,
            numerator_upper_bound=part.high if part else None,
            denominator=whole.value if whole else None,
            denominator_lower_bound=whole.low if whole else None,
            denominator_upper_bound=whole.high if whole else None,
            lower=narrow.lower if narrow else None,
            upper=narrow.upper if narrow else None,
            lower_99_8=wide.lower if wide else None,
            upper_99_8=wide.upper if wide else None,
            interval_method=narrow.method if narrow else None,
            status=shown.status,
            markers=self._choose_markers(place, shown, earlier) if told else [],
            reason=shown.reason,
            coverage=self.coverage,
            comparators=self._compare_with_wider_areas(place) if told and self.series_builder.is_ratio else [],
            trend=self._calculate_trend(place) if told else None,
            movement=self._calculate_movement(place) if told else None,
            target=self._assess_target(place, shown) if told else None,
            release=self.snapshot.number,
            policy_version=self.catalogue.plan.disclosure.version,
            alternatives=released_entries.suggest_alternative(self.measure),
        )

    def _parse_breakdown(self, key: str) -> dict[str, str]:
        known = self.series_builder.breakdowns
        return known[key] if key in known else known.setdefault(key, parse_breakdown_key(key))

    def _choose_markers(
        self, place: CellKey, shown: ReleasedValue, earlier: Mapping[FigureKey, PreviousFigure]
    ) -> list[Marker]:
        """`p` while its period may still be corrected, `r` where the last release gave another number."""
        if not earlier:
            return self.markers
        area, breakdown = place
        keys = breakdown.split(";") if breakdown else []
        old = earlier.get((self.measure.slug, self.series.slug, self.period.code, area, *keys))
        revised = old is not None and old.figure.lower_bound is not None and old.figure.value != shown.value
        return self.markers + [Marker.REVISED] * revised

    def _compare_with_wider_areas(self, place: CellKey) -> list[Comparator]:
        """The wider areas of the family that have a value; where none has, the nearest says so."""
        area, breakdown = place
        wider = self.catalogue.list_area_and_ancestors(area)[1:]
        others = {code: self.readings.get((code, breakdown)) for code in wider}
        there = [code for code, other in others.items() if other is not None and other.value is not None]
        own, aim = self.readings[place], self.measure.direction.aim
        return [
            verdicts.compare_with_area(own, others[code], self.catalogue.areas[code], aim)
            for code in there or wider[:1]
        ]

    def _calculate_movement(self, place: CellKey) -> Movement:
        """Since the plan's baseline, or the first period of this release with a value.

        A count with a return missing is set beside nothing, nor is anything set beside it.
        """
        if not (self.series_builder.is_ratio or self.is_complete):
            return INCOMPLETE_MOVEMENT
        start = self.movement_starts.get(place)
        return comparison.calculate_movement(
            self.readings[place],
            [] if start is None else [start],
            self.measure.direction.aim,
            baseline=self.measure.baseline if self._is_headline_total(place) else None,
        )

    def _calculate_trend(self, place: CellKey) -> Trend:
        """Over the last five years of the series, this figure's the last."""
        if not self.is_annual:
            return self.no_trend
        years = self.series_builder.annual_readings.get(self.period.type, {})
        return verdicts.judge_trend([*years.get(place, []), self.readings[place]], self.measure)

    def _assess_target(self, place: CellKey, shown: ReleasedValue) -> TargetVerdict | None:
        if not self._is_headline_total(place):
            return None
        return verdicts.judge_target(self.measure, self.period, shown.low, shown.high)

    def _is_headline_total(self, place: CellKey) -> bool:
        return self.series.headline and place == (self.catalogue.plan.area, TOTAL_KEY)


def to_reading(series: str, period: Period, shown: ReleasedValue) -> Reading:
    """What is shown, as the verdicts read it; always with the bounds of the true value."""
    exact = shown.value is not None and shown.low == shown.high
    part, whole = shown.numerator, shown.denominator
    return Reading(
        series=series,
        period=period,
        value=shown.value,
        low=None if exact else shown.low,
        high=None if exact else shown.high,
        numerator=part.value if part and shown.value is not None else None,
        denominator=whole.value if whole and shown.value is not None else None,
        intervals=shown.intervals,
    )


NO_RETURNS = Coverage(expected=0, received=0, approved=0, late=0, exempt=0)
INCOMPLETE_MOVEMENT = Movement(reason=NoMovementReason.INCOMPLETE)


def iterate_series_periods(scopes: Iterable[AuditScope]) -> Iterator[tuple[SeriesKey, Period]]:
    """Each series of these scopes with each of its periods."""
    for scope in scopes:
        for member, code in product(scope.members, scope.shape.periods):
            yield member.key, periods.parse(code)
