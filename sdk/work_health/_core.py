"""How a call is sent: the key, timeouts, retries and errors, once for both clients."""

import asyncio
import email.utils
import os
import platform
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Generic, TypeVar
from uuid import uuid4

from ._http import httpx
from .errors import ConnectionFailed, error_of, misunderstood

DEFAULT_URL = "http://127.0.0.1:8000"
CONNECT_SECONDS = 5.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_RETRY_AFTER = 60.0
SAFE_METHODS = frozenset({"GET", "HEAD"})
PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
IN_PROGRESS = 409  # with Retry-After: an earlier attempt is still being carried out
PASSING_ERRORS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
NEVER_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

VERSION = "0.1.0"
USER_AGENT = f"work-health-python/{VERSION} python/{platform.python_version()} httpx2/{httpx.__version__}"

T = TypeVar("T")
Content = bytes | str
Parameter = str | int | float | datetime | Iterable[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One operation with its arguments, and how to read the answer."""

    method: str
    path: str
    parse: Callable[[httpx.Response], T]
    query: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    body: object = None
    content: Content | None = None
    content_type: str | None = None
    idempotency_key: str | None = None

    @property
    def repeatable(self) -> bool:
        """Whether the server does it once, however often it is asked to."""
        return self.method in SAFE_METHODS or self.idempotency_key is not None


def _plain(value: str | float | datetime | Iterable[str]) -> str | int | float | list[str]:
    """An instant as RFC 3339, several values as a list."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float) else list(value)


def new_key() -> str:
    """A name for one request, whichever number of attempts it takes."""
    return uuid4().hex


class Settings:
    """What every request of a client has in common."""

    def __init__(self, key: str | None, base_url: str | None, timeout: float, max_retries: int) -> None:
        key = (os.environ.get("WORK_HEALTH_KEY", "") if key is None else key).strip()
        url = (base_url or os.environ.get("WORK_HEALTH_URL") or DEFAULT_URL).strip().rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"base_url should start with http:// or https://, not {url!r}")
        if not (key.isascii() and key.isprintable()):
            raise ValueError("That is not a key: keys look like wh_live_… or wh_sandbox_…")
        if max_retries < 0:
            raise ValueError("max_retries should be 0 or more")
        self.url = url
        self.timeout = httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
        self.max_retries = max_retries
        self.headers = {"Accept": "application/json, application/problem+json", "User-Agent": USER_AGENT}
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    def request(self, client: httpx.Client | httpx.AsyncClient, call: Call[T]) -> httpx.Request:
        query = {name: _plain(value) for name, value in call.query.items() if value is not None}
        return client.build_request(
            call.method,
            self.url + call.path,
            params=query or None,
            json=call.body,
            content=call.content,
            headers=self._headers(call),
            timeout=self.timeout,
        )

    def _headers(self, call: Call[T]) -> dict[str, str]:
        headers = dict(self.headers)
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        return headers

    def pause(self, call: Call[T], outcome: httpx.Response | httpx.RequestError, attempt: int) -> float | None:
        """Seconds until the next attempt, or None where there should be none.

        Only what is safe to repeat is repeated; anything else if the connection was never made.
        """
        safe = call.repeatable
        if attempt >= self.max_retries:
            return None
        if isinstance(outcome, httpx.RequestError):
            again = isinstance(outcome, PASSING_ERRORS if safe else NEVER_CONNECTED)
            return _backoff(attempt) if again else None
        asked = _retry_after(outcome)
        passing = outcome.status_code in PASSING_STATUSES
        if not safe or not (passing or (outcome.status_code == IN_PROGRESS and asked is not None)):
            return None
        if asked is None:
            return _backoff(attempt)
        return asked if asked <= LONGEST_RETRY_AFTER else None

    def finish(self, call: Call[T], outcome: httpx.Response | httpx.RequestError, attempt: int) -> T:
        if isinstance(outcome, httpx.RequestError):
            raise ConnectionFailed(self._no_answer(call, outcome, attempt)) from outcome
        if not outcome.is_success:
            raise error_of(outcome)
        try:
            return call.parse(outcome)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise misunderstood(outcome) from error

    def _no_answer(self, call: Call[T], error: httpx.RequestError, attempt: int) -> str:
        why = str(error) or type(error).__name__
        tries = f" (tried {attempt + 1} times)" if attempt else ""
        text = f"{call.method} {self.url}{call.path}: {why}{tries}"
        if call.repeatable or isinstance(error, NEVER_CONNECTED):
            return text
        return text + ". It may have been taken all the same. Send it again: what stands already changes nothing."


class Caller:
    """A client that waits for its answers."""

    _http: httpx.Client
    _settings: Settings

    def _send(self, call: Call[T]) -> T:
        for attempt in count():
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = self._http.send(self._settings.request(self._http, call), follow_redirects=False)
            except httpx.RequestError as error:
                outcome = error
            pause = self._settings.pause(call, outcome, attempt)
            if pause is None:
                return self._settings.finish(call, outcome, attempt)
            time.sleep(pause)
        raise AssertionError  # count() does not end


class AsyncCaller:
    """A client whose answers are awaited."""

    _http: httpx.AsyncClient
    _settings: Settings

    async def _send(self, call: Call[T]) -> T:
        for attempt in count():
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = await self._http.send(self._settings.request(self._http, call), follow_redirects=False)
            except httpx.RequestError as error:
                outcome = error
            pause = self._settings.pause(call, outcome, attempt)
            if pause is None:
                return self._settings.finish(call, outcome, attempt)
            await asyncio.sleep(pause)
        raise AssertionError  # count() does not end


def _backoff(attempt: int) -> float:
    longest = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 equal jitter, nothing secret


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time())
