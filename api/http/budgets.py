"""Budgets of each key: requests that run at once, and memory of the submissions that are being read."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import ip_address

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from api.database.shares import CALLER
from api.http.problems import read_authorization, send_refusal
from api.http.refusals import Refusal, ServerBusy

MAX_CONCURRENT_REQUESTS = 32  # of one key, in one server process
MAX_ADDRESS_REQUESTS = 256  # of one address without a key, in one server process
FREE_UPLOAD_BYTES = 8 * 1024 * 1024  # of memory; smaller submissions are bounded by the number of requests
MAX_KEY_BYTES = 512 * 1024 * 1024  # of memory for the submissions of one key, in one server process
MAX_TOTAL_BYTES = 1536 * 1024 * 1024


class TooManyRequests(Refusal):
    """The key has too many requests at the same time."""

    status = 429
    example = "A script starts one request for each of 300 areas at once."
    fix = "Wait as long as `Retry-After` states, and send fewer requests, or smaller files, at the same time."
    retry_after = 2


class ConcurrencyMiddleware(ASGIMiddleware):
    """Refuse a request with 429 while as many requests are running as one key, or one address without a key, may have.

    Addresses of this machine have no limit: a proxy that is not configured sends the requests of everybody.
    """

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = "is_probe"

    def __init__(self) -> None:
        self._running: Counter[bytes | str] = Counter()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        key = read_authorization(scope)
        caller = key or (scope["client"] or ("",))[0]
        max_requests = MAX_CONCURRENT_REQUESTS if key else MAX_ADDRESS_REQUESTS
        if not key and is_local(caller):
            await next_app(scope, receive, send)
            return
        if self._running[caller] >= max_requests:
            whose = "with this key" if key else "from this address"
            refusal = TooManyRequests(f"{max_requests} requests {whose} are running.")
            await send_refusal(scope, receive, send, refusal)
            return
        self._running[caller] += 1
        CALLER.set(caller)
        try:
            await next_app(scope, receive, send)
        finally:
            self._running[caller] -= 1
            if not self._running[caller]:
                del self._running[caller]


@lru_cache(maxsize=4096)
def is_local(address: bytes | str) -> bool:
    """Return True for a loopback address, and for a name or nothing: then the caller is no machine on a network."""
    try:
        return ip_address(address if isinstance(address, str) else "").is_loopback
    except ValueError:
        return True


class UploadBudget:
    """The memory of all submissions that a server process is reading or checking, by key."""

    def __init__(self, *, max_key_bytes: int = MAX_KEY_BYTES, max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        self.max_key_bytes, self.max_total_bytes = max_key_bytes, max_total_bytes
        self._bytes_by_key: Counter[str] = Counter()
        self._uploads_by_key: Counter[str] = Counter()

    @contextmanager
    def open_upload(self, key: str) -> Generator["Upload"]:
        """Yield an upload that uses no memory yet. Its memory is free again at the end."""
        upload = Upload(self, key)
        self._uploads_by_key[key] += 1
        try:
            yield upload
        finally:
            self._bytes_by_key[key] -= upload.byte_count
            self._uploads_by_key[key] -= 1
            if not self._uploads_by_key[key]:
                del self._bytes_by_key[key], self._uploads_by_key[key]

    def add(self, key: str, byte_count: int) -> None:
        """Raises TooManyRequests or ServerBusy. A single upload may use as much as the limits of a file permit."""
        if self._bytes_by_key[key] + byte_count > self.max_key_bytes and self._uploads_by_key[key] > 1:
            raise TooManyRequests("This key sends too many large submissions at the same time.")
        if self._bytes_by_key.total() + byte_count > self.max_total_bytes and self._uploads_by_key.total() > 1:
            raise ServerBusy("The server reads too many large submissions at the same time.")
        self._bytes_by_key[key] += byte_count


class Upload:
    """The memory of one submission."""

    def __init__(self, budget: UploadBudget, key: str) -> None:
        self._budget, self._key = budget, key
        self.byte_count = 0

    def grow_to(self, byte_count: int) -> None:
        """Count the memory of the submission. Raises TooManyRequests or ServerBusy."""
        if byte_count > max(self.byte_count, FREE_UPLOAD_BYTES):
            self._budget.add(self._key, byte_count - self.byte_count)
            self.byte_count = byte_count
