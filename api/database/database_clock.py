"""The clock of PostgreSQL: asked in a transaction, or as a process knows it.

Hosts have clocks of their own, which differ. So nothing that is stored, compared or published comes from them. The
clocks by which two processes know PostgreSQL's differ by milliseconds. So a transaction that stores an instant asks
PostgreSQL for it.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_any
from api.database.failures import DatabaseUnreachable

DRIFT = 1e-4
"""By how much the two clocks may differ in speed: more than clocks that nobody sets."""
MAX_CORRECTION = timedelta(seconds=1)
"""A correction up to this length never makes the clock run backwards: it waits."""


async def fetch_instant(connection: AsyncConnection) -> datetime:
    """Return the time of the database, in a transaction or not."""
    [row] = await fetch_any(connection, "select clock_timestamp() as instant")
    return row["instant"]


class DatabaseClock:
    """The last answer of the database, plus the time since. It does not change with the clock of the host."""

    def __init__(self, read_seconds: Callable[[], float] = time.monotonic) -> None:
        self._read_seconds = read_seconds
        self._measured_at, self._error = 0.0, float("inf")
        self._instant: datetime | None = None
        self._last = datetime.min.replace(tzinfo=UTC)

    def read(self) -> datetime:
        """Raises DatabaseUnreachable before the database has answered for the first time."""
        if self._instant is None:
            raise DatabaseUnreachable("The database's clock is not known yet.")
        now = self._instant + timedelta(seconds=self._read_seconds() - self._measured_at)
        if not now < self._last <= now + MAX_CORRECTION:
            self._last = now
        return self._last

    def accept(self, stated: datetime) -> datetime:
        """Return what a statement of this process returned as the time. From then on, the clock is never behind it."""
        if self._instant is None:
            self._instant, self._measured_at = stated, self._read_seconds()
        self._last = max(self._last, stated)
        return stated

    def set(self, instant: datetime, *, sent: float, received: float) -> None:
        """Accept what the database stated between two moments of `read_seconds`, unless an earlier answer is better.

        A slow answer is inexact: its error is up to half of the time that it took.
        """
        error = (received - sent) / 2
        is_better = error <= self._error + (received - self._measured_at) * DRIFT
        expected = (self._instant or instant) + timedelta(seconds=(sent + received) / 2 - self._measured_at)
        was_changed = abs((instant - expected).total_seconds()) > error + self._error + 1
        if self._instant is None or is_better or was_changed:
            self._instant, self._measured_at, self._error = instant, (sent + received) / 2, error
