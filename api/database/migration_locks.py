"""Repeat a migration that cannot get a lock, and report which sessions it waits for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.failures import find_sqlstate

log = logging.getLogger("work_health")

LOCK_NOT_AVAILABLE = "55P03"
WAIT_SECONDS = 300.0
"""How long a migration tries to get a lock."""
PAUSE_SECONDS = 1.0
"""Requests that queued behind a migration run in this time."""

_HOLDERS_SQL = """
    select coalesce(string_agg(
        format('process %s of %s, for %s s', a.pid, a.usename,
               extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.state_change))::int),
        '; ' order by a.xact_start
    ), 'none any more')
    from pg_stat_activity a
    where a.pid <> pg_backend_pid() and a.pid in (
        select l.pid from pg_locks l
        where l.granted and l.locktype = 'relation' and l.relation >= 16384
            and l.database = (select oid from pg_database where datname = current_database())
    )
"""


async def repeat_until_unlocked(connection: AsyncConnection, upgrade: Callable[[], Awaitable[None]]) -> None:
    """Upgrade, and start again at the migration that could not get a lock. After `WAIT_SECONDS`, its error is raised.

    Each migration is a transaction, so those before it are committed.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while True:
        try:
            return await upgrade()
        except DBAPIError as error:
            await connection.rollback()
            if find_sqlstate(error) != LOCK_NOT_AVAILABLE or loop.time() > deadline:
                raise
        schema = await connection.scalar(text("select version_num from alembic_version"))
        holders = await connection.scalar(text(_HOLDERS_SQL))
        await connection.commit()
        log.warning("The migration after %s waits for the locks of other sessions: %s.", schema, holders)
        await asyncio.sleep(PAUSE_SECONDS)
