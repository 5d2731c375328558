"""SQL of clients, their keys and their grants."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.keys import NewKey
from api.database.connections import fetch_any
from schema.partners import Author, Grant, KeyRecord, Scope
from schema.tables import client, client_grant, client_key, organisation, programme

# The time of last use is written once a minute: writing it at every request would make every read a write.
LAST_USED_RESOLUTION = timedelta(minutes=1)


async def fetch_key(
    transaction: AsyncConnection, digest: bytes
) -> tuple[KeyRecord | None, list[Grant], dict[str, tuple[int, int]]]:
    """Return the key with this digest, its client's grants, and their plan versions as in `Caller`, or None."""
    rows = await fetch_any(transaction, _FETCH_KEY_SQL, digest)
    if not rows:
        return None, [], {}
    granted = [row for row in rows if row["programme"] is not None]
    grants = [
        Grant(programme=row["programme"], organisation=row["organisation"], scopes=[Scope(s) for s in row["scopes"]])
        for row in granted
    ]
    versions = {row["programme"]: (row["programme_id"], row["version"]) for row in granted}
    return KeyRecord(**{name: rows[0][name] for name in KeyRecord.__struct_fields__}), grants, versions


_FETCH_KEY_SQL = """
    select k.id, k.client, c.name, c.person, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
        p.slug as programme, o.slug as organisation, g.scopes, p.id as programme_id,
        (select max(v.number) from plan_version v where v.programme = p.id) as version
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
    key: NewKey,
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
