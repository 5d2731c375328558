"""Ask a database each second for its time, and end the connections to one that does not answer.

A server that hangs, or a network that drops packets, closes no connection: without this, each request would wait as
long as its longest statement may take. A time-out of each statement would have to be longer than the longest of them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database.database_clock import DatabaseClock
from api.database.failures import DRIVER_ERRORS

BEAT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
MAX_SILENT_BEATS = 2
"""A second beat is a new connection. So neither one lost packet nor a busy event loop ends the connections."""


class Pulse:
    """The pulse of one database, as one process feels it."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], engine: AsyncEngine | None = None) -> None:
        """`connect` returns a connection of asyncpg. The connections of `engine` end if nothing answers."""
        self.clock = DatabaseClock()
        self._connect = connect
        self._connections: WeakSet[Any] = WeakSet()
        self._own: Any = None
        self._silent_beats = 0
        if engine is not None:
            event.listen(engine.sync_engine, "connect", self._remember)

    def _remember(self, dbapi_connection: Any, *_: object) -> None:
        self._connections.add(dbapi_connection.driver_connection)

    async def follow(self) -> NoReturn:
        """Beat until cancelled."""
        try:
            while True:
                await self.beat()
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            self._close()

    async def beat(self) -> None:
        """Wait for an answer, a refusal included. If none comes twice in turn, end all connections."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._own is None:
                    self._own = await self._connect()
                sent = time.monotonic()
                instant = await self._own.fetchval("select clock_timestamp()")
                self.clock.set(instant, sent=sent, received=time.monotonic())
        except DRIVER_ERRORS:  # the server answers, or has ended the connection
            self._close()
        except OSError:
            self._close()
            self._count_silence()
            return
        self._silent_beats = 0

    def _count_silence(self) -> None:
        self._silent_beats += 1
        if self._silent_beats >= MAX_SILENT_BEATS:
            for connection in tuple(self._connections):
                connection.terminate()

    def _close(self) -> None:
        if self._own is not None:
            self._own.terminate()
        self._own = None
