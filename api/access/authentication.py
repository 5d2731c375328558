"""Identify the caller of a request by its key."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import key_rules, keys, permissions, queries_keys
from api.clock import Clock
from api.database.connections import Transaction, autocommit_connection
from api.http.refusals import Unauthenticated
from api.http.response_headers import announce_key_expiry
from schema.partners import Caller, Scope

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]
Security = list[dict[str, list[str]]]
KEY_HOLDER = "key_holder"  # the key of a request's state for the holder of its key
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
        caller = await _authenticate_before_body(connection)
        permissions.require_scope(caller, connection.path_params["programme"], *scopes)

    return require_scope_before_body


async def require_valid_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard an operation with a body for which any valid key is enough, as `require_scope` does."""
    await _authenticate_before_body(connection)


async def _authenticate_before_body(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    permissions.parse_secret(connection.headers.get("authorization"))  # needs no connection to the database
    async with autocommit_connection(connection.app.state.engine) as reads:
        return await authenticate(connection, reads)


async def provide_caller(request: Request[Any, Any, Any], transaction: Transaction) -> Caller:
    return await authenticate(request, transaction)


async def authenticate(
    connection: ASGIConnection[Any, Any, Any, Any], transaction: AsyncConnection, authorization: str | None = None
) -> Caller:
    """Return the owner of the key in the `Authorization` header of a request, or in the text instead of it.

    The response to a key that expires soon states when. Raises Unauthenticated.
    """
    secret = permissions.parse_secret(authorization or connection.headers.get("authorization"))
    fetched = await queries_keys.fetch_key(transaction, keys.hash_secret(secret))
    if fetched is None:
        raise Unauthenticated("The key is unknown.")
    holder, stated_at = fetched
    connection.scope["state"][KEY_HOLDER] = holder  # a refusal of the request is recorded with its key
    clock: Clock = connection.app.state.clock
    now = clock.accept(stated_at)
    caller = permissions.check_key(holder, now=now)
    await queries_keys.touch_last_used(transaction, holder.record, now=now)
    if key_rules.expires_soon(caller.expires_at, now=now):
        announce_key_expiry(connection.scope, caller.key, caller.expires_at)
    return caller
