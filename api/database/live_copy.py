"""Copies of data in memory that PostgreSQL keeps current: it announces each change in the transaction that makes it."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Generic, NoReturn, TypeVar

from api.database.failures import DRIVER_ERRORS

log = logging.getLogger("work_health")
LEASE_SECONDS = 1.0
"""How long a copy is valid after a confirmation."""
CONFIRM_SECONDS = 0.25
"""The pause between confirmations, short enough that a copy stays valid when one of them is late."""
CONNECT_SECONDS, RECONNECT_SECONDS = 5.0, 0.5
CHANGE_SECONDS = LEASE_SECONDS * 1.1
"""How long after its commit a change is in force in every process."""

Data = TypeVar("Data")


class LiveCopy(Generic[Data]):
    """Data that one connection has read, and reads again after each notification of a channel and each confirmation.

    It is read at each confirmation because time alone can change what PostgreSQL shows: the end of an embargo is not
    announced.

    The copy is valid for LEASE_SECONDS after the connection sent a statement that PostgreSQL has answered. PostgreSQL
    delivers notifications before the answer, so the copy contains every change committed before that statement. A
    process that is late or has lost its connection therefore has no valid copy, and nobody needs to wait for it.
    """

    def __init__(self, channel: str, read: Callable[[Any], Awaitable[Data]]) -> None:
        """`read` receives a connection of asyncpg."""
        self._channel, self._read = channel, read
        self._data: Data | None = None
        self._valid_until = -math.inf

    def find(self) -> Data | None:
        """Return the copy, or None if it is not valid: then the caller asks the database."""
        return self._data if time.monotonic() < self._valid_until else None

    async def follow(self, connect: Callable[[], Awaitable[Any]]) -> NoReturn:
        """Keep the copy current until cancelled. If the connection is lost, connect and read again."""
        while True:
            with suppress(OSError, *DRIVER_ERRORS):
                async with asyncio.timeout(CONNECT_SECONDS):
                    connection = await connect()
                try:
                    await self._follow_connection(connection)
                except (OSError, *DRIVER_ERRORS) as error:
                    log.warning("Channel %s: connection lost (%r). Reads ask the database.", self._channel, error)
                finally:
                    self._valid_until = -math.inf
                    connection.terminate()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _follow_connection(self, connection: Any) -> NoReturn:
        changed = asyncio.Event()

        def expire(*_: object) -> None:
            self._valid_until = -math.inf
            changed.set()

        async with asyncio.timeout(CONNECT_SECONDS):
            connection.add_termination_listener(expire)
            await connection.add_listener(self._channel, expire)
        changed.set()  # listen before the first read, so that no change is missed between them
        while True:
            sent_at = time.monotonic()
            async with asyncio.timeout(LEASE_SECONDS):
                changed.clear()
                self._data = await self._read(connection)
            if not changed.is_set():
                self._valid_until = sent_at + LEASE_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(CONFIRM_SECONDS):
                    await changed.wait()
