"""Limit how many requests a key, or an address without one, may send in a minute, and how many wrong keys.

A process counts in memory and adds its counts to PostgreSQL each second, in one statement for all callers. So a request
waits for nothing, and the processes together may exceed a quota by what they receive in a second. The headers follow
draft-ietf-httpapi-ratelimit-headers.
"""

import asyncio
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from api.access.queries_rate_limits import add_counts
from api.clock import ReadClock
from api.database.failures import DatabaseUnreachable
from api.http.refusals import Refusal

log = logging.getLogger("work_health")

WINDOW_SECONDS = 60
SETTLE_SECONDS = 1.0
MAX_KNOWN_KEYS = 10_000


class RateLimited(Refusal):
    """The quota of requests is used up."""

    status = 429
    example = "A script reads a thousand pages in a minute with one key, in a loop without a pause."
    fix = "Wait until the time in `RateLimit`, then send fewer requests in a minute. One query can read many figures."
    retry_after = WINDOW_SECONDS


class Quotas(Struct, frozen=True, kw_only=True):
    """Requests in a minute."""

    key: int
    address: int
    """For requests without a key, and with a key that the process has not accepted yet."""
    failures: int
    """Wrong keys from one address."""


class Usage(Struct, frozen=True, kw_only=True):
    """How much of a quota is used."""

    name: str
    quota: int
    used: int
    reset_seconds: int

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.quota

    def build_headers(self) -> list[tuple[bytes, bytes]]:
        remaining = max(self.quota - self.used, 0)
        return [
            (b"ratelimit-policy", f'"{self.name}";q={self.quota};w={WINDOW_SECONDS}'.encode()),
            (b"ratelimit", f'"{self.name}";r={remaining};t={self.reset_seconds}'.encode()),
        ]


def build_refusal(usage: Usage) -> RateLimited:
    return RateLimited(f"The quota `{usage.name}` of {usage.quota:,} in a minute is used up.")


class RateLimiter:
    """Counts the requests of this process, and knows those of the others as of the last second."""

    def __init__(self, quotas: Quotas, read_clock: ReadClock) -> None:
        self.quotas = quotas
        self._read_clock = read_clock
        self._window = 0
        self._totals: Counter[bytes] = Counter()
        self._unsettled: Counter[bytes] = Counter()
        self._known_keys: dict[bytes, None] = {}

    def count_request(self, authorization: bytes | None, address: str) -> Usage:
        """Count a request, and return how much of its caller's quota is used."""
        key = authorization and _hash(b"key", authorization)
        if key in self._known_keys:
            return self._count(key, "key", self.quotas.key)
        if authorization and self._read(_hash(b"failures", address.encode())) >= self.quotas.failures:
            return self._count(_hash(b"failures", address.encode()), "wrong-keys", self.quotas.failures)
        return self._count(_hash(b"address", address.encode()), "address", self.quotas.address)

    def check_key(self, authorization: bytes, address: str) -> None:
        """Count a request whose key is in its body. Raises RateLimited."""
        usage = self.count_request(authorization, address)
        if usage.is_exceeded:
            raise build_refusal(usage)

    def count_failure(self, address: str) -> None:
        """Count a wrong key."""
        self._count(_hash(b"failures", address.encode()), "wrong-keys", self.quotas.failures)

    def accept_key(self, authorization: bytes) -> None:
        """Remember that the key is valid, so that wrong keys from its address do not matter to it."""
        self._known_keys[_hash(b"key", authorization)] = None
        if len(self._known_keys) > MAX_KNOWN_KEYS:
            del self._known_keys[next(iter(self._known_keys))]

    def _read(self, bucket: bytes) -> int:
        self._begin_window()
        return self._totals[bucket]

    def _count(self, bucket: bytes, name: str, quota: int) -> Usage:
        seconds = self._begin_window()
        self._totals[bucket] += 1
        self._unsettled[bucket] += 1
        reset_seconds = WINDOW_SECONDS - int(seconds) % WINDOW_SECONDS
        return Usage(name=name, quota=quota, used=self._totals[bucket], reset_seconds=reset_seconds)

    def _begin_window(self) -> float:
        seconds = self._read_seconds()
        if (window := int(seconds) // WINDOW_SECONDS) != self._window:
            self._window = window
            self._totals, self._unsettled = Counter(), Counter()
        return seconds

    def _read_seconds(self) -> float:
        """Return the time in seconds, by the clock that all processes share: their windows must begin together."""
        try:
            return self._read_clock().timestamp()
        except DatabaseUnreachable:  # until the database has answered, each process limits its own requests
            return time.monotonic()

    async def settle(self, engine: AsyncEngine) -> None:
        """Add the counts since the last time to those of all processes, and read theirs."""
        self._begin_window()
        window, unsettled = self._window, self._unsettled
        if not unsettled:
            return
        self._unsettled = Counter()
        try:
            totals = await add_counts(engine, window, unsettled)
        except BaseException:
            if window == self._window:
                self._unsettled.update(unsettled)
            raise
        if window == self._window:
            for bucket, total in totals.items():
                self._totals[bucket] = total + self._unsettled[bucket]  # which were counted while the statement ran


async def settle_forever(engine: AsyncEngine, *settle_counts: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    """Store what a process counts in memory, each second. Log the first failure of an outage."""
    is_failing = False
    while True:
        await asyncio.sleep(SETTLE_SECONDS)
        had_failed, is_failing = is_failing, False
        for settle in settle_counts:
            try:
                await settle(engine)
            except Exception:  # noqa: BLE001  without the database, each process limits its own requests
                is_failing = True
        if is_failing and not had_failed:
            log.warning("the counts of requests could not be stored")


def _hash(kind: bytes, name: bytes) -> bytes:
    """Return what is stored instead of a key or an address."""
    return hashlib.sha256(kind + b"\0" + name).digest()[:16]
