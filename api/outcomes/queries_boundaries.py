"""Statements that read and save the boundaries of areas."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from schema.geojson import Geometry
from schema.tables import area, boundary


async def fetch_boundaries(transaction: AsyncConnection, codes: Sequence[str]) -> dict[str, Geometry]:
    rows = await transaction.execute(select(boundary.c.area, boundary.c.geometry).where(boundary.c.area.in_(codes)))
    return {row.area: msgspec.convert(row.geometry, Geometry) for row in rows}


async def fetch_area_codes(transaction: AsyncConnection) -> set[str]:
    """Return the area codes of all programmes, also those that newer plan versions no longer have."""
    return set((await transaction.execute(select(area.c.code))).scalars())


async def save_boundaries(
    transaction: AsyncConnection, boundaries: Mapping[str, Geometry], *, source: str, now: datetime
) -> None:
    """Save the boundaries and replace those of the same areas."""
    for code, geometry in boundaries.items():
        values = {"geometry": msgspec.to_builtins(geometry), "source": source, "loaded_at": now}
        await transaction.execute(
            upsert(boundary).values(area=code, **values).on_conflict_do_update(index_elements=["area"], set_=values)
        )
