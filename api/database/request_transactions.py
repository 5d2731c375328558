"""Provide the transaction of each request, and release its connection when the request fails."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from litestar.datastructures import State
from litestar.types import Scope
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import get_driver_connection, send_commit
from api.database.failures import DRIVER_ERRORS
from api.database.shares import claim_share, count_wait

OPEN_CONNECTIONS_KEY = "connections"  # the key of a request's state for its open connections


async def provide_transaction(scope: Scope, state: State) -> AsyncIterator[AsyncConnection]:
    """Yield a transaction for the request: committed before the response is sent, rolled back if the handler raises.

    A handler may commit earlier and continue in another transaction. Raises CommitLost.
    """
    async with _connect_request(scope, state.engine) as connection:
        await connection.begin()
        yield connection
        await send_commit(get_driver_connection(connection), connection.commit)


async def provide_public_transaction(scope: Scope, state: State) -> AsyncIterator[AsyncConnection]:
    """Yield a transaction for public reads, in the public role."""
    async with _connect_request(scope, state.public_engine) as connection, connection.begin():
        yield connection


@asynccontextmanager
async def _connect_request(scope: Scope, engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    async with AsyncExitStack() as stack:
        scope["state"].setdefault(OPEN_CONNECTIONS_KEY, []).append(stack)
        await stack.enter_async_context(claim_share(engine))
        with count_wait("connection"):
            connection = await stack.enter_async_context(engine.connect())
        yield connection


async def release_connections(_: Exception, scope: Scope) -> None:
    """Close the open connections after an exception: Litestar does not if another dependency raises."""
    for stack in scope["state"].pop(OPEN_CONNECTIONS_KEY, ()):
        with suppress(OSError, SQLAlchemyError, *DRIVER_ERRORS):  # it has ended already; the exception is reported
            await stack.aclose()
