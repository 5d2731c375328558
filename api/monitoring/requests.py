"""Measure each request: one line of the log, and the metrics."""

import logging
import time
from contextvars import ContextVar
from typing import Any, cast

from litestar import Litestar
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api.access.authentication import KEY_HOLDER
from api.http.problems import REFUSAL_KEY
from api.monitoring.process_counts import ProcessCounts
from schema.partners import KeyHolder

log = logging.getLogger("work_health.requests")

REQUEST_SCOPE: ContextVar[Scope | None] = ContextVar("request_scope", default=None)
"""The request that the current task answers. The formatters of the log read it."""
UNKNOWN_ROUTE = "unknown"
"""Instead of the path of a request that no route answers: anybody can invent paths."""
CLIENT_CLOSED = 499
"""The status, in log and metrics, of a request whose client was gone before the response. It is that of nginx."""


def monitor_requests(app: Litestar, counts: ProcessCounts) -> Litestar:
    """Put the monitor around an application, and return it."""
    app.asgi_handler = RequestMonitor(app.asgi_handler, counts)
    return app


class RequestMonitor:
    """The outermost part of the application. It also sees requests that no route answers."""

    def __init__(self, app: ASGIApp, counts: ProcessCounts) -> None:
        self.app, self.counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, status, started = scope["method"], CLIENT_CLOSED, time.perf_counter()
        token = REQUEST_SCOPE.set(scope)

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note_status)
        finally:
            seconds = time.perf_counter() - started
            self.counts.count_request((method, read_route(scope), status), seconds)
            if status >= 400 and (code := cast("Any", scope).get("state", {}).get(REFUSAL_KEY)):
                self.counts.refusals[code, status] += 1
            fields = {"method": method, "status": status, "duration_ms": round(seconds * 1000, 1)}
            log.info("request", extra=fields)
            REQUEST_SCOPE.reset(token)


def read_route(scope: HTTPScope) -> str:
    """Return the template of a request's route, which contains no value of a parameter."""
    return cast("Any", scope).get("path_template") or UNKNOWN_ROUTE


def read_key_holder(scope: HTTPScope) -> KeyHolder | None:
    """Return the holder of a request's key, if the key exists."""
    return cast("Any", scope).get("state", {}).get(KEY_HOLDER)
