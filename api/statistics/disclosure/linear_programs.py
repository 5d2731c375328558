"""Linear programs, solved by HiGHS."""

import highspy
import numpy as np
from msgspec import Struct

from api.statistics.disclosure.sparse_rows import FloatArray, SparseRows


class Solution(Struct, frozen=True, kw_only=True, eq=False):
    """The columns of a solution, and for each what the cost would gain if its bound were one wider."""

    columns: FloatArray
    gains: FloatArray


class RepeatedProgram:
    """A linear program that is solved for many costs and bounds."""

    def __init__(self, rows: SparseRows, columns: int) -> None:
        self.columns = np.arange(columns, dtype=np.int32)
        self.solver = _load_solver(rows, *np.zeros((3, columns)))

    def set_bounds(self, least: FloatArray, most: FloatArray) -> None:
        self.solver.changeColsBounds(self.columns.size, self.columns, least, most)

    def solve(self, cost: FloatArray, *, from_last: bool = False) -> Solution | None:
        """Return a solution with the lowest cost, or None if no columns satisfy the bounds.

        `from_last` starts from the last solution, with the same bounds. This takes a hundredth of the time if the cost
        has a few columns only, and longer if it has many.
        """
        self.solver.changeColsCost(self.columns.size, self.columns, cost)
        if not (from_last and self._run(solver="simplex", simplex_strategy=_PRIMAL)):
            self.solver.clearSolver()
            if not self._run(solver="ipm"):
                self.solver.clearSolver()
                if not self._run(solver="simplex", simplex_strategy=_DUAL):
                    return None
        solution = self.solver.getSolution()
        return Solution(columns=np.array(solution.col_value), gains=np.abs(solution.col_dual))

    def _run(self, **options: str | int) -> bool:
        for name, value in options.items():
            self.solver.setOptionValue(name, value)
        self.solver.run()
        return self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal


_DUAL, _PRIMAL = 1, 4
"""The codes of HiGHS for the variants of the simplex method."""


class _SilentSolver(highspy.Highs):
    """HiGHS without output. It prints its version when the first one enables callbacks, so output ends before that."""

    def enableCallbacks(self) -> None:  # noqa: N802  the name of the library
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


def _load_solver(rows: SparseRows, cost: FloatArray, least: FloatArray, most: FloatArray) -> highspy.Highs:
    """Return a solver with one thread for this program."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = cost.size, len(rows)
    model.col_cost_ = cost
    model.col_lower_, model.col_upper_ = least, most
    model.row_lower_, model.row_upper_ = rows.lower, rows.upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = rows.starts.astype(np.int32)
    model.a_matrix_.index_ = rows.columns.astype(np.int32)
    model.a_matrix_.value_ = rows.values
    solver = _SilentSolver()
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    return solver


def stack_rows(*blocks: SparseRows) -> SparseRows:
    """Put rows over the same columns under each other."""
    offsets = np.cumsum([0, *(block.columns.size for block in blocks)])
    starts = [block.starts[:-1] + offset for block, offset in zip(blocks, offsets[:-1], strict=True)]
    return SparseRows(
        starts=np.concatenate([*starts, offsets[-1:]]),
        columns=np.concatenate([block.columns for block in blocks]),
        values=np.concatenate([block.values for block in blocks]),
        lower=np.concatenate([block.lower for block in blocks]),
        upper=np.concatenate([block.upper for block in blocks]),
    )
