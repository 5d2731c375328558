"""Access between two organisations: through the API, and in SQL with the application's role."""

import asyncpg
import pytest

from api.database.roles import APPLICATION_ROLE, login_url
from schema.partners import Scope
from work_health import NotAllowed, NotFound, new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
CITY = "E06000018"
WHERE = {
    "organisation": "nottingham-city-council",
    "measure": "ips-primary-care-referrals",
    "series": "headline",
    "service": "main",
    "period": "FY2025-26-Q2",
}


@pytest.fixture
async def council_return(council_client):
    cells = [observation(CITY, 112), observation(CITY, 61, breakdown={"sex": "female"})]
    await council_client.create_submission(
        PROGRAMME, new_submission(new_return(WHERE["measure"], WHERE["period"], cells))
    )


@pytest.fixture
async def trust(application):
    """Return the client of another provider, which has its own duties."""
    return await application.partner_client("nottinghamshire-healthcare")


@pytest.mark.usefixtures("council_return")
async def test_provider_cannot_read_returns_of_another(trust):
    assert (await trust.list_returns(PROGRAMME)).items == []
    assert (await trust.list_returns(PROGRAMME, organisation="nottingham-city-council")).items == []
    with pytest.raises(NotFound):
        await trust.get_return(PROGRAMME, **WHERE)


async def test_provider_cannot_submit_for_another(application, trust):
    conversations = new_return("work-health-conversations", "FY2025-26-Q2", [observation(CITY, 9)])
    with pytest.raises(NotAllowed, match="nottinghamshire-healthcare"):
        await trust.create_submission(PROGRAMME, new_submission(conversations, organisation="nottingham-city-council"))
    assert await application.count_rows("submission") == 0


@pytest.mark.usefixtures("council_return")
async def test_reviewer_reads_all_returns_and_submits_none(reviewer_client):
    assert len((await reviewer_client.list_returns(PROGRAMME)).items) == 1
    assert (await reviewer_client.get_return(PROGRAMME, **WHERE)).observations[0].value == 112
    with pytest.raises(NotAllowed, match=r"\bsubmit\b"):
        await reviewer_client.create_submission(PROGRAMME, new_submission(new_return("x", "2025-07")))


class BoundConnection:
    """A connection with the application's role, restricted to one organisation."""

    def __init__(self, connection: asyncpg.Connection, programme: int, organisation: int) -> None:
        self.connection, self.programme, self.organisation = connection, programme, organisation


@pytest.fixture
async def trust_connection(application):
    """Connect with the application's role as the Trust, in a transaction."""
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    async with application.owner.connect() as owner:
        rows = await owner.exec_driver_sql(
            "select programme, id from organisation where slug = 'nottinghamshire-healthcare'"
        )
        programme, organisation = rows.one()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "select set_config('work_health.programme', $1, true), set_config('work_health.organisations', $2, true)",
        str(programme),
        str(organisation),
    )
    yield BoundConnection(connection, programme, organisation)
    await transaction.rollback()
    await connection.close()


@pytest.mark.usefixtures("council_return")
@pytest.mark.parametrize("table", ["return", "revision", "submission", "observation"])
async def test_in_sql_rows_of_another_organisation_are_invisible(trust_connection, table):
    assert await trust_connection.connection.fetch(f'select * from "{table}"') == []


@pytest.mark.usefixtures("council_return")
@pytest.mark.parametrize(
    "statement",
    [
        "update revision set number = 9",
        "update revision set cell_value = cell_area",
        "delete from revision",
        "truncate revision cascade",
        'delete from "return"',
        "delete from submission",
        "insert into plan_version select * from plan_version",
        "update client_key set revoked_at = null",
        "insert into client_key select * from client_key",
        "update client_key set expires_at = now() + interval '1 year'",
        "insert into client_grant select * from client_grant",
        "update client_grant set scopes = '{admin}'",
        "select replace_key('a', 'b', '', now(), now(), now(), '')",
        "select revoke_key(min(id), now(), '') from client_key",
        "select audit_key('key.issued', min(id), '') from client_key",
        "select own_keys(now())",
        "alter table revision disable row level security",
    ],
)
async def test_in_sql_the_application_lacks_privileges(trust_connection, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await trust_connection.connection.execute(statement)


async def test_resetting_the_role_gains_nothing(trust_connection):
    await trust_connection.connection.execute("reset role")
    assert await trust_connection.connection.fetchval("select current_user") == "work_health_app"


async def test_in_sql_a_return_for_another_organisation_is_refused(trust_connection):
    statement = """
        insert into "return" (programme, organisation, series, service, period, period_start, period_end)
        select programme, id, (select min(id) from series), 'main', 'FY2025-26-Q2', '2025-07-01', '2025-09-30'
        from organisation where slug = 'nottingham-city-council'
    """
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await trust_connection.connection.execute(statement)


@pytest.mark.usefixtures("council_return")
async def test_in_sql_cells_in_a_revision_for_another_organisation_are_refused(application, trust_connection):
    """The revision would be the council's next one."""
    statement = """
        insert into revision (programme, "return", organisation, number, kind, submission, plan_version, cells,
                              cell_area, cell_breakdown, cell_value, recorded_at)
        values ($1, $2, $3, 2, 'data', $4, 1, 1, '\\x02', '\\x02', '\\x02', now())
    """
    async with application.owner.connect() as owner:
        columns = 'programme, "return", organisation, submission'
        row = (await owner.exec_driver_sql(f"select {columns} from revision")).one()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await trust_connection.connection.execute(statement, *row)


@pytest.mark.usefixtures("council_return")
async def test_in_sql_an_organisation_reads_its_own_cells_with_codes(application):
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    try:
        async with connection.transaction():
            await connection.execute(
                """
                select set_config('work_health.programme', programme::text, true),
                       set_config('work_health.organisations', id::text, true)
                from organisation where slug = 'nottingham-city-council'
                """
            )
            rows = await connection.fetch("select area, breakdown, value, status, note from observation")
    finally:
        await connection.close()
    assert sorted(map(tuple, rows)) == [(CITY, "", 112, None, None), (CITY, "sex=female", 61, None, None)]


async def test_in_sql_a_connection_without_programme_reads_nothing(application, council_return):
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    try:
        assert await connection.fetch("select * from revision") == []
        assert await connection.fetch("select * from observation") == []
    finally:
        await connection.close()


async def test_key_of_one_programme_does_not_open_another(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    response = await http.get("/v1/programmes/other/returns")
    assert response.status_code == 404
