"""Kill or stop the worker at each step of a publication, before and after each commit. Each release is made once.

Kills and stops take turns. `CRASHES` is the number of steps; about 40 are all of them.
"""

import asyncio
import os
import signal
from contextlib import ExitStack
from datetime import UTC, datetime

import asyncpg

from schema.partners import Scope
from tests.faults.test_worker_crash import run_worker, wait_until
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.message_gate import MessageGate, space_evenly
from tests.fixtures.proxies import run_proxy
from tests.fixtures.release_client import ReleaseClient, make_learners_return

CRASHES = int(os.environ.get("CRASHES", "2"))
MONTH, COLLEGES = "2026-06", ("quay-college", "pier-college")


class Publications:
    """Publications of new counts of two colleges, one after another."""

    def __init__(self, application, programme: str) -> None:
        self.application, self._programme = application, programme
        self._client = ReleaseClient(application, programme)
        self.count = 0

    @property
    def people(self) -> dict[tuple[str, str], int]:
        return {(EAST, "female"): 31 + 10 * self.count, (WEST, "male"): 18 + 10 * self.count}

    async def request(self) -> None:
        """Request a publication, which protects the new counts first."""
        self.count += 1
        self.application.now = datetime.now(UTC)  # the worker uses the real clock
        for college in COLLEGES:
            await self._client.submit_and_approve(college, make_learners_return(MONTH, self.people))
        await self.execute("delete from queue.pgqueuer where entrypoint = 'protect'")
        publisher = await self._client.http_client("harbour-council", Scope.PUBLISH)
        requested = await publisher.post(f"/v1/programmes/{self._programme}/releases", json={})
        assert requested.status_code == 202, requested.text

    async def wait_for_end(self) -> None:
        connection = await asyncpg.connect(self.application.url)
        await wait_until(connection, "select not exists (select from publication where finished_at is null)")
        await connection.close()

    async def execute(self, statement: str) -> None:
        await (await self.application.query_connection()).execute(statement)

    async def check(self) -> None:
        """Check that each publication made one release, from one contribution of each college."""
        connection = await self.application.query_connection()
        states = await connection.fetch("select state, release from publication order by requested_at")
        assert [tuple(row) for row in states] == [("published", n + 1) for n in range(self.count)]
        assert await self.application.count_rows("protection.inputs") == 0
        chains = await connection.fetch(
            "select count(*), count(distinct release) from protection.contribution group by organisation"
        )
        assert [tuple(row) for row in chains] == [(self.count, self.count)] * 2
        self.application.now = datetime.now(UTC)
        [figure] = await self._client.read_figures(measure="learners", period=MONTH)
        assert abs(figure["value"] - 2 * sum(self.people.values())) <= figure["largest_error"]


async def test_worker_that_ends_at_a_step_of_a_publication(application, harbour_programme):
    publications = Publications(application, harbour_programme)
    async with run_proxy(MessageGate, application.url) as (gate, url):
        await publications.request()
        with run_worker(url):
            await publications.wait_for_end()
        begun = next(number for number, message in enumerate(gate.messages) if b"FOR UPDATE" in message.content)
        commits = gate.find_commits()
        steps = range(sum(number < begun for number in commits), len(commits))
        for number, step in enumerate(space_evenly(steps, CRASHES)):
            signal_number = (signal.SIGKILL, signal.SIGTERM)[number % 2]
            await publications.request()
            gate.arm(step, commits=True, stalls=True)
            with ExitStack() as stack:
                stack.enter_context(run_worker(url, signal_number))
                await asyncio.wait_for(gate.reached.wait(), 60)
                ending = asyncio.create_task(asyncio.to_thread(stack.close))
                await asyncio.sleep(0.2)
                # A worker that is only stopped receives the answer that it waits for.
                gate.end_stall(passes=signal_number == signal.SIGTERM)
                await ending
            # Pretend that the heartbeat of a killed worker has been missing for an hour.
            await publications.execute("update queue.pgqueuer set heartbeat = now() - interval '1 hour'")
            await publications.application.run_publication_jobs()
            await publications.check()
