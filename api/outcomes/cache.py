"""The cache of released reads in each process: responses as they were sent, and releases with their plans.

A release is immutable, so a response from it never changes. Every request still asks the database which release is
the newest and whether it is withdrawn, in one statement for all requests that wait. A cached response is sent only
if the database has confirmed its release after the request arrived. Cached items belong to a publication job, because
a database that was restored from a backup can give the same number to another release.
"""

import asyncio
from collections import OrderedDict
from typing import Any, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Receive, Scope, Send
from msgspec import Struct
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from api.clock import Clock
from api.http.etags import Headers, add_etag
from api.outcomes import queries_released
from api.outcomes.queries_released import PublishedRelease, ReleaseSelector
from api.outcomes.released_query import CoveredPeriods
from api.plan.catalogue import Catalogue
from schema.releases import Release

MAX_CACHE_BYTES = 128 * 2**20
"""The bytes of responses in each process."""
RESPONSE_OVERHEAD_BYTES = 1024
"""The approximate size of a cached response without its body."""
MAX_RELEASES = 64
SOURCE_KEY = "release"
"""The key under which the state of a request contains the source of its response."""


class OpenRelease(Struct, frozen=True, kw_only=True):
    """A release with its plan version and the periods that it covers."""

    release: Release
    catalogue: Catalogue
    covered_periods: CoveredPeriods


class CacheSource(Struct, frozen=True, kw_only=True):
    """The release that a request selects, and the publication job that made the release found."""

    selector: ReleaseSelector
    publication: UUID


class CachedResponse(Struct, frozen=True, kw_only=True):
    """A response without its status, which is 200."""

    source: CacheSource
    headers: Headers
    body: bytes


RequestKey = tuple[str, bytes]
"""The path and the query string."""


class ReleaseCache:
    """The cache for one database. It evicts the responses that were used least recently."""

    def __init__(self, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self.releases: OrderedDict[UUID, OpenRelease] = OrderedDict()
        self._responses: OrderedDict[RequestKey, CachedResponse] = OrderedDict()
        self._max_bytes, self._stored_bytes = max_bytes, 0
        self._waiters: dict[ReleaseSelector, asyncio.Future[PublishedRelease | None]] = {}
        self._lookup_task: asyncio.Task[None] | None = None

    def find_response(self, key: RequestKey) -> CachedResponse | None:
        response = self._responses.get(key)
        if response is not None:
            self._responses.move_to_end(key)
        return response

    def store_response(self, key: RequestKey, response: CachedResponse) -> None:
        self._stored_bytes += _count_bytes(response) - _count_bytes(self._responses.pop(key, None))
        self._responses[key] = response
        while self._stored_bytes > self._max_bytes:
            self._stored_bytes -= _count_bytes(self._responses.popitem(last=False)[1])

    def add_release(self, publication: UUID, release: OpenRelease) -> None:
        self.releases[publication] = release
        if len(self.releases) > MAX_RELEASES:
            self.releases.popitem(last=False)

    async def find_current_release(
        self, selector: ReleaseSelector, engine: AsyncEngine, clock: Clock
    ) -> PublishedRelease | None:
        """Return the selected release as the database has it now.

        A request that arrives while a statement runs waits for the next one, so that it never gets an older state.
        """
        waiter = self._waiters.setdefault(selector, asyncio.get_running_loop().create_future())
        if self._lookup_task is None or self._lookup_task.done():
            self._lookup_task = asyncio.create_task(self._look_up_waiting(engine, clock))
        return await asyncio.shield(waiter)

    async def _look_up_waiting(self, engine: AsyncEngine, clock: Clock) -> None:
        current: dict[ReleaseSelector, asyncio.Future[PublishedRelease | None]] = {}
        while self._waiters:
            try:
                async with engine.connect() as connection:
                    while self._waiters:
                        current, self._waiters = self._waiters, {}
                        releases = await queries_released.find_published_releases(
                            connection, list(current), now=clock()
                        )
                        for selector, waiter in current.items():
                            waiter.set_result(releases.get(selector))
            except Exception as error:  # noqa: BLE001  every waiting request raises it
                waiters = [*current.values(), *self._waiters.values()]
                self._waiters = {}
                for waiter in waiters:
                    if not waiter.done():
                        waiter.set_exception(error)


def _count_bytes(response: CachedResponse | None) -> int:
    return 0 if response is None else len(response.body) + RESPONSE_OVERHEAD_BYTES


_caches: WeakKeyDictionary[Engine, ReleaseCache] = WeakKeyDictionary()


def get_cache(engine: AsyncEngine) -> ReleaseCache:
    return _caches.setdefault(engine.sync_engine, ReleaseCache())


class CacheMiddleware(ASGIMiddleware):
    """Sends a cached response if its release is still the one that the request selects."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        state = cast("Any", scope)["litestar_app"].state
        engine: AsyncEngine = state.public_engine
        cache, key = get_cache(engine), (scope["path"], scope["query_string"])
        cached = cache.find_response(key)
        if cached is not None:
            release = await cache.find_current_release(cached.source.selector, engine, state.clock)
            if release is not None and release.publication == cached.source.publication:
                headers = list(cached.headers)
                await send(HTTPResponseStartEvent(type="http.response.start", status=200, headers=headers))
                await send(HTTPResponseBodyEvent(type="http.response.body", body=cached.body, more_body=False))
                return
        pending_start: HTTPResponseStartEvent | None = None

        async def store_and_send(message: Message) -> None:
            nonlocal pending_start
            source: CacheSource | None = scope["state"].get(SOURCE_KEY)
            if message["type"] == "http.response.start" and message["status"] == 200 and source is not None:
                pending_start = message
                return
            if pending_start is not None:
                start, pending_start = pending_start, None
                if source is not None and message["type"] == "http.response.body" and not message["more_body"]:
                    headers = add_etag(list(start["headers"]), message["body"])
                    cache.store_response(key, CachedResponse(source=source, headers=headers, body=message["body"]))
                    start = HTTPResponseStartEvent(type="http.response.start", status=200, headers=list(headers))
                await send(start)
            await send(message)

        await next_app(scope, receive, store_and_send)
