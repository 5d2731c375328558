"""SQL of Idempotency-Keys and the responses stored under them."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_in_transaction
from schema.partners import Author, StoredResponse

RESPONSE_RETENTION = timedelta(days=30)


async def claim_idempotency_key(transaction: AsyncConnection, author: Author, operation: str, key: str) -> bool:
    """Lock the key until the transaction ends. Return False if another request has locked it."""
    number = calculate_lock(author.client, operation, key)
    [row] = await fetch_in_transaction(transaction, "select pg_try_advisory_xact_lock($1)", number)
    return bool(row[0])


def calculate_lock(client: UUID, operation: str, key: str) -> int:
    """Return the number of the advisory lock of an Idempotency-Key."""
    name = hashlib.sha256(f"{client} {operation} {key}".encode()).digest()
    return int.from_bytes(name[:8], signed=True)


async def fetch_stored_response(
    transaction: AsyncConnection, programme_id: int, author: Author, operation: str, key: str, *, now: datetime
) -> StoredResponse | None:
    """Return the response to a request with this key in the last 30 days, or None."""
    rows = await fetch_in_transaction(
        transaction,
        """
        select content_sha256, answer from idempotency
        where programme = $1 and client = $2 and operation = $3 and key = $4 and created_at > $5
        """,
        *(programme_id, author.client, operation, key, now - RESPONSE_RETENTION),
    )
    return StoredResponse(content_sha256=rows[0]["content_sha256"], answer=rows[0]["answer"]) if rows else None


async def store_response(
    transaction: AsyncConnection,
    programme_id: int,
    author: Author,
    operation: str,
    key: str,
    *,
    organisation_id: int,
    content_sha256: bytes,
    answer: bytes,
    submission: UUID | None = None,
    now: datetime,
) -> None:
    """Store a response, in place of one that is older than 30 days. The worker deletes the others."""
    await fetch_in_transaction(
        transaction,
        """
        delete from idempotency
        where programme = $1 and client = $2 and operation = $3 and key = $4 and created_at <= $5
        """,
        *(programme_id, author.client, operation, key, now - RESPONSE_RETENTION),
    )
    await fetch_in_transaction(
        transaction,
        """
        insert into idempotency
            (programme, client, operation, key, organisation, content_sha256, submission, answer, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        *(programme_id, author.client, operation, key, organisation_id, content_sha256, submission, answer, now),
    )
