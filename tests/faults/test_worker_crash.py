"""Kill the worker while it makes a release. The next worker continues, and the release is the same.

`CRASHES` is the number of kills.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from schema.partners import Scope
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return

ROOT = Path(__file__).parent.parent.parent
CRASHES = int(os.environ.get("CRASHES", "2"))
PEOPLE = {(EAST, "female"): 31, (EAST, "male"): 27, (WEST, "female"): 9, (WEST, "male"): 8}


@contextmanager
def run_worker(url: str) -> Iterator[None]:
    """Run a worker in its own process group, and kill all its processes at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "api", "work"], cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


async def wait_until(connection: asyncpg.Connection, query: str) -> None:
    for _ in range(3000):
        with contextlib.suppress(asyncpg.InterfaceError):
            if await connection.fetchval(query):
                return
        await asyncio.sleep(0.01)
    raise AssertionError(query)


async def test_publication_continues_after_its_worker_is_killed(application, harbour_programme):
    application.now = datetime.now(UTC)  # the worker uses the real clock
    release_client = ReleaseClient(application, harbour_programme)
    for month in ("2026-06", "2026-07"):
        await release_client.submit_and_approve("quay-college", make_learners_return(month, PEOPLE))
        await release_client.submit_and_approve("pier-college", make_learners_return(month, PEOPLE))
    rehearsal = await release_client.publish(dry_run=True)
    publisher = await release_client.http_client("harbour-council", Scope.PUBLISH)
    await publisher.post(f"/v1/programmes/{harbour_programme}/releases", json={})
    connection = await asyncpg.connect(application.url)
    scope_count = len(rehearsal["rehearsal"]["report"]["scopes"])
    steps_before: list[tuple[str, bytes]] = []
    for crash in range(CRASHES):
        with run_worker(application.url):
            await wait_until(
                connection,
                f"select done >= {scope_count * (crash + 1) // (CRASHES + 1)} from publication where not dry_run",
            )
        steps = await connection.fetch("select scope, content from protection.step where scope <> '' order by scope")
        assert set(steps_before) <= {(row["scope"], row["content"]) for row in steps}, (
            "completed steps are not repeated"
        )
        steps_before = [(row["scope"], row["content"]) for row in steps]
        assert await connection.fetchval("select count(*) from release.release") == 0
        # Pretend that its heartbeat has been missing for an hour.
        await connection.execute("update queue.pgqueuer set heartbeat = now() - interval '1 hour'")
    with run_worker(application.url):
        await wait_until(connection, "select state <> 'running' from publication where not dry_run")
    assert await connection.fetchval("select state from publication where not dry_run") == "published"
    assert await connection.fetchval("select count(*) from protection.step") == 0
    await connection.close()
    application.now = datetime.now(UTC)
    release = (await release_client.read("releases/1")).json()
    assert release["report"]["shown"] == rehearsal["rehearsal"]["report"]["shown"]
