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

QUEUE_SCHEMA = "queue"
HEARTBEAT_TIMEOUT = timedelta(seconds=20)
JobHandler = Callable[[bytes], Awaitable[None]]


def _create_queries(connection: Any) -> "Queries":
    # It takes its time to load, and few requests put a job in.
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver  # noqa: PLC0415
    from pgqueuer.adapters.persistence import qb  # noqa: PLC0415
    from pgqueuer.adapters.persistence.queries import Queries  # noqa: PLC0415
    from pgqueuer.domain.settings import DBSettings  # noqa: PLC0415

    settings = DBSettings(db_schema=QUEUE_SCHEMA)
    return Queries(
        AsyncpgDriver(connection),
        qbe=qb.QueryBuilderEnvironment(settings=settings),
        qbq=qb.QueryQueueBuilder(settings=settings),
        qbs=qb.QuerySchedulerBuilder(settings=settings),
    )


async def install_queue(connection: AsyncConnection, role: str) -> None:
    """Bring the queue's own tables to the version of the library; `role` puts jobs in and does them."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    queries = _create_queries(raw)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
    await connection.execute(text(f"grant usage on schema {QUEUE_SCHEMA} to {role}"))
    await connection.execute(
        text(f"grant select, insert, update, delete on all tables in schema {QUEUE_SCHEMA} to {role}")
    )
    await connection.execute(text(f"grant usage on all sequences in schema {QUEUE_SCHEMA} to {role}"))


async def enqueue(transaction: AsyncConnection, kind: str, payload: bytes) -> None:
    """A job of a kind, to be done once the transaction is committed."""
    raw: Any = (await transaction.get_raw_connection()).driver_connection
    await _create_queries(raw).enqueue(kind, payload)


async def process_jobs(connection: Any, handlers: Mapping[str, JobHandler], *, until_empty: bool = False) -> None:
    """Do jobs, one of each kind at a time over all workers, until stopped, or until none is left.

    `connection` is asyncpg's own: it listens, and nothing else may use it.
    """
    from pgqueuer.core.qm import QueueManager  # noqa: PLC0415
    from pgqueuer.domain.types import QueueExecutionMode  # noqa: PLC0415

    manager = QueueManager(_create_queries(connection))
    for kind, handler in handlers.items():
        manager.entrypoint(kind, concurrency_limit=1)(_wrap_handler(handler))
    mode = QueueExecutionMode.drain if until_empty else QueueExecutionMode.continuous
    await manager.run(
        mode=mode, batch_size=1, heartbeat_timeout=HEARTBEAT_TIMEOUT, dequeue_timeout=timedelta(seconds=5)
    )


def _wrap_handler(handler: JobHandler) -> "Callable[[Job], Awaitable[None]]":
    async def done(job: "Job") -> None:
        await handler(job.payload or b"")

    return done
