"""Statements that read and save the boundaries of areas."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.outcomes.formats.boundary_layer import Shapes
from schema.geojson import Geometry
from schema.tables import area, boundary

INVENTED_SOURCE = "Invented squares, for the maps of a sandbox"


async def fetch_shapes(transaction: AsyncConnection, codes: Sequence[str], *, sandbox: bool) -> Shapes:
    """Return the boundaries of the areas that have one. Only a sandbox has invented ones."""
    statement = select(boundary).where(boundary.c.area.in_(codes))
    if not sandbox:
        statement = statement.where(boundary.c.source != INVENTED_SOURCE)
    rows = (await transaction.execute(statement)).all()
    return Shapes(
        boundaries={row.area: msgspec.convert(row.geometry, Geometry) for row in rows},
        are_invented=any(row.source == INVENTED_SOURCE for row in rows),
    )


async def fetch_area_codes(transaction: AsyncConnection) -> set[str]:
    """Return the area codes of all programmes, also those that newer plan versions no longer have."""
    return set((await transaction.execute(select(area.c.code))).scalars())


async def save_boundaries(
    transaction: AsyncConnection, boundaries: Mapping[str, Geometry], *, source: str, now: datetime
) -> None:
    """Save the boundaries and replace those of the same areas, and all that are invented."""
    await transaction.execute(delete(boundary).where(boundary.c.source == INVENTED_SOURCE))
    for code, geometry in boundaries.items():
        values = {"geometry": msgspec.to_builtins(geometry), "source": source, "loaded_at": now}
        await transaction.execute(
            upsert(boundary).values(area=code, **values).on_conflict_do_update(index_elements=["area"], set_=values)
        )
