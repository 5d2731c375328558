"""What is asked of a release: filters made into registered periods, areas and breakdowns, never into data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from api.figures import inequality_figures
from api.figures.query import Filters, Places, Spans, Unanswerable
from api.figures.resolution import LATEST, UNCOUNTED, NotCollected
from api.http.refusals import Invalid
from api.outcomes import progress as view
from api.plan.catalogue import Catalogue, breakdown_key
from api.plan.rules import known, parsed_period
from api.releases.released_entries import EntryFilter
from api.statistics import periods
from schema.outcomes import Resolved
from schema.periods import Period
from schema.plan import Measure, Scheme, Series
from schema.releases import (
    Figure,
    Release,
    ReleasedInequality,
    ReleasedLogicModel,
    ReleasedMeasure,
    ReleasedProgress,
    ReleasedTheme,
)
from schema.submissions import Status

Covered = Mapping[tuple[str, str], Sequence[tuple[Period, bool]]]
"""The periods that a release covers of each series, in order of time, and whether anything was returned for them."""


class NoFigures(Invalid):
    """The release has nothing of the kind."""

    example = "GET …/inequality?measure=pass-rate&dimension=sex&of=female&against=male&period=2031-01"
    mend = "`…/outcomes` with the same measure and `group_by` shows which periods and areas there are."


class FigurePosition(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page of a release ends."""

    release: int
    position: int


class FigureFilter(Struct, frozen=True, kw_only=True):
    """Which figures of a series are wanted, by the database's numbers."""

    series: int
    periods: list[str]
    areas: list[int]
    breakdowns: list[int]


class Wanted(Struct, frozen=True, kw_only=True):
    """What a question comes to in one release."""

    filters: list[FigureFilter]
    """One for each series, in the order of the plan."""
    resolved: list[Resolved]


def wanted(question: Filters, places: Places, covered: Covered, catalogue: Catalogue) -> Wanted:
    """Which figures are asked for. Raises UnclearPeriod, NotCollected, Unanswerable: by what is registered alone."""
    if question.periods and (question.first or question.last):
        raise Unanswerable("Ask by `period` or by `from` and `to`, not both.")
    found: list[FigureFilter] = []
    resolved: list[Resolved] = []
    for measure, series in places.series:
        there = covered.get((measure.slug, series.slug), ())
        codes, told = _codes(question, measure, series, there)
        resolved += told
        breakdowns = _breakdowns(measure, places, catalogue, explicit=bool(question.measures))
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
    return Wanted(filters=found, resolved=resolved)


def _codes(
    question: Filters, measure: Measure, series: Series, covered: Sequence[tuple[Period, bool]]
) -> tuple[list[str], list[Resolved]]:
    """The released periods that are meant; an equal span under another name is the same cell."""
    own = measure.cadence.period_type
    spans = Spans(measure, series, [period for period, received in covered if received and period.type is own])
    asked_for = spans.range(question) if question.first or question.last else spans.of(question.periods or [LATEST])
    known = {period.code: period for period, _ in covered}
    found: list[str] = []
    for code in asked_for or []:
        if code in known:
            found.append(code)
            continue
        asked = periods.parse(code)
        found += [one.code for one in known.values() if periods.same_span(one, asked)]
    return found, spans.resolved


def _breakdowns(measure: Measure, places: Places, catalogue: Catalogue, *, explicit: bool) -> list[str] | None:
    if places.dimensions:
        scheme = catalogue.scheme(measure, places.dimensions)
        if scheme is None or not _is_released(scheme, catalogue):
            if explicit:
                by = [" and ".join(one.dimensions) for one in measure.schemes if _is_released(one, catalogue)]
                raise NotCollected(
                    f"{measure.slug} is not released by {' and '.join(places.dimensions)}. "
                    f"It is released by {' or '.join(by) or 'nothing'}."
                )
            return None
    codes = [[(dimension, code) for code in places.categories[dimension]] for dimension in places.dimensions]
    return [breakdown_key(dict(chosen)) for chosen in product(*codes)]


def _is_released(scheme: Scheme, catalogue: Catalogue) -> bool:
    return len(scheme.dimensions) <= catalogue.plan.disclosure.breakdowns


def covered_by(rows: Mapping[int, Sequence[tuple[str, bool]]], catalogue: Catalogue) -> Covered:
    slugs = catalogue.series_slugs
    return {
        slugs[number]: [(periods.parse(code), received) for code, received in spans]
        for number, spans in rows.items()
        if number in slugs
    }


def least_covered(figures: Iterable[Figure], least: float | None) -> Iterator[Figure]:
    """Figures that rest on too few returns lose their numbers, and say why: one that is not approved is in none."""
    for figure in figures:
        if least is None or figure.coverage.approved >= least * figure.coverage.expected:
            yield figure
        else:
            yield replace(
                figure,
                value=None,
                lower_bound=None,
                upper_bound=None,
                largest_error=None,
                numerator=None,
                numerator_low=None,
                numerator_high=None,
                denominator=None,
                denominator_low=None,
                denominator_high=None,
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
                instead="Ask for a smaller `min_coverage`.",
            )


def explanation(release: Release, measures: Iterable[str], catalogue: Catalogue) -> str:
    """What is done to protect those who are counted in these measures."""
    classes = dict.fromkeys(catalogue.measures[slug].disclosure_class for slug in measures)
    return " ".join(dict.fromkeys(release.explanations[one] for one in classes)) or release.explanations["persons"]


def progress(release: Release, latest: Sequence[Figure], catalogue: Catalogue) -> ReleasedProgress:
    figures = {figure.measure: figure for figure in latest}
    return ReleasedProgress(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explanation(release, [figure.measure for figure in latest], catalogue),
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


def logic_model(release: Release, latest: Sequence[Figure], catalogue: Catalogue) -> ReleasedLogicModel:
    return ReleasedLogicModel(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explanation(release, [figure.measure for figure in latest], catalogue),
        nodes=view.nodes(catalogue.plan, {figure.measure: figure.coverage for figure in latest}),
        links=catalogue.plan.links,
        measure_links=catalogue.plan.measure_links,
        figures=list(latest),
    )


def inequality(
    release: Release, figures: Sequence[Figure], pair: tuple[str, str], dimension: str, catalogue: Catalogue
) -> ReleasedInequality:
    """Of the figures of one series, period and area by a dimension. Raises NoFigures where the release has none."""
    if not figures:
        raise NoFigures("The release has no figures of the measure by this dimension, period and area.")
    measure = catalogue.measures[figures[0].measure]
    found = inequality_figures.apart(measure, figures, pair, catalogue)
    return ReleasedInequality(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explanation(release, [measure.slug], catalogue),
        measure=measure.slug,
        series=figures[0].series,
        unit=measure.unit,
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


def entry_filters(
    measures: Sequence[str], wanted: Sequence[str], covered: Covered, catalogue: Catalogue
) -> list[EntryFilter]:
    """Each series that is asked for; of an equal span under another name, the period that it is released for.

    Raises UnknownCode, UnclearPeriod: by what is registered alone.
    """
    there = {measure.slug: measure for measure in catalogue.plan.measures if measure.kind in UNCOUNTED}
    chosen = [there[known("a milestone or evidence measure", slug, there)] for slug in dict.fromkeys(measures)]
    spans = [parsed_period(code) for code in wanted]
    return [
        EntryFilter(
            series=catalogue.ids.series[measure.slug, series.slug],
            periods=_codes_of(spans, covered.get((measure.slug, series.slug), ())) if spans else None,
        )
        for measure in chosen or there.values()
        for series in measure.series
    ]


def _codes_of(spans: Sequence[Period], covered: Iterable[tuple[Period, bool]]) -> list[str]:
    alike = [one.code for one, _ in covered if any(periods.same_span(one, span) for span in spans)]
    return list(dict.fromkeys([*alike, *(span.code for span in spans)]))
