"""Returns, their revisions and observations, in SQL.

Every statement names the organisation as well as the programme; row-level security does the same once more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
import numpy as np
from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import copy_binary_in, copy_binary_out, fetch_in_transaction
from api.plan.breakdowns import TOTAL_KEY
from api.plan.catalogue import Catalogue
from api.statistics import periods
from api.submissions.packing import CellUnpacker, pack_cells
from api.submissions.revisions import (
    MISSING,
    NUMBER_FIELDS,
    Cells,
    Content,
    CurrentRevision,
    IdentifiedReturn,
    ReturnDiff,
    ReturnKey,
    ReturnTotal,
)
from schema.measures import MeasureKind
from schema.partners import Author
from schema.returns import EventKind
from schema.submission_reports import Receipt, SubmissionOutcome, SubmissionReport
from schema.submissions import (
    EvidenceEntry,
    Justification,
    MilestoneItem,
    PublisherFigure,
    ReturnKind,
    ReviewState,
    Status,
)
from schema.tables import observation, return_event, revision, submission

# Writers hold this in common while they write; who reads the past waits for those that were writing then.
WRITE_LOCK = 0x77726974


async def lock_returns(
    transaction: AsyncConnection, catalogue: Catalogue, owner: str, identified: Sequence[IdentifiedReturn]
) -> tuple[dict[ReturnKey, int], dict[ReturnKey, int]]:
    """The numbers of these returns, held until the transaction ends; and of those among them that were there before.

    Submissions to the same return wait for each other here, always in the same order, so never in a circle: for the
    lock of one that is there, and to make one that another is making for that other's end.
    """
    wanted = sorted(identified, key=lambda one: one.key)
    keys = {
        (catalogue.ids.series[one.measure.slug, one.series.slug], one.duty.service, one.period.code): one.key
        for one in wanted
    }
    named = [catalogue.id, catalogue.ids.organisations[owner], *map(list, zip(*keys, strict=True))]
    dates = [[one.period.start for one in wanted], [one.period.end for one in wanted]]
    made = {
        keys[tuple(key)]: number
        for number, *key in await fetch_in_transaction(transaction, _INSERT_RETURNS, *named, *dates)
    }
    there: dict[ReturnKey, int] = {}
    if len(made) < len(wanted):
        found = {
            keys[tuple(key)]: number
            for number, *key in await fetch_in_transaction(transaction, _SELECT_RETURNS, *named)
        }
        there = {key: number for key, number in found.items() if key not in made}
        await fetch_in_transaction(transaction, _LOCK_RETURNS, sorted(there.values()))
    await acquire_shared_write_lock(transaction, catalogue)
    return made | there, there


# By arrays: one statement for any number of returns, read and planned once.
_INSERT_RETURNS = """
    insert into return (programme, organisation, series, service, period, period_start, period_end)
    select $1, $2, * from unnest($3::int[], $4::text[], $5::text[], $6::date[], $7::date[])
    on conflict do nothing returning id, series, service, period
"""
_SELECT_RETURNS = """
    select r.id, r.series, r.service, r.period
    from unnest($3::int[], $4::text[], $5::text[]) as named (series, service, period)
    join return r using (series, service, period)
    where r.programme = $1 and r.organisation = $2
"""
_LOCK_RETURNS = "select pg_advisory_xact_lock(number) from unnest($1::bigint[]) as number"


async def acquire_shared_write_lock(transaction: AsyncConnection, catalogue: Catalogue) -> None:
    """From here on the clock may be read for `recorded_at`: whoever reads the past waits for this transaction."""
    await fetch_in_transaction(transaction, "select pg_advisory_xact_lock_shared($1, $2)", WRITE_LOCK, catalogue.id)


async def fetch_extensions(transaction: AsyncConnection, catalogue: Catalogue, owner: str) -> dict[ReturnKey, datetime]:
    """How long each return of the organisation has been given, where it was given more time."""
    rows = await fetch_in_transaction(
        transaction,
        """
        select series, service, period, max(until) as until from extension
        where programme = $1 and organisation = $2 group by series, service, period
        """,
        *(catalogue.id, catalogue.ids.organisations[owner]),
    )
    return {(*catalogue.series_slugs[row["series"]], row["service"], row["period"]): row["until"] for row in rows}


async def fetch_current_revisions(
    transaction: AsyncConnection, catalogue: Catalogue, held: Mapping[ReturnKey, int]
) -> tuple[dict[ReturnKey, CurrentRevision], dict[ReturnKey, int]]:
    """What stands of each return, and its newest revision's number in the database."""
    if not held:
        return {}, {}
    keys = {number: key for key, number in held.items()}
    rows = {
        keys[row["return"]]: row
        for row in await fetch_in_transaction(transaction, _SELECT_CURRENT_REVISIONS, catalogue.id, list(keys))
    }
    return (
        {
            key: CurrentRevision(
                number=row["number"],
                kind=ReturnKind(row["kind"]),
                state=ReviewState(row["state"]),
                first_received_at=row["first_received_at"],
                content=parse_content(row["content"], catalogue.measures[key[0]].kind),
                justifications=msgspec.convert(row["justifications"], list[Justification]),
                note=row["note"],
            )
            for key, row in rows.items()
        },
        {key: row["id"] for key, row in rows.items()},
    )


_SELECT_CURRENT_REVISIONS = """
    select v.id, v."return", v.number, v.kind, v.content, v.justifications, v.note, f.first_received_at, e.state
    from unnest($2::bigint[]) as held (id)
    cross join lateral (
        select * from revision where programme = $1 and "return" = held.id order by number desc limit 1
    ) v
    cross join lateral (
        select min(s.received_at) as first_received_at
        from revision r join submission s on s.programme = r.programme and s.id = r.submission
        where r.programme = $1 and r."return" = held.id
    ) f
    cross join lateral (
        select state from return_event
        where programme = $1 and "return" = held.id and number = v.number and state is not null
        order by position desc limit 1
    ) e
"""


def state_expression(revisions: FromClause, *, as_of: datetime | None = None) -> ColumnElement[str]:
    """Where a revision stands, or stood: the state that the last event which moved it has led to."""
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


def _recorded_until(events: FromClause, as_of: datetime | None) -> list[ColumnElement[bool]]:
    return [] if as_of is None else [events.c.at <= as_of]


def approved_revision_expression(returns: FromClause, *, as_of: datetime | None = None) -> ColumnElement[int]:
    """The revision of a return that counts as approved: one whose last move was its approval; null where none is."""
    later = return_event.alias("later")
    moved_on = select(later.c.id).where(
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
            ~moved_on.exists(),
        )
        .scalar_subquery()
    )


def parse_content(stored: Any, kind: MeasureKind) -> Content:
    """What is stored says itself whether it is published figures: an area is named in nothing else."""
    if not stored:
        return []
    if "area" in stored[0]:
        return msgspec.convert(stored, list[PublisherFigure])
    return msgspec.convert(stored, list[MilestoneItem] if kind is MeasureKind.MILESTONE else list[EvidenceEntry])


_NO_CELLS = CellUnpacker().to_cells({})


async def fetch_cells(transaction: AsyncConnection, catalogue: Catalogue, revisions: Mapping[int, int]) -> Cells:
    """The cells of these revisions, given by the database's numbers, each with the item that it is to have."""
    if not revisions:
        return _NO_CELLS
    pairs = ", ".join(f"({number:d}, {item:d})" for number, item in revisions.items())
    numbers = ", ".join(f"coalesce(c.{name}, {MISSING})" for name in NUMBER_FIELDS)
    status = f"coalesce(array_position(array{[s.value for s in Status]}, c.status), 0)::bigint"
    chosen = f"from cell c join (values {pairs}) as v (revision, item) on v.revision = c.revision"
    # The view keeps conditions on what it is joined with to itself: only constants reach the index below it.
    among = ", ".join(f"{number:d}" for number in revisions)
    here = f"where c.programme = {catalogue.id:d} and c.revision in ({among})"
    found = CellUnpacker()
    noted = "(c.note is not null)::int::bigint"
    await copy_binary_out(
        transaction,
        f"select v.item::bigint, c.area::bigint, c.breakdown::bigint, {numbers}, {status}, {noted} {chosen} {here}",
        found.feed,
    )
    if not found.has_notes:
        return found.to_cells({})
    notes = await fetch_in_transaction(
        transaction,
        """
        select revision, area, breakdown, note from cell
        where programme = $1 and revision = any($2::bigint[]) and note is not null
        """,
        *(catalogue.id, list(revisions)),
    )
    return found.to_cells({(revisions[number], area, breakdown): note for number, area, breakdown, note in notes})


async def fetch_revision(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    one: IdentifiedReturn,
    held: Mapping[ReturnKey, int],
    number: int,
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
    return (None, []) if row is None else (row.id, parse_content(row.content, one.measure.kind))


async def fetch_totals(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    identified: Sequence[IdentifiedReturn],
    *,
    organisation: str | None,
) -> tuple[list[ReturnTotal], dict[tuple[str, ReturnKey], int]]:
    """What stands of the totals of these series, for the areas of these duties, in every period.

    Those of the organisation `only`, where one is given. Beside them each return's newest revision, by organisation.
    """
    pairs = sorted({(one.measure.slug, one.series.slug, one.duty.area) for one in identified if one.content is None})
    if not pairs:
        return [], {}
    slugs = catalogue.organisation_slugs
    rows = await fetch_in_transaction(
        transaction,
        _SELECT_NEWEST_REVISIONS,
        catalogue.id,
        list(slugs) if organisation is None else [catalogue.ids.organisations[organisation]],
        sorted({catalogue.ids.series[measure, slug] for measure, slug, _ in pairs}),
    )
    numbers = {area: catalogue.ids.areas[area] for _, _, area in pairs}
    total = catalogue.ids.breakdowns[TOTAL_KEY]
    if not rows:
        return [], {}
    cells = await fetch_in_transaction(
        transaction, _SELECT_TOTALS, catalogue.id, [row["id"] for row in rows], list(numbers.values()), total
    )
    at = {(row["revision"], row["area"]): row for row in cells}
    found: list[ReturnTotal] = []
    newest: dict[tuple[str, ReturnKey], int] = {}
    for row in rows:
        measure, slug = catalogue.series_slugs[row["series"]]
        newest[slugs[row["organisation"]], (measure, slug, row["service"], row["period"])] = row["id"]
        for area in (area for *key, area in pairs if key == [measure, slug]):
            there = at.get((row["id"], numbers[area]))
            if row["kind"] == ReturnKind.DATA and there is None:
                continue
            found.append(
                ReturnTotal(
                    organisation=slugs[row["organisation"]],
                    measure=measure,
                    series=slug,
                    service=row["service"],
                    period=periods.parse(row["period"]),
                    kind=ReturnKind(row["kind"]),
                    area=area,
                    is_confidential=there is not None and there["status"] == Status.CONFIDENTIAL,
                    **{name: None if there is None else there[name] for name in NUMBER_FIELDS},
                )
            )
    return found, newest


_SELECT_NEWEST_REVISIONS = """
    select r.organisation, r.series, r.service, r.period, n.id, n.kind
    from return r
    cross join lateral (
        select v.id, v.kind from revision v
        where v.programme = $1 and v."return" = r.id order by v.number desc limit 1
    ) n
    where r.programme = $1 and r.organisation = any($2::int[]) and r.series = any($3::int[])
    order by r.period_start, r.service
"""
# The view keeps conditions on what it is joined with to itself: only values reach the index below it.
_SELECT_TOTALS = f"""
    select revision, area, {", ".join(NUMBER_FIELDS)}, status from cell
    where programme = $1 and revision = any($2::bigint[]) and area = any($3::int[]) and breakdown = $4
"""  # noqa: S608  the columns' names are ours


async def record_submission(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    comparison: Sequence[ReturnDiff],
    cells: Cells,
    held: Mapping[ReturnKey, int],
    report: SubmissionReport,
    *,
    receipt: Receipt,
    note: str | None,
    justifications_for: Callable[[int], list[Justification]],
    author: Author,
    recorded_at: datetime,
) -> None:
    """Write the submission, a revision for each return that changes, their observations, and what happened.

    `justified` gives the justifications that bear on a return, by its item.
    """
    changed = [one for one in comparison if one.outcome is SubmissionOutcome.ACCEPTED]
    given = [one.identified_return.submitted for one in changed]
    events = list(_events_to_record(changed))
    made = await fetch_in_transaction(
        transaction,
        _INSERT_SUBMISSION,
        catalogue.id,
        catalogue.ids.organisations[report.organisation],
        catalogue.version,
        receipt.submission,
        author.client,
        author.request_id,
        bytes.fromhex(receipt.content_sha256),
        note,
        _to_json(report),
        receipt.received_at,
        recorded_at,
        [held[one.identified_return.key] for one in changed],
        [one.revision_number for one in changed],
        [one.kind for one in given],
        [one.counts.received if one.identified_return.content is None else 0 for one in changed],
        [_to_json(one.identified_return.content) for one in changed],
        [_to_json(justifications_for(one.item)) for one in changed],
        [one.note for one in given],
        catalogue.ids.organisations[author.organisation],
        [uuid5(receipt.submission, f"{event.event} {' '.join(event.key)}") for event in events],
        [held[event.key] for event in events],
        [event.number for event in events],
        [event.event for event in events],
        [event.state for event in events],
        [event.text for event in events],
    )
    numbers = {row["return"]: row["id"] for row in made}
    by_item = np.full(len(comparison), MISSING, dtype=np.int64)
    for one in changed:
        by_item[one.item] = numbers[held[one.identified_return.key]]
    revisions = by_item[cells.item]
    if (revisions != MISSING).any():
        content = pack_cells(cells, revisions, catalogue.id)
        await copy_binary_in(transaction, observation.name, [column.name for column in observation.columns], content)


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class _NewEvent(Struct, frozen=True, kw_only=True):
    """What happened to one revision of a return."""

    key: ReturnKey
    number: int
    event: EventKind
    state: ReviewState
    text: str | None = None


def _events_to_record(changed: Sequence[ReturnDiff]) -> Iterator[_NewEvent]:
    """Each new revision is recorded, and what stood before and is not approved is superseded by it."""
    for one in changed:
        key, before = one.identified_return.key, one.current
        if before.state in (ReviewState.PENDING, ReviewState.QUERIED):
            yield _NewEvent(key=key, number=before.number, event=EventKind.SUPERSEDED, state=ReviewState.SUPERSEDED)
        text = one.identified_return.submitted.note
        yield _NewEvent(
            key=key, number=one.revision_number, event=EventKind.RECORDED, state=ReviewState.PENDING, text=text
        )


# The submission, its revisions and their events: foreign keys are looked at when the whole statement is done.
_INSERT_SUBMISSION = """
    with pushed as (
        insert into submission (programme, organisation, plan_version, id, client, request_id, content_sha256, note,
            report, received_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ), made as (
        insert into revision (programme, organisation, plan_version, submission, recorded_at,
            "return", number, kind, cells, content, justifications, note)
        select $1, $2, $3, $4, $11, *
        from unnest($12::bigint[], $13::int[], $14::text[], $15::int[], $16::jsonb[], $17::jsonb[], $18::text[])
        returning id, "return"
    ), told as (
        insert into return_event (programme, organisation, client, by_organisation, at,
            id, "return", number, event, state, text)
        select $1, $2, $5, $19, $11, *
        from unnest($20::uuid[], $21::bigint[], $22::int[], $23::text[], $24::text[], $25::text[])
    )
    select id, "return" from made
"""


async def fetch_report(
    transaction: AsyncConnection, catalogue: Catalogue, wanted: UUID, *, organisations: Sequence[str] | None
) -> SubmissionReport | None:
    """What a submission was told; None where the caller can see none."""
    query = select(submission.c.report).where(submission.c.programme == catalogue.id, submission.c.id == wanted)
    if organisations is not None:
        query = query.where(
            submission.c.organisation.in_([catalogue.ids.organisations[slug] for slug in organisations])
        )
    found = (await transaction.execute(query)).scalar_one_or_none()
    return None if found is None else msgspec.convert(found, SubmissionReport)
