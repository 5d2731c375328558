"""Counts beside each other as columns, where no plan of ours leads: tables that have no total."""

import numpy as np

from api.releases.cell_inference import ABSENT, UNKNOWN, fitted, part_of
from api.statistics.disclosure.lattice import Dimension, Shape, Table

SEX = Dimension(slug="sex", codes=("female", "male"))
SHAPE = Shape(tables=(Table(dimensions=("sex",)),), dimensions=(SEX,), periods={"now": ("now",)})


def test_without_a_total_nothing_follows_and_none_is_left():
    part = part_of(SHAPE, None)
    counts = part.empty(2)
    counts["sex",][0, 0] = [3, ABSENT]
    assert part.resolved(counts)["sex",][0, 0].tolist() == [3, UNKNOWN]
    left = part.leave_total(counts, part.total(counts), np.array([True, False]))
    assert left["sex",][:, 0].tolist() == [[UNKNOWN, ABSENT], [ABSENT, ABSENT]]


def test_many_are_fitted_at_once():
    """Women, men and not known beside totals: what is missing is none, unknown, or cannot be."""
    cells = np.array([[20, 30, ABSENT], [20, ABSENT, ABSENT], [20, 31, ABSENT], [ABSENT, UNKNOWN, 0]])
    found, fits = fitted(cells, np.array([50, 50, 50, 0]), exclusive=True, exhaustive=True)
    assert found.tolist() == [[20, 30, 0], [20, UNKNOWN, UNKNOWN], [UNKNOWN] * 3, [0, 0, 0]]
    assert fits.tolist() == [True, True, False, True]
