"""Statements that read selected revisions, their cells and published figures."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, Subquery, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import copy_binary_out
from api.figures.returns_data import ID_COLUMNS, RevisionCells, SelectedRevision, unpack_cells
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.cell_columns import NUMBER_FIELDS
from api.submissions.queries_revisions import approved_revision_expression, state_expression
from schema.outcomes import RevisionBasis
from schema.submissions import PublisherFigure, ReturnKind, ReviewState, Status
from schema.tables import return_table, revision

CELL_COLUMNS = ", ".join(
    (
        *(f"{name}::bigint" for name in ID_COLUMNS),
        *(f"coalesce({name}::float8, 'NaN')" for name in NUMBER_FIELDS),
        f"coalesce(status = '{Status.CONFIDENTIAL}', false)",
    )
)
"""The columns in the order and types that `unpack_cells` reads."""


async def fetch_selected_revisions(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    series: Sequence[tuple[str, str]],
    basis: RevisionBasis = RevisionBasis.LATEST,
) -> list[SelectedRevision]:
    """Return the newest or the approved revision of every return; the newest one if none is approved."""
    rows = await transaction.execute(_select_revisions(catalogue, series, basis))
    return [_to_selected_revision(row, catalogue, basis) for row in rows if row.state != ReviewState.REDACTED]


def _select_revisions(
    catalogue: Catalogue, series: Sequence[tuple[str, str]], basis: RevisionBasis
) -> Select[*tuple[Any, ...]]:
    newest = _select_newest_revisions(catalogue)
    is_revision_of_return = and_(
        return_table.c.programme == revision.c.programme, return_table.c.id == revision.c["return"]
    )
    approved = approved_revision_expression(return_table)
    number = newest.c.number if basis is RevisionBasis.LATEST else func.coalesce(approved, newest.c.number)
    return (
        select(
            revision.c.id,
            revision.c.number,
            return_table.c.series,
            return_table.c.organisation,
            return_table.c.service,
            return_table.c.period,
            revision.c.kind,
            state_expression(revision).label("state"),
            newest.c.first_recorded_at,
            approved.label("approved"),
        )
        .join(return_table, is_revision_of_return)
        .join(newest, and_(newest.c["return"] == return_table.c.id, number == revision.c.number))
        .where(
            revision.c.programme == catalogue.id,
            revision.c.kind != ReturnKind.WITHDRAWN,
            return_table.c.series.in_([catalogue.ids.series[key] for key in series]),
        )
        .order_by(
            return_table.c.series, return_table.c.period_start, return_table.c.organisation, return_table.c.service
        )
    )


def _select_newest_revisions(catalogue: Catalogue) -> Subquery:
    return (
        select(
            revision.c["return"],
            func.max(revision.c.number).label("number"),
            func.min(revision.c.recorded_at).label("first_recorded_at"),
        )
        .where(revision.c.programme == catalogue.id)
        .group_by(revision.c["return"])
        .subquery()
    )


def _to_selected_revision(row: Row[Any], catalogue: Catalogue, basis: RevisionBasis) -> SelectedRevision:
    return SelectedRevision(
        id=row.id,
        number=row.number,
        state=ReviewState(row.state),
        is_counted=basis is RevisionBasis.LATEST or row.approved is not None,
        measure=catalogue.series_slugs[row.series][0],
        series=catalogue.series_slugs[row.series][1],
        organisation=catalogue.organisation_slugs[row.organisation],
        service=row.service,
        period=periods.parse(row.period),
        kind=ReturnKind(row.kind),
        has_approved_revision=row.approved is not None,
        first_recorded_at=row.first_recorded_at,
    )


async def fetch_cells(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    *,
    revisions: Sequence[int],
    areas: Sequence[str] | None = None,
    breakdowns: Sequence[str] | None = None,
) -> RevisionCells:
    """Return the cells of these revisions, for these areas and breakdowns or for all.

    To read nearly all of them, pass None: with long lists PostgreSQL scans every observation.
    """
    filters: dict[str, Sequence[int]] = {"revision": revisions}
    if areas is not None:
        filters["area"] = [catalogue.ids.areas[code] for code in areas]
    if breakdowns is not None:
        filters["breakdown"] = [catalogue.ids.breakdowns[key] for key in breakdowns]
    # The view has a security barrier: only constants reach the index below it.
    conditions = [f"{name} = any ('{{{', '.join(f'{n:d}' for n in numbers)}}}')" for name, numbers in filters.items()]
    content: list[bytes] = []
    where = f"programme = {catalogue.id:d} and {' and '.join(conditions)}"
    await copy_binary_out(transaction, f"select {CELL_COLUMNS} from cell where {where}", content.append)  # noqa: S608  only numbers
    return unpack_cells(b"".join(content))


async def fetch_published_figures(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]
) -> dict[int, list[PublisherFigure]]:
    """Return the publishers' figures in these revisions."""
    rows = await transaction.execute(
        select(revision.c.id, revision.c.content).where(
            revision.c.programme == catalogue.id, revision.c.id == func.any(list(revisions))
        )
    )
    return {row.id: msgspec.convert(row.content or [], list[PublisherFigure]) for row in rows}
