"""Explanations of a page of figures: why there is no data, and the labels of codes."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from api.figures.paging import FigurePage
from api.plan.catalogue import Catalogue
from schema.measures import Collection, Measure
from schema.outcomes import FigureFields, PreviewFigure


def select_page_figures(
    figures: Sequence[PreviewFigure], page: FigurePage, catalogue: Catalogue
) -> list[PreviewFigure]:
    """Return the figures of the page. A figure without data states whether anybody collects it."""
    return [
        _explain_no_data(figure, catalogue)
        for figure in figures[page.skipped_figures : page.skipped_figures + page.figure_count]
    ]


def _explain_no_data(figure: PreviewFigure, catalogue: Catalogue) -> PreviewFigure:
    if figure.reason != "no_data":
        return figure
    measure = catalogue.measures[figure.measure]
    [series] = [series for series in measure.series if series.slug == figure.series]
    if series.collection is Collection.PUBLISHED:
        return figure
    reason = explain_not_collected(measure, figure.area, figure.breakdown, catalogue)
    return figure if reason is None else replace(figure, reason=reason)


def explain_not_collected(
    measure: Measure, area_code: str, breakdown: Iterable[str], catalogue: Catalogue
) -> str | None:
    """Return why no organisation can return such a cell; None if one can."""
    area = catalogue.areas[area_code]
    if measure.area_family not in area.families:
        return "area_of_another_family"
    finest = catalogue.find_finest_level(measure, breakdown)
    levels = next(family.levels for family in catalogue.plan.families if family.slug == measure.area_family)
    if finest in levels and area.level in levels and levels.index(area.level) > levels.index(finest):
        return "level_not_collected"
    return None


def collect_labels(figures: Iterable[FigureFields], catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Return the labels of the codes in the figures, by kind of code; categories by their dimension."""
    labels: dict[str, dict[str, str]] = {"measure": {}, "series": {}, "area": {}, "dimension": {}}
    for figure in figures:
        measure = catalogue.measures[figure.measure]
        labels["measure"][figure.measure] = measure.label
        title = next(series.title for series in measure.series if series.slug == figure.series)
        labels["series"][f"{figure.measure}/{figure.series}"] = title
        labels["area"][figure.area] = catalogue.areas[figure.area].name
        for slug, code in figure.breakdown.items():
            dimension = catalogue.dimensions[slug]
            labels["dimension"][slug] = dimension.label
            label = next(category.label for category in dimension.categories if category.code == code)
            labels.setdefault(slug, {})[code] = label
    return labels
