"""Which organisations contribute to a scope, and their counts by knowledge group."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from api.releases.protection_task import ProtectionTask, include_longer_periods
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure.lattice import Nodes, ScopeShape
from api.statistics.disclosure.provider_counts import ProviderCounts, complete_counts


def is_unchanged(task: ProtectionTask, shape: ScopeShape, chain: Sequence[TrueCounts]) -> bool:
    """Return True if everything is as in the last release, so that its display reveals nothing new."""
    if include_longer_periods(task.reset_periods, shape) or task.earlier[-1].rule != task.rule:
        return False
    last, current = chain[-2], chain[-1]
    contributors = set(_list_contributors(task, chain))
    old_groups = _list_knowledge_groups(task.earlier[-1].group_numbers, contributors)
    return (
        old_groups == _list_knowledge_groups(task.group_numbers, contributors)
        and _list_contributions(last, contributors) == _list_contributions(current, contributors)
        and np.array_equal(last.unknown, current.unknown)
    )


def _list_contributors(task: ProtectionTask, chain: Sequence[TrueCounts]) -> list[str]:
    """Return the organisations of every group with a returned count above 0 in any release.

    Other groups all know the same, so they need no audit of their own.
    """
    rows = [(name, row) for counts in chain for name, row in zip(counts.organisations, counts.own, strict=True)]
    groups = {task.group_numbers[name] for name, row in rows if row.any()}
    return sorted({name for name, _ in rows if task.group_numbers[name] in groups})


def _list_contributions(counts: TrueCounts, contributors: set[str]) -> dict[str, tuple[bytes, bool]]:
    """Return what each contributor returned, and whether it has `publish_alone`."""
    rows = zip(counts.organisations, counts.own, counts.publish_alone.tolist(), strict=True)
    return {name: (row.tobytes(), alone) for name, row, alone in rows if name in contributors}


def _list_knowledge_groups(group_numbers: dict[str, int], contributors: set[str]) -> frozenset[frozenset[str]]:
    groups = {
        frozenset(
            name for name, group_number in group_numbers.items() if group_number == number and name in contributors
        )
        for number in group_numbers.values()
    }
    return frozenset(groups - {frozenset[str]()})


def sum_by_group(task: ProtectionTask, lattice: Nodes, chain: Sequence[TrueCounts]) -> list[ProviderCounts]:
    """Return the counts of each release, one row for each group. A group without a return then has a row of 0."""
    numbers = sorted({task.group_numbers[name] for name in _list_contributors(task, chain)})
    rows = {number: row for row, number in enumerate(numbers)}
    rules = [*(history.rule for history in task.earlier), task.rule]
    provider_counts: list[ProviderCounts] = []
    for counts, rule in zip(chain, rules, strict=True):
        own = np.zeros((len(rows), lattice.size), dtype=np.int64)
        publish_alone = np.ones(len(rows), dtype=np.bool_)
        for name, organisation_counts, alone in zip(
            counts.organisations, counts.own, counts.publish_alone, strict=True
        ):
            if (row := rows.get(task.group_numbers[name])) is not None:
                own[row] += organisation_counts
                publish_alone[row] &= alone
        provider_counts.append(replace(complete_counts(lattice, own, counts.unknown, publish_alone), rule=rule))
    return provider_counts
