"""Linear programs that are solved for many costs and bounds."""

import numpy as np
import pytest

from api.statistics.disclosure.linear_programs import RepeatedProgram
from api.statistics.disclosure.sparse_rows import RowBuilder


def make_program() -> RepeatedProgram:
    """Return two counts that add up to 10, of which the second is at most 7."""
    rows = RowBuilder()
    rows.add(10.0, 10.0, (np.array([0, 1]), 1.0))
    program = RepeatedProgram(rows.rows(), 2)
    program.set_bounds(np.zeros(2), np.array([20.0, 7.0]))
    return program


@pytest.mark.parametrize("from_last", [False, True])
@pytest.mark.parametrize("has_interior_point", [True, False])
def test_solution_has_the_lowest_cost_with_either_method(from_last, has_interior_point):
    """If the method of interior points finds no solution, the simplex method does."""
    program = make_program()
    if not has_interior_point:
        program.solver.setOptionValue("presolve", "off")
        program.solver.setOptionValue("ipm_iteration_limit", 0)
    for cost, expected in (((1, 0), (3, 7)), ((0, 1), (10, 0)), ((-1, 0), (10, 0))):
        solution = program.solve(np.array(cost, dtype=float), from_last=from_last)
        assert solution.columns == pytest.approx(expected, abs=1e-3)


def test_gain_is_what_a_wider_bound_would_save():
    solution = make_program().solve(np.array([1.0, 0.0]))
    assert solution.gains == pytest.approx([0, 1], abs=1e-3)


@pytest.mark.parametrize("from_last", [False, True])
def test_program_without_a_solution_has_none(from_last):
    program = make_program()
    program.set_bounds(np.zeros(2), np.array([2.0, 7.0]))
    assert program.solve(np.ones(2), from_last=from_last) is None
