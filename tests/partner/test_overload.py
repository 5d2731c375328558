"""When connections or locks are not free in time, the answer is 503 and can be retried."""

import asyncio

import asyncpg
import pytest

from api.database import connections
from schema.partners import Scope

PROGRAMME = "work-and-health-2025-2028"
RETURNS = f"/v1/programmes/{PROGRAMME}/returns"
SUBMISSION = {
    "returns": [
        {
            "measure": "ips-primary-care-referrals",
            "period": "FY2025-26-Q2",
            "observations": [{"area": "E06000018", "value": 40}],
        }
    ]
}


def check_overloaded(response) -> None:
    assert (response.status_code, response.json()["type"]) == (503, "/errors/server-busy"), response.text
    assert response.headers["retry-after"] == "5"


@pytest.fixture
async def small_engine(application, monkeypatch):
    """Give the application one connection, which a request waits for only briefly."""
    monkeypatch.setattr(connections, "POOL_TIMEOUT_SECONDS", 0.1)
    engine = connections.create_application_engine(application.url, pool_size=1)
    application.app.state.engine = engine
    yield engine
    application.app.state.engine = application.engine
    await engine.dispose()


@pytest.fixture
async def http(application):
    return application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))


async def test_exhausted_pool_answers_503(small_engine, http):
    async with small_engine.connect():
        check_overloaded(await http.get(RETURNS))
        check_overloaded(await http.get(RETURNS, params={"as_of": "2025-10-01T00:00:00Z"}))
        check_overloaded(await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json=SUBMISSION))
    assert (await http.get(RETURNS)).status_code == 200


async def test_turn_that_does_not_come_answers_503(small_engine, http):
    async with connections.autocommit_connection(small_engine):
        check_overloaded(await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json=SUBMISSION))
    assert (await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json=SUBMISSION)).status_code == 201


async def test_lock_that_is_not_released_answers_503_and_writes_nothing(application, http):
    assert (await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json=SUBMISSION)).status_code == 201
    before = await application.count_all_rows()
    owner = await application.query_connection()
    await owner.execute("alter role work_health_app set lock_timeout = '50ms'")
    await application.engine.dispose()
    other = await asyncpg.connect(application.url)
    try:
        async with other.transaction():
            await other.execute('select pg_advisory_xact_lock(id) from "return"')
            check_overloaded(await http.post(f"/v1/programmes/{PROGRAMME}/submissions", json=SUBMISSION))
    finally:
        await other.close()
        await owner.execute("alter role work_health_app set lock_timeout = '5s'")
        await application.engine.dispose()
    assert await application.count_all_rows() == before


async def test_many_reads_of_the_past_during_a_write_all_succeed(application):
    """They use four connections, and none of them waits for the writer."""
    clients = [
        application.http_client(await application.issue_key("nottingham-city-council", Scope.READ)) for _ in range(4)
    ]
    writer = await asyncpg.connect(application.url)
    async with writer.transaction():
        await writer.execute("select pg_advisory_xact_lock_shared($1, (select id from programme))", 0x77726974)
        reads = [http.get(RETURNS, params={"as_of": application.now.isoformat()}) for http in clients * 10]
        assert {response.status_code for response in await asyncio.gather(*reads)} == {200}
    await writer.close()


async def test_waiting_requests_of_one_client_leave_connections_to_others(application, http):
    """The pool has four connections, of which a client may occupy two."""
    path = f"/v1/programmes/{PROGRAMME}/submissions"
    assert (await http.post(path, json=SUBMISSION)).status_code == 201
    other = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    owner = await application.query_connection()
    waiting = "select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())"
    async with owner.transaction():
        await owner.execute('select pg_advisory_xact_lock(id) from "return"')
        submitting = [asyncio.create_task(http.post(path, json=SUBMISSION)) for _ in range(8)]
        for _ in range(1000):
            if await owner.fetchval(waiting) == 2:
                break
            await asyncio.sleep(0.01)
        assert (await other.get(RETURNS)).status_code == 200
        assert not any(task.done() for task in submitting)
    assert {(await task).status_code for task in submitting} == {201}
