"""Standing revisions and their cells, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import copy_binary_out
from api.figures.returns_data import COUNT_COLUMNS, ID_COLUMNS, RevisionCells, SelectedRevision, unpack_cells
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.queries_revisions import approved_revision_expression, state_expression
from schema.geojson import Geometry
from schema.outcomes import RevisionBasis
from schema.submissions import PublisherFigure, ReturnKind, ReviewState, Status
from schema.tables import area, boundary, return_table, revision

CELL_COLUMNS = ", ".join(
    (
        *(f"{name}::bigint" for name in ID_COLUMNS),
        *(f"coalesce({name}::float8, 'NaN')" for name in COUNT_COLUMNS),
        f"coalesce(status = '{Status.CONFIDENTIAL}', false)",
    )
)
"""Of cells, as `unpacked` reads them."""


async def fetch_selected_revisions(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    series: Sequence[tuple[str, str]],
    basis: RevisionBasis = RevisionBasis.LATEST,
) -> list[SelectedRevision]:
    """The newest or the approved revision of every return of these series; the newest where none is approved."""
    newest = (
        select(
            revision.c["return"],
            func.max(revision.c.number).label("number"),
            func.min(revision.c.recorded_at).label("first_recorded_at"),
        )
        .where(revision.c.programme == catalogue.id)
        .group_by(revision.c["return"])
        .subquery()
    )
    approved = approved_revision_expression(return_table)
    shown = newest.c.number if basis is RevisionBasis.LATEST else func.coalesce(approved, newest.c.number)
    rows = await transaction.execute(
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
        .join(
            return_table,
            and_(return_table.c.programme == revision.c.programme, return_table.c.id == revision.c["return"]),
        )
        .join(newest, and_(newest.c["return"] == return_table.c.id, shown == revision.c.number))
        .where(
            revision.c.programme == catalogue.id,
            revision.c.kind != ReturnKind.WITHDRAWN,
            return_table.c.series.in_([catalogue.ids.series[key] for key in series]),
        )
        .order_by(
            return_table.c.series, return_table.c.period_start, return_table.c.organisation, return_table.c.service
        )
    )
    return [
        SelectedRevision(
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
        for row in rows
        if row.state != ReviewState.REDACTED
    ]


async def fetch_cells(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    *,
    revisions: Sequence[int],
    areas: Sequence[str] | None = None,
    breakdowns: Sequence[str] | None = None,
) -> RevisionCells:
    """The cells of these revisions for these areas and breakdowns, or for all of them.

    Who wants nearly all asks for all: for long lists PostgreSQL would rather look at every observation there is.
    """
    among: dict[str, Sequence[int]] = {"revision": revisions}
    if areas is not None:
        among["area"] = [catalogue.ids.areas[code] for code in areas]
    if breakdowns is not None:
        among["breakdown"] = [catalogue.ids.breakdowns[key] for key in breakdowns]
    # The view is fenced: only constants reach the index below it.
    chosen = [f"{name} = any ('{{{', '.join(f'{n:d}' for n in numbers)}}}')" for name, numbers in among.items()]
    content: list[bytes] = []
    here = f"programme = {catalogue.id:d} and {' and '.join(chosen)}"
    await copy_binary_out(transaction, f"select {CELL_COLUMNS} from cell where {here}", content.append)  # noqa: S608  numbers alone
    return unpack_cells(b"".join(content))


async def fetch_published_figures(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]
) -> dict[int, list[PublisherFigure]]:
    """The figures of these revisions, as their publishers gave them."""
    rows = await transaction.execute(
        select(revision.c.id, revision.c.content).where(
            revision.c.programme == catalogue.id, revision.c.id == func.any(list(revisions))
        )
    )
    return {row.id: msgspec.convert(row.content or [], list[PublisherFigure]) for row in rows}


async def fetch_boundaries(transaction: AsyncConnection, codes: Sequence[str]) -> dict[str, Geometry]:
    rows = await transaction.execute(select(boundary.c.area, boundary.c.geometry).where(boundary.c.area.in_(codes)))
    return {row.area: msgspec.convert(row.geometry, Geometry) for row in rows}


async def fetch_area_codes(transaction: AsyncConnection) -> set[str]:
    """Of every programme."""
    return set((await transaction.execute(select(area.c.code))).scalars())


async def save_boundaries(
    transaction: AsyncConnection, boundaries: Mapping[str, Geometry], *, source: str, now: datetime
) -> None:
    """In place of those that were there."""
    for code, geometry in boundaries.items():
        values = {"geometry": msgspec.to_builtins(geometry), "source": source, "loaded_at": now}
        await transaction.execute(
            upsert(boundary).values(area=code, **values).on_conflict_do_update(index_elements=["area"], set_=values)
        )
