"""Read revisions and extensions, and the SQL expressions for review states that later stages use.

Every statement names the programme and the organisation or return, in addition to row-level security.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, FromClause, Text, and_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.submissions.revisions import Content, IdentifiedReturn, PastInstant, ReturnKey
from schema.measures import MeasureKind
from schema.submissions import (
    WEB_ADDRESS_PATTERN,
    EvidenceEntry,
    MilestoneItem,
    PublisherFigure,
    ReviewState,
)
from schema.tables import Snapshot, return_event, revision


async def fetch_extensions(transaction: AsyncConnection, catalogue: Catalogue, owner: str) -> dict[ReturnKey, datetime]:
    """Return the latest extension of each of the organisation's returns that has one."""
    rows = await fetch_in_transaction(
        transaction,
        """
        select series, service, period, max(until) as until from extension
        where programme = $1 and organisation = $2 group by series, service, period
        """,
        *(catalogue.id, catalogue.ids.organisations[owner]),
    )
    return {(*catalogue.series_slugs[row["series"]], row["service"], row["period"]): row["until"] for row in rows}


async def fetch_roundings(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_ids: Mapping[ReturnKey, int],
    numbers: Mapping[ReturnKey, int],
) -> dict[ReturnKey, int]:
    """Return the base of rounding of these revisions, which have numbers by return, where one is declared."""
    rows = await fetch_in_transaction(
        transaction,
        """
        select "return", rounded_to from revision
        join unnest($2::bigint[], $3::int[]) as current (return_id, current_number)
            on "return" = return_id and number = current_number
        where programme = $1 and rounded_to is not null
        """,
        *(catalogue.id, [return_ids[key] for key in numbers], list(numbers.values())),
    )
    by_return = {row["return"]: row["rounded_to"] for row in rows}
    return {key: by_return[return_ids[key]] for key in numbers if return_ids[key] in by_return}


async def fetch_revision(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    identified: IdentifiedReturn,
    return_ids: Mapping[ReturnKey, int],
    number: int,
) -> tuple[int | None, Content]:
    """Return the database id of a revision, and its items, entries or figures. The id is None if it does not exist."""
    result = await transaction.execute(
        select(revision.c.id, revision.c.content).where(
            revision.c.programme == catalogue.id,
            revision.c["return"] == return_ids[identified.key],
            revision.c.number == number,
        )
    )
    row = result.one_or_none()
    return (None, []) if row is None else (row.id, parse_content(row.content, identified.measure.kind))


def parse_content(stored: Any, kind: MeasureKind) -> Content:
    """Return the stored items, entries or figures. Only published figures have an area."""
    if not stored:
        return []
    if "area" in stored[0]:
        return msgspec.convert(stored, list[PublisherFigure])
    stored = [part | {"url": None} if _has_refused_address(part) else part for part in stored]
    return msgspec.convert(stored, list[MilestoneItem] if kind is MeasureKind.MILESTONE else list[EvidenceEntry])


def _has_refused_address(part: dict[str, Any]) -> bool:
    """Return True if the part has an address that was accepted before addresses with a user name were refused."""
    address = part.get("url")
    return address is not None and re.search(WEB_ADDRESS_PATTERN, address) is None


def state_expression(revisions: FromClause, *, as_of: PastInstant | None = None) -> ColumnElement[str]:
    """Return the review state of a revision: that of its last event with a state, optionally as of a time."""
    return (
        select(return_event.c.state)
        .where(
            return_event.c.programme == revisions.c.programme,
            return_event.c["return"] == revisions.c["return"],
            return_event.c.number == revisions.c.number,
            return_event.c.state.is_not(None),
            *_recorded_until(return_event, as_of),
        )
        .order_by(return_event.c.position.desc())
        .limit(1)
        .scalar_subquery()
    )


def _recorded_until(events: FromClause, as_of: PastInstant | None) -> list[ColumnElement[bool]]:
    return [] if as_of is None else [is_recorded_until(events, events.c.at, as_of)]


def is_recorded_until(table: FromClause, at: ColumnElement[datetime], instant: PastInstant) -> ColumnElement[bool]:
    """Return the condition that a row of `table`, written at `at`, belongs to the state of the instant."""
    if instant.snapshot is None:
        return at <= instant.at
    snapshot = cast(cast(instant.snapshot, Text), Snapshot)
    return and_(at <= instant.at, func.pg_visible_in_snapshot(table.c.transaction, snapshot))


def approved_revision_expression(returns: FromClause, *, as_of: PastInstant | None = None) -> ColumnElement[int]:
    """Return the number of a return's approved revision: one whose last event with a state was its approval."""
    later = return_event.alias("later")
    later_state = select(later.c.id).where(
        later.c.programme == return_event.c.programme,
        later.c["return"] == return_event.c["return"],
        later.c.number == return_event.c.number,
        later.c.position > return_event.c.position,
        later.c.state.is_not(None),
        *_recorded_until(later, as_of),
    )
    return (
        select(func.max(return_event.c.number))
        .where(
            return_event.c.programme == returns.c.programme,
            return_event.c["return"] == returns.c.id,
            return_event.c.state == ReviewState.APPROVED,
            *_recorded_until(return_event, as_of),
            ~later_state.exists(),
        )
        .scalar_subquery()
    )
