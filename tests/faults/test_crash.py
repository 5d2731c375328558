"""Kill the server process at random moments during concurrent submissions, and start it again.

Clients get no response and repeat with the same key. At the end everything that was acknowledged is stored once, and
nothing is stored partly. `CRASHES` is the number of kills.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from api.plan import queries_loading
from schema.partners import Scope
from schema.plan import Plan
from tests.conftest import PROGRAMME, open_application
from work_health import AsyncWorkHealth, new_return, new_submission, observation

ROOT = Path(__file__).parent.parent.parent
CRASHES = int(os.environ.get("CRASHES", "2"))
CLIENTS, EACH = 6, 5
CITY = "E06000018"
SANDBOX = f"{PROGRAMME}-sandbox"  # its periods never close, because the clock of the server is the real one
REFERRALS, PERIODS = "ips-primary-care-referrals", ("FY2025-26-Q1", "FY2025-26-Q2")


def find_free_port() -> int:
    with socket.socket() as connection:
        connection.bind(("127.0.0.1", 0))
        return connection.getsockname()[1]


class Server:
    """`python -m api run` in its own process group, so that all its processes can be killed at once.

    With a log, the server writes into it what occupies its event loop.
    """

    def __init__(self, url: str, log: Path | None = None) -> None:
        self.port = find_free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "WORK_HEALTH_KEY_RATE": "1000000000",
            "DATABASE_URL": url,
            "WORK_HEALTH_PORT": str(self.port),
            "WORK_HEALTH_WATCHDOG": str(log is not None).lower(),
        }
        self._log = log or Path(os.devnull)
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api", "run"],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            await asyncio.sleep(0.05)
        pytest.fail("nobody listens")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def serve(url: str, log: Path | None = None) -> Iterator[Server]:
    server = Server(url, log)
    try:
        yield server
    finally:
        server.kill()


async def submit_until_acknowledged(address: str, key: str, client: int) -> list[str]:
    """Submit new values of returns that other clients write as well, and return the submissions."""
    acknowledged: list[str] = []
    async with AsyncWorkHealth(key, base_url=address, max_retries=20 * (CRASHES + 1)) as partner:
        for turn in range(EACH):
            period = PERIODS[(client + turn) % len(PERIODS)]
            total = 1000 * client + turn + 1
            cells = [observation(CITY, total), observation(CITY, total, breakdown={"sex": "unknown"})]
            report = await partner.create_submission(SANDBOX, new_submission(new_return(REFERRALS, period, cells)))
            assert report.outcome == "accepted"
            acknowledged.append(str(report.receipt.submission))
    return acknowledged


async def test_acknowledged_submissions_are_stored_once_and_completely(
    database_url: str, nottingham_plan: Plan
) -> None:
    seed = random.randrange(2**32)  # noqa: S311
    chance = random.Random(seed)  # noqa: S311
    async with open_application(database_url) as application:
        async with application.owner.begin() as transaction:
            await queries_loading.load_plan(
                transaction, queries_loading.to_sandbox(nottingham_plan), sandbox=True, now=application.now
            )
        key = await application.issue_key(
            "nottingham-city-council", Scope.SUBMIT, programme=SANDBOX, days=36500, sandbox=True
        )
    with serve(database_url) as server:
        await server.start()
        clients = asyncio.gather(*(submit_until_acknowledged(server.address, key, n) for n in range(CLIENTS)))
        for _ in range(CRASHES):
            await asyncio.sleep(chance.uniform(0.05, 0.6))
            server.kill()
            await server.start()
        acknowledged = [submission for submissions in await clients for submission in submissions]
    connection = await asyncpg.connect(database_url)
    try:
        stored = {str(row[0]) for row in await connection.fetch("select id from submission")}
        assert sorted(acknowledged) == sorted(stored), f"seed {seed}"
        assert len(acknowledged) == len(set(acknowledged)) == CLIENTS * EACH
        incomplete = await connection.fetch(
            """
            select r.id from revision r left join observation o on o.programme = r.programme and o.revision = r.id
            group by r.programme, r.id, r.cells having count(o.revision) <> r.cells
            """
        )
        assert incomplete == []
        numbers = await connection.fetch(
            'select array_agg(number order by number) as numbers from revision group by "return"'
        )
        assert all(row["numbers"] == list(range(1, len(row["numbers"]) + 1)) for row in numbers)
        assert sum(len(row["numbers"]) for row in numbers) == len(stored)
        [recorded] = await connection.fetch("select count(*) from return_event where event = 'recorded'")
        assert recorded["count"] == len(stored)
    finally:
        await connection.close()
