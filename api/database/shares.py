"""Give each caller a share of the connections of an engine.

A request that waits for a lock occupies a connection. Without shares, the waiting requests of one caller would occupy
all connections, and every other caller would wait with them.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from msgspec import Struct
from sqlalchemy import AsyncAdaptedQueuePool, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

CALLER: ContextVar[bytes | str | None] = ContextVar("caller", default=None)
"""The key or address of the request that is running. None has no limit."""


class Waits(Struct):
    """The waits of this process for a turn, since the metrics took them."""

    seconds: float = 0.0
    refusals: int = 0

    def take(self) -> tuple[float, int]:
        """Return the seconds and the refusals since the last call."""
        taken = (self.seconds, self.refusals)
        self.seconds, self.refusals = 0.0, 0
        return taken


WAITS = {"share": Waits(), "connection": Waits()}
"""Waits for a caller's own share of the connections, and for a connection."""


@contextmanager
def count_wait(name: str) -> Generator[None]:
    """Count the time of the block, and whether it raises PoolTimeoutError."""
    started, waits = time.perf_counter(), WAITS[name]
    try:
        yield
    except PoolTimeoutError:
        waits.refusals += 1
        raise
    finally:
        waits.seconds += time.perf_counter() - started


@asynccontextmanager
async def claim_share(engine: AsyncEngine) -> AsyncGenerator[None]:
    """Let at most half of the connections of the engine belong to one caller. Raises PoolTimeoutError."""
    caller = CALLER.get()
    if caller is None:
        yield
        return
    pool = get_pool(engine)
    shares = _shares.setdefault(engine.sync_engine, WeakValueDictionary())
    share = shares.get(caller)
    if share is None:
        share = shares[caller] = asyncio.Semaphore(max(pool.size() // 2, 1))
    with count_wait("share"):
        await acquire_in_time(share, pool.timeout())
    try:
        yield
    finally:
        share.release()


_shares: WeakKeyDictionary[Engine, WeakValueDictionary[bytes | str, asyncio.Semaphore]] = WeakKeyDictionary()


def get_pool(engine: AsyncEngine) -> AsyncAdaptedQueuePool:
    assert isinstance(engine.pool, AsyncAdaptedQueuePool)  # noqa: S101  connections.py makes it
    return engine.pool


async def acquire_in_time(turn: asyncio.Semaphore, seconds: float) -> None:
    """Raises PoolTimeoutError."""
    try:
        async with asyncio.timeout(seconds):
            await turn.acquire()
    except TimeoutError:
        raise PoolTimeoutError("No connection was free in time.") from None
