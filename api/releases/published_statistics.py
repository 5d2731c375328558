"""Published statistics in a release: what was approved of them, every place that its publisher gives, nothing more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from api.figures import resolution, verdicts
from api.figures.query import Order, by_end
from api.figures.resolution import AS_PUBLISHED_ONLY, Question
from api.figures.returns_data import StandingRevision, no_cells
from api.plan.catalogue import Catalogue, breakdown_key
from api.reviews.concessions import Leeway
from schema.outcomes import UnprotectedFigure
from schema.plan import Collection, Measure, Series
from schema.submissions import PublishedFigure


def series(catalogue: Catalogue, without: Iterable[str]) -> Iterator[tuple[Measure, Series]]:
    """The published series of a release, in the order of the plan."""
    left_out = set(without)
    for measure in catalogue.plan.measures:
        if measure.slug not in left_out:
            yield from ((measure, one) for one in measure.series if one.collection is Collection.PUBLISHED)


def figures(
    measure: Measure,
    series: Series,
    returns: Sequence[StandingRevision],
    content: Mapping[int, Sequence[PublishedFigure]],
    catalogue: Catalogue,
    granted: Leeway,
) -> list[UnprotectedFigure]:
    """In order of time, areas and categories. They are open to everybody: whoever publishes them protects them."""
    there = [figure for one in returns for figure in content.get(one.id, ())]
    areas = {figure.area for figure in there}
    order = Order(catalogue)
    found: list[UnprotectedFigure] = []
    for dimensions in sorted({tuple(sorted(figure.breakdown)) for figure in there}):
        question = Question(
            measures=[measure.slug],
            series=series.slug,
            periods=sorted({one.period.code for one in returns}),
            areas=sorted(areas, key=order.areas.__getitem__),
            group_by=list(dimensions),
        )
        for asked in resolution.ask(question, [(measure, series)], catalogue, returns):
            found += verdicts.answered(asked, no_cells(content), catalogue, granted)
    return sorted(
        (figure for figure in found if figure.reason not in (AS_PUBLISHED_ONLY, "no_data")),
        key=lambda figure: (
            by_end(figure.period),
            order.areas[figure.area],
            order.breakdown(breakdown_key(figure.breakdown)),
        ),
    )
