"""Find what occupies the event loop: no request may keep all others waiting."""

import asyncio
import logging
import sys
import threading
import time
import traceback
from types import TracebackType

log = logging.getLogger("work_health")

MAX_OCCUPIED_SECONDS = 0.1
BEAT_SECONDS = 0.02
MESSAGE = "The event loop was occupied for %.0f ms of processor time.\n%s"


class LoopWatchdog:
    """Measures how long the event loop ran without a pause, and logs the stack of what occupied it for too long.

    It measures processor time. For tests and development: a thread samples the stack of the loop's thread.
    """

    def __init__(self, max_seconds: float = MAX_OCCUPIED_SECONDS) -> None:
        self._max_seconds = max_seconds
        self.longest_cpu_seconds = 0.0
        """Time of the loop's thread, which other processes of the machine do not lengthen."""
        self._last_beat = time.monotonic()
        self._stack = ""
        self._is_stopped = threading.Event()
        self._loop_thread = threading.get_ident()

    async def __aenter__(self) -> "LoopWatchdog":
        self._last_beat = time.monotonic()
        self._beats = asyncio.create_task(self._beat())
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.sleep(BEAT_SECONDS)
        self._is_stopped.set()
        self._beats.cancel()

    async def _beat(self) -> None:
        while True:
            started, cpu_started = time.monotonic(), time.thread_time()
            await asyncio.sleep(BEAT_SECONDS)
            self._last_beat = time.monotonic()
            occupied = self._last_beat - started - BEAT_SECONDS
            # Short work during the sleep counts as processor time, but did not make the beat late.
            occupied_cpu = min(time.thread_time() - cpu_started, occupied)
            self.longest_cpu_seconds = max(self.longest_cpu_seconds, occupied_cpu)
            if occupied_cpu > self._max_seconds:
                log.warning(MESSAGE, occupied_cpu * 1000, self._stack)
            self._stack = ""

    def _sample(self) -> None:
        while not self._is_stopped.wait(self._max_seconds / 2):
            if time.monotonic() - self._last_beat > self._max_seconds and not self._stack:
                frame = sys._current_frames().get(self._loop_thread)  # pyright: ignore[reportPrivateUsage]
                self._stack = "".join(traceback.format_stack(frame, limit=20)) if frame else ""
