"""Gap, ratio, slope and relative index between the categories of a dimension, from the figures of its categories.

Methods and their sources: `api.statistics.inequality`. A gap and a ratio are of two categories of an exclusive
scheme, whose people are counted once; the indices are over all categories of an ordered dimension but `unknown`.
"""

from collections.abc import Callable, Mapping, Sequence

from api.outcomes.judging import reading_of
from api.outcomes.rules import AS_PUBLISHED_ONLY, Asked
from api.plan.catalogue import Catalogue
from api.plan.rules import known
from api.refusals import Invalid
from api.statistics import inequality, intervals
from api.statistics.inequality import Contrast, Group
from api.statistics.intervals import Counts, exactly
from schema.inequality import Disparity, GroupFigure, Inequality
from schema.intervals import Confidence, Interval
from schema.outcomes import RevisionBasis, UnprotectedFigure
from schema.plan import Kind

UNKNOWN = "unknown"


class SameCategory(Invalid):
    """A category is set against itself."""

    example = "GET …/preview/inequality?measure=pass-rate&dimension=sex&of=female&against=female"
    mend = "Name two categories of the dimension."


def check(catalogue: Catalogue, measure: str, dimension: str, of: str, against: str) -> None:
    """Raises NotFound, UnknownCode or SameCategory."""
    catalogue.measure(measure)
    known("a dimension", dimension, catalogue.dimensions)
    for category in (of, against):
        known(f"a category of {dimension}", category, catalogue.categories[dimension])
    if of == against:
        raise SameCategory(f"`of` and `against` are both {of!r}.")


def inequality_of(
    asked: Asked,
    figures: Sequence[UnprotectedFigure],
    pair: tuple[str, str],
    basis: RevisionBasis,
    catalogue: Catalogue,
) -> Inequality:
    """What lies between the two categories, and over all of them; `figures` are those of one period and area."""
    [dimension] = figures[0].breakdown
    found = {figure.breakdown[dimension]: figure for figure in figures}
    of, against = (found[category] for category in pair)
    reason = _refusal(asked, dimension, catalogue)
    slope, relative = _indices(asked, dimension, found, catalogue)
    return Inequality(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        basis=basis,
        measure=of.measure,
        series=of.series,
        unit=of.unit,
        period=of.period,
        area=of.area,
        dimension=dimension,
        of=pair[0],
        against=pair[1],
        groups=[_told(category, figure) for category, figure in found.items()],
        gap=_refused(reason) if reason else _gap(of, against),
        ratio=_refused(reason) if reason else _ratio(of, against),
        slope=slope,
        relative=relative,
    )


def _told(category: str, figure: UnprotectedFigure) -> GroupFigure:
    return GroupFigure(
        category=category,
        value=figure.value,
        numerator=figure.numerator,
        denominator=figure.denominator,
        lower=figure.lower,
        upper=figure.upper,
        reason=figure.reason,
    )


def _refusal(asked: Asked, dimension: str, catalogue: Catalogue) -> str | None:
    """Why two categories cannot be set against each other: one word for machines."""
    if asked.reason is not None:
        return asked.reason
    if asked.as_published:
        return AS_PUBLISHED_ONLY
    if asked.measure.kind is not Kind.PROPORTION:
        return "not_a_proportion"
    scheme = catalogue.scheme(asked.measure, [dimension])
    return None if scheme is not None and scheme.exclusive else "categories_overlap"


def _gap(of: UnprotectedFigure, against: UnprotectedFigure) -> Disparity:
    """In percentage points, with Newcombe's interval."""
    return _contrast(of, against, lambda a, b, confidence: inequality.gap(a, b, confidence=confidence))


def _ratio(of: UnprotectedFigure, against: UnprotectedFigure) -> Disparity:
    """With Katz's log interval; none where a numerator is 0."""
    return _contrast(of, against, lambda a, b, confidence: inequality.ratio(a, b, confidence=confidence))


def _refused(reason: str) -> Disparity:
    return Disparity(
        value=None, lower=None, upper=None, lower_99_8=None, upper_99_8=None, interval_method=None, reason=reason
    )


def _indices(
    asked: Asked, dimension: str, found: Mapping[str, UnprotectedFigure], catalogue: Catalogue
) -> list[Disparity]:
    """The slope and the relative index. The denominators stand for the populations of the groups."""
    scheme = catalogue.scheme(asked.measure, [dimension])
    if asked.reason is not None:
        reason = asked.reason
    elif asked.as_published:
        reason = AS_PUBLISHED_ONLY
    elif asked.measure.kind not in (Kind.PROPORTION, Kind.RATE):
        reason = "not_a_proportion_or_rate"
    elif not catalogue.dimensions[dimension].ordered:
        reason = "dimension_not_ordered"
    elif scheme is None or not scheme.exclusive:
        reason = "categories_overlap"
    else:
        ranked = [_group(figure) for category, figure in found.items() if category != UNKNOWN]
        narrow, wide = (inequality.indices(ranked, confidence=confidence) for confidence in Confidence)
        return [
            _disparity(narrow.slope, narrow.slope_interval, wide.slope_interval, narrow.reason),
            _disparity(narrow.relative, narrow.relative_interval, wide.relative_interval, narrow.reason),
        ]
    return [_refused(reason)] * 2


def _group(figure: UnprotectedFigure) -> Group:
    interval = reading_of(figure).interval(Confidence.P95)
    return Group(
        population=int(figure.denominator or 0),
        value=figure.value,
        standard_error=None if interval is None else intervals.standard_error(interval),
    )


def _contrast(
    of: UnprotectedFigure, against: UnprotectedFigure, method: Callable[[Counts, Counts, Confidence], Contrast]
) -> Disparity:
    pair = [_counts(figure) for figure in (of, against)]
    if pair[0] is None or pair[1] is None:
        return _refused("no_data")
    narrow, wide = (method(pair[0], pair[1], confidence) for confidence in Confidence)
    value = narrow.low if narrow.low == narrow.high else None
    return _disparity(value, narrow.interval, wide.interval, narrow.reason)


def _counts(figure: UnprotectedFigure) -> Counts | None:
    if figure.numerator is None or not figure.denominator:
        return None
    return exactly(int(figure.numerator), int(figure.denominator))


def _disparity(value: float | None, narrow: Interval | None, wide: Interval | None, reason: str | None) -> Disparity:
    return Disparity(
        value=value,
        lower=None if narrow is None else narrow.lower,
        upper=None if narrow is None else narrow.upper,
        lower_99_8=None if wide is None else wide.lower,
        upper_99_8=None if wide is None else wide.upper,
        interval_method=None if narrow is None else narrow.method,
        reason=None if value is not None and narrow is not None else reason,
    )
