"""Standing revisions and their cells, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.outcomes.standing import StandingCells, StandingRevision
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.queries import approved_of, state_of
from schema.outcomes import RevisionBasis
from schema.reading import Geometry
from schema.submissions import PublishedFigure, ReturnKind, ReviewState, Status
from schema.tables import area, boundary, cell, return_, revision


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
    areas: Sequence[str],
    breakdowns: Sequence[str],
) -> StandingCells:
    """The cells of these revisions for these areas and breakdowns."""
    numbers = ("value", "numerator", "denominator", "lower", "upper")
    rows = (
        await transaction.execute(
            select(*(cell.c[name] for name in ("revision", "area", "breakdown", *numbers, "status"))).where(
                cell.c.programme == catalogue.id,
                cell.c.revision == func.any(list(revisions)),
                cell.c.area.in_([catalogue.ids.areas[code] for code in areas]),
                cell.c.breakdown.in_([catalogue.ids.breakdowns[key] for key in breakdowns]),
            )
        )
    ).all()
    columns = list(zip(*rows, strict=True)) or [()] * (4 + len(numbers))
    ids = [np.array(columns[index], dtype=np.int64) for index in range(3)]
    counts = [np.array(columns[index], dtype=np.float64) for index in range(3, 8)]  # None becomes NaN
    return StandingCells(
        revision=ids[0],
        area=ids[1],
        breakdown=ids[2],
        value=counts[0],
        numerator=counts[1],
        denominator=counts[2],
        lower=counts[3],
        upper=counts[4],
        hidden=np.array([status == Status.CONFIDENTIAL for status in columns[8]], dtype=np.bool_),
    )


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
