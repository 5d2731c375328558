"""The figures of a release: every registered cell in the order of the plan, and what each says beside others.

Whatever is said of a figure - comparison, movement, trend, target - is calculated from figures of the same release.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from api.outcomes import judging
from api.outcomes.asked import Order, by_end
from api.outcomes.completeness import Completeness
from api.outcomes.rules import COMPARED, UNCOUNTED, as_long_since
from api.plan import calendar
from api.plan.catalogue import TOTAL, Catalogue, breakdown_of
from api.releases.scopes import COUNTED, AuditScope, released_periods
from api.releases.shown import NO_DATA, NOT_A_COUNT, NOT_RELEASED, CellKey, SeriesKey, Shown, made
from api.statistics import comparison, periods
from api.statistics.readings import Reading
from schema.outcomes import Comparator, Coverage, TargetVerdict, UnprotectedFigure
from schema.periods import Period
from schema.plan import Collection, Formula, Kind, Measure, Series
from schema.releases import Figure
from schema.submissions import Marker
from schema.verdicts import Movement, NotMoved, Trend

Cells = dict[SeriesKey, dict[CellKey, Shown]]


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that the figures of a release are made of. Nothing in it is unprotected."""

    catalogue: Catalogue
    number: int
    frozen_at: datetime
    cells: Cells
    coverage: Mapping[tuple[SeriesKey, str], Completeness]
    published: Mapping[SeriesKey, Sequence[Figure]] = {}
    """Published statistics, which their publishers have protected."""
    without: frozenset[str] = frozenset()


class Place(Struct, frozen=True, kw_only=True):
    """One registered cell."""

    measure: Measure
    series: Series
    period: Period
    area: str
    breakdown: str

    @property
    def key(self) -> SeriesKey:
        return self.measure.slug, self.series.slug


def figures(snapshot: Snapshot, before: Mapping[tuple[str, ...], Figure]) -> Iterator[Figure]:
    """Every figure, in the order of the plan, of time, of areas and of categories.

    `before` are those of the last release by `place_of`: a number that differs is marked as revised.
    """
    catalogue = snapshot.catalogue
    for measure in catalogue.plan.measures:
        if measure.slug in snapshot.without:
            continue
        for series in measure.series:
            found = list(_of_series(measure, series, snapshot))
            beside = _Beside(measure, series, snapshot, found)
            for place, shown in found:
                yield _figure(place, shown, snapshot, beside, before)
            yield from snapshot.published.get((measure.slug, series.slug), ())


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


def place_of(figure: Figure) -> tuple[str, ...]:
    breakdown = [f"{dimension}={code}" for dimension, code in sorted(figure.breakdown.items())]
    return (figure.measure, figure.series, figure.period.code, figure.area, *breakdown)


def registered(measure: Measure, series: Series, snapshot: Snapshot) -> list[Period]:
    """The periods of a series that a release speaks of, in order of time, the shorter before the longer."""
    returned = {periods.parse(code) for code, _, _ in snapshot.cells.get((measure.slug, series.slug), {})}
    today = calendar.today(snapshot.frozen_at)
    over, longer = released_periods(measure, snapshot.catalogue, returned, today=today)
    return sorted({period.code: period for period in (*over, *longer)}.values(), key=by_end)


def _of_series(measure: Measure, series: Series, snapshot: Snapshot) -> Iterator[tuple[Place, Shown]]:
    """The cells of a series, each with what is shown of it."""
    cells = snapshot.cells.get((measure.slug, series.slug), {})
    if series.formula is None and cells:
        known = {code: periods.parse(code) for code in dict.fromkeys(code for code, _, _ in cells)}
        order = Order(snapshot.catalogue)
        for code, area, key in sorted(
            cells, key=lambda cell: (by_end(known[cell[0]]), order.areas[cell[1]], order.breakdown(cell[2]))
        ):
            place = Place(measure=measure, series=series, period=known[code], area=area, breakdown=key)
            yield place, cells[code, area, key]
        return
    if series.collection is Collection.PUBLISHED:
        return
    for period in registered(measure, series, snapshot):
        place = Place(measure=measure, series=series, period=period, area=snapshot.catalogue.plan.area, breakdown=TOTAL)
        yield place, _derived(place, series.formula, snapshot) if series.formula else _uncounted(measure)


def _uncounted(measure: Measure) -> Shown:
    if measure.kind in UNCOUNTED:
        return NOT_A_COUNT
    return NO_DATA if measure.kind in COUNTED else NOT_RELEASED


def _derived(place: Place, formula: Formula, snapshot: Snapshot) -> Shown:
    of = [snapshot.catalogue.measures[slug] for slug in formula.measures]
    return made(formula.operation, of, [_part(measure, place, snapshot) for measure in of])


def _part(measure: Measure, place: Place, snapshot: Snapshot) -> Shown:
    """What is shown of a measure of a formula in the period; of a stock, at the end of it."""
    if measure.slug in snapshot.without:
        return NO_DATA
    series = next(one for one in measure.series if one.headline)
    cells = snapshot.cells.get((measure.slug, series.slug), {})
    for code in dict.fromkeys(code for code, _, _ in cells):
        period = periods.parse(code)
        last = measure.kind in (Kind.STOCK, Kind.CUMULATIVE) and period.end == place.period.end
        if periods.same_span(period, place.period) or (last and periods.contains(place.period, period)):
            return cells.get((code, place.area, place.breakdown), NO_DATA)
    return NO_DATA


class _Beside:
    """The figures of one series as readings, for whatever is set beside them."""

    def __init__(
        self, measure: Measure, series: Series, snapshot: Snapshot, found: Sequence[tuple[Place, Shown]]
    ) -> None:
        self.measure, self.series, self.catalogue = measure, series, snapshot.catalogue
        self.readings = {(p.area, p.breakdown, p.period.code): reading(p, one) for p, one in found}
        self.periods = list({place.period.code: place.period for place, _ in found}.values())
        self.coverage = snapshot.coverage
        self.ratio = measure.kind in COMPARED

    def comparators(self, place: Place) -> list[Comparator]:
        """The wider areas of the family that have a value; where none has, the nearest says so."""
        if self.measure.kind not in COMPARED:
            return []
        wider = self.catalogue.ancestors(place.area)[1:]
        others = {code: self.readings.get((code, place.breakdown, place.period.code)) for code in wider}
        there = [code for code, other in others.items() if other is not None and other.value is not None]
        own = self.readings[place.area, place.breakdown, place.period.code]
        aim = self.measure.direction.aim
        return [judging.beside(own, others[code], self.catalogue.areas[code], aim) for code in there or wider[:1]]

    def movement(self, place: Place) -> Movement:
        """Since the plan's baseline, or the first period of this release with a value.

        A count with a return missing is set beside nothing, nor is anything set beside it.
        """
        if not (self.ratio or self._whole(place.period)):
            return Movement(reason=NotMoved.INCOMPLETE)
        starts = [
            self.readings[place.area, place.breakdown, period.code]
            for period in self.periods
            if period.end < place.period.end
            and as_long_since(period, place.period, self.series.resets)
            and (place.area, place.breakdown, period.code) in self.readings
            and (self.ratio or self._whole(period))
        ]
        return comparison.movement(
            self.readings[place.area, place.breakdown, place.period.code],
            starts,
            self.measure.direction.aim,
            baseline=self.measure.baseline if self._is_the_programmes(place) else None,
        )

    def trend(self, place: Place) -> Trend:
        """Over the last five years of the series, this figure's the last."""
        years = [p for p in self.periods if p.type is place.period.type and p.end <= place.period.end]
        points = [self.readings.get((place.area, place.breakdown, period.code)) for period in years]
        return judging.trend_of([point for point in points if point is not None], self.measure)

    def target(self, place: Place, shown: Shown) -> TargetVerdict | None:
        if not self._is_the_programmes(place):
            return None
        return judging.target_of(self.measure, place.period, shown.low, shown.high)

    def _whole(self, period: Period) -> bool:
        there = self.coverage.get(((self.measure.slug, self.series.slug), period.code))
        return there is not None and there.whole

    def _is_the_programmes(self, place: Place) -> bool:
        return self.series.headline and place.area == self.catalogue.plan.area and place.breakdown == TOTAL


def reading(place: Place, shown: Shown) -> Reading:
    """What is shown, as the verdicts read it; always with the bounds of the true value."""
    exact = shown.value is not None and shown.low == shown.high
    part, whole = shown.numerator, shown.denominator
    return Reading(
        series="/".join(place.key),
        period=place.period,
        value=shown.value,
        low=None if exact else shown.low,
        high=None if exact else shown.high,
        numerator=part.value if part and shown.value is not None else None,
        denominator=whole.value if whole and shown.value is not None else None,
        intervals=shown.intervals,
    )


NO_RETURNS = Coverage(expected=0, received=0, approved=0, late=0, exempt=0)


def _figure(
    place: Place, shown: Shown, snapshot: Snapshot, beside: _Beside, before: Mapping[tuple[str, ...], Figure]
) -> Figure:
    there = snapshot.coverage.get((place.key, place.period.code))
    told = shown.low is not None
    narrow, wide = shown.intervals or (None, None)
    part, whole = shown.numerator, shown.denominator
    figure = Figure(
        measure=place.measure.slug,
        series=place.series.slug,
        kind=place.measure.kind,
        unit=place.measure.unit,
        period=place.period,
        area=place.area,
        breakdown=breakdown_of(place.breakdown),
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
        markers=[],
        reason=shown.reason,
        coverage=there.coverage if there else NO_RETURNS,
        comparators=beside.comparators(place) if told else [],
        trend=beside.trend(place) if told else None,
        movement=beside.movement(place) if told else None,
        target=beside.target(place, shown) if told else None,
        release=snapshot.number,
        policy=snapshot.catalogue.plan.disclosure.version,
        instead=UNCOUNTED.get(place.measure.kind),
    )
    return _marked(figure, snapshot, there, before.get(place_of(figure)))


def _marked(figure: Figure, snapshot: Snapshot, there: Completeness | None, before: Figure | None) -> Figure:
    """`p` while its period may still be corrected, `r` where the last release gave another number."""
    if figure.lower_bound is None:
        return figure
    closes = calendar.deadlines(figure.period, snapshot.catalogue.plan.calendar).closes_at
    open_still = closes > snapshot.frozen_at if closes else there is not None and not there.whole
    revised = before is not None and before.lower_bound is not None and before.value != figure.value
    return replace(figure, markers=[Marker.PROVISIONAL] * open_still + [Marker.REVISED] * revised)


def spans(scopes: Iterable[AuditScope]) -> Iterator[tuple[SeriesKey, Period]]:
    """Each series of these scopes with each of its periods."""
    for scope in scopes:
        for member, code in product(scope.members, scope.shape.periods):
            yield member.key, periods.parse(code)
