"""Traces: a collector receives spans of requests, statements and jobs, and no key, figure or value."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from api.monitoring import tracing
from api.settings import InvalidSetting
from schema.partners import Scope
from tests.fixtures.example_plan import EAST
from tests.fixtures.release_client import make_learners_return
from tests.fixtures.server_process import run_command, run_processes

ROOT = Path(__file__).parents[2]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NOTE, FIGURE = "a-note-about-a-person", 48_271
WAIT_SECONDS = 90


class Collector:
    """A collector of OTLP over HTTP that keeps what it receives."""

    def __init__(self) -> None:
        self.received = b""

    def wait_for(self, *texts: bytes, count: int = 1) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while missing := [text for text in texts if self.received.count(text) < count]:
            assert time.monotonic() < deadline, missing
            time.sleep(0.05)


@pytest.fixture
def collector(monkeypatch) -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.received += self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield collector
        server.shutdown()


@contextmanager
def run_worker(url: str) -> Iterator[None]:
    command = [sys.executable, "-m", "api", "work"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}) as process:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0


async def test_requests_statements_and_jobs_are_spans_without_values(application, harbour_programme, collector):
    submitter, publisher = [
        await application.issue_key(organisation, scope, programme=harbour_programme, days=9999)
        for organisation, scope in (("quay-college", Scope.SUBMIT), ("harbour-council", Scope.PUBLISH))
    ]
    owner = await application.query_connection()
    programme = f"/v1/programmes/{harbour_programme}"
    learners = make_learners_return("2026-07", {(EAST, "male"): FIGURE})
    submission = {"note": NOTE, "returns": [learners]}
    replica = {"DATABASE_REPLICA_URL": application.url}
    headers = {"Authorization": f"Bearer {submitter}", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    with run_processes(application.url, replica) as [address], httpx2.Client(base_url=address, headers=headers) as http:
        accepted = http.post(f"{programme}/submissions", json=submission)
        assert accepted.status_code == 201
        assert (
            http.post(f"{programme}/releases", json={}, headers={"Authorization": f"Bearer {publisher}"}).status_code
            == 202
        )
        assert http.get(f"/v1/programmes/{NOTE}/returns", params={"area": NOTE}).status_code in {404, 422}
        await owner.execute("alter table revision rename to lost")
        assert http.post(f"{programme}/submissions", json=submission).status_code == 500
        await owner.execute("alter table lost rename to revision")
        assert http.get("/readyz").status_code in {200, 503}
        collector.wait_for(
            b"work-and-health-server",
            b"POST /v1/programmes/{programme}/submissions",
            b"GET /v1/programmes/{programme}/returns",
            accepted.headers["Request-Id"].encode(),
            b"SQL insert",
            b"insert into",
        )
        # The request checked the primary with the public login, and the replica.
        collector.wait_for(b"db.query.text\x12\x08\n\x06select", count=2)
    with run_worker(application.url):
        collector.wait_for(b"work-and-health-worker", b"job publish")
    assert bytes.fromhex(TRACE) in collector.received
    for secret in (submitter, submitter[-20:], publisher[-20:], str(FIGURE), NOTE):
        assert secret.encode() not in collector.received


def test_without_an_endpoint_nothing_of_it_is_imported():
    program = (
        "import sys, api.app, api.worker; assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert tracing.start_tracing("server") is None


def test_missing_packages_are_a_mistake_of_the_operator(collector, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(InvalidSetting, match="^OTEL_EXPORTER_OTLP_ENDPOINT:"):
        tracing.start_tracing("worker")


@pytest.mark.parametrize("command", ["run", "serve", "work"])
def test_missing_packages_end_a_command_at_once_with_one_line(collector, tmp_path, command):
    (tmp_path / "opentelemetry.py").write_text("raise ImportError('not installed')")
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    ended = run_command(command, PYTHONPATH=str(tmp_path), DATABASE_URL=nowhere, WORK_HEALTH_DATABASE_WAIT="600")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1), ended.stderr
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in ended.stderr
