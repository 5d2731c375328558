"""Returns, their revisions and observations, in SQL.

Every statement names the organisation as well as the programme; row-level security does the same once more.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
import numpy as np
from sqlalchemy import ColumnElement, FromClause, Row, and_, func, insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database import copy_in, copy_out
from api.plan.catalogue import TOTAL, Catalogue
from api.statistics import periods
from api.submissions.packing import Unpacking, packed
from api.submissions.revisions import (
    NULL,
    NUMBERS,
    Cells,
    Compared,
    Content,
    Identified,
    PastTotal,
    ReturnKey,
    Standing,
)
from schema.partners import Author
from schema.plan import Kind
from schema.submissions import (
    EventKind,
    EvidenceEntry,
    Justification,
    MilestoneItem,
    PublishedFigure,
    Receipt,
    Report,
    ReturnKind,
    ReviewState,
    Status,
    SubmissionOutcome,
)
from schema.tables import (
    extension,
    observation,
    return_,
    return_event,
    revision,
    submission,
)

# Writers hold this in common while they write; who reads the past waits for those that were writing then.
WRITING = 0x77726974


async def hold(
    transaction: AsyncConnection, catalogue: Catalogue, owner: str, identified: Sequence[Identified]
) -> dict[ReturnKey, int]:
    """The numbers of these returns, made where they are new, held until the transaction ends.

    Submissions to the same return wait for each other here, always in the same order, so never in a circle.
    """
    wanted = sorted(identified, key=lambda one: one.key)
    await begin_writing(transaction, catalogue)
    series = [catalogue.ids.series[one.measure.slug, one.series.slug] for one in wanted]
    services, codes = [one.duty.service for one in wanted], [one.period.code for one in wanted]
    named = {
        "programme": catalogue.id,
        "organisation": catalogue.ids.organisations[owner],
        "series": series,
        "service": services,
        "period": codes,
    }
    dates = {"start": [one.period.start for one in wanted], "end": [one.period.end for one in wanted]}
    await transaction.execute(_MAKE_RETURNS, named | dates)
    ids = {(row.series, row.service, row.period): row.id for row in await transaction.execute(_FIND_RETURNS, named)}
    numbers: list[int] = [ids[key] for key in zip(series, services, codes, strict=True)]
    await transaction.execute(_HOLD_RETURNS, {"numbers": sorted(numbers)})
    return {one.key: number for one, number in zip(wanted, numbers, strict=True)}


# By arrays: one statement for any number of returns, read and planned once.
_MAKE_RETURNS = text(
    """
    insert into return (programme, organisation, series, service, period, period_start, period_end)
    select :programme, :organisation, *
    from unnest(
        cast(:series as int[]), cast(:service as text[]), cast(:period as text[]),
        cast(:start as date[]), cast(:end as date[])
    )
    on conflict do nothing
    """
)
_FIND_RETURNS = text(
    """
    select r.id, r.series, r.service, r.period
    from unnest(cast(:series as int[]), cast(:service as text[]), cast(:period as text[]))
        as named (series, service, period)
    join return r using (series, service, period)
    where r.programme = :programme and r.organisation = :organisation
    """
)
_HOLD_RETURNS = text("select pg_advisory_xact_lock(number) from unnest(cast(:numbers as bigint[])) as number")


async def begin_writing(transaction: AsyncConnection, catalogue: Catalogue) -> None:
    """From here on the clock may be read for `recorded_at`: whoever reads the past waits for this transaction."""
    await transaction.execute(
        text("select pg_advisory_xact_lock_shared(:kind, :programme)"), {"kind": WRITING, "programme": catalogue.id}
    )


async def extensions(transaction: AsyncConnection, catalogue: Catalogue, owner: str) -> dict[ReturnKey, datetime]:
    """How long each return of the organisation has been given, where it was given more time."""
    rows = await transaction.execute(
        select(extension.c.series, extension.c.service, extension.c.period, func.max(extension.c.until))
        .where(extension.c.programme == catalogue.id, extension.c.organisation == catalogue.ids.organisations[owner])
        .group_by(extension.c.series, extension.c.service, extension.c.period)
    )
    return {(*catalogue.series_slugs[number], service, period): until for number, service, period, until in rows}


async def standing(
    transaction: AsyncConnection, catalogue: Catalogue, held: Mapping[ReturnKey, int]
) -> tuple[dict[ReturnKey, Standing], dict[ReturnKey, int]]:
    """What stands of each return, and its newest revision's number in the database."""
    newest = (
        select(
            revision.c["return"],
            func.max(revision.c.number).label("number"),
            func.min(submission.c.received_at).label("first_received_at"),
        )
        .join(
            submission,
            and_(submission.c.programme == revision.c.programme, submission.c.id == revision.c.submission),
        )
        .where(revision.c.programme == catalogue.id, revision.c["return"].in_(held.values()))
        .group_by(revision.c["return"])
        .subquery()
    )
    rows = await transaction.execute(
        select(
            revision.c.id,
            revision.c["return"],
            revision.c.number,
            revision.c.kind,
            revision.c.content,
            revision.c.justifications,
            revision.c.note,
            newest.c.first_received_at,
            state_of(revision).label("state"),
        )
        .join(newest, and_(newest.c["return"] == revision.c["return"], newest.c.number == revision.c.number))
        .where(revision.c.programme == catalogue.id)
    )
    keys = {number: key for key, number in held.items()}
    found = {keys[row[1]]: row for row in rows}
    return (
        {
            key: Standing(
                number=row.number,
                kind=ReturnKind(row.kind),
                state=ReviewState(row.state),
                first_received_at=row.first_received_at,
                content=content_of(row.content, catalogue.measures[key[0]].kind),
                justifications=msgspec.convert(row.justifications, list[Justification]),
                note=row.note,
            )
            for key, row in found.items()
        },
        {key: row.id for key, row in found.items()},
    )


def state_of(of: FromClause, *, as_of: datetime | None = None) -> ColumnElement[str]:
    """Where a revision stands, or stood: the state that the last event which moved it has led to."""
    return (
        select(return_event.c.state)
        .where(
            return_event.c.programme == of.c.programme,
            return_event.c["return"] == of.c["return"],
            return_event.c.number == of.c.number,
            return_event.c.state.is_not(None),
            *_until(return_event, as_of),
        )
        .order_by(return_event.c.position.desc())
        .limit(1)
        .scalar_subquery()
    )


def _until(events: FromClause, as_of: datetime | None) -> list[ColumnElement[bool]]:
    return [] if as_of is None else [events.c.at <= as_of]


def approved_of(of: FromClause, *, as_of: datetime | None = None) -> ColumnElement[int]:
    """The revision of a return that counts as approved: one whose last move was its approval; null where none is."""
    later = return_event.alias("later")
    moved_on = select(later.c.id).where(
        later.c.programme == return_event.c.programme,
        later.c["return"] == return_event.c["return"],
        later.c.number == return_event.c.number,
        later.c.position > return_event.c.position,
        later.c.state.is_not(None),
        *_until(later, as_of),
    )
    return (
        select(func.max(return_event.c.number))
        .where(
            return_event.c.programme == of.c.programme,
            return_event.c["return"] == of.c.id,
            return_event.c.state == ReviewState.APPROVED,
            *_until(return_event, as_of),
            ~moved_on.exists(),
        )
        .scalar_subquery()
    )


def content_of(stored: Any, kind: Kind) -> Content:
    """What is stored says itself whether it is published figures: an area is named in nothing else."""
    if not stored:
        return []
    if "area" in stored[0]:
        return msgspec.convert(stored, list[PublishedFigure])
    return msgspec.convert(stored, list[MilestoneItem] if kind is Kind.MILESTONE else list[EvidenceEntry])


async def cells_of(transaction: AsyncConnection, catalogue: Catalogue, revisions: Mapping[int, int]) -> Cells:
    """The cells of these revisions, given by the database's numbers, each with the item that it is to have."""
    if not revisions:
        return Unpacking({}).cells()
    pairs = ", ".join(f"({number:d}, {item:d})" for number, item in revisions.items())
    numbers = ", ".join(f"coalesce(c.{name}, {NULL})" for name in NUMBERS)
    status = f"coalesce(array_position(array{[s.value for s in Status]}, c.status), 0)::bigint"
    chosen = f"from cell c join (values {pairs}) as v (revision, item) on v.revision = c.revision"
    # The view keeps conditions on what it is joined with to itself: only constants reach the index below it.
    among = ", ".join(f"{number:d}" for number in revisions)
    here = f"where c.programme = {catalogue.id:d} and c.revision in ({among})"
    notes = await transaction.execute(
        text(f"select v.item, c.area, c.breakdown, c.note {chosen} {here} and c.note is not null")
    )
    found = Unpacking({(item, area, breakdown): note for item, area, breakdown, note in notes})
    noted = "(c.note is not null)::int::bigint"
    await copy_out(
        transaction,
        f"select v.item::bigint, c.area::bigint, c.breakdown::bigint, {numbers}, {status}, {noted} {chosen} {here}",
        found.feed,
    )
    return found.cells()


async def at_revision(
    transaction: AsyncConnection, catalogue: Catalogue, one: Identified, held: Mapping[ReturnKey, int], number: int
) -> tuple[int | None, Content]:
    """The database's number of a return's revision, and its items or entries; None where there is none."""
    found = await transaction.execute(
        select(revision.c.id, revision.c.content).where(
            revision.c.programme == catalogue.id,
            revision.c["return"] == held[one.key],
            revision.c.number == number,
        )
    )
    row = found.one_or_none()
    return (None, []) if row is None else (row.id, content_of(row.content, one.measure.kind))


async def newest_revisions(
    transaction: AsyncConnection, catalogue: Catalogue, owner: str, keys: Sequence[ReturnKey]
) -> dict[ReturnKey, int]:
    """The newest revision of each of these returns of an organisation, by the database's number."""
    if not keys:
        return {}
    rows = await transaction.execute(
        select(return_.c.series, return_.c.service, return_.c.period, func.max(revision.c.id))
        .join(revision, and_(revision.c.programme == return_.c.programme, revision.c["return"] == return_.c.id))
        .where(
            return_.c.programme == catalogue.id,
            return_.c.organisation == catalogue.ids.organisations[owner],
            tuple_(return_.c.series, return_.c.service, return_.c.period).in_(
                [(catalogue.ids.series[key[0], key[1]], key[2], key[3]) for key in keys]
            ),
        )
        .group_by(return_.c.series, return_.c.service, return_.c.period)
    )
    return {(*catalogue.series_slugs[row[0]], row[1], row[2]): row[3] for row in rows}


async def totals(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    identified: Sequence[Identified],
    *,
    only: str | None,
) -> list[PastTotal]:
    """What stands of the totals of these series, for the areas of these duties, in every period.

    Those of the organisation `only`, where one is given.
    """
    pairs = sorted({(one.measure.slug, one.series.slug, one.duty.area) for one in identified if one.content is None})
    if not pairs:
        return []
    slugs = catalogue.organisation_slugs
    rows = (
        await transaction.execute(
            _NEWEST,
            {
                "programme": catalogue.id,
                "organisations": list(slugs) if only is None else [catalogue.ids.organisations[only]],
                "series": sorted({catalogue.ids.series[measure, slug] for measure, slug, _ in pairs}),
            },
        )
    ).all()
    areas = sorted({catalogue.ids.areas[area] for _, _, area in pairs})
    cells = await _cells_at(transaction, catalogue, [row.id for row in rows], areas)
    found: list[PastTotal] = []
    for row in rows:
        measure, slug = catalogue.series_slugs[row.series]
        for area in (area for *key, area in pairs if key == [measure, slug]):
            at = cells.get((row.id, catalogue.ids.areas[area]))
            if row.kind == ReturnKind.DATA and at is None:
                continue
            found.append(
                PastTotal(
                    organisation=slugs[row.organisation],
                    measure=measure,
                    series=slug,
                    service=row.service,
                    period=periods.parse(row.period),
                    kind=ReturnKind(row.kind),
                    area=area,
                    hidden=at is not None and at.status == Status.CONFIDENTIAL,
                    **{name: None if at is None else getattr(at, name) for name in NUMBERS},
                )
            )
    return found


async def _cells_at(
    transaction: AsyncConnection, catalogue: Catalogue, revisions: Sequence[int], areas: Sequence[int]
) -> dict[tuple[int, int], Row[Any]]:
    """The totals of revisions for areas, by both numbers."""
    found = await transaction.execute(
        _TOTALS,
        {
            "programme": catalogue.id,
            "revisions": list(revisions),
            "areas": list(areas),
            "breakdown": catalogue.ids.breakdowns[TOTAL],
        },
    )
    return {(row.revision, row.area): row for row in found}


_NEWEST = text(
    """
    select r.organisation, r.series, r.service, r.period, n.id, n.kind
    from return r
    cross join lateral (
        select v.id, v.kind from revision v
        where v.programme = r.programme and v.return = r.id order by v.number desc limit 1
    ) n
    where r.programme = :programme and r.organisation = any(cast(:organisations as int[]))
        and r.series = any(cast(:series as int[]))
    order by r.period_start, r.service
    """
)
_TOTALS = text(
    f"""
    select revision, area, {", ".join(NUMBERS)}, status from cell
    where programme = :programme and revision = any(cast(:revisions as bigint[]))
        and area = any(cast(:areas as int[])) and breakdown = :breakdown
    """  # noqa: S608  the columns' names are ours
)


async def record(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    comparison: Sequence[Compared],
    cells: Cells,
    held: Mapping[ReturnKey, int],
    report: Report,
    *,
    receipt: Receipt,
    note: str | None,
    justified: Callable[[int], list[Justification]],
    by: Author,
    recorded_at: datetime,
) -> None:
    """Write the submission, a revision for each return that changes, their observations, and what happened.

    `justified` gives the justifications that bear on a return, by its item.
    """
    owner = catalogue.ids.organisations[report.organisation]
    await transaction.execute(
        insert(submission).values(
            programme=catalogue.id,
            id=receipt.submission,
            organisation=owner,
            client=by.client,
            request_id=by.request_id,
            plan_version=catalogue.version,
            content_sha256=bytes.fromhex(receipt.content_sha256),
            note=note,
            report=report,
            received_at=receipt.received_at,
        )
    )
    changed = [one for one in comparison if one.outcome is SubmissionOutcome.ACCEPTED]
    if not changed:
        return
    made = await transaction.execute(
        insert(revision).returning(revision.c.id, revision.c["return"]),
        [
            {
                "programme": catalogue.id,
                "return": held[one.identified.key],
                "organisation": owner,
                "number": one.number,
                "kind": one.identified.given.kind,
                "submission": receipt.submission,
                "plan_version": catalogue.version,
                "cells": one.counts.received if one.identified.content is None else 0,
                "content": one.identified.content,
                "justifications": justified(one.item),
                "note": one.identified.given.note,
                "recorded_at": recorded_at,
            }
            for one in changed
        ],
    )
    numbers = {row[1]: row[0] for row in made}
    await _tell(transaction, catalogue, changed, held, owner, receipt.submission, by, recorded_at)
    by_item = np.full(len(comparison), NULL, dtype=np.int64)
    for one in changed:
        by_item[one.item] = numbers[held[one.identified.key]]
    revisions = by_item[cells.item]
    if (revisions != NULL).any():
        content = packed(cells, revisions, catalogue.id)
        await copy_in(transaction, observation.name, [column.name for column in observation.columns], content)


async def _tell(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    changed: Sequence[Compared],
    held: Mapping[ReturnKey, int],
    owner: int,
    submission_id: UUID,
    by: Author,
    at: datetime,
) -> None:
    """Each new revision is recorded, and what stood before and is not approved is superseded by it."""
    events: list[dict[str, object]] = []
    for one in changed:
        told: dict[str, object] = {
            "programme": catalogue.id,
            "return": held[one.identified.key],
            "organisation": owner,
            "client": by.client,
            "by_organisation": catalogue.ids.organisations[by.organisation],
            "at": at,
        }
        name = " ".join(one.identified.key)
        if one.before.state in (ReviewState.PENDING, ReviewState.QUERIED):
            events.append(
                told
                | {
                    "id": uuid5(submission_id, f"superseded {name}"),
                    "number": one.before.number,
                    "event": EventKind.SUPERSEDED,
                    "state": ReviewState.SUPERSEDED,
                    "text": None,
                }
            )
        events.append(
            told
            | {
                "id": uuid5(submission_id, f"recorded {name}"),
                "number": one.number,
                "event": EventKind.RECORDED,
                "state": ReviewState.PENDING,
                "text": one.identified.given.note,
            }
        )
    await transaction.execute(insert(return_event), events)


async def report_of(
    transaction: AsyncConnection, catalogue: Catalogue, wanted: UUID, *, only: Sequence[str] | None
) -> Report | None:
    """What a submission was told; None where the caller can see none."""
    query = select(submission.c.report).where(submission.c.programme == catalogue.id, submission.c.id == wanted)
    if only is not None:
        query = query.where(submission.c.organisation.in_([catalogue.ids.organisations[slug] for slug in only]))
    found = (await transaction.execute(query)).scalar_one_or_none()
    return None if found is None else msgspec.convert(found, Report)
