"""The figures of a release: every registered cell in the order of the plan, and what each says beside others.

Whatever is said of a figure - comparison, movement, trend, target - is calculated from figures of the same release.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, product

from msgspec import Struct

from api.figures import verdicts
from api.figures.completeness import Completeness
from api.figures.query import Order, by_end
from api.figures.resolution import COMPARED, UNCOUNTED, as_long_since
from api.plan import calendar
from api.plan.catalogue import TOTAL, Catalogue, breakdown_key, breakdown_of, headline
from api.releases import released_entries
from api.releases.protection import Kept
from api.releases.released_values import NO_DATA, NOT_A_COUNT, NOT_RELEASED, Place, SeriesKey, Shown, Told, made, told
from api.releases.scopes import COUNTED, AuditScope, released_periods
from api.statistics import comparison, periods
from api.statistics import trend as trends
from api.statistics.readings import Reading
from schema.outcomes import Comparator, Coverage, TargetVerdict, UnprotectedFigure
from schema.periods import Period, PeriodType
from schema.plan import Collection, Formula, Kind, Measure, Series
from schema.releases import Figure
from schema.submissions import Marker
from schema.verdicts import Movement, NotMoved, Trend

Where = tuple[str, ...]
"""The names of a figure: measure, series, period, area, breakdown."""


class Earlier(Struct, frozen=True, kw_only=True):
    """A figure of the last release, and its position there."""

    position: int
    figure: Figure


Before = Callable[[SeriesKey, str], Mapping[Where, Earlier]]
"""The figures of the last release of a series in a period."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that the figures of a release are made of. Nothing in it is unprotected."""

    catalogue: Catalogue
    number: int
    frozen_at: datetime
    scopes: Sequence[AuditScope]
    kept: Callable[[str], Kept | None]
    """What was protected of a scope, by its key. It is asked for scope by scope, since all together may be much."""
    coverage: Mapping[tuple[SeriesKey, str], Completeness]
    published: Mapping[SeriesKey, Sequence[Figure]] = {}
    """Published statistics, which their publishers have protected."""
    without: frozenset[str] = frozenset()


class Batch(Struct, frozen=True, kw_only=True):
    """The figures of a series in one period, and those of the last release."""

    figures: list[Figure]
    places: Sequence[Place]
    """Of each figure."""
    before: Mapping[Where, Earlier]


def batches(snapshot: Snapshot, before: Before) -> Iterator[Batch]:
    """Every figure, in the order of the plan, of time, of areas and of categories, period by period.

    A number that differs from the one before is marked as revised. No more than a scope and a period are held at once.
    """
    for measure in snapshot.catalogue.plan.measures:
        if measure.slug in snapshot.without:
            continue
        for series in measure.series:
            key = (measure.slug, series.slug)
            beside = _Beside(measure, series, snapshot)
            for period, cells in _of_series(measure, series, snapshot):
                there = before(key, period.code)
                shown = dict(cells)
                yield Batch(figures=beside.figures(period, shown, there), places=[*shown], before=there)
            for period, found in groupby(snapshot.published.get(key, ()), lambda figure: figure.period):
                figures = list(found)
                places = [(one.area, breakdown_key(one.breakdown)) for one in figures]
                yield Batch(figures=figures, places=places, before=before(key, period.code))


def as_published(figure: UnprotectedFigure, number: int, policy: int) -> Figure:
    """A figure of a published statistic, with all that it says beside others of its publication."""
    return Figure(
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
        numerator_low=figure.numerator,
        numerator_high=figure.numerator,
        denominator=figure.denominator,
        denominator_low=figure.denominator,
        denominator_high=figure.denominator,
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
        policy=policy,
        publication=figure.publication,
    )


def place_of(figure: Figure) -> Where:
    breakdown = [f"{dimension}={code}" for dimension, code in sorted(figure.breakdown.items())]
    return (figure.measure, figure.series, figure.period.code, figure.area, *breakdown)


Cells = Iterable[tuple[Place, Shown]]


def _of_series(measure: Measure, series: Series, snapshot: Snapshot) -> Iterator[tuple[Period, Cells]]:
    """The cells of a series, each with what is shown of it, in each period in order of time, the shorter first."""
    scopes = _Scopes(measure, series, snapshot)
    if scopes.periods:
        for period, scope in scopes.periods:
            told = scopes.told(scope)
            there = snapshot.coverage[(measure.slug, series.slug), period.code]
            yield period, zip(told.places, told.of(period.code, there), strict=True)
    elif series.collection is not Collection.PUBLISHED:
        today = calendar.today(snapshot.frozen_at)
        over, longer = released_periods(measure, snapshot.catalogue, [], today=today)
        parts = _parts(series, snapshot)
        for period in sorted((*over, *longer), key=by_end):
            one = _derived(series.formula, period, parts) if series.formula else _uncounted(measure)
            yield period, [((snapshot.catalogue.plan.area, TOTAL), one)]


class _Scopes:
    """The scopes of a series, of which the one that was asked for last is at hand."""

    def __init__(self, measure: Measure, series: Series, snapshot: Snapshot) -> None:
        self.key, self.snapshot = (measure.slug, series.slug), snapshot
        self.order = Order(snapshot.catalogue)
        mine = [scope for scope in snapshot.scopes if any(member.key == self.key for member in scope.members)]
        every = [(periods.parse(code), scope) for scope in mine for code in scope.shape.periods]
        self.periods = sorted(every, key=lambda one: by_end(one[0]))
        self._last: tuple[str, Told] | None = None

    def told(self, scope: AuditScope) -> Told:
        if self._last is None or self._last[0] != scope.key:
            member = next(one for one in scope.members if one.key == self.key)
            rule = self.snapshot.catalogue.plan.disclosure.rule(scope.disclosure_class)
            self._last = (scope.key, told(scope, member, self.snapshot.kept(scope.key), rule, self.order))
        return self._last[1]


def _uncounted(measure: Measure) -> Shown:
    if measure.kind in UNCOUNTED:
        return NOT_A_COUNT
    return NO_DATA if measure.kind in COUNTED else NOT_RELEASED


Totals = list[tuple[Period, Shown]]
"""What is shown of a measure for the programme as a whole, by period."""


def _parts(series: Series, snapshot: Snapshot) -> list[tuple[Measure, Totals]]:
    """The measures of a formula. Of one that is left out nothing is told."""
    slugs = series.formula.measures if series.formula else []
    every = [snapshot.catalogue.measures[slug] for slug in slugs]
    return [(one, [] if one.slug in snapshot.without else list(_totals(one, snapshot))) for one in every]


def _totals(measure: Measure, snapshot: Snapshot) -> Iterator[tuple[Period, Shown]]:
    series = headline(measure)
    scopes, total = _Scopes(measure, series, snapshot), (snapshot.catalogue.plan.area, TOTAL)
    for period, scope in scopes.periods:
        told = scopes.told(scope)
        at = told.places.index(total)
        there = snapshot.coverage[(measure.slug, series.slug), period.code]
        [one] = told.of(period.code, there, slice(at, at + 1))
        yield period, one


def _derived(formula: Formula, period: Period, parts: Sequence[tuple[Measure, Totals]]) -> Shown:
    found = [_at(period, measure, totals) for measure, totals in parts]
    return made(formula.operation, [measure for measure, _ in parts], found)


def _at(wanted: Period, measure: Measure, totals: Totals) -> Shown:
    """What is shown of a measure of a formula in the period; of a stock, at the end of it."""
    for period, one in totals:
        last = measure.kind in (Kind.STOCK, Kind.CUMULATIVE) and period.end == wanted.end
        if periods.same_span(period, wanted) or (last and periods.contains(wanted, period)):
            return one
    return NO_DATA


class _Beside:
    """The figures of one series in the making, and whatever is set beside them: ask for its periods in order of time.

    Of those before it holds what a later one may be set beside: the first of its like, and the years of a trend.
    """

    def __init__(self, measure: Measure, series: Series, snapshot: Snapshot) -> None:
        self.measure, self.series, self.snapshot, self.catalogue = measure, series, snapshot, snapshot.catalogue
        self.ratio = measure.kind in COMPARED
        self.breakdowns: dict[str, dict[str, str]] = {}
        self.before: list[Period] = []
        self.starts: list[tuple[Period, dict[Place, Reading]]] = []
        self.years: dict[PeriodType, dict[Place, list[Reading]]] = {}

    def figures(self, period: Period, shown: Mapping[Place, Shown], earlier: Mapping[Where, Earlier]) -> list[Figure]:
        there = self.snapshot.coverage.get(((self.measure.slug, self.series.slug), period.code))
        now = _Now(self, period, shown, there)
        found = [now.figure(place, earlier) for place in now.shown]
        self._remember(now)
        return found

    def start_of(self, period: Period) -> dict[Place, Reading]:
        """Of each place the first figure that one of this period may be set beside."""
        for first, found in self.starts:
            alike = first.type is period.type and periods.length_in_months(first) == periods.length_in_months(period)
            if alike and as_long_since(first, period, self.series.resets):
                return found
        self.starts.append((period, {}))
        return self.starts[-1][1]

    def _remember(self, now: "_Now") -> None:
        """A count with a return missing is no start of a movement."""
        self.before.append(now.period)
        if self.ratio or now.whole:
            for place, one in now.readings.items():
                if one.bounds is not None:
                    now.starts.setdefault(place, one)
        if now.annual:
            years = self.years.setdefault(now.period.type, {})
            for place, one in now.readings.items():
                years.setdefault(place, []).append(one)


class _Now:
    """The figures of a series in one period."""

    def __init__(
        self, beside: _Beside, period: Period, shown: Mapping[Place, Shown], there: Completeness | None
    ) -> None:
        self.beside, self.period, self.shown = beside, period, shown
        self.measure, self.series, self.snapshot = beside.measure, beside.series, beside.snapshot
        self.catalogue = self.snapshot.catalogue
        name = f"{self.measure.slug}/{self.series.slug}"
        self.readings = {place: reading(name, period, one) for place, one in shown.items()}
        self.starts = beside.start_of(period)
        self.whole = there is not None and there.whole
        self.coverage = there.coverage if there else NO_RETURNS
        self.annual = period.type in trends.ANNUAL and self.measure.kind in trends.KINDS
        alike = [one for one in beside.before if one.type is period.type]
        # Of what is not annual the periods alone are looked at: they tell why there is no trend.
        blank = [Reading(series=name, period=one, value=None) for one in (*alike, period)]
        self.no_trend = verdicts.trend_of(blank, self.measure)
        closes = calendar.deadlines(period, self.catalogue.plan.calendar).closes_at
        open_still = closes > self.snapshot.frozen_at if closes else there is not None and not self.whole
        self.markers = [Marker.PROVISIONAL] * open_still

    def figure(self, place: Place, earlier: Mapping[Where, Earlier]) -> Figure:
        area, breakdown = place
        shown = self.shown[place]
        told = shown.low is not None
        narrow, wide = shown.intervals or (None, None)
        part, whole = shown.numerator, shown.denominator
        return Figure(
            measure=self.measure.slug,
            series=self.series.slug,
            kind=self.measure.kind,
            unit=self.measure.unit,
            period=self.period,
            area=area,
            breakdown=self._breakdown(breakdown),
            value=shown.value,
            lower_bound=shown.low,
            upper_bound=shown.high,
            largest_error=shown.largest_error,
            numerator=part.value if part else None,
            numerator_low=part.low if part else None,
            numerator_high=part.high if part else None,
            denominator=whole.value if whole else None,
            denominator_low=whole.low if whole else None,
            denominator_high=whole.high if whole else None,
            lower=narrow.lower if narrow else None,
            upper=narrow.upper if narrow else None,
            lower_99_8=wide.lower if wide else None,
            upper_99_8=wide.upper if wide else None,
            interval_method=narrow.method if narrow else None,
            status=shown.status,
            markers=self._markers(place, shown, earlier) if told else [],
            reason=shown.reason,
            coverage=self.coverage,
            comparators=self._comparators(place) if told and self.beside.ratio else [],
            trend=self._trend(place) if told else None,
            movement=self._movement(place) if told else None,
            target=self._target(place, shown) if told else None,
            release=self.snapshot.number,
            policy=self.catalogue.plan.disclosure.version,
            instead=released_entries.instead(self.measure),
        )

    def _breakdown(self, key: str) -> dict[str, str]:
        known = self.beside.breakdowns
        return known[key] if key in known else known.setdefault(key, breakdown_of(key))

    def _markers(self, place: Place, shown: Shown, earlier: Mapping[Where, Earlier]) -> list[Marker]:
        """`p` while its period may still be corrected, `r` where the last release gave another number."""
        if not earlier:
            return self.markers
        area, breakdown = place
        keys = breakdown.split(";") if breakdown else []
        old = earlier.get((self.measure.slug, self.series.slug, self.period.code, area, *keys))
        revised = old is not None and old.figure.lower_bound is not None and old.figure.value != shown.value
        return self.markers + [Marker.REVISED] * revised

    def _comparators(self, place: Place) -> list[Comparator]:
        """The wider areas of the family that have a value; where none has, the nearest says so."""
        area, breakdown = place
        wider = self.catalogue.ancestors(area)[1:]
        others = {code: self.readings.get((code, breakdown)) for code in wider}
        there = [code for code, other in others.items() if other is not None and other.value is not None]
        own, aim = self.readings[place], self.measure.direction.aim
        return [verdicts.beside(own, others[code], self.catalogue.areas[code], aim) for code in there or wider[:1]]

    def _movement(self, place: Place) -> Movement:
        """Since the plan's baseline, or the first period of this release with a value.

        A count with a return missing is set beside nothing, nor is anything set beside it.
        """
        if not (self.beside.ratio or self.whole):
            return INCOMPLETE
        start = self.starts.get(place)
        return comparison.movement(
            self.readings[place],
            [] if start is None else [start],
            self.measure.direction.aim,
            baseline=self.measure.baseline if self._is_the_programmes(place) else None,
        )

    def _trend(self, place: Place) -> Trend:
        """Over the last five years of the series, this figure's the last."""
        if not self.annual:
            return self.no_trend
        years = self.beside.years.get(self.period.type, {})
        return verdicts.trend_of([*years.get(place, []), self.readings[place]], self.measure)

    def _target(self, place: Place, shown: Shown) -> TargetVerdict | None:
        if not self._is_the_programmes(place):
            return None
        return verdicts.target_of(self.measure, self.period, shown.low, shown.high)

    def _is_the_programmes(self, place: Place) -> bool:
        return self.series.headline and place == (self.catalogue.plan.area, TOTAL)


def reading(series: str, period: Period, shown: Shown) -> Reading:
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
INCOMPLETE = Movement(reason=NotMoved.INCOMPLETE)


def spans(scopes: Iterable[AuditScope]) -> Iterator[tuple[SeriesKey, Period]]:
    """Each series of these scopes with each of its periods."""
    for scope in scopes:
        for member, code in product(scope.members, scope.shape.periods):
            yield member.key, periods.parse(code)
