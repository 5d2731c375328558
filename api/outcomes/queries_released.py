"""Statements that read one release: which release is published now, its figures, its entries."""

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
"""A programme and a release number; None selects the newest release that is not withdrawn."""


class PublishedRelease(Struct, frozen=True, kw_only=True):
    """A release that everybody may read, and the publication job that made it."""

    programme: int
    number: int
    publication: UUID


PUBLISHED_RELEASES_SQL = """
select selected.slug, selected.number as selected_number, published.*
from unnest($1::text[], $2::int[]) as selected (slug, number)
join programme on programme.slug = selected.slug
cross join lateral (
    select release.programme, release.number, release.publication
    from release.release
    where release.programme = programme.id and release.number = coalesce(selected.number, release.number)
    and release.published_at <= $3 and release.withdrawn_at is null
    order by release.number desc limit 1
) as published
"""


async def find_published_releases(
    connection: AsyncConnection, selectors: Sequence[ReleaseSelector], *, now: datetime
) -> dict[ReleaseSelector, PublishedRelease]:
    """Return the selected releases that exist and are neither withdrawn nor under embargo."""
    rows = await fetch_any(
        connection, PUBLISHED_RELEASES_SQL, [slug for slug, _ in selectors], [number for _, number in selectors], now
    )
    return {
        (row["slug"], row["selected_number"]): PublishedRelease(
            programme=row["programme"], number=row["number"], publication=row["publication"]
        )
        for row in rows
    }


async def fetch_release(transaction: AsyncConnection, published: PublishedRelease, slug: str) -> Release:
    statement = select(release).where(release.c.programme == published.programme, release.c.number == published.number)
    return to_release((await transaction.execute(statement)).one(), slug)


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
    if not filters:
        return []
    figure = released_figure.c
    selections = [
        select(figure.position, figure.content).where(
            figure.programme == programme_id,
            figure.release == number,
            figure.series == figure_filter.series,
            figure.period.in_(figure_filter.periods),
            figure.area.in_(figure_filter.areas),
            figure.breakdown.in_(figure_filter.breakdowns),
            figure.position > after,
        )
        for figure_filter in filters
    ]
    selected = union_all(*selections).subquery().c
    statement = select(selected.position, selected.content).order_by(selected.position).limit(limit)
    return [(row.position, row.content) for row in await transaction.execute(statement)]


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
