"""Each kind of connection has its own login, which cannot become another role, and fixed limits."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from api.database import connections
from api.database.roles import APPLICATION_ROLE, PUBLIC_ROLE, PUBLISHER_ROLE, ROLE_TIMEOUTS, login_url
from work_health import new_return, new_submission, observation

PROGRAMME = "work-and-health-2025-2028"
ROLES = (APPLICATION_ROLE, PUBLIC_ROLE, PUBLISHER_ROLE)


@pytest.fixture
async def open_connections(application) -> AsyncIterator[list[tuple[str, asyncpg.Connection]]]:
    """Open a connection of each kind that the server and the worker use."""
    engines = {
        APPLICATION_ROLE: connections.create_application_engine(application.url, pool_size=1),
        PUBLIC_ROLE: connections.create_public_engine(application.url, pool_size=1),
        PUBLISHER_ROLE: connections.create_publisher_engine(application.url),
    }
    listeners = [
        (APPLICATION_ROLE, await connections.connect_queue_listener(application.url)),
        (PUBLIC_ROLE, await connections.connect_release_listener(application.url)),
    ]
    async with AsyncExitStack() as stack:
        pooled = [(role, await stack.enter_async_context(engine.connect())) for role, engine in engines.items()]
        yield [
            *[(role, (await one.get_raw_connection()).driver_connection) for role, one in pooled],
            *listeners,
        ]
    for engine in engines.values():
        await engine.dispose()
    for _, listener in listeners:
        await listener.close()


async def test_no_connection_can_become_another_role(application, open_connections):
    owner = await application.query_connection()
    names = [row[0] for row in await owner.fetch("select quote_ident(rolname) from pg_roles")]
    for role, connection in open_connections:
        words = ("set role", "set session authorization")
        refused = [f"{word} {name}" for word in words for name in names if name != role]
        for statement in refused:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        for statement in ("reset role", "set role none", "reset session authorization"):
            await connection.execute(statement)
        assert tuple(await connection.fetchrow("select session_user, current_user")) == (role, role)
        powers = await connection.fetchval(
            "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb from pg_roles where rolname = $1", role
        )
        memberships = await connection.fetch("select * from pg_auth_members where member = $1::regrole", role)
        assert (powers, memberships) == (False, [])


@pytest.mark.parametrize("role", ROLES)
async def test_no_login_can_make_tables_or_functions(application, role):
    connection = await asyncpg.connect(login_url(application.url, role))
    try:
        for statement in (
            "create temporary table revision (id int)",
            "create table public.shadow (id int)",
            "create function public.shadow() returns int language sql as 'select 1'",
            "create schema shadow",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_every_function_of_ours_fixes_its_search_path(application):
    owner = await application.query_connection()
    unfixed = await owner.fetch(
        """
        select proname from pg_proc
        where pronamespace in ('public'::regnamespace, 'release'::regnamespace, 'protection'::regnamespace)
            and not exists (select from unnest(proconfig) setting where setting like 'search_path=%pg_temp')
        """
    )
    assert unfixed == []


@pytest.mark.parametrize("role", ROLES)
async def test_each_login_has_time_outs(application, role):
    connection = await asyncpg.connect(login_url(application.url, role))
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    shown = tuple([await connection.fetchval("select current_setting($1)", name) for name in names])
    await connection.close()
    assert shown == ROLE_TIMEOUTS[role]


async def test_database_signs_audit_entries(application, council_client):
    """The time is that of the database and the client that of the transaction, not those of the insert."""
    new = new_return("ips-primary-care-referrals", "FY2025-26-Q2", [observation("E06000018", 40)])
    await council_client.create_submission(PROGRAMME, new_submission(new))
    owner = await application.query_connection()
    clients = {row["id"] for row in await owner.fetch("select id from client")}
    before = await owner.fetchval("select clock_timestamp()")
    connection = await asyncpg.connect(login_url(application.url, APPLICATION_ROLE))
    async with connection.transaction():
        await connection.execute("select set_config('work_health.programme', id::text, true) from programme")
        for client in clients:
            await connection.execute(
                """
                insert into audit (programme, at, action, client, key, request_id, subject)
                select id, '2001-01-01', 'forged', $1, 'forged', 'forged', '{}' from programme
                """,
                client,
            )
    await connection.close()
    forged = await owner.fetch("select at, client, key from audit where action = 'forged'")
    assert [(row["client"], row["key"], row["at"] > before) for row in forged] == [(None, None, True)] * len(clients)
    [signed] = await owner.fetch("select client, key from audit where action = 'submission.accepted'")
    assert signed["client"] in clients
    assert signed["key"]


@pytest.mark.parametrize(
    ("url", "login"),
    [
        (
            "postgresql://ann:secret@db:5432/wh?sslmode=require",
            "postgresql://work_health_app:secret@db:5432/wh?sslmode=require",
        ),
        ("postgresql://work_health_app:other@db/wh", "postgresql://work_health_app:other@db/wh"),
        ("postgresql://postgres@/wh?host=/run/pg", "postgresql://work_health_app@/wh?host=/run/pg"),
        ("postgresql://db/wh", "postgresql://work_health_app@db/wh"),
    ],
)
def test_url_of_a_login_keeps_the_database(url, login):
    assert login_url(url, APPLICATION_ROLE) == login
