"""Protect one provider's counts before they are added to others': round, audit, and repeat the draws that bind.

Random numbers come from a generator that the caller passes; production uses one that nobody can predict.
"""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from api.statistics.disclosure.contribution_audit import ContributionAudit
from api.statistics.disclosure.contributions import (
    Contribution,
    SourceRule,
    find_equal_nodes,
    find_set_nodes,
    has_news,
    make_draws,
    round_with_draws,
    start_contribution,
    update_contribution,
)
from api.statistics.disclosure.lattice import Lattice
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray

MAX_REPEATS = 30


class ExposedContribution(Exception):  # noqa: N818  a refusal is not an error of ours
    """No draws protect these counts, and the provider has no earlier contribution."""


def protect_contribution(
    lattice: Lattice,
    rule: SourceRule,
    counts: IntArray,
    present: BoolArray,
    chain: Sequence[Contribution],
    random: np.random.Generator,
) -> Contribution:
    """Return a provider's next contribution, with counts for each node of the lattice.

    `chain` has its contributions to the releases so far. The last of them is returned if the audit finds a count or
    change that is known too well and repeated draws do not help. Readers know that this is possible, so a contribution
    that does not change at all implies nothing. Raises ExposedContribution if there is no earlier one, and
    ImpossibleContribution if the tables of the provider contradict each other.
    """
    same, release = find_equal_nodes(lattice), len(chain)
    before = chain[-1] if chain else start_contribution(make_draws(rule, lattice.size, random)[same])
    contribution = update_contribution(rule, before, counts, present, release=release)
    if not has_news(before, contribution):
        return contribution
    for _ in range(MAX_REPEATS):
        narrow = ContributionAudit(lattice, rule, [*chain, contribution]).find_narrow_ranges()
        if not narrow:
            return contribution
        binding = np.unique(same[np.concatenate([one.binding for one in narrow])])
        free = binding[find_set_nodes(contribution, release)[binding]]
        repeated = np.isin(same, free[random.random(free.size) < 0.5])
        draws = np.where(repeated, make_draws(rule, lattice.size, random)[same], contribution.draws)
        contribution = _apply_draws(rule, contribution, before, draws, release)
    if not chain:
        raise ExposedContribution
    return before


def _apply_draws(
    rule: SourceRule, contribution: Contribution, before: Contribution, draws: IntArray, release: int
) -> Contribution:
    """Set displayed counts with other draws. A count that has moved must be displayed to move in the same direction."""
    rounded = round_with_draws(contribution.reference, draws, rule.base)
    moved = np.sign(contribution.reference - before.reference) * (before.since >= 0)
    accepted = find_set_nodes(contribution, release) & ((moved == 0) | (np.sign(rounded - before.displayed) == moved))
    return replace(
        contribution,
        draws=np.where(accepted, draws, contribution.draws),
        displayed=np.where(accepted, rounded, contribution.displayed),
    )
