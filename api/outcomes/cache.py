"""The cache of released reads in each process: responses as they were sent, releases with their plans, and figures.

A release is immutable, so a response from it changes only when boundaries of areas are loaded, which its maps show.
Otherwise only which release is current changes. Each process has a live copy of both, and a read of cached items needs
no statement while the copy is valid. Otherwise the request asks the database, in one statement for all requests that
wait. Cached items belong to a publication job, because a database that was restored from a backup can give the same
number to another release.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NoReturn, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseBodyEvent, HTTPResponseStartEvent, Message, Receive, Scope, Send
from msgspec import Struct
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from api.clock import ReadClock
from api.database.connections import connect_release_listener
from api.database.live_copy import LiveCopy
from api.http.etags import Headers, add_etag
from api.outcomes import queries_released
from api.outcomes.recent_items import RecentItems
from api.outcomes.release_states import ReleaseSelector, ReleaseState, ReleaseStates, select_release
from api.outcomes.released_query import CoveredPeriods
from api.plan.catalogue import Catalogue
from api.releases.figure_blocks import FigureBlock
from schema.releases import Release

MAX_RESPONSE_BYTES, MAX_BLOCK_BYTES = 128 * 2**20, 64 * 2**20
"""The bytes of responses, and of blocks of figures, in each process."""
RESPONSE_OVERHEAD_BYTES = 1024
"""The approximate size of a cached response without its body."""
MAX_RELEASES = 64
RELEASE_CHANNEL = "release"
"""The channel of PostgreSQL on which a trigger announces changes of releases."""
SOURCE_KEY = "release"
"""The key under which the state of a request contains the source of its response."""


class OpenRelease(Struct, frozen=True, kw_only=True):
    """A release with its plan version, the periods that it covers, and where their figures are."""

    state: ReleaseState
    release: Release
    catalogue: Catalogue
    covered_periods: CoveredPeriods
    positions: Mapping[tuple[int, str], range]
    """The positions of the figures of each series, by the database's number, and period."""


class CacheSource(Struct, frozen=True, kw_only=True):
    """The release that a request selects, and the release found, with the boundaries of that time."""

    selector: ReleaseSelector
    state: ReleaseState


class CachedResponse(Struct, frozen=True, kw_only=True):
    """A response without its status, which is 200."""

    source: CacheSource
    headers: Headers
    body: bytes


RequestKey = tuple[str, bytes]
"""The path and the query string."""


class ReleaseCache:
    """The cache for one database."""

    def __init__(self) -> None:
        self.releases: RecentItems[UUID, OpenRelease] = RecentItems(MAX_RELEASES)
        self.responses: RecentItems[RequestKey, CachedResponse] = RecentItems(MAX_RESPONSE_BYTES)
        self.blocks: RecentItems[tuple[UUID, int], FigureBlock] = RecentItems(MAX_BLOCK_BYTES)
        """Figures of a release by their first position."""
        self._states = LiveCopy(RELEASE_CHANNEL, queries_released.fetch_all_release_states)
        self._waiters: dict[str, asyncio.Future[ReleaseStates]] = {}
        self._lookup_task: asyncio.Task[None] | None = None

    async def find_current_release(
        self, selector: ReleaseSelector, engine: AsyncEngine, read_clock: ReadClock
    ) -> ReleaseState | None:
        """Return the selected release as it is now."""
        states, programme = self._states.find(), selector[0]
        if states is None or programme not in states:
            states = await self._look_up(programme, engine)
        return select_release(states, selector, now=read_clock())

    async def follow(self, url: str) -> NoReturn:
        """Keep the states of the releases in memory, until cancelled. `url` is that of the primary."""
        await self._states.follow(lambda: connect_release_listener(url))

    async def _look_up(self, programme: str, engine: AsyncEngine) -> ReleaseStates:
        """Fetch the releases of a programme.

        A request that arrives while a statement runs waits for the next one, so that it never gets an older state.
        """
        waiter = self._waiters.setdefault(programme, asyncio.get_running_loop().create_future())
        if self._lookup_task is None or self._lookup_task.done():
            self._lookup_task = asyncio.create_task(self._answer_waiters(engine))
        return await asyncio.shield(waiter)

    async def _answer_waiters(self, engine: AsyncEngine) -> None:
        current: dict[str, asyncio.Future[ReleaseStates]] = {}
        while self._waiters:
            try:
                async with engine.connect() as connection:
                    while self._waiters:
                        current, self._waiters = self._waiters, {}
                        states = await queries_released.fetch_release_states(connection, current)
                        for waiter in current.values():
                            waiter.set_result(states)
            except Exception as error:  # noqa: BLE001  every waiting request raises it
                waiters = [*current.values(), *self._waiters.values()]
                self._waiters = {}
                for waiter in waiters:
                    if not waiter.done():
                        waiter.set_exception(error)


_caches: WeakKeyDictionary[Engine, ReleaseCache] = WeakKeyDictionary()


def get_cache(engine: AsyncEngine) -> ReleaseCache:
    cache = _caches.get(engine.sync_engine)
    if cache is None:
        cache = _caches[engine.sync_engine] = ReleaseCache()
    return cache


class CacheMiddleware(ASGIMiddleware):
    """Sends a cached response if its release is still the one that the request selects."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        state = cast("Any", scope)["litestar_app"].state
        engine: AsyncEngine = state.public_engine
        cache, key = get_cache(engine), (scope["path"], scope["query_string"])
        cached = cache.responses.find(key)
        if cached is not None:
            release = await cache.find_current_release(cached.source.selector, engine, state.clock.read)
            if release is not None and release == cached.source.state:
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
                    response = CachedResponse(source=source, headers=headers, body=message["body"])
                    cache.responses.add(key, response, len(response.body) + RESPONSE_OVERHEAD_BYTES)
                    start = HTTPResponseStartEvent(type="http.response.start", status=200, headers=list(headers))
                await send(start)
            await send(message)

        await next_app(scope, receive, store_and_send)
