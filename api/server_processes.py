"""The server processes: one socket for all of them, which no other server can share, and a message when one dies."""

import fcntl
import logging
import os
import resource
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings

from api.monitoring.process_counts import FOLDER_VARIABLE
from api.parent_process import exit_with_parent
from api.settings import PortUnavailable
from api.supervision import DEATHS_SECONDS, ProcessEnded, describe_status

if TYPE_CHECKING:
    from litestar import Litestar

log = logging.getLogger("work_health")

granian: Any = import_module("granian.server.mp")  # its types are incomplete

MAX_CONNECTIONS = 4096  # of each server process; further ones wait until another ends
IDLE_MILLISECONDS = 20_000  # until a connection is closed that sends no request, or not all of its headers
PORT_SECONDS = 2.0  # the processes of a server that was killed take a moment to end
METRICS_PREFIX = "work-and-health-metrics-"
UNLOCKED_SECONDS = 60  # a server that starts makes its folder a moment before it locks it
MAX_DEATHS = 5
"""As many server processes may die within `DEATHS_SECONDS`. Then the next that dies quickly ends all of them."""


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens, and that nobody else can listen on. Raises PortUnavailable."""
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            return socket.create_server(address, family=family, backlog=MAX_CONNECTIONS)
        except OSError as error:
            if time.monotonic() > deadline or isinstance(error, socket.gaierror):
                reason = error.strerror or error
                raise PortUnavailable(f"WORK_HEALTH_PORT: cannot listen on {host}, port {port}: {reason}.") from error
        time.sleep(0.1)


class SharedSocketServer(granian.MPServer):
    """granian with our socket.

    On Linux, each of granian's processes opens a socket with SO_REUSEPORT. A second server of the same user could then
    use the same port, and the two would answer alternately.
    """

    def __init__(self, listener: socket.socket, **options: Any) -> None:
        host, port, *_ = listener.getsockname()
        granian.MPServer.__init__(self, "api.app:serve", address=host, port=port, **options)  # it logs them
        self._listener = listener
        self._deaths: list[float] = []

    def _init_shared_socket(self) -> None:
        self._ssp, self._sso = None, self._listener
        self._sfd = self._listener.fileno()
        self._shd = granian.SocketHolder(self._sfd, False, MAX_CONNECTIONS)

    def _respawn_workers(self, workers: list[int], spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        """Replace processes. granian stops at the second death within 5.5 s, and forgets why."""
        now = time.monotonic()
        mark_process_dead = import_module("prometheus_client.multiprocess").mark_process_dead  # reads the environment
        for index in workers:
            log.error("%s. Another starts.", self._describe_end(index))
            mark_process_dead(self.wrks[index].inner.pid)
        self._deaths = [death for death in self._deaths if death > now - DEATHS_SECONDS] + [now] * len(workers)
        granian.MPServer._respawn_workers(self, workers, spawn_target, target_loader, delay)
        if len(self._deaths) < MAX_DEATHS:
            self.respawned_wrks.clear()

    def shutdown(self, exit_code: int = 0) -> None:
        """Stop the processes. Raises ProcessEnded if this was not asked for."""
        ended = [self._describe_end(index) for index in self.interrupt_children]
        self.interrupt_children.clear()
        granian.MPServer.shutdown(self, exit_code)
        if ended and not self.interrupt_signal:
            raise ProcessEnded(f"{ended[0]}, after {len(self._deaths)} more in {DEATHS_SECONDS} s, so all have ended.")

    def _describe_end(self, index: int) -> str:
        process = self.wrks[index].inner
        return f"Server process {process.pid} {describe_status(process.exitcode or 0)}"


def serve(listener: socket.socket, *, processes: int, drain_seconds: int, log_config: dict[str, Any]) -> None:
    """Serve the API until SIGTERM or SIGINT, and then finish the requests in progress for at most `drain_seconds`.

    Raises ProcessEnded if processes die again and again.
    """
    _raise_file_limit()
    with open_metrics_folder() as metrics_folder:
        os.environ[FOLDER_VARIABLE] = metrics_folder  # a fork has it too
        SharedSocketServer(
            listener,
            interface=Interfaces.ASGI,
            loop=Loops.uvloop,
            workers=processes,
            # With HTTP/2 as well, the server waits for the first byte of a connection without limit.
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=IDLE_MILLISECONDS),
            backlog=MAX_CONNECTIONS,
            backpressure=MAX_CONNECTIONS,
            respawn_failed_workers=True,
            workers_kill_timeout=drain_seconds,
            websockets=False,
            log_dictconfig=log_config,
        ).serve(target_loader=load_application, wrap_loader=False)


@contextmanager
def open_metrics_folder() -> Generator[str]:
    """Yield a new folder for the metrics of the processes, and remove those of servers that were killed.

    A server and its forks lock their folder as long as one of them lives.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{METRICS_PREFIX}*"):
        with suppress(OSError):  # that of another user, or of a server that runs
            if folder.stat().st_mtime < time.time() - UNLOCKED_SECONDS:
                with _lock_folder(folder):
                    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=METRICS_PREFIX) as folder, _lock_folder(Path(folder)):
        yield folder


@contextmanager
def _lock_folder(folder: Path) -> Generator[None]:
    """Raises OSError if another process has the lock."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def load_application() -> "Callable[..., Any] | Litestar":
    """Return the application in a new server process."""
    for number in (signal.SIGTERM, signal.SIGINT):  # a fork has the handlers of the main process, which only note them
        signal.signal(number, signal.SIG_DFL)
    exit_with_parent()
    from api import app  # noqa: PLC0415  the main process does not need it

    return app.serve()


def _raise_file_limit() -> None:
    """Permit as many open files as the system permits: every connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
