"""SQL of the cells of returns, now or as of an earlier instant, and which of them have changed since another."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, and_, func, null, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from api.plan.catalogue import Catalogue
from api.returns.changed_cells import list_changed_cells
from api.returns.queries_returns import RETURN_ORDER, Statement, select_named_revisions, select_newest, to_row
from api.returns.query import CellCursor, HistoryRange, ReturnCursor, ReturnFilter
from api.submissions.cell_columns import NUMBER_FIELDS, Cells, calculate_cell_id
from api.submissions.queries_cells import fetch_cells
from schema.returns import CellChange, ReturnCell
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
    newest = select_newest(catalogue, history_range.until, "newest")
    statement = select(revision.c.id.label("current_id"), null().label("earlier_id"), revision.c.cells)
    return (
        select_named_revisions(statement, catalogue, return_filter)
        .join(newest, and_(revision.c["return"] == newest.c["return"], revision.c.number == newest.c.number))
        .where(revision.c.cells > 0)
    )


def _select_changed(catalogue: Catalogue, return_filter: ReturnFilter, history_range: HistoryRange) -> Statement:
    """Select the newest revision of each return that had another newest revision at `updated_after`, with both."""
    newest = select_newest(catalogue, history_range.until, "newest")
    newest_then = select_newest(catalogue, history_range.since, "newest_then")
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
    items = {pair.current_id: item for item, pair in enumerate(pairs)}
    earlier_items = {pair.earlier_id: item for item, pair in enumerate(pairs) if pair.earlier_id is not None}
    ids = catalogue.ids
    page = list_changed_cells(
        await fetch_cells(transaction, catalogue, items),
        await fetch_cells(transaction, catalogue, earlier_items),
        area=None if area is None else ids.areas[area],
        after=None if after is None else calculate_cell_id(ids.areas[after.area], ids.breakdowns[after.breakdown]),
        limit=limit,
    )
    is_diff = history_range.updated_after is not None
    return [
        _to_return_cell(cells, row, pairs[int(cells.item[row])], catalogue, change if is_diff else None)
        for cells, row, change in page
    ]


def _to_return_cell(
    cells: Cells, row: int, pair: RevisionPair, catalogue: Catalogue, change: CellChange | None
) -> ReturnCell:
    nothing: dict[str, Any] = dict.fromkeys((*NUMBER_FIELDS, "status", "note"))
    return ReturnCell(
        organisation=pair.cursor.organisation,
        measure=pair.cursor.measure,
        series=pair.cursor.series,
        service=pair.cursor.service,
        period=pair.cursor.period,
        revision=pair.number,
        recorded_at=pair.recorded_at,
        change=change,
        **cells.read_codes(row, catalogue),
        **(nothing if change is CellChange.WITHDRAWN else cells.read_row(row)),
    )
