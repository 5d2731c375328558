"""How a call is sent: the key, timeouts, retries and errors, once for both clients."""

from __future__ import annotations

import email.utils
import os
import platform
import random
import sys
import time
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar, cast
from uuid import uuid4

from ._http import httpx
from .errors import ConnectionFailed, build_error, build_parse_error

if TYPE_CHECKING:
    import ssl

DEFAULT_URL = "http://127.0.0.1:8000"
CONNECT_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 8.0
MAX_RETRY_AFTER_SECONDS = 60.0
READ_CHUNK_BYTES = 256 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD"})
RETRYABLE_STATUSES = frozenset({408, 429})
NOT_IMPLEMENTED_STATUS = 501
IN_PROGRESS_STATUS = 409  # with Retry-After: an earlier attempt is still being carried out
RETRYABLE_ERRORS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
CONNECT_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

VERSION = "0.1.0"
USER_AGENT = f"work-health-python/{VERSION} python/{platform.python_version()} httpx2/{httpx.__version__}"

T = TypeVar("T")
Content = bytes | str | Path
Parameter = str | int | float | datetime | Iterable[str] | None
Steps = Generator["Call[object]", object, T]
"""Something that takes several calls: it yields each, and is sent its answer. Both clients can follow it."""


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
    def is_repeatable(self) -> bool:
        """Whether the server does it once, however often it is asked to."""
        return self.method in SAFE_METHODS or self.idempotency_key is not None


def send(call: Call[T]) -> Steps[T]:
    """One call among the steps of something: `page = yield from ask(…)`."""
    return cast(T, (yield cast(Call[object], call)))


def new_idempotency_key() -> str:
    """A name for one request, whichever number of attempts it takes."""
    return uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every request of a client has in common."""

    url: str
    headers: Mapping[str, str] = field(repr=False)  # the key is in them
    timeout: httpx.Timeout
    max_retries: int
    programme: str | None
    on_response: Callable[[httpx.Response], object] | None = None

    @classmethod
    def create(
        cls,
        key: str | None,
        base_url: str | None,
        timeout: float,
        max_retries: int,
        programme: str | None,
    ) -> Settings:
        url = (base_url or os.environ.get("WORK_HEALTH_URL") or DEFAULT_URL).strip().rstrip("/")
        if not _is_address(url):
            raise ValueError(f"base_url should start with http:// or https:// and name a host, not {url!r}")
        return cls(
            url=url,
            headers=_build_headers(os.environ.get("WORK_HEALTH_KEY", "") if key is None else key),
            timeout=_build_timeout(timeout),
            max_retries=_check_retries(max_retries),
            programme=programme or os.environ.get("WORK_HEALTH_PROGRAMME") or None,
        )

    def replace(
        self,
        *,
        key: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        programme: str | None = None,
        on_response: Callable[[httpx.Response], object] | None = None,
    ) -> Settings:
        """The same, except for what is named."""
        return replace(
            self,
            headers=self.headers if key is None else _build_headers(key),
            timeout=self.timeout if timeout is None else _build_timeout(timeout),
            max_retries=self.max_retries if max_retries is None else _check_retries(max_retries),
            programme=programme or self.programme,
            on_response=on_response or self.on_response,
        )

    def build_request(self, client: httpx.Client | httpx.AsyncClient, call: Call[T]) -> httpx.Request:
        query = {name: _to_query_value(value) for name, value in call.query.items() if value is not None}
        headers = dict(self.headers)
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        content = call.content
        if isinstance(content, Path):
            headers["Content-Length"] = str(content.stat().st_size)
            content = _AsyncFileStream(content) if isinstance(client, httpx.AsyncClient) else _FileStream(content)
        return client.build_request(
            call.method,
            self.url + call.path,
            params=query or None,
            json=call.body,
            content=content,
            headers=headers,
            timeout=self.timeout,
        )

    def choose_pause(self, call: Call[T], outcome: httpx.Response | httpx.RequestError, attempt: int) -> float | None:
        """Seconds until the next attempt, or None where there should be none.

        Only what is safe to repeat is repeated; anything else if the connection was never made.
        """
        safe = call.is_repeatable
        if attempt >= self.max_retries:
            return None
        if isinstance(outcome, httpx.RequestError):
            again = isinstance(outcome, RETRYABLE_ERRORS if safe else CONNECT_ERRORS)
            return _choose_backoff(attempt) if again else None
        asked = _parse_retry_after(outcome)
        if not safe or not (
            _is_retryable(outcome.status_code) or (outcome.status_code == IN_PROGRESS_STATUS and asked is not None)
        ):
            return None
        if asked is None:
            return _choose_backoff(attempt)
        return asked if asked <= MAX_RETRY_AFTER_SECONDS else None

    def parse_outcome(self, call: Call[T], outcome: httpx.Response | httpx.RequestError, attempt: int) -> T:
        if isinstance(outcome, httpx.RequestError):
            raise ConnectionFailed(self._describe_failure(call, outcome, attempt)) from outcome
        if self.on_response is not None:
            self.on_response(outcome)
        if "Deprecation" in outcome.headers:
            _warn_of_deprecation(outcome)
        if not outcome.is_success:
            raise build_error(outcome)
        try:
            return call.parse(outcome)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise build_parse_error(outcome) from error

    def _describe_failure(self, call: Call[T], error: httpx.RequestError, attempt: int) -> str:
        why = str(error) or type(error).__name__
        tries = f" (tried {attempt + 1} times)" if attempt else ""
        text = f"{call.method} {self.url}{call.path}: {why}{tries}"
        if call.is_repeatable or isinstance(error, CONNECT_ERRORS):
            return text
        return text + ". It may have been taken all the same. Send it again: what stands already changes nothing."


class SyncSender:
    """A client that waits for its answers."""

    _http: httpx.Client
    _settings: Settings

    def _send(self, call: Call[T]) -> T:
        for attempt in count():
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = self._http.send(self._settings.build_request(self._http, call), follow_redirects=False)
            except httpx.RequestError as error:
                outcome = error
            pause = self._settings.choose_pause(call, outcome, attempt)
            if pause is None:
                return self._settings.parse_outcome(call, outcome, attempt)
            time.sleep(pause)
        raise AssertionError  # count() does not end

    def _run_steps(self, steps: Steps[T]) -> T:
        try:
            call = next(steps)
            while True:
                answer, failure = cast(object, None), None
                try:
                    answer = self._send(call)
                except Exception as error:  # noqa: BLE001 whatever it is, it belongs to the steps
                    failure = error
                call = steps.throw(failure) if failure else steps.send(answer)
        except StopIteration as end:
            return cast(T, end.value)


class AsyncSender:
    """A client whose answers are awaited."""

    _http: httpx.AsyncClient
    _settings: Settings

    async def _send(self, call: Call[T]) -> T:
        import asyncio  # a third of what importing this package would take

        for attempt in count():
            outcome: httpx.Response | httpx.RequestError
            try:
                outcome = await self._http.send(self._settings.build_request(self._http, call), follow_redirects=False)
            except httpx.RequestError as error:
                outcome = error
            pause = self._settings.choose_pause(call, outcome, attempt)
            if pause is None:
                return self._settings.parse_outcome(call, outcome, attempt)
            await asyncio.sleep(pause)
        raise AssertionError  # count() does not end

    async def _run_steps(self, steps: Steps[T]) -> T:
        try:
            call = next(steps)
            while True:
                answer, failure = cast(object, None), None
                try:
                    answer = await self._send(call)
                except Exception as error:  # noqa: BLE001 whatever it is, it belongs to the steps
                    failure = error
                call = steps.throw(failure) if failure else steps.send(answer)
        except StopIteration as end:
            return cast(T, end.value)


def build_raw_call(
    method: str,
    path: str,
    query: Mapping[str, Parameter] | None,
    json: object,
    content: Content | None,
    content_type: str | None,
    idempotency_key: str | None,
) -> Call[httpx.Response]:
    """A call whose answer is not read."""
    if not path.startswith("/"):
        raise ValueError(f"A path starts with /, as /v1/me does; not {path!r}")
    return Call(
        method=method.upper(),
        path=path,
        parse=lambda response: response,
        query=query or {},
        body=json,
        content=content,
        content_type=content_type,
        idempotency_key=idempotency_key,
    )


def build_ssl_context(certificates: str | Path | ssl.SSLContext | None) -> ssl.SSLContext | bool:
    """Whom to trust: the system's authorities, and those in a file or folder besides."""
    if certificates is None:
        return True
    if not isinstance(certificates, str | Path):
        return certificates
    place = Path(certificates)
    if not place.exists():
        raise ValueError(f"There are no certificates at {place}")
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(**{"capath" if place.is_dir() else "cafile": str(place)})
    except OSError as error:
        raise ValueError(f"{place} does not hold certificates in PEM form") from error
    return context


class _FileStream:
    """A file as it is sent, read from its beginning for each attempt."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while piece := file.read(READ_CHUNK_BYTES):
                yield piece


class _AsyncFileStream:
    """The same for the client that is awaited: a piece is read in less time than a thread takes to start."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in _FileStream(self._path):
            yield piece


def _is_address(url: str) -> bool:
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return found.scheme in {"http", "https"} and bool(found.host)


def _build_headers(key: str) -> dict[str, str]:
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise ValueError("That is not a key: keys look like wh_live_… or wh_sandbox_…")
    headers = {"Accept": "application/json, application/problem+json, text/csv", "User-Agent": USER_AGENT}
    return headers | {"Authorization": f"Bearer {key}"} if key else headers


def _build_timeout(seconds: float) -> httpx.Timeout:
    if seconds <= 0:
        raise ValueError("timeout should be more than 0 seconds")
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def _check_retries(number: int) -> int:
    if number < 0:
        raise ValueError("max_retries should be 0 or more")
    return number


def _is_retryable(status: int) -> bool:
    """Whether the fault may be over by the next attempt."""
    return status in RETRYABLE_STATUSES or (status >= 500 and status != NOT_IMPLEMENTED_STATUS)


def _to_query_value(value: str | float | datetime | Iterable[str]) -> str | float | list[str]:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float) else list(value)


def _choose_backoff(attempt: int) -> float:
    longest = min(FIRST_PAUSE_SECONDS * 2**attempt, MAX_PAUSE_SECONDS)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 equal jitter, nothing secret


def _parse_retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time())


def _warn_of_deprecation(response: httpx.Response) -> None:
    """RFC 9745 and RFC 8594, told at the caller's own line."""
    since = response.headers["Deprecation"].strip().removeprefix("@")
    said = f"{response.request.method} {response.request.url.path} is deprecated"
    if since.isdecimal():
        said += f" since {datetime.fromtimestamp(int(since), UTC).date()}"
    if sunset := response.headers.get("Sunset"):
        said += f", and ends on {sunset}"
    told = [link.get("url", "") for rel, link in response.links.items() if rel in {"deprecation", "sunset"}]
    level, frame = 1, sys._getframe()  # pyright: ignore[reportPrivateUsage] skip_file_prefixes comes with 3.12
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    warnings.warn(". ".join([said, *told]), DeprecationWarning, stacklevel=level)
