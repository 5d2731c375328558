"""The metrics of a server for Prometheus. docs/how-to/monitoring.md lists them.

Several server processes share one port, so the answer of one must cover all. The Prometheus client does this with a
file for each process, in the folder that `serve` names in the environment. Without a folder, a process answers for
itself. Nothing here names a client or contains a count of a return.
"""

import asyncio
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database.requirements import NEWEST_SCHEMA
from api.database.shares import WAITS, get_pool
from api.http.problems import error_code
from api.http.refusals import list_refusal_classes
from api.monitoring.process_counts import FOLDER_VARIABLE, LATENCY_BOUNDS_SECONDS, ProcessCounts

LAG_BOUNDS_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
OVERLOAD_STATUSES = (429, 503)
LAG_INTERVAL_SECONDS = 0.1
LAGS_PER_TRANSFER = 10
PROJECT_FILE = Path(__file__).parents[2] / "pyproject.toml"


class SummedHistogram(Histogram):
    """A histogram to which many observations are added at once."""

    def add(self, by_bound: Sequence[int], total: float) -> None:
        """Add observations: their count by the first bound that they did not exceed, and their sum."""
        values: Any = self  # its types are incomplete
        for bucket, count in zip(values._buckets, by_bound, strict=True):
            if count:
                bucket.inc(count)
        values._sum.inc(total)


class Metrics:
    """The metrics of one server process, and the answer for all of them."""

    def __init__(self, engines: Mapping[str, AsyncEngine | None]) -> None:
        """`engines` have the names that label their pools. One that is None is not in use."""
        self.counts, self._engines = ProcessCounts(), {name: engine for name, engine in engines.items() if engine}
        self._registry = registry = CollectorRegistry()
        self._requests = Counter("work_health_requests", "Requests.", ("method", "route", "status"), registry=registry)
        self._durations = SummedHistogram(
            "work_health_request_duration_seconds",
            "Seconds until the response was sent.",
            ("route",),
            buckets=LATENCY_BOUNDS_SECONDS,
            registry=registry,
        )
        by_code = ("code", "status")
        self._refusals = Counter("work_health_refusals", "Problems, by code.", by_code, registry=registry)
        self._submissions = Counter(
            "work_health_submissions", "Submissions by outcome.", ("outcome", "dry_run"), registry=registry
        )
        self._lag = Histogram(
            "work_health_event_loop_lag_seconds",
            "Seconds by which a timer of the event loop was late.",
            buckets=LAG_BOUNDS_SECONDS,
            registry=registry,
        )
        self._wait_seconds = Counter(
            "work_health_connection_wait_seconds", "Seconds of waiting for connections.", ("for",), registry=registry
        )
        self._wait_refusals = Counter(
            "work_health_connection_refusals", "Waits for connections without success.", ("for",), registry=registry
        )
        self._pool_size, self._pool_in_use = (
            Gauge(name, text, ("pool",), multiprocess_mode="livesum", registry=registry)
            for name, text in (
                ("work_health_pool_connections", "Connections that the pools may have."),
                ("work_health_pool_connections_in_use", "Connections that requests use."),
            )
        )
        self._processes = Gauge(
            "work_health_server_processes", "Server processes.", multiprocess_mode="livesum", registry=registry
        )
        self._processes.set(1)
        self._begin_refusals()

    def _begin_refusals(self) -> None:
        """Begin the counts of overload at 0: a rate needs the value before the first refusal."""
        for refusal in list_refusal_classes():
            if refusal.status in OVERLOAD_STATUSES:
                self._refusals.labels(error_code(refusal), refusal.status)

    async def measure_forever(self) -> NoReturn:
        """Measure the lag of the event loop, and transfer the counts each second."""
        loop = asyncio.get_running_loop()
        while True:
            for _ in range(LAGS_PER_TRANSFER):
                started = loop.time()
                await asyncio.sleep(LAG_INTERVAL_SECONDS)
                self._lag.observe(max(loop.time() - started - LAG_INTERVAL_SECONDS, 0))
            self.transfer()

    def transfer(self) -> None:
        """Add what was counted since the last call to the metrics."""
        for (method, route, status), counts in self.counts.take_requests().items():
            self._requests.labels(method, route, status).inc(sum(counts.by_bound))
            self._durations.labels(route).add(counts.by_bound, counts.seconds)
        for (code, status), count in self.counts.take_refusals().items():
            self._refusals.labels(code, status).inc(count)
        for (outcome, is_dry_run), count in self.counts.take_submissions().items():
            self._submissions.labels(outcome, str(is_dry_run).lower()).inc(count)
        for name, waits in WAITS.items():
            seconds, refusals = waits.take()
            self._wait_seconds.labels(name).inc(seconds)
            self._wait_refusals.labels(name).inc(refusals)
        for name, engine in self._engines.items():
            pool = get_pool(engine)
            self._pool_size.labels(name).set(pool.size())
            self._pool_in_use.labels(name).set(pool.checkedout())

    def expose(self, accept: str, others: Iterable[Metric]) -> tuple[bytes, str]:
        """Return the metrics of all processes and others, and their media type, in the format that is accepted.

        It takes milliseconds: run it in a thread.
        """
        registry = self._registry
        if folder := os.environ.get(FOLDER_VARIABLE):
            registry = CollectorRegistry()
            MultiProcessCollector(registry, folder)
        encode, media_type = choose_encoder(accept)
        return encode(_Answer(registry, others)), media_type


class _Answer(Collector):
    """The metrics of one answer."""

    def __init__(self, registry: CollectorRegistry, others: Iterable[Metric]) -> None:
        self._registry, self._others = registry, others

    def collect(self) -> Iterable[Metric]:
        yield from self._registry.collect()
        yield from self._others


def build_info() -> Metric:
    """Return the version of the software, and the schema that it knows."""
    version = tomllib.loads(PROJECT_FILE.read_text())["project"]["version"]
    info = GaugeMetricFamily("work_health_build_info", "The software.", labels=("version", "schema"))
    info.add_metric((version, NEWEST_SCHEMA), 1)
    return info
