"""Counts that their sender has rounded to the nearest multiple of a base, and what is known of the true ones.

Within half the base on either side, each true count is equally likely, as for a reading of limited resolution (JCGM
100:2008, *Guide to the expression of uncertainty in measurement*, F.2.2.1).
"""

from collections.abc import Iterable, Sequence
from math import ceil

import numpy as np

from api.statistics.roll_up import FloatArray


def get_rounding_margin(base: int | None) -> int:
    """Return how far a count that is rounded to the nearest multiple of a base can be from the true one."""
    return 0 if base is None else base // 2


def sum_margins(bases: Iterable[int]) -> int:
    """Return how far the sum of counts can be from the truth, each rounded to one of these bases."""
    return sum(map(get_rounding_margin, bases))


def distribute_errors(bases: Sequence[int]) -> list[FloatArray]:
    """Return the probability of each error, from the most negative to the most positive, of each rounded count.

    The nearest multiple of an even base is not unique halfway, so that both ends are half as likely.
    """
    return [np.convolve(np.full(base, 1 / base), [0.5, 0.5] if base % 2 == 0 else [1.0]) for base in bases]


def widen_range(width: int, base: int) -> int:
    """Return how wide the range of a count must be so that the true counts behind its multiples of a base span `width`.

    A reader who knows the base excludes all other counts of the range. What is left is enough if one multiple alone has
    true counts that span the width, or if the range is sure to contain so many multiples that they do.
    """
    steps = max(0, ceil((width - 2 * get_rounding_margin(base)) / base))
    return max(width, (steps + 1) * base - 1) if steps else width
