"""SQL of clients, their keys and their grants."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.keys import NewKey
from api.database.connections import fetch_any, fetch_in_transaction
from schema.partners import Caller, Grant, KeyRecord, Scope
from schema.tables import client, client_grant, client_key, organisation, programme

# The time of last use is written once a minute: writing it at every request would make every read a write.
LAST_USED_RESOLUTION = timedelta(minutes=1)


async def fetch_key(transaction: AsyncConnection, digest: bytes) -> tuple[KeyRecord | None, list[Grant]]:
    """Return the key with this digest and its client's grants, or None and no grants."""
    rows = await fetch_any(transaction, _FETCH_KEY_SQL, digest)
    if not rows:
        return None, []
    grants = [
        Grant(programme=row["programme"], organisation=row["organisation"], scopes=[Scope(s) for s in row["scopes"]])
        for row in rows
        if row["programme"] is not None
    ]
    return KeyRecord(**{name: rows[0][name] for name in KeyRecord.__struct_fields__}), grants


_FETCH_KEY_SQL = """
    select k.id, k.client, c.name, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
        p.slug as programme, o.slug as organisation, g.scopes
    from client_key k
    join client c on c.id = k.client
    left join client_grant g on g.client = c.id
    left join programme p on p.id = g.programme
    left join organisation o on o.programme = g.programme and o.id = g.organisation
    where k.digest = $1
    order by p.slug
"""


async def touch_last_used(transaction: AsyncConnection, record: KeyRecord, *, now: datetime) -> None:
    """Store when the key was last used, unless another request is storing it now: requests never wait for this."""
    if record.last_used_at is None or record.last_used_at < now - LAST_USED_RESOLUTION:
        unlocked = select(client_key.c.id).where(client_key.c.id == record.id).with_for_update(skip_locked=True)
        await transaction.execute(
            update(client_key).where(client_key.c.id == unlocked.scalar_subquery()).values(last_used_at=now)
        )


async def is_grant_unchanged(
    transaction: AsyncConnection, caller: Caller, grant: Grant, programme_id: int, version: int, *, now: datetime
) -> bool:
    """Return True if key, grant and newest plan version are still those that the request began with."""
    rows = await fetch_in_transaction(
        transaction,
        """
        select from client_key k
        join client_grant g on g.client = k.client and g.programme = $2
        join organisation o on o.programme = g.programme and o.id = g.organisation
        where k.id = $1 and k.revoked_at is null and k.expires_at > $3 and g.scopes = $4 and o.slug = $5
            and $6 = (select max(v.number) from plan_version v where v.programme = $2)
        """,
        *(caller.key, programme_id, now, list(grant.scopes), grant.organisation, version),
    )
    return len(rows) == 1


async def bind_transaction_to_grant(
    transaction: AsyncConnection, programme_id: int, organisations: Sequence[int], scopes: Sequence[Scope]
) -> None:
    """Restrict the rest of the transaction to the rows of a programme that a grant opens, by row-level security.

    `organisations` are the grant's and those that it succeeds, by the database's ids.
    """
    await transaction.execute(
        _BIND_TRANSACTION_SQL,
        {
            "programme": str(programme_id),
            "organisations": ",".join(map(str, organisations)),
            "review": "on" if Scope.REVIEW in scopes else "off",
            "admin": "on" if Scope.ADMIN in scopes else "off",
        },
    )


# Run through SQLAlchemy, which begins the transaction of a request.
_BIND_TRANSACTION_SQL = text(
    """
    select set_config('work_health.programme', :programme, true),
        set_config('work_health.organisations', :organisations, true),
        set_config('work_health.review', :review, true), set_config('work_health.admin', :admin, true)
    """
)


async def issue_key(
    transaction: AsyncConnection,
    key: NewKey,
    *,
    client_id: UUID,
    name: str,
    grants: Sequence[Grant],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Insert a client with one key."""
    await transaction.execute(insert(client).values(id=client_id, name=name, created_at=now))
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


async def revoke_key(transaction: AsyncConnection, key_id: str, *, now: datetime) -> bool:
    """Revoke the key. Return False if it does not exist or is already revoked."""
    revoked = await transaction.execute(
        update(client_key).where(client_key.c.id == key_id, client_key.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return revoked.rowcount == 1


async def fetch_programme_ids_of_key(transaction: AsyncConnection, key_id: str) -> list[int]:
    """Return the database's ids of the programmes in which the key's client has a grant."""
    programme_ids = await transaction.execute(
        select(client_grant.c.programme)
        .join(client_key, client_key.c.client == client_grant.c.client)
        .where(client_key.c.id == key_id)
        .order_by(client_grant.c.programme)
    )
    return list(programme_ids.scalars().all())
