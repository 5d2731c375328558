"""The worker is killed while it makes a release. The next one goes on where it broke, and the release is the same.

`CRASHES` says how often it is killed.
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
def working(url: str) -> Iterator[None]:
    """A worker in a process group of its own, so that all of it is killed at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "api", "work"], cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, start_new_session=True
    ) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)


async def until(connection: asyncpg.Connection, query: str) -> None:
    for _ in range(3000):
        with contextlib.suppress(asyncpg.InterfaceError):
            if await connection.fetchval(query):
                return
        await asyncio.sleep(0.01)
    raise AssertionError(query)


async def test_a_publication_survives_the_death_of_its_worker(application, harbour_programme):
    application.now = datetime.now(UTC)  # the worker's clock is the real one
    press = ReleaseClient(application, harbour_programme)
    for month in ("2026-06", "2026-07"):
        await press.submit_and_approve("quay-college", make_learners_return(month, PEOPLE))
        await press.submit_and_approve("pier-college", make_learners_return(month, PEOPLE))
    rehearsed = await press.publish(dry_run=True)
    publisher = await press.http_client("harbour-council", Scope.PUBLISH)
    await publisher.post(f"/v1/programmes/{harbour_programme}/releases", json={})
    connection = await asyncpg.connect(application.url)
    seen: list[tuple[str, bytes]] = []
    for crash in range(CRASHES):
        with working(application.url):
            await until(connection, f"select done >= {8 * (crash + 1)} from publication where not dry_run")
        steps = await connection.fetch("select scope, content from protection.step where scope <> '' order by scope")
        assert set(seen) <= {(row["scope"], row["content"]) for row in steps}, "what was done is not done again"
        seen = [(row["scope"], row["content"]) for row in steps]
        assert await connection.fetchval("select count(*) from release.release") == 0
        # As if its heartbeat had been missed for long.
        await connection.execute("update queue.pgqueuer set heartbeat = now() - interval '1 hour'")
    with working(application.url):
        await until(connection, "select state <> 'running' from publication where not dry_run")
    assert await connection.fetchval("select state from publication where not dry_run") == "published"
    assert await connection.fetchval("select count(*) from protection.step") == 0
    await connection.close()
    application.now = datetime.now(UTC)
    release = (await press.read("releases/1")).json()
    assert release["report"]["shown"] == rehearsed["rehearsal"]["report"]["shown"]
