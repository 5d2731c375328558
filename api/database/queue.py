"""Background jobs in PostgreSQL, by PgQueuer, in their own schema.

A job is committed with the transaction that enqueues it. It leaves the queue when it has succeeded or has begun
`MAX_TRIES` times. If a worker dies, another worker runs its job as soon as the heartbeat is late. If a worker is
stopped, its job waits in the queue for the next one.
"""

import asyncio
import importlib
import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    from pgqueuer.adapters.persistence.queries import Queries
    from pgqueuer.domain.models import Job

log = logging.getLogger("work_health")

QUEUE_SCHEMA = "queue"
HEARTBEAT_TIMEOUT = timedelta(seconds=20)
MAX_TRIES = 5
RETRY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 20, 60, 180))
"""How long a job waits after each try that failed."""
_IMPORTING = threading.Lock()


class JobHandler(Protocol):
    """Run jobs of one kind. A job can be interrupted at any point, and continues when it runs again."""

    async def handle(self, payload: bytes) -> None: ...

    async def give_up(self, payload: bytes, reason: str) -> None:
        """Record that the job will not run again."""
        ...


def _import_pgqueuer() -> None:
    """Import all of PgQueuer, which is slow. Of two threads that import it at once, one would see a half of it."""
    with _IMPORTING:
        importlib.import_module("pgqueuer")


def _create_queries(connection: Any) -> "Queries":
    _import_pgqueuer()
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


async def install_queue(connection: AsyncConnection, role: str, publisher: str) -> None:
    """Install or upgrade the queue's tables. Let `role` enqueue and run jobs, and `publisher` add and remove them."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    queries = _create_queries(raw)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
    await connection.execute(text(f"grant usage on schema {QUEUE_SCHEMA} to {role}, {publisher}"))
    await connection.execute(text(f"grant select, insert, delete on {QUEUE_SCHEMA}.pgqueuer to {publisher}"))
    await connection.execute(text(f"grant insert on {QUEUE_SCHEMA}.pgqueuer_log to {publisher}"))
    await connection.execute(
        text(f"grant select, insert, update, delete on all tables in schema {QUEUE_SCHEMA} to {role}")
    )
    await connection.execute(text(f"grant usage on all sequences in schema {QUEUE_SCHEMA} to {role}, {publisher}"))


async def enqueue(transaction: AsyncConnection, kind: str, payload: bytes) -> None:
    """Enqueue a job, which a worker runs once the transaction is committed."""
    raw: Any = (await transaction.get_raw_connection()).driver_connection
    # The first job of a process imports PgQueuer, for up to a quarter of a second: in a thread, so that none waits.
    queries = await asyncio.to_thread(_create_queries, raw)
    await queries.enqueue(kind, payload)


async def remove_queued(transaction: AsyncConnection, kind: str, payload: bytes) -> None:
    """Remove the jobs of this content that no worker runs yet, because the running one does their work."""
    await transaction.execute(
        text("delete from queue.pgqueuer where entrypoint = :kind and payload = :payload and status = 'queued'"),
        {"kind": kind, "payload": payload},
    )


async def list_payloads(transaction: AsyncConnection, kind: str) -> set[bytes]:
    """Return the contents of all jobs of a kind that are queued or running."""
    rows = await transaction.execute(
        text("select payload from queue.pgqueuer where entrypoint = :kind"), {"kind": kind}
    )
    return set(rows.scalars())


async def process_jobs(
    connection: Any,
    handlers: Mapping[str, JobHandler],
    stop: asyncio.Event,
    *,
    until_empty: bool = False,
    retry_delays: Sequence[timedelta] = RETRY_DELAYS,
) -> None:
    """Run jobs until `stop` is set, or the queue is empty. All workers together run one job of each kind at a time.

    `connection` is a connection of asyncpg that listens: nothing else may use it. `stop` interrupts running jobs and
    puts them back into the queue.
    """
    await asyncio.to_thread(_import_pgqueuer)
    from pgqueuer.core.qm import QueueManager  # noqa: PLC0415
    from pgqueuer.domain.types import QueueExecutionMode  # noqa: PLC0415

    manager = QueueManager(_create_queries(connection))
    for kind, handler in handlers.items():
        runner = _JobRunner(manager.queries, handler, stop, retry_delays)
        manager.entrypoint(kind, concurrency_limit=1)(runner.run)

    async def shut_down() -> None:
        await stop.wait()
        manager.shutdown.set()

    shutting_down = asyncio.create_task(shut_down())
    mode = QueueExecutionMode.drain if until_empty else QueueExecutionMode.continuous
    try:
        await manager.run(
            mode=mode, batch_size=1, heartbeat_timeout=HEARTBEAT_TIMEOUT, dequeue_timeout=timedelta(seconds=1)
        )
    finally:
        shutting_down.cancel()


class _JobRunner:
    """Run jobs of one kind, and count how often each begins: a job that kills its worker must end too."""

    def __init__(
        self, queries: Any, handler: JobHandler, stop: asyncio.Event, retry_delays: Sequence[timedelta]
    ) -> None:
        self._queries, self._handler, self._stop, self._retry_delays = queries, handler, stop, retry_delays

    async def run(self, job: "Job") -> None:
        from pgqueuer.domain.errors import RetryRequested  # noqa: PLC0415

        payload, tries = job.payload or b"", job.attempts + 1
        if tries > MAX_TRIES:
            await self._give_up(job, "Each worker that ran it was killed.")
            return
        await self._store_attempts(job, tries)
        try:
            is_interrupted = await self._run_until_stopped(payload)
        except Exception as error:
            reason = _name_error(error)
            if tries == MAX_TRIES:
                await self._give_up(job, reason)
                raise
            log.warning("The job %s (%s) failed and will be tried again.", job.entrypoint, payload, exc_info=True)
            await self._store_attempts(job, tries - 1)  # PgQueuer adds one
            raise RetryRequested(self._retry_delays[tries - 1], reason) from error
        if is_interrupted:
            await self._store_attempts(job, tries - 2)  # this was no fault of the job
            raise RetryRequested(reason="The worker was stopped.")

    async def _run_until_stopped(self, payload: bytes) -> bool:
        """Return True if the handler was interrupted."""
        running = asyncio.ensure_future(self._handler.handle(payload))
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if self._stop.is_set():
            running.cancel()
            await asyncio.wait({running})
            return running.cancelled() or running.exception() is not None
        running.result()
        return False

    async def _give_up(self, job: "Job", reason: str) -> None:
        log.error("The job %s (%s) ends after %d tries: %s", job.entrypoint, job.payload, MAX_TRIES, reason)
        await self._handler.give_up(job.payload or b"", reason)

    async def _store_attempts(self, job: "Job", attempts: int) -> None:
        await self._queries.driver.execute("update queue.pgqueuer set attempts = $2 where id = $1", job.id, attempts)


def _name_error(error: BaseException) -> str:
    """Return the kind of an error. Its text may contain a partner's figures, which belong only in the log."""
    if isinstance(error, BaseExceptionGroup):
        return _name_error(cast("BaseExceptionGroup[BaseException]", error).exceptions[0])
    return type(error).__name__
