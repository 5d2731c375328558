"""Publication jobs that fail, are lost, cancelled or repeated: none blocks its programme for ever."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from api import worker
from api.database import queue
from api.database.roles import APPLICATION_ROLE, PUBLISHER_ROLE, login_url
from schema.partners import Scope
from tests.faults.test_worker_crash import wait_until
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import ReleaseClient, make_learners_return
from tests.fixtures.server_process import run_command

PEOPLE = {(EAST, "female"): 31, (EAST, "male"): 27, (WEST, "female"): 19, (WEST, "male"): 18}


@pytest.fixture
async def press(application, harbour_programme) -> ReleaseClient:
    application.now = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)
    client = ReleaseClient(application, harbour_programme)
    await client.submit_and_approve("quay-college", make_learners_return("2026-07", PEOPLE))
    # Only the publication protects, so that it is what fails.
    await (await application.query_connection()).execute("delete from queue.pgqueuer where entrypoint = 'protect'")
    return client


async def request_publication(press: ReleaseClient, *, dry_run: bool = False) -> tuple:
    """Return a publisher's HTTP client and the address of a job that has not begun."""
    http = await press.http_client("harbour-council", Scope.PUBLISH)
    path = f"/v1/programmes/{press.programme}"
    response = await http.post(f"{path}/releases", params={"dry_run": dry_run}, json={"notes": "First."})
    assert response.status_code == 202
    return http, f"{path}/publications/{response.json()['id']}"


async def read_state(http, job: str) -> tuple:
    content = (await http.get(job)).json()
    return content["state"], content["failure_reason"], content["release"]


class FailingAudits:
    """Audits that fail until `failures` of them have."""

    def __init__(self, error: Exception, failures: int) -> None:
        self.error, self.failures, self.calls = error, failures, 0

    def __call__(self, audit, tasks):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return map(audit, tasks)


CUT = asyncpg.ConnectionDoesNotExistError("the connection was cut")


@pytest.mark.parametrize("failures", [1, queue.MAX_TRIES - 1])
async def test_publication_survives_errors_that_pass(press, failures):
    http, job = await request_publication(press)
    await press.application.run_publication_jobs(across=FailingAudits(CUT, failures))
    assert await read_state(http, job) == ("published", None, 1)


async def test_publication_ends_after_the_stated_number_of_tries_with_its_reason(press, caplog):
    http, job = await request_publication(press)
    audits = FailingAudits(CUT, 1000)
    await press.application.run_publication_jobs(across=audits)
    assert audits.calls == queue.MAX_TRIES
    assert await read_state(http, job) == ("failed", "ConnectionDoesNotExistError", None)
    assert [record.levelname for record in caplog.records if record.name == "work_health"][-1] == "ERROR"
    connection = await press.application.query_connection()
    assert await connection.fetchval("select count(*) from protection.inputs") == 0
    assert await connection.fetchval("select count(*) from queue.pgqueuer") == 0
    assert (await press.publish())["state"] == "published"


async def test_publication_ends_whose_workers_were_all_killed(press):
    http, job = await request_publication(press)
    connection = await press.application.query_connection()
    await connection.execute(f"update queue.pgqueuer set attempts = {queue.MAX_TRIES}")
    await press.application.run_publication_jobs()
    state, reason, _ = await read_state(http, job)
    assert (state, bool(reason)) == ("failed", True)
    assert (await press.publish())["state"] == "published"


async def test_worker_puts_back_a_publication_that_is_not_in_the_queue(press):
    http, job = await request_publication(press)
    await (await press.application.query_connection()).execute("delete from queue.pgqueuer")
    await press.application.run_publication_jobs()
    assert await read_state(http, job) == ("published", None, 1)


async def test_running_worker_puts_back_what_is_lost_later(press, monkeypatch):
    monkeypatch.setattr(worker, "PUT_BACK_SECONDS", 0.1)
    http, job = await request_publication(press)
    connection, stop = await press.application.query_connection(), asyncio.Event()
    url = press.application.url
    urls = [login_url(url, role) for role in (APPLICATION_ROLE, PUBLISHER_ROLE)]
    running = asyncio.create_task(worker.run_jobs(*urls, stop, processes=1))
    await wait_until(connection, "select exists (select from publication where state = 'published')")
    _, lost = await request_publication(press, dry_run=True)
    await connection.execute("delete from queue.pgqueuer")
    await wait_until(connection, "select exists (select from publication where state = 'rehearsed')")
    stop.set()
    await running
    assert [(await read_state(http, path))[0] for path in (job, lost)] == ["published", "rehearsed"]


async def test_publication_in_the_queue_is_not_put_back_twice(press):
    await request_publication(press)
    await press.application.run_publication_jobs()
    jobs = await (await press.application.query_connection()).fetch(
        "select status, count(*) from queue.pgqueuer_log where entrypoint = 'publish' group by 1 order by 1"
    )
    assert [tuple(row) for row in jobs] == [("queued", 1), ("picked", 1), ("successful", 1)]


async def test_queued_publication_is_cancelled_and_repeated(press):
    http, job = await request_publication(press, dry_run=True)
    cancelled = await http.post(f"{job}/cancellation")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert cancelled.json()["finished_at"] is not None
    await press.application.run_publication_jobs()
    assert await read_state(http, job) == ("cancelled", None, None)
    repeated = await http.post(f"{job}/repetition", headers={"Idempotency-Key": "again"})
    assert (repeated.status_code, repeated.json()["dry_run"]) == (202, True)
    replayed = await http.post(f"{job}/repetition", headers={"Idempotency-Key": "again"})
    assert replayed.json()["id"] == repeated.json()["id"]
    await press.application.run_publication_jobs()
    listed = (await http.get(job.rpartition("/")[0])).json()["items"]
    assert sorted(item["state"] for item in listed) == ["cancelled", "rehearsed"]


async def test_running_publication_is_cancelled(press):
    http, job = await request_publication(press)
    loop, cancelled = asyncio.get_running_loop(), []

    def cancel_and_audit(audit, tasks):
        future = asyncio.run_coroutine_threadsafe(http.post(f"{job}/cancellation"), loop)
        cancelled.append(future.result(30).status_code)
        return map(audit, tasks)

    await press.application.run_publication_jobs(across=cancel_and_audit)
    assert cancelled == [200]
    assert await read_state(http, job) == ("cancelled", None, None)
    connection = await press.application.query_connection()
    assert await connection.fetchval("select count(*) from protection.inputs") == 0
    assert await press.application.count_rows("release.release") == 0
    assert (await press.publish())["release"] == 1


async def test_ended_publication_cannot_be_cancelled_and_a_running_one_not_repeated(press):
    http, job = await request_publication(press)
    refused = await http.post(f"{job}/repetition")
    assert (refused.status_code, refused.json()["type"]) == (409, "/errors/already-publishing")
    await press.application.run_publication_jobs()
    refused = await http.post(f"{job}/cancellation")
    assert (refused.status_code, refused.json()["type"]) == (409, "/errors/publication-ended")
    unknown = await http.post(f"{job[:-4]}0000/cancellation")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/errors/not-found")


async def test_operator_lists_cancels_and_repeats_publications(press):
    _, job = await request_publication(press)
    publication = job.rpartition("/")[2]
    database = {"DATABASE_URL": press.application.url}

    async def run(*arguments: str) -> str:
        result = await asyncio.to_thread(run_command, *arguments, **database)
        return f"{result.returncode} {result.stdout}{result.stderr}"

    assert (await run("cancel-publication", publication)).startswith("0 ")
    assert (await run("cancel-publication", publication)).startswith("1 ")
    repeated = (await run("repeat-publication", publication)).split()
    assert repeated[0] == "0"
    assert (await run("repeat-publication", publication)).startswith("1 ")
    lines = (await run("list-publications")).splitlines()
    assert [line.split()[-1] for line in lines[::2]] == ["queued", "cancelled"]
    assert max(map(len, lines)) <= 80
    assert (await run("cancel-publication", "0" * 32)).startswith("1 ")
