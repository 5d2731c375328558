"""SQL that reads the audit."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.http.pagination import InstantCursor
from api.plan.catalogue import Catalogue
from schema.reviews import AuditEntry
from schema.tables import audit, client, organisation


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which entries to select; a field that is None selects all. `start` is inclusive, `end` exclusive."""

    action: str | None = None
    organisation: str | None = None
    start: datetime | None = None
    end: datetime | None = None


async def fetch_audit_entries(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    audit_filter: AuditFilter,
    *,
    after: InstantCursor | None,
    limit: int,
) -> list[AuditEntry]:
    """Return the entries, the newest first. An organisation matches if it acted or if its return is the subject."""
    statement = (
        select(audit, client.c.name, organisation.c.slug)
        .select_from(audit)
        .outerjoin(client, client.c.id == audit.c.client)
        .outerjoin(
            organisation,
            and_(organisation.c.programme == audit.c.programme, organisation.c.id == audit.c.organisation),
        )
        .where(audit.c.programme == catalogue.id)
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(limit)
    )
    if audit_filter.action is not None:
        statement = statement.where(audit.c.action == audit_filter.action)
    if audit_filter.organisation is not None:
        subject = audit.c.subject["organisation"].astext
        statement = statement.where(
            or_(organisation.c.slug == audit_filter.organisation, subject == audit_filter.organisation)
        )
    if audit_filter.start is not None:
        statement = statement.where(audit.c.at >= audit_filter.start)
    if audit_filter.end is not None:
        statement = statement.where(audit.c.at < audit_filter.end)
    if after is not None:
        statement = statement.where(audit.c.at <= after.at).offset(after.seen)
    return [
        AuditEntry(
            at=row.at,
            action=row.action,
            client=row.name,
            key=row.key,
            organisation=row.slug,
            request_id=row.request_id,
            client_request_id=row.client_request_id,
            subject=row.subject,
        )
        for row in await transaction.execute(statement)
    ]
