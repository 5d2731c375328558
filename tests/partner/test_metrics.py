"""Metrics: one answer covers all server processes, outages included, and names neither callers nor figures."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import httpx2
import msgspec
import promql_parser
import pytest
import yaml
from litestar.routes import HTTPRoute
from msgspec import Struct
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from api.database.requirements import NEWEST_SCHEMA
from api.monitoring import database_metrics
from api.monitoring.metrics import Metrics
from api.monitoring.process_counts import LATENCY_BOUNDS_SECONDS
from api.server_processes import open_metrics_folder
from api.settings import InvalidSetting, read_settings
from schema.partners import Scope
from tests.conftest import PROGRAMME, open_application
from tests.fixtures.database_outages import OutageCluster, prepare_outage_cluster
from tests.fixtures.server_process import find_free_port, wait_until_listening

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "monitoring.md"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
RETURNS = f"/v1/programmes/{PROGRAMME}/returns"
SUBMISSIONS = f"/v1/programmes/{PROGRAMME}/submissions"
FIGURE = 48_271
OUTSIDE = {"X-Forwarded-For": "192.0.2.7"}
SUBMISSION = {
    "returns": [
        {
            "measure": "ips-primary-care-referrals",
            "period": "FY2025-26-Q2",
            "observations": [{"area": "E06000018", "value": FIGURE}],
        }
    ]
}
WAIT_SECONDS = 90
Value = TypeVar("Value")


def wait_for(read: Callable[[], Value]) -> Value:
    """Return the first true value."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := read()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


class Scrape:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families: dict[str, Metric] = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def sum(self, sample_name: str, **labels: str) -> float:
        """Return the sum of the samples of a name that have these labels."""
        return sum(s.value for s in self.samples if s.name == sample_name and labels.items() <= s.labels.items())


class ServedProcesses(NamedTuple):
    """`python -m api serve` with two server processes."""

    address: str
    key: str
    folder: Path
    process: subprocess.Popen[bytes]

    def request(self, method: str, path: str, **options: object) -> httpx2.Response:
        """Send a request over a connection of its own, which any of the processes may accept."""
        with httpx2.Client(base_url=self.address, timeout=WAIT_SECONDS) as http:
            return http.request(method, path, **options)  # pyright: ignore[reportArgumentType]

    def scrape(self) -> Scrape:
        response = self.request("GET", "/metrics")
        assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
        return Scrape(response.text)

    def scrape_with_database(self) -> Scrape:
        """Wait for an answer with the metrics of the database: on a busy machine it can need more than 2 seconds."""
        return wait_for(lambda: scrape if (scrape := self.scrape()).sum("work_health_database_up") else None)

    def read_pids(self) -> set[int]:
        """Return the processes that have answered requests, from the log."""
        lines = map(json.loads, (self.folder / "log").read_text().splitlines())
        return {line["pid"] for line in lines if line["logger"] == "work_health.requests"}


@pytest.fixture(scope="module")
async def cluster(nottingham_plan) -> Iterator[OutageCluster]:
    async with prepare_outage_cluster(nottingham_plan) as cluster:
        yield cluster


@pytest.fixture(scope="module")
async def server(cluster) -> Iterator[ServedProcesses]:
    async with open_application(cluster.url) as application:
        key = await application.issue_key("nottingham-city-council", Scope.SUBMIT, Scope.READ, Scope.PUBLISH, days=9999)
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        port = find_free_port()
        environment = os.environ | {
            "DATABASE_URL": cluster.url,
            "DATABASE_REPLICA_URL": cluster.url,
            "WORK_HEALTH_PORT": str(port),
            "WORK_HEALTH_PROXIES": "127.0.0.1",
            "WORK_HEALTH_METRICS_NETWORKS": "127.0.0.1, 198.51.100.0/24",
            "WORK_HEALTH_LOG": "json",
            "TMPDIR": folder,
        }
        command = [sys.executable, "-m", "api", "serve", "--workers", "2"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log) as process:
            address = f"http://127.0.0.1:{port}"
            wait_until_listening(address)
            served = ServedProcesses(address, key, Path(folder), process)
            wait_for(lambda: served.request("GET", "/healthz").is_success and len(served.read_pids()) == 2)
            yield served
            process.terminate()
            assert process.wait(WAIT_SECONDS) == 0
        assert not list(Path(folder).glob("work-and-health-metrics-*"))


def test_one_answer_covers_both_processes(server):
    route = {"method": "GET", "route": "/v1/programmes", "status": "200"}
    pids: set[int] = set()
    requests = 0
    while len(pids) < 2:
        before = len((server.folder / "log").read_text())
        assert server.request("GET", "/v1/programmes").is_success
        requests += 1
        new = (server.folder / "log").read_bytes()[before:].decode()
        pids |= {json.loads(line)["pid"] for line in new.splitlines() if '"/v1/programmes"' in line}
    scrape = wait_for(lambda: s if (s := server.scrape()).sum("work_health_requests_total", **route) >= requests else 0)
    assert scrape.sum("work_health_requests_total", **route) == requests
    assert scrape.sum("work_health_request_duration_seconds_count", route="/v1/programmes") == requests
    assert scrape.sum("work_health_request_duration_seconds_bucket", route="/v1/programmes", le="+Inf") == requests
    assert scrape.sum("work_health_server_processes") == 2
    for pool in ("application", "public", "replica"):
        assert scrape.sum("work_health_pool_connections", pool=pool) == 16
    assert wait_for(lambda: server.scrape().sum("work_health_event_loop_lag_seconds_count") > 10)


def test_documented_metrics_are_those_of_a_scrape(server):
    table = PAGE.read_text().partition("## Read the metrics")[2].partition("\n## ")[0]
    documented = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| ", table, re.MULTILINE)
    }
    server.request("POST", SUBMISSIONS, json=SUBMISSION, headers={"Authorization": f"Bearer {server.key}"})
    publish = f"/v1/programmes/{PROGRAMME}/releases"
    server.request("POST", publish, json={}, headers={"Authorization": f"Bearer {server.key}"})

    def read_if_complete() -> Scrape | None:
        scrape = server.scrape()
        is_complete = scrape.sum("work_health_publication_seconds") and scrape.sum("work_health_submissions_total")
        return scrape if is_complete else None

    scrape = wait_for(read_if_complete)
    served = {
        name: (family.type, {label for sample in family.samples for label in sample.labels} - {"le"})
        for name, family in scrape.families.items()
    }
    assert served == documented
    assert scrape.sum("work_health_build_info", schema=NEWEST_SCHEMA) == 1
    assert scrape.sum("work_health_database_up") == 1
    assert scrape.sum("work_health_publications", state="queued") == 1
    assert scrape.sum("work_health_queue_jobs", kind="publish", status="queued") == 1
    assert scrape.sum("work_health_worker_heartbeat_age_seconds") == float("inf")


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [("192.0.2.7", 404), ("198.51.100.9", 200), ("unknown", 200), ("198.51.100.9, 192.0.2.7", 404)],
)
def test_only_addresses_of_the_networks_read_the_metrics(server, forwarded, status):
    assert server.request("GET", "/metrics", headers={"X-Forwarded-For": forwarded}).status_code == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", [{}, {"Origin": "https://example.org"}])
def test_for_other_addresses_the_path_is_unknown(server, method, origin):
    metrics, unknown = (server.request(method, path, headers=OUTSIDE | origin) for path in ("/metrics", "/invented"))
    assert metrics.status_code == unknown.status_code == 404
    changing = {"request-id", "content-length", "date"}
    assert {k: v for k, v in metrics.headers.items() if k not in changing} == {
        k: v for k, v in unknown.headers.items() if k not in changing
    }
    if method != "HEAD":
        assert metrics.json().keys() == unknown.json().keys()
        assert metrics.json()["type"] == unknown.json()["type"]
        assert metrics.json()["detail"] == unknown.json()["detail"].replace("/invented", "/metrics")


async def test_labels_are_routes_methods_and_codes_alone(server, application):
    note = "a-note-about-a-person"
    http = {"Authorization": f"Bearer {server.key}"}
    for method, path in (
        ("GET", f"/v1/programmes/{note}/returns"),
        ("GET", f"/{note}/{FIGURE}"),
        ("INVENT", f"/{note}"),
        ("POST", SUBMISSIONS),
    ):
        server.request(method, path, json=SUBMISSION, headers=http, params={"note": note})
    wait_for(lambda: server.scrape().sum("work_health_requests_total", method="OTHER"))
    scrape = server.scrape()
    for text in (note, str(FIGURE), "INVENT", server.key, server.key.split("_")[2], "nottingham-city-council"):
        assert text not in scrape.text
    templates = {route.path_format for route in application.app.routes if isinstance(route, HTTPRoute)}
    routes = {sample.labels["route"] for sample in scrape.samples if "route" in sample.labels}
    assert routes - templates == {"unknown", "/metrics"}


def test_killed_process_is_counted_no_more_but_its_requests_are(server):
    before = wait_for(server.scrape).sum("work_health_requests_total", route="/v1/programmes")
    pids = server.read_pids()
    [killed, *_] = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    os.kill(int(killed), signal.SIGKILL)
    # The new process must have written its own number before the one of the killed process can be missed.
    wait_for(lambda: server.request("GET", "/healthz").is_success and server.read_pids() - pids)
    assert server.scrape().sum("work_health_server_processes") == 2
    assert server.scrape().sum("work_health_requests_total", route="/v1/programmes") >= before


def test_scrape_answers_in_an_outage_and_recovers(server, cluster):
    with cluster.stopped():
        scrape = wait_for(lambda: s if not (s := server.scrape()).sum("work_health_database_up") else None)
        assert "work_health_publications" not in scrape.families
        assert scrape.sum("work_health_requests_total")
        assert server.request("GET", RETURNS, headers={"Authorization": f"Bearer {server.key}"}).status_code == 503
        wait_for(lambda: server.scrape().sum("work_health_refusals_total", code="database-unavailable", status="503"))
    server.scrape_with_database()


def test_scrape_answers_while_the_database_is_silent(server, cluster):
    with cluster.silent():
        scrape = wait_for(lambda: s if not (s := server.scrape()).sum("work_health_database_up") else None)
        assert scrape.sum("work_health_server_processes") == 2
    server.scrape_with_database()


async def test_submissions_are_counted_by_outcome(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.SUBMIT))
    counts = application.app.state.metrics.counts
    counts.take_submissions()
    invalid = {"returns": [SUBMISSION["returns"][0] | {"measure": "invented"}]}
    for body, key, dry_run in (
        (SUBMISSION, "one", False),
        (SUBMISSION, "one", False),
        (invalid, "two", False),
        (SUBMISSION, "three", True),
        (invalid, "four", True),
    ):
        await http.post(
            SUBMISSIONS, json=body, headers={"Idempotency-Key": key}, params={"dry_run": str(dry_run).lower()}
        )
    assert counts.take_submissions() == {
        ("accepted", False): 1,
        ("replayed", False): 1,
        ("rejected", False): 1,
        ("accepted", True): 1,
        ("rejected", True): 1,
    }


def test_folder_of_a_killed_server_is_removed(tmp_path, monkeypatch):
    """That of a server which runs stays, however old it is, and so does one that is not locked yet."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    program = (
        "from api.server_processes import *\nwith open_metrics_folder() as folder: print(folder, flush=True); input()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    new = tmp_path / "work-and-health-metrics-new"
    new.mkdir()
    with (
        subprocess.Popen([sys.executable, "-c", program], **pipes) as killed,
        subprocess.Popen([sys.executable, "-c", program], **pipes) as running,
    ):
        folders = [Path(process.stdout.readline().strip()) for process in (killed, running)]
        killed.kill()
        killed.wait()
        for folder in folders:
            os.utime(folder, (0, 0))
        with open_metrics_folder() as folder:
            assert {*tmp_path.iterdir()} == {new, folders[1], Path(folder)}
        running.communicate("\n")
    assert [*tmp_path.iterdir()] == [new]


async def test_full_pool_is_counted(application, monkeypatch):
    metrics = Metrics({"application": application.engine})
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.READ))
    pool = application.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.05)
    connections = [await application.engine.connect() for _ in range(pool.size())]
    metrics.transfer()
    assert (await http.get(RETURNS)).status_code == 503
    metrics.transfer()
    text = metrics.expose("", [])[0].decode()
    for connection in connections:
        await connection.close()
    scrape = Scrape(text)
    assert scrape.sum("work_health_connection_refusals_total") == 1
    assert scrape.sum("work_health_connection_wait_seconds_total") >= 0.05
    assert scrape.sum("work_health_pool_connections_in_use") == scrape.sum("work_health_pool_connections") > 0


def test_latencies_are_counted_by_their_bounds():
    metrics = Metrics({})
    for seconds in (0.0005, 0.001, 0.2, 300.0):
        metrics.counts.count_request(("GET", "/v1", 200), seconds)
    metrics.transfer()
    scrape = Scrape(metrics.expose("", [])[0].decode())
    by_bound = {
        float(s.labels["le"]): s.value
        for s in scrape.samples
        if s.name == "work_health_request_duration_seconds_bucket"
    }
    assert [by_bound[bound] for bound in (0.001, 0.1, 0.25, 120.0, float("inf"))] == [2, 2, 3, 3, 4]
    assert len(by_bound) == len(LATENCY_BOUNDS_SECONDS) + 1
    assert scrape.sum("work_health_request_duration_seconds_sum") == pytest.approx(300.2015)


async def test_scrapes_share_a_read_of_the_database(application, monkeypatch):
    reads, seconds = [], iter((0.0, 1.0, 4.9, 5.0))
    fetch = database_metrics.fetch_database_state

    async def count(connection):
        reads.append(1)
        return await fetch(connection)

    monkeypatch.setattr(database_metrics, "fetch_database_state", count)
    metrics = database_metrics.DatabaseMetrics(read_seconds=lambda: next(seconds))
    await asyncio.gather(*(metrics.read(application.engine) for _ in range(3)))
    assert len(reads) == 1
    await metrics.read(application.engine)
    assert len(reads) == 2


async def test_open_publication_states_its_progress(application):
    http = application.http_client(await application.issue_key("nottingham-city-council", Scope.PUBLISH))
    assert (await http.post(f"/v1/programmes/{PROGRAMME}/releases", json={})).status_code == 202
    owner = await application.query_connection()
    await owner.execute("update publication set state = 'running', contributions = 40, done = 12")
    families = await database_metrics.DatabaseMetrics().read(application.engine)
    values = {s.name: s.value for family in families for s in family.samples if s.labels.get("state") == "running"}
    assert values["work_health_publication_contributions"] == 40
    assert values["work_health_publication_contributions_protected"] == 12
    assert values["work_health_publications"] == 1


async def test_clients_without_a_later_key_are_counted(application):
    owner = await application.query_connection()
    await application.issue_key("nottingham-city-council", Scope.READ)
    await owner.execute("update client_key set expires_at = now() + interval '13 days'")

    async def read() -> float:
        families = {f.name: f for f in await database_metrics.DatabaseMetrics().read(application.engine)}
        return families["work_health_ending_clients"].samples[0].value

    assert await read() == 1
    await owner.execute("update client_key set expires_at = now() + interval '15 days'")
    assert await read() == 0


async def test_without_the_setting_nobody_reads_the_metrics(application):
    assert (await application.http_client().get("/metrics")).status_code == 404


def test_networks_that_are_none_are_refused():
    with pytest.raises(InvalidSetting, match="^WORK_HEALTH_METRICS_NETWORKS:"):
        _ = read_settings({"WORK_HEALTH_METRICS_NETWORKS": "everybody"}).metrics_networks


class AlertRule(Struct, kw_only=True, forbid_unknown_fields=True):
    alert: str
    expr: str
    duration: str = msgspec.field(default="1s", name="for")
    labels: dict[str, str]
    annotations: dict[str, str]


class RuleGroup(Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    rules: list[AlertRule]


class RuleFile(Struct, kw_only=True, forbid_unknown_fields=True):
    groups: list[RuleGroup]


def read_rules() -> list[AlertRule]:
    file = msgspec.convert(yaml.safe_load(ALERTS.read_text()), RuleFile)
    return [rule for group in file.groups for rule in group.rules]


def list_selectors(expression: str) -> list[promql_parser.VectorSelector]:
    selectors: list[promql_parser.VectorSelector] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            selectors.append(node)

    promql_parser.walk(promql_parser.parse(expression), pre_visit=visit)
    return selectors


def test_alerts_use_metrics_and_labels_that_a_scrape_has(server):
    scrape = server.scrape_with_database()
    labels = {"up": {"job", "instance"}}
    for sample in scrape.samples:
        labels.setdefault(sample.name, set()).update(sample.labels)
    families = {name: set() for name in scrape.families if name not in labels}  # without a sample at the moment
    for rule in read_rules():
        selectors = list_selectors(rule.expr)
        assert selectors, rule.alert
        for selector in selectors:
            assert selector.name in labels | families, rule.alert
            matched = {matcher.name for matcher in selector.matchers.matchers}
            assert matched <= labels.get(selector.name, matched), rule.alert
        promql_parser.parse_duration(rule.duration)
        used = {name for text in rule.annotations.values() for name in re.findall(r"\$labels\.(\w+)", text)}
        assert used <= set().union(*(labels.get(selector.name, used) for selector in selectors)), rule.alert


def test_alerts_name_codes_and_states_that_exist(server):
    scrape = server.scrape_with_database()
    for rule in read_rules():
        for selector in list_selectors(rule.expr):
            for matcher in selector.matchers.matchers:
                if matcher.op == promql_parser.MatchOp.Equal and matcher.name in {"code", "state", "for"}:
                    known = {s.labels.get(matcher.name) for s in scrape.samples if s.name == selector.name}
                    assert matcher.value in known, rule.alert


def test_alerts_are_documented_with_their_severity():
    table = PAGE.read_text().partition("## Be alerted")[2].partition("\n## ")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE))
    assert documented == {rule.alert: rule.labels["severity"] for rule in read_rules()}
