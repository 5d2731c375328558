"""Read what the previous release covers and contains, in SQL."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ARRAY, Integer, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases.figure_blocks import FigureBlock
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


async def fetch_block(
    transaction: AsyncConnection, programme_id: int, number: int, series: int, period: str
) -> FigureBlock | None:
    """Return the figures of a series in a period of a release."""
    row = (
        await transaction.execute(
            _select_blocks(programme_id, number).where(figure_block.c.series == series, figure_block.c.period == period)
        )
    ).one_or_none()
    return None if row is None else FigureBlock(row.first_position, row.content)


async def fetch_blocks_at(
    transaction: AsyncConnection, programme_id: int, number: int, positions: Sequence[int]
) -> list[FigureBlock]:
    """Return the blocks of a release that have these positions. -1 is no position."""
    position = func.unnest(cast(list(positions), ARRAY(Integer))).column_valued("position")
    first, count = figure_block.c.first_position, figure_block.c.figure_count
    has_position = select(position).where(position >= first, position < first + count).correlate(figure_block).exists()
    rows = await transaction.execute(_select_blocks(programme_id, number).where(has_position).order_by(first))
    return [FigureBlock(row.first_position, row.content) for row in rows]


def _select_blocks(programme_id: int, number: int) -> Select[Any, Any]:
    return select(figure_block.c.first_position, figure_block.c.content).where(
        figure_block.c.programme == programme_id, figure_block.c.release == number
    )


async def list_positions(
    transaction: AsyncConnection, programme_id: int, number: int, series: int, periods: Sequence[str]
) -> list[int]:
    """Return the positions of the figures of a series in these periods of a release."""
    if not periods:
        return []
    rows = await transaction.execute(
        select(figure_block.c.first_position, figure_block.c.figure_count).where(
            figure_block.c.programme == programme_id,
            figure_block.c.release == number,
            figure_block.c.series == series,
            figure_block.c.period.in_(periods),
        )
    )
    return [position for first, count in rows for position in range(first, first + count)]


async def list_released_periods(
    transaction: AsyncConnection, programme_id: int, number: int
) -> dict[int, list[tuple[str, bool]]]:
    """Return the periods of each series in a release, in time order, and whether anything was returned for them."""
    periods: dict[int, list[tuple[str, bool]]] = {}
    rows = await transaction.execute(
        select(released_period.c.series, released_period.c.period, released_period.c.received)
        .where(released_period.c.programme == programme_id, released_period.c.release == number)
        .order_by(released_period.c.series, released_period.c.period_end, released_period.c.period)
    )
    for row in rows:
        periods.setdefault(row.series, []).append((row.period, row.received))
    return periods
