"""One submission of 100,000 observations, through HTTP, all checks on, committed, beside asyncpg's COPY of its rows."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from benchmarks import measured_server, profiler, synthetic_data
from benchmarks.measured_server import Copying, administer, middle, push, ready, served
from benchmarks.report import Figure, at_least

GOALS = {"csv": 0.7, "ndjson": 0.6, "json": 0.5}
OBSERVATIONS = 100_000
ROUNDS = 5


def measure(dsn: Callable[[str], str], folder: Path) -> list[Figure]:
    size = synthetic_data.write(folder, OBSERVATIONS, ["first"])
    files = {form: (folder / f"first.{form}").read_bytes() for form in GOALS}
    asyncio.run(administer(dsn("postgres"), "create database ingest"))
    keys = iter(asyncio.run(ready(dsn("ingest"), synthetic_data.COLLEGES)))
    copying = Copying(dsn("ingest"))
    took: dict[str, list[float]] = {form: [] for form in GOALS}
    limits: dict[str, list[float]] = {form: [] for form in GOALS}
    with served("api.app:serve", dsn("ingest")) as (address, _):
        for form, content in files.items():
            push(address, next(keys), form, content)  # what is read and compiled once
        measured_server.run(copying)
        for _ in range(ROUNDS):
            for form, content in files.items():
                asyncio.run(administer(dsn("ingest"), "checkpoint"))
                took[form].append(push(address, next(keys), form, content))
                asyncio.run(administer(dsn("ingest"), "checkpoint"))
                limits[form].append(measured_server.run(copying))
    return [
        at_least(
            f"ingest {form.upper()} / COPY",
            middle([limit / spent for limit, spent in zip(limits[form], took[form], strict=True)]),
            goal,
            f"{size:,} observations in {middle(took[form]):.2f} s ({size / middle(took[form]):,.0f} a second); "
            f"COPY {middle(limits[form]):.2f} s",
        )
        for form, goal in GOALS.items()
    ]


def profile(dsn: Callable[[str], str], folder: Path) -> str:
    """Milliseconds of a submission by what they were spent on, in Markdown; it follows `measure`."""
    files = {form: (folder / f"first.{form}").read_bytes() for form in GOALS}
    asyncio.run(administer(dsn("postgres"), "create database profile"))
    keys = iter(asyncio.run(ready(dsn("profile"), synthetic_data.COLLEGES[: 4 * len(GOALS)])))
    times = folder / "times"
    rows: dict[str, dict[str, float]] = {}
    with served("benchmarks.profiler:timed", dsn("profile"), **{profiler.TIMES: str(times)}) as (address, _):
        for form, content in files.items():
            runs: list[dict[str, float]] = []
            for _ in range(4):
                before = profiler.told(times)
                wall = push(address, next(keys), form, content)
                runs.append(profiler.spent(times, before, wall))
            rows[form.upper()] = {
                name: middle([run.get(name, 0) for run in runs[1:]]) * 1000 for name in profiler.NAMES
            }
    lines = [f"| {' | '.join(['milliseconds', *profiler.NAMES])} |", "|---" * (len(profiler.NAMES) + 1) + "|"]
    lines += [
        f"| {' | '.join([form, *(f'{row[name]:.0f}' for name in profiler.NAMES)])} |" for form, row in rows.items()
    ]
    return "\n".join(lines)
