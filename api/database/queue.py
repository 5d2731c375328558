"""Work that outlasts a request: jobs in PostgreSQL, by PgQueuer, in a schema of their own.

A job that is put in goes with the transaction that puts it in. A worker that dies leaves its job to the next one, as
soon as its heartbeat is late.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from pgqueuer.adapters.persistence.queries import Queries
    from pgqueuer.domain.models import Job

SCHEMA = "queue"
LATE = timedelta(seconds=20)
Handler = Callable[[bytes], Awaitable[None]]


def _queries(connection: Any) -> "Queries":
    # It takes its time to load, and few requests put a job in.
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver  # noqa: PLC0415
    from pgqueuer.adapters.persistence import qb  # noqa: PLC0415
    from pgqueuer.adapters.persistence.queries import Queries  # noqa: PLC0415
    from pgqueuer.domain.settings import DBSettings  # noqa: PLC0415

    settings = DBSettings(db_schema=SCHEMA)
    return Queries(
        AsyncpgDriver(connection),
        qbe=qb.QueryBuilderEnvironment(settings=settings),
        qbq=qb.QueryQueueBuilder(settings=settings),
        qbs=qb.QuerySchedulerBuilder(settings=settings),
    )


async def install(connection: AsyncConnection, role: str) -> None:
    """Bring the queue's own tables to the version of the library; `role` puts jobs in and does them."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    queries = _queries(raw)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
    await connection.execute(text(f"grant usage on schema {SCHEMA} to {role}"))
    await connection.execute(text(f"grant select, insert, update, delete on all tables in schema {SCHEMA} to {role}"))
    await connection.execute(text(f"grant usage on all sequences in schema {SCHEMA} to {role}"))


async def put(transaction: AsyncConnection, kind: str, payload: bytes) -> None:
    """A job of a kind, to be done once the transaction is committed."""
    raw: Any = (await transaction.get_raw_connection()).driver_connection
    await _queries(raw).enqueue(kind, payload)


async def work(connection: Any, handlers: Mapping[str, Handler], *, until_empty: bool = False) -> None:
    """Do jobs, one of each kind at a time over all workers, until stopped, or until none is left.

    `connection` is asyncpg's own: it listens, and nothing else may use it.
    """
    from pgqueuer.core.qm import QueueManager  # noqa: PLC0415
    from pgqueuer.domain.types import QueueExecutionMode  # noqa: PLC0415

    manager = QueueManager(_queries(connection))
    for kind, handler in handlers.items():
        manager.entrypoint(kind, concurrency_limit=1)(_entrypoint(handler))
    mode = QueueExecutionMode.drain if until_empty else QueueExecutionMode.continuous
    await manager.run(mode=mode, batch_size=1, heartbeat_timeout=LATE, dequeue_timeout=timedelta(seconds=5))


def _entrypoint(handler: Handler) -> "Callable[[Job], Awaitable[None]]":
    async def done(job: "Job") -> None:
        await handler(job.payload or b"")

    return done
