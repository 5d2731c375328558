"""A programme with a release: what partners returned of people and of visits, approved, and published.

Making it is measured beside one GROUP BY that yields the same cells unprotected, with the linear programmes apart; and
memory.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import msgspec
from msgspec.structs import replace

from api import clock
from api.database import connections, queue
from api.releases.job import Publisher
from api.releases.queries import PUBLISH_JOB_KIND
from api.statistics.disclosure import audit, repair
from benchmarks import synthetic_data
from benchmarks.measured_server import ROOT, prepare_database, read_memory_mb, run_server, run_statements, take_median
from benchmarks.report import Measurement, fit_exponent, require_at_most
from benchmarks.synthetic_data import BREAKDOWNS, COLLEGES, MONTHS, PROGRAMME
from schema.disclosure import DisclosureClass
from schema.partners import Scope
from schema.plan import Plan

PEOPLE_MEASURE, VISITS_MEASURE = "people", "visits"
RELEASE_SIZES = ((1, 12), (4, 24), (10, 48))
"""How many colleges, and months of whole years: of the last, a million observations."""
EXTRA_COLLEGES = {False: 20, True: 89}
"""How many more colleges return as much as each when it is read: three million observations, or ten."""
QUERY_COUNT = 1000
REVIEWER = COLLEGES[-1]
GROUP_BY_SQL = """
select r.series, o.area, o.breakdown, coalesce(longer.code, r.period) as period, sum(o.value) as value
from observation o
join revision v on v.programme = o.programme and v.id = o.revision
join "return" r on r.programme = v.programme and r.id = v."return"
cross join lateral (select r.period_start - interval '3 months' as shifted) financial
cross join lateral (values
    (null),
    (to_char(shifted, 'YYYY"-Q"Q')),
    (to_char(shifted, 'YYYY') || case when to_char(shifted, 'Q') < '3' then '-H1' else '-H2' end),
    (to_char(shifted, 'YYYY'))
) longer (code)
group by r.series, o.area, o.breakdown, coalesce(longer.code, r.period)
"""
"""Of months, quarters, halves and financial years."""


def build_plan(months: int) -> Plan:
    """Two flows. One counts people, by sex; the other nobody who could be found, in every scheme."""
    made = synthetic_data.build_plan()
    first = made.measures[0]
    measures = [
        replace(first, slug=PEOPLE_MEASURE, schemes=first.schemes[:1]),
        replace(first, slug=VISITS_MEASURE, disclosure_class=DisclosureClass.NONE),
    ]
    duties = [
        replace(duty, measure=measure.slug)
        for duty in made.duties
        if duty.measure == first.slug
        for measure in measures
    ]
    window = replace(made.window, end=date(2020 + months // 12, 12, 31))
    return replace(made, measures=measures, duties=duties, window=window)


def _generate_csv(months: Sequence[str], *, seed: int) -> Iterator[bytes]:
    """CSV of both measures for these months, piece by piece."""
    yield b"measure,period,area,sex,age,ethnicity,value\n"
    chance = synthetic_data.np.random.default_rng(seed)
    codes = [",".join(by.get(key, "") for key in ("sex", "age", "ethnicity")) for by in BREAKDOWNS]
    for measure in (PEOPLE_MEASURE, VISITS_MEASURE):
        for month in months:
            table = synthetic_data.sum_to_cells(chance.poisson(12, (40, 3, 6, 6))).tolist()
            shown = codes[: 1 + len(synthetic_data.SEXES)] if measure == PEOPLE_MEASURE else codes
            yield "".join(
                f"{measure},{month},{area},{code},{value}\n"
                for area, row in zip(synthetic_data.AREAS, table, strict=True)
                for code, value in zip(shown, row, strict=False)
            ).encode()


def push_returns(address: str, key: str, months: Sequence[str], *, seed: int) -> list[dict[str, Any]]:
    """The returns, as they were received."""
    found: list[dict[str, Any]] = []
    for first in range(0, len(months), 12):
        answer = httpx2.post(
            f"{address}/v1/programmes/{PROGRAMME}/submissions/csv",
            content=_generate_csv(months[first : first + 12], seed=seed + first),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "text/csv"},
            timeout=600,
        )
        assert answer.status_code == 201, answer.text[:2000]
        found += answer.json()["returns"]
    return found


def _approve_returns(address: str, key: str, organisation: str, returns: Sequence[dict[str, Any]]) -> None:
    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        for one in returns:
            where = "/".join([one["measure"], one["series"], one["service"], one["period"]["code"]])
            http.post(
                f"{address}/v1/programmes/{PROGRAMME}/returns/{organisation}/{where}/approval",
                json={"revision": one["revision"]},
            ).raise_for_status()


def prepare_programme(url: str, *, colleges: int, months: int, more: int = 0) -> list[str]:
    """Everything is approved, and a release asked for. Returns the keys of as many `more` colleges."""
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
    """Seconds, of which so many in linear programmes, and megabytes at the most and before."""

    seconds: float
    solver_seconds: float
    peak_mb: float
    idle_mb: float


def publish_in_subprocess(url: str) -> PublicationCost:
    """In a process of its own, so that its memory can be told."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.releases", url], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    return msgspec.json.decode(told.splitlines()[-1], type=PublicationCost)


def _publish_and_measure(url: str) -> PublicationCost:
    solving = 0.0

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def told(*given: Any, **more: Any) -> Any:
            nonlocal solving
            begun = time.perf_counter()
            try:
                return function(*given, **more)
            finally:
                solving += time.perf_counter() - begun

        return told

    audit.find_cross_tables, repair.audit_and_repair = timed(audit.find_cross_tables), timed(repair.audit_and_repair)

    async def work() -> float:
        engine, connection = connections.create_publisher_engine(url), await connections.connect_queue_listener(url)
        begun = time.perf_counter()
        await queue.process_jobs(
            connection, {PUBLISH_JOB_KIND: Publisher(engine, clock.system_now).handle}, until_empty=True
        )
        took = time.perf_counter() - begun
        await connection.close()
        await engine.dispose()
        return took

    idle = _read_peak_memory_mb()
    return PublicationCost(
        seconds=asyncio.run(work()), solver_seconds=solving, peak_mb=_read_peak_memory_mb(), idle_mb=idle
    )


def _read_peak_memory_mb() -> float:
    """Megabytes. `getrusage` would count its parent's, from before this was a process of its own."""
    return read_memory_mb(os.getpid(), "VmHWM")


async def time_group_by(url: str) -> float:
    """Seconds until the cells of every month, quarter and year are in a table."""
    connection = await asyncpg.connect(url)
    begun = time.perf_counter()
    await connection.execute(f"create temporary table cells as {GROUP_BY_SQL}")
    took = time.perf_counter() - begun
    await connection.close()
    return took


async def count_results(url: str) -> tuple[int, int, str]:
    """Observations, figures, and how the publication ended."""
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow(
        "select (select count(*) from observation), (select count(*) from release.figure), "
        "(select state from publication)"
    )
    await connection.close()
    return row[0], row[1], row[2]


class SizedResult(msgspec.Struct):
    """A publication of so many observations, in so many figures, beside the seconds of one GROUP BY."""

    observations: int
    figures: int
    cost: PublicationCost
    group_by_seconds: float

    @property
    def seconds_without_solver(self) -> float:
        return self.cost.seconds - self.cost.solver_seconds


def measure_publication(url: str) -> SizedResult:
    asyncio.run(run_statements(url, "vacuum analyze"))
    least = [asyncio.run(time_group_by(url))]
    made = publish_in_subprocess(url)
    least += [asyncio.run(time_group_by(url)) for _ in range(2)]
    observations, figures, state = asyncio.run(count_results(url))
    assert state == "published", state
    return SizedResult(observations=observations, figures=figures, cost=made, group_by_seconds=take_median(least))


def measure(dsn: Callable[[str], str], folder: Path, *, long: bool) -> list[Measurement]:
    from benchmarks import release_reads  # noqa: PLC0415  it needs what is made here

    sizes: list[SizedResult] = []
    for number, (colleges, months) in enumerate(RELEASE_SIZES):
        asyncio.run(run_statements(dsn("postgres"), f"create database released{number}"))
        more = EXTRA_COLLEGES[long] if number == len(RELEASE_SIZES) - 1 else 0
        keys = prepare_programme(dsn(f"released{number}"), colleges=colleges, months=months, more=more)
        sizes.append(measure_publication(dsn(f"released{number}")))
    last, made = sizes[-1], sizes[-1].cost
    spent = ", ".join(
        f"{one.observations:,} in {one.seconds_without_solver:.1f} s with {one.figures:,} figures" for one in sizes
    )
    return [
        require_at_most(
            "publishing without linear programs / GROUP BY",
            last.seconds_without_solver / last.group_by_seconds,
            3.0,
            f"{last.observations:,} observations, {last.figures:,} figures in {made.seconds:.1f} s, of which"
            f" {made.solver_seconds:.1f} s in linear programs; GROUP BY {last.group_by_seconds:.2f} s",
        ),
        require_at_most(
            "growth of publishing with its observations",
            fit_exponent([one.observations for one in sizes], [one.seconds_without_solver for one in sizes]),
            1.1,
            spent,
        ),
        Measurement(
            name="memory of publishing, kB for each figure",
            ratio=round((made.peak_mb - made.idle_mb) * 1024 / last.figures, 2),
            detail=f"{made.peak_mb - made.idle_mb:.0f} MB above {made.idle_mb:.0f} MB",
        ),
        *release_reads.measure(dsn("released2"), folder, keys, months=months, questions=QUERY_COUNT),
    ]


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(_publish_and_measure(sys.argv[1])).decode() + "\n")
