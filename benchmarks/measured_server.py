"""Run the database and the server processes that the benchmarks measure, and read their memory."""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx2

from api.access import keys, queries_keys
from api.database import connections
from api.plan import queries_loading
from benchmarks import synthetic_data
from schema.partners import Grant, Scope
from schema.plan import Plan

ROOT = Path(__file__).parent.parent


async def prepare_database(
    url: str,
    organisations: Sequence[str] = synthetic_data.COLLEGES[:1],
    *,
    plan: Plan | None = None,
    scopes: Sequence[Scope] = (Scope.SUBMIT, Scope.READ),
) -> list[str]:
    """Migrate, load the plan, and make a key for each of these organisations."""
    engine = connections.create_owner_engine(url)
    await connections.migrate(engine)
    now = datetime.now(UTC)
    new_keys = [keys.make_key(os.urandom(38), sandbox=False) for _ in organisations]
    async with engine.begin() as transaction:
        await queries_loading.load_plan(transaction, plan or synthetic_data.build_plan(), sandbox=False, now=now)
        for key, organisation in zip(new_keys, organisations, strict=True):
            grant = Grant(programme=synthetic_data.PROGRAMME, organisation=organisation, scopes=list(scopes))
            await queries_keys.issue_key(
                transaction, key, client_id=uuid4(), name=organisation, person=organisation, now=now, expires_at=now + timedelta(days=1),
                grants=[grant],
            )  # fmt: skip
    await engine.dispose()
    return [key.secret for key in new_keys]


async def run_statements(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@contextlib.contextmanager
def run_server(
    target: str, url: str, *, python: str = sys.executable, interface: str = "asgi", **environment: str
) -> Iterator[tuple[str, int]]:
    """Run a server with one worker, as `make run` does. Yield its address and the process id of the worker."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [python, "-m", "granian", "--interface", interface, "--port", str(port), "--no-ws", "--no-log",
               "--backpressure", "64", "--factory", target]  # fmt: skip
    command += ["--loop", "uvloop"] * (interface == "asgi")
    given = (
        os.environ
        | {"WORK_HEALTH_KEY_RATE": "1000000000"}
        | {"DATABASE_URL": url, "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks' / 'peers'}"}
        | environment
    )
    with subprocess.Popen(command, env=given, cwd=ROOT) as process:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        try:
            yield f"http://127.0.0.1:{port}", find_worker_pid(process.pid)
        finally:
            process.terminate()


def find_worker_pid(pid: int) -> int:
    """Return the child of the server process that uses the most memory."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max(map(int, children), key=lambda child: read_memory_mb(child, "VmRSS"))


def read_memory_mb(pid: int, which: str) -> float:
    """Return a memory figure of a process, such as `VmRSS`, in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024


def reset_peak_memory(pid: int) -> None:
    """Make VmHWM the peak from this moment on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@contextlib.contextmanager
def poll_continuously(address: str) -> Iterator[list[float]]:
    """Request the programmes repeatedly. Yield the list of response times, in milliseconds."""
    took: list[float] = []
    finished = threading.Event()

    def poll() -> None:
        with httpx2.Client() as http:
            while not finished.wait(0.02):
                started = time.perf_counter()
                http.get(address, timeout=600).raise_for_status()
                took.append((time.perf_counter() - started) * 1000)

    poller = threading.Thread(target=poll)
    poller.start()
    yield took
    finished.set()
    poller.join()


def time_submission(address: str, key: str, form: str, content: bytes | Iterable[bytes]) -> float:
    """Return the seconds until the server has committed the submission and responded.

    The client exists before, because it takes 25 ms to create one, mostly for certificates that nobody uses here.
    """
    path = f"{address}/v1/programmes/{synthetic_data.PROGRAMME}/submissions{'' if form == 'json' else '/' + form}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": synthetic_data.CONTENT_TYPES[form]}
    with httpx2.Client(timeout=600) as http:
        started = time.perf_counter()
        answer = http.post(path, content=content, headers=headers)
        took = time.perf_counter() - started
    if answer.status_code != 201:
        sys.exit(answer.text[:2000])
    return took


def take_median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers)
