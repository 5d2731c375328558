"""Views of one release: progress by theme, the logic model, inequality, and figures with low coverage masked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import asdict

from api.figures.blank import mask_low_coverage
from api.figures.inequality_figures import calculate_inequality
from api.figures.query import find_formula_inputs
from api.http.refusals import Invalid
from api.outcomes.progress import MeasureDescriber, build_node_outcomes, list_theme_measures
from api.plan.catalogue import Catalogue, adapt_measure, find_disclosure_class, find_headline_series
from schema.disclosure import DisclosureClass
from schema.inequality import IndexScale
from schema.measures import UNCOUNTED_KINDS, Measure
from schema.progress import PeriodCoverage
from schema.released_figures import PublishedFigure
from schema.released_views import (
    ReleasedInequality,
    ReleasedLogicModel,
    ReleasedMeasure,
    ReleasedProgress,
    ReleasedTheme,
)
from schema.releases import Release

_SUBJECTS = {
    DisclosureClass.PERSONS: "Measures that count people",
    DisclosureClass.ORGANISATIONS: "Measures that count employers or other organisations",
    DisclosureClass.PUBLISHED: "Published statistics",
    DisclosureClass.NONE: "Measures that count neither people nor organisations",
}
INVENTED = "Sandbox: all values are invented."
_NOTHING_COUNTED = "Milestones and evidence have no counts. A reviewer has cleared the text of each entry."


class NoFigures(Invalid):
    """The release has no such figures."""

    example = "GET …/inequality?measure=pass-rate&dimension=sex&category=female&reference_category=male&period=2031-01"
    fix = "`…/outcomes` with the same measure and `group_by` lists the released periods and areas."


def mask_figures(figures: Iterable[PublishedFigure], min_coverage: float | None) -> Iterator[PublishedFigure]:
    """Mask the figures with a smaller share of expected returns. Only approved returns are in a release."""
    for figure in figures:
        if min_coverage is None or figure.coverage.approved >= min_coverage * figure.coverage.expected:
            yield figure
        else:
            yield mask_low_coverage(figure)


def explain_protection(
    release: Release, measures: Iterable[str], catalogue: Catalogue, *, series: str | None = None
) -> str:
    """Return how the people counted in a series of these measures are protected: by default in the headline series.

    If the measures are protected differently, each explanation states for which measures it is true. A sandbox states
    that its values are invented, so also those of published statistics.
    """
    selected = [catalogue.measures[slug] for slug in measures]
    classes = dict.fromkeys(chain.from_iterable(_list_classes(measure, series, catalogue) for measure in selected))
    if catalogue.sandbox:
        classes.pop(DisclosureClass.PUBLISHED, None)
        rest = _explain_classes(release, list(classes)) if classes else ""
        return f"{INVENTED} {rest}".strip()
    if selected and not classes:
        return _NOTHING_COUNTED
    return _explain_classes(release, list(classes))


def _explain_classes(release: Release, classes: Sequence[DisclosureClass]) -> str:
    explanations = {one: release.explanations[one] for one in classes or [DisclosureClass.PERSONS]}
    if len(set(explanations.values())) == 1:
        return next(iter(explanations.values()))
    return " ".join(f"{_SUBJECTS[one]}: {explanation}" for one, explanation in explanations.items())


def _list_classes(measure: Measure, slug: str | None, catalogue: Catalogue) -> list[DisclosureClass]:
    """Return the classes of the counts of a series: of a formula, those of its parts."""
    if measure.kind in UNCOUNTED_KINDS:
        return []
    series = next((one for one in measure.series if one.slug == slug), find_headline_series(measure))
    parts = find_formula_inputs(series, catalogue) or [(adapt_measure(measure, series), series)]
    return [find_disclosure_class(part, part_series) for part, part_series in parts]


class MeasureFigures(Struct, frozen=True, kw_only=True):
    """The figures of a measure in a release. `history` has those up to the latest, in time order."""

    history: list[PublishedFigure]
    newest: PublishedFigure | None
    companions: list[PublishedFigure]


def build_progress(release: Release, figures: Mapping[str, MeasureFigures], catalogue: Catalogue) -> ReleasedProgress:
    """Return the progress in a release. Its next returns are those after the release was made."""
    describe = MeasureDescriber(catalogue, now=release.frozen_at)
    shown = [slug for slug, one in figures.items() if one.history]
    return ReleasedProgress(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explain_protection(release, shown, catalogue),
        themes=[
            ReleasedTheme(
                theme=theme.slug,
                title=theme.title,
                measures=[_build_measure(measure, figures[measure.slug], describe) for measure in measures],
            )
            for theme, measures in list_theme_measures(catalogue.plan)
        ],
    )


def _build_measure(measure: Measure, figures: MeasureFigures, describe: MeasureDescriber) -> ReleasedMeasure:
    newest = figures.newest
    coverage = None if newest is None else PeriodCoverage(period=newest.period, coverage=newest.coverage)
    return ReleasedMeasure(
        **asdict(describe(measure, figures.history, coverage)),
        latest=figures.history[-1] if figures.history else None,
        reason=None if figures.history else describe.explain_no_figure(measure),
        companions=figures.companions,
    )


def build_logic_model(
    release: Release, figures_by_measure: Mapping[str, MeasureFigures], catalogue: Catalogue
) -> ReleasedLogicModel:
    latest = [figures.history[-1] for figures in figures_by_measure.values() if figures.history]
    return ReleasedLogicModel(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explain_protection(release, [figure.measure for figure in latest], catalogue),
        nodes=build_node_outcomes(catalogue.plan, {figure.measure: figure.coverage for figure in latest}),
        links=catalogue.plan.links,
        measure_links=catalogue.plan.measure_links,
        figures=latest,
    )


def build_inequality(
    release: Release,
    figures: Sequence[PublishedFigure],
    categories: tuple[str, str],
    dimension: str,
    catalogue: Catalogue,
    scale: IndexScale = IndexScale.TRANSFORMED,
) -> ReleasedInequality:
    """Return the inequality from figures of one series, period and area by a dimension. Raises NoFigures."""
    if not figures:
        raise NoFigures("The release has no figures of the measure by this dimension, period and area.")
    measure = catalogue.measures[figures[0].measure]
    result = calculate_inequality(measure, figures, categories, catalogue, scale)
    return ReleasedInequality(
        programme=catalogue.slug,
        release=release.number,
        plan_version=catalogue.version,
        protection=explain_protection(release, [measure.slug], catalogue, series=figures[0].series),
        measure=measure.slug,
        series=figures[0].series,
        unit=measure.unit,
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
