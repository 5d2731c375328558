"""What a process remembers of releases: answers as they were sent, and what is known of each release.

A release is immutable, so an answer out of it is the same for ever. Which release is the newest, and whether one
stands, is asked of the database each time, in one statement for all who ask at once. Nothing is answered from memory
unless the database has said so since the question came. What is remembered belongs to the publication that made it: a
number that is given once more, by a database that was put back from a copy, is another release.
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
"""Bytes of answers in each process."""
RESPONSE_OVERHEAD_BYTES = 1024
"""Bytes that an answer takes beside its body, about."""
MAX_RELEASES = 64
SOURCE_KEY = "release"
"""Under which a request's state has what its answer is from."""


class OpenRelease(Struct, frozen=True, kw_only=True):
    """A release with the plan that it was made under, and the periods that it covers."""

    release: Release
    catalogue: Catalogue
    covered_periods: CoveredPeriods


class CacheSource(Struct, frozen=True, kw_only=True):
    """Which release was asked for, and the publication that made the one that was found."""

    selector: ReleaseSelector
    publication: UUID


class CachedResponse(Struct, frozen=True, kw_only=True):
    """All but the status, which is 200."""

    source: CacheSource
    headers: Headers
    body: bytes


RequestKey = tuple[str, bytes]
"""A path with its query."""


class ReleaseCache:
    """Of one database. The answers that were asked for last are kept."""

    def __init__(self, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self.releases: OrderedDict[UUID, OpenRelease] = OrderedDict()
        self._responses: OrderedDict[RequestKey, CachedResponse] = OrderedDict()
        self._max_bytes, self._stored_bytes = max_bytes, 0
        self._waiters: dict[ReleaseSelector, asyncio.Future[PublishedRelease | None]] = {}
        self._lookup_task: asyncio.Task[None] | None = None

    def find_response(self, question: RequestKey) -> CachedResponse | None:
        found = self._responses.get(question)
        if found is not None:
            self._responses.move_to_end(question)
        return found

    def store_response(self, question: RequestKey, answer: CachedResponse) -> None:
        """In the place of what was answered before."""
        self._stored_bytes += _count_bytes(answer) - _count_bytes(self._responses.pop(question, None))
        self._responses[question] = answer
        while self._stored_bytes > self._max_bytes:
            self._stored_bytes -= _count_bytes(self._responses.popitem(last=False)[1])

    def add_release(self, publication: UUID, opened: OpenRelease) -> None:
        self.releases[publication] = opened
        if len(self.releases) > MAX_RELEASES:
            self.releases.popitem(last=False)

    async def find_current_release(
        self, which: ReleaseSelector, engine: AsyncEngine, clock: Clock
    ) -> PublishedRelease | None:
        """The release that is asked for, as it is now.

        Who comes while the database is being asked waits for the next statement, so that nobody hears what was true
        before.
        """
        waiting = self._waiters.setdefault(which, asyncio.get_running_loop().create_future())
        if self._lookup_task is None or self._lookup_task.done():
            self._lookup_task = asyncio.create_task(self._look_up_waiting(engine, clock))
        return await asyncio.shield(waiting)

    async def _look_up_waiting(self, engine: AsyncEngine, clock: Clock) -> None:
        asked: dict[ReleaseSelector, asyncio.Future[PublishedRelease | None]] = {}
        while self._waiters:
            try:
                async with engine.connect() as connection:
                    while self._waiters:
                        asked, self._waiters = self._waiters, {}
                        found = await queries_released.find_published_releases(connection, list(asked), now=clock())
                        for which, waiting in asked.items():
                            waiting.set_result(found.get(which))
            except Exception as error:  # noqa: BLE001  each who waits raises it
                every = [*asked.values(), *self._waiters.values()]
                self._waiters = {}
                for waiting in every:
                    if not waiting.done():
                        waiting.set_exception(error)


def _count_bytes(answer: CachedResponse | None) -> int:
    return 0 if answer is None else len(answer.body) + RESPONSE_OVERHEAD_BYTES


_caches: WeakKeyDictionary[Engine, ReleaseCache] = WeakKeyDictionary()


def get_cache(engine: AsyncEngine) -> ReleaseCache:
    return _caches.setdefault(engine.sync_engine, ReleaseCache())


class CacheMiddleware(ASGIMiddleware):
    """Answers what was answered before, if the release that it is from is still the one that is asked for."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        state = cast("Any", scope)["litestar_app"].state
        engine: AsyncEngine = state.public_engine
        memory, question = get_cache(engine), (scope["path"], scope["query_string"])
        kept = memory.find_response(question)
        if kept is not None:
            stands = await memory.find_current_release(kept.source.selector, engine, state.clock)
            if stands is not None and stands.publication == kept.source.publication:
                headers = list(kept.headers)
                await send(HTTPResponseStartEvent(type="http.response.start", status=200, headers=headers))
                await send(HTTPResponseBodyEvent(type="http.response.body", body=kept.body, more_body=False))
                return
        begun: HTTPResponseStartEvent | None = None

        async def keeping(message: Message) -> None:
            nonlocal begun
            source: CacheSource | None = scope["state"].get(SOURCE_KEY)
            if message["type"] == "http.response.start" and message["status"] == 200 and source is not None:
                begun = message
                return
            if begun is not None:
                start, begun = begun, None
                if source is not None and message["type"] == "http.response.body" and not message["more_body"]:
                    headers = add_etag(list(start["headers"]), message["body"])
                    memory.store_response(
                        question, CachedResponse(source=source, headers=headers, body=message["body"])
                    )
                    start = HTTPResponseStartEvent(type="http.response.start", status=200, headers=list(headers))
                await send(start)
            await send(message)

        await next_app(scope, receive, keeping)
