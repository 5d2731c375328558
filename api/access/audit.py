"""Record actions in the audit."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_in_transaction
from schema.partners import Author

OPERATOR_REQUEST_ID = "operator"  # written where a request would have its id


async def record_audit(
    transaction: AsyncConnection,
    programme_id: int,
    author: Author | None,
    action: str,
    subject: Mapping[str, str],
    *,
    organisation_id: int | None,
    now: datetime,
) -> None:
    """Record who did what, in the transaction of the action itself. `author` is None for the operator."""
    await fetch_in_transaction(
        transaction,
        """
        insert into audit (programme, at, action, client, key, organisation, request_id, subject)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,  # without `returning`: most callers may not read the audit
        *(programme_id, now, action, author and author.client, author and author.key, organisation_id),
        author.request_id if author else OPERATOR_REQUEST_ID,
        msgspec.json.encode(subject).decode(),
    )
