"""Published statistics in a release: every approved cell that the publisher gives, and no other."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from api.figures import verdicts
from api.figures.figure_order import FigureOrder
from api.figures.period_resolution import period_sort_key
from api.figures.query import OutcomeQuery, resolve_axes
from api.figures.resolution import AS_PUBLISHED_ONLY, resolve_query_unlimited
from api.figures.returns_data import ReturnsData, SelectedRevision
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Concessions
from api.submissions.packed_cells import unpack_cells
from schema.measures import Collection, Measure, Series
from schema.outcomes import PreviewFigure
from schema.released_figures import PublishedFigure
from schema.submissions import PublisherFigure


def list_published_series(catalogue: Catalogue, excluded: Iterable[str]) -> Iterator[tuple[Measure, Series]]:
    """Yield the published series of a release, in plan order."""
    excluded_slugs = set(excluded)
    for measure in catalogue.plan.measures:
        if measure.slug not in excluded_slugs:
            yield from ((measure, series) for series in measure.series if series.collection is Collection.PUBLISHED)


def calculate_published_figures(
    measure: Measure,
    series: Series,
    returns: Sequence[SelectedRevision],
    content: Mapping[int, Sequence[PublisherFigure]],
    catalogue: Catalogue,
    granted: Concessions,
) -> list[PreviewFigure]:
    """Return the figures in order of time, areas and categories. They are public: the publisher has protected them."""
    cells = [cell for revision in returns for cell in content.get(revision.id, ())]
    areas = {cell.area for cell in cells}
    order = FigureOrder(catalogue)
    data = ReturnsData(cells=unpack_cells([], []), published_figures=content)
    figures: list[PreviewFigure] = []
    for dimensions in sorted({tuple(sorted(cell.breakdown)) for cell in cells}):
        query = OutcomeQuery(
            measures=[measure.slug],
            series=series.slug,
            periods=sorted({revision.period.code for revision in returns}),
            areas=sorted(areas, key=order.area_ranks.__getitem__),
            group_by=list(dimensions),
        )
        resolved_queries, _ = resolve_query_unlimited(query, resolve_axes(query, catalogue), catalogue, returns)
        for resolved in resolved_queries:
            figures += verdicts.build_judged_figures(resolved, data, catalogue, granted)
    return sorted(
        (figure for figure in figures if figure.reason not in (AS_PUBLISHED_ONLY, "no_data")),
        key=lambda figure: (
            period_sort_key(figure.period),
            order.area_ranks[figure.area],
            order.breakdown_sort_key(format_breakdown_key(figure.breakdown)),
        ),
    )


def convert_published_figure(figure: PreviewFigure, number: int, policy: int) -> PublishedFigure:
    """Convert a figure of a published statistic, with all its verdicts, for a release."""
    return PublishedFigure(
        measure=figure.measure,
        series=figure.series,
        kind=figure.kind,
        unit=figure.unit,
        period=figure.period,
        area=figure.area,
        breakdown=figure.breakdown,
        value=figure.value,
        lower_bound=figure.lower_bound,
        upper_bound=figure.upper_bound,
        largest_error=figure.largest_error,
        numerator=figure.numerator,
        numerator_lower_bound=figure.numerator,
        numerator_upper_bound=figure.numerator,
        denominator=figure.denominator,
        denominator_lower_bound=figure.denominator,
        denominator_upper_bound=figure.denominator,
        lower=figure.lower,
        upper=figure.upper,
        lower_99_8=figure.lower_99_8,
        upper_99_8=figure.upper_99_8,
        interval_method=figure.interval_method,
        status=figure.status,
        markers=figure.markers,
        reason=figure.reason,
        coverage=figure.coverage,
        comparators=figure.comparators,
        trend=figure.trend,
        movement=figure.movement,
        target=figure.target,
        release=number,
        policy_version=policy,
        source=figure.source,
    )
