"""Probes: a server is alive, ready, degraded or unready, and states which check failed."""

import asyncio
from uuid import UUID

import pytest

from api.database import connections, heartbeats
from api.database.replica import Replica
from api.monitoring import readiness
from api.monitoring.readiness import ReadinessChecker
from tests.faults.test_worker_crash import wait_until

OK = {
    "database": "ok",
    "public_database": "ok",
    "replica": "skipped",
    "schema": "ok",
    "walls": "ok",
    "worker": "ok",
}
WORKER = UUID(int=7)


@pytest.fixture
async def worker(application):
    """Store a heartbeat, as a worker does."""
    engine = connections.create_publisher_engine(application.url)
    beats = asyncio.create_task(heartbeats.beat_forever(engine, WORKER))
    await wait_until(await application.query_connection(), "select count(*) = 1 from worker")
    beats.cancel()
    await asyncio.gather(beats, return_exceptions=True)
    await engine.dispose()


@pytest.fixture
def checker(application):
    """Return a checker whose results are never used again."""
    seconds = iter(range(0, 10**9, 1000))
    application.app.state.readiness = ReadinessChecker(read_seconds=lambda: next(seconds))


async def read(application, path="/readyz"):
    response = await application.http_client().get(path)
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, response.json()


async def test_server_with_a_worker_is_ready(application, worker):
    assert await read(application) == (200, {"status": "ready", "checks": OK})


async def test_server_without_a_worker_is_degraded_but_answers(application):
    assert await read(application) == (200, {"status": "degraded", "checks": OK | {"worker": "late"}})


async def test_worker_is_late_after_a_minute_by_the_clock_of_the_database(application, worker, checker):
    owner = await application.query_connection()
    await owner.execute("update worker set beat_at = beat_at - interval '50 seconds'")
    assert (await read(application))[1]["checks"]["worker"] == "ok"
    await owner.execute("update worker set beat_at = beat_at - interval '50 seconds'")
    assert await read(application) == (200, {"status": "degraded", "checks": OK | {"worker": "late"}})


async def test_server_without_its_database_is_alive_but_unready(application):
    nowhere = connections.create_application_engine("postgresql://work_health_app@127.0.0.1:1/nothing", pool_size=1)
    application.app.state.update(engine=nowhere, public_engine=nowhere)
    assert await read(application, "/healthz") == (200, {"status": "alive"})
    checks = dict.fromkeys(OK, "skipped") | {"database": "failed", "public_database": "failed"}
    assert await read(application) == (503, {"status": "unready", "checks": checks})


async def test_server_whose_public_login_fails_is_unready(application, worker):
    application.app.state.public_engine = connections.create_public_engine(
        "postgresql://work_health_public@127.0.0.1:1/nothing", pool_size=1
    )
    assert await read(application) == (503, {"status": "unready", "checks": OK | {"public_database": "failed"}})


async def test_server_whose_replica_is_away_is_degraded_but_answers(application, worker, checker):
    for url, status, state in (
        (application.url, "ready", "ok"),
        ("postgresql://work_health_public@127.0.0.1:1/nothing", "degraded", "away"),
    ):
        application.app.state.replica = Replica(connections.create_public_engine(url, pool_size=1))
        assert await read(application) == (200, {"status": status, "checks": OK | {"replica": state}})
        await application.app.state.replica.engine.dispose()


async def test_silent_database_makes_a_server_unready_in_time(application, monkeypatch):
    async def stay_silent(reader, writer):
        await reader.read()
        writer.close()

    monkeypatch.setattr(readiness, "CHECK_TIMEOUT_SECONDS", 0.1)
    async with await asyncio.start_server(stay_silent, "127.0.0.1") as silent:
        port = silent.sockets[0].getsockname()[1]
        engine = connections.create_application_engine(f"postgresql://a@127.0.0.1:{port}/b", pool_size=1)
        application.app.state.engine = engine
        status, answer = await read(application)
    assert (status, answer["checks"]["database"], answer["checks"]["public_database"]) == (503, "failed", "ok")


@pytest.mark.parametrize(
    ("version", "status", "expected"),
    [
        (
            "0001",
            503,
            {"status": "unready", "checks": OK | {"schema": "failed", "walls": "skipped", "worker": "skipped"}},
        ),
        ("9999", 200, {"status": "degraded", "checks": OK | {"schema": "newer", "walls": "skipped"}}),
    ],
)
async def test_older_schema_makes_a_server_unready_and_a_newer_one_does_not(
    application, worker, version, status, expected
):
    owner = await application.query_connection()
    await owner.execute("update alembic_version set version_num = $1", version)
    assert await read(application) == (status, expected)


async def test_missing_wall_makes_a_server_unready_until_it_is_back(application, worker, checker):
    owner = await application.query_connection()
    await owner.execute("alter table revision disable row level security")
    assert await read(application) == (503, {"status": "unready", "checks": OK | {"walls": "failed"}})
    await owner.execute("alter table revision enable row level security")
    assert await read(application) == (200, {"status": "ready", "checks": OK})


async def test_many_probes_share_one_check(application, worker, monkeypatch):
    checked = []
    check_database = readiness._check_database

    async def count(engine):
        checked.append(1)
        return await check_database(engine)

    monkeypatch.setattr(readiness, "_check_database", count)
    assert len({str(answer) for answer in await asyncio.gather(*[read(application) for _ in range(20)])}) == 1
    assert len(checked) <= 2  # a second may end in between
