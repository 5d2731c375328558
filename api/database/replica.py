"""Read stored content from a replica while it answers. The primary decides what may be shown, and answers otherwise."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakSet

from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import get_driver_connection
from api.database.failures import DRIVER_ERRORS, find_sqlstate

log = logging.getLogger("work_health")
ANSWER_SECONDS = 2.0
"""How long a read may take, with the wait for a connection. Then the primary answers."""

Content = TypeVar("Content")


class Replica:
    """A replica that may lag without end, and may be away. After a failure, only `check` asks it until it answers."""

    def __init__(self, engine: AsyncEngine) -> None:
        """`engine` logs in as the public role."""
        self.engine = engine
        self._is_away = False
        self._connections: WeakSet[Any] = WeakSet()
        event.listen(engine.sync_engine, "connect", self._remember)

    def _remember(self, dbapi_connection: Any, *_: object) -> None:
        self._connections.add(dbapi_connection.driver_connection)

    async def read(self, fetch: Callable[[AsyncConnection], Awaitable[Content]]) -> Content | None:
        """Return what `fetch` finds, or None if the replica does not answer in time, or cancels the statement."""
        return None if self._is_away else await self._fetch(fetch)

    async def check(self) -> bool:
        """Return True if the replica answers. Reads then use it again.

        They need new connections, because the network may have dropped the others without closing them.
        """
        if self._is_away:
            for connection in tuple(self._connections):
                connection.terminate()
        if not await self._fetch(_fetch_nothing):
            return False
        if self._is_away:
            log.warning("The replica answers again. Reads use it.")
        self._is_away = False
        return True

    async def _fetch(self, fetch: Callable[[AsyncConnection], Awaitable[Content]]) -> Content | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self.engine.connect() as connection:
                return await _fetch_or_disconnect(connection, fetch)
        except (OSError, SQLAlchemyError, *DRIVER_ERRORS) as error:  # a TimeoutError is an OSError
            if not self._is_away:
                reason = find_sqlstate(error) or type(error).__name__
                log.warning("The replica does not answer (%s). Reads use the primary.", reason)
            self._is_away = True
            return None


async def _fetch_or_disconnect(
    connection: AsyncConnection, fetch: Callable[[AsyncConnection], Awaitable[Content]]
) -> Content:
    """Fetch. If the time ends first, end the connection: to roll back, it would wait for a silent server."""
    driver_connection = get_driver_connection(connection)
    try:
        return await fetch(connection)
    except asyncio.CancelledError:
        driver_connection.terminate()
        await connection.invalidate()
        raise


async def _fetch_nothing(connection: AsyncConnection) -> bool:
    await connection.execute(text("select"))
    return True
