"""Outcome queries: the filters of a reader, resolved to series, areas and breakdowns in the order of the plan.

Previews and released reads share this model. Periods are resolved in `period_resolution`.
"""

from collections.abc import Sequence

from msgspec import Struct

from api.http.refusals import Invalid
from api.plan.breakdowns import cross_categories
from api.plan.catalogue import Catalogue, adapt_measure, find_headline_series
from api.plan.filters import check_area, check_code
from api.plan.populations import list_forms
from schema.areas import Scheme
from schema.measures import Measure, MeasureKind, Series
from schema.outcomes import OutcomeForm, RevisionBasis

LATEST_KEYWORD = "latest"
MAX_FIGURES = 100_000
MAX_PERIODS = 240  # of one series: 20 years of months
ADVICE_BY_UNCOUNTED_KIND = {
    MeasureKind.MILESTONE: "Read its items in the returns of the measure: each item's stage is the latest.",
    MeasureKind.EVIDENCE: "Read its entries in the returns of the measure.",
}
COMPARABLE_KINDS = frozenset({MeasureKind.PROPORTION, MeasureKind.RATE, MeasureKind.MEAN, MeasureKind.GAP})
"""The kinds whose values do not grow with the area, so that areas of different sizes can be compared."""


class IncompatibleFilters(Invalid):
    """The filters cannot be combined."""

    example = "GET …/preview/outcomes?period=FY2025-26&from=FY2025-26-Q1"
    fix = "Change the filters that the detail names. `…/outcomes/availability` lists the queries that are possible."


class ResultTooLarge(Invalid):
    """The result would be too large."""

    example = "Ten years of months of every measure, in every ward, by sex and age."
    fix = "Request fewer measures, periods, areas or categories at a time."


class NotCollected(Invalid):
    """The measure is not collected by this breakdown."""

    example = "GET …/preview/outcomes?measure=ips-primary-care-referrals&group_by=carer-status"
    fix = "Use one of the breakdowns that the detail names."


class NoPopulationForm(Invalid):
    """The measure has no such form."""

    example = "GET …/preview/outcomes?measure=workplace-healthy-minds-sign-ups&form=per_population"
    fix = "`…/outcomes/availability` lists the `forms` of each measure. A plan declares them as `per_population`."


class OutcomeQuery(Struct, frozen=True, kw_only=True):
    """The filters of a reader. An empty filter selects the default, such as headline series and latest period."""

    measures: list[str] = []
    series: str | None = None
    theme: str | None = None
    periods: list[str] = []
    from_period: str | None = None
    to_period: str | None = None
    areas: list[str] = []
    within: list[str] = []
    levels: list[str] = []
    group_by: list[str] = []
    breakdowns: list[str] = []
    comparators: list[str] = []
    revision_basis: RevisionBasis = RevisionBasis.LATEST
    min_coverage: float | None = None
    form: OutcomeForm | None = None

    @property
    def has_range(self) -> bool:
        return bool(self.from_period or self.to_period)


class QueryAxes(Struct, frozen=True, kw_only=True):
    """The series, areas, dimensions and categories that a query selects."""

    series: list[tuple[Measure, Series]]
    areas: list[str]
    dimensions: list[str]
    categories: dict[str, list[str]]


def resolve_axes(query: OutcomeQuery, catalogue: Catalogue) -> QueryAxes:
    """Return series and areas in the order of the plan. Raises NotFound, UnknownCode or IncompatibleFilters."""
    levels = [code for code in query.group_by if code in catalogue.level_ranks]
    dimensions = [code for code in query.group_by if code not in catalogue.level_ranks]
    for dimension in dimensions:
        check_code("a dimension or an area level", dimension, [*catalogue.dimensions, *catalogue.level_ranks])
    selected = _parse_breakdowns(query.breakdowns, catalogue)
    dimensions = list(dict.fromkeys([*dimensions, *selected]))
    return QueryAxes(
        series=select_series(query, catalogue),
        areas=_select_areas(query, [*query.levels, *levels], catalogue),
        dimensions=dimensions,
        categories={
            dimension: [
                category.code
                for category in catalogue.dimensions[dimension].categories
                if dimension not in selected or category.code in selected[dimension]
            ]
            for dimension in dimensions
        },
    )


def _parse_breakdowns(breakdowns: Sequence[str], catalogue: Catalogue) -> dict[str, set[str]]:
    """Return the categories by dimension. Two categories of one dimension select either."""
    selected: dict[str, set[str]] = {}
    for text in breakdowns:
        dimension, colon, category = text.partition(":")
        if not colon:
            raise IncompatibleFilters(f"{text!r} is not a breakdown: write dimension:category, such as sex:female.")
        check_code("a dimension", dimension, catalogue.dimensions)
        check_code(f"a category of {dimension}", category, catalogue.categories[dimension])
        selected.setdefault(dimension, set()).add(category)
    return selected


def _select_areas(query: OutcomeQuery, levels: Sequence[str], catalogue: Catalogue) -> list[str]:
    """Return the named areas and those within others; with levels, only areas of these levels."""
    for level in levels:
        check_code("a level", level, catalogue.level_ranks)
    named = {check_area(code, catalogue.areas) for code in query.areas}
    outer = {check_area(code, catalogue.areas) for code in query.within}
    if not named | outer:
        named = {catalogue.plan.area}
    containers = outer | (named if levels else set[str]())
    contained = [
        area
        for area in (catalogue.plan.areas if containers else ())
        if not containers.isdisjoint(catalogue.list_area_and_ancestors(area.code))
    ]
    selected = {area.code for area in contained if not levels or area.level in levels}
    if not levels:
        selected |= named
    if not selected:
        raise IncompatibleFilters(
            f"No area of level {' or '.join(levels)} lies in {' or '.join(sorted(containers))}; "
            f"the levels there are {', '.join(sorted({area.level for area in contained}))}."
        )
    return [area.code for area in catalogue.plan.areas if area.code in selected]


def select_series(query: OutcomeQuery, catalogue: Catalogue) -> list[tuple[Measure, Series]]:
    """Return the selected series in the order of the plan.

    Raises NotFound, UnknownCode, or NoPopulationForm if a named measure, or every one, lacks the form.
    """
    if query.theme is not None:
        check_code("a theme", query.theme, (theme.slug for theme in catalogue.plan.themes))
    slugs = {catalogue.get_measure(slug).slug for slug in query.measures}
    selected: list[tuple[Measure, Series]] = []
    for measure in catalogue.plan.measures:
        is_named = measure.slug in slugs if slugs else measure.slug not in catalogue.populations
        if not is_named or query.theme not in (None, measure.theme):
            continue
        if query.form is not None and query.form not in list_forms(measure):
            if slugs:
                raise NoPopulationForm(f"{measure.slug} has no form {query.form}.")
            continue
        if query.series is None:
            selected.append((measure, find_headline_series(measure)))
        else:
            check_code(f"a series of {measure.slug}", query.series, (series.slug for series in measure.series))
            selected += [
                (adapt_measure(measure, series), series) for series in measure.series if series.slug == query.series
            ]
    if query.form is not None and not selected:
        raise NoPopulationForm(f"No selected measure has the form {query.form}.")
    if not selected:
        themes = {slug: catalogue.measures[slug].theme for slug in sorted(slugs)}
        stated = ", ".join(f"{slug} belongs to {theme}" for slug, theme in themes.items()) or "It has no measures"
        raise IncompatibleFilters(f"No measure of the query belongs to the theme {query.theme}. {stated}.")
    return selected


def list_source_series(selected: Sequence[tuple[Measure, Series]], catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return the series whose returns are needed: the selected ones and the inputs of their formulas."""
    sources = {
        (source.slug, source_series.slug)
        for measure, series in selected
        for source, source_series in [(measure, series), *find_formula_inputs(series, catalogue)]
    }
    return sorted(sources)


def find_formula_inputs(series: Series, catalogue: Catalogue) -> list[tuple[Measure, Series]]:
    """Return the measures of the series' formula, each with its headline series."""
    measures = [catalogue.measures[slug] for slug in series.formula.measures] if series.formula else []
    return [(measure, find_headline_series(measure)) for measure in measures]


def list_breakdown_keys(
    measure: Measure, axes: QueryAxes, schemes: Sequence[Scheme], *, is_named: bool, verb: str = "collected"
) -> list[str] | None:
    """Return a key for each combination of categories; None if no scheme has these dimensions.

    For a measure that the query names, raises NotCollected instead of returning None.
    """
    if axes.dimensions and not any(set(scheme.dimensions) == set(axes.dimensions) for scheme in schemes):
        if is_named:
            dimensions = " and ".join(axes.dimensions)
            raise NotCollected(
                f"{measure.slug} is not {verb} by {dimensions}. It is {verb} by {describe_schemes(schemes)}."
            )
        return None
    return cross_categories(axes.categories)


def describe_schemes(schemes: Sequence[Scheme]) -> str:
    return " or ".join(" and ".join(scheme.dimensions) for scheme in schemes) or "nothing"


def describe_for_audit(query: OutcomeQuery, axes: QueryAxes, format_name: str) -> dict[str, str]:
    """Return the query as the audit records it, without empty filters."""
    span = [f"{query.from_period or ''}..{query.to_period or ''}"] if query.has_range else []
    filters = {
        "series": [f"{measure.slug}/{series.slug}" for measure, series in axes.series],
        "period": span or query.periods or [LATEST_KEYWORD],
        "area": query.areas,
        "within": query.within,
        "level": query.levels,
        "group_by": query.group_by,
        "breakdown": query.breakdowns,
        "comparator": query.comparators,
        "form": [query.form] if query.form else [],
        "format": [format_name] if format_name != "json" else [],
    }
    return {name: ", ".join(values) for name, values in filters.items() if values}
