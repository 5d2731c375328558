"""Compare a submission of 100,000 observations over HTTP with COPY of the same rows into a row table, and the disk used."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import profiler, row_table, synthetic_data
from benchmarks.measured_server import prepare_database, run_server, run_statements, take_median, time_submission
from benchmarks.report import Measurement, require_at_least, require_at_most
from benchmarks.row_table import RowTable

RATIO_GOALS = {"csv": 1.2, "ndjson": 1.0, "json": 1.0}
DISK_GOAL = 0.167
OBSERVATION_COUNT = 100_000
ROUNDS = 5


def measure(dsn: Callable[[str], str], folder: Path) -> list[Measurement]:
    size = synthetic_data.write_files(folder, OBSERVATION_COUNT, ["first"])
    files = {form: (folder / f"first.{form}").read_bytes() for form in RATIO_GOALS}
    revisions = row_table.build_revisions(OBSERVATION_COUNT)
    asyncio.run(run_statements(dsn("postgres"), "create database ingest"))
    keys = iter(asyncio.run(prepare_database(dsn("ingest"), synthetic_data.COLLEGES)))
    rows = RowTable(dsn, "rows")
    used_before = {url: asyncio.run(row_table.measure_disk_bytes(url)) for url in (dsn("ingest"), rows.url)}
    took: dict[str, list[float]] = {form: [] for form in RATIO_GOALS}
    limits: dict[str, list[float]] = {form: [] for form in RATIO_GOALS}
    with run_server("api.app:serve", dsn("ingest")) as (address, _):
        for form, content in files.items():
            time_submission(address, next(keys), form, content)  # warm up
            rows.copy(revisions)
        for _ in range(ROUNDS):
            for form, content in files.items():
                asyncio.run(run_statements(dsn("ingest"), "checkpoint"))
                took[form].append(time_submission(address, next(keys), form, content))
                asyncio.run(run_statements(dsn("ingest"), "checkpoint"))
                limits[form].append(rows.copy(revisions))
    return [
        *(
            require_at_least(
                f"ingest {form.upper()} / COPY",
                take_median([limit / spent for limit, spent in zip(limits[form], took[form], strict=True)]),
                goal,
                f"{size:,} observations in {take_median(took[form]):.2f} s "
                f"({size / take_median(took[form]):,.0f} a second); COPY {take_median(limits[form]):.2f} s",
            )
            for form, goal in RATIO_GOALS.items()
        ),
        _measure_disk(used_before, len(RATIO_GOALS) * (1 + ROUNDS) * size),
    ]


def _measure_disk(used_before: Mapping[str, int], stored: int) -> Measurement:
    """Compare the databases, ours first, into which so many cells have been written."""
    ours, theirs = (
        (asyncio.run(row_table.measure_disk_bytes(url)) - before) / stored for url, before in used_before.items()
    )
    return require_at_most(
        "disk of submissions / row table with its index",
        ours / theirs,
        DISK_GOAL,
        f"{ours:.1f} MB for each million cells, with all that a submission writes; rows {theirs:.1f} MB",
    )


def profile(dsn: Callable[[str], str], folder: Path) -> str:
    """Return the milliseconds of a submission by activity, as a Markdown table. Run `measure` first."""
    files = {form: (folder / f"first.{form}").read_bytes() for form in RATIO_GOALS}
    asyncio.run(run_statements(dsn("postgres"), "create database profile"))
    keys = iter(asyncio.run(prepare_database(dsn("profile"), synthetic_data.COLLEGES[: 4 * len(RATIO_GOALS)])))
    times = folder / "times"
    rows: dict[str, dict[str, float]] = {}
    with run_server(
        "benchmarks.profiler:create_timed_app", dsn("profile"), **{profiler.TIMES_FILE_VARIABLE: str(times)}
    ) as (
        address,
        _,
    ):
        for form, content in files.items():
            runs: list[dict[str, float]] = []
            for _ in range(4):
                before = profiler.read_times(times)
                wall = time_submission(address, next(keys), form, content)
                runs.append(profiler.measure_seconds(times, before, wall))
            rows[form.upper()] = {
                name: take_median([run.get(name, 0) for run in runs[1:]]) * 1000 for name in profiler.COLUMN_NAMES
            }
    lines = [
        f"| {' | '.join(['milliseconds', *profiler.COLUMN_NAMES])} |",
        "|---" * (len(profiler.COLUMN_NAMES) + 1) + "|",
    ]
    lines += [
        f"| {' | '.join([form, *(f'{row[name]:.0f}' for name in profiler.COLUMN_NAMES)])} |"
        for form, row in rows.items()
    ]
    return "\n".join(lines)
