"""The totals that a submission changes, before and after, rolled up by the kind of each measure."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from msgspec.structs import replace

from api.plan.catalogue import Catalogue
from api.plan.counted_sources import find_repeated_returns, find_reset_day, select_counted_returns
from api.statistics import periods, roll_up
from api.submissions.revisions import ReturnTotal
from schema.measures import RATIO_KINDS, Measure, MeasureKind, Series
from schema.periods import Period, PeriodType
from schema.submission_reports import Amount, Effect, EffectScope
from schema.submissions import ReturnKind


def calculate_effects(
    scope: EffectScope, current: Sequence[ReturnTotal], submitted: Sequence[ReturnTotal], catalogue: Catalogue
) -> list[Effect]:
    """Return the totals of each return's own period and financial year that differ.

    `current` are the totals of one organisation or of all; a submitted total replaces the current one.
    """
    by_cell = {(total.organisation, total.key, total.area): total for total in current}
    by_cell |= {(total.organisation, total.key, total.area): total for total in submitted}
    before, after = _group_by_series(current), _group_by_series(list(by_cell.values()))
    effects: list[Effect] = []
    for slug, spans in _requested_spans(submitted).items():
        measure = catalogue.measures[slug]
        all_series = {series.slug: series for series in measure.series}
        groups = [
            _select_totals(totals.get((slug, series, area), ()), measure, all_series[series], span, catalogue)
            for totals in (before, after)
            for series, area, span in spans
        ]
        amounts = _roll_up_groups(measure, groups)
        for (series, area, span), old, new in zip(spans, amounts, amounts[len(spans) :], strict=False):
            if old != new:
                effect = Effect(
                    scope=scope,
                    measure=slug,
                    series=series,
                    area=area,
                    period=span,
                    unit=measure.unit,
                    before=old,
                    after=new,
                )
                effects.append(effect)
    return effects


def _requested_spans(submitted: Sequence[ReturnTotal]) -> dict[str, list[tuple[str, str, Period]]]:
    """Return, by measure, the series, area and period of each total that a submission may change."""
    spans_by_measure: dict[str, list[tuple[str, str, Period]]] = {}
    for (measure, series, area), totals in sorted(_group_by_series(submitted).items(), key=lambda item: item[0]):
        spans = {span.code: span for total in totals for span in _affected_periods(total.period)}
        ordered = sorted(spans.values(), key=lambda span: (span.start, span.end))
        spans_by_measure.setdefault(measure, []).extend((series, area, span) for span in ordered)
    return spans_by_measure


@lru_cache(maxsize=1024)
def _affected_periods(period: Period) -> tuple[Period, ...]:
    """Return the period itself and the financial year that contains it."""
    years = periods.list_periods_between(
        PeriodType.FINANCIAL_YEAR,
        period.start.replace(year=period.start.year - 1, month=4, day=1),
        period.end.replace(year=period.end.year + 1, month=3, day=31),
    )
    if period.type in (PeriodType.MONTHS_ENDING, PeriodType.TO_DATE):
        return (period,)  # such periods overlap, so they do not add up to a year
    return (period, *(year for year in years if periods.contains(year, period) and year != period))


def _group_by_series(totals: Sequence[ReturnTotal]) -> dict[tuple[str, str, str], list[ReturnTotal]]:
    """Group totals by measure, series and area."""
    groups: dict[tuple[str, str, str], list[ReturnTotal]] = {}
    for total in totals:
        groups.setdefault((total.measure, total.series, total.area), []).append(total)
    return groups


def _contributes_to(total: ReturnTotal, span: Period) -> bool:
    return total.kind is not ReturnKind.WITHDRAWN and periods.contains(span, total.period)


def _select_totals(
    totals: Sequence[ReturnTotal], measure: Measure, series: Series, span: Period, catalogue: Catalogue
) -> list[ReturnTotal]:
    """Return the totals that count in a span. A nil return of a cumulative measure keeps the count before it."""
    selected = [total for total in totals if _contributes_to(total, span)]
    if measure.kind is MeasureKind.CUMULATIVE:
        pairs = find_repeated_returns(series, selected, totals)
        repeated = {(nil.organisation, nil.key): data for nil, data in pairs}
        selected = [
            replace(repeated.get((total.organisation, total.key), total), period=total.period) for total in selected
        ]
    return select_counted_returns(measure, series, selected, catalogue)


def _roll_up_groups(measure: Measure, groups: Sequence[Sequence[ReturnTotal]]) -> list[Amount | None]:
    """Return the amount of each group of totals. One call rolls up all groups."""
    totals = [total for group in groups for total in group]
    if not totals:
        return [None] * len(groups)
    all_series = {series.slug: series for series in measure.series}
    source_index = {key: index for index, key in enumerate({(t.organisation, t.service): None for t in totals})}
    is_ratio = measure.kind in RATIO_KINDS
    bounds = np.array([t.bounds(is_ratio) for t in totals], dtype=np.float64)
    denominators = np.array([t.denominator_or_nan for t in totals], dtype=np.float64)
    tallies = roll_up.roll_up(
        measure.kind,
        roll_up.RollUpEntries(
            group=np.repeat(np.arange(len(groups)), [len(group) for group in groups]),
            source=np.array([source_index[t.organisation, t.service] for t in totals], dtype=np.int64),
            period=np.array([t.period.end.toordinal() for t in totals], dtype=np.int64),
            reset=np.array([find_reset_day(all_series[t.series], t.period.end).toordinal() for t in totals]),
            low=bounds[:, 0],
            high=bounds[:, 1],
            denominator_low=denominators if is_ratio else None,
            denominator_high=denominators if is_ratio else None,
        ),
        groups=len(groups),
        overlap=measure.overlap,
    )
    return [_to_amount(tally, measure) for tally in tallies]


def _to_amount(tally: roll_up.Tally, measure: Measure) -> Amount | None:
    if tally.low is None:
        return None
    is_ratio = measure.kind in RATIO_KINDS
    low: float | None = tally.low
    high: float | None = tally.high
    if is_ratio:
        low, high = (None if n is None else n * unit_multiplier(measure) for n in (tally.ratio_low, tally.ratio_high))
    return Amount(
        value=low if low == high else None,
        lower_bound=low,
        upper_bound=high,
        numerator=tally.low if is_ratio and tally.low == tally.high else None,
        denominator=tally.denominator_low if is_ratio and tally.denominator_low == tally.denominator_high else None,
    )


def unit_multiplier(measure: Measure) -> float:
    """Return the factor from a ratio to the measure's unit, such as `percent` or `per-1000`."""
    per = measure.unit.removeprefix("per-")
    return 100.0 if measure.unit == "percent" else float(per) if per.isdecimal() else 1.0
