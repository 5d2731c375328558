"""The worker process, which protects returns and makes releases: it runs jobs of the queue until it is stopped."""

import asyncio
import logging
import multiprocessing
import signal
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy.exc import DBAPIError

from api import retention
from api.database import connections, queue
from api.database.heartbeats import beat_forever
from api.database.repetition import repeat_forever
from api.database.requirements import is_mistake
from api.database.walls import require_walls
from api.monitoring.tracing import Tracing, start_tracing
from api.parent_process import exit_with_parent
from api.protection.job import Protector
from api.releases.job import Publisher
from api.releases.queries_jobs import PUBLISH_JOB_KIND
from api.reviews.queries_reviews import PROTECT_JOB_KIND

log = logging.getLogger("work_health")
RETRY_SECONDS = 5
PUT_BACK_SECONDS = 60


async def run_until_stopped(url: str, publisher_url: str, *, processes: int) -> None:
    """Run jobs until SIGTERM or SIGINT. A running job then goes back into the queue.

    `publisher_url` is the URL of the database with the login that publishes.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tracing = start_tracing("worker")
    await run_through_outages(url, publisher_url, stop, processes=processes, tracing=tracing)
    if tracing:
        await asyncio.to_thread(tracing.stop)


async def run_through_outages(
    url: str, publisher_url: str, stop: asyncio.Event, *, processes: int, tracing: Tracing | None = None
) -> None:
    """Run jobs until `stop`. Start again if the database was unavailable, but not if it refuses the login."""
    while not stop.is_set():
        try:
            await run_jobs(url, publisher_url, stop, processes=processes, tracing=tracing)
        except (OSError, RuntimeError, DBAPIError, *connections.DRIVER_ERRORS) as error:
            if is_mistake(error):
                raise
            log.exception("The worker lost its connection to the database and starts again.")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RETRY_SECONDS)


async def run_jobs(
    url: str, publisher_url: str, stop: asyncio.Event, *, processes: int, tracing: Tracing | None = None
) -> None:
    """Run the jobs of a database until `stop`, with the audits in this number of processes."""
    engine = connections.create_publisher_engine(publisher_url)
    if tracing:
        tracing.trace_statements(engine)
    connection = await connections.connect_queue_listener(url)
    pool = AuditPool(processes)
    protector = Protector(engine, map_tasks=pool.map_audits, max_concurrent=processes)
    publisher = Publisher(protector)
    put_back = partial(repeat_forever, publisher.put_back_lost_jobs, PUT_BACK_SECONDS)
    background = [
        asyncio.create_task(retention.delete_forever(engine)),
        asyncio.create_task(beat_forever(engine, uuid.uuid4())),
        asyncio.create_task(put_back(failure="Lost publications could not be put back.")),
        asyncio.create_task(_stop_audits(stop, pool)),
    ]
    try:
        await require_walls(engine)
        handlers: dict[str, queue.JobHandler] = {PROTECT_JOB_KIND: protector, PUBLISH_JOB_KIND: publisher}
        if tracing:
            handlers = {kind: tracing.trace_jobs(kind, handler) for kind, handler in handlers.items()}
        await queue.process_jobs(connection, handlers, stop)
    finally:
        for task in background:
            task.cancel()
        pool.close()
        await connection.close()
        await engine.dispose()


async def _stop_audits(stop: asyncio.Event, pool: "AuditPool") -> None:
    """End the audits, whose results nobody will wait for: a job calculates again what it has not stored."""
    await stop.wait()
    pool.kill()


class AuditPool:
    """Processes for the audits, which start with the first audit."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def map_audits(self, audit: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterable[Any]:
        task_list = list(tasks)
        if self._processes == 1:
            return map(audit, task_list)
        pool = self._open_pool()
        try:
            return list(pool.map(audit, task_list))
        except BrokenProcessPool:  # one of its processes was killed; the pool cannot be used again
            with self._lock:
                if self._pool is pool:
                    self._pool = None
            raise

    def _open_pool(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                # A fork would copy the locks of threads and the connections.
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self._processes, mp_context=context, initializer=exit_with_parent)
            return self._pool

    def kill(self) -> None:
        """End the processes, also in the middle of an audit, which then raises BrokenProcessPool."""
        for process in multiprocessing.active_children():
            process.terminate()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
