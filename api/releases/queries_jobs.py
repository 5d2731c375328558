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
from api.http.refusals import NotFound
from api.plan.catalogue import Catalogue
from api.releases.rules import AlreadyPublishing, PublicationEnded
from schema.partners import Author
from schema.publication_jobs import FailedScope, NewRelease, PublicationJob, PublicationJobState, Rehearsal
from schema.tables import programme, publication_inputs, publication_job

PUBLISH_JOB_KIND = "publish"
OPEN_STATES = (PublicationJobState.QUEUED, PublicationJobState.RUNNING)


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
) -> None:
    """Add a job to the queue. Raises AlreadyPublishing if another job of the programme has not ended."""
    job = PublicationKey(programme=catalogue.id, publication=publication_id)
    organisation_id = catalogue.ids.organisations[author.organisation]
    await _add_job(
        transaction,
        job,
        client=author.client,
        organisation=organisation_id,
        dry_run=dry_run,
        request=msgspec.to_builtins(new),
        requested_at=now,
    )


async def repeat_publication(
    transaction: AsyncConnection, old: PublicationKey, new: PublicationKey, *, now: datetime
) -> None:
    """Add a job with the request of another to the queue. Raises AlreadyPublishing."""
    c = publication_job.c
    statement = select(c.client, c.organisation, c.dry_run, c.request).where(
        c.programme == old.programme, c.id == old.publication
    )
    columns = (await transaction.execute(statement)).mappings().one()
    await _add_job(transaction, new, **columns, requested_at=now)


async def _add_job(transaction: AsyncConnection, job: PublicationKey, **columns: object) -> None:
    inserted = await transaction.execute(
        upsert(publication_job)
        .values(programme=job.programme, id=job.publication, state=PublicationJobState.QUEUED, **columns)
        .on_conflict_do_nothing()
    )
    if inserted.rowcount == 0:
        raise AlreadyPublishing("A publication job of this programme is queued or running.")
    await queue.enqueue(transaction, PUBLISH_JOB_KIND, msgspec.json.encode(job))


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
        failure_reason=row.failure_reason,
        rehearsal=rehearsal if row.dry_run else None,
        audit=rehearsal.report if rehearsal is not None and not row.dry_run else None,
    )


async def fetch_record(
    transaction: AsyncConnection, job: PublicationKey, *, with_lock: bool = False
) -> PublicationRecord:
    """Return the row of a publication job, locked if so asked."""
    statement = (
        select(publication_job, programme.c.slug)
        .join(programme, programme.c.id == publication_job.c.programme)
        .where(publication_job.c.programme == job.programme, publication_job.c.id == job.publication)
    )
    row = (await transaction.execute(statement.with_for_update(of=publication_job) if with_lock else statement)).one()
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
    """Set columns of a publication job. Raises PublicationEnded if it has ended, for example by a cancellation."""
    updated = await transaction.execute(
        update(publication_job)
        .where(
            publication_job.c.programme == job.programme,
            publication_job.c.id == job.publication,
            publication_job.c.state.in_(OPEN_STATES),
        )
        .values(**columns)
    )
    if updated.rowcount == 0:
        raise PublicationEnded(f"The publication job {job.publication} has ended.")


async def cancel_publication(transaction: AsyncConnection, job: PublicationKey, *, now: datetime) -> None:
    """End a publication job, whether or not a worker runs it now. Raises PublicationEnded."""
    await update_publication(transaction, job, state=PublicationJobState.CANCELLED, finished_at=now)
    await queue.remove_queued(transaction, PUBLISH_JOB_KIND, msgspec.json.encode(job))


async def find_key(transaction: AsyncConnection, publication_id: UUID) -> PublicationKey:
    """Return the key of a publication job of any programme. Raises NotFound."""
    statement = select(publication_job.c.programme).where(publication_job.c.id == publication_id)
    programme_id = (await transaction.execute(statement)).scalar_one_or_none()
    if programme_id is None:
        raise NotFound(f"There is no publication job {publication_id}.")
    return PublicationKey(programme=programme_id, publication=publication_id)


async def list_programme_ids(transaction: AsyncConnection) -> list[int]:
    return list((await transaction.execute(select(programme.c.id))).scalars())


async def put_back_lost_job(transaction: AsyncConnection, programme_id: int) -> UUID | None:
    """Enqueue the open publication job of a programme if it is not in the queue, and return its id."""
    statement = select(publication_job.c.id).where(
        publication_job.c.programme == programme_id, publication_job.c.state.in_(OPEN_STATES)
    )
    # Locked, so that two workers that start together do not both enqueue it.
    publication_id = (await transaction.execute(statement.with_for_update())).scalar_one_or_none()
    if publication_id is None:
        return None
    payload = msgspec.json.encode(PublicationKey(programme=programme_id, publication=publication_id))
    if payload in await queue.list_payloads(transaction, PUBLISH_JOB_KIND):
        return None
    await queue.enqueue(transaction, PUBLISH_JOB_KIND, payload)
    return publication_id


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
