"""SQL of obligations: which returns are expected, and what has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, to_builtins
from sqlalchemy import ColumnElement, FromClause, Row, and_, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.http.pagination import ObligationCursor
from api.plan.calendar import Deadlines
from api.plan.catalogue import Catalogue
from api.returns.queries_returns import Statement
from api.reviews.queries_reviews import count_entries, is_same_revision
from api.reviews.structs import ObligationDetails, RevisionState
from api.statistics import periods
from api.submissions.queries_revisions import approved_revision_expression, state_expression
from schema.returns import EventKind
from schema.reviews import Extension, ReviewQuery
from schema.submissions import ReturnKind, ReviewState
from schema.tables import (
    exemption,
    extension,
    obligation,
    organisation,
    redaction,
    return_event,
    return_table,
    revision,
    series,
)

OBLIGATION_KEY_COLUMNS = ("organisation", "series", "service", "period")


class ObligationFilter(Struct, frozen=True, kw_only=True):
    """Which obligations to select; a field that is None selects all."""

    organisation: str | None = None
    measure: str | None = None
    period: str | None = None
    due_before: datetime | None = None

    def describe(self) -> dict[str, str]:
        """Return the filter as the audit records it."""
        return {name: value for name, value in to_builtins(self).items() if value is not None}


async def fetch_obligation_details(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    obligation_filter: ObligationFilter,
    *,
    readable_organisations: Sequence[str] | None,
    after: ObligationCursor | None,
    limit: int,
) -> list[ObligationDetails]:
    """Return obligations by due date, extensions included, with what reviewers decided and what has come."""
    longest_extension = _select_first_decision(extension, extension.c.until.desc(), "longest_extension")
    due = func.greatest(obligation.c.due, longest_extension.c.until)
    order = (due, obligation.c.holder, series.c.measure, series.c.slug, obligation.c.service, obligation.c.period)
    statement = _select_details(catalogue, longest_extension, due).order_by(*order).limit(limit)
    filters = {
        organisation.c.slug: obligation_filter.organisation,
        series.c.measure: obligation_filter.measure,
        obligation.c.period: obligation_filter.period,
    }
    statement = statement.where(*(column == value for column, value in filters.items() if value is not None))
    if obligation_filter.due_before is not None:
        statement = statement.where(due < obligation_filter.due_before)
    if readable_organisations is not None:
        statement = statement.where(organisation.c.slug.in_(readable_organisations))
    if after is not None:
        key = (after.due, after.holder, after.measure, after.series, after.service, after.period)
        statement = statement.where(tuple_(*order) > tuple_(*(literal(value) for value in key)))
    return [_to_details(row) for row in await transaction.execute(statement)]


def _select_details(catalogue: Catalogue, longest_extension: Any, due: ColumnElement[Any]) -> Statement:
    newest_exemption = _select_first_decision(exemption, exemption.c.at.desc(), "newest_exemption")
    newest_revision = _select_newest_revision()
    newest_query = _select_newest_query(newest_revision)
    return (
        select(
            *(obligation.c[name] for name in ("holder", "service", "period", "due", "timely_until", "closes_at")),
            series.c.measure,
            series.c.slug.label("series"),
            organisation.c.slug.label("organisation"),
            due.label("extended_due"),
            *(longest_extension.c[name].label(f"extension_{name}") for name in ("id", "until", "reason", "at")),
            newest_exemption.c.exempt,
            newest_exemption.c.reason.label("exempt_reason"),
            newest_revision.c.id.label("revision_id"),
            newest_revision.c.number,
            newest_revision.c.kind,
            count_entries(newest_revision.c.content).label("entries"),
            state_expression(newest_revision).label("state"),
            approved_revision_expression(return_table).label("approved"),
            newest_query.c.at.label("queried_at"),
            newest_query.c.text.label("query"),
            redaction.c.proposed_person,
        )
        .select_from(obligation)
        .join(series, and_(series.c.programme == obligation.c.programme, series.c.id == obligation.c.series))
        .outerjoin(
            organisation,
            and_(organisation.c.programme == obligation.c.programme, organisation.c.id == obligation.c.organisation),
        )
        .outerjoin(return_table, _is_of_obligation(return_table))
        .outerjoin(newest_revision, literal(True))
        .outerjoin(newest_query, literal(True))
        .outerjoin(longest_extension, literal(True))
        .outerjoin(newest_exemption, literal(True))
        .outerjoin(redaction, is_same_revision(redaction, newest_revision))
        .where(obligation.c.programme == catalogue.id, obligation.c.series.in_(catalogue.series_slugs))
    )


def _is_of_obligation(table: FromClause) -> ColumnElement[bool]:
    return and_(
        table.c.programme == obligation.c.programme,
        *(table.c[name] == obligation.c[name] for name in OBLIGATION_KEY_COLUMNS),
    )


def _select_first_decision(table: FromClause, order: ColumnElement[Any], name: str) -> Any:
    """Return the lateral of the first decision in this order about each obligation."""
    return (
        select(table)
        .where(_is_of_obligation(table))
        .order_by(order, table.c.position.desc())
        .limit(1)
        .correlate(obligation)
        .lateral(name)
    )


def _select_newest_revision() -> Any:
    return (
        select(revision)
        .where(revision.c.programme == return_table.c.programme, revision.c["return"] == return_table.c.id)
        .order_by(revision.c.number.desc())
        .limit(1)
        .correlate(return_table)
        .lateral("newest_revision")
    )


def _select_newest_query(newest_revision: Any) -> Any:
    return (
        select(return_event.c.at, return_event.c.text)
        .where(is_same_revision(return_event, newest_revision), return_event.c.event == EventKind.QUERIED)
        .order_by(return_event.c.position.desc())
        .limit(1)
        .correlate(newest_revision)
        .lateral("newest_query")
    )


def _to_details(row: Row[Any]) -> ObligationDetails:
    newest_revision = query = None
    if row.number is not None:
        newest_revision = RevisionState(
            number=row.number, kind=ReturnKind(row.kind), state=ReviewState(row.state), entry_count=row.entries
        )
        if newest_revision.state is ReviewState.QUERIED:
            query = ReviewQuery(revision=newest_revision.number, at=row.queried_at, reason=row.query)
    return ObligationDetails(
        holder=row.holder,
        organisation=row.organisation,
        measure=row.measure,
        series=row.series,
        service=row.service,
        period=periods.parse(row.period),
        deadlines=Deadlines(due=row.due, timely_until=row.timely_until, closes_at=row.closes_at),
        extended_due=row.extended_due,
        extension=None if row.extension_id is None else _to_extension(row),
        exemption_reason=row.exempt_reason if row.exempt else None,
        newest_revision=newest_revision,
        revision_id=row.revision_id,
        approved_number=row.approved,
        query=query,
        proposed_by=row.proposed_person,
    )


def _to_extension(row: Row[Any]) -> Extension:
    return Extension(
        id=row.extension_id,
        organisation=row.organisation,
        measure=row.measure,
        series=row.series,
        service=row.service,
        period=row.period,
        until=row.extension_until,
        reason=row.extension_reason,
        granted_at=row.extension_at,
    )


def make_deadline_cursor(details: ObligationDetails) -> ObligationCursor:
    """Return the values that obligations are ordered by: codes that reveal nothing about other organisations."""
    return ObligationCursor(
        details.extended_due, details.holder, details.measure, details.series, details.service, details.period.code
    )
