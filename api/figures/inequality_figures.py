"""Gap, ratio, slope and relative index between the categories of a dimension, from the figures of its categories.

Methods and their sources: `api.statistics.inequality`. A gap and a ratio are of two categories of an exclusive
scheme, whose people are counted once; the indices are over all categories of an ordered dimension but `unknown`.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from api.figures.resolution import AS_PUBLISHED_ONLY, Asked
from api.http.refusals import Invalid
from api.plan.catalogue import Catalogue
from api.plan.rules import known
from api.statistics import inequality
from api.statistics.inequality import Contrast, Group
from api.statistics.intervals import Counts, deviate, exactly
from schema.inequality import Disparity, GroupFigure, Inequality
from schema.intervals import Confidence, Interval
from schema.outcomes import RevisionBasis, UnprotectedFigure
from schema.plan import Kind, Measure
from schema.releases import AnyFigure

UNKNOWN = "unknown"
Method = Callable[[Counts, Counts, Confidence], Contrast]


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


class Apart(Struct, frozen=True, kw_only=True):
    """What lies between the categories of a dimension, and over all of them."""

    groups: list[GroupFigure]
    gap: Disparity
    ratio: Disparity
    slope: Disparity
    relative: Disparity


def inequality_of(
    asked: Asked,
    figures: Sequence[UnprotectedFigure],
    pair: tuple[str, str],
    basis: RevisionBasis,
    catalogue: Catalogue,
) -> Inequality:
    """What lies between the two categories, and over all of them; `figures` are those of one period and area."""
    [dimension] = figures[0].breakdown
    reason = AS_PUBLISHED_ONLY if asked.as_published and asked.reason is None else asked.reason
    found = apart(asked.measure, figures, pair, catalogue, reason=reason)
    return Inequality(
        programme=catalogue.slug,
        plan_version=catalogue.version,
        protection="none",
        basis=basis,
        measure=figures[0].measure,
        series=figures[0].series,
        unit=figures[0].unit,
        period=figures[0].period,
        area=figures[0].area,
        dimension=dimension,
        of=pair[0],
        against=pair[1],
        groups=found.groups,
        gap=found.gap,
        ratio=found.ratio,
        slope=found.slope,
        relative=found.relative,
    )


def apart(
    measure: Measure,
    figures: Sequence[AnyFigure],
    pair: tuple[str, str],
    catalogue: Catalogue,
    *,
    reason: str | None = None,
) -> Apart:
    """Of figures of one series, period and area, by all categories of one dimension; `reason` refuses all of it."""
    [dimension] = figures[0].breakdown
    found = {figure.breakdown[dimension]: figure for figure in figures}
    of, against = (found[category] for category in pair)
    refused = reason or _refusal(measure, dimension, catalogue)
    slope, relative = _indices(measure, dimension, found, catalogue, reason)
    return Apart(
        groups=[_told(category, figure) for category, figure in found.items()],
        gap=_refused(refused) if refused else _gap(of, against),
        ratio=_refused(refused) if refused else _ratio(of, against),
        slope=slope,
        relative=relative,
    )


def _told(category: str, figure: AnyFigure) -> GroupFigure:
    return GroupFigure(
        category=category,
        value=figure.value,
        numerator=figure.numerator,
        denominator=figure.denominator,
        lower=figure.lower,
        upper=figure.upper,
        reason=figure.reason,
    )


def _refusal(measure: Measure, dimension: str, catalogue: Catalogue) -> str | None:
    """Why two categories cannot be set against each other: one word for machines."""
    if measure.kind is not Kind.PROPORTION:
        return "not_a_proportion"
    scheme = catalogue.scheme(measure, [dimension])
    return None if scheme is not None and scheme.exclusive else "categories_overlap"


def _gap(of: AnyFigure, against: AnyFigure) -> Disparity:
    """In percentage points, with Newcombe's interval."""
    return _contrast(
        of,
        against,
        lambda a, b: round(a - b, 1),
        lambda a, b, confidence: inequality.gap(a, b, confidence=confidence),
    )


def _ratio(of: AnyFigure, against: AnyFigure) -> Disparity:
    """With Katz's log interval; none where a numerator is 0."""
    return _contrast(
        of,
        against,
        lambda a, b: round(a / b, 2) if b else None,
        lambda a, b, confidence: inequality.ratio(a, b, confidence=confidence),
    )


def _refused(reason: str) -> Disparity:
    return Disparity(
        value=None, lower=None, upper=None, lower_99_8=None, upper_99_8=None, interval_method=None, reason=reason
    )


def _indices(
    measure: Measure, dimension: str, found: Mapping[str, AnyFigure], catalogue: Catalogue, reason: str | None
) -> list[Disparity]:
    """The slope and the relative index. The denominators stand for the populations of the groups."""
    scheme = catalogue.scheme(measure, [dimension])
    if reason is not None:
        pass
    elif measure.kind not in (Kind.PROPORTION, Kind.RATE):
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


def _group(figure: AnyFigure) -> Group:
    error = None
    if figure.lower is not None and figure.upper is not None:
        error = (figure.upper - figure.lower) / (2 * deviate(Confidence.P95))
    return Group(population=int(figure.denominator or 0), value=figure.value, standard_error=error)


def _contrast(
    of: AnyFigure, against: AnyFigure, shown: Callable[[float, float], float | None], method: Method
) -> Disparity:
    """Of counts that are known exactly the exact value, else that of the values shown."""
    pair = [_counts(figure) for figure in (of, against)]
    if pair[0] is None or pair[1] is None:
        return _refused("no_data")
    narrow, wide = (method(pair[0], pair[1], confidence) for confidence in Confidence)
    value = narrow.low
    if narrow.low != narrow.high:
        value = None if of.value is None or against.value is None else shown(of.value, against.value)
    return _disparity(value, narrow.interval, wide.interval, narrow.reason)


def _counts(figure: AnyFigure) -> Counts | None:
    if figure.numerator is None or not figure.denominator:
        return None
    if isinstance(figure, UnprotectedFigure):
        return exactly(int(figure.numerator), int(figure.denominator))
    if figure.value is None:
        return None
    ends = (figure.numerator_low, figure.numerator_high, figure.denominator_low, figure.denominator_high)
    low, high, base_low, base_high = (int(end or 0) for end in ends)
    return Counts(low=low, high=high, base_low=base_low, base_high=base_high)


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
