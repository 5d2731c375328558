"""Published statistics in a release: what was approved of them, every place that its publisher gives, nothing more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from api.figures import resolution, verdicts
from api.figures.query import FigureOrder, period_sort_key
from api.figures.resolution import AS_PUBLISHED_ONLY, ResolutionQuery
from api.figures.returns_data import SelectedRevision, make_empty_cells
from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Concessions
from schema.measures import Collection, Measure, Series
from schema.outcomes import PreviewFigure
from schema.submissions import PublisherFigure


def list_published_series(catalogue: Catalogue, without: Iterable[str]) -> Iterator[tuple[Measure, Series]]:
    """The published series of a release, in the order of the plan."""
    left_out = set(without)
    for measure in catalogue.plan.measures:
        if measure.slug not in left_out:
            yield from ((measure, one) for one in measure.series if one.collection is Collection.PUBLISHED)


def calculate_published_figures(
    measure: Measure,
    series: Series,
    returns: Sequence[SelectedRevision],
    content: Mapping[int, Sequence[PublisherFigure]],
    catalogue: Catalogue,
    granted: Concessions,
) -> list[PreviewFigure]:
    """In order of time, areas and categories. They are open to everybody: whoever publishes them protects them."""
    there = [figure for one in returns for figure in content.get(one.id, ())]
    areas = {figure.area for figure in there}
    order = FigureOrder(catalogue)
    found: list[PreviewFigure] = []
    for dimensions in sorted({tuple(sorted(figure.breakdown)) for figure in there}):
        question = ResolutionQuery(
            measures=[measure.slug],
            series=series.slug,
            periods=sorted({one.period.code for one in returns}),
            areas=sorted(areas, key=order.area_ranks.__getitem__),
            group_by=list(dimensions),
        )
        for asked in resolution.resolve_series(question, [(measure, series)], catalogue, returns):
            found += verdicts.build_judged_figures(asked, make_empty_cells(content), catalogue, granted)
    return sorted(
        (figure for figure in found if figure.reason not in (AS_PUBLISHED_ONLY, "no_data")),
        key=lambda figure: (
            period_sort_key(figure.period),
            order.area_ranks[figure.area],
            order.breakdown_sort_key(format_breakdown_key(figure.breakdown)),
        ),
    )
