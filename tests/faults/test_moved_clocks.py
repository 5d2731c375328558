"""Servers, a worker and commands on hosts whose clocks are wrong, with one database, whose clock they all use."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise

import httpx2
import pytest

from schema.partners import Scope
from tests.faults.test_worker_crash import run_worker, wait_until
from tests.fixtures.example_plan import EAST, WEST
from tests.fixtures.release_client import make_learners_return
from tests.fixtures.server_process import move_clock, run_command, run_processes

SLOW, FAST = move_clock("-10m"), move_clock("+31d")
COLLEGE, MONTH = "quay-college", "2026-01"
RETURN = f"/returns/{COLLEGE}/learners/headline/main/{MONTH}"
RATE_WINDOW_SQL = """
    select bool_and("window" between minute - 1 and minute)
    from rate_count, (select extract(epoch from clock_timestamp())::bigint / 60 as minute) as clock
"""


class Hosts:
    """A slow and a fast server of the programme, as one client with a key calls them."""

    def __init__(self, application, programme: str, addresses: list[str]) -> None:
        self.application, self.addresses = application, addresses
        self.path = f"/v1/programmes/{programme}"
        self.programme = programme

    async def send(self, host: int, method: str, path: str, key: str | None = None, **request) -> httpx2.Response:
        """Send a request to the slow server (0) or the fast one (1)."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx2.AsyncClient(base_url=self.addresses[host], timeout=60) as http:
            return await http.request(method, path, headers=headers | request.pop("headers", {}), **request)

    async def send_to_both(self, method: str, path: str, key: str | None = None, **request) -> list[httpx2.Response]:
        return [await self.send(host, method, path, key, **request) for host in (0, 1)]

    async def submit(self, host: int, key: str, people: int, **headers: str) -> httpx2.Response:
        counts = {(EAST, "female"): people, (WEST, "male"): 12}
        body = {"returns": [make_learners_return(MONTH, counts)]}
        return await self.send(host, "POST", f"{self.path}/submissions", key, json=body, headers=headers)

    async def read_database_clock(self) -> datetime:
        return await (await self.application.query_connection()).fetchval("select clock_timestamp()")

    async def issue_key(self, organisation: str, *scopes: Scope, days: float = 365) -> str:
        self.application.now = await self.read_database_clock()
        return await self.application.issue_key(organisation, *scopes, programme=self.programme, days=days)


@pytest.fixture
def hosts(application, harbour_programme):
    with run_processes(application.url, SLOW, FAST) as addresses:
        yield Hosts(application, harbour_programme, addresses)


async def test_servers_with_moved_clocks_record_and_read_the_same_instants(hosts):
    slow, fast = [parsedate_to_datetime(response.headers["date"]) for response in await hosts.send_to_both("GET", "/")]
    assert fast - slow > timedelta(days=31), "the clocks of the hosts are moved"

    key, reviewer = await hosts.issue_key(COLLEGE, Scope.SUBMIT), await hosts.issue_key("harbour-council", Scope.REVIEW)
    instants = [await hosts.read_database_clock()]
    for turn in range(8):
        report = (await hosts.submit(turn % 2, key, 20 + turn)).json()
        instants.append(datetime.fromisoformat(report["receipt"]["received_at"]))
        [newest, *_] = (await hosts.send(turn % 2, "GET", f"{hosts.path}{RETURN}/revisions", key)).json()["items"]
        assert newest["revision"] == turn + 1
        instants.append(datetime.fromisoformat(newest["recorded_at"]))
        for response in await hosts.send_to_both(
            "GET", f"{hosts.path}{RETURN}", key, params={"as_of": newest["recorded_at"]}
        ):
            assert response.json()["summary"] == newest
    for host, action, content in ((0, "query", {"reason": "Why?"}), (1, "approval", {})):
        decision = await hosts.send(
            host, "POST", f"{hosts.path}{RETURN}/{action}", reviewer, json={"revision": 8} | content
        )
        instants.append(datetime.fromisoformat(decision.json()["at"]))
    assert instants == sorted(set(instants))
    assert instants[-1] < await hosts.read_database_clock()
    for earlier, later in pairwise(instants):
        as_of = (earlier + (later - earlier) / 2).isoformat()
        first, second = await hosts.send_to_both("GET", f"{hosts.path}/returns", key, params={"as_of": as_of})
        assert first.json() == second.json()
    future = (await hosts.read_database_clock() + timedelta(minutes=1)).isoformat()
    refused = await hosts.send_to_both("GET", f"{hosts.path}/returns", key, params={"as_of": future})
    assert [response.status_code for response in refused] == [422, 422]


async def test_keys_and_quotas_follow_the_database_on_hosts_with_moved_clocks(hosts):
    key, expired = await hosts.issue_key(COLLEGE, Scope.SUBMIT, days=10), await hosts.issue_key(COLLEGE, days=-1 / 1440)
    before = await hosts.read_database_clock()
    assert [response.status_code for response in await hosts.send_to_both("GET", "/v1/me", key)] == [200, 200]
    assert [response.status_code for response in await hosts.send_to_both("GET", "/v1/me", expired)] == [401, 401]
    replays = [await hosts.submit(host, key, 20, **{"Idempotency-Key": "once"}) for host in (0, 1, 0)]
    assert [response.headers.get("idempotent-replayed") for response in replays] == [None, "true", "true"]
    for host in (0, 1):
        issued = (await hosts.send(host, "POST", "/v1/me/keys", key, json={"days": 30})).json()["key"]
        created_at, expires_at = (datetime.fromisoformat(issued[name]) for name in ("created_at", "expires_at"))
        assert before < created_at < await hosts.read_database_clock()
        assert expires_at - created_at == timedelta(days=30)
    owner = await hosts.application.query_connection()
    await wait_until(owner, RATE_WINDOW_SQL)


async def test_releases_follow_the_database_on_hosts_with_moved_clocks(hosts):
    keys = [await hosts.issue_key(college, Scope.SUBMIT) for college in (COLLEGE, "pier-college")]
    owner = await hosts.issue_key("harbour-council", Scope.REVIEW, Scope.PUBLISH)
    for key, college in zip(keys, (COLLEGE, "pier-college"), strict=True):
        await hosts.submit(0, key, 40)
        path = f"{hosts.path}{RETURN.replace(COLLEGE, college)}/approval"
        assert (await hosts.send(0, "POST", path, owner, json={"revision": 1})).status_code == 201
    before = await hosts.read_database_clock()
    connection = await hosts.application.query_connection()
    with run_worker(hosts.application.url, environment=FAST):
        assert (await hosts.send(0, "POST", f"{hosts.path}/releases", owner, json={})).status_code == 202
        await wait_until(connection, "select count(*) = 1 from publication where state = 'published'")
        for response in await hosts.send_to_both("GET", f"{hosts.path}/releases/1"):
            assert before < datetime.fromisoformat(response.json()["published_at"]) < await hosts.read_database_clock()
        tomorrow = (await hosts.read_database_clock() + timedelta(days=1)).isoformat()
        embargoed = await hosts.send(1, "POST", f"{hosts.path}/releases", owner, json={"publish_at": tomorrow})
        assert embargoed.status_code == 202
        await wait_until(connection, "select count(*) = 2 from publication where state = 'published'")
    for response in await hosts.send_to_both("GET", f"{hosts.path}/releases"):
        assert [release["number"] for release in response.json()["items"]] == [1]
    jobs = (await hosts.send(1, "GET", f"{hosts.path}/publications", owner)).json()["items"]
    for job in reversed(jobs):
        requested_at, frozen_at, finished_at = (
            datetime.fromisoformat(job[name]) for name in ("requested_at", "frozen_at", "finished_at")
        )
        assert before < requested_at < frozen_at < finished_at
        before = finished_at
    assert before < await hosts.read_database_clock()


async def test_commands_on_hosts_with_moved_clocks_store_instants_of_the_database(application, harbour_programme):
    connection = await application.query_connection()
    database = {"DATABASE_URL": application.url}
    options = ["--person", "ann", "--organisation", COLLEGE, "--programme", harbour_programme, "--scope", "submit"]
    before = await connection.fetchval("select clock_timestamp()")
    for clock, key_count in ((SLOW, 1), (FAST, 3)):
        issued = run_command("issue-key", "Script", *options, "--days", "10", **database, **clock)
        key = issued.stdout.strip().split("_")[2]
        expiring = run_command("list-keys", "--expiring", "10", **database, **clock).stdout
        assert expiring.splitlines()[-1].startswith(f"{key_count} ")
        assert run_command("rotate-key", key, "--days", "10", **database, **clock).returncode == 0
    created = await connection.fetch("select created_at from client union all select created_at from client_key")
    after = await connection.fetchval("select clock_timestamp()")
    assert [before < row["created_at"] < after for row in created] == [True] * 6
