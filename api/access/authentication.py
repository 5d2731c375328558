"""Identify the caller of a request by its key."""

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import keys, permissions, queries_keys
from api.clock import Now
from api.database.connections import Transaction
from schema.partners import Caller

KEY_SECURITY: list[dict[str, list[str]]] = [{"key": []}]


async def require_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse a request without a well-formed key before its body is read."""
    permissions.parse_secret(connection.headers.get("authorization"))


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
