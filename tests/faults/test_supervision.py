"""Kill what `run` starts, and `run` itself. The tests use one server, in their order, and start it a second time."""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import asyncpg
import httpx2
import pytest

from api.supervision import DEATHS_SECONDS, RESTART_DELAYS_SECONDS, ProcessEnded, SupervisedProcess, supervise
from tests.conftest import memory_folder
from tests.fixtures.server_process import SANDBOX_PROGRAMME, find_free_port, wait_until_listening

ROOT = Path(__file__).parents[2]
Value = TypeVar("Value")
WAIT_SECONDS = 90
SUBMISSION = (
    b'{"returns":[{"measure":"ips-primary-care-referrals","period":"FY2025-26-Q3",'
    b'"observations":[{"area":"E06000018","value":140}]}]}'
)


class SupervisedRun:
    """`python -m api run` with two server processes, on a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = find_free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
            "WORK_HEALTH_DATA": str(self.data),
            "WORK_HEALTH_PORT": str(self.port),
            "WORK_HEALTH_DRAIN": "60",
        }
        self.key = ""

    def start(self) -> None:
        self.process = subprocess.Popen(  # wait() closes it
            [sys.executable, "-m", "api", "run", "--workers", "2"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        printed = ""
        while "preview/outcomes" not in printed:
            line = self.process.stdout.readline()
            assert line, f"it stopped: {printed}"
            printed += line
        [self.key] = set(re.findall(r"wh_sandbox_\w+_[\w-]{43}", printed))
        wait_until_listening(self.address)

    def wait(self) -> int:
        """Wait for the end, and return the exit status."""
        with self.process:
            return self.process.wait(WAIT_SECONDS)

    def find_child(self, word: str) -> int:
        """Return the process that `run` started with this word in its command, and wait for it."""
        pids = wait_for(lambda: [pid for pid in list_children(self.process.pid) if word in read_command(pid)])
        return pids[0]

    def find_server_processes(self) -> list[int]:
        """Return both server processes, and wait for them."""
        return wait_for(lambda: pids if len(pids := list_children(self.find_child("api serve"))) == 2 else [])

    def list_processes(self) -> list[int]:
        """Return `run` and all processes below it."""
        pids = [self.process.pid]
        for pid in pids:
            pids += list_children(pid)
        return pids

    def is_answering(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.address}/v1/programmes", timeout=WAIT_SECONDS).status_code == 200
        return False

    def run_command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "api", *arguments],
            cwd=ROOT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def database_url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.data}&port=5432"

    async def find_worker_session(self) -> int | None:
        """Return the process of PostgreSQL that serves the worker's connection for jobs."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetchval(
                "select pid from pg_stat_activity where application_name = 'work-and-health-worker'"
            )
        finally:
            await connection.close()


def list_children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return [child for child in children if read_command(child)]
    return []


def read_command(pid: int) -> str:
    """Return the command of a process, or an empty string if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def is_gone(pid: int) -> bool:
    return not read_command(pid)


def wait_for(read: Callable[[], Value]) -> Value:
    """Return the first true value."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := read()):
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)
    return value


@pytest.fixture(scope="module")
def server() -> Iterator[SupervisedRun]:
    with tempfile.TemporaryDirectory(prefix="work-health-run-", dir=memory_folder()) as folder:
        Path(folder).chmod(0o755)
        server = SupervisedRun(Path(folder))
        server.start()
        yield server
        server.process.terminate()
        server.wait()


def test_port_in_use_is_an_error(server):
    for command, url in (("run", ""), ("serve", server.database_url)):
        environment = {"DATABASE_URL": url, "WORK_HEALTH_DATA": f"{server.data}-other"}
        refused = server.run_command(command, **environment)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
        assert str(server.port) in refused.stderr
    assert not Path(f"{server.data}-other").exists()


def test_killed_worker_is_replaced(server):
    before = wait_for(lambda: asyncio.run(server.find_worker_session()))
    os.kill(server.find_child("api work"), signal.SIGKILL)
    wait_for(lambda: asyncio.run(server.find_worker_session()) not in (before, None))


def test_killed_server_processes_are_replaced_again_and_again(server):
    for _ in range(4):
        [killed, _] = server.find_server_processes()
        os.kill(killed, signal.SIGKILL)
        wait_for(partial(is_gone, killed))
    server.find_server_processes()
    wait_for(server.is_answering)


def test_embedded_database_that_ends_is_started_again(server):
    os.kill(server.find_child("bin/postgres"), signal.SIGKILL)
    wait_for(server.is_answering)


def test_nothing_outlives_the_main_process(server):
    processes = server.list_processes()
    assert len(processes) > 8
    server.process.kill()
    server.wait()
    wait_for(lambda: all(map(is_gone, processes)))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_upload_in_progress_is_finished_before_the_server_stops(server):
    """The second start takes over the database, and the key of the sandbox from where earlier versions stored it."""
    key = server.key
    shutil.move(f"{server.data}-sandbox-key", server.data.with_name("sandbox-key"))
    server.start()
    assert server.key == key
    assert server.is_answering()
    with socket.create_connection(("127.0.0.1", server.port)) as upload:
        upload.sendall(
            f"POST /v1/programmes/{SANDBOX_PROGRAMME}/submissions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(SUBMISSION)}\r\n\r\n".encode()
            + SUBMISSION[:20]
        )
        assert server.is_answering()  # so the upload has begun
        server.process.terminate()
        wait_for(lambda: not is_listening(server.port))
        upload.sendall(SUBMISSION[20:])
        assert upload.recv(12) == b"HTTP/1.1 201"
    assert server.wait() == 0


@pytest.fixture
def waiting_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[SupervisedProcess]:
    """Yield a worker that waits for its database."""
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@127.0.0.1:{find_free_port()}/nothing")
    monkeypatch.setenv("WORK_HEALTH_DATABASE_WAIT", "600")
    process = SupervisedProcess("worker", "work")
    yield process
    process.kill()
    process.wait(WAIT_SECONDS)


def die_once(process: SupervisedProcess, now: float, caplog: pytest.LogCaptureFixture) -> None:
    """Start a process, kill it, and let its supervisor notice."""
    before = len(caplog.records)
    process.keep_running(now)
    process.kill()

    def is_noticed() -> bool:
        process.keep_running(now)
        return len(caplog.records) > before

    wait_for(is_noticed)


def test_fifth_death_within_a_minute_ends_all(waiting_worker, caplog):
    now = 1000.0
    for delay in RESTART_DELAYS_SECONDS:
        die_once(waiting_worker, now, caplog)
        now += delay
    with pytest.raises(ProcessEnded):
        die_once(waiting_worker, now, caplog)


def test_deaths_with_minutes_between_them_end_nothing(waiting_worker, caplog):
    for death in range(len(RESTART_DELAYS_SECONDS) + 2):
        die_once(waiting_worker, 1000 + 2.0 * DEATHS_SECONDS * death, caplog)


def test_refusal_of_a_started_process_is_printed_once_and_ends_all(monkeypatch, capfd):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1/nothing")
    monkeypatch.setenv("WORK_HEALTH_HOST", "0.0.0.0")  # noqa: S104  without a proxy, which a server refuses
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(ProcessEnded):
            supervise([SupervisedProcess("server", "serve")], lambda: None, drain_seconds=1)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert capfd.readouterr().err.count("\n") == 1


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False
