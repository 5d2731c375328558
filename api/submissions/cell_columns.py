"""Cells of returns, column by column: one array for each field instead of one object for each cell."""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.plan.breakdowns import parse_breakdown_key
from api.plan.catalogue import Catalogue
from schema.submissions import Status

Column = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Notes = npt.NDArray[np.object_]  # str or None

MISSING = -1  # counts and ids are never negative
STATUSES: tuple[Status | None, ...] = (None, *Status)
STATUS_INDEX = {status: index for index, status in enumerate(STATUSES)}
NUMBER_FIELDS = ("value", "numerator", "denominator", "lower", "upper")


Id = TypeVar("Id", int, Column)


class Cells(Struct, frozen=True, kw_only=True, eq=False):
    """The cells of one or more returns. Missing numbers are MISSING (-1)."""

    item: Column  # index of the return in its submission, from 0; where revisions are read, what the reader chose
    area: Column  # database ids; in a ParsedSubmission, indices of its distinct codes
    breakdown: Column
    value: Column
    numerator: Column
    denominator: Column
    lower: Column
    upper: Column
    status: Column  # index into STATUSES
    notes: Notes

    def __len__(self) -> int:
        return len(self.item)

    @property
    def cell_id(self) -> Column:
        """Area and breakdown in one number, which identifies a cell across the revisions of a return."""
        return calculate_cell_id(self.area, self.breakdown)

    def read_row(self, row: int) -> dict[str, Any]:
        """Return the numbers of a cell (None if missing), its status and its note, by name."""
        numbers = {name: int(getattr(self, name)[row]) for name in NUMBER_FIELDS}
        present: dict[str, Any] = {name: None if n == MISSING else n for name, n in numbers.items()}
        return present | {"status": STATUSES[int(self.status[row])], "note": self.notes[row]}

    def read_codes(self, row: int, catalogue: Catalogue) -> dict[str, Any]:
        """Return the code of the area and the breakdown of a cell that has database ids, by name."""
        key = catalogue.breakdown_keys[int(self.breakdown[row])]
        return {"area": catalogue.area_codes[int(self.area[row])], "breakdown": parse_breakdown_key(key)}

    def select(self, chosen: Mask | Column) -> "Cells":
        return Cells(**{name: getattr(self, name)[chosen] for name in Cells.__struct_fields__})

    def slice_rows(self, rows: slice) -> "Cells":
        """Return a view of adjacent rows, without a copy."""
        return Cells(**{name: getattr(self, name)[rows] for name in Cells.__struct_fields__})

    def split_by_item(self) -> dict[int, "Cells"]:
        """Return the cells of each item, without a copy. The cells of an item must be next to each other."""
        starts = [0, *((self.item[1:] != self.item[:-1]).nonzero()[0] + 1).tolist()] if len(self) else []
        slices = [slice(start, end) for start, end in zip(starts, [*starts[1:], len(self)], strict=False)]
        return {int(self.item[rows.start]): self.slice_rows(rows) for rows in slices}


def calculate_cell_id(area: Id, breakdown: Id) -> Id:
    """Return area and breakdown in one number, in the order of areas and then of breakdowns."""
    return area << 32 | breakdown


def get_area(cell_id: Id) -> Id:
    """Return the area of a cell id."""
    return cell_id >> 32


def repeat_number(number: int, count: int) -> Column:
    """Return a read-only column that has one number everywhere, in the memory of that number."""
    # np.broadcast_to takes ten times as long, which is noticeable in a small submission.
    return np.ndarray((count,), dtype=np.int64, buffer=np.int64(number), strides=(0,))


def look_up_numbers(column: Column, numbers: Mapping[int, int]) -> Column:
    """Map each entry of a column to its number, or to MISSING if it has none."""
    if not numbers:
        return np.full(column.size, MISSING)
    known = to_column(sorted(numbers))
    positions = np.minimum(np.searchsorted(known, column), known.size - 1)
    values = to_column([numbers[key] for key in known.tolist()])
    return np.where(known[positions] == column, values[positions], MISSING)


def to_column(numbers: list[int]) -> Column:
    return np.array(numbers, dtype=np.int64)
