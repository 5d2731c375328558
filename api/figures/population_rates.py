"""Counts as rates of a population: crude, or directly standardised by age.

A rate is calculated from the figure that a reader would get without `form`, so that a release divides displayed counts
only. Its bounds and intervals are those of all true counts that the displayed one allows. The population counts as
exact: its publisher states no error. Methods: `api.statistics.intervals` and `api.statistics.standardisation`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, hypot
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from api.figures.blank import NULL_FIELDS
from api.plan.breakdowns import format_breakdown_key
from api.statistics.intervals import RatioCounts, calculate_rate_interval, round_limits
from api.statistics.standardisation import AgeGroup, calculate_standardised_rate, get_standard_population
from schema.intervals import Confidence, Interval
from schema.measures import MeasureKind, PerPopulation
from schema.outcomes import FigureFields, OutcomeForm, PopulationUsed
from schema.periods import Period
from schema.released_figures import PublishedFigure
from schema.submissions import Status

FigureT = TypeVar("FigureT", bound=FigureFields)
CountKey = tuple[str, str, str, str, str]
RELEASED_DIGITS = 2
DATE_FIELDS = frozenset({"as_of", "mixed_as_of"})
"""The fields of a stock that its rate keeps."""


class Populations:
    """The estimates of one measure, by area and day."""

    def __init__(self, figures: Iterable[FigureFields]) -> None:
        self._estimates: dict[str, dict[Period, dict[str, FigureFields]]] = {}
        for figure in figures:
            if figure.value is None:
                continue
            days = self._estimates.setdefault(figure.area, {})
            days.setdefault(figure.period, {})[format_breakdown_key(figure.breakdown)] = figure

    def find_estimate(self, area: str, period: Period) -> Mapping[str, FigureFields]:
        """Return the cells of the newest estimate that is not of a later calendar year than the period.

        The year of a period is that of its middle day: a financial year has the estimate of its first calendar year.
        """
        year = (period.start + (period.end - period.start) / 2).year
        days = [day for day in self._estimates.get(area, {}) if day.end.year <= year]
        return self._estimates[area][max(days, key=lambda day: day.end)] if days else {}


class RateInputs(Struct, frozen=True, kw_only=True):
    """The populations by which the counts of one measure are divided."""

    form: OutcomeForm
    declared: PerPopulation
    bands: Sequence[str]
    """The age bands whose residents are the denominator; empty for residents of all ages."""
    populations: Populations
    counts_by_age: Mapping[CountKey, FigureFields] = {}
    """For a standardised rate: the count of each age band, by `identify_count`."""


class _Count(Struct, frozen=True, kw_only=True):
    """A count with the bounds of the true one, and its error in 95 % of roundings."""

    value: float | None
    low: int
    high: int | None
    error_95: float = 0

    @property
    def likely_low(self) -> int:
        return self.low if self.value is None else max(self.low, round(self.value - self.error_95))

    @property
    def likely_high(self) -> int | None:
        return (
            self.high if self.value is None or self.high is None else min(self.high, round(self.value + self.error_95))
        )


class _Rate(Struct, frozen=True, kw_only=True):
    """A rate with the bounds of the true one, and the count behind it."""

    value: float | None
    low: float
    high: float | None
    error_95: float | None
    intervals: Sequence[Interval]
    count: _Count


def identify_count(figure: FigureFields, more: Mapping[str, str] | None = None) -> CountKey:
    """Return the key of a figure, with further categories."""
    key = format_breakdown_key({**figure.breakdown, **(more or {})})
    return figure.measure, figure.series, figure.period.code, figure.area, key


def build_rates(figures: Iterable[FigureT], inputs_by_measure: Mapping[str, RateInputs]) -> Iterator[FigureT]:
    """Return each count as a rate, or without a number and with the reason."""
    for figure in figures:
        yield _build_rate(figure, inputs_by_measure[figure.measure])


def _build_rate(figure: FigureT, inputs: RateInputs) -> FigureT:
    age, declared = inputs.declared.age_dimension, inputs.declared
    estimate = inputs.populations.find_estimate(figure.area, figure.period)
    own_band = [figure.breakdown[age]] if age in figure.breakdown else []
    parts = [{age: band} for band in own_band or inputs.bands] or [{}]
    residents = [_find_residents(estimate, figure, part) for part in parts]
    total = None if None in residents else sum(number or 0 for number in residents)
    blank = _clear(figure, inputs, estimate, total)
    is_crude = inputs.form is OutcomeForm.PER_POPULATION
    counts = [figure] if is_crude else [inputs.counts_by_age.get(identify_count(figure, part)) for part in parts]
    status, reason = _find_obstacle(counts, residents)
    if status is not None:
        return replace(blank, status=status, reason=reason)
    known = [_read_count(count) for count in counts if count is not None]
    if is_crude:
        return _fill(blank, figure, _calculate_crude_rate(known[0], total or 0, declared.per))
    rate = _standardise(known, inputs.bands, [number or 0 for number in residents], declared.per)
    if rate is None:
        return replace(blank, status=Status.NOT_AVAILABLE, reason="count_below_10")
    return _fill(blank, figure, rate)


def _find_residents(
    estimate: Mapping[str, FigureFields], figure: FigureFields, part: Mapping[str, str]
) -> float | None:
    """Return the residents of a figure's categories; None if the estimate does not state them."""
    cell = estimate.get(format_breakdown_key({**figure.breakdown, **part}))
    return None if cell is None else cell.value


def _find_obstacle(
    counts: Sequence[FigureFields | None], residents: Sequence[float | None]
) -> tuple[Status | None, str | None]:
    """Return the status and the reason of a rate that cannot be calculated."""
    hidden = next((count for count in counts if count is not None and count.lower_bound is None), None)
    if hidden is not None:
        return hidden.status, hidden.reason
    if not all(residents):
        return Status.NOT_AVAILABLE, "no_population"
    is_sum = len(counts) > 1
    if any(count is None or (is_sum and count.value is None) for count in counts):
        return Status.NOT_AVAILABLE, "no_counts_by_age"
    return None, None


def _read_count(figure: FigureFields) -> _Count:
    return _Count(
        value=figure.value,
        low=round(figure.lower_bound or 0),
        high=None if figure.upper_bound is None else round(figure.upper_bound),
        error_95=(figure.error_95 or 0) if isinstance(figure, PublishedFigure) else 0,
    )


def _calculate_crude_rate(count: _Count, residents: float, per: int) -> _Rate:
    likely = RatioCounts(
        numerator_low=count.likely_low,
        numerator_high=count.likely_high,
        denominator_low=round(residents),
        denominator_high=round(residents),
    )
    has_limits = count.likely_high is not None
    return _Rate(
        value=None if count.value is None else per * count.value / residents,
        low=per * count.low / residents,
        high=None if count.high is None else per * count.high / residents,
        error_95=None if count.value is None else per * count.error_95 / residents,
        intervals=[calculate_rate_interval(likely, confidence=level, per=per) for level in Confidence if has_limits],
        count=count,
    )


def _standardise(counts: Sequence[_Count], bands: Sequence[str], residents: Sequence[float], per: int) -> _Rate | None:
    """Return the standardised rate of counts by age, which all have a value; None if their total is below 10."""

    def calculate(bounds: Sequence[tuple[int, int | None]]):
        return calculate_standardised_rate(
            [
                AgeGroup(
                    value=count.value or 0,
                    low=low,
                    high=high or 0,
                    residents=number,
                    weight=get_standard_population(band),
                )
                for count, (low, high), number, band in zip(counts, bounds, residents, bands, strict=True)
            ],
            per=per,
        )

    certain = calculate([(count.low, count.high) for count in counts])
    likely = calculate([(count.likely_low, count.likely_high) for count in counts])
    if certain is None or likely is None:
        return None
    return _Rate(
        value=certain.value,
        low=certain.low,
        high=certain.high,
        error_95=max(likely.value - likely.low, likely.high - likely.value),
        intervals=likely.intervals,
        count=_Count(
            value=sum(count.value or 0 for count in counts),
            low=sum(count.low for count in counts),
            high=sum(count.high or 0 for count in counts),
            error_95=ceil(hypot(*(count.error_95 for count in counts))),
        ),
    )


def _clear(
    figure: FigureT, inputs: RateInputs, estimate: Mapping[str, FigureFields], residents: float | None
) -> FigureT:
    """Return the figure without its number, and with the population."""
    cell = next(iter(estimate.values()), None)
    source = cell.source if cell is not None else None
    population = PopulationUsed(
        form=inputs.form,
        per=inputs.declared.per,
        label=inputs.declared.label,
        measure=inputs.declared.population,
        period=None if cell is None else cell.period.code,
        identifier=source.identifier if source else None,
        note=source.note if source else None,
    )
    numbers: dict[str, float | None] = dict.fromkeys(NULL_FIELDS - DATE_FIELDS)
    numbers |= dict.fromkeys(("denominator", "denominator_lower_bound", "denominator_upper_bound"), residents)
    cleared = replace(figure, **_select_fields(figure, numbers), kind=MeasureKind.RATE, unit=inputs.declared.unit)
    return replace(cleared, markers=[], comparators=[], alternatives=None, population=population)


def _fill(blank: FigureT, figure: FigureT, rate: _Rate) -> FigureT:
    """Return the rate. The value of a release is rounded, because its count is."""
    value = rate.value
    if value is not None and isinstance(figure, PublishedFigure):
        value = round(value, RELEASED_DIGITS)
    digits = RELEASED_DIGITS if isinstance(figure, PublishedFigure) else None
    intervals = [round_limits(interval, digits) for interval in rate.intervals]
    limits = [(interval.lower, interval.upper) for interval in intervals] or [(None, None), (None, None)]
    (lower, upper), (lower_99_8, upper_99_8) = limits
    numbers = {
        "value": value,
        "lower_bound": rate.low,
        "upper_bound": rate.high,
        "largest_error": None if value is None or rate.high is None else max(value - rate.low, rate.high - value),
        "error_95": rate.error_95,
        "numerator": rate.count.value,
        "numerator_lower_bound": rate.count.low,
        "numerator_upper_bound": rate.count.high,
        "counts_error_95": rate.count.error_95,
        "lower": lower,
        "upper": upper,
        "lower_99_8": lower_99_8,
        "upper_99_8": upper_99_8,
    }
    method = rate.intervals[0].method if rate.intervals else None
    filled = replace(blank, **_select_fields(figure, numbers), interval_method=method)
    return replace(filled, status=None, reason=None, markers=figure.markers)


def _select_fields(figure: FigureFields, numbers: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return the fields that this kind of figure has."""
    return {name: number for name, number in numbers.items() if name in figure.__struct_fields__}
