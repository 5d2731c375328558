"""Measure growth: larger submissions, a larger database, and memory."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import httpx2

from benchmarks import measured_server, small_submissions, synthetic_data
from benchmarks.measured_server import prepare_database, read_memory_mb, run_server, run_statements, time_submission
from benchmarks.report import Measurement, fit_exponent, require_at_most

OBSERVATION_COUNTS = (10_000, 100_000, 1_000_000)
MEMORY_GOALS = {"csv": 2.5, "ndjson": 4.0}
READS_PER_PATH = 50  # of each path


def measure(dsn: Callable[[str], str], folder: Path, *, long: bool) -> list[Measurement]:
    """Measure growth. Copy the database as it grows, so that reads of both sizes can alternate."""
    for size in OBSERVATION_COUNTS:
        (folder / str(size)).mkdir()
        synthetic_data.write_files(folder / str(size), size, ["first"])
    asyncio.run(run_statements(dsn("postgres"), "create database scaling"))
    keys = asyncio.run(prepare_database(dsn("scaling"), synthetic_data.COLLEGES))
    fresh = iter(keys[1:])
    with run_server("api.app:serve", dsn("scaling")) as (address, pid):
        time_submission(address, next(fresh), "csv", (folder / "10000" / "first.csv").read_bytes())
        idle, after = measure_memory(address, pid, keys[0])
    results = [
        require_at_most(
            "memory after 1,000 mixed requests / after 100",
            after / idle,
            1.1,
            f"{after:.0f} MB; {idle:.0f} MB after the first hundred",
        )
    ]
    asyncio.run(copy_database(dsn, "small"))
    with run_server("api.app:serve", dsn("scaling")) as (address, pid):
        for form in MEMORY_GOALS:
            results += measure_sizes(address, pid, fresh, folder, form)
    asyncio.run(copy_database(dsn, "large"))
    grown, where, detail = compare_reads(dsn, keys[1], "small", "large")
    results.append(
        require_at_most(
            "growth of reads with stored returns",
            math.log(grown) / math.log(220),
            0.1,
            f"{detail} with 10,000 observations and with 2.2 million, of {where}, which grows the most",
        )
    )
    if long:
        results += measure_ten_million(dsn, fresh, folder, keys[1])
    return results


async def copy_database(dsn: Callable[[str], str], name: str) -> None:
    """Copy the database, and vacuum the copy as autovacuum would within some minutes."""
    await run_statements(dsn("postgres"), f"create database {name} template scaling")
    await run_statements(dsn(name), "vacuum analyze")


def measure_sizes(address: str, pid: int, keys: Iterator[str], folder: Path, form: str) -> list[Measurement]:
    times: list[float] = []
    peak = 0.0
    for size in OBSERVATION_COUNTS:
        file = folder / str(size) / f"first.{form}"
        runs: list[float] = []
        for _ in range(3 if size < 1_000_000 else 1):
            idle = read_memory_mb(pid, "VmRSS")
            measured_server.reset_peak_memory(pid)
            runs.append(time_submission(address, next(keys), form, _read_chunks(file)))
            peak = read_memory_mb(pid, "VmHWM") - idle
        times.append(measured_server.take_median(runs))
    detail = ", ".join(f"{size:,} in {seconds:.2f} s" for size, seconds in zip(OBSERVATION_COUNTS, times, strict=True))
    file = (folder / str(OBSERVATION_COUNTS[-1]) / f"first.{form}").stat().st_size / 2**20
    columns = 10 * 8 * OBSERVATION_COUNTS[-1] / 2**20
    return [
        require_at_most(
            f"growth of {form.upper()} ingest with its size", fit_exponent(OBSERVATION_COUNTS, times), 1.1, detail
        ),
        require_at_most(
            f"memory of a million observations, {form.upper()} / their columns",
            peak / columns,
            MEMORY_GOALS[form],
            f"{peak:.0f} MB above the memory before; the file has {file:.0f} MB, its ten columns {columns:.0f} MB",
        ),
    ]


def _read_chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(256 * 1024):
            yield piece


def compare_reads(dsn: Callable[[str], str], key: str, one: str, other: str) -> tuple[float, str, str]:
    """Compare an organisation's own reads in two databases, in turns.

    Return the largest ratio of the median times, the kind of read that it belongs to, and both medians as text.
    """
    times: dict[tuple[str, str], list[float]] = {}
    with (
        run_server("api.app:serve", dsn(one)) as (small_address, _),
        run_server("api.app:serve", dsn(other)) as (large_address, _),
        httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http,
    ):
        for _ in range(READS_PER_PATH):
            for what, (name, address) in product(READ_PATHS, ((one, small_address), (other, large_address))):
                started = time.perf_counter()
                http.get(f"{address}/v1/programmes/{synthetic_data.PROGRAMME}{READ_PATHS[what]}").raise_for_status()
                times.setdefault((what, name), []).append((time.perf_counter() - started) * 1000)
    middle = {which: measured_server.take_median(results[READS_PER_PATH // 10 :]) for which, results in times.items()}
    most = max(READ_PATHS, key=lambda what: middle[what, other] / middle[what, one])
    less, more = middle[most, one], middle[most, other]
    return more / less, most, f"{less:.1f} ms and {more:.1f} ms"


READ_PATHS = {
    "returns": "/returns?limit=50",
    "revisions": f"/returns/{synthetic_data.COLLEGES[1]}/{synthetic_data.MEASURES[0]}/headline/main/{synthetic_data.MONTHS[0]}/revisions",
    "observations": f"/observations?measure={synthetic_data.MEASURES[0]}&limit=100",
    "events": "/returns/changes?limit=50",
    "obligations": "/obligations?limit=50",
}


def measure_memory(address: str, pid: int, key: str) -> tuple[float, float]:
    """Return the megabytes after a hundred mixed requests, and after a thousand."""
    base = f"{address}/v1/programmes/{synthetic_data.PROGRAMME}"
    sent = iter(list(small_submissions.generate_bodies()))
    first = 0.0
    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        for at in range(1000):
            if at == 100:
                first = read_memory_mb(pid, "VmRSS")
            if at % 5 == 0:
                headers = {"Content-Type": "application/json"}
                http.post(f"{base}/submissions", content=next(sent), headers=headers).raise_for_status()
            elif at % 5 == 1:
                assert http.get(f"{base}/returns?limit=none").status_code == 422
            else:
                http.get(
                    base + ("", "/returns?limit=20", "/measures", "/obligations?limit=20")[at % 4]
                ).raise_for_status()
    return first, read_memory_mb(pid, "VmRSS")


def measure_ten_million(dsn: Callable[[str], str], keys: Iterator[str], folder: Path, reader: str) -> list[Measurement]:
    """Measure submissions and reads with ten million observations."""
    file = folder / str(OBSERVATION_COUNTS[-1]) / "first.csv"
    small_file = folder / "100000" / "first.csv"
    with run_server("api.app:serve", dsn("scaling")) as (address, _):
        first = measured_server.take_median(
            [time_submission(address, next(keys), "csv", _read_chunks(small_file)) for _ in range(3)]
        )
        for _ in range(8):
            time_submission(address, next(keys), "csv", _read_chunks(file))
        asyncio.run(run_statements(dsn("scaling"), "vacuum analyze"))
        last = measured_server.take_median(
            [time_submission(address, next(keys), "csv", _read_chunks(small_file)) for _ in range(3)]
        )
    asyncio.run(run_statements(dsn("scaling"), "vacuum analyze"))
    grown, where, detail = compare_reads(dsn, reader, "large", "scaling")
    return [
        require_at_most(
            "100,000 observations into ten million / two million",
            last / first,
            1.5,
            f"{last:.2f} s and {first:.2f} s",
        ),
        require_at_most(
            "reads of ten million / two million", grown, 1.2, f"{detail}, of {where}, which grows the most"
        ),
    ]
