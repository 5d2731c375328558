"""Read the cells of revisions as columns, by a binary COPY."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import copy_binary_out, fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import MISSING, NUMBER_FIELDS, Cells
from api.submissions.copy_format import CellUnpacker
from schema.submissions import Status

_NO_CELLS = CellUnpacker().to_cells({})


async def fetch_cells(transaction: AsyncConnection, catalogue: Catalogue, items: Mapping[int, int]) -> Cells:
    """Return the cells of revisions. `items` has, by the revision's id, the `item` that its cells get."""
    if not items:
        return _NO_CELLS
    pairs = ", ".join(f"({revision:d}, {item:d})" for revision, item in items.items())
    numbers = ", ".join(f"coalesce(c.{name}, {MISSING})" for name in NUMBER_FIELDS)
    status = f"coalesce(array_position(array{[s.value for s in Status]}, c.status), 0)::bigint"
    source = f"from cell c join (values {pairs}) as v (revision, item) on v.revision = c.revision"
    # The view is a security barrier, so a join condition does not reach the index below it. Constants do.
    revisions = ", ".join(f"{revision:d}" for revision in items)
    condition = f"where c.programme = {catalogue.id:d} and c.revision in ({revisions})"
    has_note = "(c.note is not null)::int::bigint"
    columns = f"v.item::bigint, c.area::bigint, c.breakdown::bigint, {numbers}, {status}, {has_note}"
    unpacker = CellUnpacker()
    await copy_binary_out(transaction, f"select {columns} {source} {condition}", unpacker.feed)
    if not unpacker.has_notes:
        return unpacker.to_cells({})
    notes = await fetch_in_transaction(
        transaction,
        """
        select revision, area, breakdown, note from cell
        where programme = $1 and revision = any($2::bigint[]) and note is not null
        """,
        *(catalogue.id, list(items)),
    )
    return unpacker.to_cells({(items[revision], area, breakdown): note for revision, area, breakdown, note in notes})
