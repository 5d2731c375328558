"""Standing revisions and their cells, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import copy_out
from api.figures.returns_data import COUNTS, IDS, StandingCells, StandingRevision, unpacked
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.queries import approved_of, state_of
from schema.outcomes import RevisionBasis
from schema.reading import Geometry
from schema.submissions import PublishedFigure, ReturnKind, ReviewState, Status
from schema.tables import area, boundary, return_, revision

COLUMNS = ", ".join(
    (
        *(f"{name}::bigint" for name in IDS),
        *(f"coalesce({name}::float8, 'NaN')" for name in COUNTS),
        f"coalesce(status = '{Status.CONFIDENTIAL}', false)",
    )
)
"""Of cells, as `unpacked` reads them."""


async def standing(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    series: Sequence[tuple[str, str]],
    basis: RevisionBasis = RevisionBasis.LATEST,
) -> list[StandingRevision]:
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
    approved = approved_of(return_)
    shown = newest.c.number if basis is RevisionBasis.LATEST else func.coalesce(approved, newest.c.number)
    rows = await transaction.execute(
        select(
            revision.c.id,
            revision.c.number,
            return_.c.series,
            return_.c.organisation,
            return_.c.service,
            return_.c.period,
            revision.c.kind,
            state_of(revision).label("state"),
            newest.c.first_recorded_at,
            approved.label("approved"),
        )
        .join(return_, and_(return_.c.programme == revision.c.programme, return_.c.id == revision.c["return"]))
        .join(newest, and_(newest.c["return"] == return_.c.id, shown == revision.c.number))
        .where(
            revision.c.programme == catalogue.id,
            revision.c.kind != ReturnKind.WITHDRAWN,
            return_.c.series.in_([catalogue.ids.series[key] for key in series]),
        )
        .order_by(return_.c.series, return_.c.period_start, return_.c.organisation, return_.c.service)
    )
    return [
        StandingRevision(
            id=row.id,
            number=row.number,
            state=ReviewState(row.state),
            counts=basis is RevisionBasis.LATEST or row.approved is not None,
            measure=catalogue.series_slugs[row.series][0],
            series=catalogue.series_slugs[row.series][1],
            organisation=catalogue.organisation_slugs[row.organisation],
            service=row.service,
            period=periods.parse(row.period),
            kind=ReturnKind(row.kind),
            approved=row.approved is not None,
            first_recorded_at=row.first_recorded_at,
        )
        for row in rows
        if row.state != ReviewState.REDACTED
    ]


async def cells(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    *,
    revisions: Sequence[int],
    areas: Sequence[str] | None = None,
    breakdowns: Sequence[str] | None = None,
) -> StandingCells:
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
    await copy_out(transaction, f"select {COLUMNS} from cell where {here}", content.append)  # noqa: S608  numbers alone
    return unpacked(b"".join(content))


async def published(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int]
) -> dict[int, list[PublishedFigure]]:
    """The figures of these revisions, as their publishers gave them."""
    rows = await transaction.execute(
        select(revision.c.id, revision.c.content).where(
            revision.c.programme == catalogue.id, revision.c.id == func.any(list(revisions))
        )
    )
    return {row.id: msgspec.convert(row.content or [], list[PublishedFigure]) for row in rows}


async def boundaries(transaction: AsyncConnection, codes: Sequence[str]) -> dict[str, Geometry]:
    rows = await transaction.execute(select(boundary.c.area, boundary.c.geometry).where(boundary.c.area.in_(codes)))
    return {row.area: msgspec.convert(row.geometry, Geometry) for row in rows}


async def area_codes(transaction: AsyncConnection) -> set[str]:
    """Of every programme."""
    return set((await transaction.execute(select(area.c.code))).scalars())


async def keep_boundaries(
    transaction: AsyncConnection, found: Mapping[str, Geometry], *, source: str, now: datetime
) -> None:
    """In place of those that were there."""
    for code, geometry in found.items():
        values = {"geometry": msgspec.to_builtins(geometry), "source": source, "loaded_at": now}
        await transaction.execute(
            upsert(boundary).values(area=code, **values).on_conflict_do_update(index_elements=["area"], set_=values)
        )
