"""Settings of a client: address, key, timeouts and proxy; the requests made with them, and their outcomes."""

from __future__ import annotations

import os
import platform
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ._http import httpx
from ._notices import warn_of_notices
from ._retries import CONNECT_ERRORS
from ._version import VERSION
from .errors import ConnectionFailed, build_error, build_parse_error
from .profiles import choose_connection

if TYPE_CHECKING:
    import ssl

    from ._calls import Call

DEFAULT_URL = "http://127.0.0.1:8000"
CONNECT_SECONDS = 5.0
READ_CHUNK_BYTES = 256 * 1024
USER_AGENT = f"work-health-python/{VERSION} python/{platform.python_version()} httpx2/{httpx.__version__}"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings that all requests of a client share."""

    url: str
    headers: Mapping[str, str] = field(repr=False)  # they contain the key
    timeout: httpx.Timeout
    max_retries: int | None
    programme: str | None
    allow_http: bool = False
    on_response: Callable[[httpx.Response], object] | None = None

    def __post_init__(self) -> None:
        if "Authorization" in self.headers and not (self.allow_http or _is_private(self.url)):
            raise ValueError(
                f"{self.url} is not encrypted, so others could read your key on its way. Use an https:// address, or "
                "allow_http=True (WORK_HEALTH_ALLOW_HTTP=1) in a network that only you can read"
            )

    @classmethod
    def create(
        cls,
        key: str | None,
        base_url: str | None,
        timeout: float,
        max_retries: int | None,
        programme: str | None,
        allow_http: bool | None,
        profile: str | None = None,
    ) -> Settings:
        connection = choose_connection(base_url, key, programme, profile)
        url = (connection.url or DEFAULT_URL).strip().rstrip("/")
        if not _is_address(url):
            raise ValueError(f"base_url must start with http:// or https:// and name a host; this one is {url!r}")
        return cls(
            url=url,
            headers=_build_headers(connection.key),
            timeout=_build_timeout(timeout),
            max_retries=_check_retries(max_retries),
            programme=connection.programme or None,
            allow_http=os.environ.get("WORK_HEALTH_ALLOW_HTTP") == "1" if allow_http is None else allow_http,
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
        """Return the settings with the given ones replaced."""
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

    def parse_outcome(self, call: Call[T], outcome: httpx.Response | httpx.RequestError, attempt: int) -> T:
        """Return the result of the last attempt, or raise its error."""
        if isinstance(outcome, httpx.RequestError):
            raise ConnectionFailed(self._describe_failure(call, outcome, attempt)) from outcome
        if self.on_response is not None:
            self.on_response(outcome)
        warn_of_notices(outcome)
        if not outcome.is_success:
            raise build_error(outcome)
        try:
            return call.parse(outcome)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise build_parse_error(outcome) from error

    def _describe_failure(self, call: Call[T], error: httpx.RequestError, attempt: int) -> str:
        cause = str(error) or type(error).__name__
        attempts = f" (tried {attempt + 1} times)" if attempt else ""
        text = f"{call.method} {self.url}{call.path}: {cause}{attempts}"
        if isinstance(error, CONNECT_ERRORS) and self.url == DEFAULT_URL:
            text += ". This is the default address: set WORK_HEALTH_URL to that of your server"
        if call.is_repeatable or isinstance(error, CONNECT_ERRORS):
            return text
        return text + ". The server may have accepted the request. Read the current state before you send it again."


def build_ssl_context(certificates: str | Path | ssl.SSLContext | None) -> ssl.SSLContext | bool:
    """Return a context that trusts the system's authorities and those of a PEM file or folder."""
    if certificates is None:
        return True
    if not isinstance(certificates, str | Path):
        return certificates
    path = Path(certificates)
    if not path.exists():
        raise ValueError(f"There are no certificates at {path}")
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(**{"capath" if path.is_dir() else "cafile": str(path)})
    except OSError as error:
        raise ValueError(f"{path} does not contain certificates in PEM form") from error
    return context


class _FileStream:
    """The content of a file. Each attempt reads it from the beginning."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := file.read(READ_CHUNK_BYTES):
                yield chunk


class _AsyncFileStream:
    """The content of a file for the async client. Reading a chunk takes less time than starting a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in _FileStream(self._path):
            yield chunk


def _is_address(text: str) -> bool:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def _is_private(url: str) -> bool:
    """Return True if nobody else can read a request: it is encrypted, or stays on this machine."""
    address = httpx.URL(url)
    if address.scheme == "https" or address.host == "localhost":
        return True
    try:
        return ip_address(address.host).is_loopback
    except ValueError:
        return False


def _build_headers(key: str) -> dict[str, str]:
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise ValueError("This is not a key. Keys start with wh_live_ or wh_sandbox_")
    headers = {"Accept": "application/json, application/problem+json, text/csv", "User-Agent": USER_AGENT}
    return headers | {"Authorization": f"Bearer {key}"} if key else headers


def _build_timeout(seconds: float) -> httpx.Timeout:
    if seconds <= 0:
        raise ValueError("timeout must be more than 0 seconds")
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def _check_retries(number: int | None) -> int | None:
    if number is not None and number < 0:
        raise ValueError("max_retries must be 0 or more")
    return number


def _to_query_value(value: str | float | datetime | Iterable[str]) -> str | float | list[str]:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float) else list(value)
