"""Contributions as the database stores them, and mapped to the nodes of a later plan version.

A contribution contains true counts and draws. Only the role that publishes may read the table that stores it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from api.statistics.disclosure.contributions import (
    Contribution,
    find_equal_nodes,
    list_node_rules,
    make_draws,
    redact_contribution,
)
from api.statistics.disclosure.lattice import Lattice, Nodes, ScopeShape, build_nodes, locate_nodes
from api.statistics.disclosure.source_protection import LeftOutTable
from api.statistics.disclosure.sparse_rows import BoolArray, IntArray
from api.statistics.packed_arrays import PackedArray, pack_array, unpack_array
from schema.disclosure import Rule


class StoredContribution(Struct, frozen=True, kw_only=True, eq=False):
    """The contribution of an organisation to a scope."""

    shape: ScopeShape
    contribution: Contribution
    unknown: BoolArray
    """Nodes for which the organisation returned something that is not displayed: their sum over organisations is
    unknown."""
    confidential: BoolArray
    """Unknown nodes that the organisation returned as confidential."""
    left_out: tuple[LeftOutTable, ...] = ()
    """Not read from the database again."""
    is_forgotten: bool = False
    """True if a redaction has deleted the true counts."""
    follows_redaction: bool = False
    """True if the contribution before it was forgotten when this one was calculated."""


class UsedContribution(Struct, frozen=True, kw_only=True):
    """A contribution as a release uses it."""

    organisation: str
    is_first: bool
    """True if the organisation has contributed nothing to the scope before this release."""
    stored: StoredContribution


class _Content(Struct, frozen=True, kw_only=True, array_like=True):
    """The columns that remain after a redaction. Masks are packed to bits."""

    shape: ScopeShape
    present: bytes
    unknown: bytes
    confidential: bytes
    redacted: bytes
    displayed: PackedArray
    since: PackedArray
    draws: PackedArray
    follows_redaction: bool = False


def pack_contribution(stored: StoredContribution) -> tuple[bytes, bytes]:
    """Return the content, and the true counts, which a redaction deletes."""
    contribution = stored.contribution
    content = _Content(
        shape=stored.shape,
        present=np.packbits(contribution.present).tobytes(),
        unknown=np.packbits(stored.unknown).tobytes(),
        confidential=np.packbits(stored.confidential).tobytes(),
        redacted=np.packbits(contribution.redacted).tobytes(),
        displayed=pack_array(contribution.displayed),
        since=pack_array(contribution.since),
        draws=pack_array(contribution.draws),
        follows_redaction=stored.follows_redaction,
    )
    return msgspec.msgpack.encode(content), msgspec.msgpack.encode(pack_array(contribution.reference))


def unpack_contribution(content: bytes, counts: bytes | None) -> StoredContribution:
    """Return a contribution. Without `counts`, which a redaction has deleted, its displayed counts take their place."""
    packed = msgspec.msgpack.decode(content, type=_Content)
    displayed = unpack_array(packed.displayed)
    contribution = Contribution(
        present=_unpack_mask(packed.present, displayed.size),
        displayed=displayed,
        since=unpack_array(packed.since),
        draws=unpack_array(packed.draws),
        reference=displayed if counts is None else unpack_array(msgspec.msgpack.decode(counts, type=PackedArray)),
        redacted=_unpack_mask(packed.redacted, displayed.size),
    )
    return StoredContribution(
        shape=packed.shape,
        contribution=contribution,
        unknown=_unpack_mask(packed.unknown, displayed.size),
        confidential=_unpack_mask(packed.confidential, displayed.size),
        is_forgotten=counts is None,
        follows_redaction=packed.follows_redaction,
    )


def _unpack_mask(bits: bytes, size: int) -> BoolArray:
    return np.unpackbits(np.frombuffer(bits, dtype=np.uint8), count=size).astype(np.bool_)


def align_chain(
    chain: Sequence[StoredContribution], lattice: Lattice, rule: Rule, random: np.random.Generator
) -> list[Contribution]:
    """Map contributions to the nodes of a later lattice. Nodes that did not exist are absent.

    They have new draws, or the draw of an old node with the same people. A redaction is a contribution of its own,
    because the next return is compared with what was displayed.
    """
    same, new_draws = find_equal_nodes(lattice), make_node_draws(lattice, rule, random)
    aligned: list[Contribution] = []
    for stored in chain:
        if stored.follows_redaction:
            aligned.append(redact_contribution(aligned[-1]))
        aligned.append(_align(stored, lattice, same, new_draws))
    return [*aligned, redact_contribution(aligned[-1])] if chain and chain[-1].is_forgotten else aligned


def make_node_draws(lattice: Lattice, rule: Rule, random: np.random.Generator) -> IntArray:
    """Return a draw for each node: the same one for equal nodes, and 0 where counts are displayed as they are."""
    is_open = list_node_rules(lattice, rule).is_open[: lattice.size]
    return np.where(is_open, 0, make_draws(rule, lattice.size, random)[find_equal_nodes(lattice)])


def _align(stored: StoredContribution, lattice: Nodes, same: IntArray, draws: IntArray) -> Contribution:
    nodes, old = locate_nodes(build_nodes(stored.shape), lattice), stored.contribution
    nothing, never = np.zeros(lattice.size, dtype=np.int64), np.zeros(lattice.size, dtype=np.bool_)
    shared = _place(draws, same[nodes], old.draws)[same]
    return Contribution(
        present=_place(never, nodes, old.present),
        displayed=_place(nothing, nodes, old.displayed),
        since=_place(nothing - 1, nodes, old.since),
        draws=_place(shared, nodes, old.draws),
        reference=_place(nothing, nodes, old.reference),
        redacted=_place(never, nodes, old.redacted),
    )


def _place(default: npt.NDArray[Any], nodes: IntArray, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    placed = default.copy()
    placed[nodes] = values
    return placed
