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

from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.returns.asked import CellCursor, HistoryRange, ReturnCursor, ReturnFilter
from api.statistics import periods
from api.submissions.cell_columns import NUMBER_FIELDS, Cells
from api.submissions.queries_cells import fetch_cells
from api.submissions.queries_locks import WRITE_LOCK
from api.submissions.queries_revisions import approved_revision_expression, parse_content, state_expression
from schema.returns import CellChange, EventKind, ReturnCell, ReturnDetail, ReturnEvent, ReturnRevision
from schema.submissions import (
    EvidenceEntry,
    Justification,
    MilestoneItem,
    Observation,
    PublisherFigure,
    ReturnKind,
    ReviewState,
    Status,
)
from schema.tables import cell, organisation, return_event, return_table, revision, series

Statement = Any  # a select, of whatever columns

MAX_WAIT_SECONDS = 10.0  # seconds, for those that are writing
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.005, 0.1
RETURNS_PER_BATCH = 200  # returns whose cells are looked for

# What a page of returns is ordered by, and a cursor points into: names, so that it tells nothing of anyone else.
RETURN_ORDER = (
    series.c.measure,
    series.c.slug,
    return_table.c.service,
    organisation.c.slug,
    return_table.c.period_start,
    return_table.c.period,
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
    given = {"kind": WRITE_LOCK, "programme": catalogue.id}
    writing: set[str] | None = None
    clock = asyncio.get_running_loop()
    give_up, pause = clock.time() + MAX_WAIT_SECONDS, FIRST_PAUSE_SECONDS
    while True:
        found = set((await transaction.execute(holders, given)).scalars())
        writing = found if writing is None else writing & found
        if not writing:
            return True
        if clock.time() > give_up:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_SECONDS)


async def fetch_returns(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    *,
    after: ReturnCursor | None,
    limit: int,
) -> list[ReturnRevision]:
    """Returns as they stand, or stood."""
    newest = _select_newest(catalogue, history_range.as_of, "newest")
    query = (
        _select_revisions(catalogue, return_filter, history_range.as_of)
        .join(newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number))
        .order_by(*RETURN_ORDER)
        .limit(limit)
    )
    if return_filter.state is not None:
        query = query.where(state_expression(revision, as_of=history_range.as_of) == return_filter.state)
    if history_range.updated_after is not None:
        query = query.where(_has_changed(history_range))
    if after is not None:
        query = query.where(tuple_(*RETURN_ORDER) > _to_row(after))
    return [_to_summary(row) for row in await transaction.execute(query)]


def _has_changed(history_range: HistoryRange) -> ColumnElement[bool]:
    """A revision came, or a review moved the state of one."""
    event = select(return_event.c.id).where(
        return_event.c.programme == return_table.c.programme,
        return_event.c["return"] == return_table.c.id,
        return_event.c.state.is_not(None),
        return_event.c.at > history_range.updated_after,
    )
    if history_range.as_of is not None:
        event = event.where(return_event.c.at <= history_range.as_of)
    return event.exists()


def make_return_cursor(last: ReturnRevision) -> ReturnCursor:
    """What `ORDER` says of a return."""
    period = last.period
    return ReturnCursor(last.measure, last.series, last.service, last.organisation, period.start, period.code)


def _to_row(after: ReturnCursor) -> Any:
    return tuple_(*(literal(value) for value in msgspec.structs.astuple(after)))


async def fetch_revisions(
    transaction: AsyncConnection, catalogue: Catalogue, return_filter: ReturnFilter, history_range: HistoryRange
) -> list[ReturnRevision]:
    """Every revision of a return, the newest first."""
    query = _select_revisions(catalogue, return_filter, history_range.as_of).order_by(revision.c.number.desc())
    return [_to_summary(row) for row in await transaction.execute(query)]


async def fetch_revision(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    *,
    number: int | None,
) -> ReturnDetail | None:
    """One revision of a return, the newest where no number is given; None where the caller can see none."""
    row = await _fetch_revision_row(transaction, catalogue, return_filter, history_range, number=number)
    if row is None:
        return None
    cells = await transaction.execute(
        select(cell)
        .where(cell.c.programme == catalogue.id, cell.c.revision == row.revision_id)
        .order_by(cell.c.area, cell.c.breakdown)
    )
    return _to_detail(row, catalogue, [_to_observation(found, catalogue) for found in cells])


async def fetch_revision_with_columns(
    transaction: AsyncConnection, catalogue: Catalogue, return_filter: ReturnFilter, *, number: int
) -> tuple[ReturnDetail, Cells] | None:
    """One revision of a return, its cells as columns; None where the caller can see none."""
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
    query = _select_revisions(catalogue, return_filter, history_range.as_of).order_by(revision.c.number.desc()).limit(1)
    if number is not None:
        query = query.where(revision.c.number == number)
    return (await transaction.execute(query)).one_or_none()


def _to_detail(row: Row[Any], catalogue: Catalogue, observations: list[Observation]) -> ReturnDetail:
    content = parse_content(row.content, catalogue.measures[row.measure].kind)
    return ReturnDetail(
        summary=_to_summary(row),
        observations=observations,
        items=[one for one in content if isinstance(one, MilestoneItem)],
        entries=[one for one in content if isinstance(one, EvidenceEntry)],
        figures=[one for one in content if isinstance(one, PublisherFigure)],
        justifications=msgspec.convert(row.justifications, list[Justification]),
    )


def _to_observation(row: Row[Any], catalogue: Catalogue) -> Observation:
    return Observation(
        area=catalogue.area_codes[row.area],
        breakdown=parse_breakdown_key(catalogue.breakdown_keys[row.breakdown]),
        status=Status(row.status) if row.status else None,
        note=row.note,
        **{name: getattr(row, name) for name in NUMBER_FIELDS},
    )


def _select_newest(catalogue: Catalogue, as_of: datetime | None, name: str) -> Subquery:
    """The number of each return's newest revision, of those that there were by then."""
    query = select(revision.c["return"], func.max(revision.c.number).label("number")).where(
        revision.c.programme == catalogue.id
    )
    if as_of is not None:
        query = query.where(revision.c.recorded_at <= as_of)
    return query.group_by(revision.c["return"]).subquery(name)


def build_conditions(catalogue: Catalogue, return_filter: ReturnFilter) -> list[ColumnElement[bool]]:
    columns = {
        organisation.c.slug: return_filter.organisation,
        series.c.measure: return_filter.measure,
        series.c.slug: return_filter.series,
        return_table.c.service: return_filter.service,
        return_table.c.period: return_filter.period,
        revision.c.kind: return_filter.kind,
    }
    wanted = [column == value for column, value in columns.items() if value is not None]
    if return_filter.readable_organisations is not None:
        wanted.append(
            return_table.c.organisation.in_(
                [catalogue.ids.organisations[slug] for slug in return_filter.readable_organisations]
            )
        )
    return [return_table.c.programme == catalogue.id, *wanted]


def _add_names(query: Statement, catalogue: Catalogue, return_filter: ReturnFilter) -> Statement:
    """A query of revisions with the names of their returns, of those that are chosen."""
    return (
        query.add_columns(
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
        .select_from(return_table)
        .join(series, and_(series.c.programme == return_table.c.programme, series.c.id == return_table.c.series))
        .join(
            organisation,
            and_(
                organisation.c.programme == return_table.c.programme, organisation.c.id == return_table.c.organisation
            ),
        )
        .join(
            revision, and_(revision.c.programme == return_table.c.programme, revision.c["return"] == return_table.c.id)
        )
        .where(*build_conditions(catalogue, return_filter))
    )


def _select_revisions(catalogue: Catalogue, return_filter: ReturnFilter, as_of: datetime | None) -> Statement:
    query = select(
        revision.c.id.label("revision_id"),
        revision.c.cells,
        revision.c.submission,
        revision.c.note,
        revision.c.content,
        revision.c.justifications,
        state_expression(revision, as_of=as_of).label("state"),
        approved_revision_expression(return_table, as_of=as_of).label("approved"),
    )
    return _add_names(query, catalogue, return_filter).where(
        *([] if as_of is None else [revision.c.recorded_at <= as_of])
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
    )


class RevisionPair(Struct, frozen=True, kw_only=True):
    """A return whose cells are read: its standing revision, and the one that stood when reading was last done."""

    cursor: ReturnCursor
    number: int
    recorded_at: datetime
    current_id: int
    earlier_id: int | None
    cell_count: int  # of both together

    @classmethod
    def from_row(cls, row: Row[Any]) -> "RevisionPair":
        return cls(
            cursor=ReturnCursor(row.measure, row.series, row.service, row.organisation, row.period_start, row.period),
            number=row.number,
            recorded_at=row.recorded_at,
            current_id=row.now,
            earlier_id=row.before,
            cell_count=row.cells,
        )


async def fetch_observations(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    *,
    area: str | None,
    after: CellCursor | None,
    limit: int,
) -> list[ReturnCell]:
    """Cells of returns as they stand, or stood; with `updated_after` those that are not what they were then.

    Returns are walked in order, and of each only the cells that still have room are fetched.
    """
    found: list[ReturnCell] = []
    place, including = (None, False) if after is None else (after.return_cursor, True)
    while True:
        pairs = await _fetch_pairs(transaction, catalogue, return_filter, history_range, place, is_inclusive=including)
        for batch in _split_into_batches(pairs, limit):
            start = after if including and after is not None and batch[0].cursor == after.return_cursor else None
            found += await _fetch_cells(
                transaction, catalogue, batch, history_range, area=area, after=start, limit=limit - len(found)
            )
            if len(found) == limit:
                return found
        if len(pairs) < RETURNS_PER_BATCH:
            return found
        place, including = pairs[-1].cursor, False


async def _fetch_pairs(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    after: ReturnCursor | None,
    *,
    is_inclusive: bool,
) -> list[RevisionPair]:
    newest = _select_newest(catalogue, history_range.as_of, "newest")
    then, earlier = _select_newest(catalogue, history_range.updated_after, "then"), revision.alias("earlier")
    since = history_range.updated_after is not None
    query = select(
        revision.c.id.label("now"),
        earlier.c.id.label("before") if since else null().label("before"),
        (revision.c.cells + func.coalesce(earlier.c.cells, 0) if since else revision.c.cells).label("cells"),
    )
    query = _add_names(query, catalogue, return_filter).join(
        newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number)
    )
    if since:
        query = (
            query.outerjoin(then, then.c["return"] == return_table.c.id)
            .outerjoin(
                earlier,
                and_(
                    earlier.c.programme == return_table.c.programme,
                    earlier.c["return"] == return_table.c.id,
                    earlier.c.number == then.c.number,
                ),
            )
            .where(then.c.number.is_distinct_from(newest.c.number))
        )
    else:
        query = query.where(revision.c.cells > 0)
    if after is not None:
        query = query.where(
            tuple_(*RETURN_ORDER) >= _to_row(after) if is_inclusive else tuple_(*RETURN_ORDER) > _to_row(after)
        )
    rows = await transaction.execute(query.order_by(*RETURN_ORDER).limit(RETURNS_PER_BATCH))
    return [RevisionPair.from_row(row) for row in rows]


def _split_into_batches(pairs: Sequence[RevisionPair], limit: int) -> Iterator[list[RevisionPair]]:
    """Neighbours whose cells together may fill a page, and not much more."""
    batch: list[RevisionPair] = []
    for pair in pairs:
        batch.append(pair)
        if sum(one.cell_count for one in batch) >= limit:
            yield batch
            batch = []
    if batch:
        yield batch


# `cell` is the view that shows each caller its own rows. The comparison of rows walks observation's primary key.
CHANGED_CELLS_SQL = text(
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


async def _fetch_cells(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    pairs: Sequence[RevisionPair],
    history_range: HistoryRange,
    *,
    area: str | None,
    after: CellCursor | None,
    limit: int,
) -> list[ReturnCell]:
    """The first of these pairs may begin after a cell, the others from their first."""
    rest = [-1] * (len(pairs) - 1)
    first, last = (0, 2**31 - 1) if area is None else [catalogue.ids.areas[area]] * 2
    rows = await transaction.execute(
        CHANGED_CELLS_SQL,
        {
            "programme": catalogue.id,
            "now": [pair.current_id for pair in pairs],
            "before": [pair.earlier_id for pair in pairs],
            "areas": [-1 if after is None else catalogue.ids.areas[after.area], *rest],
            "breakdowns": [-1 if after is None else catalogue.ids.breakdowns[after.breakdown], *rest],
            "first": first,
            "last": last,
            "limit": limit,
        },
    )
    since = history_range.updated_after is not None
    return [
        _to_listed_observation(row, pairs[int(row.n) - 1], catalogue, _choose_change(row) if since else None)
        for row in rows
    ]


def _choose_change(row: Row[Any]) -> CellChange:
    if row.gone:
        return CellChange.WITHDRAWN
    return CellChange.ADDED if row.new else CellChange.CHANGED


def _to_listed_observation(
    row: Row[Any], pair: RevisionPair, catalogue: Catalogue, change: CellChange | None
) -> ReturnCell:
    return ReturnCell(
        organisation=pair.cursor.organisation,
        measure=pair.cursor.measure,
        series=pair.cursor.series,
        service=pair.cursor.service,
        period=pair.cursor.period,
        revision=pair.number,
        recorded_at=pair.recorded_at,
        area=catalogue.area_codes[row.area],
        breakdown=parse_breakdown_key(catalogue.breakdown_keys[row.breakdown]),
        status=Status(row.status) if row.status else None,
        note=row.note,
        change=change,
        **{name: getattr(row, name) for name in NUMBER_FIELDS},
    )


class FeedPosition(Struct, frozen=True, kw_only=True):
    """Where an event lies among all of them. It never leaves the server: it tells how much others do."""

    transaction_id: str
    position: int


async def fetch_position(
    transaction: AsyncConnection, catalogue: Catalogue, event: UUID, *, readable_organisations: Sequence[str] | None
) -> FeedPosition | None:
    """None where the caller can see no such event."""
    found = (
        await transaction.execute(
            _limit_to_visible(
                select(text('"transaction"::text as transaction'), return_event.c.position).where(
                    return_event.c.id == event
                ),
                catalogue,
                readable_organisations,
            )
        )
    ).one_or_none()
    return None if found is None else FeedPosition(transaction_id=found.transaction, position=found.position)


def _limit_to_visible(
    query: Statement, catalogue: Catalogue, readable_organisations: Sequence[str] | None
) -> Statement:
    query = query.where(return_event.c.programme == catalogue.id)
    if readable_organisations is None:
        return query
    return query.where(
        return_event.c.organisation.in_([catalogue.ids.organisations[slug] for slug in readable_organisations])
    )


async def fetch_changes(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    *,
    readable_organisations: Sequence[str] | None,
    after: FeedPosition | None,
    limit: int,
) -> list[ReturnEvent]:
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
            return_table.c.series,
            return_table.c.service,
            return_table.c.period,
            revision.c.kind,
        )
        .join(
            return_table,
            and_(return_table.c.programme == return_event.c.programme, return_table.c.id == return_event.c["return"]),
        )
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
        given: dict[str, Any] = {"told": after.transaction_id, "position": after.position}
    else:
        given = {}
    rows = await transaction.execute(_limit_to_visible(query, catalogue, readable_organisations), given)
    return [_to_return_change(row, catalogue) for row in rows]


def _to_return_change(row: Row[Any], catalogue: Catalogue) -> ReturnEvent:
    measure, slug = catalogue.series_slugs[row.series]
    return ReturnEvent(
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
