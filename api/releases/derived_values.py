"""Derived figures: a formula applied to the displayed values of other measures. Bounds in, bounds out."""

from collections.abc import Sequence
from math import ceil, hypot

from api.releases.released_values import NO_DATA, SUPPRESSED, ReleasedValue
from api.statistics import inequality, periods
from api.statistics.inequality import Contrast
from api.statistics.intervals import RatioCounts
from schema.intervals import Confidence
from schema.measures import LAST_PERIOD_KINDS, Formula, Measure, Operation
from schema.periods import Period
from schema.submissions import Status

PeriodTotals = list[tuple[Period, ReleasedValue]]
"""The displayed value of a measure for the whole programme, by period."""


def calculate_derived(
    formula: Formula, period: Period, inputs: Sequence[tuple[Measure, PeriodTotals]]
) -> ReleasedValue:
    values = [_find_total(period, measure, totals) for measure, totals in inputs]
    return apply_formula(formula.operation, [measure for measure, _ in inputs], values)


def _find_total(span: Period, measure: Measure, totals: PeriodTotals) -> ReleasedValue:
    """Return the value of a measure for the span: that of an equal period, or for a stock the one at its end."""
    for period, value in totals:
        is_last = measure.kind in LAST_PERIOD_KINDS and period.end == span.end
        if periods.is_same_span(period, span) or (is_last and periods.contains(span, period)):
            return value
    return NO_DATA


def apply_formula(operation: Operation, measures: list[Measure], values: list[ReleasedValue]) -> ReleasedValue:
    """Apply an operation to displayed values. If one has no value, the result states why."""
    if any(value.low is None for value in values):
        if any(value.status is Status.CONFIDENTIAL for value in values):
            return SUPPRESSED
        reasons = {value.reason for value in values}
        reason = reasons.pop() if len(reasons) == 1 else "part_without_value"
        return ReleasedValue(status=Status.NOT_AVAILABLE, reason=reason)
    if operation is Operation.DIFFERENCE:
        return _calculate_gap(measures, values)
    lows = [value.low or 0 for value in values]
    highs = [value.high for value in values if value.high is not None]
    high = sum(highs) if len(highs) == len(values) else None
    if operation is Operation.UNION:
        return ReleasedValue(low=max(lows), high=high)
    numbers = [value.value for value in values if value.value is not None]
    if len(numbers) < len(values):
        return ReleasedValue(low=sum(lows), high=high)
    errors = [value.error_95 or 0 for value in values]
    return ReleasedValue(value=sum(numbers), low=sum(lows), high=high, error_95=ceil(hypot(*errors)))


def _calculate_gap(measures: list[Measure], values: list[ReleasedValue]) -> ReleasedValue:
    """Return the first percentage minus the second, with intervals that cover all counts within the bounds."""
    first, second = values
    first_counts, second_counts = first.counts, second.counts
    if first_counts is None or second_counts is None or first.value is None or second.value is None:
        return ReleasedValue(status=Status.NOT_AVAILABLE, reason="no_counts")
    is_part = measures[1].slug in measures[0].contains
    certain, likely = (
        _contrast(of, minus, is_part=is_part) for of, minus in zip(first_counts, second_counts, strict=True)
    )
    if not certain:
        return ReleasedValue(status=Status.NOT_AVAILABLE, reason="part_exceeds_whole")
    [narrow, _] = likely = likely or certain
    value = round(first.value - second.value, 1)
    return ReleasedValue(
        value=value,
        low=certain[0].low,
        high=certain[0].high,
        error_95=round(max(value - (narrow.low or 0), (narrow.high or 0) - value), 1),
        intervals=tuple(contrast.interval for contrast in likely if contrast.interval is not None),
    )


def _contrast(of: RatioCounts, minus: RatioCounts, *, is_part: bool) -> list[Contrast]:
    """Return the gap for each confidence; an empty list if whole and part contradict each other."""
    if not is_part:
        return [inequality.calculate_gap(of, minus, confidence=level) for level in Confidence]
    rest = _subtract_part(of, minus)
    if rest is None:
        return []
    return [inequality.calculate_gap_to_whole(minus, rest, confidence=level) for level in Confidence]


def _subtract_part(whole: RatioCounts, part: RatioCounts) -> RatioCounts | None:
    """Return bounds of the counts outside the part; None if part and whole contradict each other."""
    high = (whole.numerator_high or 0) - part.numerator_low
    base_high = (whole.denominator_high or 0) - part.denominator_low
    low = max(whole.numerator_low - (part.numerator_high or 0), 0)
    base_low = max(whole.denominator_low - (part.denominator_high or 0), 0)
    if high < 0 or base_high <= 0 or low > base_high:
        return None
    return RatioCounts(numerator_low=low, numerator_high=high, denominator_low=base_low, denominator_high=base_high)
