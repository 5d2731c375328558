"""Heartbeats: each worker stores that it is alive, for the servers' readiness."""

from typing import NoReturn
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import autocommit_connection, fetch_any
from api.database.repetition import repeat_forever

BEAT_SECONDS = 10.0
LATE_SECONDS = 60.0


async def beat_forever(engine: AsyncEngine, worker: UUID) -> NoReturn:
    """Store a heartbeat of this worker every 10 seconds. `engine` has the login that publishes."""

    async def beat() -> None:
        async with autocommit_connection(engine) as connection:
            await fetch_any(connection, "select record_heartbeat($1)", worker)

    await repeat_forever(beat, BEAT_SECONDS, failure="The heartbeat of the worker could not be stored.")


async def fetch_heartbeat_age(connection: AsyncConnection) -> float | None:
    """Return the seconds since the newest heartbeat of any worker, or None if there is none."""
    [row] = await fetch_any(connection, "select extract(epoch from clock_timestamp() - max(beat_at)) from worker")
    return None if row[0] is None else float(row[0])
