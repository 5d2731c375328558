"""The time and new ids. Rules get them as arguments.

An instant comes from PostgreSQL, which all hosts share. A request with a key gets it from the statement that checks the
key; what waits for a lock gets a later one from the statement that takes the lock. Other reads, such as that of a
release, compare with the clock that the process follows.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from litestar.datastructures import State
from litestar.di import NamedDependency


class Clock(Protocol):
    """The clock of the database, as this process knows it. Tests have one that they set."""

    def read(self) -> datetime:
        """Return the time. Raises DatabaseUnreachable before the database has stated one."""
        ...

    def accept(self, stated: datetime) -> datetime:
        """Return the instant that a statement returned as the time of the database: one that may be stored."""
        ...


ReadClock = Callable[[], datetime]
IdSource = Callable[[], UUID]
Now = NamedDependency[datetime]
NewId = NamedDependency[UUID]


async def provide_now(state: State) -> datetime:
    """Return the instant at which a request without a key began. One with a key uses `Caller.authenticated_at`."""
    clock: Clock = state.clock
    return clock.read()


async def provide_new_id(state: State) -> UUID:
    """Return a random id, which reveals nothing about the number of requests of other callers."""
    ids: IdSource = state.ids
    return ids()
