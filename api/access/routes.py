"""`GET /v1/me`, and how every other route learns who is calling."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import keys, permissions, queries
from api.clock import Now
from api.database.connections import Transaction
from api.http.problems import refusal_specs
from schema.partners import Author, Caller, Me

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255)]
KEY_SECURITY: list[dict[str, list[str]]] = [{"key": []}]


async def require_key(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuses a call without anything like a key before its body is read."""
    permissions.parse_secret(connection.headers.get("authorization"))


async def provide_caller(request: Request[Any, Any, Any], transaction: Transaction, now: Now) -> Caller:
    return await authenticate(transaction, request.headers.get("authorization"), now=now)


async def authenticate(transaction: AsyncConnection, authorization: str | None, *, now: datetime) -> Caller:
    """Whoever the key in an `Authorization` header belongs to. Raises Unauthenticated."""
    secret = permissions.parse_secret(authorization)
    record, grants = await queries.fetch_key(transaction, keys.hash_secret(secret))
    caller = permissions.check_key(record, grants, now=now)
    if record is not None:
        await queries.touch_last_used(transaction, record, now=now)
    return caller


class IdempotentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as its Idempotency-Key knows it. `operation` names what it is done to as well."""

    operation: str
    content_sha256: bytes
    key: str | None


async def run_once(
    transaction: AsyncConnection,
    programme_id: int,
    by: Author,
    request: IdempotentRequest,
    act: Callable[[], Awaitable[msgspec.Struct]],
    *,
    organisation_id: int,
    now: datetime,
    submission: UUID | None = None,
    status: int = 201,
) -> Response[bytes]:
    """Do it, and keep the answer by the request's key; or give the answer that was given before.

    `submission` is the one that the answer tells of, so that it goes when that is redacted.
    Raises IdempotencyInProgress, IdempotencyKeyReused, Redacted.
    """
    key = request.key
    if key is not None:
        if not await queries.claim_idempotency_key(transaction, by, request.operation, key):
            raise permissions.IdempotencyInProgress("Another request with this key is still running.")
        kept = await queries.fetch_stored_response(transaction, programme_id, by, request.operation, key, now=now)
        if (answer := permissions.replay_response(kept, request.content_sha256)) is not None:
            return Response(answer, status_code=201, media_type=MediaType.JSON, headers={"Idempotent-Replayed": "true"})
    answer = msgspec.json.encode(await act())
    if key is not None:
        await queries.store_response(
            transaction,
            programme_id,
            by,
            request.operation,
            key,
            organisation_id=organisation_id,
            content_sha256=request.content_sha256,
            answer=answer,
            submission=submission,
            now=now,
        )
    return Response(answer, status_code=status, media_type=MediaType.JSON)


@get(
    "/me",
    operation_id="get_me",
    summary="Get the caller and its grants",
    guards=[require_key],
    security=KEY_SECURITY,
    responses=refusal_specs(401),
)
async def get_me(caller: NamedDependency[Caller]) -> Me:
    """The client, its organisation and scopes in each programme, and when the key expires."""
    return Me(
        client=caller.name,
        key=caller.key,
        created_at=caller.created_at,
        expires_at=caller.expires_at,
        last_used_at=caller.last_used_at,
        grants=caller.grants,
    )


router = Router("/v1", route_handlers=[get_me], tags=["Partners"])
