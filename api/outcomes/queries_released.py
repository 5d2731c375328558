"""Statements that read one release: which releases are not withdrawn, its figures, its entries."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_any
from api.outcomes.release_states import ReleaseState, ReleaseStates
from api.outcomes.released_query import EntryFilter, FigureFilter
from api.releases.figure_blocks import FigureBlock
from api.releases.queries_releases import to_release
from schema.releases import Release
from schema.tables import release, released_entry

RELEASE_STATES_SQL = """
select programme.slug, release.programme, release.number, release.publication, release.published_at
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
    for slug, programme, number, publication, published_at in rows:
        states.setdefault(slug, []).append(
            ReleaseState(programme=programme, number=number, publication=publication, published_at=published_at)
        )
    return states


async def fetch_release(transaction: AsyncConnection, state: ReleaseState, slug: str) -> Release:
    statement = select(release).where(release.c.programme == state.programme, release.c.number == state.number)
    return to_release((await transaction.execute(statement)).one(), slug)


FIGURE_BLOCKS_SQL = """
select series, first_position, content
from release.figure_block join unnest($3::int[], $4::text[]) as wanted (series, period) using (series, period)
where programme = $1 and release = $2 and first_position + figure_count > $5
order by first_position limit $6
"""
_BLOCKS_PER_READ = 8


async def fetch_figures(
    transaction: AsyncConnection,
    programme_id: int,
    number: int,
    filters: Sequence[FigureFilter],
    *,
    after: int = -1,
    limit: int,
) -> list[tuple[int, bytes]]:
    """Return positions and contents, in order. Each series has its own periods and breakdowns."""
    by_series = {figure_filter.series: figure_filter for figure_filter in filters}
    wanted = [(one.series, period) for one in filters for period in one.periods]
    series, periods = [series for series, _ in wanted], [period for _, period in wanted]
    figures: list[tuple[int, bytes]] = []
    start, rows = after + 1, None
    while wanted and len(figures) < limit and (rows is None or len(rows) == _BLOCKS_PER_READ):
        rows = await fetch_any(
            transaction, FIGURE_BLOCKS_SQL, programme_id, number, series, periods, start, _BLOCKS_PER_READ
        )
        for row in rows:
            block, one = FigureBlock(row["first_position"], row["content"]), by_series[row["series"]]
            chosen = block.find_rows(one.areas, one.breakdowns, after=after)[: limit - len(figures)]
            figures += zip((chosen + block.first_position).tolist(), block.table.render(chosen), strict=True)
            start = block.positions.stop
    return figures


async def fetch_entries(
    transaction: AsyncConnection,
    programme_id: int,
    number: int,
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
            entry.programme == programme_id,
            entry.release == number,
            entry.position > after,
            or_(false(), *conditions),
        )
        .order_by(entry.position)
        .limit(limit)
    )
    return [(row.position, row.content) for row in await transaction.execute(statement)]


def _is_in_periods(periods: Sequence[str] | None) -> ColumnElement[bool]:
    return true() if periods is None else released_entry.c.period.in_(periods)
