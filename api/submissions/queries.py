"""Returns, their revisions and observations, in SQL.

Every statement names the organisation as well as the programme; row-level security does the same once more.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, and_, func, insert, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cursors import Place
from api.database import copy
from api.plan.catalogue import Catalogue, breakdown_of
from api.statistics import periods
from api.submissions.revisions import NULL, NUMBERS, STATUSES, Cells, Column, Compared, Identified, Standing
from schema.submissions import (
    Observation,
    Report,
    ReturnKind,
    StandingReturn,
    Status,
    SubmissionOutcome,
)
from schema.tables import cell, observation, organisation, return_, revision, series, submission

ReturnKey = tuple[str, str, str, str]


async def hold(
    transaction: AsyncConnection, catalogue: Catalogue, owner: str, identified: Sequence[Identified]
) -> dict[ReturnKey, int]:
    """The numbers of these returns, made where they are new, held until the transaction ends.

    Submissions to the same return wait for each other here, always in the same order, so never in a circle.
    """
    wanted = sorted(identified, key=lambda one: one.key)
    rows = [
        {
            "programme": catalogue.id,
            "organisation": catalogue.ids.organisations[owner],
            "series": catalogue.ids.series[one.measure.slug, one.series.slug],
            "service": one.duty.service,
            "period": one.period.code,
            "period_start": one.period.start,
            "period_end": one.period.end,
        }
        for one in wanted
    ]
    for row in rows:
        await transaction.execute(upsert(return_).values(row).on_conflict_do_nothing())
    names = ("organisation", "series", "service", "period")
    found = await transaction.execute(
        select(return_.c.id, *(return_.c[name] for name in names)).where(
            return_.c.programme == catalogue.id,
            tuple_(*(return_.c[name] for name in names)).in_([tuple(row[name] for name in names) for row in rows]),
        )
    )
    ids = {(row.series, row.service, row.period): row.id for row in found}
    numbers = [ids[row["series"], row["service"], row["period"]] for row in rows]
    for number in sorted(numbers):
        await transaction.execute(select(func.pg_advisory_xact_lock(number)))
    return {one.key: number for one, number in zip(wanted, numbers, strict=True)}


async def standing(
    transaction: AsyncConnection, catalogue: Catalogue, held: Mapping[ReturnKey, int]
) -> dict[ReturnKey, Standing]:
    """What stands of each return, its cells included."""
    newest = await transaction.execute(
        select(
            revision.c["return"],
            revision.c.number,
            revision.c.kind,
            func.min(revision.c.recorded_at).over(partition_by=revision.c["return"]).label("first_recorded_at"),
        )
        .where(revision.c.programme == catalogue.id, revision.c["return"].in_(held.values()))
        .order_by(revision.c.number)
    )
    by_return = {row[0]: row for row in newest}
    found: dict[ReturnKey, Standing] = {}
    for key, number in held.items():
        row = by_return.get(number)
        found[key] = Standing(
            number=row.number if row else 0,
            kind=row.kind if row else None,
            first_recorded_at=row.first_recorded_at if row else None,
            cells=await _cells(transaction, catalogue, number, row.number if row else 0),
        )
    return found


async def _cells(transaction: AsyncConnection, catalogue: Catalogue, number: int, newest: int) -> Cells:
    names = ("area", "breakdown", *NUMBERS, "status", "note")
    rows = (
        await transaction.execute(
            select(*(cell.c[name] for name in names)).where(
                cell.c.programme == catalogue.id, cell.c["return"] == number, cell.c.number == newest
            )
        )
    ).all()
    columns = list(zip(*rows, strict=True)) or [()] * len(names)

    def numbers(index: int) -> Column:
        return np.array([NULL if n is None else n for n in columns[index]], dtype=np.int64)

    return Cells(
        item=np.zeros(len(rows), dtype=np.int64),
        area=numbers(0),
        breakdown=numbers(1),
        value=numbers(2),
        numerator=numbers(3),
        denominator=numbers(4),
        lower=numbers(5),
        upper=numbers(6),
        status=np.array([STATUSES.index(Status(s) if s else None) for s in columns[7]], dtype=np.int64),
        notes=list(columns[8]),
    )


async def record(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    compared: Sequence[Compared],
    held: Mapping[ReturnKey, int],
    report: Report,
    *,
    client: UUID,
    request_id: str,
    note: str | None,
) -> None:
    """Write the submission, a revision for each return that changes, and their observations."""
    owner = catalogue.ids.organisations[report.organisation]
    receipt = report.receipt
    await transaction.execute(
        insert(submission).values(
            programme=catalogue.id,
            id=receipt.submission,
            organisation=owner,
            client=client,
            request_id=request_id,
            plan_version=catalogue.version,
            content_sha256=bytes.fromhex(receipt.content_sha256),
            note=note,
            report=msgspec.to_builtins(report),
            received_at=receipt.received_at,
        )
    )
    changed = [one for one in compared if one.outcome is SubmissionOutcome.ACCEPTED]
    for one in changed:
        made = await transaction.execute(
            insert(revision)
            .values(
                {
                    "programme": catalogue.id,
                    "return": held[one.identified.key],
                    "organisation": owner,
                    "number": one.number,
                    "kind": one.identified.given.kind,
                    "submission": receipt.submission,
                    "plan_version": catalogue.version,
                    "cells": len(one.cells),
                    "note": one.identified.given.note,
                    "recorded_at": receipt.received_at,
                }
            )
            .returning(revision.c.id)
        )
        await _write(transaction, catalogue, made.scalar_one(), one.cells)


async def _write(transaction: AsyncConnection, catalogue: Catalogue, number: int, cells: Cells) -> None:
    def nullable(column: Column) -> list[int | None]:
        return [None if number == NULL else number for number in column.tolist()]

    size = len(cells)
    numbers = [nullable(getattr(cells, name)) for name in NUMBERS]
    statuses: list[Status | None] = [STATUSES[int(index)] for index in cells.status]
    places = [cells.area.tolist(), cells.breakdown.tolist()]
    records = zip([catalogue.id] * size, [number] * size, *places, *numbers, statuses, cells.notes, strict=True)
    await copy(transaction, observation.name, [column.name for column in observation.columns], list(records))


# What a page of returns is ordered by, and a cursor points into: names, so that it tells nothing of anyone else.
ORDER = (
    series.c.measure,
    series.c.slug,
    return_.c.service,
    organisation.c.slug,
    return_.c.period_start,
    return_.c.period,
)


class Chosen(Struct, frozen=True, kw_only=True):
    """Which returns; a field that is None chooses all."""

    organisation: str | None = None
    measure: str | None = None
    series: str | None = None
    service: str | None = None
    period: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        columns = {
            organisation.c.slug: self.organisation,
            series.c.measure: self.measure,
            series.c.slug: self.series,
            return_.c.service: self.service,
            return_.c.period: self.period,
        }
        return [column == value for column, value in columns.items() if value is not None]


async def returns(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    chosen: Chosen,
    *,
    only: str | None,
    after: Place | None = None,
    limit: int,
) -> list[StandingReturn]:
    """Returns as they stand; those of the organisation `only`, where one is given."""
    newest = (
        select(revision.c["return"], func.max(revision.c.number).label("number"))
        .where(revision.c.programme == catalogue.id)
        .group_by(revision.c["return"])
        .subquery()
    )
    latest = and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number)
    query = _with_names(catalogue).join(newest, latest).where(*chosen.conditions()).order_by(*ORDER).limit(limit)
    if only is not None:
        query = query.where(organisation.c.slug == only)
    if after is not None:
        query = query.where(tuple_(*ORDER) > tuple_(*(literal(value) for value in msgspec.structs.astuple(after))))
    return [_standing(row) for row in await transaction.execute(query)]


def place(last: StandingReturn) -> Place:
    """What `ORDER` says of a return."""
    period = last.period
    return Place(last.measure, last.series, last.service, last.organisation, period.start, period.code)


async def of_revision(
    transaction: AsyncConnection, catalogue: Catalogue, chosen: Chosen, *, only: str | None, number: int | None
) -> tuple[StandingReturn, list[Observation]] | None:
    """One revision of a return, the newest where no number is given; None where the caller can see none."""
    query = _with_names(catalogue).where(*chosen.conditions()).order_by(revision.c.number.desc()).limit(1)
    if only is not None:
        query = query.where(organisation.c.slug == only)
    if number is not None:
        query = query.where(revision.c.number == number)
    row = (await transaction.execute(query)).one_or_none()
    if row is None:
        return None
    cells = await transaction.execute(
        select(cell)
        .where(cell.c.programme == catalogue.id, cell.c.revision == row.revision_id)
        .order_by(cell.c.area, cell.c.breakdown)
    )
    return _standing(row), [
        Observation(
            area=catalogue.area_codes[c.area],
            breakdown=breakdown_of(catalogue.breakdown_texts[c.breakdown]),
            status=Status(c.status) if c.status else None,
            note=c.note,
            **{name: getattr(c, name) for name in NUMBERS},
        )
        for c in cells
    ]


def _with_names(catalogue: Catalogue) -> Any:
    return (
        select(
            series.c.measure,
            series.c.slug.label("series"),
            return_.c.service,
            organisation.c.slug.label("organisation"),
            return_.c.period,
            revision.c.id.label("revision_id"),
            revision.c.number,
            revision.c.kind,
            revision.c.cells,
            revision.c.submission,
            revision.c.recorded_at,
            revision.c.note,
        )
        .select_from(return_)
        .join(series, and_(series.c.programme == return_.c.programme, series.c.id == return_.c.series))
        .join(
            organisation,
            and_(organisation.c.programme == return_.c.programme, organisation.c.id == return_.c.organisation),
        )
        .join(
            revision,
            and_(revision.c.programme == return_.c.programme, revision.c["return"] == return_.c.id),
        )
        .where(return_.c.programme == catalogue.id)
    )


def _standing(row: Row[Any]) -> StandingReturn:
    return StandingReturn(
        organisation=row.organisation,
        measure=row.measure,
        series=row.series,
        service=row.service,
        period=periods.parse(row.period),
        kind=ReturnKind(row.kind),
        revision=row.number,
        cells=row.cells,
        submission=row.submission,
        recorded_at=row.recorded_at,
        note=row.note,
    )
