"""Protect the returns of one organisation in a scope, together with its contributions to earlier releases."""

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.figures.returns_data import SelectedRevision
from api.plan.catalogue import Catalogue
from api.plan.scope_shapes import merge_shapes
from api.protection.scopes import AuditScope
from api.protection.stored_contributions import StoredContribution, align_chain, make_node_draws
from api.protection.true_counts import TrueCounts, calculate_true_counts
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.contributions import start_contribution
from api.statistics.disclosure.lattice import ScopeShape, build_nodes
from api.statistics.disclosure.source_protection import protect_counts
from api.statistics.rounded_counts import widen_range
from api.submissions.cell_columns import Cells
from schema.disclosure import Rule
from schema.measures import MeasureKind
from schema.publication_jobs import LeftOutTable
from schema.submissions import ReturnKind

NIL_KEEPS_COUNT = "nil-keeps-count"
"""The rule by which nil returns of a cumulative count are read."""


class ProtectionTask(Struct, frozen=True, kw_only=True, eq=False):
    """The returns of an organisation in a scope, to be protected, in this process or another."""

    shape: ScopeShape
    """The plan's cells, with every cell of the scope that the organisation contributed to before."""
    rule: Rule
    counts: TrueCounts
    chain: tuple[StoredContribution, ...]
    """Its contributions to the releases so far."""
    seed: int
    """A secret number that nobody can predict and that is used once."""


def make_task(
    scope: AuditScope,
    rule: Rule,
    catalogue: Catalogue,
    returns: Sequence[SelectedRevision],
    cells: Cells,
    chain: Sequence[StoredContribution],
    *,
    seed: int,
) -> ProtectionTask:
    """Place the returns on the cells of the scope. Raises GeographyChanged.

    Readers may learn from a figure's error that counts are rounded to a base, so the audit requires wider ranges.
    """
    shape = merge_shapes(chain[-1].shape, scope.shape) if chain else scope.shape
    counts = calculate_true_counts(scope, build_nodes(shape), catalogue, returns, cells)
    widths = [widen_range(rule.width, revision.rounded_to or 1) for revision in returns]
    rule = replace(rule, width=max(widths, default=rule.width))
    return ProtectionTask(shape=shape, rule=rule, counts=counts, chain=tuple(chain), seed=seed)


def protect_return(task: ProtectionTask) -> StoredContribution:
    """Round and audit the counts. What cannot be protected is left out, and listed in `left_out`."""
    lattice, random = build_lattice(task.shape), np.random.default_rng(task.seed)
    chain = align_chain(task.chain, lattice, task.rule, random)
    protected = protect_counts(lattice, task.rule, task.counts.counts, task.counts.known, chain, random)
    contribution = protected.contribution or start_contribution(make_node_draws(lattice, task.rule, random))
    return StoredContribution(
        shape=task.shape,
        contribution=contribution,
        unknown=task.counts.unknown | (task.counts.known & ~contribution.present),
        confidential=task.counts.confidential,
        left_out=protected.left_out,
        follows_redaction=bool(task.chain) and task.chain[-1].is_forgotten,
    )


def hash_inputs(scope: AuditScope, rule: Rule, returns: Sequence[SelectedRevision]) -> bytes:
    """Return a hash of everything that a contribution depends on, except its predecessors and its draws.

    Contributions that read nil returns of a cumulative count as 0 have the hash without `NIL_KEEPS_COUNT`, so that they
    are calculated again.
    """
    is_cumulative = scope.members[0].measure.kind is MeasureKind.CUMULATIVE
    has_nil = any(revision.kind is ReturnKind.NIL for revision in returns)
    inputs = (
        *(scope.shape, rule, sorted(revision.id for revision in returns)),
        *[NIL_KEEPS_COUNT] * (is_cumulative and has_nil),
    )
    return hashlib.sha256(msgspec.msgpack.encode(inputs)).digest()


def list_left_out(organisation: str, scope: AuditScope, stored: StoredContribution) -> list[LeftOutTable]:
    """Describe the tables that a contribution leaves out, for the publisher."""
    return [
        LeftOutTable(
            organisation=organisation,
            scope=scope.key,
            measure=left_out.table.part or scope.members[0].measure.slug,
            period=(*left_out.table.periods, *scope.collected_periods)[0],
            breakdown=list(left_out.table.dimensions),
            reason=left_out.reason,
        )
        for left_out in stored.left_out
    ]
