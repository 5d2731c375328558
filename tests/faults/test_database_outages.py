"""While PostgreSQL does not serve, every operation answers 503 with Retry-After, and recovers without a hand.

`CRASHES` is the number of restarts while clients submit, and of lost answers to a commit.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from api.database import connections, pulse
from api.database.pulse import Pulse
from api.database.roles import APPLICATION_ROLE, PUBLIC_ROLE
from schema.partners import Scope
from schema.plan import Plan
from tests.conftest import PROGRAMME, RunningApplication, open_application
from tests.fixtures.database_outages import OutageCluster, prepare_outage_cluster
from tests.fixtures.proxies import CommitCutter, run_proxy
from work_health import AsyncWorkHealth, new_return, new_submission, observation

RESTARTS = int(os.environ.get("CRASHES", "1"))
CITY, REFERRALS, PERIOD = "E06000018", "ips-primary-care-referrals", "FY2025-26-Q2"
BASE = f"/v1/programmes/{PROGRAMME}"
RETURN = f"{BASE}/returns/nottingham-city-council/{REFERRALS}/headline/main/{PERIOD}"
UNAVAILABLE, READ_ONLY, FULL, BUSY, UNKNOWN = (
    f"/errors/{code}"
    for code in ("database-unavailable", "database-read-only", "storage-full", "server-busy", "outcome-unknown")
)


class Kind(NamedTuple):
    """A kind of operation: who calls it, and whether it must write to answer."""

    name: str
    caller: str
    method: str
    path: str
    writes: bool = False
    content: str = "json"
    key: str | None = None


KINDS = [
    Kind("read the plan", "nobody", "GET", f"{BASE}/measures"),
    Kind("list releases", "nobody", "GET", f"{BASE}/releases"),
    Kind("read a release", "nobody", "GET", f"{BASE}/outcomes?measure={REFERRALS}"),
    Kind("read the caller", "council", "GET", "/v1/me"),
    Kind("list own returns", "council", "GET", f"{BASE}/returns"),
    Kind("read the past", "council", "GET", f"{BASE}/returns?as_of=2025-10-01T00:00:00Z"),
    Kind("read as a reviewer", "reviewer", "GET", f"{BASE}/returns", writes=True),
    Kind("submit JSON", "council", "POST", f"{BASE}/submissions", writes=True),
    Kind("submit JSON with a key", "council", "POST", f"{BASE}/submissions", writes=True, key="outage"),
    Kind("submit CSV", "council", "POST", f"{BASE}/submissions/csv", writes=True, content="csv"),
    Kind("check a submission", "council", "POST", f"{BASE}/submissions?dry_run=true", writes=True),
    Kind("comment", "reviewer", "POST", f"{RETURN}/comments", writes=True, content="comment"),
    Kind("publish", "owner", "POST", f"{BASE}/releases", writes=True, content="nothing"),
    Kind("create a key", "council", "POST", "/v1/me/keys", writes=True, content="nothing"),
]


def build_submission(value: int) -> dict[str, Any]:
    cells = [{"area": CITY, "value": value}, {"area": CITY, "breakdown": {"sex": "unknown"}, "value": value}]
    return {"returns": [{"measure": REFERRALS, "period": PERIOD, "observations": cells}]}


def build_content(kind: Kind) -> dict[str, Any]:
    if kind.method == "GET":
        return {}
    bodies = {"json": build_submission(77), "comment": {"revision": 1, "text": "Checked."}, "nothing": {}}
    if kind.content in bodies:
        return {"json": bodies[kind.content]}
    rows = f"measure,period,area,sex,value\n{REFERRALS},{PERIOD},{CITY},,78\n{REFERRALS},{PERIOD},{CITY},unknown,78\n"
    return {"content": rows.encode(), "headers": {"Content-Type": "text/csv"}}


class Callers:
    """One HTTP client for each kind of caller of one application."""

    def __init__(self, application: RunningApplication, keys: dict[str, str]) -> None:
        self.application, self.keys = application, keys
        self._clients = {name: application.http_client(key) for name, key in keys.items()}
        self._clients["nobody"] = application.http_client()

    async def call(self, kind: Kind) -> httpx2.Response:
        content = build_content(kind)
        headers = content.pop("headers", {}) | ({"Idempotency-Key": kind.key} if kind.key else {})
        return await self._clients[kind.caller].request(kind.method, kind.path, headers=headers, **content)

    async def call_all(self) -> dict[str, httpx2.Response]:
        """Call one operation after another, as callers do who are answered."""
        return {kind.name: await self.call(kind) for kind in KINDS}

    async def check_all_recovered(self) -> None:
        """Reads succeed, and writes reach the rules, without anybody doing anything."""
        responses = await self.call_all()
        assert {name: r.text for name, r in responses.items() if r.status_code >= 500} == {}
        assert {responses[name].status_code for name in ("read the plan", "read the caller", "list own returns")} == {
            200
        }
        assert responses["submit JSON with a key"].status_code == 201


def check_refused(responses: dict[str, httpx2.Response], kind: str) -> None:
    refusals = {
        name: (r.status_code, r.json().get("type"), "retry-after" in r.headers) for name, r in responses.items()
    }
    assert refusals == dict.fromkeys(responses, (503, kind, True))


@pytest.fixture(scope="module")
async def prepared_cluster(nottingham_plan: Plan) -> AsyncIterator[OutageCluster]:
    async with prepare_outage_cluster(nottingham_plan) as cluster:
        yield cluster


@pytest.fixture
async def callers(prepared_cluster: OutageCluster) -> AsyncIterator[Callers]:
    async with open_application(prepared_cluster.url) as application:
        keys = {
            "council": await application.issue_key("nottingham-city-council", Scope.SUBMIT, Scope.READ),
            "reviewer": await application.issue_key("ohid", Scope.REVIEW),
            "owner": await application.issue_key("nottingham-city-council", Scope.PUBLISH),
        }
        application.app.state.ids = uuid4  # the applications of all tests write into one database
        yield Callers(application, keys)


async def test_every_operation_works_before_an_outage(callers: Callers):
    await callers.check_all_recovered()


async def test_stopped_database_is_unavailable(callers: Callers, prepared_cluster: OutageCluster):
    await callers.call_all()
    with prepared_cluster.stopped():
        check_refused(await callers.call_all(), UNAVAILABLE)
    await callers.check_all_recovered()


async def test_restart_between_two_requests_is_noticed_by_nobody(callers: Callers, prepared_cluster: OutageCluster):
    await callers.call_all()
    await asyncio.to_thread(prepared_cluster.stop)
    await asyncio.to_thread(prepared_cluster.start)
    await callers.check_all_recovered()


async def test_ended_connections_fail_no_request(callers: Callers, prepared_cluster: OutageCluster):
    await asyncio.gather(*(callers.call(kind) for kind in KINDS * 2))
    await prepared_cluster.end_sessions()
    await callers.check_all_recovered()


async def test_silent_database_is_unavailable(callers: Callers, prepared_cluster: OutageCluster, monkeypatch):
    for module, name in ((pulse, "ANSWER_SECONDS"), (connections, "CONNECT_SECONDS")):
        monkeypatch.setattr(module, name, 0.3)
    state, url = callers.application.app.state, prepared_cluster.url
    pulses = [
        Pulse(lambda: connections.connect_pulse(url, APPLICATION_ROLE), state.engine),
        Pulse(lambda: connections.connect_pulse(url, PUBLIC_ROLE), state.public_engine),
    ]
    await callers.application.engine.dispose()  # the pulses know the connections that are made from now on
    await state.public_engine.dispose()
    await callers.call_all()
    beating = [asyncio.create_task(pulse.follow()) for pulse in pulses]
    try:
        with prepared_cluster.silent():
            running = [asyncio.create_task(callers.call(kind)) for kind in KINDS[:6]]
            check_refused(dict(enumerate(await asyncio.gather(*running))), UNAVAILABLE)  # pyright: ignore
            check_refused(await callers.call_all(), UNAVAILABLE)
        await callers.check_all_recovered()
    finally:
        for task in beating:
            task.cancel()


def select_writing(responses: dict[str, httpx2.Response], *, writes: bool) -> dict[str, httpx2.Response]:
    names = {kind.name for kind in KINDS if kind.writes == writes}
    return {name: response for name, response in responses.items() if name in names}


async def check_only_writes_are_refused(callers: Callers, problem_type: str) -> None:
    responses = await callers.call_all()
    check_refused(select_writing(responses, writes=True), problem_type)
    statuses = {name: response.status_code for name, response in select_writing(responses, writes=False).items()}
    assert statuses == dict.fromkeys(statuses, 200) | {"read a release": 404}  # nothing is published


async def test_read_only_database_answers_reads(callers: Callers, prepared_cluster: OutageCluster):
    """The keys were never used, so each first request would store when."""
    async with prepared_cluster.read_only():
        await check_only_writes_are_refused(callers, READ_ONLY)
    await callers.check_all_recovered()


async def test_full_database_answers_reads(callers: Callers, prepared_cluster: OutageCluster):
    async with prepared_cluster.full():
        await check_only_writes_are_refused(callers, FULL)
    await callers.check_all_recovered()


async def test_database_without_free_connections_is_busy(callers: Callers, prepared_cluster: OutageCluster):
    async with prepared_cluster.without_connections():
        check_refused(await callers.call_all(), BUSY)
    await callers.check_all_recovered()


async def count_submissions(cluster: OutageCluster) -> set[str]:
    connection = await asyncpg.connect(cluster.url)
    stored = await connection.fetch("select id from submission")
    await connection.close()
    return {str(row["id"]) for row in stored}


async def test_clients_submit_through_a_restart(callers: Callers, prepared_cluster: OutageCluster):
    before = await count_submissions(prepared_cluster)

    async def submit(client: int) -> list[str]:
        partner = AsyncWorkHealth(
            callers.keys["council"], base_url="http://localhost", http=callers.application.http_client()
        )
        receipts: list[str] = []
        for turn in range(4 * RESTARTS):
            value = 1000 * client + turn
            cells = [observation(CITY, value), observation(CITY, value, breakdown={"sex": "unknown"})]
            report = await partner.create_submission(PROGRAMME, new_submission(new_return(REFERRALS, PERIOD, cells)))
            receipts.append(str(report.receipt.submission))
            await asyncio.sleep(0.1)
        return receipts

    submitting = asyncio.gather(*(submit(client) for client in range(1, 5)))
    for _ in range(RESTARTS):
        await asyncio.sleep(0.2)
        await asyncio.to_thread(prepared_cluster.stop)
        await asyncio.to_thread(prepared_cluster.start)
    acknowledged = [receipt for receipts in await submitting for receipt in receipts]
    assert len(set(acknowledged)) == 16 * RESTARTS
    assert await count_submissions(prepared_cluster) - before == set(acknowledged)


@pytest.fixture
async def cut_callers(callers: Callers, prepared_cluster: OutageCluster):
    """Yield a function that makes the next commits lose their answers."""
    async with run_proxy(CommitCutter, prepared_cluster.url) as (cutter, url):
        engine = connections.create_application_engine(url, pool_size=4)
        state = callers.application.app.state
        previous, state.engine = state.engine, engine

        def cut(commits: int) -> None:
            cutter.cuts_left = commits

        yield cut
        state.engine = previous
        await engine.dispose()


async def test_lost_answer_to_a_commit_is_reported_as_unknown(
    callers: Callers, prepared_cluster: OutageCluster, cut_callers: Callable[[int], None]
):
    """A committed submission is stored once, however often the client repeats the request with its key."""
    await callers.call(KINDS[3])  # stores when the key was used, which is a commit too
    for number in range(RESTARTS):
        before = await count_submissions(prepared_cluster)
        submit = Kind("submit", "council", "POST", f"{BASE}/submissions", writes=True, key=f"lost-{number}")
        cut_callers(1)
        check_refused({"first": await callers.call(submit)}, UNKNOWN)
        assert len(await count_submissions(prepared_cluster) - before) == 1
        repeated = await callers.call(submit)
        assert (repeated.status_code, repeated.headers["idempotent-replayed"]) == (201, "true")
        assert len(await count_submissions(prepared_cluster) - before) == 1


async def test_lost_answer_to_a_decision_is_unknown_and_to_a_read_unavailable(
    callers: Callers, cut_callers: Callable[[int], None]
):
    await callers.call(Kind("submit", "council", "POST", f"{BASE}/submissions"))
    kinds = {kind.name: kind for kind in KINDS}
    for name in ("list own returns", "create a key"):
        await callers.call(kinds["list own returns"])
        cut_callers(1)
        check_refused({name: await callers.call(kinds[name])}, UNAVAILABLE if kinds[name].method == "GET" else UNKNOWN)
