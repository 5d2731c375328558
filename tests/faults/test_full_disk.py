"""The disk of the database is full while clients submit and a release is published; then somebody frees space.

Nobody touches the software. The tables are on a disk of their own (a tmpfs) where this user may mount one. `CRASHES` is
how often it fills.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from schema.partners import Scope
from tests.conftest import RunningApplication, open_application, read_open_harbour_plan
from tests.faults.test_worker_crash import run_worker, wait_until
from tests.fixtures.database_outages import OutageCluster, mount_disk, prepare_outage_cluster
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return

CRASHES = int(os.environ.get("CRASHES", "1"))
CLIENTS = 4
PEOPLE = {(EAST, "female"): 31, (WEST, "male"): 18}
FULL = (503, "/errors/storage-full")


@pytest.fixture(scope="module")
async def small_cluster() -> AsyncIterator[OutageCluster]:
    with mount_disk() as disk:
        async with prepare_outage_cluster(read_open_harbour_plan(), disk) as cluster:
            yield cluster


@pytest.fixture
async def small_application(small_cluster: OutageCluster) -> AsyncIterator[RunningApplication]:
    async with open_application(small_cluster.url) as application:
        application.now = datetime.now(UTC)  # the worker uses the real clock
        application.app.state.ids = uuid4
        yield application


class Clients:
    """Clients that submit again and again, and repeat what is refused with its key, as the SDK does."""

    def __init__(self, application: RunningApplication, programme: str, key: str) -> None:
        self._http, self._path = application.http_client(key), f"/v1/programmes/{programme}/submissions"
        self._is_ending = False
        self.acknowledged: list[str] = []
        self.refusals: Counter[tuple[int, str]] = Counter()

    async def submit(self, client: int) -> None:
        value = 10_000 * client
        while not self._is_ending:
            value += 1
            people = PEOPLE | {(EAST, "male"): value}
            body = {"returns": [make_learners_return(f"2026-0{client}", people)]}
            self.acknowledged.append(await self._repeat(body, f"full-{value:06}"))

    async def _repeat(self, body: dict, key: str) -> str:
        while True:
            response = await self._http.post(self._path, json=body, headers={"Idempotency-Key": key})
            if response.status_code == 201:
                return response.json()["receipt"]["submission"]
            assert "retry-after" in response.headers, response.text
            self.refusals[response.status_code, response.json()["type"]] += 1
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def submitting(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for client in range(1, CLIENTS + 1):
                group.create_task(self.submit(client))
            yield
            self._is_ending = True

    async def wait_for_refusals(self) -> None:
        await wait_for_more(self.refusals.total, 2 * CLIENTS)

    async def wait_for_more(self) -> None:
        await wait_for_more(lambda: len(self.acknowledged), 2 * CLIENTS)


async def wait_for_more(count: Callable[[], int], more: int) -> None:
    wanted = count() + more
    for _ in range(6000):
        if count() >= wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nothing happens")


async def request_publication(publisher: httpx2.AsyncClient, programme: str) -> tuple[int, str]:
    response = await publisher.post(f"/v1/programmes/{programme}/releases", json={})
    return response.status_code, response.json().get("type", "")


async def test_full_disk_refuses_only_what_it_cannot_store(small_cluster, small_application):
    programme = read_open_harbour_plan().slug
    client = ReleaseClient(small_application, programme)
    for college in ("quay-college", "pier-college"):
        await client.submit_and_approve(college, make_learners_return("2026-06", PEOPLE))
    publisher = await client.http_client("harbour-council", Scope.PUBLISH)
    key = await small_application.issue_key("quay-college", Scope.SUBMIT, Scope.READ, programme=programme)
    clients, connection = Clients(small_application, programme, key), await asyncpg.connect(small_cluster.url)
    before = {str(row[0]) for row in await connection.fetch("select id from submission")}
    chance = random.Random()  # noqa: S311
    requested = 0
    with run_worker(small_cluster.url):
        async with clients.submitting():
            for _ in range(CRASHES):
                await clients.wait_for_more()
                status, _ = await request_publication(publisher, programme)
                assert status == 202
                requested += 1
                await asyncio.sleep(chance.uniform(0, 3))
                async with small_cluster.full_disk():
                    await clients.wait_for_refusals()
                    for path in ("measures", "releases", "returns"):
                        read = await small_application.http_client(key).get(f"/v1/programmes/{programme}/{path}")
                        assert read.status_code == 200, read.text
                    await asyncio.sleep(chance.uniform(0, 3))
                await clients.wait_for_more()
                # A job that the queue could not store for lack of space is put back within a minute.
                has_ended = "select not exists (select from publication where finished_at is null)"
                await wait_until(connection, has_ended, tries=15_000)
    assert {*clients.refusals} == {FULL}
    stored = {str(row[0]) for row in await connection.fetch("select id from submission")} - before
    states = [row[0] for row in await connection.fetch("select state from publication")]
    incomplete = await connection.fetch(
        "select r.id from revision r left join observation o on o.programme = r.programme and o.revision = r.id"
        " group by r.programme, r.id, r.cells having count(o.revision) <> r.cells"
    )
    await connection.close()
    assert sorted(stored) == sorted(clients.acknowledged)
    assert states == ["published"] * requested
    assert incomplete == []
