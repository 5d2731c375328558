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
from api.http.etags import Headers, with_tag
from api.outcomes import queries_released
from api.outcomes.queries_released import Standing, Which
from api.outcomes.released_query import Covered
from api.plan.catalogue import Catalogue
from schema.releases import Release

MOST = 128 * 2**20
"""Bytes of answers in each process."""
OVERHEAD = 1024
"""Bytes that an answer takes beside its body, about."""
RELEASES = 64
FROM = "release"
"""Under which a request's state has what its answer is from."""


class Opened(Struct, frozen=True, kw_only=True):
    """A release with the plan that it was made under, and the periods that it covers."""

    release: Release
    catalogue: Catalogue
    covered: Covered


class From(Struct, frozen=True, kw_only=True):
    """Which release was asked for, and the publication that made the one that was found."""

    which: Which
    publication: UUID


class Answer(Struct, frozen=True, kw_only=True):
    """All but the status, which is 200."""

    source: From
    headers: Headers
    body: bytes


Question = tuple[str, bytes]
"""A path with its query."""


class Memory:
    """Of one database. The answers that were asked for last are kept."""

    def __init__(self, most: int = MOST) -> None:
        self.releases: OrderedDict[UUID, Opened] = OrderedDict()
        self._answers: OrderedDict[Question, Answer] = OrderedDict()
        self._most, self._size = most, 0
        self._waiting: dict[Which, asyncio.Future[Standing | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    def answer(self, question: Question) -> Answer | None:
        found = self._answers.get(question)
        if found is not None:
            self._answers.move_to_end(question)
        return found

    def keep(self, question: Question, answer: Answer) -> None:
        """In the place of what was answered before."""
        self._size += _size(answer) - _size(self._answers.pop(question, None))
        self._answers[question] = answer
        while self._size > self._most:
            self._size -= _size(self._answers.popitem(last=False)[1])

    def know(self, publication: UUID, opened: Opened) -> None:
        self.releases[publication] = opened
        if len(self.releases) > RELEASES:
            self.releases.popitem(last=False)

    async def stands(self, which: Which, engine: AsyncEngine, clock: Clock) -> Standing | None:
        """The release that is asked for, as it is now.

        Who comes while the database is being asked waits for the next statement, so that nobody hears what was true
        before.
        """
        waiting = self._waiting.setdefault(which, asyncio.get_running_loop().create_future())
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(engine, clock))
        return await asyncio.shield(waiting)

    async def _ask(self, engine: AsyncEngine, clock: Clock) -> None:
        asked: dict[Which, asyncio.Future[Standing | None]] = {}
        while self._waiting:
            try:
                async with engine.connect() as connection:
                    while self._waiting:
                        asked, self._waiting = self._waiting, {}
                        found = await queries_released.standing(connection, list(asked), now=clock())
                        for which, waiting in asked.items():
                            waiting.set_result(found.get(which))
            except Exception as error:  # noqa: BLE001  each who waits raises it
                every = [*asked.values(), *self._waiting.values()]
                self._waiting = {}
                for waiting in every:
                    if not waiting.done():
                        waiting.set_exception(error)


def _size(answer: Answer | None) -> int:
    return 0 if answer is None else len(answer.body) + OVERHEAD


_memories: WeakKeyDictionary[Engine, Memory] = WeakKeyDictionary()


def memory_of(engine: AsyncEngine) -> Memory:
    return _memories.setdefault(engine.sync_engine, Memory())


class Remembered(ASGIMiddleware):
    """Answers what was answered before, if the release that it is from is still the one that is asked for."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        state = cast("Any", scope)["litestar_app"].state
        engine: AsyncEngine = state.public_engine
        memory, question = memory_of(engine), (scope["path"], scope["query_string"])
        kept = memory.answer(question)
        if kept is not None:
            stands = await memory.stands(kept.source.which, engine, state.clock)
            if stands is not None and stands.publication == kept.source.publication:
                headers = list(kept.headers)
                await send(HTTPResponseStartEvent(type="http.response.start", status=200, headers=headers))
                await send(HTTPResponseBodyEvent(type="http.response.body", body=kept.body, more_body=False))
                return
        begun: HTTPResponseStartEvent | None = None

        async def keeping(message: Message) -> None:
            nonlocal begun
            source: From | None = scope["state"].get(FROM)
            if message["type"] == "http.response.start" and message["status"] == 200 and source is not None:
                begun = message
                return
            if begun is not None:
                start, begun = begun, None
                if source is not None and message["type"] == "http.response.body" and not message["more_body"]:
                    headers = with_tag(list(start["headers"]), message["body"])
                    memory.keep(question, Answer(source=source, headers=headers, body=message["body"]))
                    start = HTTPResponseStartEvent(type="http.response.start", status=200, headers=list(headers))
                await send(start)
            await send(message)

        await next_app(scope, receive, keeping)
