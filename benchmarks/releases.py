"""A programme with a release: what partners returned of people and of visits, approved, and published.

Compare publishing, once the returns are protected, with one GROUP BY that yields the same cells unprotected. Measure
memory too.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import asyncpg
import httpx2
import msgspec
import numpy as np
from msgspec.structs import replace

from api.database import connections, queue
from api.protection.job import Protector
from api.releases.job import Publisher
from api.releases.queries_jobs import PUBLISH_JOB_KIND
from api.reviews.queries_reviews import PROTECT_JOB_KIND
from benchmarks import row_table, synthetic_data
from benchmarks.measured_server import ROOT, prepare_database, read_memory_mb, run_server, run_statements, take_median
from benchmarks.report import Measurement, fit_exponent, require_at_most
from benchmarks.row_table import RowTable
from benchmarks.synthetic_data import BREAKDOWNS, COLLEGES, MONTHS, PROGRAMME
from schema.disclosure import DisclosureClass
from schema.partners import Scope
from schema.plan import Plan

PEOPLE_MEASURE, VISITS_MEASURE = MEASURES = ("people", "visits")
RELEASE_SIZES = ((1, 12), (4, 24), (10, 48))
"""How many colleges, and months of whole years: of the last, a million observations."""
EXTRA_COLLEGES = {False: 20, True: 89}
"""How many more colleges return as much as each when it is read: three million observations, or ten."""
REVIEWER = COLLEGES[-1]


def build_plan(months: int) -> Plan:
    """Return a plan with two flows: people by sex, and visits (not persons) in every scheme."""
    plan = synthetic_data.build_plan()
    first = plan.measures[0]
    measures = [
        replace(first, slug=PEOPLE_MEASURE, schemes=first.schemes[:1]),
        replace(first, slug=VISITS_MEASURE, disclosure_class=DisclosureClass.NONE),
    ]
    duties = [
        replace(duty, measure=measure.slug)
        for duty in plan.duties
        if duty.measure == first.slug
        for measure in measures
    ]
    window = replace(plan.window, end=date(2020 + months // 12, 12, 31))
    return replace(plan, measures=measures, duties=duties, window=window)


def _generate_values(months: Sequence[str], *, seed: int) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield the values of both measures for these months, by area and breakdown."""
    random_source = np.random.default_rng(seed)
    for measure in MEASURES:
        for month in months:
            values = synthetic_data.sum_to_cells(random_source.poisson(12, (40, 3, 6, 6)))
            yield measure, month, values[:, : 1 + len(synthetic_data.SEXES)] if measure == PEOPLE_MEASURE else values


def _generate_csv(months: Sequence[str], *, seed: int) -> Iterator[bytes]:
    """Yield the CSV of both measures for these months, in parts."""
    yield b"measure,period,area,sex,age,ethnicity,value\n"
    codes = [",".join(by.get(key, "") for key in ("sex", "age", "ethnicity")) for by in BREAKDOWNS]
    for measure, month, values in _generate_values(months, seed=seed):
        yield "".join(
            f"{measure},{month},{area},{code},{value}\n"
            for area, row in zip(synthetic_data.AREAS, values.tolist(), strict=True)
            for code, value in zip(codes, row, strict=False)
        ).encode()


def _split_years(months: Sequence[str], *, seed: int) -> Iterator[tuple[Sequence[str], int]]:
    """Yield the months of each submission of a college, and the seed of its values."""
    for first in range(0, len(months), 12):
        yield months[first : first + 12], seed + first


def build_row_table(dsn: Callable[[str], str], name: str, *, colleges: int, months: int) -> RowTable:
    """Copy the cells of these colleges to a row table."""
    table = RowTable(dsn, name)
    for college in range(colleges):
        for year, seed in _split_years(MONTHS[:months], seed=100 * college):
            returns = list(_generate_values(year, seed=seed))
            table.describe_revisions([(MEASURES.index(measure), month) for measure, month, _ in returns])
            table.copy([row_table.build_value_rows(values) for _, _, values in returns])
    asyncio.run(run_statements(table.url, "vacuum analyze"))
    return table


def push_returns(address: str, key: str, months: Sequence[str], *, seed: int) -> list[dict[str, Any]]:
    """Submit the returns of these months, and return them as the server reports them."""
    returns: list[dict[str, Any]] = []
    for year, year_seed in _split_years(months, seed=seed):
        answer = httpx2.post(
            f"{address}/v1/programmes/{PROGRAMME}/submissions/csv",
            content=_generate_csv(year, seed=year_seed),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "text/csv"},
            timeout=600,
        )
        assert answer.status_code == 201, answer.text[:2000]
        returns += answer.json()["returns"]
    return returns


def _approve_returns(address: str, key: str, organisation: str, returns: Sequence[dict[str, Any]]) -> None:
    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        for one in returns:
            where = "/".join([one["measure"], one["series"], one["service"], one["period"]["code"]])
            http.post(
                f"{address}/v1/programmes/{PROGRAMME}/returns/{organisation}/{where}/approval",
                json={"revision": one["revision"]},
            ).raise_for_status()


def prepare_programme(url: str, *, colleges: int, months: int, more: int = 0) -> list[str]:
    """Submit and approve everything, and request a release. Return the keys of the `more` colleges."""
    keys = asyncio.run(
        prepare_database(url, [*COLLEGES[: colleges + more], REVIEWER], plan=build_plan(months), scopes=list(Scope))
    )
    with run_server("api.app:serve", url) as (address, _):
        for number in range(colleges):
            returns = push_returns(address, keys[number], MONTHS[:months], seed=100 * number)
            _approve_returns(address, keys[-1], COLLEGES[number], returns)
        httpx2.post(
            f"{address}/v1/programmes/{PROGRAMME}/releases",
            json={},
            headers={"Authorization": f"Bearer {keys[-1]}"},
        ).raise_for_status()
    return keys[colleges:-1]


class PublicationCost(msgspec.Struct):
    """The time and memory of a publication, in seconds and megabytes."""

    protection_seconds: float
    """Protecting everything that was approved, before the publication."""
    seconds: float
    peak_mb: float
    idle_mb: float


def publish_in_subprocess(url: str) -> PublicationCost:
    """Publish in a process of its own, so that its memory can be measured."""
    timed = subprocess.run(
        [sys.executable, "-m", "benchmarks.releases", url], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    return msgspec.json.decode(timed.splitlines()[-1], type=PublicationCost)


def _publish_and_measure(url: str) -> PublicationCost:
    async def work() -> list[float]:
        engine, connection = connections.create_publisher_engine(url), await connections.connect_queue_listener(url)
        protector = Protector(engine)
        handlers: dict[str, queue.JobHandler] = {
            PROTECT_JOB_KIND: protector,
            PUBLISH_JOB_KIND: Publisher(protector),
        }
        times: list[float] = []
        for kind, handler in handlers.items():
            started = time.perf_counter()
            await queue.process_jobs(connection, {kind: handler}, asyncio.Event(), until_empty=True)
            times.append(time.perf_counter() - started)
        await connection.close()
        await engine.dispose()
        return times

    idle = _read_peak_memory_mb()
    protection_seconds, seconds = asyncio.run(work())
    return PublicationCost(
        protection_seconds=protection_seconds, seconds=seconds, peak_mb=_read_peak_memory_mb(), idle_mb=idle
    )


def _read_peak_memory_mb() -> float:
    """Return the peak in megabytes. `getrusage` would include the parent's memory from before the fork."""
    return read_memory_mb(os.getpid(), "VmHWM")


async def count_figures(url: str) -> tuple[int, str]:
    """Return the count of figures, and the state of the publication."""
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow(
        "select (select sum(figure_count) from release.figure_block), (select state from publication)"
    )
    await connection.close()
    return row[0], row[1]


class SizedResult(msgspec.Struct):
    """A publication of a given size, and the seconds of one GROUP BY over a row table of the same observations."""

    observations: int
    figures: int
    release_bytes: int
    cost: PublicationCost
    group_by_seconds: float


def measure_publication(url: str, rows: RowTable) -> SizedResult:
    asyncio.run(run_statements(url, "vacuum analyze"))
    least = [rows.time_group_by()]
    cost = publish_in_subprocess(url)
    least += [rows.time_group_by() for _ in range(2)]
    figures, state = asyncio.run(count_figures(url))
    assert state == "published", state
    return SizedResult(
        observations=rows.cell_count,
        figures=figures,
        release_bytes=asyncio.run(row_table.measure_disk_bytes(url, "release")),
        cost=cost,
        group_by_seconds=take_median(least),
    )


class PublishedProgramme(msgspec.Struct):
    """The largest programme with a release, and the keys of colleges that have not submitted yet."""

    url: str
    keys: list[str]
    months: int


def measure(dsn: Callable[[str], str], *, long: bool) -> tuple[list[Measurement], PublishedProgramme]:
    """Measure publishing at each size. Return also the largest programme, for the reads."""
    sizes: list[SizedResult] = []
    for number, (colleges, months) in enumerate(RELEASE_SIZES):
        asyncio.run(run_statements(dsn("postgres"), f"create database released{number}"))
        more = EXTRA_COLLEGES[long] if number == len(RELEASE_SIZES) - 1 else 0
        keys = prepare_programme(dsn(f"released{number}"), colleges=colleges, months=months, more=more)
        rows = build_row_table(dsn, f"rows{number}", colleges=colleges, months=months)
        sizes.append(measure_publication(dsn(f"released{number}"), rows))
    last, cost = sizes[-1], sizes[-1].cost
    spent = ", ".join(f"{one.observations:,} in {one.cost.seconds:.1f} s with {one.figures:,} figures" for one in sizes)
    return [
        require_at_most(
            "publishing / GROUP BY",
            cost.seconds / last.group_by_seconds,
            1.5,
            f"{last.observations:,} observations, {last.figures:,} figures in {cost.seconds:.1f} s; GROUP BY"
            f" {last.group_by_seconds:.2f} s; protecting them before took {cost.protection_seconds:.1f} s",
        ),
        require_at_most(
            "growth of publishing with its observations",
            fit_exponent([one.observations for one in sizes], [one.cost.seconds for one in sizes]),
            1.1,
            spent,
        ),
        require_at_most(
            "disk of a release, bytes for each figure",
            last.release_bytes / last.figures,
            100,
            f"{last.release_bytes / 2**20:.0f} MB with indexes",
        ),
        Measurement(
            name="memory of publishing, kB for each figure",
            ratio=round((cost.peak_mb - cost.idle_mb) * 1024 / last.figures, 2),
            detail=f"{cost.peak_mb - cost.idle_mb:.0f} MB above {cost.idle_mb:.0f} MB",
        ),
    ], PublishedProgramme(url=dsn("released2"), keys=keys, months=months)


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(_publish_and_measure(sys.argv[1])).decode() + "\n")
