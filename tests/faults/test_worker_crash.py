"""Kill or stop the worker while it makes a release. The next worker continues, and the release is the same.

`CRASHES` is the number of kills or stops.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from schema.partners import Scope
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return

ROOT = Path(__file__).parent.parent.parent
CRASHES = int(os.environ.get("CRASHES", "2"))
PEOPLE = {(EAST, "female"): 31, (EAST, "male"): 27, (WEST, "female"): 9, (WEST, "male"): 8}


@contextmanager
def run_worker(
    url: str, signal_number: signal.Signals = signal.SIGKILL, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a worker in its own process group, and send a signal to it at the end: SIGKILL to all its processes."""
    with subprocess.Popen(
        [sys.executable, "-m", "api", "work"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url} | (environment or {}),
        start_new_session=True,
    ) as process:
        try:
            yield
            if signal_number != signal.SIGKILL:
                process.send_signal(signal_number)
                assert process.wait(30) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


async def wait_until(connection: asyncpg.Connection, query: str, *, tries: int = 12_000) -> None:
    for _ in range(tries):
        with contextlib.suppress(asyncpg.InterfaceError):
            if await connection.fetchval(query):
                return
        await asyncio.sleep(0.01)
    raise AssertionError(query)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
async def test_publication_continues_after_its_worker_ends(application, harbour_programme, signal_number):
    application.now = datetime.now(UTC)  # the worker uses the real clock
    release_client = ReleaseClient(application, harbour_programme)
    months = [f"2026-0{month}" for month in range(1, 8)]
    for month in months:
        await release_client.submit_and_approve("quay-college", make_learners_return(month, PEOPLE))
        await release_client.submit_and_approve("pier-college", make_learners_return(month, PEOPLE))
    publisher = await release_client.http_client("harbour-council", Scope.PUBLISH)
    await publisher.post(f"/v1/programmes/{harbour_programme}/releases", json={})
    connection = await asyncpg.connect(application.url)
    # The publication protects everything, so that it is what the kills interrupt.
    await connection.execute("delete from queue.pgqueuer where entrypoint = 'protect'")
    before: set[tuple[int, bytes]] = set()
    for crash in range(CRASHES):
        wanted = 2 * len(months) * (crash + 1) // (CRASHES + 1)
        with run_worker(application.url, signal_number):
            await wait_until(connection, f"select count(*) >= {wanted} from protection.contribution")
        protected = {tuple(row) for row in await connection.fetch("select id, content from protection.contribution")}
        assert before <= protected, "nothing is protected a second time"
        before = protected
        if await connection.fetchval("select count(*) from release.release"):
            break  # the worker was faster than the kill
        if signal_number == signal.SIGKILL:
            # Pretend that its heartbeat has been missing for an hour, and allow more kills than a job has tries.
            await connection.execute("update queue.pgqueuer set heartbeat = now() - interval '1 hour', attempts = 0")
        else:
            waiting = await connection.fetch("select status, attempts from queue.pgqueuer")
            assert [tuple(row) for row in waiting] == [("queued", 0)]
    with run_worker(application.url):
        await wait_until(connection, "select state not in ('queued', 'running') from publication")
    assert await connection.fetchval("select state from publication") == "published"
    assert await connection.fetchval("select count(*) from protection.inputs") == 0
    contributions = await connection.fetch(
        "select scope, count(*), min(release) from protection.contribution group by 1"
    )
    assert sorted(tuple(row) for row in contributions) == [(f"learners/headline {month}", 2, 1) for month in months]
    await connection.close()
    application.now = datetime.now(UTC)
    for month in months:
        [figure] = await release_client.read_figures(measure="learners", period=month)
        assert abs(figure["value"] - 2 * sum(PEOPLE.values())) <= figure["largest_error"] == 14
