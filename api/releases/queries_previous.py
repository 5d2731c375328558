"""Read what the previous release covers and contains, in SQL."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import and_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.releases.figure_blocks import FigureBlock, ReleasedPeriod
from api.releases.figure_keys import SeriesKey
from schema.tables import figure_block, release, released_period


class PreviousRelease(Struct, frozen=True, kw_only=True):
    """The release before the one that the job makes."""

    number: int
    plan_version: int


async def find_previous_release(transaction: AsyncConnection, programme_id: int) -> PreviousRelease | None:
    """Return the newest release, including embargoed and withdrawn ones."""
    row = (
        await transaction.execute(
            select(release.c.number, release.c.plan_version)
            .where(release.c.programme == programme_id)
            .order_by(release.c.number.desc())
            .limit(1)
        )
    ).one_or_none()
    return None if row is None else PreviousRelease(number=row.number, plan_version=row.plan_version)


async def list_periods_of_earlier_method(
    transaction: AsyncConnection, catalogue: Catalogue
) -> set[tuple[SeriesKey, str]]:
    """Return the periods of series that a release displayed with combined counts, before contributions existed."""
    is_of_release = and_(
        released_period.c.programme == release.c.programme, released_period.c.release == release.c.number
    )
    rows = await transaction.execute(
        select(released_period.c.series, released_period.c.period)
        .join(release, is_of_release)
        .where(
            release.c.programme == catalogue.id,
            released_period.c.received,
            release.c.policy["persons"].has_key("hide_to"),
        )
        .distinct()
    )
    return {(catalogue.series_slugs[row.series], row.period) for row in rows}


async def fetch_block(
    transaction: AsyncConnection, programme_id: int, number: int, series: int, period: str
) -> FigureBlock | None:
    """Return the figures of a series in a period of a release."""
    block = figure_block.c
    rows = await transaction.execute(
        select(block.first_position, block.content).where(
            block.programme == programme_id, block.release == number, block.series == series, block.period == period
        )
    )
    return next((FigureBlock(row.first_position, row.content) for row in rows), None)


# width_bucket finds the block of each position by binary search.
_BLOCKS_AT_SQL = text("""
    select first_position, content from release.figure_block
    where programme = :programme and release = :release and first_position in (
        select firsts[width_bucket(position, firsts)]
        from unnest(cast(:positions as int[])) as position, (
            select array_agg(first_position order by first_position) as firsts from release.figure_block
            where programme = :programme and release = :release
        ) as blocks
    )
""")


async def fetch_blocks_at(
    transaction: AsyncConnection, programme_id: int, number: int, positions: Sequence[int]
) -> list[FigureBlock]:
    """Return the blocks of a release that have these positions. -1 is no position."""
    key = {"programme": programme_id, "release": number, "positions": list(positions)}
    return [FigureBlock(row.first_position, row.content) for row in await transaction.execute(_BLOCKS_AT_SQL, key)]


async def list_released_periods(transaction: AsyncConnection, programme_id: int, number: int) -> list[ReleasedPeriod]:
    """Return the periods of each series in a release, in time order."""
    key = ("programme", "release", "series", "period")
    rows = await transaction.execute(
        select(released_period, figure_block.c.first_position, figure_block.c.figure_count)
        .join(figure_block, and_(*(released_period.c[name] == figure_block.c[name] for name in key)))
        .where(released_period.c.programme == programme_id, released_period.c.release == number)
        .order_by(released_period.c.series, released_period.c.period_end, released_period.c.period)
    )
    return [
        ReleasedPeriod(
            series=row.series,
            period=row.period,
            received=row.received,
            positions=range(row.first_position, row.first_position + row.figure_count),
        )
        for row in rows
    ]
