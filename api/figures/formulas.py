"""Measures that are made of others: the formula, on figures of one place and period. Bounds in, bounds out."""

from collections.abc import Sequence

from msgspec import Struct

from api.figures.resolution import ResolvedQuery
from api.statistics import inequality
from api.statistics.inequality import Contrast
from api.statistics.intervals import make_exact_counts
from schema.intervals import Confidence, Interval
from schema.measures import Operation
from schema.outcomes import PreviewFigure


class FormulaResult(Struct, frozen=True, kw_only=True):
    """What a formula gives, in the unit of its measure."""

    low: float | None = None
    high: float | None = None
    intervals: list[Interval] = []
    reason: str | None = None
    alternatives: str | None = None


def apply_formula(query: ResolvedQuery, parts: Sequence[PreviewFigure]) -> FormulaResult:
    """A measure of which no part has data has none; where only some have, none is taken for 0."""
    empty = [part for part in parts if part.lower_bound is None]
    if empty:
        names = ", ".join(part.measure for part in empty)
        reasons = {part.reason for part in empty}
        alike = len(empty) == len(parts) and len(reasons) == 1
        return FormulaResult(
            reason=reasons.pop() if alike else "part_without_value",
            alternatives=f"Ask for the measures that it is made of; without a figure here: {names}.",
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
    """The first proportion less the second, in percentage points, from counts alone.

    Where the first measure contains the second, the two overlap: then it is the whole less its part, by the scaled
    form of Newcombe's interval; else they are independent.
    """
    of, minus = (_find_exact_counts(part) for part in parts)
    if of is None or minus is None:
        return FormulaResult(reason="no_counts", alternatives="Ask for the two proportions.")
    first, second = (one.measure for one in query.formula_inputs)
    if second.slug in first.contains:
        rest = (of[0] - minus[0], of[1] - minus[1])
        if rest[1] <= 0 or not 0 <= rest[0] <= rest[1]:
            return FormulaResult(reason="part_exceeds_whole", alternatives="Ask for the two proportions.")
        return _combine_contrasts(
            [
                inequality.calculate_gap_to_whole(make_exact_counts(*minus), make_exact_counts(*rest), confidence=c)
                for c in Confidence
            ]
        )
    return _combine_contrasts(
        [inequality.calculate_gap(make_exact_counts(*of), make_exact_counts(*minus), confidence=c) for c in Confidence]
    )


def _combine_contrasts(contrasts: Sequence[Contrast]) -> FormulaResult:
    return FormulaResult(
        low=contrasts[0].low,
        high=contrasts[0].high,
        intervals=[each.interval for each in contrasts if each.interval is not None],
    )


def _find_exact_counts(figure: PreviewFigure) -> tuple[int, int] | None:
    if figure.numerator is None or not figure.denominator:
        return None
    return int(figure.numerator), int(figure.denominator)
