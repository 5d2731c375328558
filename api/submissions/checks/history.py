"""The tier that looks back: whether a figure is like the earlier ones, and a cumulative one not below them."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor
from statistics import median

import numpy as np
from msgspec import Struct

from api.plan.breakdowns import TOTAL_KEY, parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions import diff, effects
from api.submissions.checks import totals
from api.submissions.checks.findings import Findings
from api.submissions.checks.totals import MAX_LISTED_FAULTS
from api.submissions.revisions import MISSING, STATUSES, Cells, Column, IdentifiedReturn, ReturnKey, ReturnTotal
from schema.measures import RATIO_KINDS, Measure, MeasureKind, Series
from schema.periods import Period
from schema.problems import CellName
from schema.submissions import ReturnKind, Status

MIN_EARLIER_PERIODS = 6
MAX_MODIFIED_Z_SCORE = 3.5


def robust_spread(values: Sequence[float], min_spread: float) -> float:
    """1.4826 times the median absolute deviation, so that (x - median) / spread is the modified z-score.

    Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993, p. 11: beyond 3.5 is a likely outlier. `floor` is
    the noise that a count has by itself: without it six equal figures would make any seventh an outlier.
    """
    middle = median(values)
    return max(median(abs(value - middle) for value in values) / 0.6745, min_spread)


def check_outliers(
    identified: Sequence[IdentifiedReturn], now: Sequence[ReturnTotal], past: Sequence[ReturnTotal], findings: Findings
) -> None:
    """The total of each return beside those of its earlier periods, where there are at least six."""
    earlier: dict[tuple[str, ...], dict[str, ReturnTotal]] = {}
    for total in (*past, *now):
        earlier.setdefault((*total.key[:3], total.area), {})[total.period.code] = total
    measures = {one.key: one.measure for one in identified}
    for total in now:
        measure = measures[total.key]
        ratio = measure.kind in RATIO_KINDS
        figure = total.count_or_ratio(ratio)
        before = [
            other for other in earlier[*total.key[:3], total.area].values() if other.period.end < total.period.end
        ]
        others = [known for other in before if (known := other.count_or_ratio(ratio)) is not None]
        if figure is None or len(others) < MIN_EARLIER_PERIODS:
            continue
        middle = median(others)
        wide = MAX_MODIFIED_Z_SCORE * robust_spread(others, _expected_noise(measure.kind, middle, total.denominator))
        if abs(figure - middle) > wide:
            findings.add(
                "outlier",
                f"{_format_number(figure, measure)} is far from the {len(others)} earlier figures of {measure.slug}; "
                f"their median is {_format_number(middle, measure)}.",
                rows=[total.row] if total.row is not None else [],
                cell=total.cell_name,
                expected=_describe_expected_range(middle - wide, middle + wide, measure),
                actual=_format_number(figure, measure),
            )


def _expected_noise(kind: MeasureKind, middle: float, denominator: int | None) -> float:
    """The standard deviation that a count of this size (Poisson), or a share of so many (binomial), has anyway."""
    if kind not in RATIO_KINDS or not denominator:
        return max(middle**0.5, 1.0)
    variance = middle * (1 - middle) if kind is MeasureKind.PROPORTION else middle
    return max((variance / denominator) ** 0.5, 1 / denominator)


def _describe_expected_range(least: float, most: float, measure: Measure) -> str:
    """What would not have been doubted: whole counts, and the quotients in the measure's unit."""
    least = max(least, 0.0)
    if measure.kind not in RATIO_KINDS:
        return f"{ceil(least)} to {floor(most)}"
    upper = min(most, 1.0) if measure.kind is MeasureKind.PROPORTION else most
    return f"{_format_number(least, measure)} to {_format_number(upper, measure)}"


def _format_number(figure: float, measure: Measure) -> str:
    if measure.kind not in RATIO_KINDS:
        return f"{figure:.1f}".removesuffix(".0")
    figure *= effects.unit_multiplier(measure)
    return f"{figure:.0f}" if figure >= 1000 else f"{figure:.3g}"


class AdjacentReturns(Struct, frozen=True, kw_only=True):
    """Two returns of one cumulative series that follow each other and have no reset between them."""

    earlier: ReturnKey
    later: ReturnKey


def find_adjacent_returns(identified: Sequence[IdentifiedReturn], past: Sequence[ReturnTotal]) -> list[AdjacentReturns]:
    """Of each cumulative return that is sent, the one before it and the one after it."""
    found: set[tuple[ReturnKey, ReturnKey]] = set()
    for one in identified:
        if one.measure.kind is not MeasureKind.CUMULATIVE or one.submitted.kind is ReturnKind.WITHDRAWN:
            continue
        alike = [(t.period, t.kind) for t in past if t.key[:3] == one.key[:3]]
        alike += [(other.period, other.submitted.kind) for other in identified if other.key[:3] == one.key[:3]]
        kinds = {period.code: (period, kind) for period, kind in alike}
        standing = [period for period, kind in kinds.values() if kind is not ReturnKind.WITHDRAWN]
        before = [p for p in standing if p.end < one.period.end and not _is_reset_between(one.series, p, one.period)]
        after = [p for p in standing if p.end > one.period.end and not _is_reset_between(one.series, one.period, p)]
        if before:
            found.add(((*one.key[:3], max(before, key=lambda p: p.end).code), one.key))
        if after:
            found.add((one.key, (*one.key[:3], min(after, key=lambda p: p.end).code)))
    return [AdjacentReturns(earlier=earlier, later=later) for earlier, later in sorted(found)]


def neighbours_not_submitted(
    pairs: Sequence[AdjacentReturns], identified: Sequence[IdentifiedReturn]
) -> list[ReturnKey]:
    """The neighbours that stand and are not sent: their cells have to be read."""
    here = {one.key for one in identified}
    return sorted({key for pair in pairs for key in (pair.earlier, pair.later)} - here)


def _is_reset_between(series: Series, earlier: Period, later: Period) -> bool:
    """Whether the series starts again after the earlier period and before the later one."""
    if series.resets is None:
        return False
    return not any(
        periods.contains(spell, earlier) and periods.contains(spell, later)
        for spell in periods.list_periods_between(
            series.resets, _start_of_year_before(earlier), _end_of_year_after(later)
        )
    )


def _start_of_year_before(period: Period) -> date:
    return period.start.replace(year=period.start.year - 1, month=1, day=1)


def _end_of_year_after(period: Period) -> date:
    return period.end.replace(year=period.end.year + 1, month=12, day=31)


def check_cumulative_counts(
    pairs: Sequence[AdjacentReturns],
    cells: Mapping[ReturnKey, tuple[Cells, Column | None]],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    """No cell of the later return may certainly be below the same cell of the earlier one.

    `cells` are those of each return, with their rows in this submission where they are in it.
    """
    for pair in pairs:
        (older, old_rows), (newer, new_rows) = cells[pair.earlier], cells[pair.later]
        at, was = diff.match_keys(newer.cell_id, older.cell_id)
        low, _ = totals.count_bounds(older, np.zeros(len(older), dtype=np.bool_))
        _, high = totals.count_bounds(newer, np.zeros(len(newer), dtype=np.bool_))
        fell = np.flatnonzero(high[at] < low[was])
        measure, series, service, period = pair.later
        for index, old in zip(
            at[fell][:MAX_LISTED_FAULTS].tolist(), was[fell][:MAX_LISTED_FAULTS].tolist(), strict=True
        ):
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
                    breakdown=parse_breakdown_key(catalogue.breakdown_keys[int(newer.breakdown[index])]),
                ),
                expected=f"at least {low[old]:.0f}",
                actual=f"{high[index]:.0f}",
            )


def zero_total_cells(total: ReturnTotal, catalogue: Catalogue) -> Cells:
    """A nil return of a cumulative measure as cells: its total is 0."""
    none = np.array([MISSING], dtype=np.int64)
    zero = np.zeros(1, dtype=np.int64)
    return Cells(
        item=zero,
        area=zero + catalogue.ids.areas[total.area],
        breakdown=zero + catalogue.ids.breakdowns[TOTAL_KEY],
        value=zero,
        numerator=none,
        denominator=none,
        lower=none,
        upper=none,
        status=zero,
        notes=np.array([None], dtype=np.object_),
    )


def submitted_totals(
    identified: Sequence[IdentifiedReturn], organisation: str, cells: Cells, catalogue: Catalogue
) -> list[ReturnTotal]:
    """The totals that are sent, in the words of those that stand."""
    areas = np.array([catalogue.ids.areas[one.duty.area] for one in identified], dtype=np.int64)
    total = np.flatnonzero(cells.breakdown == catalogue.ids.breakdowns[TOTAL_KEY])
    total = total[cells.area[total] == areas[cells.item[total]]]
    row_of = dict(zip(cells.item[total].tolist(), total.tolist(), strict=True))
    made: list[ReturnTotal] = []
    for item, one in enumerate(identified):
        if one.content is not None:
            continue
        row = row_of.get(item)

        def number(name: str, row: int | None = row) -> int | None:
            found = MISSING if row is None else int(getattr(cells, name)[row])
            return None if found == MISSING else found

        made.append(
            ReturnTotal(
                organisation=organisation,
                measure=one.measure.slug,
                series=one.series.slug,
                service=one.duty.service,
                period=one.period,
                kind=one.submitted.kind,
                area=one.duty.area,
                value=number("value"),
                numerator=number("numerator"),
                denominator=number("denominator"),
                lower=number("lower"),
                upper=number("upper"),
                is_confidential=row is not None and STATUSES[int(cells.status[row])] is Status.CONFIDENTIAL,
                row=row,
            )
        )
    return made
