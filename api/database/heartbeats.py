"""Heartbeats: each worker stores that it is alive, for the servers' readiness."""

import asyncio
import logging
from typing import NoReturn
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import DRIVER_ERRORS, autocommit_connection, fetch_any

log = logging.getLogger("work_health")

BEAT_SECONDS = 10.0
LATE_SECONDS = 60.0


async def beat_forever(engine: AsyncEngine, worker: UUID) -> NoReturn:
    """Store a heartbeat of this worker every 10 seconds. `engine` has the login that publishes."""
    while True:
        try:
            async with autocommit_connection(engine) as connection:
                await fetch_any(connection, "select record_heartbeat($1)", worker)
        except (OSError, SQLAlchemyError, *DRIVER_ERRORS):
            log.warning("The heartbeat of the worker could not be stored.", exc_info=True)
        await asyncio.sleep(BEAT_SECONDS)


async def fetch_heartbeat_age(connection: AsyncConnection) -> float | None:
    """Return the seconds since the newest heartbeat of any worker, or None if there is none."""
    [row] = await fetch_any(connection, "select extract(epoch from clock_timestamp() - max(beat_at)) from worker")
    return None if row[0] is None else float(row[0])
