"""Upgrade as the guide describes, while clients submit: every acknowledged submission is stored once, and none fails.

The new version is a copy of this one with one more migration, in a folder of its own. So this version is the old code
that works with the new schema.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from api.database.requirements import NEWEST_SCHEMA
from api.plan import queries_loading
from schema.partners import Scope
from schema.plan import Plan
from tests.conftest import PROGRAMME, Clone, open_application
from tests.fixtures.server_process import ROOT, find_free_port, wait_until_listening
from work_health import AsyncWorkHealth, new_return, new_submission, observation

SANDBOX = f"{PROGRAMME}-sandbox"  # its periods never close, because the clock of the server is the real one
CITY, REFERRALS, PERIOD = "E06000018", "ips-primary-care-referrals", "FY2025-26-Q1"
CLIENTS = 4
NEXT_SCHEMA = f"{int(NEWEST_SCHEMA) + 1:04}"
MIGRATION = f'''"""Change what submissions use, as later versions will."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT_SCHEMA}"
down_revision = "{NEWEST_SCHEMA}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("submission", sa.Column("channel", sa.Text(), nullable=True))
    op.add_column("revision", sa.Column("checked", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.create_index("later_ix", "revision", ["recorded_at"])
    op.execute("""
        do $$ begin execute replace(pg_get_functiondef('open_submission'::regproc), 'begin', 'begin  -- later'); end $$
    """)
    op.execute("select pg_sleep(1)")  # it has the locks meanwhile
'''


class Version:
    """One version of the software in its folder, and its server and worker."""

    def __init__(self, folder: Path, url: str, port: int) -> None:
        self._folder = folder
        self._environment = os.environ | {
            "PYTHONPATH": f"{folder}:{folder / 'sdk'}",
            "DATABASE_URL": url,
            "WORK_HEALTH_PORT": str(port),
            "WORK_HEALTH_KEY_RATE": "1000000000",
        }
        self._address = f"http://127.0.0.1:{port}"

    @contextlib.contextmanager
    def start(self, command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run `serve` or `work`, and kill it at the end if it runs still."""
        process = subprocess.Popen(
            [sys.executable, "-m", "api", command], cwd=self._folder, env=self._environment, start_new_session=True
        )
        try:
            if command == "serve":
                wait_until_listening(self._address)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    async def migrate(self) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "api", "migrate"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )


def install_next_version(folder: Path, *, needs_stop: bool) -> Path:
    """Copy this version and add a migration to it."""
    for name in ("api", "schema", "migrations", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "CHANGELOG.md", "openapi.yaml"):
        shutil.copy(ROOT / name, folder)
    (folder / "migrations" / "versions" / f"{NEXT_SCHEMA}_later.py").write_text(MIGRATION)
    (folder / "migrations" / "HEAD").write_text(f"{NEXT_SCHEMA}_later\n")
    if needs_stop:
        requirements = folder / "api" / "database" / "requirements.py"
        requirements.write_text(f'{requirements.read_text()}\nOLDEST_RUNNING_SCHEMA = "{NEXT_SCHEMA}"\n')
    return folder


class SubmittingClients:
    """Clients of the SDK that submit one return each, again and again."""

    def __init__(self, address: str, key: str) -> None:
        self._address, self._key = address, key
        self._is_ending = False
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()

    async def submit(self, client: int) -> None:
        async with httpx2.AsyncClient(event_hooks={"response": [self._note_status]}) as http:
            partner = AsyncWorkHealth(self._key, base_url=self._address, http=http)
            turn = 0
            while not self._is_ending:
                turn += 1
                total = 1000 * client + turn
                cells = [observation(CITY, total), observation(CITY, total, breakdown={"sex": "unknown"})]
                new = new_return(REFERRALS, PERIOD, cells, service="main")
                report = await partner.create_submission(SANDBOX, new_submission(new))
                self.acknowledged.append(str(report.receipt.submission))

    async def _note_status(self, response: httpx2.Response) -> None:
        self.statuses.add(response.status_code)

    async def wait_for_more(self) -> None:
        """Wait until each client had the time to be answered once more."""
        wanted = len(self.acknowledged) + 2 * CLIENTS
        for _ in range(2400):
            if len(self.acknowledged) >= wanted:
                return
            await asyncio.sleep(0.05)
        pytest.fail("no client is answered")

    @asynccontextmanager
    async def submitting(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:  # which ends this test if a client fails
            for client in range(1, CLIENTS + 1):
                group.create_task(self.submit(client))
            yield
            self._is_ending = True


async def check_stored_once(url: str, acknowledged: list[str]) -> None:
    connection = await asyncpg.connect(url)
    stored = [str(row[0]) for row in await connection.fetch("select id from submission")]
    schema = await connection.fetchval("select version_num from alembic_version")
    revisions = await connection.fetch("select number from revision order by 1")
    await connection.close()
    assert sorted(stored) == sorted(acknowledged)
    assert [row["number"] for row in revisions] == list(range(1, len(stored) + 1))
    assert schema == NEXT_SCHEMA


@pytest.fixture
async def clients_url(
    clone_database: Clone, template_database: str, nottingham_plan: Plan
) -> AsyncIterator[tuple[str, str]]:
    """Yield the URL of a database with a sandbox, and a key to it."""
    async with clone_database(template_database) as url, open_application(url) as application:
        async with application.owner.begin() as transaction:
            plan = queries_loading.to_sandbox(nottingham_plan)
            await queries_loading.load_plan(transaction, plan, sandbox=True, now=application.now)
        key = await application.issue_key(
            "nottingham-city-council", Scope.SUBMIT, programme=SANDBOX, days=36500, sandbox=True
        )
        await application.engine.dispose()
        await application.owner.dispose()
        yield url, key


async def read_checks(address: str) -> dict[str, Any]:
    async with httpx2.AsyncClient(base_url=address) as http:
        return (await http.get("/readyz")).json()["checks"]


@pytest.mark.parametrize("needs_stop", [False, True])
async def test_clients_submit_through_an_upgrade(clients_url: tuple[str, str], tmp_path: Path, needs_stop: bool):
    """Old servers go on during a migration that only adds. One that breaks them is refused until they have stopped."""
    (url, key), port = clients_url, find_free_port()
    address = f"http://127.0.0.1:{port}"
    old = Version(ROOT, url, port)
    new = Version(install_next_version(tmp_path, needs_stop=needs_stop), url, port)
    clients = SubmittingClients(address, key)
    with contextlib.ExitStack() as stack:
        server, worker = stack.enter_context(old.start("serve")), stack.enter_context(old.start("work"))
        async with clients.submitting():
            await clients.wait_for_more()
            migrated = await new.migrate()
            assert migrated.returncode == int(needs_stop), migrated.stderr
            await clients.wait_for_more()
            assert (await read_checks(address))["schema"] == ("ok" if needs_stop else "newer")
            for process in (worker, server):
                process.terminate()
                assert await asyncio.to_thread(process.wait, 60) == 0
            if needs_stop:
                migrated = await new.migrate()
                assert migrated.returncode == 0, migrated.stderr
            stack.enter_context(new.start("work"))
            stack.enter_context(new.start("serve"))
            await clients.wait_for_more()
            assert (await read_checks(address))["schema"] == "ok"
    assert clients.statuses <= {201, 503}
    await check_stored_once(url, clients.acknowledged)
