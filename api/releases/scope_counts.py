"""The displayed counts of a scope: the sum of what organisations contribute, and how far it can be from the truth."""

from collections.abc import Sequence, Set

import numpy as np
from msgspec import Struct

from api.protection.scopes import AuditScope
from api.protection.stored_contributions import UsedContribution
from api.statistics.disclosure.lattice import Nodes, build_nodes, list_node_periods, locate_nodes
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray


class PeriodCounts(Struct, frozen=True, kw_only=True):
    """Who contributes to a period of a scope. This is public: it depends on no count."""

    organisations: frozenset[str] = frozenset()
    first: int = 0
    """The organisations that contribute for the first time."""
    later: int = 0


class ScopeCounts(Struct, frozen=True, kw_only=True, eq=False):
    """The sums of displayed counts, by node of the plan. None of them is unprotected."""

    nodes: Nodes
    totals: IntArray
    unknown: BoolArray
    """Nodes for which some organisation returned something that is not displayed."""
    confidential: BoolArray
    """Unknown nodes that some organisation returned as confidential."""
    periods: dict[str, PeriodCounts]


def add_contributions(
    scope: AuditScope, used: Sequence[UsedContribution], organisations: Set[str] | None = None
) -> ScopeCounts:
    """Add contributions to a scope, of these organisations only if given. Leave out cells that the plan has dropped."""
    nodes = build_nodes(scope.shape)
    node_periods = list_node_periods(nodes)
    totals = np.zeros(nodes.size, dtype=np.int64)
    unknown, confidential = np.zeros(nodes.size, dtype=np.bool_), np.zeros(nodes.size, dtype=np.bool_)
    contributors: dict[str, list[UsedContribution]] = {code: [] for code in scope.collected_periods}
    for contributor in used:
        if organisations is not None and contributor.organisation not in organisations:
            continue
        stored, contribution = contributor.stored, contributor.stored.contribution
        ids = locate_nodes(nodes, build_nodes(stored.shape))
        is_there = ids >= 0
        present = contribution.present[ids] & is_there
        lacking = stored.unknown[ids] & is_there
        totals += np.where(present, contribution.displayed[ids], 0)
        unknown |= lacking
        confidential |= stored.confidential[ids] & is_there
        for code in np.unique(node_periods[present | lacking]).tolist():
            contributors[code].append(contributor)
    return ScopeCounts(
        nodes=nodes,
        totals=totals,
        unknown=unknown,
        confidential=confidential,
        periods={
            code: PeriodCounts(
                organisations=frozenset(contributor.organisation for contributor in period),
                first=sum(contributor.is_first for contributor in period),
                later=sum(not contributor.is_first for contributor in period),
            )
            for code, period in contributors.items()
        },
    )
