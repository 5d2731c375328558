"""What is asked of a release: filters made into registered periods, areas and breakdowns, never into data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from api.figures import inequality_figures
from api.figures.query import IncompatibleFilters, OutcomeQuery, PeriodResolver, QueryAxes
from api.figures.resolution import ADVICE_BY_UNCOUNTED_KIND, LATEST_KEYWORD, NotCollected
from api.http.refusals import Invalid
from api.outcomes import progress as view
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.plan.periods import parse_period
from api.statistics import periods
from schema.areas import Scheme
from schema.measures import Measure, Series
from schema.outcomes import ResolvedPeriod
from schema.periods import Period
from schema.released_figures import PublishedFigure
from schema.released_views import (
    ReleasedInequality,
    ReleasedLogicModel,
    ReleasedMeasure,
    ReleasedProgress,
    ReleasedTheme,
)
from schema.releases import Release
from schema.submissions import Status

CoveredPeriods = Mapping[tuple[str, str], Sequence[tuple[Period, bool]]]
"""The periods that a release covers of each series, in order of time, and whether anything was returned for them."""


class NoFigures(Invalid):
    """The release has nothing of the kind."""

    example = "GET …/inequality?measure=pass-rate&dimension=sex&category=female&reference_category=male&period=2031-01"
    fix = "`…/outcomes` with the same measure and `group_by` shows which periods and areas there are."


class ReleaseCursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page of a release ends."""

    release: int
    position: int


class FigureFilter(Struct, frozen=True, kw_only=True):
    """Which figures of a series are wanted, by the database's numbers."""

    series: int
    periods: list[str]
    areas: list[int]
    breakdowns: list[int]


class EntryFilter(Struct, frozen=True, kw_only=True):
    """The entries of a series to read, by the database's numbers; those of every period if `periods` is None."""

    series: int
    periods: list[str] | None


class ReleaseQuery(Struct, frozen=True, kw_only=True):
    """What a question comes to in one release."""

    filters: list[FigureFilter]
    """One for each series, in the order of the plan."""
    resolved: list[ResolvedPeriod]


def resolve_query(
    question: OutcomeQuery, places: QueryAxes, covered: CoveredPeriods, catalogue: Catalogue
) -> ReleaseQuery:
    """Which figures are asked for. Raises UnclearPeriod, NotCollected, Unanswerable: by what is registered alone."""
    if question.periods and (question.from_period or question.to_period):
        raise IncompatibleFilters("Ask by `period` or by `from` and `to`, not both.")
    found: list[FigureFilter] = []
    resolved: list[ResolvedPeriod] = []
    for measure, series in places.series:
        there = covered.get((measure.slug, series.slug), ())
        codes, told = _match_periods(question, measure, series, there)
        resolved += told
        breakdowns = _list_breakdown_keys(measure, places, catalogue, explicit=bool(question.measures))
        if breakdowns is None:
            continue
        found.append(
            FigureFilter(
                series=catalogue.ids.series[measure.slug, series.slug],
                periods=codes,
                areas=[catalogue.ids.areas[code] for code in places.areas],
                breakdowns=[catalogue.ids.breakdowns[key] for key in breakdowns],
            )
        )
    return ReleaseQuery(filters=found, resolved=resolved)


def _match_periods(
    question: OutcomeQuery, measure: Measure, series: Series, covered: Sequence[tuple[Period, bool]]
) -> tuple[list[str], list[ResolvedPeriod]]:
    """The released periods that are meant; an equal span under another name is the same cell."""
    own = measure.cadence.period_type
    spans = PeriodResolver(measure, series, [period for period, received in covered if received and period.type is own])
    asked_for = (
        spans.resolve_range(question)
        if question.from_period or question.to_period
        else spans.resolve_tokens(question.periods or [LATEST_KEYWORD])
    )
    known = {period.code: period for period, _ in covered}
    found: list[str] = []
    for code in asked_for or []:
        if code in known:
            found.append(code)
            continue
        asked = periods.parse(code)
        found += [one.code for one in known.values() if periods.is_same_span(one, asked)]
    return found, spans.resolved_tokens


def _list_breakdown_keys(
    measure: Measure, places: QueryAxes, catalogue: Catalogue, *, explicit: bool
) -> list[str] | None:
    if places.dimensions:
        scheme = catalogue.find_scheme(measure, places.dimensions)
        if scheme is None or not _is_released(scheme, catalogue):
            if explicit:
                by = [" and ".join(one.dimensions) for one in measure.schemes if _is_released(one, catalogue)]
                raise NotCollected(
                    f"{measure.slug} is not released by {' and '.join(places.dimensions)}. "
                    f"It is released by {' or '.join(by) or 'nothing'}."
                )
            return None
    codes = [[(dimension, code) for code in places.categories[dimension]] for dimension in places.dimensions]
    return [format_breakdown_key(dict(chosen)) for chosen in product(*codes)]


def _is_released(scheme: Scheme, catalogue: Catalogue) -> bool:
    return len(scheme.dimensions) <= catalogue.plan.disclosure.breakdowns


def decode_covered_periods(rows: Mapping[int, Sequence[tuple[str, bool]]], catalogue: Catalogue) -> CoveredPeriods:
    slugs = catalogue.series_slugs
    return {
        slugs[number]: [(periods.parse(code), received) for code, received in spans]
        for number, spans in rows.items()
        if number in slugs
    }


def mask_low_coverage(figures: Iterable[PublishedFigure], min_coverage: float | None) -> Iterator[PublishedFigure]:
    """Figures that rest on too few returns lose their numbers, and say why: one that is not approved is in none."""
    for figure in figures:
        if min_coverage is None or figure.coverage.approved >= min_coverage * figure.coverage.expected:
            yield figure
        else:
            yield replace(
                figure,
                value=None,
                lower_bound=None,
                upper_bound=None,
                largest_error=None,
                numerator=None,
                numerator_lower_bound=None,
                numerator_upper_bound=None,
                denominator=None,
                denominator_lower_bound=None,
                denominator_upper_bound=None,
                lower=None,
                upper=None,
                lower_99_8=None,
                upper_99_8=None,
                interval_method=None,
                status=Status.NOT_AVAILABLE,
                reason="coverage_below_minimum",
                markers=[],
                comparators=[],
                trend=None,
                movement=None,
                target=None,
                alternatives="Ask for a smaller `min_coverage`.",
            )


def explain_protection(release: Release, measures: Iterable[str], catalogue: Catalogue) -> str:
    """What is done to protect those who are counted in these measures."""
    classes = dict.fromkeys(catalogue.measures[slug].disclosure_class for slug in measures)
    return " ".join(dict.fromkeys(release.explanations[one] for one in classes)) or release.explanations["persons"]


def build_progress(release: Release, latest: Sequence[PublishedFigure], catalogue: Catalogue) -> ReleasedProgress:
    figures = {figure.measure: figure for figure in latest}
    return ReleasedProgress(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explain_protection(release, [figure.measure for figure in latest], catalogue),
        themes=[
            ReleasedTheme(
                theme=theme.slug,
                title=theme.title,
                measures=[
                    ReleasedMeasure(
                        measure=measure.slug,
                        label=measure.label,
                        title=measure.title,
                        plan_references=measure.plan_references,
                        direction=measure.direction,
                        baseline=measure.baseline,
                        targets=measure.targets,
                        latest=figures.get(measure.slug),
                    )
                    for measure in catalogue.plan.measures
                    if measure.theme == theme.slug
                ],
            )
            for theme in catalogue.plan.themes
        ],
    )


def build_logic_model(release: Release, latest: Sequence[PublishedFigure], catalogue: Catalogue) -> ReleasedLogicModel:
    return ReleasedLogicModel(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explain_protection(release, [figure.measure for figure in latest], catalogue),
        nodes=view.build_node_outcomes(catalogue.plan, {figure.measure: figure.coverage for figure in latest}),
        links=catalogue.plan.links,
        measure_links=catalogue.plan.measure_links,
        figures=list(latest),
    )


def build_inequality(
    release: Release, figures: Sequence[PublishedFigure], pair: tuple[str, str], dimension: str, catalogue: Catalogue
) -> ReleasedInequality:
    """Of the figures of one series, period and area by a dimension. Raises NoFigures where the release has none."""
    if not figures:
        raise NoFigures("The release has no figures of the measure by this dimension, period and area.")
    measure = catalogue.measures[figures[0].measure]
    found = inequality_figures.calculate_inequality(measure, figures, pair, catalogue)
    return ReleasedInequality(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explain_protection(release, [measure.slug], catalogue),
        measure=measure.slug,
        series=figures[0].series,
        unit=measure.unit,
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


def resolve_filters(
    measures: Sequence[str], wanted: Sequence[str], covered: CoveredPeriods, catalogue: Catalogue
) -> list[EntryFilter]:
    """Each series that is asked for; of an equal span under another name, the period that it is released for.

    Raises UnknownCode, UnclearPeriod: by what is registered alone.
    """
    there = {measure.slug: measure for measure in catalogue.plan.measures if measure.kind in ADVICE_BY_UNCOUNTED_KIND}
    chosen = [there[check_code("a milestone or evidence measure", slug, there)] for slug in dict.fromkeys(measures)]
    spans = [parse_period(code) for code in wanted]
    return [
        EntryFilter(
            series=catalogue.ids.series[measure.slug, series.slug],
            periods=_match_period_codes(spans, covered.get((measure.slug, series.slug), ())) if spans else None,
        )
        for measure in chosen or there.values()
        for series in measure.series
    ]


def _match_period_codes(spans: Sequence[Period], covered: Iterable[tuple[Period, bool]]) -> list[str]:
    alike = [one.code for one, _ in covered if any(periods.is_same_span(one, span) for span in spans)]
    return list(dict.fromkeys([*alike, *(span.code for span in spans)]))
