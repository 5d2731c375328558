"""SQL of the cells of returns, now or as of an earlier instant, and which of them have changed since another."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, and_, func, null, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from api.returns.queries_returns import RETURN_ORDER, Statement, select_named_revisions, select_newest, to_row
from api.returns.query import CellCursor, HistoryRange, ReturnCursor, ReturnFilter
from api.submissions.cell_columns import NUMBER_FIELDS
from schema.returns import CellChange, ReturnCell
from schema.submissions import Status
from schema.tables import return_table, revision

RETURNS_PER_BATCH = 200


class RevisionPair(Struct, frozen=True, kw_only=True):
    """The current revision of a return, and the one that was current at `updated_after`. Ids are the database's."""

    cursor: ReturnCursor
    number: int
    recorded_at: datetime
    current_id: int
    earlier_id: int | None
    cell_count: int  # of both revisions together

    @classmethod
    def from_row(cls, row: Row[Any]) -> "RevisionPair":
        return cls(
            cursor=ReturnCursor(row.measure, row.series, row.service, row.organisation, row.period_start, row.period),
            number=row.number,
            recorded_at=row.recorded_at,
            current_id=row.current_id,
            earlier_id=row.earlier_id,
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
    """Return the cells of returns as of the instant; with `updated_after`, only those that have changed since.

    The function walks the returns in order, and fetches only as many cells as the page has room for.
    """
    cells: list[ReturnCell] = []
    cursor, is_inclusive = (None, False) if after is None else (after.return_cursor, True)
    while True:
        pairs = await _fetch_pairs(
            transaction, catalogue, return_filter, history_range, cursor, is_inclusive=is_inclusive
        )
        for batch in _split_into_batches(pairs, limit):
            start = after if is_inclusive and after is not None and batch[0].cursor == after.return_cursor else None
            cells += await _fetch_cells(
                transaction, catalogue, batch, history_range, area=area, after=start, limit=limit - len(cells)
            )
            if len(cells) == limit:
                return cells
        if len(pairs) < RETURNS_PER_BATCH:
            return cells
        cursor, is_inclusive = pairs[-1].cursor, False


async def _fetch_pairs(
    transaction: AsyncConnection,
    catalogue: Catalogue,
    return_filter: ReturnFilter,
    history_range: HistoryRange,
    after: ReturnCursor | None,
    *,
    is_inclusive: bool,
) -> list[RevisionPair]:
    if history_range.updated_after is None:
        statement = _select_current(catalogue, return_filter, history_range)
    else:
        statement = _select_changed(catalogue, return_filter, history_range)
    if after is not None:
        order = tuple_(*RETURN_ORDER)
        statement = statement.where(order >= to_row(after) if is_inclusive else order > to_row(after))
    rows = await transaction.execute(statement.order_by(*RETURN_ORDER).limit(RETURNS_PER_BATCH))
    return [RevisionPair.from_row(row) for row in rows]


def _select_current(catalogue: Catalogue, return_filter: ReturnFilter, history_range: HistoryRange) -> Statement:
    """Select the newest revision of each return as of the instant, if it has cells."""
    newest = select_newest(catalogue, history_range.as_of, "newest")
    statement = select(revision.c.id.label("current_id"), null().label("earlier_id"), revision.c.cells)
    return (
        select_named_revisions(statement, catalogue, return_filter)
        .join(newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number))
        .where(revision.c.cells > 0)
    )


def _select_changed(catalogue: Catalogue, return_filter: ReturnFilter, history_range: HistoryRange) -> Statement:
    """Select the newest revision of each return that had another newest revision at `updated_after`, with both."""
    newest = select_newest(catalogue, history_range.as_of, "newest")
    newest_then = select_newest(catalogue, history_range.updated_after, "newest_then")
    earlier = revision.alias("earlier")
    statement = select(
        revision.c.id.label("current_id"),
        earlier.c.id.label("earlier_id"),
        (revision.c.cells + func.coalesce(earlier.c.cells, 0)).label("cells"),
    )
    return (
        select_named_revisions(statement, catalogue, return_filter)
        .join(newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number))
        .outerjoin(newest_then, newest_then.c["return"] == return_table.c.id)
        .outerjoin(
            earlier,
            and_(
                earlier.c.programme == return_table.c.programme,
                earlier.c["return"] == return_table.c.id,
                earlier.c.number == newest_then.c.number,
            ),
        )
        .where(newest_then.c.number.is_distinct_from(newest.c.number))
    )


def _split_into_batches(pairs: Sequence[RevisionPair], limit: int) -> Iterator[list[RevisionPair]]:
    """Group successive pairs so that the cells of a group just suffice to fill a page."""
    batch: list[RevisionPair] = []
    for pair in pairs:
        batch.append(pair)
        if sum(pair.cell_count for pair in batch) >= limit:
            yield batch
            batch = []
    if batch:
        yield batch


# `cell` is the view that shows each caller its own rows. The comparison of rows uses the primary key of observation.
CHANGED_CELLS_SQL = text(
    """
    select p.n, d.* from unnest(
        cast(:current as bigint[]), cast(:earlier as bigint[]), cast(:areas as int[]), cast(:breakdowns as int[])
    ) with ordinality as p (current, earlier, area, breakdown, n)
    cross join lateral (
        select coalesce(c.area, e.area) as area, coalesce(c.breakdown, e.breakdown) as breakdown,
            c.value, c.numerator, c.denominator, c.lower, c.upper, c.status, c.note,
            c.area is null as removed, e.area is null as added
        from (
            select * from cell
            where cell.programme = :programme and cell.revision = p.current
              and (cell.area, cell.breakdown) > (p.area, p.breakdown) and cell.area between :first and :last
        ) c full join (
            select * from cell
            where cell.programme = :programme and cell.revision = p.earlier
              and (cell.area, cell.breakdown) > (p.area, p.breakdown) and cell.area between :first and :last
        ) e on e.area = c.area and e.breakdown = c.breakdown
        where (c.value, c.numerator, c.denominator, c.lower, c.upper, c.status, c.note)
            is distinct from (e.value, e.numerator, e.denominator, e.lower, e.upper, e.status, e.note)
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
    """Return the cells of the pairs: of the first pair only those after the cursor."""
    from_first_cell = [-1] * (len(pairs) - 1)
    first, last = (0, 2**31 - 1) if area is None else [catalogue.ids.areas[area]] * 2
    rows = await transaction.execute(
        CHANGED_CELLS_SQL,
        {
            "programme": catalogue.id,
            "current": [pair.current_id for pair in pairs],
            "earlier": [pair.earlier_id for pair in pairs],
            "areas": [-1 if after is None else catalogue.ids.areas[after.area], *from_first_cell],
            "breakdowns": [-1 if after is None else catalogue.ids.breakdowns[after.breakdown], *from_first_cell],
            "first": first,
            "last": last,
            "limit": limit,
        },
    )
    is_diff = history_range.updated_after is not None
    return [
        _to_return_cell(row, pairs[int(row.n) - 1], catalogue, _choose_change(row) if is_diff else None) for row in rows
    ]


def _choose_change(row: Row[Any]) -> CellChange:
    if row.removed:
        return CellChange.WITHDRAWN
    return CellChange.ADDED if row.added else CellChange.CHANGED


def _to_return_cell(row: Row[Any], pair: RevisionPair, catalogue: Catalogue, change: CellChange | None) -> ReturnCell:
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
