"""Read what the previous release covers and contains, in SQL."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.releases.figure_keys import FigureKey, PreviousFigure, make_figure_key
from schema.released_figures import PublishedFigure
from schema.tables import release, released_figure, released_period

FIGURE_DECODER = msgspec.json.Decoder(PublishedFigure)


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


async def fetch_period_figures(
    transaction: AsyncConnection, programme_id: int, number: int, series: int, period: str
) -> dict[FigureKey, PreviousFigure]:
    """Return the figures of a series in a period of a release, in order."""
    conditions = released_figure.c.programme == programme_id, released_figure.c.release == number
    figures = await _select_figures(
        transaction, *conditions, released_figure.c.series == series, released_figure.c.period == period
    )
    return {make_figure_key(previous.figure): previous for previous in figures}


async def fetch_figures_at(
    transaction: AsyncConnection, programme_id: int, number: int, positions: Sequence[int]
) -> list[PreviousFigure]:
    """Return the figures of a release at these positions, in order."""
    conditions = released_figure.c.programme == programme_id, released_figure.c.release == number
    return await _select_figures(transaction, *conditions, released_figure.c.position == func.any(list(positions)))


async def _select_figures(transaction: AsyncConnection, *conditions: ColumnElement[bool]) -> list[PreviousFigure]:
    query = (
        select(released_figure.c.position, released_figure.c.content)
        .where(*conditions)
        .order_by(released_figure.c.position)
    )
    rows = await transaction.execute(query)
    return [PreviousFigure(position=row.position, figure=FIGURE_DECODER.decode(row.content)) for row in rows]


async def list_positions(
    transaction: AsyncConnection, programme_id: int, number: int, series: int, periods: Sequence[str]
) -> list[int]:
    """Return the positions of the figures of a series in these periods of a release."""
    if not periods:
        return []
    rows = await transaction.execute(
        select(released_figure.c.position).where(
            released_figure.c.programme == programme_id,
            released_figure.c.release == number,
            released_figure.c.series == series,
            released_figure.c.period.in_(periods),
        )
    )
    return list(rows.scalars())


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
