"""Download a publisher's file within limits of size, time and origin, and retry."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, TypeVar

import httpx2
from msgspec import Struct

from api.http.refusals import Refusal
from api.sources.decoding import decode_file, decode_text
from api.sources.row_account import excerpt
from api.sources.tables import UnexpectedSourceFormat

REQUEST_HEADERS = {
    "User-Agent": "work-health-fetch (Work and Health delivery plan API)",
    "Accept-Encoding": "gzip",  # the only encoding that this module decompresses, with a limit
}
MAX_WIRE_BYTES = 64 * 1024**2
MAX_FILE_BYTES = 128 * 1024**2
MAX_DOWNLOAD_SECONDS = 600.0
MAX_REDIRECTS = 5
MAX_ATTEMPTS = 6
MAX_WAIT_SECONDS = 60.0
RETRYABLE_STATUSES = {429, 500, 502, 503, 504}
GZIP_WINDOW_BITS = 31


class SourceUnavailable(Refusal):
    """The publisher or the server did not respond."""

    fix = "Try again later. Nothing was submitted."


class DownloadRefused(Refusal):
    """The publisher's response exceeds a limit, or leads to another site."""

    example = "The publisher redirects `https://statistics.example/file.csv` to `https://files.example/file.csv`."
    fix = "Open the address in a browser. If the file has moved, give its new address with `--address`."


class KeyOverHttp(Refusal):
    """The key would be sent unencrypted."""

    example = "`python -m api fetch nomis --api http://returns.example`"
    fix = "Use the `https://` address of the server, or `--allow-http` in a network that only you can read."


class Download(Struct, frozen=True, kw_only=True):
    """The response of a publisher, decompressed."""

    status_code: int
    headers: httpx2.Headers
    content: bytes


Sleep = Callable[[float], Awaitable[None]]
AnyResponse = TypeVar("AnyResponse", httpx2.Response, Download)


def is_loopback(host: str) -> bool:
    """Return True if the host is this machine, so that no other machine can read or change what is sent."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def download_file(
    http: httpx2.AsyncClient, address: str, params: dict[str, str] | None, *, max_seconds: float = MAX_DOWNLOAD_SECONDS
) -> Download:
    """Download a file and follow redirects within its site.

    Raises DownloadRefused, UnexpectedSourceFormat, or httpx2.TransportError if the connection fails or the file takes
    longer than `max_seconds`.
    """
    request = http.build_request("GET", address, params=params, headers=REQUEST_HEADERS)
    origin = request.url
    _refuse_plain_http(origin)
    try:
        async with asyncio.timeout(max_seconds):
            for _ in range(MAX_REDIRECTS + 1):
                response = await http.send(request, stream=True, follow_redirects=False)
                try:
                    if response.next_request is None:
                        return await _read_response(response)
                finally:
                    await response.aclose()
                request = response.next_request
                _refuse_other_site(origin, request.url)
    except TimeoutError as error:
        raise httpx2.ReadTimeout(f"The file took longer than {max_seconds:.0f} seconds.") from error
    raise DownloadRefused(f"{_describe(origin)} redirects more than {MAX_REDIRECTS} times.")


def refuse_key_over_http(server: str) -> None:
    """Refuse an address to which the key would travel unencrypted. Raises KeyOverHttp."""
    url = httpx2.URL(server)
    if url.scheme == "http" and not is_loopback(url.host):
        raise KeyOverHttp(f"{_describe(url)} is not encrypted, so others could read the key on its way.")


def _refuse_plain_http(url: httpx2.URL) -> None:
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise DownloadRefused(f"{_describe(url)} does not start with https://.")


def _refuse_other_site(origin: httpx2.URL, target: httpx2.URL) -> None:
    """Refuse a redirect unless it is https and to the same host, with or without `www.`, and the same port.

    A redirect from http to https on the default ports is the same site.
    """
    same_host = origin.host.removeprefix("www.") == target.host.removeprefix("www.")
    same_port = origin.port == target.port
    if target.scheme != "https" or not (same_host and same_port):
        raise DownloadRefused(f"{_describe(origin)} redirects to {_describe(target)}, which is another site.")


def _describe(url: httpx2.URL) -> str:
    """Return the address without its query and without a name or password."""
    port = "" if url.port is None else f":{url.port}"
    return f"{url.scheme}://{url.host}{port}{url.path}"[:200]


async def _read_response(response: httpx2.Response) -> Download:
    content = bytearray()
    decompressor = zlib.decompressobj(wbits=GZIP_WINDOW_BITS) if _is_gzipped(response) else None
    wire_count = 0
    async for chunk in response.aiter_raw():
        wire_count += len(chunk)
        if decompressor is None:
            content += chunk
        elif not decompressor.eof:
            room = MAX_FILE_BYTES - len(content) + 1
            try:
                content += decompressor.decompress(chunk, room)
            except zlib.error as error:
                raise UnexpectedSourceFormat(f"{_describe(response.url)} sent a damaged gzip file: {error}.") from error
        if wire_count > MAX_WIRE_BYTES or len(content) > MAX_FILE_BYTES:
            raise DownloadRefused(
                f"{_describe(response.url)} sent more than {MAX_WIRE_BYTES:,} bytes, or {MAX_FILE_BYTES:,} bytes when "
                "decompressed."
            )
    if decompressor is not None and not decompressor.eof:
        raise UnexpectedSourceFormat(f"{_describe(response.url)} sent a gzip file that is cut off.")
    return Download(status_code=response.status_code, headers=response.headers, content=bytes(content))


def _is_gzipped(response: httpx2.Response) -> bool:
    """Return True if the response is compressed. Raises UnexpectedSourceFormat for an unknown encoding."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"gzip", "x-gzip", "identity"}:
        raise UnexpectedSourceFormat(f"{_describe(response.url)} sent the content encoding {encoding[:40]!r}.")
    return encoding != "identity"


class RetryingClient(Struct, frozen=True, kw_only=True):
    """An HTTP client that retries when the other side is busy, unreachable or cuts the connection."""

    http: httpx2.AsyncClient
    sleep: Sleep = asyncio.sleep

    async def request_with_retries(self, method: str, address: str, **options: Any) -> httpx2.Response:
        """Return the first response that is no temporary failure. Raises SourceUnavailable after the last attempt."""
        return await self._repeat(address, lambda: self.http.request(method, address, **options))

    async def fetch_text(self, address: str, params: dict[str, str] | None = None) -> str:
        """Return the text of a publisher's response.

        Raises SourceUnavailable, UnexpectedSourceFormat or DownloadRefused.
        """
        file = await self._repeat(address, lambda: download_file(self.http, address, params))
        if file.status_code != 200:
            reason = excerpt(decode_text(file.content))
            raise UnexpectedSourceFormat(f"{address} returned status {file.status_code}: {reason}")
        return decode_file(file.content)

    async def _repeat(self, address: str, request: Callable[[], Awaitable[AnyResponse]]) -> AnyResponse:
        failure = ""
        for attempt in range(MAX_ATTEMPTS):
            wait = min(2.0**attempt, MAX_WAIT_SECONDS)
            try:
                response = await request()
            except httpx2.TransportError as error:
                failure = f"{type(error).__name__}: {error}"
            else:
                if response.status_code not in RETRYABLE_STATUSES:
                    return response
                failure = f"status {response.status_code}"
                wait = _parse_retry_after(response.headers) or wait
            if attempt < MAX_ATTEMPTS - 1:
                await self.sleep(wait)
        raise SourceUnavailable(f"{address.partition('?')[0]} did not respond in {MAX_ATTEMPTS} attempts: {failure}.")


def _parse_retry_after(headers: httpx2.Headers) -> float | None:
    """Parse seconds or a date (RFC 9110, 10.2.3), limited to the longest wait. Return None without either."""
    value = headers.get("Retry-After", "")
    try:
        wait = float(value) if value.isdecimal() else (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 0.0), MAX_WAIT_SECONDS)
