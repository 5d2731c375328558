"""Slow uploads: they occupy no connections, and the rights at the time of writing apply."""

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

UPLOADS = 12  # more than the connections of the pool
CELLS = [{"area": CITY, "value": 9}]
JSON = json.dumps({"returns": [{"measure": REFERRALS, "period": "FY2025-26-Q2", "observations": CELLS}]})
BODIES = {
    "/csv": (FILE, "text/csv"),
    "/ndjson": (LINES, "application/x-ndjson"),
    "": (JSON, "application/json"),
}


class SlowBody:
    """A body whose second half is sent after `go` is set."""

    def __init__(self, content: str) -> None:
        self._content = content.encode()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        middle = len(self._content) // 2
        yield self._content[:middle]
        self.begun.set()
        await self.go.wait()
        yield self._content[middle:]


async def send(application, key: str, form: str, body: SlowBody):
    return await application.http_client(key).post(
        f"{PATH}{form}", content=body, headers={"Content-Type": BODIES[form][1]}
    )


async def start_upload(application, key: str, form: str) -> tuple[SlowBody, asyncio.Task]:
    """Start an upload and return when half of it has been sent."""
    body = SlowBody(BODIES[form][0])
    sending = asyncio.create_task(send(application, key, form, body))
    await asyncio.wait_for(body.begun.wait(), timeout=30)
    return body, sending


@pytest.mark.parametrize("form", BODIES)
async def test_slow_uploads_occupy_no_connections(application, council_client, form):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    sending = [await start_upload(application, key, form) for _ in range(UPLOADS)]
    assert application.engine.pool.checkedout() == 0
    quick = new_submission(new_return(REFERRALS, "FY2025-26-Q1", [observation(CITY, 7)]))
    report = await asyncio.wait_for(council_client.create_submission(PROGRAMME, quick), timeout=30)
    assert report.outcome == "accepted"
    for body, _ in sending:
        body.go.set()
    responses = await asyncio.gather(*(task for _, task in sending))
    assert [response.status_code for response in responses] == [201] * UPLOADS
    assert sorted(response.json()["outcome"] for response in responses) == ["accepted"] + ["unchanged"] * (UPLOADS - 1)


@pytest.mark.parametrize("form", BODIES)
async def test_body_of_a_refused_request_is_not_read(application, form):
    key = await application.issue_key("nottingham-city-council", Scope.READ)
    body = SlowBody(BODIES[form][0])
    assert (await send(application, key, form, body)).status_code == 403
    async with application.owner.begin() as owner:
        await owner.execute(text("update client_key set revoked_at = now()"))
    assert (await send(application, key, form, body)).status_code == 401
    assert not body.begun.is_set()


#   change during the upload                                      response
CHANGES_DURING_UPLOAD = {
    "update client_key set revoked_at = now()":                       (401, "unauthenticated"),
    "update client_key set expires_at = created_at":                  (401, "unauthenticated"),
    "update client_grant set scopes = '{read}'":                      (403, "not-allowed"),
    "delete from client_grant":                                       (404, "not-found"),
}  # fmt: skip


@pytest.mark.parametrize("form", BODIES)
@pytest.mark.parametrize("change", CHANGES_DURING_UPLOAD)
async def test_rights_at_the_time_of_writing_apply(application, form, change):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    body, sending = await start_upload(application, key, form)
    async with application.owner.begin() as owner:
        await owner.execute(text(change))
    body.go.set()
    response = await sending
    assert (response.status_code, response.json()["type"].removeprefix("/errors/")) == CHANGES_DURING_UPLOAD[change]
    assert await application.count_rows("submission") == 0


async def test_rights_added_during_the_upload_apply(application, council_client):
    """Add the scope `review`, so that the report lists the effects for the whole programme."""
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    body, sending = await start_upload(application, key, "/csv")
    async with application.owner.begin() as owner:
        await owner.execute(text("update client_grant set scopes = '{submit,review}'"))
    body.go.set()
    assert {effect["scope"] for effect in (await sending).json()["effects"]} == {"own", "programme"}


async def test_plan_version_at_the_time_of_writing_applies(application, nottingham_plan):
    key = await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    body, sending = await start_upload(application, key, "/csv")
    async with application.owner.begin() as owner:
        await queries_loading.load_plan(
            owner, replace(nottingham_plan, title="Another title"), sandbox=False, now=application.now
        )
    body.go.set()
    assert (await sending).json()["plan_version"] == 2


async def test_cancelled_transaction_leaves_no_open_session(application):
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


async def test_transaction_without_commit_is_rolled_back(application):
    async def count_used_keys() -> int:
        async with connections.driver_transaction(application.engine) as transaction:
            [row] = await connections.fetch_in_transaction(
                transaction, "select count(*) from client_key where last_used_at is not null"
            )
            return row[0]

    await application.issue_key("nottingham-city-council", Scope.SUBMIT)
    async with connections.driver_transaction(application.engine, commit=False) as transaction:
        await connections.fetch_in_transaction(transaction, "update client_key set last_used_at = now()")
    assert await count_used_keys() == 0
    async with connections.driver_transaction(application.engine) as transaction:
        await connections.fetch_in_transaction(transaction, "update client_key set last_used_at = now()")
    assert await count_used_keys() == 1


async def test_driver_statement_needs_a_transaction(application):
    async with application.engine.connect() as connection, connection.begin():
        with pytest.raises(AssertionError):
            await connections.fetch_in_transaction(connection, "select 1")
