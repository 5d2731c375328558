"""The start of `serve`, `work` and `migrate`: they wait for a database, and end with one line after a mistake."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from api import worker
from api.__main__ import main
from api.database import connections, readiness
from api.database.embedded_processes import SOCKET_NAME
from tests.fixtures.server_process import find_free_port
from tests.fixtures.stock_cluster import OWNER, StockCluster, start_stock_cluster

COMMANDS = pytest.mark.parametrize("command", ["serve", "work"])
LOGIN = {"serve": "work_health_public", "work": "work_health_publisher"}
Refuse = Callable[..., str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[StockCluster]:
    with start_stock_cluster() as cluster, pytest.MonkeyPatch.context() as patch:
        cluster.execute(f"create database empty owner {OWNER}", f"create database ready owner {OWNER}")
        patch.setenv("DATABASE_URL", cluster.url("ready", OWNER))
        assert main(["migrate"]) == 0
        yield cluster


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Return a function that runs a command, which must end with one line, and returns that line."""

    def run_command(command: str, url: str) -> str:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("WORK_HEALTH_PORT", str(find_free_port()))
        monkeypatch.setenv("WORK_HEALTH_DATABASE_WAIT", "1")
        status, report = main([command]), capsys.readouterr()
        assert (status, report.out, report.err.count("\n")) == (1, "", 1), report
        return report.err

    return run_command


@COMMANDS
def test_mistakes_end_server_and_worker_with_one_line(cluster, refuse, command):
    assert "missing" in refuse(command, cluster.url("missing", OWNER))
    assert "python -m api migrate" in refuse(command, cluster.url("empty", OWNER))
    for login in ("work_health_app", LOGIN[command]):
        cluster.execute(f"alter role {login} nologin")
        assert login in refuse(command, cluster.url("ready", OWNER))
        cluster.execute(f"alter role {login} login")


@COMMANDS
def test_other_schema_is_refused(cluster, refuse, command):
    url = cluster.url("ready", OWNER)
    [[schema]] = cluster.fetch("select version_num from alembic_version", url=url)
    for number in ("0010", "9999"):
        cluster.execute(f"update alembic_version set version_num = '{number}'", url=url)
        assert number in refuse(command, url)
    cluster.execute(f"update alembic_version set version_num = '{schema}'", url=url)
    cluster.execute("revoke select on alembic_version from work_health_app", url=url)  # as before migration 0025
    assert "python -m api migrate" in refuse(command, url)
    cluster.execute("grant select on alembic_version to work_health_app", url=url)


@COMMANDS
def test_database_that_never_answers_ends_the_wait(refuse, command, tmp_path, caplog):
    url = f"postgresql://owner@/place?host={tmp_path}"
    assert "/place" in refuse(command, url)
    assert len(caplog.records) == 1


async def test_database_that_starts_later_is_waited_for(cluster, tmp_path, caplog):
    url = f"postgresql://{OWNER}@/ready?host={tmp_path}&port=5432"
    waiting = asyncio.create_task(readiness.wait_for_database(url, seconds=60))
    await wait_for_warning(caplog)
    assert not waiting.done()
    (tmp_path / SOCKET_NAME).symlink_to(find_socket(cluster))
    await waiting


def find_socket(cluster: StockCluster) -> Path:
    [folder] = parse_qs(urlsplit(cluster.url("ready", OWNER)).query)["host"]
    return Path(folder) / SOCKET_NAME


async def wait_for_warning(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3000):
        if any(record.name == "work_health" and record.levelno == logging.WARNING for record in caplog.records):
            return
        await asyncio.sleep(0.01)
    pytest.fail("nothing was logged")


async def test_migration_reports_that_it_waits_for_another(database_url, caplog):
    engine = connections.create_owner_engine(database_url)
    other = await asyncpg.connect(database_url)
    await other.execute("select pg_advisory_lock($1)", connections.MIGRATION_LOCK_ID)
    migrating = asyncio.create_task(connections.migrate(engine))
    await wait_for_warning(caplog)
    assert not migrating.done()
    await other.close()
    await migrating
    await engine.dispose()


def test_worker_ends_if_the_database_refuses_its_login_later(cluster):
    cluster.execute("alter role work_health_publisher nologin")
    with pytest.raises(DBAPIError, match="work_health_publisher"):
        asyncio.run(worker.run_until_stopped(*[cluster.url("ready", OWNER)] * 2, processes=1))
    cluster.execute("alter role work_health_publisher login")
