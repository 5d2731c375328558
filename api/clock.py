"""What time it is, and new ids: arguments of every rule, asked for once a request."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from litestar.datastructures import State
from litestar.di import NamedDependency

Clock = Callable[[], datetime]
Ids = Callable[[], UUID]
Now = NamedDependency[datetime]
NewId = NamedDependency[UUID]


def system() -> datetime:
    return datetime.now(UTC)


async def now(state: State) -> datetime:
    """The instant at which the request began, with its offset."""
    clock: Clock = state.clock
    return clock()


async def new_id(state: State) -> UUID:
    """Random: it tells nothing of how much others do."""
    ids: Ids = state.ids
    return ids()
