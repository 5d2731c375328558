"""Record actions in the audit."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.database.connections import autocommit_connection, fetch_any, fetch_in_transaction
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
        insert into audit (programme, action, organisation, request_id, client_request_id, subject)
        values ($1, $2, $3, $4, $5, $6)
        """,  # without `returning`: most callers may not read the audit
        *(programme_id, action, organisation_id),
        author.request_id if author else OPERATOR_REQUEST_ID,
        author.client_request_id if author else None,
        msgspec.json.encode(subject).decode(),
    )


class SeparateEntry(Struct, frozen=True, kw_only=True):
    """An audit entry about what no transaction of its request commits."""

    action: str
    organisation: str | None
    request_id: str
    client_request_id: str | None
    subject: Mapping[str, str]


async def record_separately(
    engine: AsyncEngine, programme_id: int, entries: Sequence[SeparateEntry], *, client: UUID | None, key: str | None
) -> None:
    """Record entries of one client in one round trip, each statement being its own transaction.

    `client` and `key` are None if nobody was authenticated.
    """
    async with autocommit_connection(engine) as connection:
        await fetch_any(
            connection,
            _RECORD_SEPARATELY_SQL,
            *(str(programme_id), str(client or ""), key or ""),
            [entry.action for entry in entries],
            [entry.organisation for entry in entries],
            [entry.request_id for entry in entries],
            [entry.client_request_id for entry in entries],
            [msgspec.json.encode(entry.subject).decode() for entry in entries],
        )


# The settings end with the statement. They are made before the rows, which row-level security and the trigger compare.
_RECORD_SEPARATELY_SQL = """
    with bound as materialized (
        select set_config('work_health.programme', $1, true), set_config('work_health.client', $2, true),
            set_config('work_health.key', $3, true)
    )
    insert into audit (programme, action, organisation, request_id, client_request_id, subject)
    select $1::text::int, entry.action, o.id, entry.request_id, entry.client_request_id, entry.subject
    from bound
    cross join unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[])
        as entry (action, organisation, request_id, client_request_id, subject)
    left join organisation o on o.programme = $1::text::int and o.slug = entry.organisation
"""
