"""Reading from an open release: find it, load it with its plan, and read its figures."""

from datetime import datetime

from litestar.datastructures import State
from litestar.params import FromPath
from litestar.types import Scope
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from api.clock import Now
from api.database.connections import Transaction
from api.figures.query import MAX_FIGURES, OutcomeQuery, QueryAxes, ResultTooLarge, resolve_axes
from api.http.pagination import InvalidCursor, decode_cursor
from api.outcomes.cache import SOURCE_KEY, CacheSource, OpenRelease, get_cache
from api.outcomes.queries_released import fetch_figures, fetch_release, fetch_release_states
from api.outcomes.release_states import select_release
from api.outcomes.released_query import ReleaseCursor, decode_covered_periods, resolve_query
from api.outcomes.released_views import mask_figures
from api.plan.queries import fetch_catalogue, fetch_catalogue_version
from api.releases import rules
from api.releases.figure_blocks import decode_figures
from api.releases.queries_previous import list_released_periods
from api.releases.queries_releases import list_releases
from schema.outcomes import ResolvedPeriod
from schema.released_figures import PublishedFigure
from schema.releases import Release


async def provide_named_release(
    programme: FromPath[str], release: FromPath[str], public: Transaction, state: State, scope: Scope, now: Now
) -> OpenRelease:
    """Return the release in the path, a number or `latest`. Raises NoRelease or WithdrawnRelease."""
    return await find_release(programme, public, state, scope, now, release)


async def find_release(
    programme: str, public: AsyncConnection, state: State, scope: Scope, now: datetime, release: str | None
) -> OpenRelease:
    """Return the release, from the cache if the database confirms it. Raises NoRelease or WithdrawnRelease."""
    cache = get_cache(state.public_engine)
    selector = (programme, rules.parse_number(release))
    published = select_release(await fetch_release_states(public, [programme]), selector, now=now)
    if published is None:
        return await _find_withdrawn_release(programme, public, now, release)
    if published.publication not in cache.releases:
        record = await fetch_release(public, published, programme)
        cache.add_release(published.publication, await _load_release(public, record, published.programme))
    scope["state"][SOURCE_KEY] = CacheSource(selector=selector, publication=published.publication)
    return cache.releases[published.publication]


async def _find_withdrawn_release(
    programme: str, public: AsyncConnection, now: datetime, selector: str | None
) -> OpenRelease:
    """Raise NoRelease or WithdrawnRelease, unless the release was published since the first statement."""
    newest_plan = await fetch_catalogue(public, programme)
    releases = await list_releases(public, newest_plan.id, newest_plan.slug, now=now)
    is_latest = rules.parse_number(selector) is None
    numbers = [release.number for release in reversed(releases) if release.withdrawn_at is None or not is_latest]
    number = rules.choose_number(selector, numbers)
    release = next(release for release in releases if release.number == number)
    rules.check_not_withdrawn(release)
    return await _load_release(public, release, newest_plan.id)


async def _load_release(public: AsyncConnection, release: Release, programme_id: int) -> OpenRelease:
    catalogue = await fetch_catalogue_version(public, release.programme, programme_id, release.plan_version)
    rows = await list_released_periods(public, catalogue.id, release.number)
    return OpenRelease(release=release, catalogue=catalogue, covered_periods=decode_covered_periods(rows, catalogue))


def decode_release_cursor(text: str | None, open_release: OpenRelease) -> int:
    """Return the position after which the page begins, -1 for the first page. Raises InvalidCursor."""
    cursor = decode_cursor(text, ReleaseCursor)
    if cursor is None:
        return -1
    if cursor.release != open_release.release.number:
        raise InvalidCursor(f"The cursor belongs to release {cursor.release}; send `release={cursor.release}` with it.")
    return cursor.position


class ReleasedResult(Struct, frozen=True, kw_only=True):
    """The figures that a query selects from a release."""

    axes: QueryAxes
    resolved: list[ResolvedPeriod]
    figures: list[PublishedFigure]


async def fetch_all_figures(public: AsyncConnection, open_release: OpenRelease, query: OutcomeQuery) -> ReleasedResult:
    """Return all figures that the query selects. Raises ResultTooLarge."""
    catalogue = open_release.catalogue
    axes = resolve_axes(query, catalogue)
    resolved = resolve_query(query, axes, open_release.covered_periods, catalogue)
    rows = await fetch_figures(
        public, catalogue.id, open_release.release.number, resolved.filters, limit=MAX_FIGURES + 1
    )
    if len(rows) > MAX_FIGURES:
        raise ResultTooLarge(f"The query selects more than {MAX_FIGURES:,} figures.")
    return ReleasedResult(
        axes=axes,
        resolved=resolved.resolved,
        figures=list(mask_figures(decode_figures([content for _, content in rows]), query.min_coverage)),
    )
