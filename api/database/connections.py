"""Create connections for each role, and begin and end transactions. No other module does either."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from alembic import command
from alembic.config import Config
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import Scope
from sqlalchemy import AsyncAdaptedQueuePool, Engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from api.database import queue
from api.database.roles import (
    APPLICATION_ROLE,
    OWNER_TIMEOUTS,
    PUBLIC_ROLE,
    PUBLISHER_ROLE,
    VIEW_ROLE,
    create_roles,
    login_url,
    set_up_roles,
)
from api.database.transaction_ids import advance_transaction_ids

driver: Any = import_module("asyncpg")  # asyncpg has no type stubs

DRIVER_ERRORS: tuple[type[Exception], ...] = (driver.PostgresError, driver.InterfaceError)
MIGRATION_LOCK_ID = 0x776F726B  # an arbitrary constant of our own
OPEN_CONNECTIONS_KEY = "connections"  # the key of a request's state for its open connections

POOL_TIMEOUT_SECONDS = 10.0
"""How long a request waits for a free connection."""

Transaction = NamedDependency[AsyncConnection]


def create_owner_engine(url: str) -> AsyncEngine:
    """Create an engine for the user in `url`, for migrations and the operator's commands."""
    return _create_engine(url, pool_size=1, **OWNER_TIMEOUTS)


def create_application_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """Create an engine for the application's login, which row-level security restricts."""
    return _create_engine(login_url(url, APPLICATION_ROLE), pool_size=pool_size)


def create_public_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """Create an engine for public reads. Its login can read the plan and releases, but no returns."""
    return _create_engine(login_url(url, PUBLIC_ROLE), pool_size=pool_size)


def create_publisher_engine(url: str) -> AsyncEngine:
    """Create an engine for publication. Its login can read returns and contributions, and write releases."""
    return _create_engine(login_url(url, PUBLISHER_ROLE), pool_size=3)


async def connect_queue_listener(url: str) -> Any:
    """Open a connection of asyncpg for the queue, with the application's login. The caller closes it."""
    return await _connect(login_url(url, APPLICATION_ROLE), "work-and-health-worker")


async def connect_release_listener(url: str) -> Any:
    """Open a connection of asyncpg for announcements of releases, with the public login. The caller closes it."""
    return await _connect(login_url(url, PUBLIC_ROLE), "work-and-health-releases")


async def _connect(url: str, name: str, **server_settings: str) -> Any:
    return await driver.connect(url, server_settings={"application_name": name} | server_settings)


def _create_engine(url: str, *, pool_size: int, **server_settings: str) -> AsyncEngine:
    async def connect() -> Any:
        return await _connect(url, "work-and-health", **server_settings)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        hide_parameters=True,
        json_serializer=_encode_json,
        json_deserializer=msgspec.json.decode,
    )


def _encode_json(value: object) -> str:
    """Encode structs without converting them first."""
    return msgspec.json.encode(value).decode()


async def migrate(engine: AsyncEngine) -> None:
    """Migrate the database to the newest schema. Processes that start together wait for each other."""
    async with engine.connect() as connection:
        await connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK_ID})
        await connection.commit()
        await create_roles(connection)
        await connection.commit()
        await _upgrade(connection)
        await queue.install_queue(connection, APPLICATION_ROLE, PUBLISHER_ROLE)
        await set_up_roles(connection)
        await connection.commit()
        await advance_transaction_ids(connection)
        await connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK_ID})
        await connection.commit()


async def _upgrade(connection: AsyncConnection) -> None:
    """Run the migrations. The first one gives a view to a role, which must for that time have the right to make one."""
    is_new = await connection.scalar(text("select to_regclass('public.programme') is null"))
    if is_new:
        await connection.execute(text(f"grant create on schema public to {VIEW_ROLE}"))
    await connection.commit()
    try:
        await connection.run_sync(lambda c: command.upgrade(build_alembic_config(c), "head"))
        await connection.commit()
    finally:
        if is_new:
            await connection.rollback()
            await connection.execute(text(f"revoke create on schema public from {VIEW_ROLE}"))
            await connection.commit()


def build_alembic_config(connection: object) -> Config:
    config = Config(toml_file=str(Path(__file__).parents[2] / "pyproject.toml"))
    config.attributes["connection"] = connection
    return config


async def provide_transaction(scope: Scope, state: State) -> AsyncIterator[AsyncConnection]:
    """Yield a transaction for the request: committed before the response is sent, rolled back if the handler raises.

    A handler may commit earlier and continue in another transaction.
    """
    async with state.engine.connect() as connection:
        await connection.begin()
        scope["state"].setdefault(OPEN_CONNECTIONS_KEY, []).append(connection)
        yield connection
        await connection.commit()


async def provide_public_transaction(scope: Scope, state: State) -> AsyncIterator[AsyncConnection]:
    """Yield a transaction for public reads, on the replica if there is one, in the public role."""
    async with state.public_engine.connect() as connection, connection.begin():
        scope["state"].setdefault(OPEN_CONNECTIONS_KEY, []).append(connection)
        yield connection


async def release_connections(_: Exception, scope: Scope) -> None:
    """Close the open connections after an exception: Litestar does not if another dependency raises."""
    for connection in scope["state"].pop(OPEN_CONNECTIONS_KEY, ()):
        await connection.close()


@asynccontextmanager
async def autocommit_connection(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Yield a connection on which each statement is its own transaction, for reads before the request's transaction.

    A semaphore makes the order fair. Without it, the pool gives a free connection to a new caller, and sends the
    callers that waited to the end of the queue.
    """
    assert isinstance(engine.pool, AsyncAdaptedQueuePool)  # noqa: S101  _create_engine makes it
    turn = _connection_turns.setdefault(engine.sync_engine, asyncio.Semaphore(engine.pool.size()))
    try:
        async with asyncio.timeout(engine.pool.timeout()):
            await turn.acquire()
    except TimeoutError:
        raise PoolTimeoutError("No connection was free in time.") from None
    try:
        async with engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")
    finally:
        turn.release()


_connection_turns: WeakKeyDictionary[Engine, asyncio.Semaphore] = WeakKeyDictionary()


@asynccontextmanager
async def driver_transaction(engine: AsyncEngine, *, commit: bool = True) -> AsyncGenerator[AsyncConnection]:
    """Yield a transaction for a part of a request: committed at the end, or rolled back if `commit` is false.

    It is a transaction of asyncpg, which begins before its first statement. SQLAlchemy would add a statement.
    """
    async with autocommit_connection(engine) as connection:
        driver_connection = _driver_connection(connection)
        transaction = driver_connection.transaction()
        try:
            await transaction.start()
            try:
                yield connection
            except BaseException:
                await transaction.rollback()
                raise
            await (transaction.commit() if commit else transaction.rollback())
        finally:
            if driver_connection.is_closed() or driver_connection.is_in_transaction():
                driver_connection.terminate()  # the pool must not reuse it
                await connection.invalidate()


def _driver_connection(connection: AsyncConnection) -> Any:
    """Return the connection of asyncpg."""
    assert connection.sync_connection is not None  # noqa: S101  it is open
    return connection.sync_connection.connection.driver_connection


async def fetch_in_transaction(connection: AsyncConnection, query: str, *values: object) -> Sequence[Any]:
    """Run a statement by asyncpg, prepared once, in the current transaction of `connection`.

    It takes a third of the time that it takes through SQLAlchemy, which matters for statements of many requests.
    """
    driver_connection = _driver_connection(connection)
    assert driver_connection.is_in_transaction(), "SQLAlchemy begins with its own first statement"  # noqa: S101
    return await driver_connection.fetch(query, *values)


async def fetch_any(connection: AsyncConnection, query: str, *values: object) -> Sequence[Any]:
    """Run a statement by asyncpg, in a transaction or not. Without one it takes one round trip instead of three."""
    driver_connection = _driver_connection(connection)
    try:
        return await driver_connection.fetch(query, *values)
    except (OSError, *DRIVER_ERRORS):
        if driver_connection.is_closed():  # the pool does not know yet
            await connection.invalidate()
        raise


async def insert_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Insert rows of Python values, which asyncpg encodes as it sends them. Row-level security forbids COPY."""
    values = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    statement = f"insert into {table} ({', '.join(columns)}) values ({values})"  # noqa: S608  constants of the caller
    await _driver_connection(connection).executemany(statement, rows)
