"""Those whose bytes come in slowly hold nothing that others need, and may do at the end what they may do then."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from api.database import connections
from api.plan import queries_loading
from schema.partners import Scope
from tests.partner.test_files import CITY, FILE, LINES, PATH, PROGRAMME, REFERRALS
from work_health import new_return, new_submission, observation

MANY = 12  # more than there are connections
CELLS = [{"area": CITY, "value": 9}]
JSON = json.dumps({"returns": [{"measure": REFERRALS, "period": "FY2025-26-Q2", "observations": CELLS}]})
BODIES = {
    "/csv": (FILE, "text/csv"),
    "/ndjson": (LINES, "application/x-ndjson"),
    "": (JSON, "application/json"),
}


class Slow:
    """A body whose second half comes when it is told to."""

    def __init__(self, content: str) -> None:
        self._content = content.encode()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        middle = len(self._content) // 2
        yield self._content[:middle]
        self.begun.set()
        await self.go.wait()
        yield self._content[middle:]


async def send(application, key: str, form: str, body: Slow):
    return await application.http_client(key).post(
        f"{PATH}{form}", content=body, headers={"Content-Type": BODIES[form][1]}
    )


async def halfway(application, key: str, form: str) -> tuple[Slow, asyncio.Task]:
    """A submission of which half has come."""
    body = Slow(BODIES[form][0])
    sending = asyncio.create_task(send(application, key, form, body))
    await asyncio.wait_for(body.begun.wait(), timeout=30)
    return body, sending


@pytest.mark.parametrize("form", BODIES)
async def test_many_slow_uploads_leave_the_connections_to_others(application, council_client, form):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    sending = [await halfway(application, key, form) for _ in range(MANY)]
    assert application.engine.pool.checkedout() == 0
    quick = new_submission(new_return(REFERRALS, "FY2025-26-Q1", [observation(CITY, 7)]))
    report = await asyncio.wait_for(council_client.create_submission(PROGRAMME, quick), timeout=30)
    assert report.outcome == "accepted"
    for body, _ in sending:
        body.go.set()
    answers = await asyncio.gather(*(task for _, task in sending))
    assert [answer.status_code for answer in answers] == [201] * MANY
    assert sorted(answer.json()["outcome"] for answer in answers) == ["accepted"] + ["unchanged"] * (MANY - 1)


@pytest.mark.parametrize("form", BODIES)
async def test_the_body_of_whoever_may_not_is_not_read(application, form):
    key = await application.issue_key("nottingham-city-council", Scope.READ)
    body = Slow(BODIES[form][0])
    assert (await send(application, key, form, body)).status_code == 403
    async with application.owner.begin() as owner:
        await owner.execute(text("update client_key set revoked_at = now()"))
    assert (await send(application, key, form, body)).status_code == 401
    assert not body.begun.is_set()


#   what is done meanwhile                                        the answer
MEANWHILE = {
    "update client_key set revoked_at = now()":                       (401, "unauthenticated"),
    "update client_key set expires_at = created_at":                  (401, "unauthenticated"),
    "update client_grant set scopes = '{read}'":                      (403, "not-allowed"),
    "delete from client_grant":                                       (404, "not-found"),
}  # fmt: skip


@pytest.mark.parametrize("form", BODIES)
@pytest.mark.parametrize("done", MEANWHILE)
async def test_rights_are_those_of_the_moment_of_writing(application, form, done):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    body, sending = await halfway(application, key, form)
    async with application.owner.begin() as owner:
        await owner.execute(text(done))
    body.go.set()
    answer = await sending
    assert (answer.status_code, answer.json()["type"].removeprefix("/errors/")) == MEANWHILE[done]
    assert await application.count_rows("submission") == 0


async def test_rights_that_grow_meanwhile_are_had(application, council_client):
    """A reviewer is told what moves for the whole programme; here only once the grant says so."""
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    body, sending = await halfway(application, key, "/csv")
    async with application.owner.begin() as owner:
        await owner.execute(text("update client_grant set scopes = '{submit,review}'"))
    body.go.set()
    assert {effect["scope"] for effect in (await sending).json()["effects"]} == {"own", "programme"}


async def test_the_plan_is_that_of_the_moment_of_writing(application, nottingham_plan):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    body, sending = await halfway(application, key, "/csv")
    async with application.owner.begin() as owner:
        await queries_loading.load_plan(
            owner, replace(nottingham_plan, title="Another title"), sandbox=False, now=application.now
        )
    body.go.set()
    assert (await sending).json()["plan_version"] == 2


async def test_a_transaction_that_is_cut_off_leaves_nothing_open(application):
    async def wait() -> None:
        async with connections.driver_transaction(application.engine) as transaction:
            await connections.fetch_in_transaction(transaction, "select pg_sleep(60)")

    tasks = [asyncio.create_task(wait()) for _ in range(4)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert application.engine.pool.checkedout() == 0
    async with connections.driver_transaction(application.engine) as transaction:
        [row] = await connections.fetch_in_transaction(
            transaction,
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in %'",
        )
    assert row[0] == 0


async def test_what_is_not_to_be_kept_is_undone(application):
    async def used() -> int:
        async with connections.driver_transaction(application.engine) as transaction:
            [row] = await connections.fetch_in_transaction(
                transaction, "select count(*) from client_key where last_used_at is not null"
            )
            return row[0]

    await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    async with connections.driver_transaction(application.engine, commit=False) as transaction:
        await connections.fetch_in_transaction(transaction, "update client_key set last_used_at = now()")
    assert await used() == 0
    async with connections.driver_transaction(application.engine) as transaction:
        await connections.fetch_in_transaction(transaction, "update client_key set last_used_at = now()")
    assert await used() == 1


async def test_a_statement_of_the_driver_s_own_needs_a_transaction(application):
    async with application.engine.connect() as connection, connection.begin():
        with pytest.raises(AssertionError):
            await connections.fetch_in_transaction(connection, "select 1")
