"""Figures without a number: the one place that blanks a figure."""

from typing import TypeVar

from msgspec.structs import replace

from api.figures.completeness import ReturnCompleteness
from api.figures.resolution import ResolvedQuery
from api.plan.breakdowns import parse_breakdown_key
from schema.outcomes import FigureFields, PreviewFigure
from schema.periods import Period
from schema.submissions import Status

FigureT = TypeVar("FigureT", bound=FigureFields)
NULL_FIELDS = frozenset(
    {
        *("value", "lower_bound", "upper_bound", "largest_error", "error_95", "as_of", "mixed_as_of"),
        *("numerator", "numerator_lower_bound", "numerator_upper_bound"),
        *("denominator", "denominator_lower_bound", "denominator_upper_bound", "counts_error_95"),
        *("lower", "upper", "lower_99_8", "upper_99_8", "interval_method"),
        *("trend", "movement", "target"),
    }
)
"""The fields of preview and published figures that are null without a number."""


def build_blank_figure(
    query: ResolvedQuery, period: Period, area: str, breakdown: str, completeness: ReturnCompleteness
) -> PreviewFigure:
    """Return a preview figure with codes and coverage, but without a number."""
    return PreviewFigure(
        measure=query.measure.slug,
        series=query.series.slug,
        kind=query.measure.kind,
        unit=query.measure.unit,
        period=period,
        area=area,
        breakdown=parse_breakdown_key(breakdown),
        value=None,
        lower_bound=None,
        upper_bound=None,
        largest_error=None,
        numerator=None,
        denominator=None,
        lower=None,
        upper=None,
        lower_99_8=None,
        upper_99_8=None,
        interval_method=None,
        status=Status.NOT_AVAILABLE,
        markers=[],
        reason=None,
        as_of=None,
        cells_without_value=0,
        coverage=completeness.coverage,
        complete=completeness.is_complete,
        comparators=[],
        trend=None,
        movement=None,
        target=None,
        contributors=[],
    )


def mask_low_coverage(figure: FigureT) -> FigureT:
    """Return the figure without its number, because its coverage is below `min_coverage`."""
    nulls = dict.fromkeys(NULL_FIELDS.intersection(figure.__struct_fields__))
    return replace(
        figure,
        **nulls,
        status=Status.NOT_AVAILABLE,
        reason="coverage_below_minimum",
        markers=[],
        comparators=[],
        alternatives="Use a smaller `min_coverage`.",
    )
