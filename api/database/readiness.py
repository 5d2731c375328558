"""Wait for a database that cannot be reached yet, and check it for the server and the worker before they start."""

import asyncio
import logging

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.database.connections import create_owner_engine
from api.database.failures import DRIVER_ERRORS
from api.database.requirements import DatabaseUnusable, describe_connection_error, find_schema_fault, is_outage
from api.database.roles import APPLICATION_ROLE, login_url
from api.database.walls import require_walls

log = logging.getLogger("work_health")
POLL_SECONDS = 0.5


async def wait_for_database(url: str, *, seconds: float) -> None:
    """Wait until a login can connect. Raises DatabaseUnusable after this time, or at once if waiting cannot help."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    is_waiting = False
    while True:
        engine = create_owner_engine(url)
        try:
            async with engine.connect():
                return
        except (OSError, ValueError, DBAPIError, *DRIVER_ERRORS) as error:
            reason = describe_connection_error(url, error)
            if not is_outage(error) or loop.time() >= deadline:
                raise DatabaseUnusable(reason) from error
        finally:
            await engine.dispose()
        if not is_waiting:
            log.warning("%s Waiting for at most %d s.", reason, seconds)
            is_waiting = True
        await asyncio.sleep(POLL_SECONDS)


async def require_ready(url: str, other_url: str, *, wait_seconds: float) -> None:
    """Check that the application's login finds the newest schema and every wall, and that another login can connect.

    Wait for a database that cannot be reached. Raises DatabaseUnusable.
    """
    url = login_url(url, APPLICATION_ROLE)
    await wait_for_database(url, seconds=wait_seconds)
    await wait_for_database(other_url, seconds=wait_seconds)
    engine = create_owner_engine(url)
    try:
        async with engine.connect() as connection:
            can_read = await connection.scalar(text(_CAN_READ_SCHEMA))
            schema = await connection.scalar(text("select version_num from alembic_version")) if can_read else None
        if can_read is False:
            raise DatabaseUnusable(OLD_SCHEMA)
        if fault := find_schema_fault(schema):
            raise DatabaseUnusable(fault)
        await require_walls(engine)
    finally:
        await engine.dispose()


OLD_SCHEMA = "The database has the schema of an earlier version: run `python -m api migrate` first."
_CAN_READ_SCHEMA = "select has_table_privilege(to_regclass('public.alembic_version'), 'select')"
"""Null without the table, and false before migration 0025."""
