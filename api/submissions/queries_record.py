"""Record a submission with its revisions, cells and events, and read its report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec
import numpy as np
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import copy_binary_in, fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import MISSING, Cells, Column
from api.submissions.copy_format import pack_cells
from api.submissions.revisions import ReturnDiff, ReturnKey
from schema.partners import Author
from schema.returns import EventKind
from schema.submission_reports import Receipt, SubmissionOutcome, SubmissionReport
from schema.submissions import Justification, ReviewState
from schema.tables import observation, submission


async def record_submission(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    comparison: Sequence[ReturnDiff],
    cells: Cells,
    return_ids: Mapping[ReturnKey, int],
    report: SubmissionReport,
    *,
    receipt: Receipt,
    note: str | None,
    justifications_for: Callable[[int], list[Justification]],
    author: Author,
    recorded_at: datetime,
) -> None:
    """Write the submission, a revision for each changed return, and their cells and events.

    `justifications_for` returns the justifications for a return, by its item.
    """
    changed = [return_diff for return_diff in comparison if return_diff.outcome is SubmissionOutcome.ACCEPTED]
    rows = await fetch_in_transaction(
        transaction,
        _INSERT_SUBMISSION,
        catalogue.id,
        catalogue.ids.organisations[report.organisation],
        catalogue.version,
        receipt.submission,
        author.client,
        author.request_id,
        bytes.fromhex(receipt.content_sha256),
        note,
        _to_json(report),
        receipt.received_at,
        recorded_at,
        *_revision_columns(changed, return_ids, justifications_for),
        catalogue.ids.organisations[author.organisation],
        *_event_columns(changed, return_ids, receipt.submission),
    )
    revision_by_return = {row["return"]: row["id"] for row in rows}
    revision_by_item = np.full(len(comparison), MISSING, dtype=np.int64)
    for return_diff in changed:
        revision_by_item[return_diff.item] = revision_by_return[return_ids[return_diff.identified_return.key]]
    await _copy_cells(transaction, catalogue, cells, revision_by_item[cells.item])


async def _copy_cells(transaction: AsyncConnection, catalogue: Catalogue, cells: Cells, revisions: Column) -> None:
    """Copy the cells that have a revision."""
    if (revisions != MISSING).any():
        content = pack_cells(cells, revisions, catalogue.id)
        await copy_binary_in(transaction, observation.name, [column.name for column in observation.columns], content)


def _revision_columns(
    changed: Sequence[ReturnDiff],
    return_ids: Mapping[ReturnKey, int],
    justifications_for: Callable[[int], list[Justification]],
) -> list[list[object]]:
    """Return the arguments $12 to $18."""
    returns = [return_diff.identified_return for return_diff in changed]
    return [
        [return_ids[identified.key] for identified in returns],
        [return_diff.revision_number for return_diff in changed],
        [identified.submitted.kind for identified in returns],
        [
            return_diff.counts.received if return_diff.identified_return.content is None else 0
            for return_diff in changed
        ],
        [_to_json(identified.content) for identified in returns],
        [_to_json(justifications_for(return_diff.item)) for return_diff in changed],
        [identified.submitted.note for identified in returns],
    ]


def _event_columns(
    changed: Sequence[ReturnDiff], return_ids: Mapping[ReturnKey, int], submission_id: UUID
) -> list[list[object]]:
    """Return the arguments $20 to $25."""
    events = list(_events_to_record(changed))
    return [
        [uuid5(submission_id, f"{event.event} {' '.join(event.key)}") for event in events],
        [return_ids[event.key] for event in events],
        [event.number for event in events],
        [event.event for event in events],
        [event.state for event in events],
        [event.text for event in events],
    ]


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class _NewEvent(Struct, frozen=True, kw_only=True):
    key: ReturnKey
    number: int
    event: EventKind
    state: ReviewState
    text: str | None = None


def _events_to_record(changed: Sequence[ReturnDiff]) -> Iterator[_NewEvent]:
    """Yield the event of each new revision, and that of the unapproved revision which it supersedes."""
    for return_diff in changed:
        key, current = return_diff.identified_return.key, return_diff.current
        if current.state in (ReviewState.PENDING, ReviewState.QUERIED):
            yield _NewEvent(key=key, number=current.number, event=EventKind.SUPERSEDED, state=ReviewState.SUPERSEDED)
        yield _NewEvent(
            key=key,
            number=return_diff.revision_number,
            event=EventKind.RECORDED,
            state=ReviewState.PENDING,
            text=return_diff.identified_return.submitted.note,
        )


# One statement for the submission, its revisions and their events. PostgreSQL checks foreign keys at its end.
_INSERT_SUBMISSION = """
    with new_submission as (
        insert into submission (programme, organisation, plan_version, id, client, request_id, content_sha256, note,
            report, received_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ), new_revision as (
        insert into revision (programme, organisation, plan_version, submission, recorded_at,
            "return", number, kind, cells, content, justifications, note)
        select $1, $2, $3, $4, $11, *
        from unnest($12::bigint[], $13::int[], $14::text[], $15::int[], $16::jsonb[], $17::jsonb[], $18::text[])
        returning id, "return"
    ), new_event as (
        insert into return_event (programme, organisation, client, by_organisation, at,
            id, "return", number, event, state, text)
        select $1, $2, $5, $19, $11, *
        from unnest($20::uuid[], $21::bigint[], $22::int[], $23::text[], $24::text[], $25::text[])
    )
    select id, "return" from new_revision
"""


async def fetch_report(
    transaction: AsyncConnection, catalogue: Catalogue, submission_id: UUID, *, organisations: Sequence[str] | None
) -> SubmissionReport | None:
    """Return the report of a submission, or None if these organisations do not have it."""
    query = select(submission.c.report).where(submission.c.programme == catalogue.id, submission.c.id == submission_id)
    if organisations is not None:
        ids = [catalogue.ids.organisations[slug] for slug in organisations]
        query = query.where(submission.c.organisation.in_(ids))
    report = (await transaction.execute(query)).scalar_one_or_none()
    return None if report is None else msgspec.convert(report, SubmissionReport)
