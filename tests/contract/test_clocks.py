"""The code reads the clock of its host only where a sentence here says why. Durations are of time.monotonic."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOST_CLOCKS = {
    "time": {"time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime", "clock_gettime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "utils": {"formatdate", "localtime"},
}
"""The names of functions that read the clock of the host, by the name of their module or class."""
REASONS = {
    "api/server_processes.py": "The age of a folder is compared with the clock that dated it, which is the host's.",
    "api/monitoring/tracing.py": "The spans of all systems have the clocks of their hosts, and no server stores them.",
    "api/sources/downloading.py": "A publisher's Retry-After is a date. The publisher knows nothing of our database.",
}


def find_host_clocks(source: str) -> list[str]:
    """Return what reads the clock of the host: a function of HOST_CLOCKS that is named or imported."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            names += [f"{owner}.{node.attr}"] * (node.attr in HOST_CLOCKS.get(owner, ()))
        elif isinstance(node, ast.ImportFrom):
            owner = (node.module or "").rpartition(".")[2]
            names += [f"{owner}.{alias.name}" for alias in node.names if alias.name in HOST_CLOCKS.get(owner, ())]
    return sorted(names)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from datetime import datetime, UTC\nnow = datetime.now(UTC)", ["datetime.now"]),
        ("import datetime\nnow = datetime.datetime.utcnow()", ["datetime.utcnow"]),
        ("def read(clock=time.time): ...", ["time.time"]),
        ("from time import time_ns as read", ["time.time_ns"]),
        ("from datetime import date\ntoday = date.today", ["date.today"]),
        ("from email.utils import formatdate", ["utils.formatdate"]),
        ("import time\nstarted = time.monotonic() + time.perf_counter()", []),
        ("now = clock.now()", []),
    ],
)
def test_test_finds_what_reads_the_clock_of_the_host(source, names):
    assert find_host_clocks(source) == names


def test_code_reads_the_clock_of_the_host_only_for_a_reason():
    files = [path for folder in ("api", "schema", "migrations") for path in sorted((ROOT / folder).rglob("*.py"))]
    reading = {str(path.relative_to(ROOT)) for path in files if find_host_clocks(path.read_text())}
    assert reading == REASONS.keys()
