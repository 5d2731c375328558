"""Calls of the API: what to send and how to read the response."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar, cast
from uuid import uuid4

from ._http import httpx

SAFE_METHODS = frozenset({"GET", "HEAD"})

T = TypeVar("T")
Content = bytes | str | Path
Parameter = str | int | float | datetime | Iterable[str] | None
Steps = Generator["Call[object]", object, T]
"""An operation of several calls: it yields each call and receives its result. Both clients can run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request with its arguments, and the function that reads the response."""

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
        """Return True if the server acts once, however often the client sends the call."""
        return self.method in SAFE_METHODS or self.idempotency_key is not None


def send(call: Call[T]) -> Steps[T]:
    """Make one call within an operation: `page = yield from send(…)`."""
    return cast(T, (yield cast(Call[object], call)))


def new_idempotency_key() -> str:
    """Return a new Idempotency-Key. Every attempt to send one request uses the same key."""
    return uuid4().hex


def build_raw_call(
    method: str,
    path: str,
    query: Mapping[str, Parameter] | None,
    json: object,
    content: Content | None,
    content_type: str | None,
    idempotency_key: str | None,
) -> Call[httpx.Response]:
    """Return a call that leaves the response unread."""
    if not path.startswith("/"):
        raise ValueError(f"The path must start with /, such as /v1/me; this one is {path!r}")
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
