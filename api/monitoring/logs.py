"""Write the log to standard error: JSON lines for programs, or short text for a terminal.

All loggers, also those of the queue and of the server program, use the same formatters. They never write the messages
of the database and its driver, which contain values of rows, nor keys.
"""

import logging
import logging.config
import os
import re
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from api.http.failure_logs import describe_failure
from api.monitoring.repeated_failures import RepeatedFailures
from api.monitoring.requests import REQUEST_SCOPE, read_key_holder, read_route
from api.settings import Settings

KEY_PATTERN = re.compile(r"wh_(live|sandbox)_[A-Za-z0-9_-]+")


class LogLine(Struct, kw_only=True, omit_defaults=True):
    """A line of the log. docs/how-to/monitoring.md describes the fields."""

    time: str
    level: str
    logger: str
    message: str
    process: str
    pid: int
    request_id: str | None = None
    client_request_id: str | None = None
    client: str | None = None
    key: str | None = None
    method: str | None = None
    route: str | None = None
    status: int | None = None
    duration_ms: float | None = None
    left_out: int = 0
    traceback: str | None = None


class JsonFormatter(logging.Formatter):
    """Formats records as JSON, with the fields of `LogLine` only."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._build_line = partial(build_line, process=process)

    def format(self, record: logging.LogRecord) -> str:
        return msgspec.json.encode(self._build_line(record)).decode()


class TextFormatter(JsonFormatter):
    """Formats records for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = self._build_line(record)
        words = [datetime.fromisoformat(line.time).astimezone().strftime("%H:%M:%S"), line.level, line.process]
        if line.status is None:
            words.append(line.message)
        else:
            words += [f"{line.method} {line.route}", str(line.status), f"{line.duration_ms} ms"]
        words += [f"({line.left_out} more)"] if line.left_out else []
        return "\n".join([" ".join([*words, line.request_id or ""]).rstrip(), *filter(None, [line.traceback])])


def build_line(record: logging.LogRecord, *, process: str) -> LogLine:
    """Return the line of a record, with the request that its task answers."""
    values = vars(record)
    error = record.exc_info[1] if record.exc_info else None
    line = LogLine(
        time=datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        level=record.levelname.lower(),
        logger=record.name,
        message=hide_keys(record.getMessage()),
        process=process,
        pid=os.getpid(),
        status=values.get("status"),
        duration_ms=values.get("duration_ms"),
        left_out=values.get("left_out", 0),
        traceback=hide_keys(describe_failure(error)) if error else None,
    )
    scope = REQUEST_SCOPE.get()
    if scope is not None and scope["type"] == "http":
        state: dict[str, Any] = scope.get("state", {})
        line.request_id, line.client_request_id = state.get("request_id"), state.get("client_request_id")
        line.method, line.route = values.get("method", scope["method"]), read_route(scope)
        if holder := read_key_holder(scope):
            line.client, line.key = str(holder.record.client), holder.record.id
    return line


def hide_keys(text: str) -> str:
    """Replace every key in a text: a library could name the header of a request."""
    return KEY_PATTERN.sub("[key]", text) if "wh_" in text else text


def build_log_config(process: str, settings: Settings) -> dict[str, Any]:
    """Return the configuration for `logging.config` of a process. At a terminal, the default format is text."""
    chosen = settings.work_health_log or ("text" if sys.stderr.isatty() else "json")
    formatter = JsonFormatter if chosen == "json" else TextFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"repeated_failures": {"()": RepeatedFailures}},
        "formatters": {"line": {"()": formatter, "process": process}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["repeated_failures"]}
        },
        "root": {"handlers": ["stderr"], "level": settings.work_health_log_level.upper()},
        # The server program adds handlers of its own to these, unless they are here.
        "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")},
    }


def start_log(process: str, settings: Settings) -> None:
    """Write the log of this process from now on."""
    logging.config.dictConfig(build_log_config(process, settings))
    logging.captureWarnings(capture=True)
