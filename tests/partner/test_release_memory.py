"""Released reads from memory: without statements, and with each withdrawal, embargo and lost connection respected."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import event

from api.app import serve
from api.database import connections
from api.database.live_copy import CHANGE_SECONDS, LEASE_SECONDS
from api.outcomes.cache import get_cache
from schema.partners import Scope
from tests.conftest import RunningApplication, open_application
from tests.fixtures.example_plan import EAST
from tests.fixtures.release_client import ReleaseClient
from tests.fixtures.server_process import run_processes

JULY = {"measure": "learners", "period": "2026-07"}
LISTENERS_SQL = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'work-and-health-releases'
"""


class Follower:
    """A server process, as far as released reads are concerned: an application that follows the releases."""

    def __init__(self, application: RunningApplication, programme: str) -> None:
        self.application, self.path = application, f"/v1/programmes/{programme}/outcomes"
        self.connections: list[Any] = []
        self.engine = connections.create_public_engine(application.url, pool_size=2)
        application.app.state.public_engine = self.engine
        self.checkouts = 0
        event.listen(self.engine.sync_engine.pool, "checkout", self._count_checkout)

    def _count_checkout(self, *_: object) -> None:
        self.checkouts += 1

    async def connect(self) -> Any:
        self.connections.append(await connections.connect_release_listener(self.application.url))
        return self.connections[-1]

    async def read(self, tag: str | None = None, **query: str) -> Any:
        headers = {"If-None-Match": tag} if tag else {}
        return await self.application.http_client().get(self.path, params=JULY | query, headers=headers)

    async def reads_without_a_statement(self) -> bool:
        """Read, and return True if the read has used no connection to the database."""
        before = self.checkouts
        await self.read()
        return self.checkouts == before

    async def wait_until_following(self) -> None:
        await wait_until(self.reads_without_a_statement)


async def wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(1000):
        if await condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came true")


@asynccontextmanager
async def follow(application: RunningApplication, programme: str) -> AsyncIterator[Follower]:
    follower = Follower(application, programme)
    task = asyncio.create_task(get_cache(follower.engine)._states.follow(follower.connect))
    yield follower
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await follower.engine.dispose()


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    press = ReleaseClient(application, harbour_programme)
    await press.publish()
    application.app.state.change_seconds = CHANGE_SECONDS
    return press


@pytest.fixture
async def follower(press) -> AsyncIterator[Follower]:
    async with follow(press.application, press.programme) as follower:
        await follower.read()
        await follower.wait_until_following()
        yield follower


async def withdraw(press: ReleaseClient, number: int) -> None:
    http = await press.http_client("harbour-council", Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}/releases/{number}/withdrawal"
    assert (await http.post(path, json={"reason": "A slip."})).status_code == 200


async def test_warm_read_and_304_send_no_statement(follower):
    first = await follower.read()
    before = follower.checkouts
    again, unchanged = await follower.read(), await follower.read(first.headers["etag"])
    assert (again.content, unchanged.status_code) == (first.content, 304)
    assert follower.checkouts == before
    await follower.read(period="2026-08")
    assert follower.checkouts > before


async def test_other_query_of_the_same_figures_sends_no_statement(follower):
    before = follower.checkouts
    assert (await follower.read(area=EAST)).json()["items"][0]["area"] == EAST
    assert follower.checkouts == before


async def test_figures_of_a_replaced_release_are_not_read(press, follower):
    """Replace the release unannounced, as a database does that was restored from a backup."""
    owner = await press.application.query_connection()
    await follower.wait_until_following()
    await owner.execute("set session_replication_role = replica")
    await owner.execute("update release.release set publication = gen_random_uuid()")
    assert (await follower.read(period="2026-08")).status_code == 410


async def test_new_release_replaces_the_cached_one(press, follower):
    await press.publish()

    async def is_second() -> bool:
        return (await follower.read()).json()["release"] == 2

    await wait_until(is_second)
    assert (await follower.read(release="1")).json()["release"] == 1


async def test_withdrawal_is_in_force_in_another_process_when_it_is_answered(press, follower):
    async with open_application(press.application.url) as second:
        second.now = press.application.now
        async with follow(second, press.programme) as other:
            await other.wait_until_following()
            await withdraw(press, 1)
            assert ((await other.read()).status_code, (await follower.read()).status_code) == (404, 404)
            assert (await other.read(release="1")).status_code == 410


async def test_withdrawal_is_in_force_in_every_server_process_when_it_is_answered(press):
    """Withdraw release after release through one server process, and read from all of them."""
    for _ in range(2):
        await press.publish()
    owner, press.application.now = await press.application.query_connection(), datetime.now(UTC)
    await owner.execute("update release.release set published_at = '2026-01-01'")
    key = await press.application.issue_key("harbour-council", Scope.PUBLISH, programme=press.programme)
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/v1/programmes/{press.programme}"
    with run_processes(press.application.url, {}, {}) as addresses:
        async with httpx2.AsyncClient(timeout=30) as http:

            async def read_everywhere() -> list[int]:
                reads = [http.get(f"{address}{path}/outcomes", params=JULY) for address in addresses * 3]
                return [response.json().get("release") for response in await asyncio.gather(*reads)]

            async def do_all_follow() -> bool:
                return await owner.fetchval(LISTENERS_SQL) == len(addresses)

            await wait_until(do_all_follow)
            for number in (3, 2, 1):
                assert set(await read_everywhere()) == {number}
                withdrawn = await http.post(
                    f"{addresses[0]}{path}/releases/{number}/withdrawal", json={"reason": "A slip."}, headers=headers
                )
                assert withdrawn.status_code == 200
                assert set(await read_everywhere()) == {number - 1 or None}


async def test_withdrawal_is_in_force_in_a_process_that_hears_nothing(press, follower):
    """Stop reading the listening connection, as if the network had lost it without closing it."""
    await follower.wait_until_following()
    follower.connections[-1]._transport.pause_reading()
    await withdraw(press, 1)
    assert (await follower.read()).status_code == 404
    await press.publish()
    assert (await follower.read()).json()["release"] == 2
    await follower.wait_until_following()
    assert len(follower.connections) > 1


async def test_embargo_ends_without_an_announcement(press, follower):
    ends_at = press.application.now + timedelta(days=1)
    await press.publish(publish_at=ends_at.isoformat())
    await follower.wait_until_following()
    assert (await follower.read()).json()["release"] == 1
    press.application.now = ends_at
    assert (await follower.read()).json()["release"] == 2
    assert await follower.reads_without_a_statement()
    press.application.now = ends_at - timedelta(seconds=1)
    assert (await follower.read()).json()["release"] == 1


async def test_lost_connection_is_replaced_and_reads_stay_right(press, follower):
    owner = await press.application.query_connection()
    pid = follower.connections[-1].get_server_pid()
    await owner.fetchval("select pg_terminate_backend($1, 10000)", pid)
    await withdraw(press, 1)
    assert (await follower.read()).status_code == 404
    await press.publish()
    assert (await follower.read()).json()["release"] == 2
    await follower.wait_until_following()
    assert follower.connections[-1].get_server_pid() != pid


async def test_copy_is_not_used_after_its_lease(press, follower):
    """Block the event loop for longer than the lease: what arrived in the meantime was not read."""
    await follower.wait_until_following()
    follower.connections[-1]._transport.pause_reading()
    await asyncio.sleep(LEASE_SECONDS)
    assert not await follower.reads_without_a_statement()


@pytest.mark.parametrize("replica", ["", "postgresql://work_health_public@127.0.0.1:1/nothing"])
async def test_process_follows_the_primary_with_or_without_a_replica(application, monkeypatch, replica):
    owner = await application.query_connection()
    monkeypatch.setenv("DATABASE_URL", application.url)
    monkeypatch.setenv("DATABASE_REPLICA_URL", replica)

    async def is_following() -> bool:
        return await owner.fetchval(LISTENERS_SQL) == 1

    async def has_stopped() -> bool:
        return await owner.fetchval(LISTENERS_SQL) == 0

    app = serve()
    assert bool(app.state.replica) == bool(replica)
    async with app.lifespan():
        await wait_until(is_following)
    await wait_until(has_stopped)
