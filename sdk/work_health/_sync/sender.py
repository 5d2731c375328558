"""Generated from _async/sender.py by tools/unasync.py; do not edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar, cast

from work_health._http import httpx
from work_health._paging import Page, PageCursor
from work_health._pauses import sleep
from work_health._retries import choose_pause, log_pause

if TYPE_CHECKING:
    from work_health._calls import Call, Steps
    from work_health._settings import Settings

T = TypeVar("T")
P = TypeVar("P", bound=Page[Any])


class Sender:
    """Base of the client: it sends calls and repeats them where that is safe."""

    _http: httpx.Client
    _settings: Settings

    def _send(self, call: Call[T]) -> T:
        for attempt in count():
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = self._http.send(self._settings.build_request(self._http, call), follow_redirects=False)
            except httpx.RequestError as error:
                outcome = error
            pause_seconds = choose_pause(call, outcome, attempt, self._settings.max_retries)
            if pause_seconds is None:
                return self._settings.parse_outcome(call, outcome, attempt)
            log_pause(call, outcome, attempt, pause_seconds)
            sleep(pause_seconds)
        raise AssertionError  # count() does not end

    def _run_steps(self, steps: Steps[T]) -> T:
        """Send each call of an operation, and return the result of the operation."""
        try:
            call = next(steps)
            while True:
                result, failure = cast(object, None), None
                try:
                    result = self._send(call)
                except Exception as error:  # noqa: BLE001 the operation decides what to do with it
                    failure = error
                call = steps.throw(failure) if failure else steps.send(result)
        except StopIteration as end:
            return cast(T, end.value)

    def _iter_pages(self, build_call: Callable[[str | None], Call[P]], cursor: str | None = None) -> Iterator[P]:
        """Yield the pages of a list, from `cursor` on. `build_call` receives the cursor of each page."""
        cursors = PageCursor(cursor)
        while True:
            page = self._send(build_call(cursors.current))
            yield page
            if not cursors.advance(page):
                return
