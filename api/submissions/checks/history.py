"""Tier 5: compare totals with earlier periods, and cumulative counts with the adjacent periods."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil, floor
from statistics import median

import numpy as np
from msgspec import Struct

from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions import diff, effects
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, STATUSES, Cells, Column, to_column
from api.submissions.checks import totals
from api.submissions.checks.findings import Findings
from api.submissions.revisions import IdentifiedReturn, ReturnKey, ReturnTotal
from schema.measures import RATIO_KINDS, Measure, MeasureKind, Series
from schema.periods import Period
from schema.problems import CellName
from schema.submissions import ReturnKind, Status

MIN_EARLIER_PERIODS = 6
MAX_MODIFIED_Z_SCORE = 3.5


def robust_spread(values: Sequence[float], min_spread: float) -> float:
    """Return 1.4826 times the median absolute deviation, so that (x - median) / spread is the modified z-score.

    A score above 3.5 is a likely outlier (Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993, p. 11).
    `min_spread` is the random variation of a count. Without it, any figure after six equal figures would be an outlier.
    """
    middle = median(values)
    return max(median(abs(value - middle) for value in values) / 0.6745, min_spread)


def check_outliers(
    returns: Sequence[IdentifiedReturn],
    submitted: Sequence[ReturnTotal],
    past: Sequence[ReturnTotal],
    findings: Findings,
) -> None:
    """Compare the total of each return with those of earlier periods, if there are at least six."""
    totals_by_series: dict[tuple[str, ...], dict[str, ReturnTotal]] = {}
    for total in (*past, *submitted):
        totals_by_series.setdefault((*total.key[:3], total.area), {})[total.period.code] = total
    measures = {identified.key: identified.measure for identified in returns}
    for total in submitted:
        measure = measures[total.key]
        is_ratio = measure.kind in RATIO_KINDS
        figure = total.count_or_ratio(is_ratio)
        series_totals = totals_by_series[*total.key[:3], total.area].values()
        same_type = [other for other in series_totals if other.period.type is total.period.type]
        earlier_totals = [earlier for earlier in same_type if earlier.period.end < total.period.end]
        earlier_figures = [
            known for earlier in earlier_totals if (known := earlier.count_or_ratio(is_ratio)) is not None
        ]
        if figure is None or len(earlier_figures) < MIN_EARLIER_PERIODS:
            continue
        middle = median(earlier_figures)
        noise = _expected_noise(measure.kind, middle, total.denominator)
        margin = MAX_MODIFIED_Z_SCORE * robust_spread(earlier_figures, noise)
        if abs(figure - middle) > margin:
            findings.add(
                "outlier",
                f"{_format_number(figure, measure)} is far from the {len(earlier_figures)} earlier figures of "
                f"{measure.slug}; their median is {_format_number(middle, measure)}.",
                rows=[total.row] if total.row is not None else [],
                cell=total.cell_name,
                expected=_describe_expected_range(middle - margin, middle + margin, measure),
                actual=_format_number(figure, measure),
            )


def _expected_noise(kind: MeasureKind, middle: float, denominator: int | None) -> float:
    """Return the standard deviation of random variation: Poisson for a count, binomial for a proportion."""
    if kind not in RATIO_KINDS or not denominator:
        return max(middle**0.5, 1.0)
    variance = middle * (1 - middle) if kind is MeasureKind.PROPORTION else middle
    return max((variance / denominator) ** 0.5, 1 / denominator)


def _describe_expected_range(low: float, high: float, measure: Measure) -> str:
    """Return the range without outliers: whole counts, or quotients in the measure's unit."""
    low = max(low, 0.0)
    if measure.kind not in RATIO_KINDS:
        return f"{ceil(low)} to {floor(high)}"
    upper = min(high, 1.0) if measure.kind is MeasureKind.PROPORTION else high
    return f"{_format_number(low, measure)} to {_format_number(upper, measure)}"


def _format_number(figure: float, measure: Measure) -> str:
    if measure.kind not in RATIO_KINDS:
        return f"{figure:.1f}".removesuffix(".0")
    figure *= effects.unit_multiplier(measure)
    return f"{figure:.0f}" if figure >= 1000 else f"{figure:.3g}"


class AdjacentReturns(Struct, frozen=True, kw_only=True):
    """Two consecutive returns of a cumulative series without a reset between them."""

    earlier: ReturnKey
    later: ReturnKey

    @property
    def keys(self) -> tuple[ReturnKey, ReturnKey]:
        return (self.earlier, self.later)


def find_adjacent_returns(returns: Sequence[IdentifiedReturn], past: Sequence[ReturnTotal]) -> list[AdjacentReturns]:
    """Return each submitted cumulative return with the return before it and the return after it."""
    pairs: set[tuple[ReturnKey, ReturnKey]] = set()
    for identified in returns:
        if identified.measure.kind is not MeasureKind.CUMULATIVE or identified.submitted.kind is ReturnKind.WITHDRAWN:
            continue
        key, series, period = identified.key, identified.series, identified.period
        kinds = {total.period.code: (total.period, total.kind) for total in past if total.key[:3] == key[:3]}
        kinds |= {r.period.code: (r.period, r.submitted.kind) for r in returns if r.key[:3] == key[:3]}
        others = [other for other, kind in kinds.values() if kind is not ReturnKind.WITHDRAWN]
        before = [p for p in others if p.end < period.end and not _is_reset_between(series, p, period)]
        after = [p for p in others if p.end > period.end and not _is_reset_between(series, period, p)]
        if before:
            pairs.add(((*key[:3], max(before, key=lambda p: p.end).code), key))
        if after:
            pairs.add((key, (*key[:3], min(after, key=lambda p: p.end).code)))
    return [AdjacentReturns(earlier=earlier, later=later) for earlier, later in sorted(pairs)]


def _is_reset_between(series: Series, earlier: Period, later: Period) -> bool:
    """Return True if the series restarts after the earlier period and before the later one."""
    if series.resets is None:
        return False
    return not any(
        periods.contains(span, earlier) and periods.contains(span, later)
        for span in periods.list_periods_between(
            series.resets, _start_of_year_before(earlier), _end_of_year_after(later)
        )
    )


def _start_of_year_before(period: Period) -> date:
    return period.start.replace(year=period.start.year - 1, month=1, day=1)


def _end_of_year_after(period: Period) -> date:
    return period.end.replace(year=period.end.year + 1, month=12, day=31)


def check_cumulative_counts(
    pairs: Sequence[AdjacentReturns],
    cells_by_return: Mapping[ReturnKey, tuple[Cells, Column | None]],
    catalogue: Catalogue,
    findings: Findings,
) -> None:
    """Add a finding for each cell whose later count is certainly below its earlier count.

    `cells_by_return` has the cells of each return, and their rows if the return is in this submission.
    """
    for pair in pairs:
        (earlier, earlier_rows), (later, later_rows) = cells_by_return[pair.earlier], cells_by_return[pair.later]
        later_match, earlier_match = diff.match_keys(later.cell_id, earlier.cell_id)
        low, _ = totals.count_bounds(earlier, np.zeros(len(earlier), dtype=np.bool_))
        _, high = totals.count_bounds(later, np.zeros(len(later), dtype=np.bool_))
        fell = (high[later_match] < low[earlier_match]).nonzero()[0][: findings.room_for("cumulative-fell")]
        measure, series, service, period = pair.later
        for new, old in zip(later_match[fell].tolist(), earlier_match[fell].tolist(), strict=True):
            rows = [] if later_rows is None else [int(later_rows[new])]
            if later_rows is None and earlier_rows is not None:
                rows = [int(earlier_rows[old])]
            findings.add(
                "cumulative-fell",
                f"{measure} was {low[old]:.0f} at the end of {pair.earlier[3]}, but is {high[new]:.0f} at the end of "
                f"{period}.",
                rows=rows,
                cell=CellName(
                    measure=measure,
                    series=series,
                    service=service,
                    period=period,
                    **later.read_codes(new, catalogue),
                ),
                expected=f"at least {low[old]:.0f}",
                actual=f"{high[new]:.0f}",
            )


def zero_total_cells(total: ReturnTotal, catalogue: Catalogue) -> Cells:
    """Return a nil return of a cumulative measure as one cell, whose total is 0."""
    missing = np.array([MISSING], dtype=np.int64)
    zero = np.zeros(1, dtype=np.int64)
    return Cells(
        item=zero,
        area=zero + catalogue.ids.areas[total.area],
        breakdown=zero + catalogue.ids.breakdowns[TOTAL_KEY],
        value=zero,
        numerator=missing,
        denominator=missing,
        lower=missing,
        upper=missing,
        status=zero,
        notes=np.array([None], dtype=np.object_),
    )


def submitted_totals(
    returns: Sequence[IdentifiedReturn], organisation: str, cells: Cells, catalogue: Catalogue
) -> list[ReturnTotal]:
    """Return the totals of the submitted returns that have observations."""
    duty_areas = to_column([catalogue.ids.areas[identified.duty.area] for identified in returns])
    total_rows = (cells.breakdown == catalogue.ids.breakdowns[TOTAL_KEY]).nonzero()[0]
    total_rows = total_rows[cells.area[total_rows] == duty_areas[cells.item[total_rows]]]
    row_by_item = dict(zip(cells.item[total_rows].tolist(), total_rows.tolist(), strict=True))
    return [
        _build_total(identified, organisation, cells, row_by_item.get(item))
        for item, identified in enumerate(returns)
        if identified.content is None
    ]


def _build_total(identified: IdentifiedReturn, organisation: str, cells: Cells, row: int | None) -> ReturnTotal:
    numbers = {name: MISSING if row is None else int(getattr(cells, name)[row]) for name in NUMBER_FIELDS}
    return ReturnTotal(
        organisation=organisation,
        measure=identified.measure.slug,
        series=identified.series.slug,
        service=identified.duty.service,
        period=identified.period,
        kind=identified.submitted.kind,
        area=identified.duty.area,
        is_confidential=row is not None and STATUSES[int(cells.status[row])] is Status.CONFIDENTIAL,
        row=row,
        **{name: None if number == MISSING else number for name, number in numbers.items()},
    )
