"""Which totals a submission moves: before and after, rolled up as each measure declares."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from api.plan.catalogue import Catalogue
from api.statistics import periods, rollup
from api.submissions.revisions import ReturnTotal
from schema.measures import RATIO_KINDS, Measure
from schema.periods import Period, PeriodType
from schema.submission_reports import Amount, Effect, EffectScope
from schema.submissions import ReturnKind


def calculate_effects(
    scope: EffectScope, was: Sequence[ReturnTotal], now: Sequence[ReturnTotal], catalogue: Catalogue
) -> list[Effect]:
    """The totals of each return's own period and financial year that differ.

    `was` are the totals that stand, of one organisation or of all; `now` are those that take the place of some.
    """
    replaced = {(total.organisation, total.key, total.area): total for total in was}
    after = list((replaced | {(total.organisation, total.key, total.area): total for total in now}).values())
    sent, stood, stands = _group_by_series(now), _group_by_series(was), _group_by_series(after)
    asked: dict[str, list[tuple[str, str, Period]]] = {}  # by measure: the series, area and span of each total
    for measure, series, area in sorted(sent):
        spans = {span.code: span for total in sent[measure, series, area] for span in _affected_periods(total.period)}
        ordered = sorted(spans.values(), key=lambda p: (p.start, p.end))
        asked.setdefault(measure, []).extend((series, area, span) for span in ordered)
    moved: list[Effect] = []
    for slug, places in asked.items():
        measure = catalogue.measures[slug]
        behind = [
            [t for t in totals.get((slug, series, area), ()) if _contributes_to(t, span)]
            for totals in (stood, stands)
            for series, area, span in places
        ]
        amounts = _roll_up_groups(measure, behind)
        for (series, area, span), old, new in zip(places, amounts, amounts[len(places) :], strict=False):
            if old != new:
                moved.append(
                    Effect(
                        scope=scope,
                        measure=slug,
                        series=series,
                        area=area,
                        period=span,
                        unit=measure.unit,
                        before=old,
                        after=new,
                    )
                )
    return moved


@lru_cache(maxsize=1024)
def _affected_periods(period: Period) -> tuple[Period, ...]:
    """The period itself, and the financial year that it lies in."""
    years = periods.list_periods_between(
        PeriodType.FINANCIAL_YEAR,
        period.start.replace(year=period.start.year - 1, month=4, day=1),
        period.end.replace(year=period.end.year + 1, month=3, day=31),
    )
    if period.type in (PeriodType.MONTHS_ENDING, PeriodType.TO_DATE):
        return (period,)  # windows overlap: a year is not made of them
    return (period, *(year for year in years if periods.contains(year, period) and year != period))


def _group_by_series(totals: Sequence[ReturnTotal]) -> dict[tuple[str, str, str], list[ReturnTotal]]:
    """By measure, series and area."""
    found: dict[tuple[str, str, str], list[ReturnTotal]] = {}
    for total in totals:
        found.setdefault((total.measure, total.series, total.area), []).append(total)
    return found


def _contributes_to(total: ReturnTotal, span: Period) -> bool:
    return total.kind is not ReturnKind.WITHDRAWN and periods.contains(span, total.period)


def _roll_up_groups(measure: Measure, behind: Sequence[Sequence[ReturnTotal]]) -> list[Amount | None]:
    """What each group of totals of a measure amounts to; they are rolled up all at once."""
    totals = [total for group in behind for total in group]
    if not totals:
        return [None] * len(behind)
    numbers = {key: index for index, key in enumerate({(t.organisation, t.service): None for t in totals})}
    ratio = measure.kind in RATIO_KINDS
    counted = np.array([t.bounds(ratio) for t in totals], dtype=np.float64)
    base = np.array([t.denominator_or_nan for t in totals], dtype=np.float64)
    tallies = rollup.roll_up(
        measure.kind,
        rollup.RollUpEntries(
            group=np.repeat(np.arange(len(behind)), [len(group) for group in behind]),
            source=np.array([numbers[t.organisation, t.service] for t in totals], dtype=np.int64),
            period=np.array([t.period.end.toordinal() for t in totals], dtype=np.int64),
            low=counted[:, 0],
            high=counted[:, 1],
            denominator_low=base if ratio else None,
            denominator_high=base if ratio else None,
        ),
        groups=len(behind),
        overlap=measure.overlap,
    )
    return [_to_amount(tally, measure) for tally in tallies]


def _to_amount(tally: rollup.Tally, measure: Measure) -> Amount | None:
    if tally.low is None:
        return None
    ratio = measure.kind in RATIO_KINDS
    low: float | None = tally.low
    high: float | None = tally.high
    if ratio:
        low, high = (None if n is None else n * unit_multiplier(measure) for n in (tally.ratio_low, tally.ratio_high))
    return Amount(
        value=low if low == high else None,
        lower_bound=low,
        upper_bound=high,
        numerator=tally.low if ratio and tally.low == tally.high else None,
        denominator=tally.denominator_low if ratio and tally.denominator_low == tally.denominator_high else None,
    )


def unit_multiplier(measure: Measure) -> float:
    """What a ratio is multiplied by to be told in the measure's unit: `percent`, or `per-1000` and the like."""
    per = measure.unit.removeprefix("per-")
    return 100.0 if measure.unit == "percent" else float(per) if per.isdecimal() else 1.0
