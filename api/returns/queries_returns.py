"""SQL of returns and their revisions, now or as of an earlier instant.

Every statement names the organisations as well as the programme; row-level security enforces the same again.
"""

from typing import Any

import msgspec
import numpy as np
from sqlalchemy import ColumnElement, FromClause, Row, Subquery, and_, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.returns.query import HistoryRange, ReturnCursor, ReturnFilter
from api.statistics import periods
from api.submissions.cell_columns import Cells
from api.submissions.queries_cells import fetch_cells
from api.submissions.queries_revisions import (
    approved_revision_expression,
    is_recorded_until,
    parse_content,
    state_expression,
)
from api.submissions.revisions import PastInstant
from schema.returns import ReturnDetail, ReturnRevision
from schema.submissions import (
    EvidenceEntry,
    Justification,
    MilestoneItem,
    Observation,
    PublisherFigure,
    ReturnKind,
    ReviewState,
)
from schema.tables import organisation, return_event, return_table, revision, series

Statement = Any  # a select of any columns

# The order of a page of returns. A cursor names these columns, so it reveals nothing about other organisations.
RETURN_ORDER = (
    series.c.measure,
    series.c.slug,
    return_table.c.service,
    organisation.c.slug,
    return_table.c.period_start,
    return_table.c.period,
)


async def fetch_returns(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    *,
    after: ReturnCursor | None,
    limit: int,
) -> list[ReturnRevision]:
    """Return the newest revision of each return as of the instant, in RETURN_ORDER."""
    newest = select_newest(catalogue, history_range.until, "newest")
    statement = (
        _select_revisions(catalogue, return_filter, history_range.until)
        .join(newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number))
        .order_by(*RETURN_ORDER)
        .limit(limit)
    )
    if return_filter.state is not None:
        statement = statement.where(state_expression(revision, as_of=history_range.until) == return_filter.state)
    if history_range.since is not None:
        statement = statement.where(_has_changed(history_range.since, history_range.until))
    if after is not None:
        statement = statement.where(tuple_(*RETURN_ORDER) > to_row(after))
    return [_to_summary(row) for row in await transaction.execute(statement)]


def _has_changed(since: PastInstant, until: PastInstant | None) -> ColumnElement[bool]:
    """Return the condition that the return got a revision, or that a review changed the state of one."""
    event = select(return_event.c.id).where(
        return_event.c.programme == return_table.c.programme,
        return_event.c["return"] == return_table.c.id,
        return_event.c.state.is_not(None),
        ~is_recorded_until(return_event, return_event.c.at, since),
    )
    if until is not None:
        event = event.where(is_recorded_until(return_event, return_event.c.at, until))
    return event.exists()


def make_return_cursor(last: ReturnRevision) -> ReturnCursor:
    """Return the values of RETURN_ORDER of a return."""
    period = last.period
    return ReturnCursor(last.measure, last.series, last.service, last.organisation, period.start, period.code)


def to_row(cursor: ReturnCursor) -> Any:
    """Return the cursor as a row of SQL, to compare with RETURN_ORDER."""
    return tuple_(*(literal(value) for value in msgspec.structs.astuple(cursor)))


async def fetch_revisions(
    transaction: AsyncConnection, catalogue: Catalogue, return_filter: ReturnFilter, history_range: HistoryRange
) -> list[ReturnRevision]:
    """Return every revision of a return, the newest first."""
    statement = _select_revisions(catalogue, return_filter, history_range.until).order_by(revision.c.number.desc())
    return [_to_summary(row) for row in await transaction.execute(statement)]


async def fetch_revision(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    *,
    number: int | None,
) -> ReturnDetail | None:
    """Return one revision of a return, by default the newest, or None if the caller may read none."""
    row = await _fetch_revision_row(transaction, catalogue, return_filter, history_range, number=number)
    if row is None:
        return None
    cells = await fetch_cells(transaction, catalogue, {row.revision_id: 0})
    rows = np.argsort(cells.cell_id).tolist()
    return _to_detail(row, catalogue, [_to_observation(cells, cell_row, catalogue) for cell_row in rows])


async def fetch_revision_with_columns(
    transaction: AsyncConnection, catalogue: Catalogue, return_filter: ReturnFilter, *, number: int
) -> tuple[ReturnDetail, Cells] | None:
    """Return one revision of a return with its cells as columns, or None if the caller may not read it."""
    row = await _fetch_revision_row(transaction, catalogue, return_filter, HistoryRange(), number=number)
    if row is None:
        return None
    return _to_detail(row, catalogue, []), await fetch_cells(transaction, catalogue, {row.revision_id: 0})


async def _fetch_revision_row(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    *,
    number: int | None,
) -> Row[Any] | None:
    statement = _select_revisions(catalogue, return_filter, history_range.until)
    statement = statement.order_by(revision.c.number.desc()).limit(1)
    if number is not None:
        statement = statement.where(revision.c.number == number)
    return (await transaction.execute(statement)).one_or_none()


def _to_detail(row: Row[Any], catalogue: Catalogue, observations: list[Observation]) -> ReturnDetail:
    content = parse_content(row.content, catalogue.measures[row.measure].kind)
    return ReturnDetail(
        summary=_to_summary(row),
        observations=observations,
        items=[item for item in content if isinstance(item, MilestoneItem)],
        entries=[entry for entry in content if isinstance(entry, EvidenceEntry)],
        figures=[figure for figure in content if isinstance(figure, PublisherFigure)],
        justifications=msgspec.convert(row.justifications, list[Justification]),
    )


def _to_observation(cells: Cells, row: int, catalogue: Catalogue) -> Observation:
    return Observation(**cells.read_codes(row, catalogue), **cells.read_row(row))


def select_newest(catalogue: Catalogue, as_of: PastInstant | None, name: str) -> Subquery:
    """Return the subquery of the newest revision number of each return as of the instant."""
    statement = select(revision.c["return"], func.max(revision.c.number).label("number")).where(
        revision.c.programme == catalogue.id
    )
    if as_of is not None:
        statement = statement.where(is_recorded_until(revision, revision.c.recorded_at, as_of))
    return statement.group_by(revision.c["return"]).subquery(name)


def build_conditions(catalogue: Catalogue, return_filter: ReturnFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter, except that on the review state."""
    columns = {
        organisation.c.slug: return_filter.organisation,
        series.c.measure: return_filter.measure,
        series.c.slug: return_filter.series,
        return_table.c.service: return_filter.service,
        return_table.c.period: return_filter.period,
        revision.c.kind: return_filter.kind,
    }
    conditions = [column == value for column, value in columns.items() if value is not None]
    if return_filter.readable_organisations is not None:
        conditions.append(
            return_table.c.organisation.in_(
                [catalogue.ids.organisations[slug] for slug in return_filter.readable_organisations]
            )
        )
    return [return_table.c.programme == catalogue.id, *conditions]


def add_names(statement: Statement, table: FromClause) -> Statement:
    """Select from a table with columns `series` and `organisation`, joined to the tables that name them."""
    return (
        statement.select_from(table)
        .join(series, and_(series.c.programme == table.c.programme, series.c.id == table.c.series))
        .join(
            organisation, and_(organisation.c.programme == table.c.programme, organisation.c.id == table.c.organisation)
        )
    )


def select_named_revisions(statement: Statement, catalogue: Catalogue, return_filter: ReturnFilter) -> Statement:
    """Add to the statement the revisions that the filter selects, with the names of their returns."""
    named = statement.add_columns(
        series.c.measure,
        series.c.slug.label("series"),
        return_table.c.service,
        organisation.c.slug.label("organisation"),
        return_table.c.period_start,
        return_table.c.period,
        revision.c.number,
        revision.c.kind,
        revision.c.recorded_at,
    )
    return (
        add_names(named, return_table)
        .join(
            revision, and_(revision.c.programme == return_table.c.programme, revision.c["return"] == return_table.c.id)
        )
        .where(*build_conditions(catalogue, return_filter))
    )


def _select_revisions(catalogue: Catalogue, return_filter: ReturnFilter, as_of: PastInstant | None) -> Statement:
    statement = select(
        revision.c.id.label("revision_id"),
        revision.c.cells,
        revision.c.submission,
        revision.c.note,
        revision.c.rounded_to,
        revision.c.content,
        revision.c.justifications,
        state_expression(revision, as_of=as_of).label("state"),
        approved_revision_expression(return_table, as_of=as_of).label("approved"),
    )
    return select_named_revisions(statement, catalogue, return_filter).where(
        *([] if as_of is None else [is_recorded_until(revision, revision.c.recorded_at, as_of)])
    )


def _to_summary(row: Row[Any]) -> ReturnRevision:
    return ReturnRevision(
        organisation=row.organisation,
        measure=row.measure,
        series=row.series,
        service=row.service,
        period=periods.parse(row.period),
        kind=ReturnKind(row.kind),
        revision=row.number,
        state=ReviewState(row.state),
        approved_revision=row.approved,
        cells=row.cells,
        submission=row.submission,
        recorded_at=row.recorded_at,
        note=row.note,
        rounded_to=row.rounded_to,
    )
