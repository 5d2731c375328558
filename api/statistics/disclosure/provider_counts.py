"""The true counts of providers, laid out on the nodes of a lattice."""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from api.statistics.disclosure.lattice import Node, Nodes
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from api.statistics.roll_up import Tally
from schema.disclosure import Rule


class ProviderCounts(Struct, frozen=True, kw_only=True, eq=False):
    """The true counts of a release: a row for each provider, a column for each node and complement.

    A provider's row contains what it knows: its own returns, those of its predecessors and those of its group. All
    releases of a chain have the same rows in the same order. The counts are not for publication.
    """

    own: IntArray
    publish_alone: BoolArray
    """For each provider, True if nodes with only its data may be published."""
    unknown: BoolArray
    """Nodes whose count is not known exactly, so that they are never shown; `own` has the known part."""
    rule: Rule | None = None
    """The rule of the release, if it differs from the rule of the last release of the chain."""

    @property
    def totals(self) -> IntArray:
        """The sum over all providers."""
        return self.own.sum(axis=0)

    @property
    def single_provider(self) -> BoolArray:
        """Nodes with data from one provider only, which has no `publish_alone`."""
        contributes = self.own > 0
        return (contributes.sum(axis=0) == 1) & (contributes & ~self.publish_alone[:, None]).any(axis=0)

    def find_revealing_totals(self, rule: Rule, lattice: Nodes) -> BoolArray:
        """Find totals with data from a provider without `publish_alone`, if the other providers' sum is a small count.

        Publishing such a total would reveal the others' count, and the audit never withholds totals.
        """
        contributes = (self.own > 0) & ~self.publish_alone[:, None]
        others = self.own.sum(axis=0) - self.own
        small = contributes & (others > 0) & (others <= rule.hide_to)
        return small.any(axis=0) & (lattice.breakdown_depth == 0) & (rule.audit_providers and not rule.totals_open)


class Contradiction(Exception):  # noqa: N818  a refusal is not an error of ours
    """The tables of a provider contradict each other: no group of people fits them all.

    `provider` is its row in the counts, `release` the index of the release in the chain.
    """

    def __init__(self, *, provider: int, release: int) -> None:
        super().__init__(f"The tables of provider {provider} in release {release} of the chain contradict each other.")
        self.provider = provider
        self.release = release


def read_tallies(
    lattice: Nodes, tallies: Sequence[Mapping[Node, Tally]], *, publish_alone: Sequence[bool] | None = None
) -> ProviderCounts:
    """Return the counts of each provider from its tallies; a node without a tally, or without data, counts 0.

    The tally of a ratio counts at its node, which is a part, and its denominator counts at the whole.
    """
    ids = {node: index for index, node in enumerate(lattice.nodes)}
    own = np.zeros((len(tallies), len(ids)), dtype=np.int64)
    unknown = np.zeros(len(ids), dtype=np.bool_)
    for provider, tallies_by_node in enumerate(tallies):
        for node, tally in tallies_by_node.items():
            bounds = [
                (ids[node], tally.low, tally.high),
                (lattice.whole[ids[node]], tally.denominator_low, tally.denominator_high),
            ]
            for index, low, high in bounds:
                if low is not None:
                    own[provider, index] = low
                    unknown[index] |= low != high
    alone = np.array(publish_alone or [False] * len(tallies), dtype=np.bool_)
    return complete_counts(lattice, own, unknown, alone)


def complete_counts(lattice: Nodes, own: IntArray, unknown: BoolArray, publish_alone: BoolArray) -> ProviderCounts:
    """Add the complements to counts of nodes. A complement is unknown if its part or its whole is unknown."""
    parts = np.flatnonzero(lattice.complement >= 0)
    lost = unknown[parts] | unknown[lattice.whole[parts]]
    own = lattice.append_complements(own)
    own[:, unknown.size :][:, lost] = 0  # whole minus the minimum of an unknown part is only an upper bound
    return ProviderCounts(own=own, publish_alone=publish_alone, unknown=np.concatenate((unknown, lost)))
