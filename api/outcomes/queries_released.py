"""Statements that read one release: which releases are not withdrawn, its figures, its entries."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import fetch_any
from api.database.replica import Replica
from api.outcomes.release_states import ReleaseState, ReleaseStates
from api.outcomes.released_query import EntryFilter
from api.releases.figure_blocks import FigureBlock
from api.releases.queries_releases import to_release
from schema.releases import Release
from schema.tables import release, released_entry

RELEASE_STATES_SQL = """
select programme.slug, release.programme, release.number, release.publication, release.published_at,
    (select max(loaded_at) from boundary) as boundaries_at
from release.release
join programme on programme.id = release.programme
where release.withdrawn_at is null and ($1::text[] is null or programme.slug = any($1))
order by release.number desc
"""


async def fetch_release_states(connection: AsyncConnection, programmes: Collection[str]) -> ReleaseStates:
    """Return the releases of these programmes that are not withdrawn."""
    return _group_by_programme(await fetch_any(connection, RELEASE_STATES_SQL, list(programmes)))


async def fetch_all_release_states(connection: Any) -> ReleaseStates:
    """Return the releases that are not withdrawn, over a connection of asyncpg."""
    return _group_by_programme(await connection.fetch(RELEASE_STATES_SQL, None))


def _group_by_programme(rows: Sequence[Any]) -> ReleaseStates:
    states: dict[str, list[ReleaseState]] = {}
    for slug, programme, number, publication, published_at, boundaries_at in rows:
        states.setdefault(slug, []).append(
            ReleaseState(
                programme=programme,
                number=number,
                publication=publication,
                published_at=published_at,
                boundaries_at=boundaries_at,
            )
        )
    return states


async def fetch_release(transaction: AsyncConnection, state: ReleaseState, slug: str) -> Release:
    statement = select(release).where(release.c.programme == state.programme, release.c.number == state.number)
    return to_release((await transaction.execute(statement)).one(), slug)


FIGURE_BLOCKS_SQL = """
select first_position, content
from release.figure_block
join release.release on (release.programme, release.number) = (figure_block.programme, figure_block.release)
where figure_block.programme = $1 and release = $2 and first_position = any($4)
    and publication = $3 and withdrawn_at is null
"""


async def fetch_blocks(
    engine: AsyncEngine,
    replica: Replica | None,
    state: ReleaseState,
    positions: Sequence[int],
    *,
    is_current: Callable[[], Awaitable[bool]],
) -> list[FigureBlock]:
    """Return the blocks that begin at these positions of a release; none if it was withdrawn or replaced since.

    The replica may not have the release yet, or not know that it was withdrawn: only the primary decides that.
    """
    key = state.programme, state.number, state.publication

    async def fetch(connection: AsyncConnection) -> list[FigureBlock]:
        rows = await fetch_any(connection, FIGURE_BLOCKS_SQL, *key, positions)
        return [FigureBlock(first_position, content) for first_position, content in rows]

    blocks = await replica.read(fetch) if replica else None
    if blocks is None or len(blocks) < len(positions):
        async with engine.connect() as connection:
            return await fetch(connection)
    return blocks if await is_current() else []


async def fetch_entries(
    engine: AsyncEngine,
    state: ReleaseState,
    filters: Sequence[EntryFilter],
    *,
    after: int,
    limit: int,
) -> list[tuple[int, bytes]]:
    """Return positions and contents, in order."""
    entry = released_entry.c
    conditions = [
        and_(entry.series == entry_filter.series, _is_in_periods(entry_filter.periods)) for entry_filter in filters
    ]
    statement = (
        select(entry.position, entry.content)
        .where(
            entry.programme == state.programme,
            entry.release == state.number,
            entry.position > after,
            or_(false(), *conditions),
        )
        .order_by(entry.position)
        .limit(limit)
    )
    async with engine.connect() as connection:
        return [(row.position, row.content) for row in await connection.execute(statement)]


def _is_in_periods(periods: Sequence[str] | None) -> ColumnElement[bool]:
    return true() if periods is None else released_entry.c.period.in_(periods)
