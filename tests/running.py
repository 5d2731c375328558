"""`make run` on a fresh machine: a real server process with its embedded database and its sandbox."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent


class Running(NamedTuple):
    address: str
    key: str
    environment: dict[str, str]

    def issue(self, organisation: str, *scopes: str) -> str:
        """A key of the sandbox, as the operator issues it."""
        wanted = [word for scope in scopes for word in ("--scope", scope)]
        command = ["issue-key", organisation, "--organisation", organisation, "--programme", SANDBOX, *wanted]
        done = subprocess.run(
            [sys.executable, "-m", "api", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


SANDBOX = "work-and-health-2025-2028-sandbox"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def make_run() -> Iterator[Running]:
    """`make run`'s own command: address and sandbox key, as it prints them."""
    with tempfile.TemporaryDirectory(prefix="work-health-run-") as folder:
        Path(folder).chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment |= {"WORK_HEALTH_DATA": f"{folder}/data", "WORK_HEALTH_PORT": str(free_port())}
        with subprocess.Popen(
            [sys.executable, "-m", "api", "run"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            printed = ""
            while "preview/outcomes" not in printed:
                line = process.stdout.readline()
                assert line, f"it stopped: {printed}"
                printed += line
            address = re.search(r"http://[0-9.:]+", printed)
            key = re.search(r"wh_sandbox_\w+_[\w-]{43}", printed)
            assert address
            assert key
            wait_for(address[0])
            yield Running(address[0], key[0], environment)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


def wait_for(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        asyncio.run(asyncio.sleep(0.05))
    pytest.fail("nobody listens")
