"""Figures as sums of displayed contributions, and how far they can be from the truth."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.contributions import Contribution, round_with_draws
from api.statistics.disclosure.sparse_rows import FloatArray, IntArray
from api.statistics.rounded_counts import distribute_errors, sum_margins
from schema.disclosure import UNPROTECTED_RULE, Rule


class SumErrors(Struct, frozen=True, kw_only=True):
    """How far sums of displayed counts can be from the truth: the largest error, and the error in 95 % of roundings."""

    protected: tuple[int, int]
    open: tuple[int, int]
    """The same for counts that are displayed as they were returned."""


def find_sum_errors(rule: Rule, *, first: int, later: int, bases: Sequence[int]) -> SumErrors:
    """Return the errors of a sum. `bases` has the declared rounding of each added return that states one."""
    margin = sum_margins(bases)
    open_errors = (margin, get_rounding_interval(UNPROTECTED_RULE, first=0, later=0, bases=bases))
    if not rule.protects:
        return SumErrors(protected=open_errors, open=open_errors)
    largest = get_largest_error(rule, first=first, later=later) + margin
    return SumErrors(
        protected=(largest, get_rounding_interval(rule, first=first, later=later, bases=bases)), open=open_errors
    )


def sum_contributions(contributions: Sequence[Contribution]) -> IntArray:
    """Add displayed counts over providers, or over the periods of a longer one. A sum below 0 is displayed as 0."""
    total = np.sum([np.where(one.present, one.displayed, 0) for one in contributions], axis=0, dtype=np.int64)
    return np.maximum(total, 0)


def get_largest_error(rule: Rule, *, first: int, later: int) -> int:
    """Return how far a sum can be from the truth, from public facts alone.

    `first` is the number of contributions that appear for the first time, `later` the number of the others, changed or
    not. Of these each may be held back by up to `hold_back` - 1.
    """
    return first * rule.largest_first_error + later * (rule.largest_first_error + rule.hold_back - 1)


def get_rounding_interval(
    rule: Rule, *, first: int, later: int, bases: Sequence[int] = (), coverage: float = 0.95
) -> int:
    """Return the least distance that contains the error of a sum with this probability.

    The last digits of the true counts, and what is held back of later ones, are assumed to be evenly distributed. The
    roundings that senders declare, to `bases`, are assumed to be independent of these.
    """
    rounding = _distribute_rounding(rule)
    held_back = np.full(2 * rule.hold_back - 1, 1 / (2 * rule.hold_back - 1))
    total: FloatArray = np.ones(1)
    for part in [rounding] * (first + later) + [held_back] * later + distribute_errors(bases):
        total = np.convolve(total, part)
    middle = total.size // 2
    within = np.append(total[middle], total[middle + 1 :] + total[:middle][::-1]).cumsum()
    return int(np.argmax(within >= coverage - 1e-12))


def _distribute_rounding(rule: Rule) -> FloatArray:
    """Return the probability of each error of one rounding, from the most negative to the most positive."""
    middle, reach = rule.base // 2, rule.base + rule.base // 2
    draws = np.append(np.arange(rule.base), [middle - rule.base, middle + rule.base])
    shares = np.where(draws == middle, 1 / rule.base - 2 * rule.far_share, 1 / rule.base)
    shares[rule.base :] = rule.far_share
    probability = np.zeros(2 * reach + 1)
    for count in range(rule.base):
        errors = round_with_draws(np.full(draws.size, count), draws, rule.base) - count
        np.add.at(probability, errors + reach, shares / rule.base)
    return probability
