"""A backup, restored into a PostgreSQL server that knows nothing of the software, has everything and every wall."""

import asyncio
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from api.database import dump_programs
from api.database.dump_programs import BackupFailed, find_program, hide_password
from api.database.roles import APPLICATION_ROLE, ROLE_TIMEOUTS, login_url
from api.database.transaction_ids import USE_UP
from api.database.walls import DECLARED_FILE, fetch_walls
from schema.partners import Scope
from tests.conftest import open_application
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return
from tests.fixtures.server_process import ROOT, run_command
from tests.fixtures.stock_cluster import OWNER, StockCluster, start_stock_cluster

NUMBERS = count(1)
SERVER_VERSION = int(os.environ.get("TEST_POSTGRES", "16"))
PEOPLE = {(EAST, "female"): 31, (EAST, "male"): 27, (WEST, "female"): 9, (WEST, "male"): 3}
MORE_PEOPLE = PEOPLE | {(EAST, "female"): 61}
OPEN_PATHS = ("outcomes", "outcomes.csv", "outcomes.json-stat", "progress", "logic-model/outcomes", "measures", "areas")
RELEASE_PATHS = ("releases", "releases/1", "releases/2", "releases/2/changes", "releases/1/entries")
TABLES_SQL = """
    select oid::regclass::text from pg_class
    where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('public', 'release', 'protection', 'queue')
    order by 1
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[StockCluster]:
    with start_stock_cluster() as cluster:
        yield cluster


@pytest.fixture
def empty_url(cluster: StockCluster) -> str:
    name = f"restored_{next(NUMBERS)}"
    cluster.execute(f"create database {name} owner {OWNER}")
    return cluster.url(name, OWNER)


async def fetch_contents(url: str) -> dict[str, tuple[int, str]]:
    """Return the number of rows and a hash of each table, and the state of each sequence."""
    connection = await asyncpg.connect(url)
    contents: dict[str, tuple[int, str]] = {}
    for [table] in await connection.fetch(TABLES_SQL):
        row = await connection.fetchrow(
            f"select count(*), coalesce(md5(string_agg(t::text, E'\\n' order by t::text)), '') from {table} t"
        )
        contents[table] = tuple(row)
    for row in await connection.fetch("select schemaname, sequencename, coalesce(last_value, 0) from pg_sequences"):
        contents[f"{row[0]}.{row[1]}"] = (row[2], "")
    await connection.close()
    return contents


async def fetch_answers(application, programme: str, keys: dict[str, str]) -> dict[str, bytes]:
    """Return what the API answers: everything published, and what each key reads."""
    prefix = f"/v1/programmes/{programme}"
    answers: dict[str, bytes] = {}
    for path in OPEN_PATHS + RELEASE_PATHS:
        response = await application.http_client().get(f"{prefix}/{path}")
        assert response.status_code == 200, (path, response.text)
        answers[path] = response.content
    for organisation, key in keys.items():
        for path in (f"{prefix}/returns", f"{prefix}/returns/changes", f"{prefix}/observations"):
            response = await application.http_client(key).get(path)
            assert response.status_code == 200, (path, response.text)
            answers[f"{organisation} {path}"] = response.content
    return answers


async def fill(application, programme: str) -> dict[str, str]:
    """Publish two releases of two colleges, leave a return unapproved, and return the keys that were used."""
    owner = await application.query_connection()
    await owner.execute(
        USE_UP.format(count=5000)
    )  # the ids of its transactions are then larger than those of the other server
    client = ReleaseClient(application, programme)
    await client.submit_and_approve("quay-college", make_learners_return("2026-06", PEOPLE))
    await client.submit_and_approve("pier-college", make_learners_return("2026-06", PEOPLE))
    assert (await client.publish())["state"] == "published"
    await client.submit_and_approve("quay-college", make_learners_return("2026-07", MORE_PEOPLE))
    assert (await client.publish())["state"] == "published"
    keys = {
        name: await application.issue_key(name, *scopes, programme=programme)
        for name, *scopes in (
            ("quay-college", Scope.SUBMIT, Scope.READ),
            ("pier-college", Scope.READ),
            ("harbour-council", Scope.REVIEW),
        )
    }
    pending = {"returns": [make_learners_return("2026-07", PEOPLE)]}
    submitter = application.http_client(await application.issue_key("pier-college", Scope.SUBMIT, programme=programme))
    assert (await submitter.post(f"/v1/programmes/{programme}/submissions", json=pending)).status_code == 201
    await application.wait_for_old_transactions()
    return keys


async def list_own_cells(url: str, programme: str, organisation: str) -> set[str]:
    """Return the organisations whose returns and cells the application's login reads as one of them."""
    connection = await asyncpg.connect(login_url(url, APPLICATION_ROLE))
    async with connection.transaction():
        await connection.execute(
            """
            select set_config('work_health.programme', p.id::text, true),
                   set_config('work_health.organisations', o.id::text, true)
            from programme p join organisation o on o.programme = p.id where p.slug = $1 and o.slug = $2
            """,
            programme,
            organisation,
        )
        rows = await connection.fetch(
            'select distinct o.slug from organisation o join "return" r on r.organisation = o.id'
            ' join revision v on v.programme = r.programme and v."return" = r.id'
            " join observation c on c.programme = v.programme and c.revision = v.id"
        )
    async with connection.transaction():
        assert await connection.fetch("select * from observation") == []
    await connection.close()
    return {row[0] for row in rows}


async def test_restored_database_has_every_row_figure_and_wall(
    application, harbour_programme, cluster, empty_url, tmp_path
):
    keys = await fill(application, harbour_programme)
    file = tmp_path / "backup"
    answers = await fetch_answers(application, harbour_programme, keys)
    contents = await fetch_contents(application.url)
    written = await asyncio.to_thread(run_command, "backup", file, DATABASE_URL=application.url)
    assert (written.returncode, written.stderr, file.stat().st_mode & 0o777) == (0, "", 0o600)
    restored = await asyncio.to_thread(run_command, "restore", file, DATABASE_URL=empty_url)
    assert (restored.returncode, restored.stderr) == (0, "")

    assert await fetch_contents(empty_url) == contents
    assert all(contents[name][0] > 1 for name in ("release.release", "revision", "audit", "client_key"))
    verified = await asyncio.to_thread(run_command, "verify", DATABASE_URL=empty_url)
    assert verified.returncode == 0, verified.stdout + verified.stderr[-3000:]
    async with open_application(empty_url) as copy:
        copy.now = application.now
        copy.app.state.ids = uuid4  # the database has the ids that a new application begins with
        async with copy.owner.connect() as connection:
            assert await fetch_walls(connection) == DECLARED_FILE.read_text().splitlines()
            for role, timeouts in ROLE_TIMEOUTS.items():
                stored = await connection.exec_driver_sql(f"select rolconfig from pg_roles where rolname = '{role}'")
                assert [setting.partition("=")[2] for setting in stored.scalar_one()] == list(timeouts)
        assert await fetch_answers(copy, harbour_programme, keys) == answers
        assert await list_own_cells(empty_url, harbour_programme, "pier-college") == {"pier-college"}
        await check_later_return_is_an_event(copy, harbour_programme, keys)


async def check_later_return_is_an_event(copy, programme: str, keys: dict[str, str]) -> None:
    """A reader continues where the backup ended, and receives what is submitted after the restore."""
    path = f"/v1/programmes/{programme}/returns/changes"
    reader = copy.http_client(keys["quay-college"])
    cursor = (await reader.get(path)).json()["next_cursor"]
    response = await reader.post(
        f"/v1/programmes/{programme}/submissions", json={"returns": [make_learners_return("2026-05", PEOPLE)]}
    )
    assert response.status_code == 201, response.text
    await copy.wait_for_old_transactions()
    later = (await reader.get(path, params={"cursor": cursor} if cursor else {})).json()["items"]
    assert [event["period"]["code"] for event in later][-1] == "2026-05"


async def test_used_database_and_file_are_not_overwritten(application, cluster, empty_url, tmp_path):
    file = tmp_path / "backup"
    contents = await fetch_contents(application.url)
    assert (await asyncio.to_thread(run_command, "backup", file, DATABASE_URL=application.url)).returncode == 0
    before = file.read_bytes()
    for url, *command in (
        (application.url, "backup", file),
        (application.url, "restore", file),
        (empty_url, "restore", tmp_path / "nothing"),
        (empty_url, "restore", Path(__file__)),
    ):
        result = await asyncio.to_thread(run_command, *command, DATABASE_URL=url)
        assert (result.returncode, result.stderr.count("\n"), result.stdout) == (1, 1, ""), result.stderr
    assert (file.read_bytes(), sorted(tmp_path.iterdir())) == (before, [file])
    assert await fetch_contents(application.url) == contents
    assert await fetch_contents(empty_url) == {}


async def test_backup_of_a_newer_schema_is_refused(application, cluster, empty_url, tmp_path):
    async with application.owner.begin() as owner:
        await owner.exec_driver_sql("update alembic_version set version_num = '9999'")
    file = tmp_path / "backup"
    with file.open("wb") as output:
        dump_programs.dump(find_program("pg_dump", SERVER_VERSION), application.url, output)
    result = await asyncio.to_thread(run_command, "restore", file, DATABASE_URL=empty_url)
    assert (result.returncode, "9999" in result.stderr, await fetch_contents(empty_url)) == (1, True, {})


def test_password_is_used_and_on_no_command_line(cluster, tmp_path):
    rules = cluster.data / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all guarded scram-sha-256\n{before}")
    cluster.execute(
        "create role guarded login createrole password 'r%ght'",
        "create database guarded owner guarded",
        "select pg_reload_conf()",
    )
    url = cluster.url("guarded", "guarded:r%25ght")
    roles = "work_health_app, work_health_public, work_health_publisher, work_health_view"
    try:
        if cluster.fetch("select from pg_roles where rolname = 'work_health_app'", url=cluster.url("postgres", OWNER)):
            cluster.execute(f"grant {roles} to guarded with admin option")
        assert run_command("migrate", DATABASE_URL=url).returncode == 0
        result = run_command("backup", tmp_path / "backup", DATABASE_URL=url)
        assert (result.returncode, "ght" in result.stderr) == (0, False)
    finally:
        rules.write_text(before)
        cluster.execute("select pg_reload_conf()")


@pytest.mark.parametrize(
    ("url", "address", "secret"),
    [
        ("postgresql://ann:a%2Fb@db:5432/wh?sslmode=require", "postgresql://ann@db:5432/wh?sslmode=require", "a/b"),
        ("postgresql://ann@/wh?host=/run/pg&password=x", "postgresql://ann@/wh?host=/run/pg", "x"),
        ("postgresql://ann@db/wh?sslpassword=x", "postgresql://ann@db/wh", None),
        ("postgresql:///wh", "postgresql:///wh", None),
    ],
)
def test_password_is_taken_out_of_the_url(url, address, secret):
    hidden, environment = hide_password(url)
    assert (hidden, environment.get("PGPASSWORD")) == (address, secret)


def test_programs_older_than_the_server_are_refused(monkeypatch):
    with pytest.raises(BackupFailed, match="postgresql-client-99"):
        find_program("pg_dump", 99)
    assert find_program("pg_dump", 16) != find_program("pg_dump", 17)
    monkeypatch.setattr(dump_programs, "INSTALL_FOLDERS", {})
    monkeypatch.setattr(dump_programs, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupFailed, match="postgresql-client-16"):
        find_program("pg_dump", 16)


def test_embedded_database_is_backed_up_and_restored(tmp_path):
    file, (first, second) = tmp_path / "backup", (str(tmp_path / name) for name in ("first", "second"))
    plan = ROOT / "tests" / "plans" / "harbour.yaml"
    assert run_command("load-plan", plan, WORK_HEALTH_DATA=first).returncode == 0
    assert run_command("backup", file, WORK_HEALTH_DATA=first).returncode == 0
    assert run_command("restore", file, WORK_HEALTH_DATA=second).returncode == 0
    assert run_command("verify", WORK_HEALTH_DATA=second).returncode == 0
    again = run_command("load-plan", "--dry-run", plan, WORK_HEALTH_DATA=second)
    assert (again.returncode, "harbour" in again.stdout) == (0, True)
