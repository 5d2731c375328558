"""Publication jobs and their frozen inputs, in SQL."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import queue
from api.plan.catalogue import Catalogue
from schema.partners import Author
from schema.publication_jobs import FailedScope, NewRelease, PublicationJob, PublicationJobState, Rehearsal
from schema.tables import programme, publication_inputs, publication_job

PUBLISH_JOB_KIND = "publish"


class PublicationRecord(Struct, frozen=True, kw_only=True):
    """A publication job as the worker reads it."""

    id: UUID
    programme: str
    dry_run: bool
    request: NewRelease
    state: PublicationJobState
    requested_at: datetime
    frozen_at: datetime | None
    plan_version: int | None


class PublicationKey(Struct, frozen=True, kw_only=True):
    """The message in the queue."""

    programme: int
    publication: UUID


async def request_publication(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    new: NewRelease,
    author: Author,
    *,
    publication_id: UUID,
    dry_run: bool,
    now: datetime,
) -> bool:
    """Add a job to the queue. Return False if another job of the programme has not ended."""
    inserted = await transaction.execute(
        upsert(publication_job)
        .values(
            programme=catalogue.id,
            id=publication_id,
            client=author.client,
            organisation=catalogue.ids.organisations[author.organisation],
            dry_run=dry_run,
            request=msgspec.to_builtins(new),
            state=PublicationJobState.QUEUED,
            requested_at=now,
        )
        .on_conflict_do_nothing()
    )
    if inserted.rowcount == 0:
        return False
    await queue.enqueue(
        transaction,
        PUBLISH_JOB_KIND,
        msgspec.json.encode(PublicationKey(programme=catalogue.id, publication=publication_id)),
    )
    return True


async def find_publication(
    transaction: AsyncConnection, catalogue: Catalogue, publication_id: UUID
) -> PublicationJob | None:
    row = (
        await transaction.execute(
            select(publication_job).where(
                publication_job.c.programme == catalogue.id, publication_job.c.id == publication_id
            )
        )
    ).one_or_none()
    return None if row is None else _read_publication(row)


async def list_publications(transaction: AsyncConnection, catalogue: Catalogue, *, limit: int) -> list[PublicationJob]:
    """Return the newest jobs first."""
    rows = await transaction.execute(
        select(publication_job)
        .where(publication_job.c.programme == catalogue.id)
        .order_by(publication_job.c.requested_at.desc(), publication_job.c.id)
        .limit(limit)
    )
    return [_read_publication(row) for row in rows]


def _read_publication(row: Row[Any]) -> PublicationJob:
    rehearsal = None if row.rehearsal is None else msgspec.convert(row.rehearsal, Rehearsal)
    return PublicationJob(
        id=row.id,
        state=PublicationJobState(row.state),
        dry_run=row.dry_run,
        requested_at=row.requested_at,
        frozen_at=row.frozen_at,
        finished_at=row.finished_at,
        contribution_count=row.contributions,
        contributions_protected=row.done,
        release=row.release,
        failures=msgspec.convert(row.failures, list[FailedScope]),
        rehearsal=rehearsal if row.dry_run else None,
        audit=rehearsal.report if rehearsal is not None and not row.dry_run else None,
    )


async def lock_publication(transaction: AsyncConnection, job: PublicationKey) -> PublicationRecord:
    """Lock the row of a publication job and return it."""
    row = (
        await transaction.execute(
            select(publication_job, programme.c.slug)
            .join(programme, programme.c.id == publication_job.c.programme)
            .where(publication_job.c.programme == job.programme, publication_job.c.id == job.publication)
            .with_for_update(of=publication_job)
        )
    ).one()
    return PublicationRecord(
        id=row.id,
        programme=row.slug,
        dry_run=row.dry_run,
        request=msgspec.convert(row.request, NewRelease),
        state=PublicationJobState(row.state),
        requested_at=row.requested_at,
        frozen_at=row.frozen_at,
        plan_version=row.plan_version,
    )


async def update_publication(transaction: AsyncConnection, job: PublicationKey, **columns: object) -> None:
    """Set columns of a publication job."""
    await transaction.execute(
        update(publication_job)
        .where(publication_job.c.programme == job.programme, publication_job.c.id == job.publication)
        .values(**columns)
    )


async def fetch_inputs(transaction: AsyncConnection, job: PublicationKey) -> bytes | None:
    """Return the frozen inputs of a publication; None if it has not begun."""
    return (
        await transaction.execute(
            select(publication_inputs.c.content).where(
                publication_inputs.c.programme == job.programme, publication_inputs.c.publication == job.publication
            )
        )
    ).scalar_one_or_none()


async def save_inputs(transaction: AsyncConnection, job: PublicationKey, content: bytes) -> None:
    await transaction.execute(
        insert(publication_inputs).values(programme=job.programme, publication=job.publication, content=content)
    )


async def delete_inputs(transaction: AsyncConnection, job: PublicationKey) -> None:
    await transaction.execute(
        delete(publication_inputs).where(
            publication_inputs.c.programme == job.programme, publication_inputs.c.publication == job.publication
        )
    )
