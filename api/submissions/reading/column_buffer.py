"""The columns of what is sent, as they grow chunk by chunk; kept small until they are whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from api.http.refusals import BodyTooLarge
from api.submissions.revisions import NUMBER_FIELDS, Column, Notes

MAX_ROWS = 10_000_000
CELL_COLUMNS = ("item", "area", "breakdown", *NUMBER_FIELDS, "status", "row")


class ColumnBuffer:
    """A part that says the same throughout is kept as one number, seen as often as it has rows."""

    def __init__(self, names: Sequence[str] = CELL_COLUMNS) -> None:
        self._chunks: dict[str, list[npt.NDArray[np.generic]]] = {name: [] for name in names}
        self._note_chunks: list[Notes] = [np.empty(0, dtype=np.object_)]
        self.row_count = 0

    def add(self, columns: Mapping[str, Column], notes: Notes) -> None:
        """Raises TooLarge beyond ten million rows."""
        self.row_count += len(notes)
        if self.row_count > MAX_ROWS:
            raise BodyTooLarge(f"There are more than {MAX_ROWS:,} rows. Send them in parts, each with whole returns.")
        if len(notes):
            self._note_chunks.append(notes)
            for name, parts in self._chunks.items():
                parts.append(_compact(columns[name]))

    def drain(self) -> dict[str, Any]:
        """Hands the columns over, and keeps nothing."""
        whole: dict[str, Any] = {name: self._drain_column(name) for name in list(self._chunks)}
        whole["notes"] = np.concatenate(self._note_chunks)
        self._note_chunks.clear()
        return whole

    def _drain_column(self, name: str) -> Column:
        parts = self._chunks.pop(name)
        if parts and all(part[0] == parts[0][0] and not any(part.strides) for part in parts):
            return np.broadcast_to(np.asarray(parts[0][0], dtype=np.int64), self.row_count)
        return np.concatenate([np.empty(0, dtype=np.int64), *parts], dtype=np.int64)


def _compact(column: Column) -> npt.NDArray[np.generic]:
    if (column == column[0]).all():
        return np.broadcast_to(column[0], len(column))
    return column.astype(np.int32) if int(column.max()) < 2**31 else column
