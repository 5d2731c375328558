"""An application stores instants of the database, neither of its host nor of the clock that it follows.

The clock by which a process knows that of the database is inexact. Here it is ten minutes slow.
"""

import gc
from datetime import datetime, timedelta

import asyncpg
import pytest

from api.app import serve
from api.database.database_clock import DatabaseClock
from api.database.failures import DatabaseUnreachable
from schema.partners import Scope
from tests.fixtures.example_plan import EAST
from tests.fixtures.release_client import make_learners_return

COLLEGE = "quay-college"
RETURN = f"returns/{COLLEGE}/learners/headline/main/2026-01"
DUE = {"organisation": COLLEGE, "measure": "learners", "period": "2026-01", "reason": "A storm."}
REDACTION = {"revision": 1, "reason": "It names somebody."}
INSTANT_COLUMNS_SQL = """
    select table_schema, table_name, column_name from information_schema.columns join information_schema.tables
    using (table_schema, table_name)
    where table_schema in ('public', 'protection', 'release') and data_type = 'timestamp with time zone'
        and table_type = 'BASE TABLE'
"""
CHOSEN_BY_CALLERS = {"extension.until", "client_key.expires_at"}
STORED = {
    "audit.at", "client_key.created_at", "client_key.last_used_at", "client_key.revoked_at", "exemption.at",
    "extension.at", "idempotency.created_at", "publication.finished_at", "publication.requested_at",
    "redaction.confirmed_at", "redaction.proposed_at", "return_event.at", "revision.recorded_at",
    "submission.received_at",
}  # fmt: skip


class SlowClock(DatabaseClock):
    """Knows the time of the database, less ten minutes."""

    def read(self) -> datetime:
        return super().read() - timedelta(minutes=10)


@pytest.fixture
def garbage_collection():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def test_time_of_a_served_application_is_that_of_the_database(application, monkeypatch, garbage_collection):
    monkeypatch.setenv("DATABASE_URL", application.url)
    app = serve()
    with pytest.raises(DatabaseUnreachable):
        app.state.clock.read()
    async with app.lifespan():
        stated = await (await application.query_connection()).fetchval("select clock_timestamp()")
        assert abs(app.state.clock.read() - stated) < timedelta(minutes=1)


async def fetch_instants(connection: asyncpg.Connection) -> dict[str, set[datetime]]:
    """Return the values of every column that has instants."""
    return {
        f"{table}.{column}": {
            row[0] for row in await connection.fetch(f'select "{column}" from "{schema}"."{table}"') if row[0]
        }
        for schema, table, column in await connection.fetch(INSTANT_COLUMNS_SQL)
    }


async def test_stored_instants_are_those_of_the_database(application, harbour_programme):
    connection = await application.query_connection()
    application.now = await connection.fetchval("select clock_timestamp()")
    key = await application.issue_key(COLLEGE, Scope.SUBMIT, programme=harbour_programme)
    college = application.http_client(key)
    scopes = (Scope.REVIEW, Scope.PUBLISH)
    council, officer = [
        application.http_client(await application.issue_key("harbour-council", *scopes, programme=harbour_programme))
        for _ in range(2)
    ]
    application.app.state.clock = clock = SlowClock()
    earlier = await fetch_instants(connection)
    before = await connection.fetchval("select clock_timestamp()")

    async def post(http, path: str, **content: object) -> dict:
        response = await http.post(f"/v1/{path}", json=content, headers={"Idempotency-Key": path})
        assert response.status_code in {200, 201, 202}, response.text
        return response.json()

    programme = f"programmes/{harbour_programme}"
    await post(college, f"{programme}/submissions", returns=[make_learners_return("2026-01", {(EAST, "female"): 20})])
    await post(council, f"{programme}/{RETURN}/query", revision=1, reason="Why?")
    await post(college, f"{programme}/{RETURN}/comments", revision=1, text="It was busy.")
    await post(council, f"{programme}/{RETURN}/approval", revision=1)
    await post(council, f"{programme}/extensions", **DUE, until=(before + timedelta(days=9)).isoformat())
    await post(council, f"{programme}/exemptions", **DUE, exempt=True)
    job = (await post(council, f"{programme}/releases"))["id"]
    await post(council, f"{programme}/publications/{job}/cancellation")
    await post(council, f"{programme}/publications/{job}/repetition")
    await post(council, f"{programme}/{RETURN}/redaction", **REDACTION)
    await post(officer, f"{programme}/{RETURN}/redaction/confirmation", revision=1)
    issued = await post(college, "me/keys", days=30)
    assert (await college.delete(f"/v1/me/keys/{issued['key']['id']}")).status_code == 200

    after = await connection.fetchval("select clock_timestamp()")
    assert clock.read() < before, "the clock of the process is slow"
    new = {column: values - earlier[column] for column, values in (await fetch_instants(connection)).items()}
    stored = {column: values for column, values in new.items() if values and column not in CHOSEN_BY_CALLERS}
    assert {column for column, values in stored.items() if not before < min(values) <= max(values) < after} == set()
    assert stored.keys() == STORED
