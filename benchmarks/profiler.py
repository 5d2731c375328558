"""Run the server with timers around the functions that a submission calls."""

import functools
import inspect
import json
import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from api import app

TIMES_FILE_VARIABLE = "BENCHMARK_TIMES"  # the file that the server's timers write to
_PIPELINE = "api.submissions.routes_pipeline"  # imports the functions by name, so the timers replace them there
TIMED_FUNCTIONS = {
    "read": ("api.submissions.reading.csv_reader:CsvReader.feed", "api.submissions.reading.csv_reader:CsvReader.finish",
             "api.submissions.reading.ndjson_reader:NdjsonReader.feed",
             "api.submissions.reading.ndjson_reader:NdjsonReader.finish",
             "api.submissions.routes:_parse_body"),
    "checks": (f"{_PIPELINE}:check_submission",),
    "current returns": (f"{_PIPELINE}:open_submission", f"{_PIPELINE}:fetch_cells"),
    "compare": (f"{_PIPELINE}:compare_with_current",),
    "history": (f"{_PIPELINE}:check_history", f"{_PIPELINE}:visible_effects"),
    "report": (f"{_PIPELINE}:build_report",),
    "pack": (f"{_PIPELINE}:_pack_changed",),
    "write": (f"{_PIPELINE}:record_submission",),
}  # fmt: skip
COLUMN_NAMES = (*TIMED_FUNCTIONS, "rest", "all")
_TIMES_FILE = Path(os.environ.get(TIMES_FILE_VARIABLE, os.devnull))
_SECONDS_BY_COLUMN: dict[str, float] = {}


def create_timed_app() -> Any:
    """Return the application with timers around some of its functions. Granian runs it."""
    for column, names in TIMED_FUNCTIONS.items():
        for name in names:
            module, _, way = name.partition(":")
            *holders, last = way.split(".")
            owner: Any = functools.reduce(getattr, holders, import_module(module))
            setattr(owner, last, _add_timer(column, getattr(owner, last)))
    return app.serve()


def _add_timer(column: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def record(started: float) -> None:
        _SECONDS_BY_COLUMN[column] = _SECONDS_BY_COLUMN.get(column, 0) + time.perf_counter() - started

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def timed_coroutine(*arguments: Any, **keywords: Any) -> Any:
            started = time.perf_counter()
            try:
                return await function(*arguments, **keywords)
            finally:
                record(started)
                _TIMES_FILE.write_text(json.dumps(_SECONDS_BY_COLUMN))

        return timed_coroutine

    @functools.wraps(function)
    def timed_function(*arguments: Any, **keywords: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*arguments, **keywords)
        finally:
            record(started)

    return timed_function


def measure_seconds(file: Path, before: dict[str, float], wall: float) -> dict[str, float]:
    """Return the seconds of each timer since `before`. The rest is HTTP, commit and untimed code."""
    seconds = {name: number - before.get(name, 0) for name, number in read_times(file).items()}
    return seconds | {"rest": wall - sum(seconds.values()), "all": wall}


def read_times(file: Path) -> dict[str, float]:
    return json.loads(file.read_text()) if file.exists() else {}
