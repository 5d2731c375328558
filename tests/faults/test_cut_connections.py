"""Cut the connection to PostgreSQL at messages of a submission and of a publication: nothing is lost or written twice.

A message is lost in either direction, from the login to the answer to COMMIT. `CRASHES` is the number of commits to cut
at, and of other messages of a publication. From 10 on, a submission is cut at every message.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx2
import pytest

from api import worker
from api.database import connections, queue
from schema.partners import Scope
from tests.conftest import NO_DELAYS, PROGRAMME, RunningApplication
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.message_gate import MessageGate, space_evenly
from tests.fixtures.proxies import run_proxy
from tests.fixtures.release_client import ReleaseClient, make_learners_return

CRASHES = int(os.environ.get("CRASHES", "2"))
CITY, REFERRALS, PERIOD = "E06000018", "ips-primary-care-referrals", "FY2025-26-Q2"
SUBMISSIONS = f"/v1/programmes/{PROGRAMME}/submissions"
UNAVAILABLE, UNKNOWN = "/errors/database-unavailable", "/errors/outcome-unknown"


class Submitter:
    """Submits through the gate, on a new connection each time, so that the login is part of the request."""

    def __init__(self, application: RunningApplication, http: httpx2.AsyncClient, gate: MessageGate) -> None:
        self._application, self._http, self.gate = application, http, gate
        self._value = 0

    async def submit(self, cut: int | None = None) -> httpx2.Response:
        """Submit a new value, again if so asked with the key of the last cut."""
        self._value += 1
        await self._application.app.state.engine.dispose()
        self.gate.arm(cut)
        return await self._send()

    async def repeat(self) -> httpx2.Response:
        return await self._send()

    async def _send(self) -> httpx2.Response:
        cells = [
            {"area": CITY, "value": self._value},
            {"area": CITY, "breakdown": {"sex": "unknown"}, "value": self._value},
        ]
        body = {"returns": [{"measure": REFERRALS, "period": PERIOD, "observations": cells}]}
        return await self._http.post(SUBMISSIONS, json=body, headers={"Idempotency-Key": f"cut-{self._value:04}"})

    async def count_stored(self) -> int:
        return await self._application.count_rows("submission")


@pytest.fixture
async def submitter(application: RunningApplication) -> AsyncIterator[Submitter]:
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    state = application.app.state
    async with run_proxy(MessageGate, application.url) as (gate, url):
        previous, state.engine = state.engine, connections.create_application_engine(url, pool_size=2)
        yield Submitter(application, http, gate)
        await state.engine.dispose()
        state.engine = previous


async def test_submission_whose_connection_is_cut_is_stored_once(submitter: Submitter):
    assert (await submitter.submit()).status_code == 201  # it stores when the key was used
    assert (await submitter.submit()).status_code == 201
    messages = range(len(submitter.gate.messages))
    for cut in messages if CRASHES >= 10 else sorted({*submitter.gate.find_commits(), *space_evenly(messages, 8)}):
        before = await submitter.count_stored()
        first = await submitter.submit(cut)
        written = await submitter.count_stored() - before
        if first.status_code != 201:
            assert first.status_code == 503, (cut, first.text)
            assert "retry-after" in first.headers
            assert first.json()["type"] == UNKNOWN or (first.json()["type"], written) == (UNAVAILABLE, 0), cut
        else:
            assert written == 1, cut
        repeated = await submitter.repeat()
        assert repeated.status_code == 201, (cut, repeated.text)
        assert (repeated.headers.get("idempotent-replayed") == "true") == (written == 1), cut
        assert await submitter.count_stored() == before + 1, cut


@pytest.fixture
def fast_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker try again at once, and take over the job of a lost connection after a second."""
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(queue, "HEARTBEAT_TIMEOUT", timedelta(seconds=1))
    monkeypatch.setattr(queue, "process_jobs", partial(queue.process_jobs, retry_delays=NO_DELAYS))


@asynccontextmanager
async def work_through(url: str) -> AsyncIterator[None]:
    """Run a worker in this process, which starts again when it has lost its connection."""
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run_through_outages(url, url, stop, processes=1))
    try:
        yield
        assert not working.done()
    finally:
        stop.set()
        await working


async def wait_for_publications(application: RunningApplication, count: int) -> None:
    connection = await application.query_connection()
    for _ in range(2000):
        states = [row[0] for row in await connection.fetch("select state from publication")]
        if not {"queued", "running"} & {*states}:
            assert states == ["published"] * count
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the publication does not end")


async def test_publication_whose_worker_is_cut_off_is_published_once(application, harbour_programme, fast_queue):
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201  pytest shows it if the test fails
    chance = random.Random(seed)  # noqa: S311
    application.now = datetime.now(UTC)  # the worker uses the real clock
    client = ReleaseClient(application, harbour_programme)
    connection = await application.query_connection()
    publisher = await client.http_client("harbour-council", Scope.PUBLISH)
    count = 0

    async def publish(cut: int | None) -> None:
        """Publish new counts of both colleges, which the publication protects first."""
        nonlocal count
        people = {(EAST, "female"): 31 + 10 * count, (WEST, "male"): 18 + 10 * count}
        for college in ("quay-college", "pier-college"):
            await client.submit_and_approve(college, make_learners_return("2026-06", people))
        await connection.execute("delete from queue.pgqueuer where entrypoint = 'protect'")
        gate.arm(cut)
        requested = await publisher.post(f"/v1/programmes/{harbour_programme}/releases", json={})
        assert requested.status_code == 202, requested.text
        count += 1
        await wait_for_publications(application, count)

    async with run_proxy(MessageGate, application.url) as (gate, url), work_through(url):
        await publish(None)
        await publish(None)
        cuts = [*space_evenly(gate.find_commits(), CRASHES), *chance.sample(range(len(gate.messages)), CRASHES // 2)]
        for cut in cuts:
            await publish(cut)
    assert await application.count_rows("release.release") == count
    assert await application.count_rows("protection.inputs") == 0
    chains = await connection.fetch(
        "select count(*), count(distinct release) from protection.contribution group by organisation"
    )
    assert [tuple(row) for row in chains] == [(count, count)] * 2
