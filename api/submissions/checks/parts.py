"""Cells that are parts of a total in the same return."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.submissions.cell_columns import Column

Bounds = npt.NDArray[np.float64]


class PartsOfTotals(Struct, frozen=True, kw_only=True, eq=False):
    """Cells that are parts of a total in the same return."""

    part_rows: Column
    total_rows: Column  # the row of each part's total
    expected_parts: int | None  # number of parts of a complete total; None if it is not known
    is_exclusive: bool
    description: str
