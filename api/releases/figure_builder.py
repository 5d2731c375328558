"""Published figures with their verdicts: comparison, movement, trend and target, from figures of the same release."""

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict

from api.figures import verdicts
from api.figures.completeness import ReturnCompleteness
from api.figures.query import COMPARABLE_KINDS
from api.figures.resolution import CellKey
from api.plan import calendar
from api.plan.breakdowns import TOTAL_KEY, format_breakdown_key, parse_breakdown_key
from api.plan.catalogue import find_disclosure_class
from api.releases.released_entries import suggest_alternative
from api.releases.released_readings import MovementStarts, find_movement_starts, to_reading
from api.releases.released_values import ReleasedValue
from api.releases.snapshot import Snapshot
from api.statistics import movement
from api.statistics.disclosure.sparse_rows import IntArray
from api.statistics.readings import Reading
from api.statistics.trends import ANNUAL_TYPES, TREND_KINDS
from schema.measures import Measure, MeasureKind, Series
from schema.outcomes import Comparator, Coverage, TargetVerdict
from schema.periods import Period, PeriodType
from schema.released_figures import PublishedFigure
from schema.submissions import Marker
from schema.verdicts import Movement, NoMovementReason, Trend

NO_RETURNS = Coverage(expected=0, received=0, approved=0, late=0, exempt=0)
INCOMPLETE_MOVEMENT = Movement(reason=NoMovementReason.INCOMPLETE)


class DistinctFigures(Struct, frozen=True, kw_only=True, eq=False):
    """The figures of many cells, most of which differ in nothing but the cell."""

    cells: Sequence[CellKey]
    numbers: IntArray
    """For each cell, the number of its figure."""
    figures: Sequence[PublishedFigure]
    """Each has the area and the breakdown of the first of its cells."""


def list_distinct(published: Iterable[PublishedFigure]) -> DistinctFigures:
    """Return published statistics, of which no two are equal."""
    figures = list(published)
    cells = [(figure.area, format_breakdown_key(figure.breakdown)) for figure in figures]
    return DistinctFigures(cells=cells, numbers=np.arange(len(figures)), figures=figures)


class SeriesBuilder:
    """Build the figures of one series. Call it with the periods in time order.

    It remembers what later periods are compared with: the first comparable reading, and the years of a trend.
    """

    def __init__(self, measure: Measure, series: Series, snapshot: Snapshot) -> None:
        self.measure, self.series, self.snapshot, self.catalogue = measure, series, snapshot, snapshot.catalogue
        self.is_ratio = measure.kind in COMPARABLE_KINDS
        self.breakdowns: dict[str, dict[str, str]] = {}
        self.earlier_periods: list[Period] = []
        self.movement_starts: list[MovementStarts] = []
        self.annual_readings: dict[PeriodType, dict[CellKey, list[Reading]]] = {}

    def build_figures(
        self, period: Period, values: Mapping[CellKey, ReleasedValue], previous: Mapping[CellKey, float | None]
    ) -> DistinctFigures:
        """Build a figure for each cell. `previous` are the values of the previous release that had bounds."""
        completeness = self.snapshot.coverage.get(((self.measure.slug, self.series.slug), period.code))
        builder = _PeriodBuilder(self, period, values, completeness, previous)
        cells_by_inputs: dict[Hashable, tuple[int, CellKey]] = {}
        numbers = [
            cells_by_inputs.setdefault(builder.identify_inputs(cell), (len(cells_by_inputs), cell))[0]
            for cell in values
        ]
        figures = [builder.build_figure(cell) for _, cell in cells_by_inputs.values()]
        self._record_period(builder)
        return DistinctFigures(cells=list(values), numbers=np.array(numbers, dtype=np.int64), figures=figures)

    def _record_period(self, builder: "_PeriodBuilder") -> None:
        """Remember the readings of a period. A count with a missing return does not start a movement."""
        self.earlier_periods.append(builder.period)
        if self.is_ratio or builder.is_complete:
            for cell, reading in builder.readings.items():
                if reading.bounds is not None:
                    builder.movement_starts[0].readings.setdefault(cell, reading)
        if builder.is_annual:
            years = self.annual_readings.setdefault(builder.period.type, {})
            for cell, reading in builder.readings.items():
                years.setdefault(cell, []).append(reading)


class _Judgements(Struct, frozen=True, kw_only=True):
    """The verdicts on one figure; all empty if the figure has no bounds."""

    markers: list[Marker] = []
    comparators: list[Comparator] = []
    trend: Trend | None = None
    movement: Movement | None = None
    target: TargetVerdict | None = None


class _PeriodBuilder:
    """Build the figures of a series in one period."""

    def __init__(
        self,
        series_builder: SeriesBuilder,
        period: Period,
        values: Mapping[CellKey, ReleasedValue],
        completeness: ReturnCompleteness | None,
        previous: Mapping[CellKey, float | None],
    ) -> None:
        self.series_builder, self.period, self.values, self.previous = series_builder, period, values, previous
        self.measure, self.series = series_builder.measure, series_builder.series
        self.snapshot, self.catalogue = series_builder.snapshot, series_builder.catalogue
        name = f"{self.measure.slug}/{self.series.slug}"
        distinct = {id(value): value for value in values.values()}
        sources = self.snapshot.sources.get(((self.measure.slug, self.series.slug), period.code))
        rule = self.catalogue.plan.disclosure.rule(find_disclosure_class(self.measure, self.series))
        readings = {
            number: to_reading(self.measure, self.series, period, value, rule, sources)
            for number, value in distinct.items()
        }
        self.readings = {cell: readings[id(value)] for cell, value in values.items()}
        self.movement_starts = find_movement_starts(series_builder.movement_starts, period, sources, self.series.resets)
        self.is_complete = completeness is not None and completeness.is_complete
        self.has_movement = series_builder.is_ratio or self.is_complete
        self.headline_total = (self.catalogue.plan.area, TOTAL_KEY) if self.series.headline else None
        self.coverage = completeness.coverage if completeness else NO_RETURNS
        self.is_annual = period.type in ANNUAL_TYPES and self.measure.kind in TREND_KINDS
        same_type = [earlier for earlier in series_builder.earlier_periods if earlier.type is period.type]
        # A series that is not annual has no trend; the periods alone determine the reason.
        blank = [Reading(series=name, period=point, value=None) for point in (*same_type, period)]
        self.no_trend = verdicts.judge_trend(blank, self.measure)
        closes_at = calendar.compute_deadlines(period, self.catalogue.plan.calendar).closes_at
        if closes_at:
            is_open = closes_at > self.snapshot.frozen_at
        else:
            is_open = completeness is not None and not self.is_complete
        self.markers = [Marker.PROVISIONAL] * is_open

    def identify_inputs(self, cell: CellKey) -> Hashable:
        """Return the inputs of the figure of a cell. Equal inputs give figures that differ only by cell."""
        value = self.values[cell]
        inputs: list[Hashable] = [id(value)]
        if value.low is not None:
            inputs += self._is_revised(cell), cell == self.headline_total
            if self.has_movement:
                inputs += map(id, self._list_movement_starts(cell))
            if self.is_annual:
                inputs += map(id, self._list_earlier_years(cell))
            if self.series_builder.is_ratio:
                inputs += [(area, id(reading)) for area, reading in self._find_wider_readings(cell).items()]
        return tuple(inputs)

    def build_figure(self, cell: CellKey) -> PublishedFigure:
        (area, breakdown), value = cell, self.values[cell]
        interval, wide_interval = self.readings[cell].shown_intervals or (None, None)
        judgements = self._judge(cell, value)
        return PublishedFigure(
            measure=self.measure.slug,
            series=self.series.slug,
            kind=self.measure.kind,
            unit=self.measure.unit,
            period=self.period,
            area=area,
            breakdown=self._parse_breakdown(breakdown),
            value=value.value,
            lower_bound=value.low,
            upper_bound=value.high,
            largest_error=value.largest_error,
            error_95=value.error_95,
            numerator=value.numerator.value,
            numerator_lower_bound=value.numerator.low,
            numerator_upper_bound=value.numerator.high,
            denominator=value.denominator.value,
            denominator_lower_bound=value.denominator.low,
            denominator_upper_bound=value.denominator.high,
            counts_error_95=value.counts_error_95,
            lower=interval.lower if interval else None,
            upper=interval.upper if interval else None,
            lower_99_8=wide_interval.lower if wide_interval else None,
            upper_99_8=wide_interval.upper if wide_interval else None,
            interval_method=interval.method if interval else None,
            status=value.status,
            reason=value.reason,
            coverage=self.coverage,
            complete=self.is_complete and not value.leaves_out_sources,
            **asdict(judgements),
            release=self.snapshot.number,
            policy_version=self.catalogue.plan.disclosure.version,
            alternatives=suggest_alternative(self.measure),
        )

    def _parse_breakdown(self, key: str) -> dict[str, str]:
        cached = self.series_builder.breakdowns
        return cached[key] if key in cached else cached.setdefault(key, parse_breakdown_key(key))

    def _judge(self, cell: CellKey, value: ReleasedValue) -> _Judgements:
        if value.low is None:
            return _Judgements()
        return _Judgements(
            markers=[
                *self.markers,
                *[Marker.REVISED] * self._is_revised(cell),
                *[Marker.LOW_RELIABILITY] * _is_unreliable(value),
            ],
            comparators=self._compare_with_wider_areas(cell) if self.series_builder.is_ratio else [],
            trend=self._calculate_trend(cell),
            movement=self._calculate_movement(cell),
            target=self._assess_target(cell, value),
        )

    def _is_revised(self, cell: CellKey) -> bool:
        """Return True if the previous release had another number."""
        return cell in self.previous and self.previous[cell] != self.values[cell].value

    def _find_wider_readings(self, cell: CellKey) -> dict[str, Reading | None]:
        area, breakdown = cell
        return {code: self.readings.get((code, breakdown)) for code in self.catalogue.list_area_and_ancestors(area)[1:]}

    def _compare_with_wider_areas(self, cell: CellKey) -> list[Comparator]:
        """Compare with each wider area that has a value. If none has, return the nearest area with the reason."""
        others = self._find_wider_readings(cell)
        with_value = [code for code, other in others.items() if other is not None and other.value is not None]
        reading, aim = self.readings[cell], self.measure.direction.aim
        return [
            verdicts.compare_with_area(reading, others[code], cell[0], code, aim, self.catalogue)
            for code in with_value or list(others)[:1]
        ]

    def _calculate_movement(self, cell: CellKey) -> Movement:
        """Return the movement since the plan's baseline, or since the first period of this release with a value.

        A count with a missing return is never compared with another period. A percentage, and
        a count with a part that no organisation has, is compared with that of the same sources, but not judged.
        """
        if not self.has_movement:
            return INCOMPLETE_MOVEMENT
        result = movement.calculate_movement(
            self.readings[cell],
            self._list_movement_starts(cell),
            self.measure.direction.aim,
            baseline=self.measure.baseline if cell == self.headline_total else None,
            is_stock=self.measure.kind is MeasureKind.STOCK,
        )
        is_partial = not self.is_complete or self.coverage.approved < self.coverage.expected
        return movement.leave_unjudged(result) if is_partial else result

    def _list_movement_starts(self, cell: CellKey) -> list[Reading]:
        return [group.readings[cell] for group in self.movement_starts if cell in group.readings]

    def _calculate_trend(self, cell: CellKey) -> Trend:
        """Return the trend over the last five years of the series, of which this figure is the last."""
        if not self.is_annual:
            return self.no_trend
        return verdicts.judge_trend([*self._list_earlier_years(cell), self.readings[cell]], self.measure)

    def _list_earlier_years(self, cell: CellKey) -> list[Reading]:
        return self.series_builder.annual_readings.get(self.period.type, {}).get(cell, [])

    def _assess_target(self, cell: CellKey, value: ReleasedValue) -> TargetVerdict | None:
        if cell != self.headline_total:
            return None
        return verdicts.judge_target(self.measure, self.period, *value.likely_bounds)


def _is_unreliable(value: ReleasedValue) -> bool:
    """Return True if the 95 % interval of the rounding is wider than half of the value."""
    return value.value is not None and value.error_95 is not None and 2 * value.error_95 > value.value / 2
