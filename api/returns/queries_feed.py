"""SQL of the feed of events of returns."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.returns.queries_returns import Statement
from api.statistics import periods
from schema.returns import EventKind, ReturnEvent
from schema.submissions import ReturnKind, ReviewState
from schema.tables import return_event, return_table, revision


class FeedPosition(Struct, frozen=True, kw_only=True):
    """The position of an event among those of all organisations.

    It never leaves the server, because it reveals how much the others submit.
    """

    transaction_id: str
    position: int


async def fetch_position(
    transaction: AsyncConnection, catalogue: Catalogue, event: UUID, *, readable_organisations: Sequence[str] | None
) -> FeedPosition | None:
    """Return the position of an event, or None if the caller may read no such event."""
    statement = select(text('"transaction"::text as transaction'), return_event.c.position).where(
        return_event.c.id == event
    )
    row = (await transaction.execute(_limit_to_readable(statement, catalogue, readable_organisations))).one_or_none()
    return None if row is None else FeedPosition(transaction_id=row.transaction, position=row.position)


def _limit_to_readable(
    statement: Statement, catalogue: Catalogue, readable_organisations: Sequence[str] | None
) -> Statement:
    statement = statement.where(return_event.c.programme == catalogue.id)
    if readable_organisations is None:
        return statement
    return statement.where(
        return_event.c.organisation.in_([catalogue.ids.organisations[slug] for slug in readable_organisations])
    )


async def fetch_events(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    *,
    readable_organisations: Sequence[str] | None,
    after: FeedPosition | None,
    limit: int,
) -> list[ReturnEvent]:
    """Return the events of returns in the order of the transactions that wrote them. No event is ever missed.

    PostgreSQL assigns transaction ids in order, but transactions commit in any order: an event may become visible
    before one of an older transaction. So this returns only events whose transaction is older than every running one
    (`pg_snapshot_xmin`). All older transactions have ended and can write no more, so no event can appear later before
    one that was returned. A long transaction delays the feed and loses nothing.
    """
    statement = _select_events().limit(limit)
    parameters: dict[str, Any] = {}
    if after is not None:
        statement = statement.where(
            text('(return_event."transaction", return_event.position) > (cast(:after as text)::xid8, :position)')
        )
        parameters = {"after": after.transaction_id, "position": after.position}
    rows = await transaction.execute(_limit_to_readable(statement, catalogue, readable_organisations), parameters)
    return [_to_event(row, catalogue) for row in rows]


def _select_events() -> Statement:
    """Return the select of all events of ended transactions, in the order of the feed."""
    oldest_running = func.pg_snapshot_xmin(func.pg_current_snapshot())
    return (
        select(
            *(return_event.c[name] for name in ("id", "event", "at", "organisation", "by_organisation")),
            *(return_event.c[name] for name in ("number", "state", "text")),
            *(return_table.c[name] for name in ("series", "service", "period")),
            revision.c.kind,
        )
        .join(
            return_table,
            and_(return_table.c.programme == return_event.c.programme, return_table.c.id == return_event.c["return"]),
        )
        .join(
            revision,
            and_(
                revision.c.programme == return_event.c.programme,
                revision.c["return"] == return_event.c["return"],
                revision.c.number == return_event.c.number,
            ),
        )
        .where(return_event.c.transaction < oldest_running)
        .order_by(return_event.c.transaction, return_event.c.position)
    )


def _to_event(row: Row[Any], catalogue: Catalogue) -> ReturnEvent:
    measure, series_slug = catalogue.series_slugs[row.series]
    return ReturnEvent(
        id=row.id,
        event=EventKind(row.event),
        at=row.at,
        organisation=catalogue.organisation_slugs[row.organisation],
        measure=measure,
        series=series_slug,
        service=row.service,
        period=periods.parse(row.period),
        revision=row.number,
        kind=ReturnKind(row.kind),
        state=None if row.state is None else ReviewState(row.state),
        by=catalogue.organisation_slugs[row.by_organisation],
        text=cast("str | None", row.text),
    )
