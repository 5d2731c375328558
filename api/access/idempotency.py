"""Carry out a request with an Idempotency-Key once, and replay its response to repeats."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.params import HeaderParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access import permissions, queries_idempotency
from schema.partners import Author, StoredResponse

IdempotencyKey = Annotated[str | None, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255)]
REPLAYED_HEADER = "Idempotent-Replayed"


class IdempotentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a request that must be the same when its Idempotency-Key is sent again.

    `operation` includes what the operation acts on. `key` is None for a request that must not be replayed.
    """

    operation: str
    content_sha256: bytes
    key: str | None


async def run_once(
    transaction: AsyncConnection,
    programme_id: int,
    author: Author,
    request: IdempotentRequest,
    act: Callable[[], Awaitable[msgspec.Struct]],
    *,
    organisation_id: int,
    now: datetime,
    submission: UUID | None = None,
    status: int = 201,
) -> Response[bytes]:
    """Run `act` and store its response under the request's key, or return the response stored by an earlier request.

    `submission` names the submission that the response reports, so that redacting it also removes the response.
    Raises IdempotencyInProgress, IdempotencyKeyReused, ContentRedacted.
    """
    key = request.key
    if key is not None:
        if not await queries_idempotency.claim_idempotency_key(transaction, author, request.operation, key):
            raise permissions.IdempotencyInProgress("Another request with this key is still running.")
        stored = await queries_idempotency.fetch_stored_response(
            transaction, programme_id, author, request.operation, key, now=now
        )
        if stored is not None:
            return replay_response(stored, request)
    content = msgspec.json.encode(await act())
    if key is not None:
        await queries_idempotency.store_response(
            transaction,
            programme_id,
            author,
            request.operation,
            key,
            organisation_id=organisation_id,
            content_sha256=request.content_sha256,
            answer=content,
            submission=submission,
            now=now,
        )
    return Response(content, status_code=status, media_type=MediaType.JSON)


def replay_response(stored: StoredResponse, request: IdempotentRequest) -> Response[bytes]:
    """Return the stored response to the same request. Raises IdempotencyKeyReused, ContentRedacted."""
    content = permissions.check_stored_response(stored, request.content_sha256)
    return Response(content, status_code=201, media_type=MediaType.JSON, headers={REPLAYED_HEADER: "true"})
