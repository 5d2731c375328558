"""The tier that looks back: whether a figure is like the earlier ones, and a cumulative one not below them."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor
from statistics import median

import numpy as np
from msgspec import Struct

from api.plan.catalogue import TOTAL, Catalogue, breakdown_of
from api.statistics import periods
from api.submissions import diff, effects
from api.submissions.checks import totals
from api.submissions.checks.findings import Findings
from api.submissions.checks.totals import TOLD
from api.submissions.revisions import NULL, RATIOS, STATUSES, Cells, Column, Identified, PastTotal, ReturnKey
from schema.periods import Period
from schema.plan import Kind, Measure, Series
from schema.problems import CellName
from schema.submissions import ReturnKind, Status

POINTS = 6
BEYOND = 3.5


def spread(values: Sequence[float], floor: float) -> float:
    """1.4826 times the median absolute deviation, so that (x - median) / spread is the modified z-score.

    Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993, p. 11: beyond 3.5 is a likely outlier. `floor` is
    the noise that a count has by itself: without it six equal figures would make any seventh an outlier.
    """
    middle = median(values)
    return max(median(abs(value - middle) for value in values) / 0.6745, floor)


def check_outliers(
    identified: Sequence[Identified], now: Sequence[PastTotal], past: Sequence[PastTotal], findings: Findings
) -> None:
    """The total of each return beside those of its earlier periods, where there are at least six."""
    earlier: dict[tuple[str, ...], dict[str, PastTotal]] = {}
    for total in (*past, *now):
        earlier.setdefault((*total.key[:3], total.area), {})[total.period.code] = total
    measures = {one.key: one.measure for one in identified}
    for total in now:
        measure = measures[total.key]
        ratio = measure.kind in RATIOS
        figure = total.figure(ratio)
        before = [
            other for other in earlier[*total.key[:3], total.area].values() if other.period.end < total.period.end
        ]
        others = [known for other in before if (known := other.figure(ratio)) is not None]
        if figure is None or len(others) < POINTS:
            continue
        middle = median(others)
        wide = BEYOND * spread(others, _noise(measure.kind, middle, total.denominator))
        if abs(figure - middle) > wide:
            findings.add(
                "unlike-earlier",
                f"{_said(figure, measure)} is far from the {len(others)} earlier figures of {measure.slug}, whose "
                f"median is {_said(middle, measure)}.",
                rows=[total.row] if total.row is not None else [],
                cell=total.cell,
                expected=_range(middle - wide, middle + wide, measure),
                actual=_said(figure, measure),
            )


def _noise(kind: Kind, middle: float, denominator: int | None) -> float:
    """The standard deviation that a count of this size (Poisson), or a share of so many (binomial), has anyway."""
    if kind not in RATIOS or not denominator:
        return max(middle**0.5, 1.0)
    variance = middle * (1 - middle) if kind is Kind.PROPORTION else middle
    return max((variance / denominator) ** 0.5, 1 / denominator)


def _range(least: float, most: float, measure: Measure) -> str:
    """What would not have been doubted: whole counts, and the quotients in the measure's unit."""
    least = max(least, 0.0)
    if measure.kind not in RATIOS:
        return f"{ceil(least)} to {floor(most)}"
    return f"{_said(least, measure)} to {_said(min(most, 1.0) if measure.kind is Kind.PROPORTION else most, measure)}"


def _said(figure: float, measure: Measure) -> str:
    if measure.kind not in RATIOS:
        return f"{figure:.1f}".removesuffix(".0")
    figure *= effects.scale(measure)
    return f"{figure:.0f}" if figure >= 1000 else f"{figure:.3g}"


class Neighbours(Struct, frozen=True, kw_only=True):
    """Two returns of one cumulative series that follow each other and have no reset between them."""

    earlier: ReturnKey
    later: ReturnKey


def neighbours(identified: Sequence[Identified], past: Sequence[PastTotal]) -> list[Neighbours]:
    """Of each cumulative return that is sent, the one before it and the one after it."""
    found: set[tuple[ReturnKey, ReturnKey]] = set()
    for one in identified:
        if one.measure.kind is not Kind.CUMULATIVE or one.given.kind is ReturnKind.WITHDRAWN:
            continue
        alike = [(t.period, t.kind) for t in past if t.key[:3] == one.key[:3]]
        alike += [(other.period, other.given.kind) for other in identified if other.key[:3] == one.key[:3]]
        kinds = {period.code: (period, kind) for period, kind in alike}
        standing = [period for period, kind in kinds.values() if kind is not ReturnKind.WITHDRAWN]
        before = [p for p in standing if p.end < one.period.end and not _reset(one.series, p, one.period)]
        after = [p for p in standing if p.end > one.period.end and not _reset(one.series, one.period, p)]
        if before:
            found.add(((*one.key[:3], max(before, key=lambda p: p.end).code), one.key))
        if after:
            found.add((one.key, (*one.key[:3], min(after, key=lambda p: p.end).code)))
    return [Neighbours(earlier=earlier, later=later) for earlier, later in sorted(found)]


def elsewhere(pairs: Sequence[Neighbours], identified: Sequence[Identified]) -> list[ReturnKey]:
    """The neighbours that stand and are not sent: their cells have to be read."""
    here = {one.key for one in identified}
    return sorted({key for pair in pairs for key in (pair.earlier, pair.later)} - here)


def _reset(series: Series, earlier: Period, later: Period) -> bool:
    """Whether the series starts again after the earlier period and before the later one."""
    if series.resets is None:
        return False
    return not any(
        periods.contains(spell, earlier) and periods.contains(spell, later)
        for spell in periods.between(series.resets, _years_before(earlier), _years_after(later))
    )


def _years_before(period: Period) -> date:
    return period.start.replace(year=period.start.year - 1, month=1, day=1)


def _years_after(period: Period) -> date:
    return period.end.replace(year=period.end.year + 1, month=12, day=31)


def check_cumulative(
    pairs: Sequence[Neighbours],
    cells: Mapping[ReturnKey, tuple[Cells, Column | None]],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    """No cell of the later return may certainly be below the same cell of the earlier one.

    `cells` are those of each return, with their rows in this submission where they are in it.
    """
    for pair in pairs:
        (older, old_rows), (newer, new_rows) = cells[pair.earlier], cells[pair.later]
        at, was = diff.shared(newer.place, older.place)
        low, _ = totals.bounds(older, np.zeros(len(older), dtype=np.bool_))
        _, high = totals.bounds(newer, np.zeros(len(newer), dtype=np.bool_))
        fell = np.flatnonzero(high[at] < low[was])
        measure, series, service, period = pair.later
        for index, old in zip(at[fell][:TOLD].tolist(), was[fell][:TOLD].tolist(), strict=True):
            rows = [] if new_rows is None else [int(new_rows[index])]
            if new_rows is None and old_rows is not None:
                rows = [int(old_rows[old])]
            findings.add(
                "cumulative-fell",
                f"{measure} stood at {low[old]:.0f} at the end of {pair.earlier[3]}, and is {high[index]:.0f} at "
                f"the end of {period}.",
                rows=rows,
                cell=CellName(
                    measure=measure,
                    series=series,
                    service=service,
                    period=period,
                    area=catalogue.area_codes[int(newer.area[index])],
                    breakdown=breakdown_of(catalogue.breakdown_texts[int(newer.breakdown[index])]),
                ),
                expected=f"at least {low[old]:.0f}",
                actual=f"{high[index]:.0f}",
            )


def nothing(total: PastTotal, catalogue: Catalogue) -> Cells:
    """A nil return of a cumulative measure as cells: its total is 0."""
    none = np.array([NULL], dtype=np.int64)
    zero = np.zeros(1, dtype=np.int64)
    return Cells(
        item=zero,
        area=zero + catalogue.ids.areas[total.area],
        breakdown=zero + catalogue.ids.breakdowns[TOTAL],
        value=zero,
        numerator=none,
        denominator=none,
        lower=none,
        upper=none,
        status=zero,
        notes=np.array([None], dtype=np.object_),
    )


def current_totals(
    identified: Sequence[Identified], organisation: str, cells: Cells, catalogue: Catalogue
) -> list[PastTotal]:
    """The totals that are sent, in the words of those that stand."""
    areas = np.array([catalogue.ids.areas[one.duty.area] for one in identified], dtype=np.int64)
    total = np.flatnonzero(cells.breakdown == catalogue.ids.breakdowns[TOTAL])
    total = total[cells.area[total] == areas[cells.item[total]]]
    row_of = dict(zip(cells.item[total].tolist(), total.tolist(), strict=True))
    made: list[PastTotal] = []
    for item, one in enumerate(identified):
        if one.content is not None:
            continue
        row = row_of.get(item)

        def number(name: str, row: int | None = row) -> int | None:
            found = NULL if row is None else int(getattr(cells, name)[row])
            return None if found == NULL else found

        made.append(
            PastTotal(
                organisation=organisation,
                measure=one.measure.slug,
                series=one.series.slug,
                service=one.duty.service,
                period=one.period,
                kind=one.given.kind,
                area=one.duty.area,
                value=number("value"),
                numerator=number("numerator"),
                denominator=number("denominator"),
                lower=number("lower"),
                upper=number("upper"),
                hidden=row is not None and STATUSES[int(cells.status[row])] is Status.CONFIDENTIAL,
                row=row,
            )
        )
    return made
