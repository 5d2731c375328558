"""How long a large submission takes, where the time goes, and in what memory. Run by hand, some minutes:

    .venv/bin/python benchmarks/bulk.py [observations …]      1e4 1e5 1e6 if none are named

A server process (granian, one worker, as `make run` starts it) over the embedded PostgreSQL takes each size as CSV,
NDJSON and, where it fits into 32 MB, JSON: the first time, and again with a tenth of the cells changed. The plan is
made here: one organisation, twenty measures (counts, cumulative ones, proportions), months, 41 areas and 52
breakdowns that add up. Beside it asyncpg copies the same rows into the same table, with its index and trigger.

Times are seconds. `receive` is until the last byte has been read, parsing in between; `waits` is what the slowest and
the middle `GET /v1/programmes` took meanwhile, in milliseconds; `MB` is the process's peak above what it had idle.
"""

import asyncio
import contextlib
import functools
import inspect
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import msgspec
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from api import app, database
from api.embedded import Embedded
from api.partners import keys
from api.partners import queries as partners
from api.plan import loading
from schema.partners import Grant, Scope
from schema.plan import Plan

ROOT = Path(__file__).parent.parent
SEXES, AGES, GROUPS = ("female", "male", "unknown"), tuple(f"age-{n}" for n in range(6)), tuple("abcdef")
TOWN = "E06000001"
QUARTERS = [f"E0500{n:04}" for n in range(1, 41)]
MONTHS = [f"{year}-{month:02}" for year in range(2021, 2025) for month in range(1, 13)]
KINDS = ["flow", "cumulative", "proportion", "stock"] * 5
MEASURES = [f"measure-{n:02}" for n in range(len(KINDS))]
PROGRAMME, OWNER = "bulk-2021", "college"
TIMES = "BULK_TIMES"  # the file that the server's timers write to
TIMED = {  # what is timed apart, by the name that it has in the table
    "parse": ("api.submissions.csv_rows:CsvRows.feed", "api.submissions.csv_rows:CsvRows.finish",
              "api.submissions.ndjson_rows:NdjsonRows.feed", "api.submissions.ndjson_rows:NdjsonRows.finish",
              "api.bodies:TypedRequest.json", "api.submissions.routes:sent"),
    "checks": ("api.submissions.rules:examine",),
    "stands": ("api.submissions.queries:cells_of",),
    "diff": ("api.submissions.rules:compare",),
    "history": ("api.submissions.rules:look_back", "api.submissions.rules:moved"),
    "report": ("api.submissions.rules:report",),
    "copy": ("api.submissions.queries:copy_in",),
    "record": ("api.submissions.queries:record",),
}  # fmt: skip


def plan() -> Plan:
    measure = {
        "label": "M", "title": "M", "theme": "skills", "column": "output", "nodes": [],
        "plan_references": [{"code": "M1.1", "text": "M"}], "direction": {"aim": "increase", "basis": "stated"},
        "disclosure_class": "persons", "cadence": {"period_type": "month", "basis": "stated"}, "area_family": "town",
        "schemes": [
            {"dimensions": dimensions, "exclusive": True, "exhaustive": True, "finest_level": "quarter"}
            for dimensions in (["sex"], ["age"], ["ethnicity"], ["sex", "age"], ["sex", "ethnicity"])
        ],
    }  # fmt: skip
    series = {
        "slug": "headline", "title": "S", "headline": True, "collection": "partners", "definition": "D",
        "numerator": "N", "geography_basis": "residence",
    }  # fmt: skip
    made = {
        "slug": PROGRAMME, "title": "Bulk", "owner": OWNER, "document": {"title": "Bulk", "publisher": "Bulk"},
        "area": TOWN, "window": {"start": date(2021, 1, 1), "end": date(2024, 12, 31), "basis": "stated"},
        "calendar": {"due_days": 10, "timely_days": 15, "basis": "stated"},
        "themes": [{"slug": "skills", "title": "Skills"}],
        "nodes": [{"slug": "money", "code": "I1", "column": "input", "title": "Money"}], "links": [],
        "families": [{"slug": "town", "label": "Town", "levels": ["town", "quarter"]}],
        "areas": [
            {"code": TOWN, "name": "Town", "level": "town", "families": ["town"]},
            *({"code": q, "name": q, "level": "quarter", "parent": TOWN, "families": ["town"]} for q in QUARTERS),
        ],
        "dimensions": [
            {"slug": slug, "label": slug, "categories": [{"code": code, "label": code} for code in codes]}
            for slug, codes in (("sex", SEXES), ("age", AGES), ("ethnicity", GROUPS))
        ],
        "organisations": [{"slug": OWNER, "name": "College", "kind": "college", "plan_name": None, "basis": "stated"}],
        "measures": [
            measure | {
                "slug": slug, "kind": kind, "unit": "percent" if kind == "proportion" else "people",
                "series": [series | ({"denominator": "D"} if kind == "proportion" else {})],
            }
            for slug, kind in zip(MEASURES, KINDS, strict=True)
        ],
        "duties": [
            {"holder": OWNER, "measure": m, "series": "headline", "area": TOWN, "basis": "stated"} for m in MEASURES
        ],
    }  # fmt: skip
    return msgspec.convert(made, Plan)


BREAKDOWNS: list[dict[str, str]] = [
    {},
    *({"sex": s} for s in SEXES),
    *({"age": a} for a in AGES),
    *({"ethnicity": g} for g in GROUPS),
    *({"sex": s, "age": a} for s in SEXES for a in AGES),
    *({"sex": s, "ethnicity": g} for s in SEXES for g in GROUPS),
]
AREAS = [TOWN, *QUARTERS]
EACH = len(AREAS) * len(BREAKDOWNS)  # cells of a return


def figures(people: np.ndarray) -> np.ndarray:
    """Every cell of a return, by area and breakdown, of people by quarter, sex, age and ethnicity."""
    people = np.concatenate([people.sum(axis=0, keepdims=True), people])
    margins = [people.sum(axis=axes).reshape(len(AREAS), -1) for axes in ((1, 2, 3), (2, 3), (1, 3), (1, 2), 3, 2)]
    return np.concatenate(margins, axis=1)


def returns(observations: int) -> Iterator[tuple[str, str, str, np.ndarray, np.ndarray]]:
    """Measure, kind, month, numbers, denominators: whole returns until there are so many observations."""
    chance = np.random.default_rng(1)
    shape = (len(QUARTERS), len(SEXES), len(AGES), len(GROUPS))
    left = -(-observations // EACH)
    for measure, kind in zip(MEASURES, KINDS, strict=True):
        before = np.zeros(shape, dtype=np.int64)
        for month in MONTHS[: max(1, -(-left // 20)) if left < 20 else len(MONTHS)]:
            if not left:
                return
            left -= 1
            people = chance.poisson(12, shape) + (before if kind == "cumulative" else 0)
            before = people
            yield measure, kind, month, figures(chance.binomial(people, 0.4)), figures(people)


def write(folder: Path, observations: int, names: Sequence[str] = ("first", "again")) -> int:
    """The files of both submissions in every format. Returns the number of observations."""
    size = 0
    for name in names:
        chance = random.Random(2)  # noqa: S311
        with contextlib.ExitStack() as stack:
            csv, lines, whole = (
                stack.enter_context((folder / f"{name}.{form}").open("w")) for form in ("csv", "ndjson", "json")
            )
            made = list(returns(observations))
            heads = [{"measure": measure, "period": month} for measure, _, month, _, _ in made]
            csv.write("measure,period,area,sex,age,ethnicity,value,numerator,denominator,status,note\n")
            lines.write(json.dumps({"returns": heads}) + "\n")
            whole.write('{"returns":[')
            for number, (measure, kind, month, numerators, people) in enumerate(made):
                head = json.dumps(heads[number])
                whole.write(f'{"," if number else ""}{head[:-1]},"observations":[')
                size += write_cells(csv, lines, whole, number, measure, kind, month, numerators, people, chance, name)
                whole.write("]}")
            whole.write("]}")
    return size // len(names)


def write_cells(
    csv: Any, lines: Any, whole: Any, number: int, measure: str, kind: str, month: str, numerators: np.ndarray,
    people: np.ndarray, chance: random.Random, name: str,
) -> int:  # fmt: skip
    comma = ""
    for area, above, below in zip(AREAS, numerators.tolist(), people.tolist(), strict=True):
        for breakdown, numerator, count in zip(BREAKDOWNS, above, below, strict=True):
            luck = chance.random()
            note = "checked by hand" if luck > 0.999 or (name == "again" and luck < 0.1) else ""
            columns = ("", numerator, count) if kind == "proportion" else (count, "", "")
            status = ""
            if len(breakdown) == 2 and luck > 0.95 and luck < 0.97:
                columns, status = ("", "", ""), "c"
            value, top, bottom = columns
            said = f'"status":"{status}"' if status else f'"value":{value}' if top == "" else ""
            said = said or f'"numerator":{top},"denominator":{bottom}'
            said += f',"note":"{note}"' if note else ""
            by = ",".join(f'"{key}":"{code}"' for key, code in breakdown.items())
            cell = f'"area":"{area}","breakdown":{{{by}}},{said}}}'
            codes = ",".join(breakdown.get(key, "") for key in ("sex", "age", "ethnicity"))
            csv.write(f"{measure},{month},{area},{codes},{value},{top},{bottom},{status},{note}\n")
            lines.write(f'{{"return":{number},{cell}\n')
            whole.write(f"{comma}{{{cell}")
            comma = ","
    return EACH


# The server, with timers.


def timed() -> Any:
    """What granian runs: the application, with timers round some of its functions."""
    from importlib import import_module  # noqa: PLC0415

    for column, names in TIMED.items():
        for name in names:
            module, _, way = name.partition(":")
            *holders, last = way.split(".")
            place: Any = functools.reduce(getattr, holders, import_module(module))
            setattr(place, last, _timer(column, getattr(place, last)))
    return app.serve()


_SPENT: dict[str, float] = {}


def _timer(column: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def told(begun: float) -> None:
        _SPENT[column] = _SPENT.get(column, 0) + time.perf_counter() - begun
        Path(os.environ[TIMES]).write_text(json.dumps(_SPENT))

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def later(*given: Any, **more: Any) -> Any:
            begun = time.perf_counter()
            try:
                return await function(*given, **more)
            finally:
                told(begun)

        return later

    @functools.wraps(function)
    def now(*given: Any, **more: Any) -> Any:
        begun = time.perf_counter()
        try:
            return function(*given, **more)
        finally:
            _SPENT[column] = _SPENT.get(column, 0) + time.perf_counter() - begun

    return now


def serve(port: int) -> None:
    from granian import Granian  # noqa: PLC0415
    from granian.constants import Interfaces, Loops  # noqa: PLC0415

    Granian(
        "benchmarks.bulk:timed", factory=True, port=port, interface=Interfaces.ASGI, loop=Loops.uvloop,
        backpressure=64, websockets=False, log_enabled=False, working_dir=ROOT,
    ).serve()  # fmt: skip


@contextlib.contextmanager
def served(url: str, folder: Path) -> Iterator[tuple[str, int]]:
    """The address of a server, and the number of the process that does its work."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": url, TIMES: str(folder / "times"), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(port)], env=environment)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1/programmes", worker(process.pid)
    finally:
        process.terminate()
        process.wait()


def worker(pid: int) -> int:
    """The child of the server's process that holds the most."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max(map(int, children), key=lambda child: memory(child, "VmRSS"))


def memory(pid: int, which: str) -> float:
    """Megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024


def forget_peak(pid: int) -> None:
    """So that VmHWM is the peak from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@contextlib.contextmanager
def asking(address: str) -> Iterator[list[float]]:
    """Asks for the programmes all the time, and tells how long each answer took."""
    took: list[float] = []
    over = threading.Event()

    def ask() -> None:
        with httpx2.Client() as http:
            while not over.wait(0.02):
                begun = time.perf_counter()
                http.get(address, timeout=600).raise_for_status()
                took.append((time.perf_counter() - begun) * 1000)

    asker = threading.Thread(target=ask)
    asker.start()
    yield took
    over.set()
    asker.join()


TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"}
COLUMNS = ("wall", "receive", *(name for name in TIMED if name != "record"), "insert", "rest")


def push(address: str, pid: int, key: str, file: Path, times: Path) -> dict[str, float]:
    form = file.suffix[1:]
    path = f"{address}/{PROGRAMME}/submissions{'' if form == 'json' else '/' + form}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": TYPES[form]}
    sent_at = 0.0

    def pieces() -> Iterator[bytes]:
        nonlocal sent_at
        with file.open("rb") as opened:
            while piece := opened.read(256 * 1024):
                yield piece
        sent_at = time.perf_counter()

    earlier = json.loads(times.read_text()) if times.exists() else {}
    idle = memory(pid, "VmRSS")
    forget_peak(pid)
    with asking(address) as took:
        begun = time.perf_counter()
        answer = httpx2.post(path, content=pieces(), headers=headers, timeout=600)
        wall = time.perf_counter() - begun
    if answer.status_code != 201:
        sys.exit(answer.text[:2000])
    spent = {name: number - earlier.get(name, 0) for name, number in json.loads(times.read_text()).items()}
    spent["insert"] = spent.pop("record") - spent.get("copy", 0)
    known = sum(spent.values())
    spent |= {"wall": wall, "receive": sent_at - begun, "rest": wall - known}
    spent |= {"MB": memory(pid, "VmHWM") - idle, "idle": idle, "middle": statistics.median(took), "slowest": max(took)}
    return spent


async def copied(url: str) -> float:
    """asyncpg's own COPY of the rows of the first submission, each revision anew."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            columns = [
                row["column_name"]
                for row in await connection.fetch(
                    "select column_name from information_schema.columns where table_name = 'revision' "
                    "and column_name not in ('id', 'transaction') order by ordinal_position"
                )
            ]
            quoted = [f'"{name}"' for name in columns]
            given = ["number + 1000" if name == "number" else f'"{name}"' for name in columns]
            await connection.execute(
                "select set_config('work_health.programme', programme::text, true), "
                "set_config('work_health.organisations', organisation::text, true) from submission"
            )
            first = "number = 1"
            made = await connection.fetch(
                f"insert into revision ({', '.join(quoted)}) select {', '.join(given)} from revision where {first} "
                'returning id, "return"'
            )
            new = {row["return"]: row["id"] for row in made}
            old = await connection.fetch(f'select id, "return" from revision where {first}')
            number = {row["id"]: new[row["return"]] for row in old}
            names = ("programme", "revision", "area", "breakdown", "value", "numerator", "denominator", "lower",
                     "upper", "status", "note")  # fmt: skip
            found = await connection.fetch(
                f"select {', '.join(f'o.{name}' for name in names)} from observation o "
                f"join revision r on r.programme = o.programme and r.id = o.revision where {first}"
            )
            rows = [(row[0], number[row[1]], *row[2:]) for row in map(tuple, found)]
            del found
            begun = time.perf_counter()
            await connection.copy_records_to_table("observation", records=rows, columns=names)
        return time.perf_counter() - begun
    finally:
        await connection.close()


async def ready(url: str) -> str:
    """Migrate, load the plan, and make a key."""
    engine = database.owner_engine(url)
    await database.migrate(engine)
    now = datetime.now(UTC)
    key = keys.make(os.urandom(38), sandbox=False)
    async with engine.begin() as transaction:
        await loading.load(transaction, plan(), sandbox=False, now=now)
        await partners.issue(
            transaction, key, client_id=uuid4(), name="bulk", now=now, expires_at=now + timedelta(days=1),
            grants=[Grant(programme=PROGRAMME, organisation=OWNER, scopes=[Scope.SUBMIT])],
        )  # fmt: skip
    await engine.dispose()
    return key.secret


def measure(dsn: Callable[[str], str], folder: Path, observations: int, forms: list[str]) -> None:
    size = write(folder, observations)
    for form in forms:
        if form == "json" and (folder / "again.json").stat().st_size > 32 * 1024 * 1024:
            continue
        name = f"bulk_{uuid4().hex[:8]}"
        asyncio.run(administer(dsn("postgres"), f"create database {name}"))
        key = asyncio.run(ready(dsn(name)))
        (folder / "times").unlink(missing_ok=True)
        with served(dsn(name), folder) as (address, pid):
            httpx2.get(f"{address}/{PROGRAMME}", timeout=60).raise_for_status()
            first = push(address, pid, key, folder / f"first.{form}", folder / "times")
            limit = asyncio.run(copied(dsn(name)))
            asyncio.run(administer(dsn(name), "delete from observation o using revision r where r.id = o.revision "
                                              "and r.number > 1000", "delete from revision where number > 1000",
                                   "vacuum analyze observation"))  # fmt: skip
            again = push(address, pid, key, folder / f"again.{form}", folder / "times")
        asyncio.run(administer(dsn("postgres"), f"drop database {name} with (force)"))
        for which, spent in (("first", first), ("again", again)):
            figures = " ".join(f"{spent.get(column, 0):8.2f}" for column in COLUMNS)
            waits = f"{spent['middle']:5.0f} {spent['slowest']:6.0f}"
            memory_told = f"{spent['MB']:6.0f} {spent['idle']:5.0f}"
            print(f"{size:>9,} {form:>6} {which} {figures} {limit:6.2f} {limit / spent['wall']:6.2f} {waits} "
                  f"{memory_told}", flush=True)  # fmt: skip


async def administer(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["--serve"]:
        serve(int(words[1]))
        return
    forms = [word for word in words if word in TYPES] or list(TYPES)
    sizes = [int(float(word)) for word in words if word not in TYPES] or [10_000, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory(prefix="bulk-") as folder:
        Path(folder).chmod(0o755)
        with Embedded(Path(folder) / "data") as embedded:
            heads = " ".join(f"{column:>8}" for column in COLUMNS)
            print(
                f"{'rows':>9} {'form':>6} {'':5} {heads} {'COPY':>6} {'ratio':>6} waits: 50% 100% {'MB':>4} {'idle':>5}"
            )
            for size in sizes:
                measure(embedded.dsn, Path(folder), size, forms)


if __name__ == "__main__":
    main()
