"""Sparse linear forms, and the array types of disclosure control."""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class SparseRows(Struct, frozen=True, kw_only=True, eq=False):
    """Linear forms as compressed sparse rows, one for each row, with bounds."""

    starts: IntArray
    columns: IntArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray

    def __len__(self) -> int:
        return self.starts.size - 1

    def split(self) -> list[IntArray]:
        """The columns of each row."""
        return np.split(self.columns, self.starts[1:-1])


class RowBuilder:
    """Collect linear forms, one row after another."""

    def __init__(self) -> None:
        self.columns: list[IntArray] = []
        self.values: list[FloatArray] = []
        self.bounds: list[tuple[float, float]] = []

    def add(self, lower: float, upper: float, *terms: tuple[IntArray, float]) -> None:
        """Add a row: sums of columns, each with its factor."""
        columns = np.concatenate([ids for ids, _ in terms])
        self.add_row(columns, np.concatenate([np.full(ids.size, times) for ids, times in terms]), lower, upper)

    def add_row(self, columns: IntArray, values: FloatArray, lower: float, upper: float) -> None:
        self.columns.append(columns)
        self.values.append(values)
        self.bounds.append((lower, upper))

    def rows(self) -> SparseRows:
        lower, upper = np.array(self.bounds).reshape(-1, 2).T
        return SparseRows(
            starts=np.cumsum([0, *(ids.size for ids in self.columns)]),
            columns=np.concatenate([*self.columns, np.zeros(0, dtype=np.int64)]),
            values=np.concatenate([*self.values, np.zeros(0)]),
            lower=lower,
            upper=upper,
        )
