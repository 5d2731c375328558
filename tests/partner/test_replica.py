"""A replica that lags or is away: it has figures of releases, and the primary decides which of them may be shown."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import asyncpg
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from sqlalchemy.ext.asyncio import create_async_engine

from api.app import create_app
from api.database import connections, replica
from api.database.connections import fetch_any
from api.database.replica import Replica
from api.monitoring.readiness import ReadinessChecker
from schema.plan import Plan
from tests.conftest import prepare_template
from tests.fixtures.database_outages import freeze
from tests.fixtures.hidden_releases import EMBARGOED, WITHDRAWN, find_leaks, publish, publish_releases, withdraw
from tests.fixtures.proxies import ConnectionDropper, run_proxy
from tests.fixtures.release_client import ReleaseClient
from tests.fixtures.replicated_cluster import ReplicatedCluster, start_replicated_cluster

JULY = {"measure": "learners", "period": "2026-07"}
DATABASE_NUMBERS = count(1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[ReplicatedCluster]:
    with start_replicated_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
async def replicated_template(cluster: ReplicatedCluster, nottingham_plan: Plan) -> str:
    await run_on_primary(cluster, "create database replicated")
    await prepare_template(cluster.primary.dsn("replicated"), nottingham_plan)
    return "replicated"


@pytest.fixture
async def database(cluster: ReplicatedCluster, replicated_template: str) -> str:
    name = f"test_{next(DATABASE_NUMBERS)}"
    await run_on_primary(cluster, f"create database {name} template {replicated_template}")
    await run_on_primary(cluster, f"revoke temporary on database {name} from public")  # a clone has not its rights
    return name


async def run_on_primary(cluster: ReplicatedCluster, statement: str) -> None:
    connection = await asyncpg.connect(cluster.primary.dsn())
    await connection.execute(statement)
    await connection.close()


@pytest.fixture
async def database_url(cluster: ReplicatedCluster, database: str) -> str:
    """Let the application use the primary."""
    return cluster.primary.dsn(database)


class CountedReplica(Replica):
    """A replica that counts the reads that it answers."""

    answered = 0

    async def read(self, fetch):
        content = await super().read(fetch)
        self.answered += bool(content)
        return content


@pytest.fixture
async def standby(application, cluster: ReplicatedCluster, database: str) -> AsyncIterator[CountedReplica]:
    async with use_replica(application, cluster.standby.dsn(database)) as standby:
        yield standby


@asynccontextmanager
async def use_replica(application, url: str) -> AsyncIterator[CountedReplica]:
    application.app.state.replica = replica = CountedReplica(connections.create_public_engine(url, pool_size=2))
    yield replica
    await replica.engine.dispose()


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    return await publish_releases(application, harbour_programme)


async def test_withdrawn_release_is_gone_while_the_replica_lags(press, standby, cluster):
    assert (await press.read(**JULY, release="3")).status_code == 200
    async with cluster.paused():
        await withdraw(press, 5)
        assert await find_leaks(press, WITHDRAWN, EMBARGOED, 5) == ([], {200, 404, 410, 422})
        assert (await press.read(**JULY)).json()["release"] == 3
        assert [(await press.read(**JULY, release=str(number))).status_code for number in (3, 5)] == [200, 410]
        listed = (await press.read("releases")).json()["items"]
        assert [item["number"] for item in listed if item["withdrawn_at"]] == [5, WITHDRAWN]
    assert standby.answered


async def test_new_release_is_read_while_the_replica_lags(press, standby, cluster):
    async with cluster.paused():
        answered = standby.answered
        await publish(press, 6)
        response = await press.read(**JULY)
        assert (response.status_code, response.json()["release"]) == (200, 6)
        assert (await press.read("releases/6/changes")).json()["items"]
        assert (await press.read("releases/6/entries")).json()["items"]
        assert standby.answered == answered
    await cluster.catch_up()
    assert (await press.read(**JULY | {"period": "2026-08"})).json()["release"] == 6
    assert standby.answered > answered


async def test_release_withdrawn_during_a_read_of_the_replica_is_not_shown(press, standby, cluster, monkeypatch):
    read = standby.read

    async def read_and_withdraw(fetch):
        content = await read(fetch)
        assert content
        await withdraw(press, 5)
        return content

    async with cluster.paused():
        monkeypatch.setattr(standby, "read", read_and_withdraw)
        assert (await press.read(**JULY)).status_code == 410


@pytest.fixture
async def reader(application, harbour_programme, cluster, caplog) -> "Reader":
    """Publish one release, which the standby has, too."""
    press = ReleaseClient(application, harbour_programme)
    await press.publish()
    await cluster.catch_up()
    caplog.set_level(logging.WARNING, "work_health")
    return Reader(press)


class Reader:
    """Reads published figures as a process does that has nothing in memory."""

    def __init__(self, press: ReleaseClient) -> None:
        self.press, self.application = press, press.application

    async def reads_replica(self) -> bool:
        """Read, and return True if the replica answered."""
        state = self.application.app.state
        state.public_engine = state.public_engine.execution_options()  # which has no cache yet
        answered = state.replica.answered
        response = await self.press.read(**JULY)
        assert (response.status_code, response.json()["release"]) == (200, 1)
        return state.replica.answered > answered

    async def check(self) -> str:
        """Check the readiness, as a server does every five seconds. Return the state of the replica."""
        self.application.app.state.readiness = ReadinessChecker()
        response = await self.application.http_client().get("/readyz")
        assert response.status_code == 200
        return response.json()["checks"]["replica"]


async def test_reads_go_on_while_the_replica_is_stopped(reader, standby, cluster, caplog):
    assert await reader.reads_replica()
    with cluster.stopped():
        assert [await reader.reads_replica() for _ in range(3)] == [False] * 3
        assert await reader.check() == "away"
        assert len(caplog.records) == 1
    assert not await reader.reads_replica()  # until the next check
    assert await reader.check() == "ok"
    assert await reader.reads_replica()
    assert len(caplog.records) == 2


async def test_reads_go_on_while_the_replica_is_silent(reader, standby, cluster, monkeypatch):
    monkeypatch.setattr(replica, "ANSWER_SECONDS", 0.2)
    assert await reader.reads_replica()
    with freeze(cluster.standby):
        assert not await reader.reads_replica()
        assert await reader.check() == "away"
        assert not await reader.reads_replica()
    monkeypatch.undo()
    assert await reader.check() == "ok"
    assert await reader.reads_replica()


async def test_reads_go_on_when_the_network_drops_connections_to_the_replica(
    reader, application, cluster, database, monkeypatch
):
    dropped = run_proxy(ConnectionDropper, cluster.standby.dsn(database))
    async with dropped as (dropper, url), use_replica(application, url):
        both = await asyncio.gather(reader.reads_replica(), reader.reads_replica())
        assert (any(both), dropper.opened) == (True, 2)
        monkeypatch.setattr(replica, "ANSWER_SECONDS", 0.2)
        dropper.drop()
        assert not await reader.reads_replica()
        monkeypatch.undo()
        assert await reader.check() == "ok"
        assert await reader.reads_replica()


async def test_statement_that_the_replica_cancels_fails_no_read(reader, standby, cluster, caplog):
    """Lock a table on the primary: to replay that, the standby cancels a statement that reads it."""
    sleep = "select pg_sleep(60) from release.release"
    running = asyncio.create_task(standby.read(lambda connection: fetch_any(connection, sleep)))
    await cluster.wait_until("select count(*) = 1 from pg_stat_activity where wait_event = 'PgSleep'")
    owner = await reader.application.query_connection()
    async with owner.transaction():
        await owner.execute("lock table release.release in access exclusive mode")
    assert await running is None
    assert "40001" in caplog.records[0].args
    assert not await reader.reads_replica()
    assert await reader.check() == "ok"
    await cluster.catch_up()
    assert await reader.reads_replica()


def list_handlers() -> Iterator[tuple[str, HTTPRouteHandler]]:
    engine = create_async_engine("postgresql+asyncpg://")
    app: Litestar = create_app(engine, engine)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            yield route.path, handler


def list_dependencies(handler: HTTPRouteHandler) -> set[str]:
    """Return the names of all direct and indirect dependencies of a handler."""
    provided = handler.resolve_dependencies()
    names: set[str] = set()
    pending: list[Any] = [handler]
    while pending:
        for name in pending.pop().parsed_fn_signature.parameters:
            if name in provided and name not in names:
                names.add(name)
                pending.append(provided[name])
    return names


def test_no_public_handler_uses_the_login_for_requests_with_a_key():
    public_handlers = [(path, list_dependencies(handler)) for path, handler in list_handlers() if not handler.guards]
    assert len([path for path, names in public_handlers if "public" in names]) > 10
    pages = [path for path, names in public_handlers if "transaction" in names]
    assert all("/returns" in path for path in pages), "these are for visitors who have signed in with a key"


def test_handlers_with_a_key_use_their_login():
    with_key = [(path, list_dependencies(handler)) for path, handler in list_handlers() if handler.guards]
    assert [path for path, names in with_key if "caller" in names and "transaction" not in names] == []
