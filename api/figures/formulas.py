"""Formulas of derived measures, applied to the figures of one area, breakdown and period."""

from collections.abc import Sequence

from msgspec import Struct

from api.figures.common_sources import CommonReturns
from api.figures.resolution import ResolvedQuery
from api.statistics import inequality
from api.statistics.inequality import Contrast
from api.statistics.intervals import make_exact_counts
from schema.intervals import Confidence, Interval
from schema.measures import Operation
from schema.outcomes import PreviewFigure


class FormulaResult(Struct, frozen=True, kw_only=True):
    """The bounds of the result in the unit of its measure, or the reason why there is none."""

    low: float | None = None
    high: float | None = None
    intervals: list[Interval] = []
    reason: str | None = None
    alternatives: str | None = None


def apply_formula(
    query: ResolvedQuery, parts: Sequence[PreviewFigure], common: CommonReturns | None = None
) -> FormulaResult:
    """Return the result of the formula. If a part has no value, there is no result: it does not count as 0.

    `common` has the returns that the parts of a gap were limited to.
    """
    if common and common.sources_left_out and not common.names:
        return FormulaResult(reason="no_common_source", alternatives="Query the two proportions.")
    empty = [part for part in parts if part.lower_bound is None]
    if empty:
        names = ", ".join(part.measure for part in empty)
        reasons = {part.reason for part in empty}
        has_common_reason = len(empty) == len(parts) and len(reasons) == 1
        return FormulaResult(
            reason=reasons.pop() if has_common_reason else "part_without_value",
            alternatives=f"Query the measures of the formula separately. These have no figure here: {names}.",
        )
    operation = query.series.formula.operation if query.series.formula else Operation.SUM
    if operation is Operation.DIFFERENCE:
        return _calculate_gap(query, parts)
    lows = [part.lower_bound or 0 for part in parts]
    highs = [part.upper_bound for part in parts if part.upper_bound is not None]
    return FormulaResult(
        low=max(lows) if operation is Operation.UNION else sum(lows),
        high=sum(highs) if len(highs) == len(parts) else None,
    )


def _calculate_gap(query: ResolvedQuery, parts: Sequence[PreviewFigure]) -> FormulaResult:
    """Return the first proportion minus the second, in percentage points, from exact counts.

    If the first measure contains the second, the gap is the whole minus a part of it, with the scaled form of
    Newcombe's interval. Otherwise the two are independent.
    """
    first_counts, second_counts = (_find_exact_counts(part) for part in parts)
    if first_counts is None or second_counts is None:
        return FormulaResult(reason="no_counts", alternatives="Query the two proportions.")
    second = make_exact_counts(*second_counts)
    first_measure, second_measure = (part.measure for part in query.formula_inputs)
    if second_measure.slug not in first_measure.contains:
        first = make_exact_counts(*first_counts)
        return _combine_contrasts(
            [inequality.calculate_gap(first, second, confidence=confidence) for confidence in Confidence]
        )
    numerator, denominator = first_counts[0] - second_counts[0], first_counts[1] - second_counts[1]
    if denominator <= 0 or not 0 <= numerator <= denominator:
        return FormulaResult(reason="part_exceeds_whole", alternatives="Query the two proportions.")
    rest = make_exact_counts(numerator, denominator)
    return _combine_contrasts(
        [inequality.calculate_gap_to_whole(second, rest, confidence=confidence) for confidence in Confidence]
    )


def _combine_contrasts(contrasts: Sequence[Contrast]) -> FormulaResult:
    return FormulaResult(
        low=contrasts[0].low,
        high=contrasts[0].high,
        intervals=[contrast.interval for contrast in contrasts if contrast.interval is not None],
    )


def _find_exact_counts(figure: PreviewFigure) -> tuple[int, int] | None:
    if figure.numerator is None or not figure.denominator:
        return None
    return int(figure.numerator), int(figure.denominator)
