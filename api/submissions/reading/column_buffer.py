"""Collect columns chunk by chunk, in little memory."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from api.http.refusals import BodyTooLarge
from api.submissions.cell_columns import NUMBER_FIELDS, Cells, Column, Notes
from api.submissions.reading.limits import MAX_ROWS

COLUMN_NAMES = ("item", "area", "breakdown", *NUMBER_FIELDS, "status", "row")


class ColumnBuffer:
    """Columns that grow. A chunk with one value throughout uses the memory of one number."""

    def __init__(self) -> None:
        self._chunks: dict[str, list[npt.NDArray[np.generic]]] = {name: [] for name in COLUMN_NAMES}
        self._note_chunks: list[Notes] = [np.empty(0, dtype=np.object_)]
        self.row_count = 0

    def add(self, columns: Mapping[str, Column], notes: Notes) -> None:
        """Raises BodyTooLarge if there are more than three million rows."""
        self.row_count += len(notes)
        if self.row_count > MAX_ROWS:
            raise BodyTooLarge(f"There are more than {MAX_ROWS:,} rows. Send them in parts, each with whole returns.")
        if len(notes):
            self._note_chunks.append(notes)
            for name, chunks in self._chunks.items():
                chunks.append(_compact(columns[name]))

    def drain(self) -> tuple[Cells, Column]:
        """Return the cells and their row numbers, and empty the buffer."""
        columns = {name: self._drain_column(name) for name in COLUMN_NAMES}
        row = columns.pop("row")
        return Cells(**columns, notes=np.concatenate(self._note_chunks)), row

    def _drain_column(self, name: str) -> Column:
        chunks = self._chunks.pop(name)
        if chunks and all(chunk[0] == chunks[0][0] and not any(chunk.strides) for chunk in chunks):
            return np.broadcast_to(np.asarray(chunks[0][0], dtype=np.int64), self.row_count)
        return np.concatenate([np.empty(0, dtype=np.int64), *chunks], dtype=np.int64)


def _compact(column: Column) -> npt.NDArray[np.generic]:
    if (column == column[0]).all():
        return np.broadcast_to(column[0], len(column))
    return column.astype(np.int32) if int(column.max()) < 2**31 else column
