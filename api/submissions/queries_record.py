"""Record a submission with its revisions, cells and events, and read its report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.access.idempotency import IdempotentRequest
from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.submissions.packed_cells import EMPTY_VALUES, PackedCells
from api.submissions.revisions import ReturnDiff, ReturnKey
from schema.partners import Author
from schema.returns import EventKind
from schema.submission_reports import Receipt, SubmissionOutcome, SubmissionReport
from schema.submissions import Justification, ReviewState
from schema.tables import submission


async def record_submission(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    comparison: Sequence[ReturnDiff],
    packed_cells: Mapping[int, PackedCells],
    return_ids: Mapping[ReturnKey, int],
    report: SubmissionReport,
    request: IdempotentRequest,
    answer: bytes,
    *,
    receipt: Receipt,
    note: str | None,
    justifications_for: Callable[[int], list[Justification]],
    author: Author,
    recorded_at: datetime,
) -> None:
    """Write a submission, its revisions with their cells, their events, the audit entry, and the answer to repeats.

    `answer` is the report as JSON. `packed_cells` has the cells of each changed return, `justifications_for` returns
    its justifications, by item.
    """
    changed = [return_diff for return_diff in comparison if return_diff.outcome is SubmissionOutcome.ACCEPTED]
    await fetch_in_transaction(
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
        answer.decode(),
        receipt.received_at,
        recorded_at,
        catalogue.ids.organisations[author.organisation],
        *_event_columns(changed, return_ids, receipt.submission),
        *_revision_columns(changed, return_ids, justifications_for),
        *_cell_columns([packed_cells[return_diff.item] for return_diff in changed]),
        _to_json(_describe_for_audit(report, receipt)),
        *(request.operation, request.key, request.content_sha256, answer),
        "return.withdrawn" if request.operation.startswith("withdraw_return") else "submission.accepted",
        *(author.client_request_id, [change.identified_return.submitted.rounded_to for change in changed]),
    )


def _describe_for_audit(report: SubmissionReport, receipt: Receipt) -> dict[str, str]:
    return {
        "submission": str(receipt.submission),
        "returns": str(len(report.returns)),
        "outcome": report.outcome,
    }


def _revision_columns(
    changed: Sequence[ReturnDiff],
    return_ids: Mapping[ReturnKey, int],
    justifications_for: Callable[[int], list[Justification]],
) -> list[list[object]]:
    """Return the arguments $19 to $24."""
    returns = [return_diff.identified_return for return_diff in changed]
    return [
        [return_ids[identified.key] for identified in returns],
        [return_diff.revision_number for return_diff in changed],
        [identified.submitted.kind for identified in returns],
        [_to_json(identified.content) for identified in returns],
        [_to_json(justifications_for(return_diff.item)) for return_diff in changed],
        [identified.submitted.note for identified in returns],
    ]


def _cell_columns(packed: Sequence[PackedCells]) -> list[list[object]]:
    """Return the arguments $25 to $35."""
    return [
        [cells.count for cells in packed],
        [cells.totals for cells in packed],
        [cells.notes for cells in packed],
        *([cells.columns[place] for cells in packed] for place in range(len(EMPTY_VALUES))),
    ]


def _event_columns(
    changed: Sequence[ReturnDiff], return_ids: Mapping[ReturnKey, int], submission_id: UUID
) -> list[list[object]]:
    """Return the arguments $13 to $18."""
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


_CELL_NAMES = ", ".join(f"cell_{name}" for name in EMPTY_VALUES)
_CELL_ARGUMENTS = ", ".join(f"${28 + place}::bytea[]" for place in range(len(EMPTY_VALUES)))
# One statement for all that a submission writes. PostgreSQL checks foreign keys at its end.
_INSERT_SUBMISSION = f"""
    with new_submission as (
        insert into submission (programme, organisation, plan_version, id, client, request_id, content_sha256, note,
            report, received_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ), new_event as (
        insert into return_event (programme, organisation, client, by_organisation, at,
            id, "return", number, event, state, text)
        select $1, $2, $5, $12, $11, *
        from unnest($13::uuid[], $14::bigint[], $15::int[], $16::text[], $17::text[], $18::text[])
    ), new_audit_entry as (
        insert into audit (programme, action, organisation, request_id, client_request_id, subject)
        values ($1, $41, $2, $6, $42, $36)
    ), new_answer as (
        insert into idempotency (programme, client, operation, key, organisation, content_sha256, submission, answer,
            created_at)
        select $1, $5, $37, $38::text, $2, $39, $4, $40, $10 where $38::text is not null
    )
    insert into revision (programme, organisation, plan_version, submission, recorded_at,
        "return", number, kind, content, justifications, note,
        cells, totals, cell_notes, {_CELL_NAMES}, rounded_to)
    select $1, $2, $3, $4, $11, * from unnest(
        $19::bigint[], $20::int[], $21::text[], $22::jsonb[], $23::jsonb[], $24::text[],
        $25::int[], $26::int[], $27::jsonb[], {_CELL_ARGUMENTS}, $43::int[]
    )
"""  # noqa: S608  the names of the columns are constants


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
