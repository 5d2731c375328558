"""What answers readers can see releases and nothing that was returned: in SQL, under the role that it has taken on."""

import asyncpg
import pytest

from api.database import connections
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return

RETURNED = (
    "observation",
    "cell",
    '"return"',
    "revision",
    "submission",
    "return_event",
    "idempotency",
    "obligation",
    "extension",
    "exemption",
    "redaction",
    "publication",
    "audit",
    "client",
    "client_key",
    "client_grant",
    "protection.kept",
    "protection.step",
    "queue.pgqueuer",
)
PEOPLE = {(EAST, "female"): 31, (EAST, "male"): 27, (WEST, "female"): 9, (WEST, "male"): 3}


@pytest.fixture
async def published(application, harbour_programme) -> ReleaseClient:
    press = ReleaseClient(application, harbour_programme)
    await press.submit_and_approve("quay-college", make_learners_return("2026-07", PEOPLE))
    await press.submit_and_approve("pier-college", make_learners_return("2026-07", PEOPLE))
    await press.publish()
    return press


@pytest.fixture
async def reader(published, application):
    connection = await asyncpg.connect(application.url, server_settings={"role": connections.PUBLIC_ROLE})
    yield connection
    await connection.close()


async def test_the_role_that_answers_readers_sees_nothing_that_was_returned(reader):
    for table in RETURNED:
        for statement in (f"select * from {table} limit 1", f"reset role; select * from {table} limit 1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(statement)


async def test_it_reads_releases_and_writes_nowhere(reader):
    assert await reader.fetchval("select count(*) from release.figure") > 0
    for statement in (
        "delete from release.figure",
        "update release.release set notes = 'x'",
        "insert into release.change values (1, 1, 9999, 'new')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(statement)


async def test_the_application_cannot_change_what_was_published(published, application):
    connection = await asyncpg.connect(application.url, server_settings={"role": connections.APPLICATION_ROLE})
    for statement in (
        "update release.figure set content = ''",
        "update release.release set notes = 'x'",
        "delete from release.release",
        "insert into release.figure values (1, 1, 9999, 1, '2026-07', 1, 1, '')",
        "select * from protection.kept",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_nothing_is_added_to_a_release_that_is_written(published, application):
    """Not even by the role that writes releases; and of what it writes, the release is asked for at the end."""
    connection = await asyncpg.connect(application.url, server_settings={"role": connections.PUBLISHER_ROLE})
    figure = "insert into release.figure select programme, {}, 9999, 1, 'x', 1, 1, '' from release.figure limit 1"
    change = "insert into release.change select programme, {}, 9999, 'new' from release.figure limit 1"
    period = "insert into release.period select programme, {}, 1, 'x', now(), true from release.figure limit 1"
    for statement in (figure, change):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="written"):
            await connection.execute(statement.format("release"))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("set constraints all deferred")
    for statement in (figure, change, period):
        await connection.execute(statement.format("release + 1"))
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="period_programme_release_fk"):
        await transaction.commit()
    await connection.close()


async def test_every_reading_of_a_release_goes_through_that_role(published, application):
    """With the application's own connections gone, what everybody may read is still answered."""
    await application.engine.dispose()
    application.app.state.engine = None
    for path in ("outcomes", "outcomes.csv", "outcomes.json-stat", "outcomes.sdmx.csv", "progress", "releases"):
        assert (await published.read(path)).status_code == 200, path
    for path in ("logic-model/outcomes", "releases/1", "releases/1/changes", "releases/1/entries"):
        assert (await published.read(path)).status_code == 200, path
    application.app.state.engine = application.engine
