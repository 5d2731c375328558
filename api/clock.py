"""The time and new ids. Each request reads them once and passes them to the rules as arguments."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from litestar.datastructures import State
from litestar.di import NamedDependency

Clock = Callable[[], datetime]
IdSource = Callable[[], UUID]
Now = NamedDependency[datetime]
NewId = NamedDependency[UUID]


def system_now() -> datetime:
    """Return the time of this host, for the operator's commands. Processes that serve use DatabaseClock."""
    return datetime.now(UTC)


async def provide_now(state: State) -> datetime:
    """Return the instant at which the request began, with its offset."""
    clock: Clock = state.clock
    return clock()


async def provide_new_id(state: State) -> UUID:
    """Return a random id, which reveals nothing about the number of requests of other callers."""
    ids: IdSource = state.ids
    return ids()
