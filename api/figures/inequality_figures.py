"""Gap, ratio, slope and relative index between the categories of a dimension, from the figures of its categories.

Methods and their sources: `api.statistics.inequality`. A gap and a ratio are of two categories of an exclusive
scheme, whose people are counted once; the indices are over all categories of an ordered dimension but `unknown`.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from api.figures.resolution import AS_PUBLISHED_ONLY, ResolvedQuery
from api.http.refusals import Invalid
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.statistics import inequality
from api.statistics.inequality import Contrast, OrderedGroup
from api.statistics.intervals import RatioCounts, get_normal_deviate, make_exact_counts
from schema.inequality import Disparity, GroupFigure, PreviewInequality
from schema.intervals import Confidence, Interval
from schema.measures import Measure, MeasureKind
from schema.outcomes import PreviewFigure, RevisionBasis
from schema.released_figures import AnyFigure

UNKNOWN_CATEGORY = "unknown"
ContrastMethod = Callable[[RatioCounts, RatioCounts, Confidence], Contrast]


class SameCategory(Invalid):
    """A category is set against itself."""

    example = "GET …/preview/inequality?measure=pass-rate&dimension=sex&category=female&reference_category=female"
    fix = "Name two categories of the dimension."


def check_inequality_query(catalogue: Catalogue, measure: str, dimension: str, of: str, against: str) -> None:
    """Raises NotFound, UnknownCode or SameCategory."""
    catalogue.get_measure(measure)
    check_code("a dimension", dimension, catalogue.dimensions)
    for category in (of, against):
        check_code(f"a category of {dimension}", category, catalogue.categories[dimension])
    if of == against:
        raise SameCategory(f"`category` and `reference_category` are both {of!r}.")


class InequalityResult(Struct, frozen=True, kw_only=True):
    """What lies between the categories of a dimension, and over all of them."""

    groups: list[GroupFigure]
    gap: Disparity
    ratio: Disparity
    slope: Disparity
    relative: Disparity


def build_inequality(
    query: ResolvedQuery,
    figures: Sequence[PreviewFigure],
    pair: tuple[str, str],
    revision_basis: RevisionBasis,
    catalogue: Catalogue,
) -> PreviewInequality:
    """What lies between the two categories, and over all of them; `figures` are those of one period and area."""
    [dimension] = figures[0].breakdown
    reason = AS_PUBLISHED_ONLY if query.is_published and query.reason is None else query.reason
    found = calculate_inequality(query.measure, figures, pair, catalogue, reason=reason)
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
        category=pair[0],
        reference_category=pair[1],
        groups=found.groups,
        gap=found.gap,
        ratio=found.ratio,
        slope_index=found.slope,
        relative_index=found.relative,
    )


def calculate_inequality(
    measure: Measure,
    figures: Sequence[AnyFigure],
    pair: tuple[str, str],
    catalogue: Catalogue,
    *,
    reason: str | None = None,
) -> InequalityResult:
    """Of figures of one series, period and area, by all categories of one dimension; `reason` refuses all of it."""
    [dimension] = figures[0].breakdown
    found = {figure.breakdown[dimension]: figure for figure in figures}
    of, against = (found[category] for category in pair)
    refused = reason or _explain_refusal(measure, dimension, catalogue)
    slope, relative = _calculate_indices(measure, dimension, found, catalogue, reason)
    return InequalityResult(
        groups=[_to_group_figure(category, figure) for category, figure in found.items()],
        gap=_build_refused(refused) if refused else _calculate_gap(of, against),
        ratio=_build_refused(refused) if refused else _calculate_ratio(of, against),
        slope=slope,
        relative=relative,
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
    """Why two categories cannot be set against each other: one word for machines."""
    if measure.kind is not MeasureKind.PROPORTION:
        return "not_a_proportion"
    scheme = catalogue.find_scheme(measure, [dimension])
    return None if scheme is not None and scheme.exclusive else "categories_overlap"


def _calculate_gap(of: AnyFigure, against: AnyFigure) -> Disparity:
    """In percentage points, with Newcombe's interval."""
    return _calculate_contrast(
        of,
        against,
        lambda a, b: round(a - b, 1),
        lambda a, b, confidence: inequality.calculate_gap(a, b, confidence=confidence),
    )


def _calculate_ratio(of: AnyFigure, against: AnyFigure) -> Disparity:
    """With Katz's log interval; none where a numerator is 0."""
    return _calculate_contrast(
        of,
        against,
        lambda a, b: round(a / b, 2) if b else None,
        lambda a, b, confidence: inequality.calculate_ratio(a, b, confidence=confidence),
    )


def _build_refused(reason: str) -> Disparity:
    return Disparity(
        value=None, lower=None, upper=None, lower_99_8=None, upper_99_8=None, interval_method=None, reason=reason
    )


def _calculate_indices(
    measure: Measure, dimension: str, found: Mapping[str, AnyFigure], catalogue: Catalogue, reason: str | None
) -> list[Disparity]:
    """The slope and the relative index. The denominators stand for the populations of the groups."""
    scheme = catalogue.find_scheme(measure, [dimension])
    if reason is not None:
        pass
    elif measure.kind not in (MeasureKind.PROPORTION, MeasureKind.RATE):
        reason = "not_a_proportion_or_rate"
    elif not catalogue.dimensions[dimension].ordered:
        reason = "dimension_not_ordered"
    elif scheme is None or not scheme.exclusive:
        reason = "categories_overlap"
    else:
        ranked = [_to_ordered_group(figure) for category, figure in found.items() if category != UNKNOWN_CATEGORY]
        narrow, wide = (inequality.calculate_indices(ranked, confidence=confidence) for confidence in Confidence)
        return [
            _build_disparity(narrow.slope, narrow.slope_interval, wide.slope_interval, narrow.reason),
            _build_disparity(narrow.relative, narrow.relative_interval, wide.relative_interval, narrow.reason),
        ]
    return [_build_refused(reason)] * 2


def _to_ordered_group(figure: AnyFigure) -> OrderedGroup:
    error = None
    if figure.lower is not None and figure.upper is not None:
        error = (figure.upper - figure.lower) / (2 * get_normal_deviate(Confidence.P95))
    return OrderedGroup(population=int(figure.denominator or 0), value=figure.value, standard_error=error)


def _calculate_contrast(
    of: AnyFigure,
    against: AnyFigure,
    of_displayed_values: Callable[[float, float], float | None],
    method: ContrastMethod,
) -> Disparity:
    """Of counts that are known exactly the exact value, else that of the values shown."""
    pair = [_find_counts(figure) for figure in (of, against)]
    if pair[0] is None or pair[1] is None:
        return _build_refused("no_data")
    narrow, wide = (method(pair[0], pair[1], confidence) for confidence in Confidence)
    value = narrow.low
    if narrow.low != narrow.high:
        value = None if of.value is None or against.value is None else of_displayed_values(of.value, against.value)
    return _build_disparity(value, narrow.interval, wide.interval, narrow.reason)


def _find_counts(figure: AnyFigure) -> RatioCounts | None:
    if figure.numerator is None or not figure.denominator:
        return None
    if isinstance(figure, PreviewFigure):
        return make_exact_counts(int(figure.numerator), int(figure.denominator))
    if figure.value is None:
        return None
    ends = (
        figure.numerator_lower_bound,
        figure.numerator_upper_bound,
        figure.denominator_lower_bound,
        figure.denominator_upper_bound,
    )
    low, high, base_low, base_high = (int(end or 0) for end in ends)
    return RatioCounts(numerator_low=low, numerator_high=high, denominator_low=base_low, denominator_high=base_high)


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
