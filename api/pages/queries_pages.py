"""Read the newest release for a page: its progress, and the figures behind each chart."""

from collections.abc import Sequence

import msgspec
from litestar.datastructures import State
from litestar.types import Scope
from msgspec import Struct

from api.figures.query import OutcomeQuery
from api.outcomes import queries_boundaries
from api.outcomes.formats.boundary_layer import Shapes
from api.outcomes.queries_open_release import ReleaseReader, find_release
from api.outcomes.queries_released import fetch_entries
from api.outcomes.released_query import resolve_entry_filters
from api.outcomes.released_views import MeasureFigures, build_progress
from api.pages.measure_views import Breakdown
from schema.released_figures import PublishedFigure, ReleasedEntry
from schema.released_views import ReleasedMeasure, ReleasedProgress

MAX_ENTRIES = 200  # on a page; the API has all of them


class ProgrammePage(Struct, frozen=True, kw_only=True):
    """A release with the progress of its measures."""

    reader: ReleaseReader
    progress: ReleasedProgress
    figures: dict[str, MeasureFigures]

    def find_measure(self, slug: str) -> ReleasedMeasure | None:
        """Return the progress of a measure, or None where the plan has no such measure."""
        return next((one for theme in self.progress.themes for one in theme.measures if one.measure == slug), None)


async def fetch_page(programme: str, state: State, scope: Scope) -> ProgrammePage:
    """Read the newest release. Raises NotFound or NoRelease."""
    reader = await find_release(programme, state, scope, None)
    selections = reader.select_progress()
    figures = reader.group_progress(selections, [await one.fetch_figures(with_reasons=False) for one in selections])
    return ProgrammePage(
        reader=reader, progress=build_progress(reader.release, figures, reader.catalogue), figures=figures
    )


async def fetch_breakdown(
    page: ProgrammePage, progress: ReleasedMeasure, breakdown: Breakdown
) -> list[PublishedFigure]:
    """Return the figures of a breakdown in the latest period of a measure. Raises WithdrawnRelease."""
    if progress.latest is None:
        return []
    areas = [] if breakdown.is_level else [page.reader.catalogue.plan.area]
    query = OutcomeQuery(
        measures=[progress.measure], periods=[progress.latest.period.code], group_by=[breakdown.key], areas=areas
    )
    return await page.reader.select(query).fetch_figures(with_reasons=False)


async def fetch_shapes(page: ProgrammePage, breakdown: Breakdown, figures: Sequence[PublishedFigure]) -> Shapes:
    """Return the boundaries of the areas of a level."""
    if not breakdown.is_level:
        return Shapes(boundaries={}, are_invented=False)
    codes, sandbox = [figure.area for figure in figures], page.reader.catalogue.sandbox
    async with page.reader.engine.connect() as public:
        return await queries_boundaries.fetch_shapes(public, codes, sandbox=sandbox)


async def fetch_measure_entries(page: ProgrammePage, measure: str) -> list[ReleasedEntry]:
    """Return the items or entries of a milestone or evidence measure that reviewers have cleared."""
    reader = page.reader
    filters = resolve_entry_filters([measure], [], reader.opened.covered_periods, reader.catalogue)
    rows = await fetch_entries(reader.engine, reader.opened.state, filters, after=-1, limit=MAX_ENTRIES)
    return [msgspec.json.decode(content, type=ReleasedEntry) for _, content in rows]
