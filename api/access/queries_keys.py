"""SQL of clients, their keys and their grants."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.audit import OPERATOR_REQUEST_ID
from api.access.keys import SecretKey
from api.database.connections import fetch_any, fetch_in_transaction, try_statement
from schema.partners import Author, Caller, ClientKey, Grant, KeyHolder, KeyRecord, Scope
from schema.tables import client, client_grant, client_key, organisation, programme

# The time of last use is written once a minute: writing it at every request would make every read a write.
LAST_USED_RESOLUTION = timedelta(minutes=1)
MAX_LISTED_KEYS = 100


async def fetch_key(transaction: AsyncConnection, digest: bytes) -> tuple[KeyHolder, datetime] | None:
    """Return the holder of the key with this digest, or None, and the time of the database."""
    rows = await fetch_any(transaction, _FETCH_KEY_SQL, digest)
    if not rows:
        return None
    record, grants = _parse_key(rows)
    versions = {row["programme"]: (row["programme_id"], row["version"]) for row in rows if row["programme"] is not None}
    return KeyHolder(record=record, grants=grants, plan_versions=versions), rows[0]["stated_at"]


def _parse_key(rows: Sequence[Any]) -> tuple[KeyRecord, list[Grant]]:
    """Return the key of the rows, of which there is one for each grant."""
    grants = [
        Grant(programme=row["programme"], organisation=row["organisation"], scopes=[Scope(s) for s in row["scopes"]])
        for row in rows
        if row["programme"] is not None
    ]
    return KeyRecord(**{name: rows[0][name] for name in KeyRecord.__struct_fields__}), grants


_SELECT_KEYS_SQL = """select k.id, k.client, c.name, c.person, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
        clock_timestamp() as stated_at, p.slug as programme, o.slug as organisation, g.scopes, p.id as programme_id,
        (select max(v.number) from plan_version v where v.programme = p.id) as version
    from client_key k
    join client c on c.id = k.client
    left join client_grant g on g.client = c.id
    left join programme p on p.id = g.programme
    left join organisation o on o.programme = g.programme and o.id = g.organisation
"""
_FETCH_KEY_SQL = _SELECT_KEYS_SQL + "where k.digest = $1 order by p.slug"
_LIST_KEYS_SQL = f"select * from ({_SELECT_KEYS_SQL}) key order by name, client, created_at, id, programme"  # noqa: S608  a constant


async def touch_last_used(transaction: AsyncConnection, record: KeyRecord, *, now: datetime) -> None:
    """Store when the key was last used, unless another request is storing it now: requests never wait for this.

    While nothing can be written, the key can be used as before.
    """
    if record.last_used_at is None or record.last_used_at < now - LAST_USED_RESOLUTION:
        await try_statement(transaction, _TOUCH_SQL, record.id, now)


_TOUCH_SQL = """
    update client_key set last_used_at = $2
    where id = (select id from client_key where id = $1 for update skip locked)
"""


async def bind_transaction_to_grant(
    transaction: AsyncConnection,
    programme_id: int,
    organisations: Sequence[int],
    scopes: Sequence[Scope],
    author: Author,
    *,
    reads_whole_audit: bool,
) -> None:
    """Restrict the rest of the transaction to the rows of a programme that a grant opens, by row-level security.

    `organisations` are the grant's and those that it succeeds, by the database's ids. With the scope `admin`, the
    transaction reads their part of the audit, or all of it. The database records the author
    in what the transaction adds to the audit.
    """
    await transaction.execute(
        _BIND_TRANSACTION_SQL,
        {
            "programme": str(programme_id),
            "organisations": ",".join(map(str, organisations)),
            "review": "on" if Scope.REVIEW in scopes else "off",
            "admin": "off" if Scope.ADMIN not in scopes else "on" if reads_whole_audit else "own",
            "client": str(author.client),
            "key": author.key,
        },
    )


# Run through SQLAlchemy, which begins the transaction of a request.
_BIND_TRANSACTION_SQL = text(
    """
    select set_config('work_health.programme', :programme, true),
        set_config('work_health.organisations', :organisations, true),
        set_config('work_health.review', :review, true), set_config('work_health.admin', :admin, true),
        set_config('work_health.client', :client, true), set_config('work_health.key', :key, true)
    """
)


async def issue_key(
    transaction: AsyncConnection,
    key: SecretKey,
    *,
    client_id: UUID,
    name: str,
    person: str,
    grants: Sequence[Grant],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Insert a client with one key."""
    await transaction.execute(insert(client).values(id=client_id, name=name, person=person, created_at=now))
    for grant in grants:
        row = (
            select(organisation.c.programme, organisation.c.id)
            .join(programme)
            .where(programme.c.slug == grant.programme, organisation.c.slug == grant.organisation)
        )
        granted = (await transaction.execute(row)).one()
        await transaction.execute(
            upsert(client_grant).values(
                client=client_id, programme=granted.programme, organisation=granted.id, scopes=list(grant.scopes)
            )
        )
    await transaction.execute(
        insert(client_key).values(id=key.id, client=client_id, digest=key.digest, created_at=now, expires_at=expires_at)
    )


async def list_client_keys(
    transaction: AsyncConnection, client_id: UUID, *, key_in_use: str, now: datetime
) -> list[ClientKey]:
    """Return the client's keys: the valid ones first, then the newest of the others."""
    rows = await fetch_any(transaction, _LIST_CLIENT_KEYS_SQL, client_id, key_in_use, now, MAX_LISTED_KEYS)
    return [ClientKey(**row) for row in rows]


_LIST_CLIENT_KEYS_SQL = """
    select id, created_at, expires_at, revoked_at, last_used_at, id = $2 as in_use from client_key where client = $1
    order by (revoked_at is null and expires_at > $3) desc, created_at desc, id limit $4
"""


async def lock_client_keys(transaction: AsyncConnection, caller: Caller, client_request_id: str | None) -> None:
    """Make other requests that change this client's keys wait, and bind the transaction to the key in use.

    The functions that change a key take from this what the audit states.
    """
    values = {"lock": f"keys {caller.client}", "client": str(caller.client), "key": caller.key}
    await transaction.execute(_LOCK_CLIENT_KEYS_SQL, values | {"client_request_id": client_request_id or ""})


_LOCK_CLIENT_KEYS_SQL = text(
    """
    select pg_advisory_xact_lock(hashtextextended(:lock, 0)),
        set_config('work_health.client', :client, true), set_config('work_health.key', :key, true),
        set_config('work_health.client_request_id', :client_request_id, true)
    """
)


async def is_sandbox_client(transaction: AsyncConnection, key_id: str) -> bool:
    """Return True if the key's client has grants in sandboxes only."""
    [row] = await fetch_any(
        transaction,
        """
        select coalesce(bool_and(p.sandbox), false) as is_sandbox
        from client_key k join client_grant g on g.client = k.client join programme p on p.id = g.programme
        where k.id = $1
        """,
        key_id,
    )
    return row["is_sandbox"]


async def replace_own_key(
    transaction: AsyncConnection,
    key: SecretKey,
    *,
    now: datetime,
    expires_at: datetime,
    overlap_ends_at: datetime,
    request_id: str,
) -> bool:
    """Create a key for the client to which the transaction is bound, end the key in use after the overlap, and audit.

    Return False if the key in use is not valid any more.
    """
    values = (key.id, key.digest, now, expires_at, overlap_ends_at, request_id)
    [row] = await fetch_in_transaction(transaction, "select replace_own_key($1, $2, $3, $4, $5, $6) as done", *values)
    return row["done"]


async def revoke_own_key(transaction: AsyncConnection, key_id: str, *, now: datetime, request_id: str) -> bool:
    """Revoke a key of the client to which the transaction is bound, and audit it.

    Return False if the client has no such key, if it is already revoked, or if the key in use is not valid any more.
    """
    [row] = await fetch_in_transaction(
        transaction, "select revoke_own_key($1, $2, $3) as done", key_id, now, request_id
    )
    return row["done"]


async def replace_key(
    transaction: AsyncConnection,
    replaced_id: str,
    key: SecretKey,
    *,
    now: datetime,
    expires_at: datetime,
    overlap_ends_at: datetime,
) -> bool:
    """Do as the owner of the database what `replace_own_key` does for a client."""
    values = (replaced_id, key.id, key.digest, now, expires_at, overlap_ends_at, OPERATOR_REQUEST_ID)
    [row] = await fetch_any(transaction, "select replace_key($1, $2, $3, $4, $5, $6, $7) as done", *values)
    return row["done"]


async def revoke_key(transaction: AsyncConnection, key_id: str, *, now: datetime) -> bool:
    """Revoke the key as the owner of the database, and audit it. Return False if it is unknown or already revoked."""
    [row] = await fetch_any(transaction, "select revoke_key($1, $2, $3) as done", key_id, now, OPERATOR_REQUEST_ID)
    return row["done"]


async def audit_issued_key(transaction: AsyncConnection, key_id: str) -> None:
    """Record in each programme of its grants that the operator issued the key."""
    await fetch_any(transaction, "select audit_key('key.issued', $1, $2)", key_id, OPERATOR_REQUEST_ID)


async def list_keys(transaction: AsyncConnection) -> list[tuple[KeyRecord, list[Grant]]]:
    """Return every key with its client's grants, by client and age. Only the owner of the database needs this."""
    rows = await fetch_any(transaction, _LIST_KEYS_SQL)
    return [_parse_key(list(group)) for _, group in groupby(rows, key=itemgetter("id"))]
