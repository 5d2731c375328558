"""`migrate` while others use the database, and killed in the middle. `CRASHES` is the number of kills."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest
from alembic import command

from api.database import connections
from api.database.requirements import NEWEST_SCHEMA, OLDEST_RUNNING_SCHEMA
from tests.conftest import Clone
from tests.contract.test_migrations import run_migration, scripts
from tests.fixtures.old_databases import find_old_database, load_rows
from tests.fixtures.server_process import ROOT, run_command

CRASHES = int(os.environ.get("CRASHES", "2"))
REVISIONS = [script.revision for script in reversed(list(scripts().walk_revisions()))]
CELLS_AS_ROWS = "0009"
READ_SCHEMA = "select coalesce((select version_num from alembic_version), '')"


@contextmanager
def run_migrate(url: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "api", "migrate"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def migrate_to(url: str, step, revision: str) -> None:
    engine = connections.create_owner_engine(url)
    await run_migration(engine, step, revision)
    await engine.dispose()


async def test_migration_waits_for_a_long_read_and_names_its_session(clone_database: Clone, template_database: str):
    """Other requests are answered meanwhile: their time-out for locks is longer than that of a migration."""
    async with clone_database(template_database) as url:
        await migrate_to(url, command.downgrade, "0020")
        reader, other = await asyncpg.connect(url), await asyncpg.connect(url)
        async with reader.transaction():
            await reader.fetch("select from past_snapshot")
            with run_migrate(url) as process:
                assert process.stderr
                report = process.stderr.readline()
                assert str(reader.get_server_pid()) in report
                await other.execute("set lock_timeout = '5s'")
                await other.fetch("select from past_snapshot")
                await reader.execute("commit")
                assert process.wait(60) == 0
        assert await other.fetchval(READ_SCHEMA) == NEWEST_SCHEMA
        await reader.close()
        await other.close()


@pytest.mark.parametrize("first", ["0001", CELLS_AS_ROWS])
async def test_killed_migration_leaves_a_whole_revision_and_is_completed(clone_database: Clone, first: str):
    chance = random.Random(CRASHES)  # noqa: S311
    targets = sorted(chance.sample([revision for revision in REVISIONS if revision >= first], CRASHES % len(REVISIONS)))
    async with clone_database("template0") as url:
        if first == CELLS_AS_ROWS:
            _, content = find_old_database(first)
            await migrate_to(url, command.upgrade, first)
            await load_rows(url, content.tables)
        else:
            assert run_command("migrate", DATABASE_URL=url).returncode == 0
            await migrate_to(url, command.downgrade, "base")
        connection = await asyncpg.connect(url)
        for target in targets:
            with run_migrate(url) as process:
                while process.poll() is None and await connection.fetchval(READ_SCHEMA) < target:
                    pass
                process.send_signal(signal.SIGKILL)
            assert await connection.fetchval(READ_SCHEMA) in {"", *REVISIONS}
        migrated = run_command("migrate", DATABASE_URL=url)
        assert migrated.returncode == 0, migrated.stderr
        verified = run_command("verify", DATABASE_URL=url)
        assert verified.returncode == 0, verified.stdout
        await connection.close()


async def test_migration_that_breaks_servers_is_refused_while_one_is_connected(
    clone_database: Clone, template_database: str
):
    before = REVISIONS[REVISIONS.index(OLDEST_RUNNING_SCHEMA) - 1]
    async with clone_database(template_database) as url:
        await migrate_to(url, command.downgrade, before)
        server = await asyncpg.connect(url, server_settings={"application_name": "work-and-health"})
        reader = await asyncpg.connect(url)
        refused = run_command("migrate", DATABASE_URL=url)
        assert refused.returncode == 1
        assert str(server.get_server_pid()) in refused.stderr
        assert await reader.fetchval(READ_SCHEMA) == before
        await server.close()
        await reader.close()
        assert run_command("migrate", DATABASE_URL=url).returncode == 0
