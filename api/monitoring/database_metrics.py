"""The metrics that come from the database. A scrape answers without them while the database does not."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database.connections import autocommit_connection
from api.monitoring.queries_metrics import DatabaseState, PublicationCounts, fetch_database_state
from schema.publication_jobs import PublicationJobState

log = logging.getLogger("work_health")

READ_TIMEOUT_SECONDS = 2.0
STATE_SECONDS = 5.0
"""How long a state is used again, so that no number of scrapes costs the database anything."""
OPEN_STATES = (PublicationJobState.QUEUED, PublicationJobState.RUNNING)


class DatabaseMetrics:
    """Reads the state of the database for one server process. Scrapes that arrive together share a read."""

    def __init__(self, *, read_seconds: Callable[[], float] = time.monotonic) -> None:
        self._read_seconds = read_seconds
        self._lock = asyncio.Lock()
        self._metrics: list[Metric] = []
        self._read_at: float | None = None

    async def read(self, engine: AsyncEngine) -> Sequence[Metric]:
        """Return the metrics as of the last seconds."""
        async with self._lock:
            now = self._read_seconds()
            if self._read_at is None or now - self._read_at >= STATE_SECONDS:
                self._metrics, self._read_at = await _read_state(engine), now
            return self._metrics


async def _read_state(engine: AsyncEngine) -> list[Metric]:
    try:
        async with asyncio.timeout(READ_TIMEOUT_SECONDS), autocommit_connection(engine) as connection:
            state = await fetch_database_state(connection)
    except Exception as error:
        log.warning("The metrics of the database could not be read.", exc_info=error)
        return [_gauge("database_up", "1 if the database answered within 2 seconds.", 0)]
    return [_gauge("database_up", "1 if the database answered within 2 seconds.", 1), *build_metrics(state)]


def build_metrics(state: DatabaseState) -> Iterator[Metric]:
    """Yield the metrics of a state."""
    kinds = ("kind", "status")
    yield _gauge_of("queue_jobs", "Jobs in the queue.", kinds, (((j.kind, j.status), j.jobs) for j in state.jobs))
    yield _gauge_of(
        "queue_oldest_seconds",
        "Seconds since the oldest of these jobs could begin.",
        kinds,
        (((j.kind, j.status), j.oldest_seconds) for j in state.jobs),
    )
    age = math.inf if state.heartbeat_age is None else state.heartbeat_age
    yield _gauge("worker_heartbeat_age_seconds", "Seconds since a worker reported; +Inf if none did.", age)
    yield _gauge("ending_clients", "Clients whose last key expires within 14 days.", state.ending_clients)
    yield from _build_publication_metrics(state)


def _build_publication_metrics(state: DatabaseState) -> Iterator[Metric]:
    counts = {(p.programme, p.state): p.publications for p in state.publications}
    keys = [(programme, job_state) for programme in state.programmes for job_state in PublicationJobState]
    yield _gauge_of(
        "publications",
        "Publication jobs by state.",
        ("programme", "state"),
        ((key, counts.get(key, 0)) for key in keys),
    )
    values: Sequence[tuple[str, str, Callable[[PublicationCounts], float]]] = (
        ("publication_seconds", "Seconds since the open publication job was requested.", lambda p: p.oldest_seconds),
        ("publication_contributions", "Contributions that the open job protects.", lambda p: p.contributions),
        ("publication_contributions_protected", "Those that are protected.", lambda p: p.protected),
    )
    for name, text, read in values:
        yield _gauge_of(
            name,
            text,
            ("programme", "state"),
            (((p.programme, p.state), read(p)) for p in state.publications if p.state in OPEN_STATES),
        )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"work_health_{name}", text, value=value)


def _gauge_of(name: str, text: str, labels: Sequence[str], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    gauge = GaugeMetricFamily(f"work_health_{name}", text, labels=labels)
    for key, value in values:
        gauge.add_metric(key, value)
    return gauge
