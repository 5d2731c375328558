"""Background jobs in PostgreSQL, by PgQueuer, in their own schema.

A job is committed with the transaction that enqueues it. If a worker dies, another worker runs its job as soon as the
heartbeat is late.
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
    # PgQueuer is slow to import, and most requests enqueue no job.
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


async def install_queue(connection: AsyncConnection, role: str, remover: str) -> None:
    """Install or upgrade the queue's tables. Let `role` enqueue and run jobs, and `remover` remove queued ones."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    queries = _create_queries(raw)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
    await connection.execute(text(f"grant usage on schema {QUEUE_SCHEMA} to {role}, {remover}"))
    await connection.execute(text(f"grant select, delete on {QUEUE_SCHEMA}.pgqueuer to {remover}"))
    await connection.execute(
        text(f"grant select, insert, update, delete on all tables in schema {QUEUE_SCHEMA} to {role}")
    )
    await connection.execute(text(f"grant usage on all sequences in schema {QUEUE_SCHEMA} to {role}"))


async def enqueue(transaction: AsyncConnection, kind: str, payload: bytes) -> None:
    """Enqueue a job, which a worker runs once the transaction is committed."""
    raw: Any = (await transaction.get_raw_connection()).driver_connection
    await _create_queries(raw).enqueue(kind, payload)


async def remove_queued(transaction: AsyncConnection, kind: str, payload: bytes) -> None:
    """Remove the jobs of this content that no worker runs yet, because the running one does their work."""
    await transaction.execute(
        text("delete from queue.pgqueuer where entrypoint = :kind and payload = :payload and status = 'queued'"),
        {"kind": kind, "payload": payload},
    )


async def process_jobs(connection: Any, handlers: Mapping[str, JobHandler], *, until_empty: bool = False) -> None:
    """Run jobs until stopped, or until the queue is empty. All workers together run one job of each kind at a time.

    `connection` is a connection of asyncpg that listens: nothing else may use it.
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
    async def run_job(job: "Job") -> None:
        await handler(job.payload or b"")

    return run_job
