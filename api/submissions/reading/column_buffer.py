"""The columns of what is sent, as they grow chunk by chunk; kept small until they are whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from api.http.refusals import TooLarge
from api.submissions.revisions import NUMBERS, Column, Notes

MOST_ROWS = 10_000_000
COLUMNS = ("item", "area", "breakdown", *NUMBERS, "status", "row")


class Growing:
    """A part that says the same throughout is kept as one number, seen as often as it has rows."""

    def __init__(self, names: Sequence[str] = COLUMNS) -> None:
        self._parts: dict[str, list[npt.NDArray[np.generic]]] = {name: [] for name in names}
        self._notes: list[Notes] = [np.empty(0, dtype=np.object_)]
        self.count = 0

    def add(self, columns: Mapping[str, Column], notes: Notes) -> None:
        """Raises TooLarge beyond ten million rows."""
        self.count += len(notes)
        if self.count > MOST_ROWS:
            raise TooLarge(f"There are more than {MOST_ROWS:,} rows. Send them in parts, each with whole returns.")
        if len(notes):
            self._notes.append(notes)
            for name, parts in self._parts.items():
                parts.append(_small(columns[name]))

    def joined(self) -> dict[str, Any]:
        """Hands the columns over, and keeps nothing."""
        whole: dict[str, Any] = {name: self._whole(name) for name in list(self._parts)}
        whole["notes"] = np.concatenate(self._notes)
        self._notes.clear()
        return whole

    def _whole(self, name: str) -> Column:
        parts = self._parts.pop(name)
        if parts and all(part[0] == parts[0][0] and not any(part.strides) for part in parts):
            return np.broadcast_to(np.asarray(parts[0][0], dtype=np.int64), self.count)
        return np.concatenate([np.empty(0, dtype=np.int64), *parts], dtype=np.int64)


def _small(column: Column) -> npt.NDArray[np.generic]:
    if (column == column[0]).all():
        return np.broadcast_to(column[0], len(column))
    return column.astype(np.int32) if int(column.max()) < 2**31 else column
