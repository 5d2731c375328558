"""The database role for public responses can read releases but no returns."""

import asyncpg
import pytest

from api.database.roles import APPLICATION_ROLE, PUBLIC_ROLE, PUBLISHER_ROLE, login_url
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return

PRIVATE_TABLES = (
    "observation",
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
    connection = await asyncpg.connect(login_url(application.url, PUBLIC_ROLE))
    yield connection
    await connection.close()


async def test_public_role_cannot_select_from_private_tables(reader):
    for table in PRIVATE_TABLES:
        for statement in (f"select * from {table} limit 1", f"reset role; select * from {table} limit 1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(statement)


async def test_public_role_reads_releases_and_cannot_write(reader):
    assert await reader.fetchval("select count(*) from release.figure_block") > 0
    for statement in (
        "delete from release.figure_block",
        "update release.release set notes = 'x'",
        "insert into release.change_block values (1, 1, 9999, 1, '')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(statement)


async def test_application_role_cannot_change_a_release(published, application):
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    for statement in (
        "update release.figure_block set content = ''",
        "update release.release set notes = 'x'",
        "delete from release.release",
        "insert into release.figure_block values (1, 1, 1, '2026-07', 9999, 1, '')",
        "select * from protection.kept",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_publisher_role_cannot_add_to_a_finished_release(published, application):
    """The role that writes releases cannot add to one either. A constraint checks at commit that the release exists."""
    connection = await asyncpg.connect(login_url(application.url, PUBLISHER_ROLE))
    source = "from release.figure_block limit 1"
    figure = f"insert into release.figure_block select programme, {{}}, 1, 'x', 9999, 1, '' {source}"
    change = f"insert into release.change_block select programme, {{}}, 9999, 1, '' {source}"
    period = f"insert into release.period select programme, {{}}, 1, 'x', now(), true {source}"
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


async def test_public_operations_use_the_public_role_only(published, application):
    """Public operations still work without the application's own connections."""
    await application.engine.dispose()
    application.app.state.engine = None
    for path in ("outcomes", "outcomes.csv", "outcomes.json-stat", "outcomes.sdmx.csv", "progress", "releases"):
        assert (await published.read(path)).status_code == 200, path
    for path in ("logic-model/outcomes", "releases/1", "releases/1/changes", "releases/1/entries"):
        assert (await published.read(path)).status_code == 200, path
    application.app.state.engine = application.engine
