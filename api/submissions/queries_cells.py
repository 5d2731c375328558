"""Read the cells of revisions."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.connections import fetch_in_transaction
from api.plan.catalogue import Catalogue
from api.submissions.cell_columns import Cells
from api.submissions.packed_cells import EMPTY_VALUES, PackedCells, unpack_cells

_COLUMNS = ", ".join(f"cell_{name}" for name in EMPTY_VALUES)
# TOAST stores the columns uncompressed, so PostgreSQL reads only the beginning of each.
_BEGINNINGS = ", ".join(f"substr(cell_{name}, 1, octet_length(cell_{name}) / cells * totals)" for name in EMPTY_VALUES)
_SELECT = """
    select id, {count}, cell_notes::text, {columns} from revision
    where programme = $1 and id = any($2::bigint[]) and cell_area is not null
"""
_SELECT_CELLS = _SELECT.format(count="cells", columns=_COLUMNS)
_SELECT_TOTALS = _SELECT.format(count="totals", columns=_BEGINNINGS)


async def fetch_cells(
    transaction: AsyncConnection, catalogue: Catalogue, items: Mapping[int, int], *, only_totals: bool = False
) -> Cells:
    """Return the cells of revisions, or only the totals of areas, without their notes.

    `items` has, by the revision's id, the `item` that its cells get. A redacted revision has no cells.
    """
    if not items:
        return unpack_cells([], [])
    statement = _SELECT_TOTALS if only_totals else _SELECT_CELLS
    rows = await fetch_in_transaction(transaction, statement, catalogue.id, list(items))
    revisions = {
        items[number]: PackedCells(count=count, columns=tuple(columns), notes=None if only_totals else notes)
        for number, count, notes, *columns in rows
    }
    return unpack_cells(revisions, list(revisions.values()))
