"""A database of every earlier migration is migrated with the operator's command, and served: nothing is lost.

The rows are those that the software of that time wrote (tests/fixtures/old_databases.py).
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import msgspec
import pytest
from alembic import command

from api import plan_commands
from api.__main__ import main
from api.database import connections
from schema.partners import Scope
from schema.submission_reports import SubmissionReport
from tests.conftest import SET_DATABASE_CLOCK, Clone, RunningApplication, open_application
from tests.contract.test_migrations import run_migration, scripts
from tests.fixtures.old_databases import (
    CITY,
    COUNTED,
    MEASURE,
    ORGANISATION,
    PROGRAMME,
    SUBMITTED,
    OldDatabase,
    find_old_database,
    load_rows,
)
from tests.fixtures.server_process import ROOT, run_command, run_processes

REVISIONS = [script.revision for script in reversed(list(scripts().walk_revisions()))]
AFTERWARDS = datetime(2026, 12, 2, 9, 30, tzinfo=UTC)  # the stored keys are of 30 November
BY_PROCESS = {REVISIONS[0], "0010", REVISIONS[-2]}
"""The migrations from which the test upgrades by processes. It calls the command and the application for the others."""
REWRITTEN = {
    ("public.plan_version", "content"),  # 0013 and 0020 rename parts of a plan
    ("public.publication", "request"),  # 0013 removes a parameter
    ("public.publication", "failures"),  # 0013 removes two codes
    ("public.submission", "report"),  # 0026 gives the reports of the first servers today's names
    ("public.idempotency", "answer"),
    ("release.release", "sha256"),  # 0011 covers the columns of figures
}
REPLACED_TABLES = {"release.figure", "release.change", "protection.step", "protection.kept"}
READING = {"0001", "0004", "0009", "0012"}
"""Migrations after which every operation that reads is called: the last ones before stored content had another form."""
PUBLISHING = {"0005", "0012"}
"""Migrations after which a release is made: a publication waits in the rows of 0005."""
BASE = f"/v1/programmes/{PROGRAMME}"
RETURN = f"{BASE}/returns/{ORGANISATION}/{MEASURE}/headline/main/FY2025-26-Q3"
OBSERVATIONS = """
    select "return", number, area, breakdown, status, value, numerator, denominator, lower, upper, o.note
    from observation o order by 1, 2, "area", "breakdown"
"""
OBSERVATION_ROWS = """
    select r."return", r.number, a.code, b.key, status, value, numerator, denominator, lower, upper, o.note
    from observation o
    join revision r on r.programme = o.programme and r.id = o.revision
    join area a on a.programme = o.programme and a.id = o.area
    join breakdown b on b.programme = o.programme and b.id = o.breakdown
    order by 1, 2, 3, 4
"""


class Stored:
    """An old database at one migration, with its rows."""

    def __init__(self, revision: str, url: str, content: OldDatabase) -> None:
        self.revision, self.url, self.content = revision, url, content

    async def fetch_rows(self, columns: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of tables, sorted, each value as text."""
        connection = await asyncpg.connect(self.url)
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for table, names in columns.items():
            schema, _, name = table.partition(".")
            selected = ", ".join(f'"{column}"::text' for column in names)
            fetched = await connection.fetch(f'select {selected} from {schema}."{name}" order by {selected}')
            rows[table] = [tuple(row) for row in fetched]
        await connection.close()
        return rows

    async def fetch_columns(self) -> dict[str, list[str]]:
        connection = await asyncpg.connect(self.url)
        fetched = await connection.fetch(
            "select format('%s.%s', table_schema, table_name), array_agg(column_name::text order by column_name) "
            "from information_schema.columns natural join information_schema.tables "
            "where table_type = 'BASE TABLE' and table_schema in ('public', 'release', 'protection') group by 1"
        )
        await connection.close()
        return {
            table: names for table, names in fetched if table not in {"public.alembic_version", "public.observation"}
        }

    async def fetch_observations(self) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.url)
        is_view = await connection.fetchval("select relkind = 'v' from pg_class where oid = 'observation'::regclass")
        rows = [tuple(row) for row in await connection.fetch(OBSERVATIONS if is_view else OBSERVATION_ROWS)]
        await connection.close()
        return rows


@pytest.fixture(params=REVISIONS[:-1])
async def stored(request: pytest.FixtureRequest, clone_database: Clone) -> AsyncIterator[Stored]:
    revision = request.param
    nearest, content = find_old_database(revision)
    async with clone_database("template0") as url:
        engine = connections.create_owner_engine(url)
        await run_migration(engine, command.upgrade, nearest)
        await load_rows(url, content.tables)
        await run_migration(engine, command.upgrade, revision)
        await engine.dispose()
        yield Stored(revision, url, content)


async def check_client(http: httpx2.AsyncClient, content: OldDatabase) -> None:
    """A client of that time reads its returns and receipts, repeats its last request, and submits again."""
    listed = (await http.get(f"{BASE}/returns")).json()["items"]
    known = ("measure", "series", "service", "period", "kind", "revision", "cells", "submission", "note")
    returns = content.answers["returns"]["items"]
    assert [[one[name] for name in known] for one in listed] == [[one[name] for name in known] for one in returns]
    current = (await http.get(RETURN)).json()
    assert [{name: cell[name] for name in COUNTED[0]} for cell in current["observations"][:1]] == COUNTED[:1]
    for answer in (content.answers["submit0"], content.answers["submit1"]):
        receipt = answer["receipt"]
        read = await http.get(f"{BASE}/submissions/{receipt['submission']}")
        assert read.status_code == 200, read.text
        assert read.json()["receipt"] == receipt
        assert [one["revision"] for one in read.json()["returns"]] == [one["revision"] for one in answer["returns"]]
    if "public.idempotency" in content.tables:
        repeated = await http.post(f"{BASE}/submissions", json=SUBMITTED, headers={"Idempotency-Key": "upgrade-1"})
        assert (repeated.status_code, repeated.headers["idempotent-replayed"]) == (201, "true")
        assert msgspec.convert(repeated.json(), SubmissionReport) == msgspec.convert(read.json(), SubmissionReport)
    cells = [{"area": CITY, "value": 150}, {"area": CITY, "value": 150, "breakdown": {"sex": "unknown"}}]
    new = {"returns": [{"measure": MEASURE, "period": "FY2025-26-Q3", "observations": cells}]}
    submitted = await http.post(f"{BASE}/submissions", json=new)
    assert submitted.status_code == 201, submitted.text
    receipt = submitted.json()["receipt"]
    assert (await http.get(f"{BASE}/submissions/{receipt['submission']}")).json()["receipt"] == receipt


def list_read_paths() -> list[str]:
    """Return the path of each operation that reads, with the names of the stored return."""
    document = msgspec.yaml.decode((ROOT / "openapi.yaml").read_bytes())
    names = {
        "programme": PROGRAMME,
        "organisation": ORGANISATION,
        "measure": MEASURE,
        "series": "headline",
        "service": "main",
        "period": "FY2025-26-Q3",
        "version": "1",
        "revision": "1",
        "release": "1",
    }
    paths = [path for path, operations in document["paths"].items() if "get" in operations]
    return [path.format(**names) for path in paths if set(re.findall(r"{(\w+)}", path)) <= names.keys()]


async def check_reads(application: RunningApplication) -> None:
    """Every list and every return is readable by those who may read it."""
    paths = list_read_paths()
    assert len(paths) > 30
    for organisation, scope in (("ohid", Scope.REVIEW), (ORGANISATION, Scope.ADMIN)):
        scopes = (scope, Scope.READ, Scope.PUBLISH)
        key = await application.issue_key(organisation, *scopes, programme=PROGRAMME, sandbox=True)
        http = application.http_client(key)
        statuses = {path: (await http.get(path)).status_code for path in paths}
        assert {path: status for path, status in statuses.items() if status >= 500} == {}
        assert statuses[RETURN] == 200


async def check_publishing(application: RunningApplication) -> None:
    """A publication that waited during the upgrade is made, and a further one is."""
    key = await application.issue_key(ORGANISATION, Scope.PUBLISH, programme=PROGRAMME, sandbox=True)
    http = application.http_client(key)
    await (await application.query_connection()).execute(SET_DATABASE_CLOCK.format("2100-01-01"))
    await application.run_publication_jobs()
    requested = await http.post(f"{BASE}/releases", json={})
    assert requested.status_code == 202, requested.text
    await application.run_publication_jobs()
    jobs = (await http.get(f"{BASE}/publications")).json()["items"]
    assert {job["state"] for job in jobs} == {"published"}
    assert (await http.get(f"{BASE}/releases/{len(jobs)}")).status_code == 200


async def migrate(stored: Stored, monkeypatch: pytest.MonkeyPatch, *, by_process: bool) -> None:
    if by_process:
        migrated = await asyncio.to_thread(run_command, "migrate", DATABASE_URL=stored.url)
        assert migrated.returncode == 0, migrated.stderr
    else:
        monkeypatch.setenv("DATABASE_URL", stored.url)
        assert await asyncio.to_thread(main, ["migrate"]) == 0


async def check_rows_after(stored: Stored, do: Callable[[], Awaitable[None]]) -> None:
    """Check that every value of every table is the same afterwards, unless a migration rewrites it."""
    before, observations = await stored.fetch_columns(), await stored.fetch_observations()
    assert (142, "Counted.") in {(row[5], row[-1]) for row in observations}
    rows = await stored.fetch_rows(before)
    await do()
    after = await stored.fetch_columns()
    assert before.keys() - after.keys() <= REPLACED_TABLES
    kept = {
        table: [name for name in names if name in after[table] and (table, name) not in REWRITTEN]
        for table, names in before.items()
        if table in after
    }
    assert await stored.fetch_observations() == observations
    for table, rows_after in (await stored.fetch_rows(kept)).items():
        places = [before[table].index(name) for name in kept[table]]
        assert Counter(tuple(row[place] for place in places) for row in rows[table]) == Counter(rows_after), table


async def test_database_of_an_earlier_migration_is_migrated_and_served(stored: Stored, monkeypatch: pytest.MonkeyPatch):
    by_process = stored.revision in BY_PROCESS
    await check_rows_after(stored, partial(migrate, stored, monkeypatch, by_process=by_process))
    async with open_application(stored.url) as application:
        application.now = AFTERWARDS
        application.app.state.ids = uuid4
        async with application.owner.begin() as transaction:
            starting = await plan_commands.load_starting_plan(transaction, None)
            assert await plan_commands.load_starting_sandbox(transaction, starting.plan)
        if by_process:
            with run_processes(stored.url, {}) as [address]:
                headers = {"Authorization": f"Bearer {stored.content.key}"}
                async with httpx2.AsyncClient(base_url=address, headers=headers) as http:
                    await check_client(http, stored.content)
        else:
            await check_client(application.http_client(stored.content.key), stored.content)
        if stored.revision in READING:
            await check_reads(application)
        if stored.revision in PUBLISHING:
            await check_publishing(application)
