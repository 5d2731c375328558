"""Cells of returns, column by column: one array for each field instead of one object for each cell."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from schema.submissions import Status

Column = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Notes = npt.NDArray[np.object_]  # str or None

MISSING = -1  # counts and ids are never negative
STATUSES: tuple[Status | None, ...] = (None, *Status)
STATUS_INDEX = {status: index for index, status in enumerate(STATUSES)}
NUMBER_FIELDS = ("value", "numerator", "denominator", "lower", "upper")


class Cells(Struct, frozen=True, kw_only=True, eq=False):
    """The cells of one or more returns. Missing numbers are MISSING (-1)."""

    item: Column  # index of the return in its submission, from 0
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
        return self.area << 32 | self.breakdown

    def select(self, chosen: Mask | Column) -> "Cells":
        return Cells(**{name: getattr(self, name)[chosen] for name in Cells.__struct_fields__})

    def slice_rows(self, rows: slice) -> "Cells":
        """Return a view of adjacent rows, without a copy."""
        return Cells(**{name: getattr(self, name)[rows] for name in Cells.__struct_fields__})


def to_column(numbers: list[int]) -> Column:
    return np.array(numbers, dtype=np.int64)
