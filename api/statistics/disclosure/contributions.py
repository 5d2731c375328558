"""One provider's displayed counts: each true count randomly rounded with a stored draw, and moved in large steps only.

A figure of a release is the sum of the providers' displayed counts. Each displayed count depends on one provider's own
counts. So a provider that changes its own counts learns the others' displayed counts and nothing else.
(docs/decisions/0016-protection-at-the-source.md)
"""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.lattice import Lattice
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from schema.disclosure import Rule


class NodeRules(Struct, frozen=True, kw_only=True, eq=False):
    """A rule for each node of a lattice."""

    base: IntArray
    hold_back: IntArray
    largest_first_error: IntArray
    is_open: BoolArray
    """True where the count is displayed as it is; for nodes and complements."""


def list_node_rules(lattice: Lattice, rule: Rule) -> NodeRules:
    """Return the rule of each node. A node with the same people as an open total is open too."""
    is_total = ~lattice.broken_down[find_equal_nodes(lattice)]
    is_open = is_total & rule.totals_open | (not rule.protects)
    part = np.flatnonzero(lattice.complement >= 0)
    return NodeRules(
        base=np.where(is_open, 1, rule.base),
        hold_back=np.where(is_open, 1, rule.hold_back),
        largest_first_error=np.where(is_open, 0, rule.largest_first_error),
        is_open=np.concatenate((is_open, is_open[part] & is_open[lattice.whole[part]])),
    )


class Contribution(Struct, frozen=True, kw_only=True, eq=False):
    """A provider's part of a release, for each node. Only `present` and `displayed` may leave the publisher's role."""

    present: BoolArray
    """True where the provider's return has a count."""
    displayed: IntArray
    """The displayed count; where no count is returned now, the last one, or 0."""
    since: IntArray
    """The release that set the displayed count, from 0 along the chain; -1 if no release has."""
    draws: IntArray
    """The stored draw of each node."""
    reference: IntArray
    """The true count when the displayed one was set; after a redaction, the displayed count itself."""
    redacted: BoolArray
    """True where `reference` is the displayed count."""


def make_draws(rule: Rule, size: int, random: np.random.Generator) -> IntArray:
    """Return draws from 0 to base - 1, except that some of the middle ones are a base less or more.

    Because of these far draws, 0 sometimes displays as 5, so a displayed 5 is no proof of a person. Only the middle
    draw can be far: then every far display of 1 or 2 is also one of 0. Otherwise a display of 10 would be a proof.
    """
    draws, middle = random.integers(0, rule.base, size), rule.base // 2
    share = rule.far_share * rule.base
    steps = random.choice([-1, 0, 1], size, p=[share, 1 - 2 * share, share])
    return draws + rule.base * steps * (draws == middle)


def round_with_draws(counts: IntArray, draws: IntArray, base: int | IntArray) -> IntArray:
    """Round counts to multiples of `base`. Over all draws, the mean is the count itself."""
    return (counts + draws) // base * base


def find_equal_nodes(lattice: Lattice) -> IntArray:
    """Return for each node the first node with the same people by construction, such as a city of one ward.

    Equal nodes share one draw. Otherwise a reader would know two roundings of one count.
    """
    same, identities = np.arange(lattice.atoms), lattice.identities
    is_pair = (np.diff(identities.starts) == 2) & (identities.lower == identities.upper)
    for start in identities.starts[:-1][is_pair].tolist():
        one, other = np.sort(same[identities.columns[start : start + 2]])
        same[same == other] = one
    first: dict[bytes, int] = {}
    atoms = lattice.sums.split()[: lattice.size]
    return np.array([first.setdefault(np.sort(same[ids]).tobytes(), node) for node, ids in enumerate(atoms)])


def start_contribution(draws: IntArray) -> Contribution:
    """Return the state before a provider's first release: the draws, and nothing displayed."""
    nothing, never = np.zeros(draws.size, dtype=np.int64), np.zeros(draws.size, dtype=np.bool_)
    return Contribution(
        present=never, displayed=nothing, since=nothing - 1, draws=draws, reference=nothing, redacted=never
    )


def update_contribution(
    rule: Rule | NodeRules, before: Contribution, counts: IntArray, present: BoolArray, *, release: int
) -> Contribution:
    """Return the contribution of the next release, with the draws of `before`.

    A count that the return leaves out keeps its state. So a count that comes back displays as before, unless it has
    moved by `hold_back`.
    """
    is_new = before.since < 0
    moved = present & (is_new | (np.abs(counts - before.reference) >= rule.hold_back))
    rounded = round_with_draws(counts, before.draws, rule.base)
    return replace(
        before,
        present=present,
        displayed=np.where(moved, rounded, before.displayed),
        since=np.where(moved, release, before.since),
        reference=np.where(moved, counts, before.reference),
        redacted=before.redacted & ~moved,
    )


def redact_contribution(before: Contribution) -> Contribution:
    """Forget the true counts. What was displayed stays known to readers, so a new return is compared with that."""
    displayed = before.since >= 0
    return replace(
        before,
        present=np.zeros(displayed.size, dtype=np.bool_),
        reference=np.where(displayed, before.displayed, 0),
        redacted=displayed,
    )


def find_set_nodes(contribution: Contribution, release: int) -> BoolArray:
    """Return True where this release set the displayed count, so that its draw may be repeated."""
    return contribution.present & (contribution.since == release)


def has_news(before: Contribution, after: Contribution) -> bool:
    """Return True if a contribution sets a displayed count, or shows one that the last contribution left out."""
    return bool(((after.since > before.since) | (after.present & ~before.present)).any())
