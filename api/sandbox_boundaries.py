"""Invent the boundaries of a sandbox: a square for each area of the finest level."""

from collections.abc import Sequence
from math import ceil, sqrt

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.database_clock import fetch_instant
from api.outcomes.formats.boundary_layer import GSS_CODE_PATTERN
from api.outcomes.queries_boundaries import INVENTED_SOURCE, fetch_shapes, save_boundaries
from api.plan.catalogue import Catalogue
from schema.areas import Area
from schema.geojson import Geometry

CORNER = (-1.2, 53.0)
SIDE_DEGREES = (0.016, 0.01)


async def invent_boundaries(transaction: AsyncConnection, catalogue: Catalogue) -> None:
    """Save a square for each area of the finest level, unless an area of this level has a boundary already."""
    finest = max(catalogue.level_ranks, key=lambda level: catalogue.level_ranks[level])
    areas = [a for a in catalogue.plan.areas if a.level == finest and GSS_CODE_PATTERN.fullmatch(a.code)]
    stored = await fetch_shapes(transaction, [area.code for area in areas], sandbox=True)
    if not stored.boundaries:
        now = await fetch_instant(transaction)
        await save_boundaries(transaction, arrange_squares(areas), source=INVENTED_SOURCE, now=now)


def arrange_squares(areas: Sequence[Area]) -> dict[str, Geometry]:
    """Return a square for each area, in rows by name."""
    columns = ceil(sqrt(len(areas)))
    width, height = SIDE_DEGREES
    squares: dict[str, Geometry] = {}
    for place, area in enumerate(sorted(areas, key=lambda area: area.name)):
        row, column = divmod(place, columns)
        left, top = CORNER[0] + column * width, CORNER[1] - row * height
        right, bottom = left + width, top - height
        ring = [[left, top], [left, bottom], [right, bottom], [right, top], [left, top]]
        squares[area.code] = Geometry(type="MultiPolygon", coordinates=[[ring]])
    return squares
