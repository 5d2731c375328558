"""Protect one provider's counts before they are added to others': round, audit, and repeat the draws that bind.

Random numbers come from a generator that the caller passes; production uses one that nobody can predict.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.contradictions import PeriodTable, find_contradictions, list_tables
from api.statistics.disclosure.contribution_audit import ContributionAudit, ImpossibleContribution, NarrowRange
from api.statistics.disclosure.contributions import (
    Contribution,
    NodeRules,
    find_equal_nodes,
    find_set_nodes,
    has_news,
    list_node_rules,
    make_draws,
    round_with_draws,
    start_contribution,
    update_contribution,
)
from api.statistics.disclosure.lattice import Lattice, Table
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from schema.disclosure import Rule

MAX_REPEATS = 30


class LeftOutTable(Struct, frozen=True, kw_only=True):
    """A table that a provider returned and that is not displayed."""

    table: Table
    reason: Literal["contradiction", "exposed"]
    """It cannot be true of the people of the coarser tables; or no draws protect it."""


class ProtectedCounts(Struct, frozen=True, kw_only=True, eq=False):
    """The contribution of a provider to a release."""

    contribution: Contribution | None
    """None if the provider has displayed nothing so far, and nothing can be displayed."""
    left_out: tuple[LeftOutTable, ...]


class ExposedContribution(Exception):  # noqa: N818  a refusal is not an error of ours
    """No draws protect these counts, and the provider has no earlier contribution."""

    def __init__(self, nodes: IntArray) -> None:
        super().__init__()
        self.nodes = nodes
        """The nodes and complements that remain exposed, and those whose displayed counts expose them."""


def protect_counts(
    lattice: Lattice,
    rule: Rule,
    counts: IntArray,
    present: BoolArray,
    chain: Sequence[Contribution],
    random: np.random.Generator,
) -> ProtectedCounts:
    """Return what a provider contributes: the counts of the tables that can be displayed.

    Tables that contradict coarser ones are left out. From a missing table a reader can infer that the provider did not
    return it, or that its counts contradict those of other tables. Which of the two is reported to the publisher only.
    If there is no earlier contribution and no draws protect the counts, the finest tables are left out, one by one, of
    those that expose a count. This depends on displayed counts only. If there is an earlier contribution, it stays.
    """
    left_out, kept = list[LeftOutTable](), present.copy()

    def leave_out(table: PeriodTable, reason: Literal["contradiction", "exposed"]) -> None:
        left_out.append(LeftOutTable(table=table.table, reason=reason))
        kept[table.nodes] = False

    for contradiction in find_contradictions(lattice, counts, present) if rule.protects else []:
        leave_out(contradiction, "contradiction")
    while chain or kept.any():
        try:
            contribution = protect_contribution(lattice, rule, counts, kept.copy(), chain, random)
        except ExposedContribution as exposed:
            leave_out(_find_finest_table(lattice, kept, exposed.nodes), "exposed")
        else:
            return ProtectedCounts(contribution=contribution, left_out=tuple(left_out))
    return ProtectedCounts(contribution=None, left_out=tuple(left_out))


def _find_finest_table(lattice: Lattice, present: BoolArray, exposed: IntArray) -> PeriodTable:
    """Return the finest table with a count that is present and involved; else the finest that is present."""
    involved = np.zeros(lattice.whole.size, dtype=np.bool_)
    involved[exposed] = True
    part = np.flatnonzero(lattice.complement >= 0)
    involved[part] |= involved[lattice.complement[part]]
    tables = [table for table in list_tables(lattice) if present[table.nodes].any()]
    return next((table for table in reversed(tables) if involved[table.nodes].any()), tables[-1])


def protect_contribution(
    lattice: Lattice,
    rule: Rule,
    counts: IntArray,
    present: BoolArray,
    chain: Sequence[Contribution],
    random: np.random.Generator,
) -> Contribution:
    """Return a provider's next contribution, with counts for each node of the lattice.

    `chain` has its contributions to the releases so far. The last of them is returned if the audit finds a count or
    change that is known too well and repeated draws do not help. Readers know that this is possible, so a contribution
    that does not change at all implies nothing. Raises ExposedContribution if there is no earlier one. The tables must
    not contradict each other.
    """
    same, release, rules = find_equal_nodes(lattice), len(chain), list_node_rules(lattice, rule)
    is_open = rules.is_open[: lattice.size]
    before = chain[-1] if chain else start_contribution(np.zeros(same.size, dtype=np.int64))
    before = replace(before, draws=_draw_first(before, _draw(rule, same, is_open, random), same))
    contribution = update_contribution(rules, before, counts, present, release=release)
    if not rule.protects or not has_news(before, contribution):
        return contribution
    exposed, narrow = np.flatnonzero(present), list[NarrowRange]()
    for _ in range(MAX_REPEATS):
        try:
            narrow = ContributionAudit(lattice, rule, [*chain, contribution]).find_narrow_ranges(narrow)
        except ImpossibleContribution:
            break
        if not narrow:
            return contribution
        exposed = np.unique(np.concatenate([np.append(one.binding, one.node) for one in narrow]))
        binding = np.unique(same[np.concatenate([one.binding for one in narrow])])
        free = binding[find_set_nodes(contribution, release)[binding]]
        repeated = np.isin(same, free[random.random(free.size) < 0.5])
        draws = np.where(repeated, _draw(rule, same, is_open, random), contribution.draws)
        contribution = _apply_draws(rules, contribution, before, draws, release)
    if not chain:
        raise ExposedContribution(exposed)
    return chain[-1]


def _draw(rule: Rule, same: IntArray, is_open: BoolArray, random: np.random.Generator) -> IntArray:
    """Return new draws: the same one for equal nodes, and 0 for open ones."""
    return np.where(is_open, 0, make_draws(rule, same.size, random)[same])


def _draw_first(before: Contribution, draws: IntArray, same: IntArray) -> IntArray:
    """Return the stored draws of nodes that have been displayed and of their equals, and new draws of the others."""
    displayed, shared = before.since >= 0, draws.copy()
    shared[same[displayed]] = before.draws[displayed]
    return np.where(displayed, before.draws, shared[same])


def _apply_draws(
    rules: NodeRules, contribution: Contribution, before: Contribution, draws: IntArray, release: int
) -> Contribution:
    """Set displayed counts with other draws. A count that has moved must be displayed to move in the same direction."""
    rounded = round_with_draws(contribution.reference, draws, rules.base)
    moved = np.sign(contribution.reference - before.reference) * (before.since >= 0)
    accepted = find_set_nodes(contribution, release) & ((moved == 0) | (np.sign(rounded - before.displayed) == moved))
    return replace(
        contribution,
        draws=np.where(accepted, draws, contribution.draws),
        displayed=np.where(accepted, rounded, contribution.displayed),
    )
