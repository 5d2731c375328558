"""Record actions in the audit."""

from collections.abc import Mapping

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
) -> None:
    """Record who did what, in the transaction of the action itself. `author` is None for the operator.

    The database adds the time, and the client and key to which the transaction is bound.
    """
    await fetch_in_transaction(
        transaction,
        """
        insert into audit (programme, action, organisation, request_id, subject) values ($1, $2, $3, $4, $5)
        """,  # without `returning`: most callers may not read the audit
        *(programme_id, action, organisation_id),
        author.request_id if author else OPERATOR_REQUEST_ID,
        msgspec.json.encode(subject).decode(),
    )
