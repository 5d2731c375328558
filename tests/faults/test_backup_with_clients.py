"""Back up while clients submit and reviewers approve, and restore: the copy is the database of one moment, complete.

`CRASHES` is how often.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from api.database.walls import DECLARED_FILE, fetch_walls
from schema.partners import Scope
from tests.conftest import open_application
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return
from tests.fixtures.server_process import run_command
from tests.fixtures.stock_cluster import OWNER, StockCluster, start_stock_cluster
from tests.partner.test_backup import PEOPLE, TABLES_SQL, fetch_answers, fill

CRASHES = int(os.environ.get("CRASHES", "1"))
CHANGING_TABLES = {"client_key"}
"""Tables whose rows change after they are written."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[StockCluster]:
    with start_stock_cluster() as cluster:
        yield cluster


class Writers:
    """A college that submits again and again, and a reviewer who approves it."""

    def __init__(self, application, programme: str) -> None:
        self._client = ReleaseClient(application, programme)
        self._application, self._programme = application, programme
        self._value = 0
        self.acknowledged: list[str] = []

    async def submit(self, key: str, month: str) -> None:
        http = self._application.http_client(key)
        while not self._is_ending:
            self._value += 1
            body = {"returns": [make_learners_return(month, PEOPLE | {(WEST, "male"): 20 + self._value})]}
            response = await http.post(f"/v1/programmes/{self._programme}/submissions", json=body)
            assert response.status_code == 201, response.text
            self.acknowledged.append(response.json()["receipt"]["submission"])
            self._has_begun.set()

    async def approve(self) -> None:
        while not self._is_ending:
            self._value += 1
            people = PEOPLE | {(EAST, "male"): 20 + self._value}
            await self._client.submit_and_approve("pier-college", make_learners_return("2026-05", people))

    @asynccontextmanager
    async def writing(self, key: str) -> AsyncIterator[None]:
        self._is_ending, self._has_begun = False, asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for month in ("2026-03", "2026-04"):
                group.create_task(self.submit(key, month))
            group.create_task(self.approve())
            await asyncio.wait_for(self._has_begun.wait(), 60)
            yield
            self._is_ending = True


async def fetch_rows(url: str) -> dict[str, Counter[str]]:
    """Return the rows of each table as text."""
    connection = await asyncpg.connect(url)
    rows = {
        table: Counter(row[0] for row in await connection.fetch(f"select t::text from {table} t"))
        for [table] in await connection.fetch(TABLES_SQL)
    }
    await connection.close()
    return rows


async def fetch_submissions(url: str) -> dict[str, tuple[int, ...]]:
    """Return how much each submission wrote: revisions, cells and events."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        """
        select s.id, count(distinct r.id), count(distinct e.id), sum(r.cells),
            (select count(*) from observation o join revision v on v.programme = o.programme and v.id = o.revision
             where v.submission = s.id)
        from submission s
        join revision r on r.programme = s.programme and r.submission = s.id
        join return_event e on e.programme = r.programme and e."return" = r."return" and e.number = r.number
            and e.event = 'recorded'
        group by s.id
        """
    )
    await connection.close()
    assert all(row[3] == row[4] for row in rows)
    return {str(row[0]): tuple(map(int, row[1:])) for row in rows}


async def test_backup_while_clients_write_is_complete(application, harbour_programme, cluster, tmp_path: Path):
    keys = await fill(application, harbour_programme)
    published = await fetch_answers(application, harbour_programme, {})
    submitter = await application.issue_key("quay-college", Scope.SUBMIT, programme=harbour_programme)
    writers = Writers(application, harbour_programme)
    first = {*await fetch_submissions(application.url)}
    for number in range(CRASHES):
        file, name = tmp_path / f"backup-{number}", f"copy_{number}"
        await asyncio.to_thread(cluster.execute, f"create database {name} owner {OWNER}")
        async with writers.writing(submitter):
            earlier = {*writers.acknowledged}
            written = await asyncio.to_thread(run_command, "backup", file, DATABASE_URL=application.url)
        assert (written.returncode, written.stderr) == (0, "")
        url = cluster.url(name, OWNER)
        restored = await asyncio.to_thread(run_command, "restore", file, DATABASE_URL=url)
        assert (restored.returncode, restored.stderr) == (0, "")

        copied, submissions = await fetch_submissions(url), await fetch_submissions(application.url)
        assert first | earlier <= {*copied}
        assert copied.items() <= submissions.items()
        rows = await fetch_rows(application.url)
        differing = {table for table, texts in (await fetch_rows(url)).items() if texts - rows[table]}
        assert differing <= CHANGING_TABLES
        assert (await asyncio.to_thread(run_command, "verify", DATABASE_URL=url)).returncode == 0
        async with open_application(url) as copy:
            copy.now = application.now
            assert await fetch_answers(copy, harbour_programme, {}) == published
            async with copy.owner.connect() as connection:
                assert await fetch_walls(connection) == DECLARED_FILE.read_text().splitlines()
            assert (await copy.http_client(keys["quay-college"]).get("/v1/me")).status_code == 200
        await asyncio.to_thread(cluster.execute, f"drop database {name} with (force)")
    assert len(writers.acknowledged) == len({*writers.acknowledged})
