"""Compare a preview with the SQL that yields the same cells: `python -m benchmarks.preview [quarters …]`.

Ten providers, 20 wards, 3 sexes × 6 ages, one quarter asked for: 360 figures, each with coverage, movement, trend and
contributors. The request goes over HTTP in this process, so the time includes encoding, access and audit. The SQL is one
`GROUP BY` over the newest revisions of that quarter, over a table with a row for each cell. The two alternate, and the output shows medians. There are 3, 11 and
39 earlier quarters: the growth from row to row is the cost of reading them.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx2
import msgspec
import numpy as np

from api.access import keys, queries_keys
from api.app import create_app
from api.database import connections
from api.database.embedded import EmbeddedPostgres
from api.plan import queries_loading
from benchmarks import synthetic_data
from benchmarks.measured_server import run_statements
from benchmarks.synthetic_data import AGES, SEXES
from schema.organisations import Duty
from schema.partners import Grant, Scope
from schema.periods import PeriodType
from schema.plan import Plan

PROVIDERS, WARDS, REPETITIONS = 10, 20, 15
TOWN = "E06000001"
FLOW_MEASURE, PROPORTION_MEASURE = "measure-00", "measure-02"
QUARTERS = [f"FY{year}-{year % 100 + 1:02}-Q{n}" for year in range(2014, 2024) for n in range(1, 5)]
BREAKDOWNS = [
    {},
    *({"sex": s} for s in SEXES),
    *({"age": a} for a in AGES),
    *({"sex": s, "age": a} for s, a in product(SEXES, AGES)),
]
GROUP_BY_SQL = """
    select o.area, o.breakdown, sum(o.value), sum(o.numerator), sum(o.denominator)
    from cell_row o
    join revision r on r.programme = o.programme and r.id = o.revision
    join "return" t on t.programme = r.programme and t.id = r."return"
    join series s on s.programme = t.programme and s.id = t.series
    where s.measure = $1 and t.period = $2 and o.area <> $3 and o.breakdown like 'age=%;sex=%'
      and r.number = (select max(later.number) from revision later
                      where later.programme = r.programme and later."return" = r."return")
    group by o.area, o.breakdown
"""


def build_plan() -> Plan:
    """Return the bulk plan with ten providers that return two measures each quarter over ten years."""
    plan = synthetic_data.build_plan()
    colleges = [
        msgspec.structs.replace(plan.organisations[0], slug=f"college-{n}", name=f"College {n}")
        for n in range(PROVIDERS)
    ]
    cadence = msgspec.structs.replace(plan.measures[0].cadence, period_type=PeriodType.FINANCIAL_QUARTER)
    measures = [
        msgspec.structs.replace(measure, cadence=cadence)
        for measure in plan.measures
        if measure.slug in (FLOW_MEASURE, PROPORTION_MEASURE)
    ]
    return msgspec.structs.replace(
        plan,
        window=msgspec.structs.replace(plan.window, start=date(2014, 4, 1), end=date(2024, 3, 31)),
        owner="college-0",
        organisations=colleges,
        measures=measures,
        areas=plan.areas[: WARDS + 1],
        duties=[
            msgspec.convert({**msgspec.to_builtins(duty), "holder": college.slug}, Duty)
            for duty, college in product(plan.duties, colleges)
            if duty.measure in (FLOW_MEASURE, PROPORTION_MEASURE) and duty.holder == plan.owner
        ],
    )


def build_observations(chance: np.random.Generator, areas: list[str], measure: str) -> list[dict[str, object]]:
    """Return every cell of a return of invented people. The numerator is half of the people in each cell."""
    people = chance.integers(2, 20, (WARDS, len(SEXES), len(AGES)))
    observations: list[dict[str, object]] = []
    for (at, area), breakdown in product(enumerate(areas), BREAKDOWNS):
        ward = slice(None) if at == 0 else slice(at - 1, at)
        sex = SEXES.index(breakdown["sex"]) if "sex" in breakdown else slice(None)
        age = AGES.index(breakdown["age"]) if "age" in breakdown else slice(None)
        size, half = int(people[ward, sex, age].sum()), int((people[ward, sex, age] // 2).sum())
        numbers = {"value": size} if measure == FLOW_MEASURE else {"numerator": half, "denominator": size}
        observations.append({"area": area, "breakdown": breakdown, **numbers})
    return observations


async def push_returns(http: httpx2.AsyncClient, key: str, college: int, quarters: list[str], areas: list[str]) -> None:
    chance = np.random.default_rng(college)
    body = {
        "returns": [
            {"measure": measure, "period": quarter, "observations": build_observations(chance, areas, measure)}
            for measure, quarter in product((FLOW_MEASURE, PROPORTION_MEASURE), quarters)
        ]
    }
    answer = await http.post(
        f"/v1/programmes/{build_plan().slug}/submissions",
        content=msgspec.json.encode(body),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Idempotency-Key": str(uuid4())},
    )
    assert answer.status_code == 201, answer.text[:2000]


async def issue_key(engine: connections.AsyncEngine, organisation: str, scope: Scope, now: datetime) -> str:
    key = keys.make_key(os.urandom(38), sandbox=False)
    async with engine.begin() as transaction:
        await queries_keys.issue_key(
            transaction, key, client_id=uuid4(), name=organisation, person=organisation, now=now, expires_at=now + timedelta(days=1),
            grants=[Grant(programme=build_plan().slug, organisation=organisation, scopes=[scope])],
        )  # fmt: skip
    return key.secret


async def run_benchmark(url: str, number: int) -> None:
    owner, engine = connections.create_owner_engine(url), connections.create_application_engine(url, pool_size=2)
    await connections.migrate(owner)
    now = datetime.now(UTC)
    async with owner.begin() as transaction:
        await queries_loading.load_plan(transaction, build_plan(), sandbox=False, now=now)
    quarters, areas = QUARTERS[-number:], [area.code for area in build_plan().areas]
    transport = httpx2.ASGITransport(app=create_app(engine, engine))  # pyright: ignore[reportArgumentType]  as in the tests
    async with httpx2.AsyncClient(transport=transport, base_url="http://here", timeout=600) as http:
        for college in range(PROVIDERS):
            await push_returns(
                http, await issue_key(owner, f"college-{college}", Scope.SUBMIT, now), college, quarters, areas
            )
        key = await issue_key(owner, "college-0", Scope.REVIEW, now)
        await run_statements(
            url,
            "create table cell_row as select * from observation",
            "alter table cell_row add primary key (programme, revision, area, breakdown)",
            "vacuum analyze",
        )
        connection = await asyncpg.connect(url)
        for slug in (FLOW_MEASURE, PROPORTION_MEASURE):
            parameters = {"measure": slug, "period": quarters[-1], "group_by": ["quarter", "sex", "age"]}
            times: dict[str, list[float]] = {"http": [], "sql": []}
            for _ in range(REPETITIONS):
                started = time.perf_counter()
                rows = await connection.fetch(GROUP_BY_SQL, slug, quarters[-1], TOWN)
                times["sql"].append(time.perf_counter() - started)
                started = time.perf_counter()
                answer = await http.get(
                    f"/v1/programmes/{build_plan().slug}/preview/outcomes",
                    params=parameters,
                    headers={"Authorization": f"Bearer {key}"},
                )
                times["http"].append(time.perf_counter() - started)
            figures = msgspec.json.decode(answer.content)["items"]
            assert len(rows) == len(figures) == WARDS * len(SEXES) * len(AGES), (len(rows), answer.text[:500])
            same = {row[2] for row in rows} == {f["value"] for f in figures} if slug == FLOW_MEASURE else True
            assert same
            preview_ms, sql_ms = (1000 * statistics.median(times[which]) for which in ("http", "sql"))
            print(f"{number:>8} {'count' if slug == FLOW_MEASURE else 'share':>6} {len(rows):>8} {preview_ms:>8.0f} ms {sql_ms:>8.1f} ms "
                  f"{preview_ms / sql_ms:>7.1f}", flush=True)  # fmt: skip
        await connection.close()
    await engine.dispose()
    await owner.dispose()


def main() -> None:
    print(f"{'quarters':>8} {'kind':>6} {'figures':>8} {'preview':>11} {'SQL':>11} {'ratio':>7}")
    with tempfile.TemporaryDirectory(prefix="outcomes-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder) / "data") as embedded:
            for number in [int(word) for word in sys.argv[1:]] or [4, 12, 40]:
                name = f"outcomes_{number}"
                asyncio.run(run_statements(embedded.dsn("postgres"), f"create database {name}"))
                asyncio.run(run_benchmark(embedded.dsn(name), number))


if __name__ == "__main__":
    main()
