"""The process that makes releases: it takes one job after another from the queue, until it is stopped."""

import asyncio
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from api import clock
from api.database import connections, queue
from api.releases.job import Publisher
from api.releases.queries_jobs import PUBLISH_JOB_KIND

log = logging.getLogger("work_health")
RETRY_SECONDS = 5  # seconds


async def run_forever(url: str, *, processes: int) -> None:
    """Work until stopped, and begin again where the database was away for a while."""
    while True:
        try:
            await run_jobs(url, processes=processes)
        except (OSError, RuntimeError, *connections.DRIVER_ERRORS):
            log.exception("The worker lost the database; it begins again.")
        await asyncio.sleep(RETRY_SECONDS)


async def run_jobs(url: str, *, processes: int, until_empty: bool = False) -> None:
    """Do the jobs of a database, spreading the audits of each release over so many processes."""
    engine = connections.create_publisher_engine(url)
    connection = await connections.connect_queue_listener(url)
    pool = AuditPool(processes)
    try:
        publisher = Publisher(engine, clock.system_now, map_tasks=pool.map_audits, max_concurrent_scopes=processes)
        await queue.process_jobs(connection, {PUBLISH_JOB_KIND: publisher.handle}, until_empty=until_empty)
    finally:
        pool.close()
        await connection.close()
        await engine.dispose()


class AuditPool:
    """Processes for the audits, begun when the first is needed."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def map_audits(self, audit: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterable[Any]:
        every = list(tasks)
        if self._processes == 1:
            return map(audit, every)
        with self._lock:
            if self._pool is None:
                # A fork would take over the threads' locks and the connections.
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self._processes, mp_context=context, initializer=_exit_with_parent)
        return self._pool.map(audit, every)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _exit_with_parent() -> None:
    """A worker that is killed leaves no audits running behind it."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
