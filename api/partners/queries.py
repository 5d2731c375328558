"""Clients and their keys, in SQL."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.partners.keys import NewKey
from schema.partners import Author, Grant, Kept, KeyRecord, Scope
from schema.tables import audit, client, client_grant, client_key, idempotency, organisation, programme

KEPT_FOR = timedelta(days=30)

# One write a minute tells when a key was last used; one a call would make every read a write.
LAST_USED_STEP = timedelta(minutes=1)


async def key(transaction: AsyncConnection, digest: bytes) -> tuple[KeyRecord | None, list[Grant]]:
    """The key with this digest, and what its client may do."""
    rows = (
        await transaction.execute(
            select(
                client_key.c.id,
                client_key.c.client,
                client.c.name,
                client_key.c.created_at,
                client_key.c.expires_at,
                client_key.c.revoked_at,
                client_key.c.last_used_at,
                programme.c.slug.label("programme"),
                organisation.c.slug.label("organisation"),
                client_grant.c.scopes,
            )
            .select_from(client_key)
            .join(client, client.c.id == client_key.c.client)
            .outerjoin(client_grant, client_grant.c.client == client.c.id)
            .outerjoin(programme, programme.c.id == client_grant.c.programme)
            .outerjoin(
                organisation,
                (organisation.c.programme == client_grant.c.programme)
                & (organisation.c.id == client_grant.c.organisation),
            )
            .where(client_key.c.digest == digest)
            .order_by(programme.c.slug)
        )
    ).all()
    if not rows:
        return None, []
    grants = [
        Grant(programme=row.programme, organisation=row.organisation, scopes=[Scope(s) for s in row.scopes])
        for row in rows
        if row.programme is not None
    ]
    return KeyRecord(**{name: getattr(rows[0], name) for name in KeyRecord.__struct_fields__}), grants


async def used(transaction: AsyncConnection, record: KeyRecord, *, now: datetime) -> None:
    """Write down that the key was used, unless another request is writing it: nobody waits for that."""
    if record.last_used_at is None or record.last_used_at < now - LAST_USED_STEP:
        free = select(client_key.c.id).where(client_key.c.id == record.id).with_for_update(skip_locked=True)
        await transaction.execute(
            update(client_key).where(client_key.c.id == free.scalar_subquery()).values(last_used_at=now)
        )


async def enter(transaction: AsyncConnection, grant: Grant, acts_for: Sequence[str]) -> None:
    """Bind the rest of the transaction to the grant's programme and scopes: PostgreSQL's own wall.

    `acts_for` are the grant's organisation and those that it succeeds.
    """
    await transaction.execute(
        text(
            """
            select set_config('work_health.programme', p.id::text, true),
                   set_config('work_health.organisations', string_agg(o.id::text, ','), true),
                   set_config('work_health.review', :review, true),
                   set_config('work_health.admin', :admin, true)
            from programme p join organisation o on o.programme = p.id
            where p.slug = :programme and o.slug = any(:organisations)
            group by p.id
            """
        ),
        {
            "programme": grant.programme,
            "organisations": list(acts_for),
            "review": "on" if Scope.REVIEW in grant.scopes else "off",
            "admin": "on" if Scope.ADMIN in grant.scopes else "off",
        },
    )


async def issue(
    transaction: AsyncConnection,
    key: NewKey,
    *,
    client_id: UUID,
    name: str,
    grants: Sequence[Grant],
    now: datetime,
    expires_at: datetime,
) -> None:
    """A new client with one key."""
    await transaction.execute(insert(client).values(id=client_id, name=name, created_at=now))
    for grant in grants:
        row = (
            select(organisation.c.programme, organisation.c.id)
            .join(programme)
            .where(programme.c.slug == grant.programme, organisation.c.slug == grant.organisation)
        )
        found = (await transaction.execute(row)).one()
        await transaction.execute(
            upsert(client_grant).values(
                client=client_id, programme=found.programme, organisation=found.id, scopes=list(grant.scopes)
            )
        )
    await transaction.execute(
        insert(client_key).values(id=key.id, client=client_id, digest=key.digest, created_at=now, expires_at=expires_at)
    )


async def revoke(transaction: AsyncConnection, key_id: str, *, now: datetime) -> bool:
    """False where there is no such key, or it is revoked already."""
    done = await transaction.execute(
        update(client_key).where(client_key.c.id == key_id, client_key.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return done.rowcount == 1


async def claim(transaction: AsyncConnection, by: Author, operation: str, key: str) -> bool:
    """False while another request with this key is being carried out. Held until the transaction ends."""
    name = hashlib.sha256(f"{by.client} {operation} {key}".encode()).digest()
    number = int.from_bytes(name[:8], signed=True)
    return bool(
        (await transaction.execute(text("select pg_try_advisory_xact_lock(:number)"), {"number": number})).scalar_one()
    )


async def kept(
    transaction: AsyncConnection, programme_id: int, by: Author, operation: str, key: str, *, now: datetime
) -> Kept | None:
    """The answer to an earlier request with this key, of the last 30 days."""
    row = (
        await transaction.execute(
            select(idempotency.c.content_sha256, idempotency.c.answer).where(
                idempotency.c.programme == programme_id,
                idempotency.c.client == by.client,
                idempotency.c.operation == operation,
                idempotency.c.key == key,
                idempotency.c.created_at > now - KEPT_FOR,
            )
        )
    ).one_or_none()
    return None if row is None else Kept(content_sha256=row.content_sha256, answer=row.answer)


async def keep(
    transaction: AsyncConnection,
    programme_id: int,
    by: Author,
    operation: str,
    key: str,
    *,
    organisation_id: int,
    content_sha256: bytes,
    answer: bytes,
    submission: UUID | None = None,
    now: datetime,
) -> None:
    """Keep an answer, and forget this client's that are older than 30 days."""
    await transaction.execute(
        delete(idempotency).where(
            idempotency.c.programme == programme_id,
            idempotency.c.client == by.client,
            idempotency.c.created_at <= now - KEPT_FOR,
        )
    )
    await transaction.execute(
        insert(idempotency).values(
            programme=programme_id,
            client=by.client,
            operation=operation,
            key=key,
            organisation=organisation_id,
            content_sha256=content_sha256,
            submission=submission,
            answer=answer,
            created_at=now,
        )
    )


async def tell_audit(
    transaction: AsyncConnection,
    programme_id: int,
    by: Author,
    action: str,
    subject: Mapping[str, str],
    *,
    organisation_id: int,
    now: datetime,
) -> None:
    """Write down who did what. It goes with the act: rolled back together, or there together."""
    await transaction.execute(
        insert(audit)
        .inline()  # nothing is returned: whoever acts may not read what is written of it
        .values(
            programme=programme_id,
            at=now,
            action=action,
            client=by.client,
            key=by.key,
            organisation=organisation_id,
            request_id=by.request_id,
            subject=dict(subject),
        )
    )
