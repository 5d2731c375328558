"""Check whether this server can answer requests."""

import asyncio
import logging
import time
from collections.abc import Callable

from msgspec.structs import asdict, replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import autocommit_connection, fetch_any
from api.database.heartbeats import LATE_SECONDS, fetch_heartbeat_age
from api.database.replica import Replica
from api.database.requirements import NEWEST_SCHEMA
from api.database.walls import find_wall_faults
from schema.health import CheckState, Readiness, ReadinessChecks, ReadinessStatus

log = logging.getLogger("work_health")

CHECK_TIMEOUT_SECONDS = 2.0
READINESS_SECONDS = 1.0
"""How long a result is used again, so that no number of probes costs the database anything."""
WALLS_SECONDS = 60.0


class ReadinessChecker:
    """Checks one server process. Probes that arrive together share a check."""

    def __init__(self, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        self._read_seconds = read_seconds
        self._lock = asyncio.Lock()
        self._readiness: Readiness | None = None
        self._checked_at = self._walls_checked_at = 0.0
        self._walls = CheckState.SKIPPED

    async def check(self, engine: AsyncEngine, public_engine: AsyncEngine, replica: Replica | None) -> Readiness:
        """Return the readiness as of the last second."""
        async with self._lock:
            now = self._read_seconds()
            if self._readiness is None or now - self._checked_at >= READINESS_SECONDS:
                checks, public, copy = await asyncio.gather(
                    _check_database(engine), _check_answer(public_engine), _check_replica(replica)
                )
                walls = await self._check_walls(engine, checks.schema)
                self._readiness = build_readiness(replace(checks, public_database=public, replica=copy, walls=walls))
                self._checked_at = now
            return self._readiness

    async def _check_walls(self, engine: AsyncEngine, schema: CheckState) -> CheckState:
        """Compare the walls with those of this software, unless the schema is not the one that it knows."""
        if schema is not CheckState.OK:
            return CheckState.SKIPPED
        now = self._read_seconds()
        if self._walls is CheckState.OK and now - self._walls_checked_at < WALLS_SECONDS:
            return self._walls
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS), engine.connect() as connection, connection.begin():
                faults = await find_wall_faults(connection)
            self._walls = CheckState.FAILED if faults else CheckState.OK
        except Exception as error:
            log.warning("The walls could not be checked.", exc_info=error)
            self._walls = CheckState.FAILED
        self._walls_checked_at = now
        return self._walls


async def _check_database(engine: AsyncEngine) -> ReadinessChecks:
    """Return the checks that need one connection. Those after one that failed are skipped."""
    database, schema, worker = CheckState.FAILED, CheckState.SKIPPED, CheckState.SKIPPED
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS), autocommit_connection(engine) as connection:
            database, schema = CheckState.OK, CheckState.FAILED
            schema = await _check_schema(connection)
            if schema is not CheckState.FAILED:  # otherwise the table may be missing
                worker = CheckState.FAILED
                worker = await _check_worker(connection)
    except Exception as error:
        log.warning("The readiness check failed.", exc_info=error)
    skipped = CheckState.SKIPPED
    return ReadinessChecks(
        database=database, schema=schema, worker=worker, public_database=skipped, replica=skipped, walls=skipped
    )


async def _check_schema(connection: AsyncConnection) -> CheckState:
    [row] = await fetch_any(connection, "select version_num from alembic_version")
    if row[0] == NEWEST_SCHEMA:
        return CheckState.OK
    return CheckState.NEWER if row[0] > NEWEST_SCHEMA else CheckState.FAILED


async def _check_worker(connection: AsyncConnection) -> CheckState:
    age = await fetch_heartbeat_age(connection)
    return CheckState.OK if age is not None and age <= LATE_SECONDS else CheckState.LATE


async def _check_answer(engine: AsyncEngine) -> CheckState:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS), engine.connect() as connection:
            await connection.execute(text("select"))
    except Exception as error:
        log.warning("The readiness check failed for reads without a key.", exc_info=error)
        return CheckState.FAILED
    return CheckState.OK


async def _check_replica(replica: Replica | None) -> CheckState:
    if replica is None:
        return CheckState.SKIPPED
    return CheckState.OK if await replica.check() else CheckState.AWAY


def build_readiness(checks: ReadinessChecks) -> Readiness:
    """Return the readiness. A late worker publishes nothing, but this server still answers, and without a replica."""
    states = set(asdict(checks).values())
    if CheckState.FAILED in states:
        status = ReadinessStatus.UNREADY
    elif states & {CheckState.LATE, CheckState.NEWER, CheckState.AWAY}:
        status = ReadinessStatus.DEGRADED
    else:
        status = ReadinessStatus.READY
    return Readiness(status=status, checks=checks)
