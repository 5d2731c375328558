"""Statements that read one release: which is public now, its figures, its entries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, false, or_, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_any
from api.outcomes.released_query import EntryFilter, FigureFilter
from api.releases.queries_releases import to_release
from schema.releases import Release
from schema.tables import release, released_entry, released_figure

ReleaseSelector = tuple[str, int | None]
"""A programme, and the number of a release; None for the newest that stands."""


class PublishedRelease(Struct, frozen=True, kw_only=True):
    """A release that everybody may read, and the publication that made it."""

    programme: int
    number: int
    publication: UUID


PUBLISHED_RELEASES_SQL = """
select asked.slug, asked.number as wanted, found.*
from unnest($1::text[], $2::int[]) as asked (slug, number)
join programme on programme.slug = asked.slug
cross join lateral (
    select release.programme, release.number, release.publication
    from release.release
    where release.programme = programme.id and release.number = coalesce(asked.number, release.number)
    and release.published_at <= $3 and release.withdrawn_at is null
    order by release.number desc limit 1
) as found
"""


async def find_published_releases(
    connection: AsyncConnection, asked: Sequence[ReleaseSelector], *, now: datetime
) -> dict[ReleaseSelector, PublishedRelease]:
    """Of those that are asked for, the releases that are there, neither withdrawn nor under embargo."""
    rows = await fetch_any(
        connection, PUBLISHED_RELEASES_SQL, [slug for slug, _ in asked], [number for _, number in asked], now
    )
    return {
        (row["slug"], row["wanted"]): PublishedRelease(
            programme=row["programme"], number=row["number"], publication=row["publication"]
        )
        for row in rows
    }


async def fetch_release(transaction: AsyncConnection, found: PublishedRelease, slug: str) -> Release:
    query = select(release).where(release.c.programme == found.programme, release.c.number == found.number)
    return to_release((await transaction.execute(query)).one(), slug)


async def fetch_figures(
    transaction: AsyncConnection,
    programme_id: int,
    number: int,
    wanted: Sequence[FigureFilter],
    *,
    after: int = -1,
    limit: int,
) -> list[tuple[int, bytes]]:
    """Positions and contents, in order: each series has its own periods and breakdowns."""
    if not wanted:
        return []
    each = [
        select(released_figure.c.position, released_figure.c.content).where(
            released_figure.c.programme == programme_id,
            released_figure.c.release == number,
            released_figure.c.series == one.series,
            released_figure.c.period.in_(one.periods),
            released_figure.c.area.in_(one.areas),
            released_figure.c.breakdown.in_(one.breakdowns),
            released_figure.c.position > after,
        )
        for one in wanted
    ]
    every = union_all(*each).subquery()
    query = select(every.c.position, every.c.content).order_by(every.c.position).limit(limit)
    return [(row.position, row.content) for row in await transaction.execute(query)]


async def fetch_entries(
    transaction: AsyncConnection,
    programme_id: int,
    number: int,
    wanted: Sequence[EntryFilter],
    *,
    after: int,
    limit: int,
) -> list[tuple[int, bytes]]:
    """Positions and contents, in order."""
    its = released_entry.c
    each = [and_(its.series == one.series, _in_periods(one.periods)) for one in wanted]
    query = (
        select(its.position, its.content)
        .where(its.programme == programme_id, its.release == number, its.position > after, or_(false(), *each))
        .order_by(its.position)
        .limit(limit)
    )
    return [(row.position, row.content) for row in await transaction.execute(query)]


def _in_periods(periods: Sequence[str] | None) -> ColumnElement[bool]:
    return true() if periods is None else released_entry.c.period.in_(periods)
