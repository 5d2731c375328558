"""Disclosure control of one scope, in the light of all its earlier releases; and what is kept for later ones.

What is kept holds true counts. It is written where nobody reads but the next audit.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import asdict, fields, replace

from api.releases import scopes
from api.releases.scopes import GeographyChanged
from api.releases.true_counts import TrueCounts
from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build_lattice
from api.statistics.disclosure.display import (
    BoolArray,
    Contradiction,
    Display,
    ProviderCounts,
    carry_forward,
    complete_counts,
    make_empty_display,
)
from api.statistics.disclosure.figures import AuditReport, ExposedCounts, MapFunction
from api.statistics.disclosure.lattice import (
    IntArray,
    Nodes,
    ScopeShape,
    build_nodes,
    list_node_periods,
    locate_nodes,
    split_by_period,
)
from schema.disclosure import PERSONS_RULE, Rule
from schema.publication_jobs import FailedScope, ScopeAudit

MAX_BREAKDOWN_DIMENSIONS = 2
"""The most that a lattice is ever laid out for; a policy may allow fewer."""


class AuditHistory(Struct, frozen=True, kw_only=True, eq=False):
    """What a release leaves for the audits of later ones."""

    shape: ScopeShape
    true_counts: TrueCounts
    display: Display
    group_numbers: dict[str, int]
    """Of each organisation, the group that knew as one."""
    rule: Rule = PERSONS_RULE
    """By which it was protected."""


class ProtectionTask(Struct, frozen=True, kw_only=True, eq=False):
    """One scope to protect. It can be sent to another process."""

    key: str
    measures: tuple[str, ...]
    rule: Rule
    shape: ScopeShape
    """The lattice of the plan, and of all that was released of the scope before."""
    true_counts: TrueCounts
    group_numbers: dict[str, int]
    """Of each organisation, those of earlier releases included, the group that knows as one."""
    earlier: tuple[AuditHistory, ...]
    reset_periods: frozenset[str] = frozenset()
    """Periods that are released as if for the first time."""


class PeriodGroup(Struct, frozen=True, kw_only=True, eq=False):
    """Periods of a scope that hang together, in all releases: on the nodes of their own shape."""

    shape: ScopeShape
    chain: list[TrueCounts]
    displays: list[Display]


class ProtectedScope:
    """The display of a scope, as its parts are protected, and the reports of those that were audited."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._columns = _copy_columns(make_empty_display(nodes.whole.size))
        self.reports: list[AuditReport] = []

    def add_group(self, there: BoolArray, display: Display, report: AuditReport | None) -> None:
        for name, column in asdict(display).items():
            self._columns[name][there] = column
        if report is not None:
            self.reports.append(report)

    @property
    def display(self) -> Display:
        return Display(**self._columns)


class ProtectionResult(Struct, frozen=True, kw_only=True, eq=False):
    """A protected scope. `kept` is of the last release in which anything changed."""

    report: ScopeAudit
    history: AuditHistory


def extend_shape(shape: ScopeShape, earlier: Sequence[AuditHistory]) -> ScopeShape:
    """The plan's lattice with what was released before. Raises GeographyChanged."""
    return scopes.merge_shapes(earlier[-1].shape, shape) if earlier else shape


def protect_scope(work: ProtectionTask, map_tasks: MapFunction = map) -> ProtectionResult | FailedScope:
    """Protect a scope, or say why it cannot be published.

    What hangs together is audited together, with all earlier releases of it; where nothing has changed in that, it
    stands as it was.
    """
    nodes = build_nodes(work.shape)
    chain, displays = _align_history(work, nodes)
    before = split_by_period(work.earlier[-1].shape) if work.earlier else []
    found = ProtectedScope(nodes=nodes)
    for shape in split_by_period(work.shape) if work.rule.protects else [work.shape]:
        there = _select_nodes(nodes, shape)
        part = PeriodGroup(
            shape=shape,
            chain=[_restrict_counts(frozen, there[: nodes.size]) for frozen in chain],
            displays=[_restrict_display(display, there) for display in displays],
        )
        if shape in before and _is_unchanged(work, part):
            found.add_group(there, carry_forward(part.displays[-1], work.rule), None)
            continue
        try:
            made = _protect_group(work, part, map_tasks)
        except ExposedCounts:
            return _make_failure(
                work, "exposed", "Some counts could be worked out, whatever else is withheld short of totals."
            )
        except Contradiction:
            return _make_failure(
                work,
                "contradiction",
                "The tables of a provider contradict each other, so that no people can be behind them.",
            )
        found.add_group(there, made.display, made.report)
    return _make_result(work, found)


def _protect_group(work: ProtectionTask, part: PeriodGroup, map_tasks: MapFunction) -> figures.ProtectedRelease:
    lattice = (
        build_lattice(part.shape, max_dimensions=MAX_BREAKDOWN_DIMENSIONS)
        if work.rule.protects
        else build_nodes(part.shape)
    )
    counts = _sum_by_group(work, lattice, part.chain)
    afresh = _find_reset_nodes(work, lattice)
    return figures.protect_release(lattice, work.rule, counts, part.displays, reset_nodes=afresh, map_tasks=map_tasks)


def report_nothing_returned(key: str, measures: Sequence[str], shape: ScopeShape) -> ScopeAudit:
    """Of a scope of which nobody has returned anything yet, there is nothing to protect."""
    nodes = build_nodes(shape).size
    return ScopeAudit(
        scope=key,
        measures=list(measures),
        figures=nodes,
        shown=0,
        hidden=nodes,
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
            "The plan audits this measure with others than before, so that what was released of it would be forgotten. "
            "Publish without it, or give it a new series."
        ),
    )


def _make_failure(work: ProtectionTask, code: str, detail: str) -> FailedScope:
    return msgspec.convert(
        {"scope": work.key, "measures": list(work.measures), "code": code, "detail": detail}, FailedScope
    )


def _make_result(work: ProtectionTask, found: ProtectedScope) -> ProtectionResult:
    nodes, display = found.nodes, found.display
    shown = int(display.shown[: nodes.size].sum())
    return ProtectionResult(
        report=ScopeAudit(
            scope=work.key,
            measures=list(work.measures),
            figures=nodes.size,
            shown=shown,
            hidden=nodes.size - shown,
            withheld=sum(report.withheld for report in found.reports),
            held_back=sum(report.held for report in found.reports),
            carried_forward=not found.reports,
        ),
        history=AuditHistory(
            shape=work.shape,
            true_counts=work.true_counts,
            display=display,
            group_numbers=work.group_numbers,
            rule=work.rule,
        ),
    )


def _align_history(work: ProtectionTask, lattice: Nodes) -> tuple[list[TrueCounts], list[Display]]:
    """The counts of all releases and the displays of earlier ones, on the nodes of the newest lattice."""
    chain: list[TrueCounts] = []
    displays: list[Display] = []
    for kept in work.earlier:
        old = build_nodes(kept.shape)
        place = locate_nodes(old, lattice)
        outside = lattice.complement[place[np.flatnonzero(old.complement >= 0)]]
        chain.append(_realign_counts(kept.true_counts, place, lattice.size))
        displays.append(_realign_display(kept.display, np.concatenate((place, outside)), lattice.whole.size))
    return [*chain, work.true_counts], displays


def _realign_counts(frozen: TrueCounts, place: IntArray, size: int) -> TrueCounts:
    """Of nodes that were not there yet nothing is known."""
    own = np.zeros((len(frozen.organisations), size), dtype=np.int64)
    own[:, place] = frozen.own
    unknown, hidden = np.ones(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    unknown[place], hidden[place] = frozen.unknown, frozen.hidden
    return replace(frozen, own=own, unknown=unknown, hidden=hidden)


def _realign_display(display: Display, place: IntArray, size: int) -> Display:
    columns = _copy_columns(make_empty_display(size))
    for name, column in asdict(display).items():
        columns[name][place] = column
    return Display(**columns)


def _copy_columns(display: Display) -> dict[str, Any]:
    """Its columns, by name; some share one array."""
    return {name: column.copy() for name, column in asdict(display).items()}


def _select_nodes(nodes: Nodes, shape: ScopeShape) -> BoolArray:
    """Which nodes and complements are of the periods of a shape."""
    there = np.isin(list_node_periods(nodes), list(shape.periods))
    return np.concatenate((there, there[nodes.complement[: there.size] >= 0]))


def _restrict_counts(frozen: TrueCounts, nodes: BoolArray) -> TrueCounts:
    return replace(frozen, own=frozen.own[:, nodes], unknown=frozen.unknown[nodes], hidden=frozen.hidden[nodes])


def _restrict_display(display: Display, nodes: BoolArray) -> Display:
    return Display(**{name: column[nodes] for name, column in asdict(display).items()})


def _is_unchanged(work: ProtectionTask, part: PeriodGroup) -> bool:
    """Whether everything is as in the last release, so that nothing new is told."""
    if _include_longer_periods(work.reset_periods, part.shape) or work.earlier[-1].rule != work.rule:
        return False
    last, now = part.chain[-2], part.chain[-1]
    there = set(_list_contributors(work, part.chain))
    return (
        _list_knowing_groups(work.earlier[-1].group_numbers, there) == _list_knowing_groups(work.group_numbers, there)
        and _list_contributions(last, there) == _list_contributions(now, there)
        and np.array_equal(last.unknown, now.unknown)
    )


def _list_contributors(work: ProtectionTask, chain: Sequence[TrueCounts]) -> list[str]:
    """Organisations of groups of which somebody has ever returned anything of it; of the others all know nothing."""
    rows = [(name, row) for frozen in chain for name, row in zip(frozen.organisations, frozen.own, strict=True)]
    groups = {work.group_numbers[name] for name, row in rows if row.any()}
    return sorted({name for name, _ in rows if work.group_numbers[name] in groups})


def _list_contributions(frozen: TrueCounts, there: set[str]) -> dict[str, tuple[bytes, bool]]:
    """What each returned, and whether it may stand alone."""
    rows = zip(frozen.organisations, frozen.own, frozen.may_stand_alone.tolist(), strict=True)
    return {name: (row.tobytes(), alone) for name, row, alone in rows if name in there}


def _list_knowing_groups(group: dict[str, int], there: set[str]) -> frozenset[frozenset[str]]:
    """Those of them who know as one."""
    return frozenset(
        frozenset(one for one, its in group.items() if its == number and one in there) for number in group.values()
    ) - {frozenset[str]()}


def _sum_by_group(work: ProtectionTask, lattice: Nodes, chain: Sequence[TrueCounts]) -> list[ProviderCounts]:
    """A row for each group of organisations. One that has left or not yet come has returned nothing."""
    rows = {
        number: row
        for row, number in enumerate(sorted({work.group_numbers[name] for name in _list_contributors(work, chain)}))
    }
    found: list[ProviderCounts] = []
    rules = [*(kept.rule for kept in work.earlier), work.rule]
    for frozen, rule in zip(chain, rules, strict=True):
        own = np.zeros((len(rows), lattice.size), dtype=np.int64)
        alone = np.ones(len(rows), dtype=np.bool_)
        for name, counts, may in zip(frozen.organisations, frozen.own, frozen.may_stand_alone, strict=True):
            if (row := rows.get(work.group_numbers[name])) is not None:
                own[row] += counts
                alone[row] &= may
        found.append(replace(complete_counts(lattice, own, frozen.unknown, alone), rule=rule))
    return found


def _find_reset_nodes(work: ProtectionTask, lattice: Nodes) -> BoolArray | None:
    """Nodes of the periods that are released anew.

    A period that closes is not rounded once more: which figures could be, and which could not because one provider
    alone had changed them, would tell readers what a single late return was about.
    """
    if not work.earlier or not work.reset_periods:
        return None
    period = list_node_periods(lattice)
    parts = np.flatnonzero(lattice.complement >= 0)
    period = np.concatenate((period, period[parts]))
    there: BoolArray = np.isin(period, list(_include_longer_periods(work.reset_periods, work.shape)))
    return there


def _include_longer_periods(chosen: frozenset[str], shape: ScopeShape) -> frozenset[str]:
    """The periods, with the longer ones that are made of them."""
    return frozenset(code for code, parts in shape.periods.items() if code in chosen or not chosen.isdisjoint(parts))


class _PackedHistory(Struct, frozen=True, kw_only=True):
    shape: ScopeShape
    organisations: tuple[str, ...]
    group: dict[str, int]
    columns: dict[str, tuple[str, list[int], bytes]]
    rule: Rule = PERSONS_RULE


def pack_history(kept: AuditHistory) -> bytes:
    """As it is stored: the same for the same content, each column in the fewest bytes that hold it exactly."""
    columns = {f"frozen.{name}": getattr(kept.true_counts, name) for name in _COUNT_FIELDS}
    columns |= {f"display.{field.name}": getattr(kept.display, field.name) for field in fields(Display)}
    narrow = {name: _narrow(column) for name, column in columns.items()}
    return msgspec.msgpack.encode(
        _PackedHistory(
            shape=kept.shape,
            organisations=kept.true_counts.organisations,
            group=kept.group_numbers,
            rule=kept.rule,
            columns={name: (a.dtype.str, list(a.shape), a.tobytes()) for name, a in narrow.items()},
        )
    )


_COUNT_FIELDS = ("own", "unknown", "hidden", "may_stand_alone")
_DTYPES_BY_KIND = {"b": np.bool_, "i": np.int64, "f": np.float64}
_NARROWER_DTYPES = {"i": (np.int8, np.int16, np.int32), "f": (np.float16, np.float32)}


def _narrow(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    for kind in _NARROWER_DTYPES.get(column.dtype.kind, ()):
        with np.errstate(over="ignore"):
            narrow = column.astype(kind)
        if np.array_equal(narrow, column):
            return narrow
    return column


def unpack_history(content: bytes) -> AuditHistory:
    found = msgspec.msgpack.decode(content, type=_PackedHistory)
    columns = {
        name: np.frombuffer(data, dtype=np.dtype(kind)).reshape(shape).astype(_DTYPES_BY_KIND[np.dtype(kind).kind])
        for name, (kind, shape, data) in found.columns.items()
    }
    frozen = {name: columns[f"frozen.{name}"] for name in _COUNT_FIELDS}
    display = {field.name: columns[f"display.{field.name}"] for field in fields(Display)}
    return AuditHistory(
        shape=found.shape,
        true_counts=TrueCounts(organisations=found.organisations, **frozen),  # pyright: ignore[reportArgumentType]
        group_numbers=found.group,
        rule=found.rule,
        display=Display(**display),  # pyright: ignore[reportArgumentType]
    )
