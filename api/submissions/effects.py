"""Which totals a submission moves: before and after, rolled up as each measure declares."""

from collections.abc import Sequence

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
    moved: list[Effect] = []
    sent, stood, stands = _by_series(now), _by_series(was), _by_series(after)
    for measure_slug, series, area in sorted(sent):
        key = measure_slug, series, area
        measure = catalogue.measures[measure_slug]
        spans = {span.code: span for total in sent[key] for span in _spans(total.period)}
        for span in sorted(spans.values(), key=lambda p: (p.start, p.end)):
            old, new = (
                _amount(measure, [t for t in totals.get(key, ()) if _behind(t, span)]) for totals in (stood, stands)
            )
            if old != new:
                moved.append(
                    Effect(
                        scope=scope,
                        measure=measure_slug,
                        series=series,
                        area=area,
                        period=span,
                        unit=measure.unit,
                        was=old,
                        now=new,
                    )
                )
    return moved


def _spans(period: Period) -> list[Period]:
    """The period itself, and the financial year that it lies in."""
    years = periods.between(
        PeriodType.FINANCIAL_YEAR,
        period.start.replace(year=period.start.year - 1, month=4, day=1),
        period.end.replace(year=period.end.year + 1, month=3, day=31),
    )
    if period.type in (PeriodType.MONTHS_ENDING, PeriodType.TO_DATE):
        return [period]  # windows overlap: a year is not made of them
    return [period, *(year for year in years if periods.contains(year, period) and year != period)]


def _by_series(totals: Sequence[PastTotal]) -> dict[tuple[str, str, str], list[PastTotal]]:
    """By measure, series and area."""
    found: dict[tuple[str, str, str], list[PastTotal]] = {}
    for total in totals:
        found.setdefault((total.measure, total.series, total.area), []).append(total)
    return found


def _behind(total: PastTotal, span: Period) -> bool:
    return total.kind is not ReturnKind.WITHDRAWN and periods.contains(span, total.period)


def _amount(measure: Measure, totals: Sequence[PastTotal]) -> Amount | None:
    if not totals:
        return None
    sources = {key: index for index, key in enumerate(sorted({(t.organisation, t.service) for t in totals}))}
    ratio = measure.kind in RATIOS
    counted = np.array([t.bounds(ratio) for t in totals], dtype=np.float64)
    base = np.array([t.base for t in totals], dtype=np.float64)
    [tally] = rollup.tally(
        measure.kind,
        rollup.Cells(
            group=np.zeros(len(totals), dtype=np.int64),
            source=np.array([sources[t.organisation, t.service] for t in totals], dtype=np.int64),
            period=np.array([t.period.end.toordinal() for t in totals], dtype=np.int64),
            low=counted[:, 0],
            high=counted[:, 1],
            base_low=base if ratio else None,
            base_high=base if ratio else None,
        ),
        groups=1,
        overlap=measure.overlap,
    )
    if tally.low is None:
        return None
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
