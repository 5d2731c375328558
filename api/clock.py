"""What time it is, and new ids: arguments of every rule, asked for once a request."""

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
    return datetime.now(UTC)


async def provide_now(state: State) -> datetime:
    """The instant at which the request began, with its offset."""
    clock: Clock = state.clock
    return clock()


async def provide_new_id(state: State) -> UUID:
    """Random: it tells nothing of how much others do."""
    ids: IdSource = state.ids
    return ids()
