"""The operator's commands on a stock PostgreSQL: what they need, and what they report on one line."""

import re
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from api.__main__ import main
from api.database import requirements
from api.database.roles import ROLE_TIMEOUTS, ROLES
from tests.conftest import HARBOUR_PLAN_FILE, NOTTINGHAM_PLAN_FILE
from tests.fixtures.stock_cluster import OWNER, StockCluster, start_stock_cluster

NUMBERS = count(1)
PLAN = str(NOTTINGHAM_PLAN_FILE)
COMMANDS = [
    ["migrate"],
    ["verify"],
    ["run"],
    ["load-plan", PLAN],
    ["revoke-key", "0123456789"],
    ["issue-key", "x", "--person", "x", "--organisation", "x", "--programme", "x", "--scope", "read"],
]
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[StockCluster]:
    with start_stock_cluster() as cluster:
        yield cluster


@pytest.fixture
def database(cluster: StockCluster) -> str:
    """Return the name of an empty database of the owner."""
    name = f"place_{next(NUMBERS)}"
    cluster.execute(f"create database {name} owner {OWNER}")
    return name


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command on a database and returns its exit status and what it reports."""

    def run_command(url: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("WORK_HEALTH_DATABASE_WAIT", "0")
        status = main(arguments)
        return status, capsys.readouterr().err

    return run_command


def extract_statements(report: str) -> list[str]:
    """Return the statements that the report asks a superuser to run."""
    return re.findall(r": ([a-z][^:]*;)$", report, re.MULTILINE)


def list_tables(cluster: StockCluster, url: str) -> list[str]:
    query = "select relname from pg_class where relnamespace = 'public'::regnamespace"
    return [row[0] for row in cluster.fetch(query, url=url)]


def test_owner_who_is_no_superuser_migrates_twice(cluster, database, run):
    url = cluster.url(database, OWNER)
    assert run(url, "migrate") == (0, "")
    assert run(url, "migrate") == (0, "")
    assert run(url, "load-plan", str(HARBOUR_PLAN_FILE)) == (0, "")
    assert run(url, "verify") == (0, "")
    creators = "select rolname from pg_roles where has_schema_privilege(rolname, 'public', 'create') and not rolsuper"
    assert {row[0] for row in cluster.fetch(creators, url=url)} == {OWNER, "pg_database_owner"}
    for role in ROLE_TIMEOUTS:
        assert cluster.fetch("select count(*) from release.release", url=cluster.url(database, role))[0][0] == 0


def test_two_databases_of_one_server_are_migrated_by_two_owners(cluster, database, run):
    """The roles belong to both. The second owner needs the right to administer them."""
    assert run(cluster.url(database, OWNER), "migrate") == (0, "")
    second = f"second_{next(NUMBERS)}"
    cluster.execute(f"create role {second} login createrole", f"create database {second} owner {second}")
    url = cluster.url(second, second)
    status, report = run(url, "migrate")
    assert (status, list_tables(cluster, url)) == (1, [])
    [statement] = extract_statements(report)
    assert all(role in statement for role in ROLES)
    cluster.execute(statement, url=cluster.url(database, OWNER))  # who created them
    for name, login in ((second, second), (database, OWNER), (second, second)):
        assert run(cluster.url(name, login), "migrate") == (0, "")
        assert run(cluster.url(name, login), "verify") == (0, "")


def test_missing_rights_are_reported_at_once_with_statements_that_give_them(cluster, run):
    name = f"poor_{next(NUMBERS)}"
    cluster.execute(f"create role {name} login", f"create database {name}")
    url = cluster.url(name, name)
    status, report = run(url, "migrate")
    statements = extract_statements(report)
    assert (status, len(statements)) == (1, len(report.splitlines()))
    assert {statement.split()[1] for statement in statements} >= {"database", "role"}
    assert list_tables(cluster, url) == []
    cluster.execute(*statements)
    assert run(url, "migrate") == (0, "")


def test_public_schema_of_another_owner_is_reported(cluster, database, run):
    url = cluster.url(database, OWNER)
    administrator = cluster.url(database, "postgres")
    cluster.execute(f"alter schema {'public'} owner to postgres", url=administrator)
    status, report = run(url, "migrate")
    [statement] = extract_statements(report)
    assert (status, list_tables(cluster, url)) == (1, [])
    cluster.execute(statement, url=administrator)
    assert run(url, "migrate") == (0, "")


@pytest.mark.parametrize("command", COMMANDS, ids=[command[0] for command in COMMANDS])
def test_every_command_reports_a_wrong_configuration_on_one_line(cluster, database, run, command):
    """None of these raises, and each names what is wrong."""
    host = cluster.url(database, OWNER)
    for url, named in (
        (cluster.url("nowhere", OWNER), '"nowhere"'),
        (cluster.url(database, "nobody"), '"nobody"'),
        (host.replace(str(cluster.data), "/nowhere"), "No such file"),
        (f"postgresql://{OWNER}@127.0.0.1:1/{database}", "127.0.0.1"),
        (f"postgresql://{OWNER}@nowhere.invalid/{database}", "nowhere.invalid"),
        (f"mysql://{OWNER}@127.0.0.1/{database}", "mysql"),
    ):
        status, report = run(url, *command)
        assert (status, report.count("\n"), named in report) == (1, 1, True), report


def test_wrong_password_is_reported_without_it(cluster, database, run):
    rules = cluster.data / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all locked scram-sha-256\n{before}")
    cluster.execute("create role locked login createrole password 'right'", "select pg_reload_conf()")
    try:
        for password in ("", ":wr0ng", ":wr0ng/%40"):
            status, report = run(cluster.url(database, f"locked{password}"), "migrate")
            assert (status, report.count("\n"), "wr0ng" in report) == (1, 1, False), report
    finally:
        rules.write_text(before)
        cluster.execute("select pg_reload_conf()")


def test_old_postgresql_is_reported_before_anything_is_written(cluster, database, run, monkeypatch):
    monkeypatch.setattr(requirements, "MIN_VERSION", 99)
    url = cluster.url(database, OWNER)
    status, report = run(url, "migrate")
    assert (status, report.count("\n"), "99" in report, list_tables(cluster, url)) == (1, 1, True, [])


def test_newer_and_missing_schemas_are_reported(cluster, database, run):
    url = cluster.url(database, OWNER)
    for command in (["verify"], COMMANDS[-1]):
        status, report = run(url, *command)
        assert (status, report.count("\n"), "migrate" in report) == (1, 1, True)
    assert run(url, "migrate") == (0, "")
    cluster.execute("update alembic_version set version_num = '9999'", url=url)
    for command in COMMANDS:
        status, report = run(url, *command)
        assert (status, report.count("\n"), "9999" in report) == (1, 1, True)


def test_login_of_the_server_is_not_the_owner(cluster, database, run):
    assert run(cluster.url(database, OWNER), "migrate") == (0, "")
    status, report = run(cluster.url(database, "work_health_app"), "migrate")
    assert (status, report.count("\n"), OWNER in report) == (1, 1, True)


def test_database_in_another_encoding_is_reported(cluster, run):
    name = f"latin_{next(NUMBERS)}"
    cluster.execute(f"create database {name} owner {OWNER} encoding 'LATIN1' template template0")
    status, report = run(cluster.url(name, OWNER), "migrate")
    assert (status, report.count("\n"), "LATIN1" in report) == (1, 1, True)


def test_missing_files_are_reported(cluster, database, run):
    url = cluster.url(database, OWNER)
    for command in ("load-plan", "load-boundaries", "write-contract"):
        status, report = run(url, command, "/nowhere/file")
        assert (status, report.count("\n"), "/nowhere/file" in report) == (1, 1, True)
