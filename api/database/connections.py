"""The one place where connections are made and a transaction begins and ends."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
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
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from api.database import queue

driver: Any = import_module("asyncpg")  # it has no type stubs

DRIVER_ERRORS: tuple[type[Exception], ...] = (driver.PostgresError, driver.InterfaceError)
APPLICATION_ROLE = "work_health_app"
PUBLIC_ROLE = "work_health_public"
PUBLISHER_ROLE = "work_health_publisher"
MIGRATION_LOCK_ID = 0x776F726B  # any constant will do, as long as it is ours
OPEN_CONNECTIONS_KEY = "connections"  # under which a request's state has those that it holds

Transaction = NamedDependency[AsyncConnection]


def create_owner_engine(url: str) -> AsyncEngine:
    """Connections of the user named in `url`, for migrations and the operator's commands."""
    return _create_engine(url, pool_size=1)


def create_application_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """Connections that have taken on the application's role, which row-level security binds.

    The role is set while connecting, so that even `reset role` returns to it.
    """
    return _create_engine(url, pool_size=pool_size, role=APPLICATION_ROLE)


def create_public_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """Connections for what everybody may read: they can see the plan and releases, and nothing that was returned."""
    return _create_engine(url, pool_size=pool_size, role=PUBLIC_ROLE)


def create_publisher_engine(url: str) -> AsyncEngine:
    """Connections that make releases: besides all that the application may, they write where the others read."""
    return _create_engine(url, pool_size=2, role=PUBLISHER_ROLE)


async def connect_queue_listener(url: str) -> Any:
    """One connection of the driver's own, in the application's role, for the queue. The caller closes it."""
    return await driver.connect(
        url, server_settings={"application_name": "work-and-health-worker", "role": APPLICATION_ROLE}
    )


def _create_engine(url: str, *, pool_size: int, **server_settings: str) -> AsyncEngine:
    async def connect() -> Any:
        return await driver.connect(url, server_settings={"application_name": "work-and-health"} | server_settings)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        json_serializer=_encode_json,
        json_deserializer=msgspec.json.decode,
    )


def _encode_json(value: object) -> str:
    """Structs as they are."""
    return msgspec.json.encode(value).decode()


async def migrate(engine: AsyncEngine) -> None:
    """Bring the database to the newest schema. Processes that start together wait for each other."""
    async with engine.connect() as connection:
        await connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK_ID})
        await connection.commit()
        await connection.run_sync(lambda c: command.upgrade(build_alembic_config(c), "head"))
        await connection.commit()
        await queue.install_queue(connection, APPLICATION_ROLE)
        await connection.commit()
        await connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK_ID})
        await connection.commit()


def build_alembic_config(connection: object) -> Config:
    config = Config(toml_file=str(Path(__file__).parents[2] / "pyproject.toml"))
    config.attributes["connection"] = connection
    return config


async def provide_transaction(scope: Scope, state: State) -> AsyncIterator[AsyncConnection]:
    """One for each request: committed before the answer is sent, rolled back if the handler raises."""
    async with state.engine.connect() as connection, connection.begin():
        scope["state"].setdefault(OPEN_CONNECTIONS_KEY, []).append(connection)
        yield connection


async def provide_public_transaction(scope: Scope, state: State) -> AsyncIterator[AsyncConnection]:
    """The same for reads that everybody may make, in the role that can see releases alone; of a replica, if any."""
    async with state.public_engine.connect() as connection, connection.begin():
        scope["state"].setdefault(OPEN_CONNECTIONS_KEY, []).append(connection)
        yield connection


async def release_connections(_: Exception, scope: Scope) -> None:
    """When something raises: the framework closes what a dependency opened, but not if it is another that raises."""
    for connection in scope["state"].pop(OPEN_CONNECTIONS_KEY, ()):
        await connection.close()


@asynccontextmanager
async def autocommit_connection(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """A connection on which each statement is a transaction of its own: for what is asked before anything is done.

    Whoever comes first is first: the pool gives a connection to whoever asks in the moment that it is free, and sends
    those that have waited for it to the end of the queue.
    """
    assert isinstance(engine.pool, AsyncAdaptedQueuePool)  # noqa: S101  as _engine makes it
    turn = _connection_turns.setdefault(engine.sync_engine, asyncio.Semaphore(engine.pool.size()))
    async with turn, engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


_connection_turns: WeakKeyDictionary[Engine, asyncio.Semaphore] = WeakKeyDictionary()


@asynccontextmanager
async def driver_transaction(engine: AsyncEngine, *, commit: bool = True) -> AsyncGenerator[AsyncConnection]:
    """A transaction for a part of a request: committed at the end, or undone where it is not to be kept.

    It is the driver's own, which has begun before its first statement; SQLAlchemy's begins with one of its own.
    """
    async with autocommit_connection(engine) as connection:
        driven = _driver_connection(connection)
        own = driven.transaction()
        try:
            await own.start()
            try:
                yield connection
            except BaseException:
                await own.rollback()
                raise
            await (own.commit() if commit else own.rollback())
        finally:
            if driven.is_closed() or driven.is_in_transaction():  # nobody else is to get it from the pool
                driven.terminate()
                await connection.invalidate()


def _driver_connection(connection: AsyncConnection) -> Any:
    """The driver's own connection."""
    assert connection.sync_connection is not None  # noqa: S101  it has been opened
    return connection.sync_connection.connection.driver_connection


async def fetch_in_transaction(connection: AsyncConnection, query: str, *values: object) -> Sequence[Any]:
    """One statement by the driver, prepared once, inside the transaction that `connection` is in.

    It costs a third of what the same costs through SQLAlchemy, which tells for a statement on many requests' way.
    """
    driven = _driver_connection(connection)
    assert driven.is_in_transaction(), "SQLAlchemy begins with its own first statement"  # noqa: S101
    return await driven.fetch(query, *values)


async def fetch_any(connection: AsyncConnection, query: str, *values: object) -> Sequence[Any]:
    """The same, in a transaction or not: where none has begun, it costs one round trip instead of three."""
    driven = _driver_connection(connection)
    try:
        return await driven.fetch(query, *values)
    except (OSError, *DRIVER_ERRORS):
        if driven.is_closed():  # the pool has not heard of it
            await connection.invalidate()
        raise


async def copy_binary_in(
    connection: AsyncConnection, table: str, columns: Sequence[str], content: Iterable[bytes]
) -> None:
    """Write rows in the binary COPY format, inside the transaction that `connection` is in."""

    async def source() -> AsyncIterator[bytes]:
        for piece in content:
            yield piece

    driven = _driver_connection(connection)
    await driven.copy_to_table(table, source=source(), columns=columns, format="binary")


async def copy_records_in(
    connection: AsyncConnection, schema: str, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """The same for rows as Python has them, encoded by the driver as they are sent."""
    driven = _driver_connection(connection)
    await driven.copy_records_to_table(table, schema_name=schema, columns=columns, records=rows)


async def copy_binary_out(connection: AsyncConnection, query: str, on_chunk: Callable[[bytes], None]) -> None:
    """Hand over what a query finds, in the binary COPY format, piece by piece.

    It takes no parameters: only numbers may be written into it.
    """

    async def output(piece: bytes) -> None:
        on_chunk(piece)

    driven = _driver_connection(connection)
    await driven.copy_from_query(query, output=output, format="binary")
