"""Create connections for each role, and begin and end transactions. No other module does either."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from alembic import command
from alembic.config import Config
from litestar.di import NamedDependency
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from api.database import queue
from api.database.failures import (
    DRIVER_ERRORS,
    UNWRITABLE_STATES,
    CommitLost,
    DatabaseUnreachable,
    driver,
    find_sqlstate,
    is_connection_lost,
)
from api.database.migration_locks import repeat_until_unlocked
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
from api.database.shares import acquire_in_time, claim_share, count_wait, get_pool
from api.database.transaction_ids import advance_transaction_ids

log = logging.getLogger("work_health")

MIGRATION_LOCK_ID = 0x776F726B  # an arbitrary constant of our own

POOL_TIMEOUT_SECONDS = 10.0
"""How long a request waits for a free connection."""
CONNECT_SECONDS = 5.0
"""How long making a connection may take."""

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


async def connect_pulse(url: str, role: str) -> Any:
    """Open a connection of asyncpg for the pulse of a database. The caller closes it."""
    return await _connect(login_url(url, role), "work-and-health-pulse")


async def _connect(url: str, name: str, **server_settings: str) -> Any:
    """Raises DatabaseUnreachable."""
    settings = {"application_name": name} | server_settings
    try:
        return await driver.connect(url, timeout=CONNECT_SECONDS, server_settings=settings)
    except OSError as error:  # a TimeoutError is one
        raise DatabaseUnreachable(str(error) or "timeout") from error


def _create_engine(url: str, *, pool_size: int, **server_settings: str) -> AsyncEngine:
    async def connect() -> Any:
        return await _connect(url, "work-and-health", **server_settings)

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        hide_parameters=True,
        json_serializer=_encode_json,
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine.sync_engine, "checkout", _replace_if_closed)
    return engine


def _replace_if_closed(dbapi_connection: Any, *_: object) -> None:
    """Let the pool make a new connection in place of one that ended while nobody used it. It takes no round trip."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError("The connection ended.")


def _encode_json(value: object) -> str:
    """Encode structs without converting them first."""
    return msgspec.json.encode(value).decode()


async def migrate(engine: AsyncEngine) -> None:
    """Migrate the database to the newest schema. Processes that start together wait for each other."""
    async with engine.connect() as connection:
        await _lock_migrations(connection)
        await create_roles(connection)
        await connection.commit()
        await _upgrade(connection)
        await queue.install_queue(connection, APPLICATION_ROLE, PUBLISHER_ROLE)
        await set_up_roles(connection)
        await connection.commit()
        await advance_transaction_ids(connection)
        await connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK_ID})
        await connection.commit()


async def _lock_migrations(connection: AsyncConnection) -> None:
    lock = {"lock": MIGRATION_LOCK_ID}
    if not await connection.scalar(text("select pg_try_advisory_lock(:lock)"), lock):
        log.warning("Another process migrates this database. Waiting until it has finished.")
        await connection.execute(text("select pg_advisory_lock(:lock)"), lock)
    await connection.commit()


async def _upgrade(connection: AsyncConnection) -> None:
    """Run the migrations. The first one gives a view to a role, which must for that time have the right to make one."""
    is_new = await connection.scalar(text("select to_regclass('public.programme') is null"))
    if is_new:
        await connection.execute(text(f"grant create on schema public to {VIEW_ROLE}"))
    await connection.commit()
    try:
        await repeat_until_unlocked(
            connection, lambda: connection.run_sync(lambda c: command.upgrade(build_alembic_config(c), "head"))
        )
        await connection.commit()
    finally:
        # Also if this process did not grant it: the one that did may have been killed.
        await connection.rollback()
        await connection.execute(text(f"revoke create on schema public from {VIEW_ROLE}"))
        await connection.commit()


def build_alembic_config(connection: object) -> Config:
    config = Config(toml_file=str(Path(__file__).parents[2] / "pyproject.toml"))
    config.attributes["connection"] = connection
    return config


@asynccontextmanager
async def autocommit_connection(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Yield a connection on which each statement is its own transaction, for reads before the request's transaction.

    A semaphore makes the order fair. Without it, the pool gives a free connection to a new caller, and sends the
    callers that waited to the end of the queue.
    """
    pool = get_pool(engine)
    turn = _connection_turns.setdefault(engine.sync_engine, asyncio.Semaphore(pool.size()))
    async with claim_share(engine):
        with count_wait("connection"):
            await acquire_in_time(turn, pool.timeout())
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
    Raises CommitLost.
    """
    async with autocommit_connection(engine) as connection:
        driver_connection = get_driver_connection(connection)
        transaction = driver_connection.transaction()
        try:
            await transaction.start()
            try:
                yield connection
            except BaseException:
                if not driver_connection.is_closed():
                    await transaction.rollback()
                raise
            await (send_commit(driver_connection, transaction.commit) if commit else transaction.rollback())
        finally:
            if driver_connection.is_closed() or driver_connection.is_in_transaction():
                driver_connection.terminate()  # the pool must not reuse it
                await connection.invalidate()


async def send_commit(driver_connection: Any, send: Callable[[], Awaitable[None]]) -> None:
    """Commit. Raises CommitLost if the connection ends before the answer."""
    was_closed = driver_connection.is_closed()
    try:
        await send()
    except Exception as error:
        if not was_closed and (driver_connection.is_closed() or is_connection_lost(error)):
            raise CommitLost from error
        raise


def get_driver_connection(connection: AsyncConnection) -> Any:
    """Return the connection of asyncpg."""
    assert connection.sync_connection is not None  # noqa: S101  it is open
    return connection.sync_connection.connection.driver_connection


@asynccontextmanager
async def _use_driver(connection: AsyncConnection) -> AsyncGenerator[Any]:
    """Yield the connection of asyncpg. If it ends, SQLAlchemy is informed, which does not see its errors."""
    driver_connection = get_driver_connection(connection)
    try:
        yield driver_connection
    except (OSError, *DRIVER_ERRORS):
        if driver_connection.is_closed():
            await connection.invalidate()
        raise


async def fetch_in_transaction(connection: AsyncConnection, query: str, *values: object) -> Sequence[Any]:
    """Run a statement by asyncpg, prepared once, in the current transaction of `connection`.

    It takes a third of the time that it takes through SQLAlchemy, which matters for statements of many requests.
    """
    async with _use_driver(connection) as driver_connection:
        assert driver_connection.is_in_transaction(), "SQLAlchemy begins with its own first statement"  # noqa: S101
        return await driver_connection.fetch(query, *values)


async def fetch_any(connection: AsyncConnection, query: str, *values: object) -> Sequence[Any]:
    """Run a statement by asyncpg, in a transaction or not. Without one it takes one round trip instead of three."""
    async with _use_driver(connection) as driver_connection:
        return await driver_connection.fetch(query, *values)


async def try_statement(connection: AsyncConnection, query: str, *values: object) -> None:
    """Run a statement that may fail because nothing can be written now. Then the transaction goes on without it."""
    try:
        async with _use_driver(connection) as driver_connection, driver_connection.transaction():  # or a savepoint
            await driver_connection.execute(query, *values)
    except driver.PostgresError as error:
        if find_sqlstate(error) not in UNWRITABLE_STATES:
            raise


async def insert_rows(
    connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]
) -> None:
    """Insert rows of Python values, which asyncpg encodes as it sends them. Row-level security forbids COPY."""
    values = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    statement = f"insert into {table} ({', '.join(columns)}) values ({values})"  # noqa: S608  constants of the caller
    async with _use_driver(connection) as driver_connection:
        await driver_connection.executemany(statement, rows)
