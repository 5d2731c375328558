"""Where the time of a submission goes: the server with timers round what it calls.."""

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
TIMED_FUNCTIONS = {
    "read": ("api.submissions.reading.csv_reader:CsvRows.feed", "api.submissions.reading.csv_reader:CsvRows.finish",
             "api.submissions.reading.ndjson_reader:NdjsonRows.feed",
             "api.submissions.reading.ndjson_reader:NdjsonRows.finish",
             "api.submissions.routes:_read"),
    "checks": ("api.submissions.rules:examine",),
    "current returns": ("api.submissions.queries:hold", "api.submissions.queries:standing",
                    "api.submissions.queries:cells_of", "api.submissions.queries:totals"),
    "compare": ("api.submissions.rules:compare",),
    "history": ("api.submissions.rules:look_back", "api.submissions.rules:moved"),
    "report": ("api.submissions.rules:report",),
    "COPY": ("api.submissions.queries:copy_in",),
    "record": ("api.submissions.queries:record",),
}  # fmt: skip
COLUMN_NAMES = (*(name for name in TIMED_FUNCTIONS if name != "record"), "write", "rest", "all")
_TIMES_FILE = Path(os.environ.get(TIMES_FILE_VARIABLE, os.devnull))
_SECONDS_BY_COLUMN: dict[str, float] = {}


def create_timed_app() -> Any:
    """What granian runs: the application, with timers round some of its functions."""
    for column, names in TIMED_FUNCTIONS.items():
        for name in names:
            module, _, way = name.partition(":")
            *holders, last = way.split(".")
            place: Any = functools.reduce(getattr, holders, import_module(module))
            setattr(place, last, _add_timer(column, getattr(place, last)))
    return app.serve()


def _add_timer(column: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def told(begun: float) -> None:
        _SECONDS_BY_COLUMN[column] = _SECONDS_BY_COLUMN.get(column, 0) + time.perf_counter() - begun

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def later(*given: Any, **more: Any) -> Any:
            begun = time.perf_counter()
            try:
                return await function(*given, **more)
            finally:
                told(begun)
                _TIMES_FILE.write_text(json.dumps(_SECONDS_BY_COLUMN))

        return later

    @functools.wraps(function)
    def now(*given: Any, **more: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*given, **more)
        finally:
            told(begun)

    return now


def measure_seconds(file: Path, before: dict[str, float], wall: float) -> dict[str, float]:
    """Seconds in each since `before`, as the timers tell them; the rest is HTTP, commit and what lies between."""
    found = {name: number - before.get(name, 0) for name, number in read_times(file).items()}
    found["write"] = found.pop("record", 0) - found.get("COPY", 0)
    return found | {"rest": wall - sum(found.values()), "all": wall}


def read_times(file: Path) -> dict[str, float]:
    return json.loads(file.read_text()) if file.exists() else {}
