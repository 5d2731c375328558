"""Inference in columns of counts: tables without a total, and many returns at once."""

import numpy as np

from api.protection.cell_inference import NOT_RETURNED, UNKNOWN, infer_parts, select_tables
from api.statistics.disclosure.lattice import Dimension, ScopeShape, Table

SEX = Dimension(slug="sex", codes=("female", "male"))
SHAPE = ScopeShape(tables=(Table(dimensions=("sex",)),), dimensions=(SEX,), periods={"now": ("now",)})


def test_without_a_total_missing_cells_are_unknown():
    part = select_tables(SHAPE, None)
    counts = part.make_empty_counts(2)
    counts["sex",][0, 0] = [3, NOT_RETURNED]
    assert part.infer_missing(counts)["sex",][0, 0].tolist() == [3, UNKNOWN]
    left = part.discard_all_but_total(counts, part.read_widest_total(counts), np.array([True, False]))
    assert left["sex",][:, 0].tolist() == [[UNKNOWN, NOT_RETURNED], [NOT_RETURNED, NOT_RETURNED]]


def test_parts_of_many_returns_are_inferred_at_once():
    """Women, men and unknown, compared with totals: a missing cell is 0, unknown, or part of a contradiction."""
    cells = np.array(
        [[20, 30, NOT_RETURNED], [20, NOT_RETURNED, NOT_RETURNED], [20, 31, NOT_RETURNED], [NOT_RETURNED, UNKNOWN, 0]]
    )
    inferred, fits = infer_parts(cells, np.array([50, 50, 50, 0]), exclusive=True, exhaustive=True)
    assert inferred.tolist() == [[20, 30, 0], [20, UNKNOWN, UNKNOWN], [UNKNOWN] * 3, [0, 0, 0]]
    assert fits.tolist() == [True, True, False, True]
