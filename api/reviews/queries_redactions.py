"""SQL of redactions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.returns.queries_returns import Statement, add_names
from api.reviews.structs import ReviewableReturn
from schema.partners import Author
from schema.reviews import Redaction
from schema.tables import client, organisation, redaction, return_table, series


async def insert_redaction(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    reviewed_return: ReviewableReturn,
    number: int,
    reason: str,
    *,
    author: Author,
    at: datetime,
    action_id: UUID,
) -> bool:
    """Record the proposal. Return False if the redaction is already proposed."""
    inserted = await transaction.execute(
        upsert(redaction)
        .values(
            {
                "programme": catalogue.id,
                "id": action_id,
                "return": reviewed_return.id,
                "organisation": catalogue.ids.organisations[reviewed_return.organisation],
                "number": number,
                "reason": reason,
                "proposed_by": author.client,
                "proposed_person": author.person,
                "proposed_at": at,
            }
        )
        .on_conflict_do_nothing()
        .returning(redaction.c.id)
    )
    return inserted.one_or_none() is not None


async def fetch_proposer(transaction: AsyncConnection, catalogue: Catalogue, return_id: int, number: int) -> str | None:
    """Return the person that has proposed to redact the revision, or None."""
    proposer = await transaction.execute(
        select(redaction.c.proposed_person).where(
            redaction.c.programme == catalogue.id, redaction.c["return"] == return_id, redaction.c.number == number
        )
    )
    return proposer.scalar_one_or_none()


async def confirm_redaction(
    transaction: AsyncConnection, catalogue: Catalogue, return_id: int, number: int, *, author: Author, at: datetime
) -> None:
    """Record the confirmation and remove the content."""
    confirmed = await transaction.execute(
        update(redaction)
        .where(
            redaction.c.programme == catalogue.id,
            redaction.c["return"] == return_id,
            redaction.c.number == number,
            redaction.c.confirmed_by.is_(None),
        )
        .values(confirmed_by=author.client, confirmed_person=author.person, confirmed_at=at)
        .returning(redaction.c.id)
    )
    await transaction.execute(
        text("select redact(:programme, :redaction)"), {"programme": catalogue.id, "redaction": confirmed.scalar_one()}
    )


async def fetch_redactions(
    transaction: AsyncConnection, catalogue: Catalogue, *, readable_organisations: Sequence[str] | None
) -> list[Redaction]:
    """Return the proposed and confirmed redactions, the newest first."""
    statement = _select_redactions(catalogue)
    if readable_organisations is not None:
        statement = statement.where(organisation.c.slug.in_(readable_organisations))
    return [_to_redaction(row) for row in await transaction.execute(statement)]


async def fetch_redaction(transaction: AsyncConnection, catalogue: Catalogue, return_id: int, number: int) -> Redaction:
    """Return the redaction of one revision."""
    statement = _select_redactions(catalogue).where(redaction.c["return"] == return_id, redaction.c.number == number)
    return _to_redaction((await transaction.execute(statement)).one())


def _select_redactions(catalogue: Catalogue) -> Statement:
    proposer, confirmer = client.alias(), client.alias()
    statement = select(
        redaction,
        return_table.c.service,
        return_table.c.period,
        series.c.measure,
        series.c.slug.label("series"),
        organisation.c.slug.label("owner"),
        proposer.c.name.label("proposer"),
        confirmer.c.name.label("confirmer"),
    )
    return (
        add_names(statement, return_table)
        .join(
            redaction,
            and_(redaction.c.programme == return_table.c.programme, redaction.c["return"] == return_table.c.id),
        )
        .join(proposer, proposer.c.id == redaction.c.proposed_by)
        .outerjoin(confirmer, confirmer.c.id == redaction.c.confirmed_by)
        .where(redaction.c.programme == catalogue.id)
        .order_by(redaction.c.proposed_at.desc(), redaction.c.id)
    )


def _to_redaction(row: Row[Any]) -> Redaction:
    return Redaction(
        id=row.id,
        organisation=row.owner,
        measure=row.measure,
        series=row.series,
        service=row.service,
        period=row.period,
        revision=row.number,
        reason=row.reason,
        proposed_by=row.proposer,
        proposed_at=row.proposed_at,
        confirmed_by=row.confirmer,
        confirmed_at=row.confirmed_at,
        content_sha256=None if row.content_sha256 is None else row.content_sha256.hex(),
    )
