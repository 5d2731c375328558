"""Disclosure control of one scope, together with all its earlier releases."""

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import asdict

from api.releases.audit_history import AuditHistory
from api.releases.contributors import is_unchanged, sum_by_group
from api.releases.history_alignment import (
    align_history,
    copy_columns,
    restrict_counts,
    restrict_display,
    select_nodes,
)
from api.releases.protection_task import ProtectionTask, include_longer_periods
from api.releases.scope_shapes import GeographyChanged, merge_shapes
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.display import Display, carry_forward, make_empty_display
from api.statistics.disclosure.figures import AuditReport, ExposedCounts, MapFunction
from api.statistics.disclosure.lattice import Nodes, ScopeShape, build_nodes, list_node_periods, split_by_period
from api.statistics.disclosure.provider_counts import Contradiction
from api.statistics.disclosure.sparse_rows import BoolArray
from schema.publication_jobs import FailedScope, ScopeAudit

MAX_BREAKDOWN_DIMENSIONS = 2
"""The dimensions that a lattice is built for; a policy may allow fewer."""


class PeriodGroup(Struct, frozen=True, kw_only=True, eq=False):
    """Linked periods of a scope, in all releases, on the nodes of their own shape."""

    shape: ScopeShape
    chain: list[TrueCounts]
    displays: list[Display]


class ProtectedScope:
    """The display of a scope, assembled from its period groups, and the reports of the audited groups."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._columns = copy_columns(make_empty_display(nodes.whole.size))
        self.reports: list[AuditReport] = []

    def add_group(self, mask: BoolArray, display: Display, report: AuditReport | None) -> None:
        for name, column in asdict(display).items():
            self._columns[name][mask] = column
        if report is not None:
            self.reports.append(report)

    @property
    def display(self) -> Display:
        return Display(**self._columns)


class ProtectionResult(Struct, frozen=True, kw_only=True, eq=False):
    """A protected scope. `history` is what the next audit needs."""

    report: ScopeAudit
    history: AuditHistory


def extend_shape(shape: ScopeShape, earlier: Sequence[AuditHistory]) -> ScopeShape:
    """Return the plan's shape with every cell that was released before. Raises GeographyChanged."""
    return merge_shapes(earlier[-1].shape, shape) if earlier else shape


def protect_scope(task: ProtectionTask, map_tasks: MapFunction = map) -> ProtectionResult | FailedScope:
    """Protect a scope, or return why it cannot be published.

    Linked periods are audited together, with all their earlier releases. If nothing in them has changed, they keep
    the display of the last release.
    """
    nodes = build_nodes(task.shape)
    chain, displays = align_history(task, nodes)
    released_shapes = split_by_period(task.earlier[-1].shape) if task.earlier else []
    scope = ProtectedScope(nodes=nodes)
    for shape in split_by_period(task.shape) if task.rule.protects else [task.shape]:
        mask = select_nodes(nodes, shape)
        group = PeriodGroup(
            shape=shape,
            chain=[restrict_counts(counts, mask[: nodes.size]) for counts in chain],
            displays=[restrict_display(display, mask) for display in displays],
        )
        if shape in released_shapes and is_unchanged(task, group.shape, group.chain):
            scope.add_group(mask, carry_forward(group.displays[-1], task.rule), None)
            continue
        try:
            protected = _protect_group(task, group, map_tasks)
        except ExposedCounts:
            return _make_failure(
                task,
                "exposed",
                "Readers could calculate some hidden counts, even if every figure but totals is withheld.",
            )
        except Contradiction:
            return _make_failure(
                task, "contradiction", "The tables of a provider contradict each other: no group of people fits them."
            )
        scope.add_group(mask, protected.display, protected.report)
    return _make_result(task, scope)


def _protect_group(task: ProtectionTask, group: PeriodGroup, map_tasks: MapFunction) -> figures.ProtectedRelease:
    if task.rule.protects:
        lattice = build_lattice(group.shape, max_dimensions=MAX_BREAKDOWN_DIMENSIONS)
    else:
        lattice = build_nodes(group.shape)
    counts = sum_by_group(task, lattice, group.chain)
    reset_nodes = _find_reset_nodes(task, lattice)
    return figures.protect_release(
        lattice, task.rule, counts, group.displays, reset_nodes=reset_nodes, map_tasks=map_tasks
    )


def _find_reset_nodes(task: ProtectionTask, lattice: Nodes) -> BoolArray | None:
    """Return a mask of the nodes of the periods to republish.

    A period that closes is not rounded again. Readers could compare which figures could be rounded again and which
    could not, because one provider alone had changed them, and so infer the content of one late return.
    """
    if not task.earlier or not task.reset_periods:
        return None
    node_periods = list_node_periods(lattice)
    parts = np.flatnonzero(lattice.complement >= 0)
    codes = include_longer_periods(task.reset_periods, task.shape)
    mask: BoolArray = np.isin(np.concatenate((node_periods, node_periods[parts])), list(codes))
    return mask


def _make_result(task: ProtectionTask, scope: ProtectedScope) -> ProtectionResult:
    nodes, display = scope.nodes, scope.display
    shown = int(display.shown[: nodes.size].sum())
    return ProtectionResult(
        report=ScopeAudit(
            scope=task.key,
            measures=list(task.measures),
            figures=nodes.size,
            shown=shown,
            hidden=nodes.size - shown,
            withheld=sum(report.withheld for report in scope.reports),
            held_back=sum(report.held_back for report in scope.reports),
            carried_forward=not scope.reports,
        ),
        history=AuditHistory(
            shape=task.shape,
            true_counts=task.true_counts,
            display=display,
            group_numbers=task.group_numbers,
            rule=task.rule,
        ),
    )


def report_nothing_returned(key: str, measures: Sequence[str], shape: ScopeShape) -> ScopeAudit:
    """Report a scope without any return: there is nothing to protect."""
    size = build_nodes(shape).size
    return ScopeAudit(
        scope=key,
        measures=list(measures),
        figures=size,
        shown=0,
        hidden=size,
        withheld=0,
        held_back=0,
        carried_forward=False,
    )


def report_changed_geography(key: str, measures: Sequence[str], refusal: GeographyChanged) -> FailedScope:
    return FailedScope(scope=key, measures=list(measures), code="geography-changed", detail=str(refusal))


def report_regrouping(key: str, measures: Sequence[str]) -> FailedScope:
    return FailedScope(
        scope=key,
        measures=list(measures),
        code="scope-changed",
        detail=(
            "The plan audits this measure with other measures than before, so the audit would miss its past releases. "
            "Exclude the measure from this release, or give it a new series."
        ),
    )


def _make_failure(task: ProtectionTask, code: str, detail: str) -> FailedScope:
    return msgspec.convert(
        {"scope": task.key, "measures": list(task.measures), "code": code, "detail": detail}, FailedScope
    )
