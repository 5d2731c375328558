"""Reading from an open release: find it, load it with its plan, and read its figures."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import NoReturn

import msgspec
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.types import Scope
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.replica import Replica
from api.figures.population_queries import RateQuery, plan_rate_queries
from api.figures.population_rates import RateInputs, build_rates
from api.figures.query import MAX_FIGURES, OutcomeQuery, QueryAxes, ResultTooLarge, resolve_axes
from api.http.pagination import InvalidCursor, decode_cursor
from api.http.threads import run_on_figures
from api.outcomes.availability import describe_released
from api.outcomes.cache import SOURCE_KEY, CacheSource, OpenRelease, get_cache
from api.outcomes.empty_answers import explain_missing_series
from api.outcomes.progress_periods import HISTORY_PERIODS, list_companion_queries
from api.outcomes.queries_released import fetch_blocks, fetch_release
from api.outcomes.release_states import ReleaseState
from api.outcomes.released_progress import find_newest_periods, group_figures
from api.outcomes.released_query import ReleaseCursor, ReleaseQuery, decode_covered_periods, resolve_query
from api.outcomes.released_views import MeasureFigures, mask_figures
from api.plan.queries import fetch_catalogue, fetch_catalogue_version
from api.releases import rules
from api.releases.figure_blocks import FigureBlock, decode_figures
from api.releases.queries_previous import list_released_periods
from api.releases.queries_releases import list_releases
from schema.availability import ReleasedCells
from schema.measures import Collection, Measure, Series
from schema.released_figures import PublishedFigure

_BLOCKS_PER_READ = 8


async def find_release(programme: str, state: State, scope: Scope, release: str | None) -> "ReleaseReader":
    """Find the release, and open it from the cache if it is there. Raises NoRelease or WithdrawnRelease."""
    engine: AsyncEngine = state.public_engine
    cache, selector = get_cache(engine), (programme, rules.parse_number(release))
    published = await cache.find_current_release(selector, engine, state.clock.read)
    if published is None:
        async with engine.connect() as public:
            await _refuse_release(programme, public, state.clock.read(), release)
    opened = cache.releases.find(published.publication)
    if opened is None:
        async with engine.connect() as public:
            opened = await _load_release(public, published, programme)
        cache.releases.add(published.publication, opened)
    scope["state"][SOURCE_KEY] = CacheSource(selector=selector, state=published)

    async def is_current() -> bool:
        current = await cache.find_current_release((programme, published.number), engine, state.clock.read)
        return current is not None and current.publication == published.publication

    return ReleaseReader(engine, opened, state.replica, is_current)


async def provide_named_reader(
    programme: FromPath[str], release: FromPath[str], state: State, scope: Scope
) -> "ReleaseReader":
    """Open the release in the path, a number or `latest`. Raises NoRelease or WithdrawnRelease."""
    return await find_release(programme, state, scope, release)


async def provide_newest_reader(programme: FromPath[str], state: State, scope: Scope) -> "ReleaseReader | None":
    """Open the newest release, or return None if there is none."""
    try:
        return await find_release(programme, state, scope, None)
    except (rules.NoRelease, rules.WithdrawnRelease):
        return None


async def _refuse_release(programme: str, public: AsyncConnection, now: datetime, selector: str | None) -> NoReturn:
    """Raise NoRelease or WithdrawnRelease."""
    newest_plan = await fetch_catalogue(public, programme)
    releases = await list_releases(public, newest_plan.id, newest_plan.slug, now=now)
    is_latest = rules.parse_number(selector) is None
    numbers = [release.number for release in reversed(releases) if release.withdrawn_at is None or not is_latest]
    number = rules.choose_number(selector, numbers)
    rules.check_not_withdrawn(next(release for release in releases if release.number == number))
    raise rules.NoRelease(f"Release {number} is not available yet. Repeat the request.")


async def _load_release(public: AsyncConnection, state: ReleaseState, slug: str) -> OpenRelease:
    """Raises WithdrawnRelease. The periods are read first, because PostgreSQL hides those of a withdrawn release."""
    covered = await list_released_periods(public, state.programme, state.number)
    release = await fetch_release(public, state, slug)
    rules.check_not_withdrawn(release)
    catalogue = await fetch_catalogue_version(public, slug, state.programme, release.plan_version)
    return OpenRelease(
        state=state,
        release=release,
        catalogue=catalogue,
        covered_periods=decode_covered_periods(covered, catalogue),
        positions={(one.series, one.period): one.positions for one in covered},
    )


class ReleaseReader:
    """Reads an open release, from the cache if possible. A withdrawn or replaced one has no figures there."""

    def __init__(
        self,
        engine: AsyncEngine,
        opened: OpenRelease,
        replica: Replica | None,
        is_current: Callable[[], Awaitable[bool]],
    ) -> None:
        """`is_current` asks the primary whether the release may still be shown."""
        self.engine, self.opened = engine, opened
        self._replica, self._is_current = replica, is_current
        self.release, self.catalogue = opened.release, opened.catalogue

    def decode_cursor(self, text: str | None) -> int:
        """Return the position after which the page begins, -1 for the first page. Raises InvalidCursor."""
        cursor = decode_cursor(text, ReleaseCursor)
        if cursor is None:
            return -1
        if cursor.release != self.release.number:
            raise InvalidCursor(
                f"The cursor belongs to release {cursor.release}; send `release={cursor.release}` with it."
            )
        return cursor.position

    def select(self, query: OutcomeQuery) -> "ReleasedSelection":
        """Raises UnknownCode, UnclearPeriod, NotCollected or IncompatibleFilters."""
        axes = resolve_axes(query, self.catalogue)
        resolved = resolve_query(query, axes, self.opened.covered_periods, self.catalogue)
        rate_queries = plan_rate_queries(query, axes, self.catalogue)
        return ReleasedSelection(reader=self, query=query, axes=axes, resolved=resolved, rate_queries=rate_queries)

    def select_progress(self) -> list["ReleasedSelection"]:
        """Select the figures that progress shows: first those of the headline series, then of each companion."""
        newest = find_newest_periods(self.opened.covered_periods, self.catalogue)
        query = OutcomeQuery(periods=[*HISTORY_PERIODS, *sorted({period.code for period in newest.values()})])
        companions = [
            companion
            for measure in self.catalogue.plan.measures
            for companion in list_companion_queries(measure, self.catalogue)
        ]
        return [self.select(one) for one in (query, *companions)]

    def group_progress(
        self, selections: Sequence["ReleasedSelection"], figures: Sequence[Sequence[PublishedFigure]]
    ) -> dict[str, MeasureFigures]:
        """Group the figures of the selections by measure, in plan order."""
        newest = find_newest_periods(self.opened.covered_periods, self.catalogue)
        companions = list(chain.from_iterable(figures[1:]))
        return group_figures(figures[0], companions, newest, selections[0].resolved.resolved, self.catalogue)

    async def fetch_released(self) -> dict[tuple[str, str], ReleasedCells]:
        """Return the cells of each series that has figures. Raises WithdrawnRelease."""
        with_returns = {
            key: [period.code for period, has_returns in covered if has_returns]
            for key, covered in self.opened.covered_periods.items()
        }
        codes = {key: listed for key, listed in with_returns.items() if listed}
        places = [self.opened.positions[self.catalogue.ids.series[key], listed[-1]] for key, listed in codes.items()]
        blocks = await self.fetch_blocks([positions.start for positions in places])
        return {
            key: describe_released(listed, block.cells, self.catalogue)
            for (key, listed), block in zip(codes.items(), blocks, strict=True)
        }

    async def fetch_blocks(self, positions: Sequence[int]) -> list[FigureBlock]:
        """Return the blocks that begin at these positions, in order. Raises WithdrawnRelease."""
        blocks, publication = get_cache(self.engine).blocks, self.opened.state.publication
        by_position = {first: block for first in positions if (block := blocks.find((publication, first))) is not None}
        missing = [first for first in positions if first not in by_position]
        if missing:
            for block in await fetch_blocks(
                self.engine, self._replica, self.opened.state, missing, is_current=self._is_current
            ):
                by_position[block.first_position] = block
                blocks.add((publication, block.first_position), block, block.memory_bytes)
        if len(by_position) < len(positions):
            raise rules.WithdrawnRelease(f"Release {self.release.number} was withdrawn while it was read.")
        return [by_position[first] for first in positions]


class ReleasedSelection(Struct, frozen=True, kw_only=True):
    """The figures that a query selects from a release."""

    reader: ReleaseReader
    query: OutcomeQuery
    axes: QueryAxes
    resolved: ReleaseQuery
    rate_queries: list[RateQuery]

    async def fetch_page(self, *, after: int = -1, limit: int) -> list[tuple[int, bytes]]:
        """Return positions and contents, in order, then a row with the reason for each series without figures.

        These are the named series without a released period, and all series if the query selects no figure at all.

        Raises WithdrawnRelease, PeriodNotReleased or NotCollected.
        """
        figures = await self.fetch_rows(after=after, limit=limit)
        if len(figures) == limit:
            return figures
        is_empty = not figures and (after < 0 or not await self.fetch_rows(limit=1))
        explained = self._explain_missing_series(await self._list_missing_series(is_empty=is_empty))
        return [*figures, *(row for row in explained if row[0] > after)][:limit]

    def _explain_missing_series(self, missing: Sequence[tuple[Measure, Series]]) -> list[tuple[int, bytes]]:
        """Return the rows with reasons. Their positions follow those of all figures of the release."""
        opened = self.reader.opened
        explained = explain_missing_series(
            self.query, self.axes, missing, opened.covered_periods, opened.catalogue, release=opened.release.number
        )
        first = max((positions.stop for positions in opened.positions.values()), default=0)
        return [(position, msgspec.json.encode(figure)) for position, figure in enumerate(explained, start=first)]

    async def _list_missing_series(self, *, is_empty: bool) -> list[tuple[Measure, Series]]:
        """Return the named series of which the query selects no released figure; all series if `is_empty`.

        Only a publisher can have left out areas and breakdowns of a released period: the others have all cells.
        """
        if is_empty or not self.query.measures:
            return list(self.axes.series) if is_empty else []
        selected = {one.series: one for one in self.resolved.filters if one.periods}
        missing: list[tuple[Measure, Series]] = []
        for measure, series in self.axes.series:
            number = self.reader.catalogue.ids.series[measure.slug, series.slug]
            one = selected.get(number)
            if one is None or series.collection is not Collection.PUBLISHED:
                missing += [] if one else [(measure, series)]
                continue
            places = [self.reader.opened.positions[number, period].start for period in one.periods]
            blocks = await self.reader.fetch_blocks(places)
            if not any(len(block.find_rows(one.areas, one.breakdowns)) for block in blocks):
                missing.append((measure, series))
        return missing

    async def fetch_rows(self, *, after: int = -1, limit: int) -> list[tuple[int, bytes]]:
        """Return the positions and contents of the selected figures, in order. Raises WithdrawnRelease."""
        places = self.reader.opened.positions
        wanted = sorted(
            (positions.start, number)
            for number, one in enumerate(self.resolved.filters)
            for period in one.periods
            if (positions := places[one.series, period]).stop > after + 1
        )
        figures: list[tuple[int, bytes]] = []
        for start in range(0, len(wanted), _BLOCKS_PER_READ):
            part = wanted[start : start + _BLOCKS_PER_READ]
            blocks = await self.reader.fetch_blocks([first for first, _ in part])
            for (_, number), block in zip(part, blocks, strict=True):
                one = self.resolved.filters[number]
                rows = block.find_rows(one.areas, one.breakdowns, after=after)[: limit - len(figures)]
                figures += zip((rows + block.first_position).tolist(), block.table.render(rows), strict=True)
            if len(figures) == limit:
                break
        return figures

    async def fetch_figures(self, *, with_reasons: bool = True) -> list[PublishedFigure]:
        """Return all figures, and by default a row with the reason for each series without any, as `fetch_page` does.

        Raises ResultTooLarge or WithdrawnRelease, and with reasons also PeriodNotReleased or NotCollected.
        """
        rows = await self.fetch_rows(limit=MAX_FIGURES + 1)
        if with_reasons:
            rows += self._explain_missing_series(await self._list_missing_series(is_empty=not rows))
        if len(rows) > MAX_FIGURES:
            raise ResultTooLarge(f"The query selects more than {MAX_FIGURES:,} figures.")
        return await self.decode([content for _, content in rows])

    async def decode(self, contents: Sequence[bytes]) -> list[PublishedFigure]:
        """Return the figures in the form of the query, those with a low coverage masked. Raises as `fetch_figures`."""
        min_coverage = self.query.min_coverage
        figures = await run_on_figures(contents, lambda: list(mask_figures(decode_figures(contents), min_coverage)))
        if not self.rate_queries:
            return figures
        inputs: dict[str, RateInputs] = {}
        for query in self.rate_queries:
            populations = await self.reader.select(query.populations).fetch_figures()
            by_age = await self.reader.select(query.counts_by_age).fetch_figures() if query.counts_by_age else []
            inputs[query.measure] = query.collect(populations, by_age)
        return await run_on_figures(figures, lambda: list(build_rates(figures, inputs)))
