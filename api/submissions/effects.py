"""Which totals a submission moves: before and after, rolled up as each measure declares."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from api.plan.catalogue import Catalogue
from api.statistics import periods, rollup
from api.submissions.revisions import RATIOS, PastTotal
from schema.periods import Period, PeriodType
from schema.plan import Measure
from schema.submissions import Amount, Effect, EffectScope, ReturnKind


def effects(
    scope: EffectScope, was: Sequence[PastTotal], now: Sequence[PastTotal], catalogue: Catalogue
) -> list[Effect]:
    """The totals of each return's own period and financial year that differ.

    `was` are the totals that stand, of one organisation or of all; `now` are those that take the place of some.
    """
    replaced = {(total.organisation, total.key, total.area): total for total in was}
    after = list((replaced | {(total.organisation, total.key, total.area): total for total in now}).values())
    sent, stood, stands = _by_series(now), _by_series(was), _by_series(after)
    asked: dict[str, list[tuple[str, str, Period]]] = {}  # by measure: the series, area and span of each total
    for measure, series, area in sorted(sent):
        spans = {span.code: span for total in sent[measure, series, area] for span in _spans(total.period)}
        ordered = sorted(spans.values(), key=lambda p: (p.start, p.end))
        asked.setdefault(measure, []).extend((series, area, span) for span in ordered)
    moved: list[Effect] = []
    for slug, places in asked.items():
        measure = catalogue.measures[slug]
        behind = [
            [t for t in totals.get((slug, series, area), ()) if _behind(t, span)]
            for totals in (stood, stands)
            for series, area, span in places
        ]
        amounts = _amounts(measure, behind)
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
                        was=old,
                        now=new,
                    )
                )
    return moved


@lru_cache(maxsize=1024)
def _spans(period: Period) -> tuple[Period, ...]:
    """The period itself, and the financial year that it lies in."""
    years = periods.between(
        PeriodType.FINANCIAL_YEAR,
        period.start.replace(year=period.start.year - 1, month=4, day=1),
        period.end.replace(year=period.end.year + 1, month=3, day=31),
    )
    if period.type in (PeriodType.MONTHS_ENDING, PeriodType.TO_DATE):
        return (period,)  # windows overlap: a year is not made of them
    return (period, *(year for year in years if periods.contains(year, period) and year != period))


def _by_series(totals: Sequence[PastTotal]) -> dict[tuple[str, str, str], list[PastTotal]]:
    """By measure, series and area."""
    found: dict[tuple[str, str, str], list[PastTotal]] = {}
    for total in totals:
        found.setdefault((total.measure, total.series, total.area), []).append(total)
    return found


def _behind(total: PastTotal, span: Period) -> bool:
    return total.kind is not ReturnKind.WITHDRAWN and periods.contains(span, total.period)


def _amounts(measure: Measure, behind: Sequence[Sequence[PastTotal]]) -> list[Amount | None]:
    """What each group of totals of a measure amounts to; they are rolled up all at once."""
    totals = [total for group in behind for total in group]
    if not totals:
        return [None] * len(behind)
    numbers = {key: index for index, key in enumerate({(t.organisation, t.service): None for t in totals})}
    ratio = measure.kind in RATIOS
    counted = np.array([t.bounds(ratio) for t in totals], dtype=np.float64)
    base = np.array([t.base for t in totals], dtype=np.float64)
    tallies = rollup.tally(
        measure.kind,
        rollup.Cells(
            group=np.repeat(np.arange(len(behind)), [len(group) for group in behind]),
            source=np.array([numbers[t.organisation, t.service] for t in totals], dtype=np.int64),
            period=np.array([t.period.end.toordinal() for t in totals], dtype=np.int64),
            low=counted[:, 0],
            high=counted[:, 1],
            base_low=base if ratio else None,
            base_high=base if ratio else None,
        ),
        groups=len(behind),
        overlap=measure.overlap,
    )
    return [_amount(tally, measure) for tally in tallies]


def _amount(tally: rollup.Tally, measure: Measure) -> Amount | None:
    if tally.low is None:
        return None
    ratio = measure.kind in RATIOS
    low: float | None = tally.low
    high: float | None = tally.high
    if ratio:
        low, high = (None if n is None else n * scale(measure) for n in (tally.ratio_low, tally.ratio_high))
    return Amount(
        value=low if low == high else None,
        lower_bound=low,
        upper_bound=high,
        numerator=tally.low if ratio and tally.low == tally.high else None,
        denominator=tally.base_low if ratio and tally.base_low == tally.base_high else None,
    )


def scale(measure: Measure) -> float:
    """What a ratio is multiplied by to be told in the measure's unit: `percent`, or `per-1000` and the like."""
    per = measure.unit.removeprefix("per-")
    return 100.0 if measure.unit == "percent" else float(per) if per.isdecimal() else 1.0
