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
from api.releases.queries import PUBLISH
from api.statistics.disclosure import audit, repair
from benchmarks import synthetic_data
from benchmarks.measured_server import ROOT, administer, memory, middle, ready, served
from benchmarks.report import Figure, at_most, exponent
from benchmarks.synthetic_data import BREAKDOWNS, COLLEGES, MONTHS, PROGRAMME
from schema.disclosure import DisclosureClass
from schema.partners import Scope
from schema.plan import Plan

PEOPLE, VISITS = "people", "visits"
COLLECTED = ((1, 12), (4, 24), (10, 48))
"""How many colleges, and months of whole years: of the last, a million observations."""
MORE = {False: 20, True: 89}
"""How many more colleges return as much as each when it is read: three million observations, or ten."""
QUESTIONS = 1000
REVIEWER = COLLEGES[-1]
GROUPED = """
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


def plan(months: int) -> Plan:
    """Two flows. One counts people, by sex; the other nobody who could be found, in every scheme."""
    made = synthetic_data.plan()
    first = made.measures[0]
    measures = [
        replace(first, slug=PEOPLE, schemes=first.schemes[:1]),
        replace(first, slug=VISITS, disclosure_class=DisclosureClass.NONE),
    ]
    duties = [
        replace(duty, measure=measure.slug)
        for duty in made.duties
        if duty.measure == first.slug
        for measure in measures
    ]
    window = replace(made.window, end=date(2020 + months // 12, 12, 31))
    return replace(made, measures=measures, duties=duties, window=window)


def _file(months: Sequence[str], *, seed: int) -> Iterator[bytes]:
    """CSV of both measures for these months, piece by piece."""
    yield b"measure,period,area,sex,age,ethnicity,value\n"
    chance = synthetic_data.np.random.default_rng(seed)
    codes = [",".join(by.get(key, "") for key in ("sex", "age", "ethnicity")) for by in BREAKDOWNS]
    for measure in (PEOPLE, VISITS):
        for month in months:
            table = synthetic_data.figures(chance.poisson(12, (40, 3, 6, 6))).tolist()
            shown = codes[: 1 + len(synthetic_data.SEXES)] if measure == PEOPLE else codes
            yield "".join(
                f"{measure},{month},{area},{code},{value}\n"
                for area, row in zip(synthetic_data.AREAS, table, strict=True)
                for code, value in zip(shown, row, strict=False)
            ).encode()


def push(address: str, key: str, months: Sequence[str], *, seed: int) -> list[dict[str, Any]]:
    """The returns, as they were received."""
    found: list[dict[str, Any]] = []
    for first in range(0, len(months), 12):
        answer = httpx2.post(
            f"{address}/v1/programmes/{PROGRAMME}/submissions/csv",
            content=_file(months[first : first + 12], seed=seed + first),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "text/csv"},
            timeout=600,
        )
        assert answer.status_code == 201, answer.text[:2000]
        found += answer.json()["returns"]
    return found


def _approve(address: str, key: str, organisation: str, returns: Sequence[dict[str, Any]]) -> None:
    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        for one in returns:
            where = "/".join([one["measure"], one["series"], one["service"], one["period"]["code"]])
            http.post(
                f"{address}/v1/programmes/{PROGRAMME}/returns/{organisation}/{where}/approval",
                json={"revision": one["revision"]},
            ).raise_for_status()


def prepared(url: str, *, colleges: int, months: int, more: int = 0) -> list[str]:
    """Everything is approved, and a release asked for. Returns the keys of as many `more` colleges."""
    keys = asyncio.run(ready(url, [*COLLEGES[: colleges + more], REVIEWER], plan=plan(months), scopes=list(Scope)))
    with served("api.app:serve", url) as (address, _):
        for number in range(colleges):
            returns = push(address, keys[number], MONTHS[:months], seed=100 * number)
            _approve(address, keys[-1], COLLEGES[number], returns)
        httpx2.post(
            f"{address}/v1/programmes/{PROGRAMME}/releases",
            json={},
            headers={"Authorization": f"Bearer {keys[-1]}"},
        ).raise_for_status()
    return keys[colleges:-1]


class Published(msgspec.Struct):
    """Seconds, of which so many in linear programmes, and megabytes at the most and before."""

    took: float
    solving: float
    peak: float
    idle: float


def publish(url: str) -> Published:
    """In a process of its own, so that its memory can be told."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.releases", url], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    return msgspec.json.decode(told.splitlines()[-1], type=Published)


def _work(url: str) -> Published:
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

    audit.crossed, repair.mended = timed(audit.crossed), timed(repair.mended)

    async def work() -> float:
        engine, connection = connections.publisher_engine(url), await connections.listening(url)
        begun = time.perf_counter()
        await queue.work(connection, {PUBLISH: Publisher(engine, clock.system).handle}, until_empty=True)
        took = time.perf_counter() - begun
        await connection.close()
        await engine.dispose()
        return took

    idle = _most()
    return Published(took=asyncio.run(work()), solving=solving, peak=_most(), idle=idle)


def _most() -> float:
    """Megabytes. `getrusage` would count its parent's, from before this was a process of its own."""
    return memory(os.getpid(), "VmHWM")


async def grouped(url: str) -> float:
    """Seconds until the cells of every month, quarter and year are in a table."""
    connection = await asyncpg.connect(url)
    begun = time.perf_counter()
    await connection.execute(f"create temporary table cells as {GROUPED}")
    took = time.perf_counter() - begun
    await connection.close()
    return took


async def counted(url: str) -> tuple[int, int, str]:
    """Observations, figures, and how the publication ended."""
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow(
        "select (select count(*) from observation), (select count(*) from release.figure), "
        "(select state from publication)"
    )
    await connection.close()
    return row[0], row[1], row[2]


class Size(msgspec.Struct):
    """A publication of so many observations, in so many figures, beside the seconds of one GROUP BY."""

    observations: int
    figures: int
    made: Published
    beside: float

    @property
    def rest(self) -> float:
        return self.made.took - self.made.solving


def published(url: str) -> Size:
    asyncio.run(administer(url, "vacuum analyze"))
    least = [asyncio.run(grouped(url))]
    made = publish(url)
    least += [asyncio.run(grouped(url)) for _ in range(2)]
    observations, figures, state = asyncio.run(counted(url))
    assert state == "published", state
    return Size(observations=observations, figures=figures, made=made, beside=middle(least))


def measure(dsn: Callable[[str], str], folder: Path, *, long: bool) -> list[Figure]:
    from benchmarks import release_reads  # noqa: PLC0415  it needs what is made here

    sizes: list[Size] = []
    for number, (colleges, months) in enumerate(COLLECTED):
        asyncio.run(administer(dsn("postgres"), f"create database released{number}"))
        more = MORE[long] if number == len(COLLECTED) - 1 else 0
        keys = prepared(dsn(f"released{number}"), colleges=colleges, months=months, more=more)
        sizes.append(published(dsn(f"released{number}")))
    last, made = sizes[-1], sizes[-1].made
    spent = ", ".join(f"{one.observations:,} in {one.rest:.1f} s with {one.figures:,} figures" for one in sizes)
    return [
        at_most(
            "publishing without linear programs / GROUP BY",
            last.rest / last.beside,
            3.0,
            f"{last.observations:,} observations, {last.figures:,} figures in {made.took:.1f} s, of which"
            f" {made.solving:.1f} s in linear programs; GROUP BY {last.beside:.2f} s",
        ),
        at_most(
            "growth of publishing with its observations",
            exponent([one.observations for one in sizes], [one.rest for one in sizes]),
            1.1,
            spent,
        ),
        Figure(
            name="memory of publishing, kB for each figure",
            ratio=round((made.peak - made.idle) * 1024 / last.figures, 2),
            told=f"{made.peak - made.idle:.0f} MB above {made.idle:.0f} MB",
        ),
        *release_reads.measure(dsn("released2"), folder, keys, months=months, questions=QUESTIONS),
    ]


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(_work(sys.argv[1])).decode() + "\n")
