"""Returns as they stand or stood, their cells and what happened to them, in SQL.

Every statement names the organisations as well as the programme; row-level security does the same once more.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Subquery, and_, func, literal, null, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue, breakdown_of
from api.returns.asked import CellPlace, Chosen, Moments, ReturnPlace
from api.statistics import periods
from api.submissions.queries import WRITING, approved_of, cells_of, content_of, state_of
from api.submissions.revisions import NUMBERS, Cells
from schema.submissions import (
    CellChange,
    EventKind,
    EvidenceEntry,
    Justification,
    MilestoneItem,
    Observation,
    PublishedFigure,
    ReturnChange,
    ReturnDetail,
    ReturnKind,
    ReviewState,
    StandingObservation,
    StandingReturn,
    Status,
)
from schema.tables import cell, organisation, return_, return_event, revision, series

Query = Any  # a select, of whatever columns

LONGEST_WAIT = 10.0  # seconds, for those that are writing
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1
AT_ONCE = 200  # returns whose cells are looked for

# What a page of returns is ordered by, and a cursor points into: names, so that it tells nothing of anyone else.
ORDER = (
    series.c.measure,
    series.c.slug,
    return_.c.service,
    organisation.c.slug,
    return_.c.period_start,
    return_.c.period,
)


async def wait_for_writers(transaction: AsyncConnection, catalogue: Catalogue) -> bool:
    """Let those that are writing end before the past is read. False where one of them still writes after 10 seconds.

    A revision's `recorded_at` is the time at which it was written, not at which it was committed: one of instant T
    may come to light long after T, and an answer for T given before that would lack it. But a writer reads the clock
    only after it has taken the lock WRITING. So whatever is of T or before, and T is past, belongs to a transaction
    that has ended or holds the lock now. Once those that hold it now have ended, nothing more can come to T; writers
    that begin meanwhile read a later clock, and nobody waits for them.
    """
    holders = text(
        """
        select virtualtransaction from pg_locks
        where locktype = 'advisory' and granted and objsubid = 2
          and database = (select oid from pg_database where datname = current_database())
          and classid = cast(:kind as oid) and objid = cast(:programme as oid) and pid <> pg_backend_pid()
        """
    )
    given = {"kind": WRITING, "programme": catalogue.id}
    writing: set[str] | None = None
    clock = asyncio.get_running_loop()
    give_up, pause = clock.time() + LONGEST_WAIT, FIRST_PAUSE
    while True:
        found = set((await transaction.execute(holders, given)).scalars())
        writing = found if writing is None else writing & found
        if not writing:
            return True
        if clock.time() > give_up:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def returns(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    chosen: Chosen,
    moments: Moments,
    *,
    after: ReturnPlace | None,
    limit: int,
) -> list[StandingReturn]:
    """Returns as they stand, or stood."""
    newest = _newest(catalogue, moments.as_of, "newest")
    query = (
        _revisions(catalogue, chosen, moments.as_of)
        .join(newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number))
        .order_by(*ORDER)
        .limit(limit)
    )
    if chosen.state is not None:
        query = query.where(state_of(revision, as_of=moments.as_of) == chosen.state)
    if moments.updated_after is not None:
        query = query.where(_moved(moments))
    if after is not None:
        query = query.where(tuple_(*ORDER) > _values(after))
    return [_standing(row) for row in await transaction.execute(query)]


def _moved(moments: Moments) -> ColumnElement[bool]:
    """A revision came, or a review moved the state of one."""
    event = select(return_event.c.id).where(
        return_event.c.programme == return_.c.programme,
        return_event.c["return"] == return_.c.id,
        return_event.c.state.is_not(None),
        return_event.c.at > moments.updated_after,
    )
    if moments.as_of is not None:
        event = event.where(return_event.c.at <= moments.as_of)
    return event.exists()


def place(last: StandingReturn) -> ReturnPlace:
    """What `ORDER` says of a return."""
    period = last.period
    return ReturnPlace(last.measure, last.series, last.service, last.organisation, period.start, period.code)


def _values(after: ReturnPlace) -> Any:
    return tuple_(*(literal(value) for value in msgspec.structs.astuple(after)))


async def revisions(
    transaction: AsyncConnection, catalogue: Catalogue, chosen: Chosen, moments: Moments
) -> list[StandingReturn]:
    """Every revision of a return, the newest first."""
    query = _revisions(catalogue, chosen, moments.as_of).order_by(revision.c.number.desc())
    return [_standing(row) for row in await transaction.execute(query)]


async def of_revision(
    transaction: AsyncConnection, catalogue: Catalogue, chosen: Chosen, moments: Moments, *, number: int | None
) -> ReturnDetail | None:
    """One revision of a return, the newest where no number is given; None where the caller can see none."""
    row = await _one(transaction, catalogue, chosen, moments, number=number)
    if row is None:
        return None
    cells = await transaction.execute(
        select(cell)
        .where(cell.c.programme == catalogue.id, cell.c.revision == row.revision_id)
        .order_by(cell.c.area, cell.c.breakdown)
    )
    return _detail(row, catalogue, [_observation(found, catalogue) for found in cells])


async def with_columns(
    transaction: AsyncConnection, catalogue: Catalogue, chosen: Chosen, *, number: int
) -> tuple[ReturnDetail, Cells] | None:
    """One revision of a return, its cells as columns; None where the caller can see none."""
    row = await _one(transaction, catalogue, chosen, Moments(), number=number)
    if row is None:
        return None
    return _detail(row, catalogue, []), await cells_of(transaction, catalogue, {row.revision_id: 0})


async def _one(
    transaction: AsyncConnection, catalogue: Catalogue, chosen: Chosen, moments: Moments, *, number: int | None
) -> Row[Any] | None:
    query = _revisions(catalogue, chosen, moments.as_of).order_by(revision.c.number.desc()).limit(1)
    if number is not None:
        query = query.where(revision.c.number == number)
    return (await transaction.execute(query)).one_or_none()


def _detail(row: Row[Any], catalogue: Catalogue, observations: list[Observation]) -> ReturnDetail:
    content = content_of(row.content, catalogue.measures[row.measure].kind)
    return ReturnDetail(
        standing=_standing(row),
        observations=observations,
        items=[one for one in content if isinstance(one, MilestoneItem)],
        entries=[one for one in content if isinstance(one, EvidenceEntry)],
        figures=[one for one in content if isinstance(one, PublishedFigure)],
        justifications=msgspec.convert(row.justifications, list[Justification]),
    )


def _observation(row: Row[Any], catalogue: Catalogue) -> Observation:
    return Observation(
        area=catalogue.area_codes[row.area],
        breakdown=breakdown_of(catalogue.breakdown_texts[row.breakdown]),
        status=Status(row.status) if row.status else None,
        note=row.note,
        **{name: getattr(row, name) for name in NUMBERS},
    )


def _newest(catalogue: Catalogue, until: datetime | None, name: str) -> Subquery:
    """The number of each return's newest revision, of those that there were by then."""
    query = select(revision.c["return"], func.max(revision.c.number).label("number")).where(
        revision.c.programme == catalogue.id
    )
    if until is not None:
        query = query.where(revision.c.recorded_at <= until)
    return query.group_by(revision.c["return"]).subquery(name)


def conditions(catalogue: Catalogue, chosen: Chosen) -> list[ColumnElement[bool]]:
    columns = {
        organisation.c.slug: chosen.organisation,
        series.c.measure: chosen.measure,
        series.c.slug: chosen.series,
        return_.c.service: chosen.service,
        return_.c.period: chosen.period,
        revision.c.kind: chosen.kind,
    }
    wanted = [column == value for column, value in columns.items() if value is not None]
    if chosen.only is not None:
        wanted.append(return_.c.organisation.in_([catalogue.ids.organisations[slug] for slug in chosen.only]))
    return [return_.c.programme == catalogue.id, *wanted]


def _named(query: Query, catalogue: Catalogue, chosen: Chosen) -> Query:
    """A query of revisions with the names of their returns, of those that are chosen."""
    return (
        query.add_columns(
            series.c.measure,
            series.c.slug.label("series"),
            return_.c.service,
            organisation.c.slug.label("organisation"),
            return_.c.period_start,
            return_.c.period,
            revision.c.number,
            revision.c.kind,
            revision.c.recorded_at,
        )
        .select_from(return_)
        .join(series, and_(series.c.programme == return_.c.programme, series.c.id == return_.c.series))
        .join(
            organisation,
            and_(organisation.c.programme == return_.c.programme, organisation.c.id == return_.c.organisation),
        )
        .join(revision, and_(revision.c.programme == return_.c.programme, revision.c["return"] == return_.c.id))
        .where(*conditions(catalogue, chosen))
    )


def _revisions(catalogue: Catalogue, chosen: Chosen, as_of: datetime | None) -> Query:
    query = select(
        revision.c.id.label("revision_id"),
        revision.c.cells,
        revision.c.submission,
        revision.c.note,
        revision.c.content,
        revision.c.justifications,
        state_of(revision, as_of=as_of).label("state"),
        approved_of(return_, as_of=as_of).label("approved"),
    )
    return _named(query, catalogue, chosen).where(*([] if as_of is None else [revision.c.recorded_at <= as_of]))


def _standing(row: Row[Any]) -> StandingReturn:
    return StandingReturn(
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
    )


class Pair(Struct, frozen=True, kw_only=True):
    """A return whose cells are read: its standing revision, and the one that stood when reading was last done."""

    place: ReturnPlace
    number: int
    recorded_at: datetime
    now: int
    before: int | None
    cells: int  # of both together

    @classmethod
    def of(cls, row: Row[Any]) -> "Pair":
        return cls(
            place=ReturnPlace(row.measure, row.series, row.service, row.organisation, row.period_start, row.period),
            number=row.number,
            recorded_at=row.recorded_at,
            now=row.now,
            before=row.before,
            cells=row.cells,
        )


async def observations(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    chosen: Chosen,
    moments: Moments,
    *,
    area: str | None,
    after: CellPlace | None,
    limit: int,
) -> list[StandingObservation]:
    """Cells of returns as they stand, or stood; with `updated_after` those that are not what they were then.

    Returns are walked in order, and of each only the cells that still have room are fetched.
    """
    found: list[StandingObservation] = []
    place, including = (None, False) if after is None else (after.of, True)
    while True:
        pairs = await _pairs(transaction, catalogue, chosen, moments, place, including=including)
        for batch in _batches(pairs, limit):
            start = after if including and after is not None and batch[0].place == after.of else None
            found += await _cells(
                transaction, catalogue, batch, moments, area=area, after=start, limit=limit - len(found)
            )
            if len(found) == limit:
                return found
        if len(pairs) < AT_ONCE:
            return found
        place, including = pairs[-1].place, False


async def _pairs(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    chosen: Chosen,
    moments: Moments,
    after: ReturnPlace | None,
    *,
    including: bool,
) -> list[Pair]:
    newest = _newest(catalogue, moments.as_of, "newest")
    then, earlier = _newest(catalogue, moments.updated_after, "then"), revision.alias("earlier")
    since = moments.updated_after is not None
    query = select(
        revision.c.id.label("now"),
        earlier.c.id.label("before") if since else null().label("before"),
        (revision.c.cells + func.coalesce(earlier.c.cells, 0) if since else revision.c.cells).label("cells"),
    )
    query = _named(query, catalogue, chosen).join(
        newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number)
    )
    if since:
        query = (
            query.outerjoin(then, then.c["return"] == return_.c.id)
            .outerjoin(
                earlier,
                and_(
                    earlier.c.programme == return_.c.programme,
                    earlier.c["return"] == return_.c.id,
                    earlier.c.number == then.c.number,
                ),
            )
            .where(then.c.number.is_distinct_from(newest.c.number))
        )
    else:
        query = query.where(revision.c.cells > 0)
    if after is not None:
        query = query.where(tuple_(*ORDER) >= _values(after) if including else tuple_(*ORDER) > _values(after))
    rows = await transaction.execute(query.order_by(*ORDER).limit(AT_ONCE))
    return [Pair.of(row) for row in rows]


def _batches(pairs: Sequence[Pair], limit: int) -> Iterator[list[Pair]]:
    """Neighbours whose cells together may fill a page, and not much more."""
    batch: list[Pair] = []
    for pair in pairs:
        batch.append(pair)
        if sum(one.cells for one in batch) >= limit:
            yield batch
            batch = []
    if batch:
        yield batch


# `cell` is the view that shows each caller its own rows. The comparison of rows walks observation's primary key.
CELLS = text(
    """
    select p.n, d.* from unnest(
        cast(:now as bigint[]), cast(:before as bigint[]), cast(:areas as int[]), cast(:breakdowns as int[])
    ) with ordinality as p (now, before, area, breakdown, n)
    cross join lateral (
        select coalesce(n.area, b.area) as area, coalesce(n.breakdown, b.breakdown) as breakdown,
            n.value, n.numerator, n.denominator, n.lower, n.upper, n.status, n.note,
            n.area is null as gone, b.area is null as new
        from (
            select * from cell c
            where c.programme = :programme and c.revision = p.now
              and (c.area, c.breakdown) > (p.area, p.breakdown) and c.area between :first and :last
        ) n full join (
            select * from cell c
            where c.programme = :programme and c.revision = p.before
              and (c.area, c.breakdown) > (p.area, p.breakdown) and c.area between :first and :last
        ) b on b.area = n.area and b.breakdown = n.breakdown
        where (n.value, n.numerator, n.denominator, n.lower, n.upper, n.status, n.note)
            is distinct from (b.value, b.numerator, b.denominator, b.lower, b.upper, b.status, b.note)
    ) d
    order by p.n, d.area, d.breakdown limit :limit
    """
)


async def _cells(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    pairs: Sequence[Pair],
    moments: Moments,
    *,
    area: str | None,
    after: CellPlace | None,
    limit: int,
) -> list[StandingObservation]:
    """The first of these pairs may begin after a cell, the others from their first."""
    rest = [-1] * (len(pairs) - 1)
    first, last = (0, 2**31 - 1) if area is None else [catalogue.ids.areas[area]] * 2
    rows = await transaction.execute(
        CELLS,
        {
            "programme": catalogue.id,
            "now": [pair.now for pair in pairs],
            "before": [pair.before for pair in pairs],
            "areas": [-1 if after is None else catalogue.ids.areas[after.area], *rest],
            "breakdowns": [-1 if after is None else catalogue.ids.breakdowns[after.breakdown], *rest],
            "first": first,
            "last": last,
            "limit": limit,
        },
    )
    since = moments.updated_after is not None
    return [_tidy(row, pairs[int(row.n) - 1], catalogue, _change(row) if since else None) for row in rows]


def _change(row: Row[Any]) -> CellChange:
    if row.gone:
        return CellChange.WITHDRAWN
    return CellChange.ADDED if row.new else CellChange.CHANGED


def _tidy(row: Row[Any], pair: Pair, catalogue: Catalogue, change: CellChange | None) -> StandingObservation:
    return StandingObservation(
        organisation=pair.place.organisation,
        measure=pair.place.measure,
        series=pair.place.series,
        service=pair.place.service,
        period=pair.place.period,
        revision=pair.number,
        recorded_at=pair.recorded_at,
        area=catalogue.area_codes[row.area],
        breakdown=breakdown_of(catalogue.breakdown_texts[row.breakdown]),
        status=Status(row.status) if row.status else None,
        note=row.note,
        change=change,
        **{name: getattr(row, name) for name in NUMBERS},
    )


class Position(Struct, frozen=True, kw_only=True):
    """Where an event lies among all of them. It never leaves the server: it tells how much others do."""

    transaction: str
    position: int


async def position_of(
    transaction: AsyncConnection, catalogue: Catalogue, event: UUID, *, only: Sequence[str] | None
) -> Position | None:
    """None where the caller can see no such event."""
    found = (
        await transaction.execute(
            _visible(
                select(text('"transaction"::text as transaction'), return_event.c.position).where(
                    return_event.c.id == event
                ),
                catalogue,
                only,
            )
        )
    ).one_or_none()
    return None if found is None else Position(transaction=found.transaction, position=found.position)


def _visible(query: Query, catalogue: Catalogue, only: Sequence[str] | None) -> Query:
    query = query.where(return_event.c.programme == catalogue.id)
    if only is None:
        return query
    return query.where(return_event.c.organisation.in_([catalogue.ids.organisations[slug] for slug in only]))


async def changes(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    *,
    only: Sequence[str] | None,
    after: Position | None,
    limit: int,
) -> list[ReturnChange]:
    """What happened to returns, in the order of the transactions that told of it; none is ever missed.

    Ids of transactions are given out in order, but transactions commit in any: an event may come to light before one
    of an older transaction. So only events are told whose transaction is older than every one that still runs
    (`pg_snapshot_xmin`). Whatever is older than that has ended and can tell no more; so nothing can still come to
    light before an event that has been told. A transaction that runs for long delays what is told and loses nothing.
    """
    ended = func.pg_snapshot_xmin(func.pg_current_snapshot())
    query = (
        select(
            return_event.c.id,
            return_event.c.event,
            return_event.c.at,
            return_event.c.organisation,
            return_event.c.by_organisation,
            return_event.c.number,
            return_event.c.state,
            return_event.c.text,
            return_.c.series,
            return_.c.service,
            return_.c.period,
            revision.c.kind,
        )
        .join(return_, and_(return_.c.programme == return_event.c.programme, return_.c.id == return_event.c["return"]))
        .join(
            revision,
            and_(
                revision.c.programme == return_event.c.programme,
                revision.c["return"] == return_event.c["return"],
                revision.c.number == return_event.c.number,
            ),
        )
        .where(return_event.c.transaction < ended)
        .order_by(return_event.c.transaction, return_event.c.position)
        .limit(limit)
    )
    if after is not None:
        query = query.where(
            text('(return_event."transaction", return_event.position) > (cast(:told as text)::xid8, :position)')
        )
        given: dict[str, Any] = {"told": after.transaction, "position": after.position}
    else:
        given = {}
    rows = await transaction.execute(_visible(query, catalogue, only), given)
    return [_event(row, catalogue) for row in rows]


def _event(row: Row[Any], catalogue: Catalogue) -> ReturnChange:
    measure, slug = catalogue.series_slugs[row.series]
    return ReturnChange(
        id=row.id,
        event=EventKind(row.event),
        at=row.at,
        organisation=catalogue.organisation_slugs[row.organisation],
        measure=measure,
        series=slug,
        service=row.service,
        period=periods.parse(row.period),
        revision=row.number,
        kind=ReturnKind(row.kind),
        state=None if row.state is None else ReviewState(row.state),
        by=catalogue.organisation_slugs[row.by_organisation],
        text=cast("str | None", row.text),
    )
