"""The worker deletes what has expired by the clock of the database, and nothing that a reader or a caller needs."""

import re
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from api import retention
from api.database import connections
from api.database.roles import APPLICATION_ROLE, PUBLIC_ROLE, PUBLISHER_ROLE, login_url
from tests.conftest import PROGRAMME
from tests.faults.test_worker_crash import run_worker, wait_until
from tests.fixtures.server_process import move_clock
from tests.partner.test_reading import REFERRALS, Writer, referrals, submit

RETENTION_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "retention.md"
MINUTE = timedelta(minutes=1)
INSERT_ROWS = """
    insert into idempotency (programme, client, operation, key, organisation, content_sha256, created_at)
    select o.programme, c.id, 'create_submission', 'old ' || number, o.id, ''::bytea, now() - interval '31 days'
    from (select * from organisation limit 1) o, client c, generate_series(1, 2500) number
    union all
    select o.programme, c.id, 'create_submission', 'young', o.id, ''::bytea, now() - interval '29 days'
    from (select * from organisation limit 1) o, client c;

    insert into client_key (id, client, digest, created_at, expires_at, revoked_at)
    select new.name, c.id, new.name::bytea, now() - interval '4 years', now() + expires::interval, now() + revoked::interval
    from client c, (values
        ('expired old', '-25 months', null), ('revoked old', '1 year', '-25 months'),
        ('expired young', '-23 months', null), ('revoked young', '1 year', '-23 months')
    ) new (name, expires, revoked);

    insert into rate_count (bucket, "window", used)
    select name::bytea, extract(epoch from now() + age::interval)::bigint / 60, 1
    from (values ('old', '-2 hours'), ('young', '-1 minute')) new (name, age);

    insert into publication (programme, id, client, organisation, dry_run, request, state, requested_at, finished_at)
    select o.programme, gen_random_uuid(), c.id, o.id, false, '{}'::jsonb, state, now() - interval '1 year', now() + age::interval
    from (select * from organisation limit 1) o, client c,
        (values ('failed', '-31 days'), ('refused', '-29 days'), ('running', null)) new (state, age);
    insert into protection.inputs (programme, publication, content) select programme, id, ''::bytea from publication;

    insert into queue.pgqueuer (priority, status, entrypoint) values (0, 'queued', 'unknown to the worker');
    insert into queue.pgqueuer_log (created, job_id, status, priority, entrypoint)
    select now() + age::interval, job_id, 'successful', 0, name
    from (
        values ('old', '-31 days', 9000000), ('young', '-29 days', 9000000),
            ('queued', '-31 days', (select max(id) from queue.pgqueuer))
    ) new (name, age, job_id);
"""
LEFT_ROWS = {
    "select key from idempotency": ["young"],
    "select id from client_key where id ~ 'old|young'": ["expired young", "revoked young"],
    "select convert_from(bucket, 'UTF8') from rate_count": ["young"],
    "select state from protection.inputs i join publication p on p.id = i.publication": ["refused", "running"],
    "select entrypoint from queue.pgqueuer_log where entrypoint in ('old', 'young', 'queued')": ["queued", "young"],
}


async def list_rows(connection: asyncpg.Connection) -> dict[str, list[str]]:
    return {query: sorted(row[0] for row in await connection.fetch(query)) for query in LEFT_ROWS}


async def delete_expired(url: str) -> None:
    engine = connections.create_publisher_engine(url)
    await retention.delete_expired(engine)
    await engine.dispose()


@pytest.mark.parametrize("environment", [{}, move_clock("+31d")], ids=["", "31 days fast"])
async def test_worker_deletes_what_has_expired(application, environment):
    await application.issue_key("nottingham-city-council")
    owner = await application.query_connection()
    await owner.execute(INSERT_ROWS)
    with run_worker(application.url, environment=environment):
        await wait_until(owner, "select count(*) = 0 from queue.pgqueuer_log where entrypoint = 'old'")
    assert await list_rows(owner) == LEFT_ROWS


async def test_one_worker_deletes_at_a_time(application):
    await application.issue_key("nottingham-city-council")
    owner = await application.query_connection()
    await owner.execute(INSERT_ROWS)
    before = await list_rows(owner)
    async with owner.transaction():
        await owner.fetch("select pg_advisory_xact_lock(x'72657461'::int)")
        await delete_expired(application.url)
    assert await list_rows(owner) == before
    await delete_expired(application.url)
    assert await list_rows(owner) == LEFT_ROWS


async def test_snapshots_are_deleted_unless_they_exclude_a_late_revision(application, council_client):
    """The clock of this test is years behind that of the database, so that every snapshot is old."""
    await submit(council_client, referrals(112))
    start = application.now
    connection = await asyncpg.connect(application.url)
    late_at = application.now = start + MINUTE
    late_writer = Writer(connection)
    await late_writer.begin()
    await late_writer.write(REFERRALS, late_at)
    await council_client.list_returns(PROGRAMME, as_of=late_at)
    await late_writer.commit()
    timely_at = application.now = start + 2 * MINUTE
    timely_writer = Writer(connection)
    await timely_writer.begin()
    await council_client.list_returns(PROGRAMME, as_of=timely_at)
    await timely_writer.commit()
    application.now = start + 3 * MINUTE
    await submit(council_client, referrals(115))
    await application.wait_for_old_transactions()

    async def read() -> list[list[int]]:
        instants = (start, late_at, late_at + MINUTE / 2, timely_at, application.now)
        pages = [await council_client.list_returns(PROGRAMME, as_of=instant) for instant in instants]
        return [[summary.revision for summary in page.items] for page in pages]

    before = await read()
    assert before == [[1], [1], [2], [2], [3]]
    assert await application.count_rows("past_snapshot") == 2
    for _ in range(2):  # the second time, nothing examines what stayed
        await delete_expired(application.url)
        assert await connection.fetch("select at, is_needed from past_snapshot") == [(late_at, True)]
        assert await read() == before
    await connection.close()


@pytest.mark.parametrize("role", [APPLICATION_ROLE, PUBLIC_ROLE])
async def test_only_the_worker_can_delete_what_has_expired(application, role):
    connection = await asyncpg.connect(login_url(application.url, role))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select delete_expired('keys')")
    await connection.close()


@pytest.mark.parametrize("table", ["client_key", "idempotency", "past_snapshot", "queue.pgqueuer_log"])
async def test_worker_deletes_nothing_that_has_not_expired(application, table):
    connection = await asyncpg.connect(login_url(application.url, PUBLISHER_ROLE))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"delete from {table}")
    await connection.close()


async def test_documented_periods_are_those_of_the_database(application):
    owner = await application.query_connection()
    definition = await owner.fetchval("select pg_get_functiondef('delete_expired'::regproc)")
    periods = dict(re.findall(r"when '([a-z-]+)' then.*?interval '([^']+)'", definition, re.DOTALL))
    documented = re.findall(r"^\| `([a-z-]+)` \|.*\| ([^|]+) \|$", RETENTION_PAGE.read_text(), re.MULTILINE)
    assert list(documented) == [(kind, periods[kind]) for kind in retention.KINDS]
