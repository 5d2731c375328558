"""Gap, ratio, slope and relative index between the categories of a dimension, calculated from figures.

Methods and sources: `api.statistics.inequality` and `inequality_indices`. Gap and ratio compare two categories of an
exclusive scheme, which counts nobody twice. The indices cover all categories of an ordered dimension except `unknown`.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from api.figures.resolution import AS_PUBLISHED_ONLY, ResolvedQuery
from api.http.refusals import Invalid
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.statistics import inequality
from api.statistics.inequality import Contrast
from api.statistics.inequality_indices import OrderedGroup, calculate_indices
from api.statistics.intervals import RatioCounts, make_exact_counts
from api.submissions.effects import unit_multiplier
from schema.inequality import Disparity, GroupFigure, IndexScale, PreviewInequality, Transformation
from schema.intervals import Confidence, Interval
from schema.measures import Measure, MeasureKind
from schema.outcomes import PreviewFigure, RevisionBasis
from schema.released_figures import AnyFigure

UNKNOWN_CATEGORY = "unknown"
TRANSFORMATION_BY_KIND = {MeasureKind.PROPORTION: Transformation.LOGIT, MeasureKind.RATE: Transformation.LOG}
"""The transformations that PHEindicatormethods recommends for the indices."""
ContrastMethod = Callable[[RatioCounts, RatioCounts, Confidence], Contrast]


class SameCategory(Invalid):
    """A category cannot be compared with itself."""

    example = "GET …/preview/inequality?measure=pass-rate&dimension=sex&category=female&reference_category=female"
    fix = "Name two categories of the dimension."


def check_inequality_query(catalogue: Catalogue, measure: str, dimension: str, category: str, reference: str) -> None:
    """Raise NotFound, UnknownCode or SameCategory if the codes do not allow a comparison."""
    catalogue.get_measure(measure)
    check_code("a dimension", dimension, catalogue.dimensions)
    for code in (category, reference):
        check_code(f"a category of {dimension}", code, catalogue.categories[dimension])
    if category == reference:
        raise SameCategory(f"`category` and `reference_category` are both {category!r}.")


class InequalityResult(Struct, frozen=True, kw_only=True):
    """The figures of the categories and their inequality."""

    groups: list[GroupFigure]
    gap: Disparity
    ratio: Disparity
    slope_index: Disparity
    relative_index: Disparity
    transformation: Transformation | None


def build_inequality(
    query: ResolvedQuery,
    figures: Sequence[PreviewFigure],
    categories: tuple[str, str],
    revision_basis: RevisionBasis,
    catalogue: Catalogue,
    scale: IndexScale = IndexScale.TRANSFORMED,
) -> PreviewInequality:
    """Return the inequality from preview figures of one period and area, by all categories of one dimension."""
    [dimension] = figures[0].breakdown
    reason = AS_PUBLISHED_ONLY if query.is_published and query.reason is None else query.reason
    result = calculate_inequality(query.measure, figures, categories, catalogue, scale, reason=reason)
    return PreviewInequality(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        revision_basis=revision_basis,
        measure=figures[0].measure,
        series=figures[0].series,
        unit=figures[0].unit,
        period=figures[0].period,
        area=figures[0].area,
        dimension=dimension,
        category=categories[0],
        reference_category=categories[1],
        groups=result.groups,
        gap=result.gap,
        ratio=result.ratio,
        slope_index=result.slope_index,
        relative_index=result.relative_index,
        transformation=result.transformation,
    )


def calculate_inequality(
    measure: Measure,
    figures: Sequence[AnyFigure],
    categories: tuple[str, str],
    catalogue: Catalogue,
    scale: IndexScale = IndexScale.TRANSFORMED,
    *,
    reason: str | None = None,
) -> InequalityResult:
    """Return the inequality from figures of one series, period and area, by all categories of one dimension.

    With `reason`, every result is refused for that reason.
    """
    [dimension] = figures[0].breakdown
    figure_by_category = {figure.breakdown[dimension]: figure for figure in figures}
    figure, reference = (figure_by_category[category] for category in categories)
    refusal = reason or _explain_refusal(measure, dimension, catalogue)
    index_refusal = reason or _explain_no_indices(measure, dimension, catalogue)
    transformation = None if index_refusal else _choose_transformation(measure, scale)
    slope_index, relative_index = (
        _calculate_indices(measure, transformation, figure_by_category)
        if transformation
        else [_build_refused(index_refusal or "")] * 2
    )
    return InequalityResult(
        groups=[_to_group_figure(category, group) for category, group in figure_by_category.items()],
        gap=_build_refused(refusal) if refusal else _calculate_gap(figure, reference),
        ratio=_build_refused(refusal) if refusal else _calculate_ratio(figure, reference),
        slope_index=slope_index,
        relative_index=relative_index,
        transformation=transformation if slope_index.value is not None else None,
    )


def _to_group_figure(category: str, figure: AnyFigure) -> GroupFigure:
    return GroupFigure(
        category=category,
        value=figure.value,
        numerator=figure.numerator,
        denominator=figure.denominator,
        lower=figure.lower,
        upper=figure.upper,
        reason=figure.reason,
    )


def _explain_refusal(measure: Measure, dimension: str, catalogue: Catalogue) -> str | None:
    """Return the reason code why two categories cannot be compared; None if they can."""
    if measure.kind is not MeasureKind.PROPORTION:
        return "not_a_proportion"
    scheme = catalogue.find_scheme(measure, [dimension])
    return None if scheme is not None and scheme.exclusive else "categories_overlap"


def _calculate_gap(figure: AnyFigure, reference: AnyFigure) -> Disparity:
    """Return the gap in percentage points with Newcombe's interval."""
    return _calculate_contrast(
        figure,
        reference,
        lambda value, reference_value: round(value - reference_value, 1),
        lambda counts, reference_counts, confidence: inequality.calculate_gap(
            counts, reference_counts, confidence=confidence
        ),
    )


def _calculate_ratio(figure: AnyFigure, reference: AnyFigure) -> Disparity:
    """Return the ratio with Katz's log interval, which needs numerators above 0."""
    return _calculate_contrast(
        figure,
        reference,
        lambda value, reference_value: round(value / reference_value, 2) if reference_value else None,
        lambda counts, reference_counts, confidence: inequality.calculate_ratio(
            counts, reference_counts, confidence=confidence
        ),
    )


def _build_refused(reason: str) -> Disparity:
    return Disparity(
        value=None, lower=None, upper=None, lower_99_8=None, upper_99_8=None, interval_method=None, reason=reason
    )


def _explain_no_indices(measure: Measure, dimension: str, catalogue: Catalogue) -> str | None:
    """Return the reason code why the dimension has no slope and no relative index; None if it can have them."""
    if measure.kind not in TRANSFORMATION_BY_KIND:
        return "not_a_proportion_or_rate"
    if not catalogue.dimensions[dimension].ordered:
        return "dimension_not_ordered"
    scheme = catalogue.find_scheme(measure, [dimension])
    return None if scheme is not None and scheme.exclusive else "categories_overlap"


def _choose_transformation(measure: Measure, scale: IndexScale) -> Transformation:
    return TRANSFORMATION_BY_KIND[measure.kind] if scale is IndexScale.TRANSFORMED else Transformation.NONE


def _calculate_indices(
    measure: Measure, transformation: Transformation, figures: Mapping[str, AnyFigure]
) -> list[Disparity]:
    """Return the slope and the relative index. The denominators serve as the populations of the groups."""
    groups = [
        OrderedGroup(
            population=int(figure.denominator or 0), value=figure.value, lower=figure.lower, upper=figure.upper
        )
        for category, figure in figures.items()
        if category != UNKNOWN_CATEGORY
    ]
    narrow, wide = (
        calculate_indices(groups, transformation=transformation, per=unit_multiplier(measure), confidence=confidence)
        for confidence in Confidence
    )
    return [
        _build_disparity(narrow.slope, narrow.slope_interval, wide.slope_interval, narrow.reason),
        _build_disparity(narrow.relative, narrow.relative_interval, wide.relative_interval, narrow.reason),
    ]


def _calculate_contrast(
    figure: AnyFigure,
    reference: AnyFigure,
    from_displayed_values: Callable[[float, float], float | None],
    method: ContrastMethod,
) -> Disparity:
    """Return the exact value if the counts are exact, otherwise the value of the displayed figures."""
    counts, reference_counts = _find_counts(figure), _find_counts(reference)
    if counts is None or reference_counts is None:
        return _build_refused("no_data")
    narrow, wide = (method(counts, reference_counts, confidence) for confidence in Confidence)
    value = narrow.low
    if narrow.low != narrow.high:
        has_values = figure.value is not None and reference.value is not None
        value = from_displayed_values(figure.value or 0, reference.value or 0) if has_values else None
    return _build_disparity(value, narrow.interval, wide.interval, narrow.reason)


def _find_counts(figure: AnyFigure) -> RatioCounts | None:
    if figure.numerator is None or not figure.denominator:
        return None
    if isinstance(figure, PreviewFigure):
        return make_exact_counts(int(figure.numerator), int(figure.denominator))
    if figure.value is None:
        return None
    bounds = (
        (figure.numerator, figure.numerator_lower_bound, figure.numerator_upper_bound),
        (figure.denominator, figure.denominator_lower_bound, figure.denominator_upper_bound),
    )
    error = figure.counts_error_95
    # If no part of the whole lies within both intervals of the rounding, only the certain bounds are right.
    if error is not None and figure.numerator - error <= figure.denominator + error:
        bounds = tuple((n, max(n - error, 0), n + error) for n, _, _ in bounds)
    (_, low, high), (_, base_low, base_high) = bounds
    return RatioCounts(
        numerator_low=int(low or 0),
        numerator_high=int(high or 0),
        denominator_low=int(base_low or 0),
        denominator_high=int(base_high or 0),
    )


def _build_disparity(
    value: float | None, narrow: Interval | None, wide: Interval | None, reason: str | None
) -> Disparity:
    return Disparity(
        value=value,
        lower=None if narrow is None else narrow.lower,
        upper=None if narrow is None else narrow.upper,
        lower_99_8=None if wide is None else wide.lower,
        upper_99_8=None if wide is None else wide.upper,
        interval_method=None if narrow is None else narrow.method,
        reason=None if value is not None and narrow is not None else reason,
    )
