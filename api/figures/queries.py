"""Statements that read selected revisions and published figures."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, Subquery, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.queries_revisions import approved_revision_expression, state_expression
from schema.outcomes import RevisionBasis
from schema.submissions import PublisherFigure, ReturnKind, ReviewState
from schema.tables import return_table, revision


async def fetch_selected_revisions(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    series: Sequence[tuple[str, str]],
    basis: RevisionBasis = RevisionBasis.LATEST,
) -> list[SelectedRevision]:
    """Return the newest or the approved revision of every return; the newest one if none is approved."""
    rows = await transaction.execute(_select_revisions(catalogue, series, basis))
    return [_to_selected_revision(row, catalogue, basis) for row in rows if row.state != ReviewState.REDACTED]


async def fetch_approved_revisions(transaction: AsyncConnection, catalogue: Catalogue) -> list[SelectedRevision]:
    """Return the approved revision of every return of the plan; the newest one, not counted, if none is approved."""
    keys = [(measure.slug, series.slug) for measure in catalogue.plan.measures for series in measure.series]
    return await fetch_selected_revisions(transaction, catalogue, keys, RevisionBasis.APPROVED)


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
            revision.c.rounded_to,
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
        rounded_to=row.rounded_to,
        has_approved_revision=row.approved is not None,
        first_recorded_at=row.first_recorded_at,
    )


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
