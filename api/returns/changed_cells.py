"""The cells that differ between two revisions of each of several returns, page by page."""

import numpy as np

from api.submissions.cell_columns import Cells, get_area
from api.submissions.diff import diff_cells
from schema.returns import CellChange


def list_changed_cells(
    current: Cells, earlier: Cells, *, area: int | None, after: int | None, limit: int
) -> list[tuple[Cells, int, CellChange]]:
    """Return the set, the row and the change of each cell, ordered by return, area and breakdown.

    `area` restricts the list to an area by its id, and `after` the cells of the first return to those with a larger id.
    """
    difference = diff_cells(current, earlier)
    parts = (
        (current, difference.added, CellChange.ADDED),
        (current, difference.changed, CellChange.CHANGED),
        (earlier, difference.withdrawn, CellChange.WITHDRAWN),
    )
    part = np.repeat(np.arange(len(parts)), [len(rows) for _, rows, _ in parts])
    row = np.concatenate([rows for _, rows, _ in parts])
    item = np.concatenate([cells.item[rows] for cells, rows, _ in parts])
    cell_id = np.concatenate([cells.cell_id[rows] for cells, rows, _ in parts])
    is_listed = np.ones(len(row), dtype=np.bool_) if area is None else get_area(cell_id) == area
    if after is not None:
        is_listed &= (item > 0) | (cell_id > after)
    listed = np.flatnonzero(is_listed)
    listed = listed[np.lexsort((cell_id[listed], item[listed]))][:limit]
    return [
        (parts[number][0], index, parts[number][2])
        for number, index in zip(part[listed].tolist(), row[listed].tolist(), strict=True)
    ]
