"""Traces for OpenTelemetry, where the standard variables name a collector. Without them nothing of this is imported.

A span has the template of a route, the text of a statement or the kind of a job. It never has a value of a path, query,
row or header, nor the message of an error, which can contain values of rows.
"""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, cast

from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database.queue import JobHandler
from api.monitoring.requests import read_route
from api.settings import InvalidSetting

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
TRACE_HEADERS = (b"traceparent", b"tracestate")


def start_tracing(process: str) -> "Tracing | None":
    """Return the tracing of this process, or None if no collector is named. Raises InvalidSetting."""
    require_packages()
    return Tracing(process) if _find_endpoint() else None


def require_packages() -> None:
    """Raises InvalidSetting if a collector is named, and the packages that send to it are not installed."""
    if name := _find_endpoint():
        try:
            for package in PACKAGES:
                import_module(package)
        except ImportError as error:
            raise InvalidSetting(f"{name}: install `requirements/tracing.txt`, or remove the variable") from error


def _find_endpoint() -> str | None:
    return next((name for name in ENDPOINT_VARIABLES if os.environ.get(name)), None)


class Tracing:
    """Sends spans to a collector, from a thread of its own."""

    def __init__(self, process: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.trace import SpanKind, StatusCode, use_span  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        service = os.environ.get("OTEL_SERVICE_NAME") or f"work-and-health-{process}"
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("work_health")
        self._kinds, self._error, self._use_span = SpanKind, StatusCode.ERROR, use_span
        self._propagator = TraceContextTextMapPropagator()

    def stop(self) -> None:
        """Send what is left. It can take seconds, so run it in a thread."""
        self._provider.shutdown()

    @contextmanager
    def begin_span(self, name: str, **options: Any) -> Generator[Any]:
        """Let the statements of the block belong to a span. An error ends it with the status, but not the message."""
        span = self._tracer.start_span(name, **options)
        try:
            with self._use_span(span, record_exception=False, set_status_on_exception=False):
                yield span
        except BaseException:
            span.set_status(self._error)
            raise
        finally:
            span.end()

    def trace_requests(self, app: Litestar) -> None:
        """Let each request be a span, below that of the caller's `traceparent`."""
        app.asgi_handler = _RequestSpans(app.asgi_handler, self)

    def begin_request_span(self, scope: Any) -> Any:
        carrier = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in TRACE_HEADERS}
        return self.begin_span(scope["method"], context=self._propagator.extract(carrier), kind=self._kinds.SERVER)

    def mark_failed(self, span: Any) -> None:
        span.set_status(self._error)

    def trace_statements(self, engine: AsyncEngine) -> None:
        """Let each statement of an engine be a span, whether SQLAlchemy or asyncpg sends it."""
        sync = engine.sync_engine

        def log_own_queries(dbapi_connection: Any, *_: object) -> None:
            dbapi_connection.driver_connection.add_query_logger(add_own_query)

        def add_own_query(logged: Any) -> None:
            self._add_statement(logged.query, logged.elapsed, has_failed=logged.exception is not None)

        def note_start(*values: Any) -> None:
            values[4].work_health_started = time.perf_counter()

        def add_statement(*values: Any) -> None:
            self._add_statement(values[2], time.perf_counter() - values[4].work_health_started, has_failed=False)

        def add_failed_statement(failure: Any) -> None:
            if failure.statement and (started := getattr(failure.execution_context, "work_health_started", None)):
                self._add_statement(failure.statement, time.perf_counter() - started, has_failed=True)

        event.listen(sync, "connect", log_own_queries)
        event.listen(sync, "before_cursor_execute", note_start)
        event.listen(sync, "after_cursor_execute", add_statement)
        event.listen(sync, "handle_error", add_failed_statement)

    def _add_statement(self, query: str, seconds: float, *, has_failed: bool) -> None:
        """Add a span that has ended. The text of a statement has placeholders instead of values."""
        end = time.time_ns()
        text = " ".join(query.split())
        span = self._tracer.start_span(
            f"SQL {text.partition(' ')[0].lower()}",
            kind=self._kinds.CLIENT,
            start_time=end - int(seconds * 1e9),
            attributes={"db.system.name": "postgresql", "db.query.text": text},
        )
        if has_failed:
            self.mark_failed(span)
        span.end(end)

    def trace_jobs(self, kind: str, handler: JobHandler) -> JobHandler:
        return _JobSpans(kind, handler, self)


class _RequestSpans:
    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app, self._tracing = app, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, status = scope["method"], 0

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._tracing.begin_request_span(scope) as span:
            try:
                await self._app(scope, receive, send_and_note_status)
            finally:
                route = read_route(scope)
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": status,
                        "work_health.request_id": cast("Any", scope).get("state", {}).get("request_id", ""),
                    }
                )
                if status >= 500:
                    self._tracing.mark_failed(span)


class _JobSpans:
    """Runs jobs of one kind, each as a span."""

    def __init__(self, kind: str, handler: JobHandler, tracing: Tracing) -> None:
        self._kind, self._handler, self._tracing = kind, handler, tracing

    async def handle(self, payload: bytes) -> None:
        with self._tracing.begin_span(f"job {self._kind}"):
            await self._handler.handle(payload)

    async def give_up(self, payload: bytes, reason: str) -> None:
        await self._handler.give_up(payload, reason)
