"""SQL of the review of one return.

Every statement names the organisation as well as the programme; row-level security enforces the same again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import ColumnElement, FromClause, Row, and_, case, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import queue
from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.returns.queries_returns import add_names, build_conditions, select_newest
from api.returns.query import ReturnFilter
from api.reviews.structs import ReturnedTotal, ReviewableReturn, RevisionEvent, RevisionState
from api.submissions.cell_columns import Cells
from api.submissions.queries_cells import fetch_cells
from api.submissions.queries_locks import acquire_shared_write_lock
from api.submissions.queries_revisions import state_expression
from schema.partners import Author
from schema.returns import EventKind, ReturnEvent, ReturnRevision
from schema.submissions import ReturnKind, ReviewState
from schema.tables import organisation, return_event, return_table, revision, series

PROTECT_JOB_KIND = "protect"
"""Jobs that protect everything that is approved in a programme. The payload is its slug, in JSON."""


async def find_return(
    transaction: AsyncConnection, catalogue: Catalogue, return_filter: ReturnFilter
) -> tuple[int, str] | None:
    """Return the database's id of a return and the slug of its organisation, or None if the caller may not read it."""
    statement = add_names(select(return_table.c.id, organisation.c.slug), return_table).where(
        *build_conditions(catalogue, return_filter)
    )
    row = (await transaction.execute(statement)).one_or_none()
    return None if row is None else (row.id, row.slug)


async def lock_return(transaction: AsyncConnection, catalogue: Catalogue, return_id: int) -> datetime:
    """Block other submissions of the return and decisions about it until the transaction ends.

    Return the time of the database after that: a transaction that gets the locks later has a later one.
    """
    await acquire_shared_write_lock(transaction, catalogue)
    [row] = await fetch_in_transaction(transaction, _LOCK_RETURN_SQL, return_id)
    return row["locked_at"]


# PostgreSQL evaluates a materialised query to its end before the clock in the row that is made from it.
_LOCK_RETURN_SQL = """
    with lock as materialized (select pg_advisory_xact_lock($1)) select clock_timestamp() as locked_at from lock
"""


async def fetch_reviewable_return(
    transaction: AsyncConnection, catalogue: Catalogue, return_id: int, owner: str
) -> ReviewableReturn:
    """Return a return with the states of its revisions."""
    rows = await transaction.execute(
        select(
            revision.c.number,
            revision.c.kind,
            state_expression(revision).label("state"),
            count_entries(revision.c.content).label("entries"),
        )
        .where(revision.c.programme == catalogue.id, revision.c["return"] == return_id)
        .order_by(revision.c.number)
    )
    return ReviewableReturn(
        id=return_id,
        organisation=owner,
        revisions=[
            RevisionState(
                number=row.number, kind=ReturnKind(row.kind), state=ReviewState(row.state), entry_count=row.entries
            )
            for row in rows
        ],
    )


def count_entries(content: ColumnElement[Any]) -> ColumnElement[int]:
    """Return the number of items or entries: 0 for a content that is null in SQL or in JSON."""
    return case((func.jsonb_typeof(content) == "array", func.jsonb_array_length(content)), else_=0)


async def record_events(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    reviewed_return: ReviewableReturn,
    revision_events: Sequence[RevisionEvent],
    *,
    author: Author,
    at: datetime,
    action_id: UUID,
) -> None:
    """Insert the events of one action, in order. After an approval, a worker protects what is approved."""
    if any(event.event is EventKind.APPROVED for event in revision_events):
        await queue.enqueue(transaction, PROTECT_JOB_KIND, msgspec.json.encode(catalogue.plan.slug))
    for event in revision_events:
        await transaction.execute(
            insert(return_event)
            .inline()
            .values(
                {
                    "programme": catalogue.id,
                    "id": uuid5(action_id, f"{event.event} {event.number}"),
                    "return": reviewed_return.id,
                    "organisation": catalogue.ids.organisations[reviewed_return.organisation],
                    "number": event.number,
                    "event": event.event,
                    "state": event.state,
                    "text": event.text,
                    "entries": event.entries,
                    "client": author.client,
                    "by_organisation": catalogue.ids.organisations[author.organisation],
                    "at": at,
                }
            )
        )


async def fetch_events(
    transaction: AsyncConnection, catalogue: Catalogue, return_id: int, summary: ReturnRevision
) -> tuple[list[ReturnEvent], list[int]]:
    """Return the events of a return, the oldest first, and which entries of the revision `summary` are cleared."""
    rows = (
        await transaction.execute(
            select(
                *(return_event.c[name] for name in ("id", "event", "at", "number", "state", "text", "entries")),
                organisation.c.slug.label("by"),
                revision.c.kind,
            )
            .select_from(return_event)
            .join(
                organisation,
                and_(
                    organisation.c.programme == return_event.c.programme,
                    organisation.c.id == return_event.c.by_organisation,
                ),
            )
            .join(revision, is_same_revision(revision, return_event))
            .where(return_event.c.programme == catalogue.id, return_event.c["return"] == return_id)
            .order_by(return_event.c.position)
        )
    ).all()
    cleared = {entry for row in rows if row.number == summary.revision for entry in row.entries or ()}
    return [_to_event(row, summary) for row in rows], sorted(cleared)


def _to_event(row: Row[Any], summary: ReturnRevision) -> ReturnEvent:
    return ReturnEvent(
        id=row.id,
        event=EventKind(row.event),
        at=row.at,
        organisation=summary.organisation,
        measure=summary.measure,
        series=summary.series,
        service=summary.service,
        period=summary.period,
        revision=row.number,
        kind=ReturnKind(row.kind),
        state=None if row.state is None else ReviewState(row.state),
        by=row.by,
        text=row.text,
    )


async def fetch_cleared_entries(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]
) -> dict[int, list[int]]:
    """Return which entries of each of these revisions are cleared, counted from 1."""
    rows = await transaction.execute(
        select(revision.c.id, return_event.c.entries)
        .join(return_event, is_same_revision(revision, return_event))
        .where(
            revision.c.programme == catalogue.id,
            revision.c.id == func.any(list(revisions)),
            return_event.c.event == EventKind.CLEARED,
        )
    )
    cleared: dict[int, set[int]] = {}
    for row in rows:
        cleared.setdefault(row.id, set()).update(row.entries or ())
    return {number: sorted(entries) for number, entries in cleared.items()}


def is_same_revision(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    return and_(
        left.c.programme == right.c.programme,
        left.c["return"] == right.c["return"],
        left.c.number == right.c.number,
    )


async def fetch_returned_totals(
    transaction: AsyncConnection, catalogue: Catalogue, summary: ReturnRevision
) -> list[ReturnedTotal]:
    """Return the totals of whole areas in every organisation's current return of this series and period.

    Only reviewers may read them.
    """
    revisions = await _fetch_current_revisions(transaction, catalogue, summary)
    totals = await fetch_cells(transaction, catalogue, {number: number for number in revisions}, only_totals=True)
    nil_totals = [
        ReturnedTotal(organisation=row.slug, service=row.service, kind=ReturnKind.NIL, area=None)
        for row in revisions.values()
        if row.kind == ReturnKind.NIL
    ]
    return [
        _to_returned_total(totals, row, revisions[number], catalogue) for row, number in enumerate(totals.item.tolist())
    ] + nil_totals


async def _fetch_current_revisions(
    transaction: AsyncConnection, catalogue: Catalogue, summary: ReturnRevision
) -> dict[int, Row[Any]]:
    """Return the newest revisions of this series and period, unless withdrawn or redacted, by the database's id."""
    newest = select_newest(catalogue, None, "newest")
    rows = await transaction.execute(
        add_names(select(organisation.c.slug, return_table.c.service, revision.c.id, revision.c.kind), return_table)
        .join(newest, newest.c["return"] == return_table.c.id)
        .join(
            revision,
            and_(
                revision.c.programme == return_table.c.programme,
                revision.c["return"] == return_table.c.id,
                revision.c.number == newest.c.number,
            ),
        )
        .where(
            return_table.c.programme == catalogue.id,
            series.c.measure == summary.measure,
            series.c.slug == summary.series,
            return_table.c.period == summary.period.code,
            revision.c.kind != ReturnKind.WITHDRAWN,
            state_expression(revision) != ReviewState.REDACTED,
        )
    )
    return {row.id: row for row in rows}


def _to_returned_total(totals: Cells, row: int, revision_row: Row[Any], catalogue: Catalogue) -> ReturnedTotal:
    fields = totals.read_row(row)
    return ReturnedTotal(
        organisation=revision_row.slug,
        service=revision_row.service,
        kind=ReturnKind(revision_row.kind),
        area=catalogue.area_codes[int(totals.area[row])],
        **{name: value for name, value in fields.items() if name != "note"},
    )
