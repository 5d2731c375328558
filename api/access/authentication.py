"""Identify the caller of a request by its key."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import keys, permissions, queries_keys
from api.clock import Now
from api.database.connections import Transaction, autocommit_connection
from schema.partners import Caller, Scope

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]
Security = list[dict[str, list[str]]]
KEY_SECURITY: Security = [{"key": []}]


def key_security(*scopes: Scope) -> Security:
    """Return the contract's declaration of an operation that needs a key with one of `scopes`.

    It decides nothing: a test compares it with the responses to every kind of caller.
    """
    return [{"key": [scope]} for scope in scopes]


async def require_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse a request without a well-formed key, before a connection to the database is needed."""
    permissions.parse_secret(connection.headers.get("authorization"))


def require_scope(*scopes: Scope) -> Guard:
    """Return the guard of an operation with a body: without one of `scopes` in the programme, the body is not read.

    The handler's transaction authenticates the caller again, because a slow body may arrive after the key is revoked.
    """

    async def require_scope_before_body(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        authorization = connection.headers.get("authorization")
        permissions.parse_secret(authorization)
        state = connection.app.state
        async with autocommit_connection(state.engine) as reads:
            caller = await authenticate(reads, authorization, now=state.clock())
        permissions.require_scope(caller, connection.path_params["programme"], *scopes)

    return require_scope_before_body


async def provide_caller(request: Request[Any, Any, Any], transaction: Transaction, now: Now) -> Caller:
    return await authenticate(transaction, request.headers.get("authorization"), now=now)


async def authenticate(transaction: AsyncConnection, authorization: str | None, *, now: datetime) -> Caller:
    """Return the owner of the key in an `Authorization` header. Raises Unauthenticated."""
    secret = permissions.parse_secret(authorization)
    record, grants, plan_versions = await queries_keys.fetch_key(transaction, keys.hash_secret(secret))
    caller = permissions.check_key(record, grants, plan_versions, now=now)
    if record is not None:
        await queries_keys.touch_last_used(transaction, record, now=now)
    return caller
