"""The clock of PostgreSQL, as a process knows it: what the database stated, and the time that has passed since.

Hosts have clocks of their own, which differ. An instant that is stored, compared or published is therefore read from
this clock, in every process that serves.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from api.database.failures import DatabaseUnreachable

DRIFT = 1e-4
"""By how much the two clocks may differ in speed: more than clocks that nobody sets."""
MAX_CORRECTION = timedelta(seconds=1)
"""A correction up to this length never makes the clock run backwards: it waits."""


class DatabaseClock:
    """Measured by the pulse. It does not change if somebody sets the clock of the host."""

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
