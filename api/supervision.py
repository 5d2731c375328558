"""Supervise the processes that `run` starts: replace each that dies, and end all of them if one keeps dying."""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

log = logging.getLogger("work_health")

POLL_SECONDS = 0.2
RESTART_DELAYS_SECONDS = (0, 1, 2, 4)
"""How long a process waits after each death within `DEATHS_SECONDS` before it starts again. After one more, all end."""
DEATHS_SECONDS = 60
REFUSED_STATUS = 3
"""How a process ends that has printed what the operator must change. Another start would only print it again."""
STOP_SECONDS = 10  # for what a process does after it has finished its requests, or put back its job


class ProcessEnded(Exception):  # noqa: N818  the operator reads the message
    """A process ended so often that it cannot run. The message names it and its exit status."""


class SupervisedProcess:
    """One command of ours, which ends at the end of its standard input, and so when this process dies."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._name = name
        self._command = [sys.executable, "-m", "api", *arguments, "--until-eof"]
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: list[float] = []
        self._start_at = 0.0

    def keep_running(self, now: float) -> None:
        """Start the process if it does not run. Raises ProcessEnded if it has died too often, or cannot start."""
        if self._process is None:
            if now >= self._start_at:
                self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603  our own command
            return
        status = self._process.poll()
        if status is None:
            return
        if status == REFUSED_STATUS:
            raise ProcessEnded(f"The {self._name} cannot start, so all have ended.")
        ended = f"The {self._name} (process {self._process.pid}) {describe_status(status)}"
        self._forget()
        self._deaths = [death for death in self._deaths if death > now - DEATHS_SECONDS] + [now]
        if len(self._deaths) > len(RESTART_DELAYS_SECONDS):
            raise ProcessEnded(f"{ended}, after {len(self._deaths) - 1} more in {DEATHS_SECONDS} s, so all have ended.")
        delay = RESTART_DELAYS_SECONDS[len(self._deaths) - 1]
        log.error("%s. Another starts%s.", ended, f" in {delay} s" if delay else "")
        self._start_at = now + delay

    def terminate(self) -> None:
        if self._process:
            self._process.terminate()

    def kill(self) -> None:
        if self._process:
            self._process.kill()

    def wait(self, seconds: float) -> None:
        """Wait for the end of the process, and kill it after this time."""
        if self._process:
            try:
                self._process.wait(max(seconds, 0))
            except subprocess.TimeoutExpired:
                log.warning("The %s (process %d) did not stop in time and is killed.", self._name, self._process.pid)
                self._process.kill()
                self._process.wait()
            self._forget()

    def _forget(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
        self._process = None


def describe_status(status: int) -> str:
    """Return how a process ended, from its exit status as subprocess and multiprocessing state it."""
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def supervise(
    processes: Sequence[SupervisedProcess], keep_database_running: Callable[[], None], *, drain_seconds: float
) -> None:
    """Run the processes until SIGTERM or SIGINT, and then let them finish. A second signal kills them.

    Raises ProcessEnded if one cannot run.
    """
    stop_signals: list[int] = []

    def note_stop(number: int, _: FrameType | None) -> None:
        stop_signals.append(number)
        if len(stop_signals) > 1:
            for process in processes:
                process.kill()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note_stop)
    try:
        while not stop_signals:
            keep_database_running()
            for process in processes:
                process.keep_running(time.monotonic())
            time.sleep(POLL_SECONDS)
    finally:
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + drain_seconds + STOP_SECONDS
        for process in processes:
            process.wait(deadline - time.monotonic())
