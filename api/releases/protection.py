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
from api.releases.true_counts import Frozen
from api.statistics.disclosure import figures
from api.statistics.disclosure.atoms import build
from api.statistics.disclosure.display import (
    BoolArray,
    Contradiction,
    Counts,
    Display,
    absent,
    counts_of,
    standing,
)
from api.statistics.disclosure.figures import Across, Exposed, Report
from api.statistics.disclosure.lattice import (
    IntArray,
    Nodes,
    Shape,
    independent,
    located,
    nodes_of,
    period_of,
)
from schema.disclosure import PERSONS, Rule
from schema.releases import FailedScope, ScopeAudit

BREAKDOWNS = 2
"""The most that a lattice is ever laid out for; a policy may allow fewer."""


class Kept(Struct, frozen=True, kw_only=True, eq=False):
    """What a release leaves for the audits of later ones."""

    shape: Shape
    frozen: Frozen
    display: Display
    group: dict[str, int]
    """Of each organisation, the group that knew as one."""
    rule: Rule = PERSONS
    """By which it was protected."""


class Work(Struct, frozen=True, kw_only=True, eq=False):
    """One scope to protect. It can be sent to another process."""

    key: str
    measures: tuple[str, ...]
    rule: Rule
    shape: Shape
    """The lattice of the plan, and of all that was released of the scope before."""
    frozen: Frozen
    group: dict[str, int]
    """Of each organisation, those of earlier releases included, the group that knows as one."""
    earlier: tuple[Kept, ...]
    anew: frozenset[str] = frozenset()
    """Periods that are released as if for the first time."""


class Part(Struct, frozen=True, kw_only=True, eq=False):
    """Periods of a scope that hang together, in all releases: on the nodes of their own shape."""

    shape: Shape
    chain: list[Frozen]
    displays: list[Display]


class Found:
    """The display of a scope, as its parts are protected, and the reports of those that were audited."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._columns = _writable(absent(nodes.whole.size))
        self.reports: list[Report] = []

    def add(self, there: BoolArray, display: Display, report: Report | None) -> None:
        for name, column in asdict(display).items():
            self._columns[name][there] = column
        if report is not None:
            self.reports.append(report)

    @property
    def display(self) -> Display:
        return Display(**self._columns)


class Done(Struct, frozen=True, kw_only=True, eq=False):
    """A protected scope. `kept` is of the last release in which anything changed."""

    report: ScopeAudit
    kept: Kept


def shape_of(shape: Shape, earlier: Sequence[Kept]) -> Shape:
    """The plan's lattice with what was released before. Raises GeographyChanged."""
    return scopes.merged(earlier[-1].shape, shape) if earlier else shape


def protected(work: Work, across: Across = map) -> Done | FailedScope:
    """Protect a scope, or say why it cannot be published.

    What hangs together is audited together, with all earlier releases of it; where nothing has changed in that, it
    stands as it was.
    """
    nodes = nodes_of(work.shape)
    chain, displays = _chain(work, nodes)
    before = independent(work.earlier[-1].shape) if work.earlier else []
    found = Found(nodes=nodes)
    for shape in independent(work.shape) if work.rule.protects else [work.shape]:
        there = _there(nodes, shape)
        part = Part(
            shape=shape,
            chain=[_only(frozen, there[: nodes.size]) for frozen in chain],
            displays=[_columns(display, there) for display in displays],
        )
        if shape in before and _stands(work, part):
            found.add(there, standing(part.displays[-1], work.rule), None)
            continue
        try:
            made = _protected(work, part, across)
        except Exposed:
            return _failed(
                work, "exposed", "Some counts could be worked out, whatever else is withheld short of totals."
            )
        except Contradiction:
            return _failed(
                work,
                "contradiction",
                "The tables of a provider contradict each other, so that no people can be behind them.",
            )
        found.add(there, made.display, made.report)
    return _done(work, found)


def _protected(work: Work, part: Part, across: Across) -> figures.Protected:
    lattice = build(part.shape, breakdowns=BREAKDOWNS) if work.rule.protects else nodes_of(part.shape)
    counts = _counts(work, lattice, part.chain)
    afresh = _afresh(work, lattice)
    return figures.release(lattice, work.rule, counts, part.displays, afresh=afresh, across=across)


def nothing_returned(key: str, measures: Sequence[str], shape: Shape) -> ScopeAudit:
    """Of a scope of which nobody has returned anything yet, there is nothing to protect."""
    nodes = nodes_of(shape).size
    return ScopeAudit(
        scope=key,
        measures=list(measures),
        figures=nodes,
        shown=0,
        hidden=nodes,
        withheld=0,
        held=0,
        carried=False,
    )


def failed_by_geography(key: str, measures: Sequence[str], refusal: GeographyChanged) -> FailedScope:
    return FailedScope(scope=key, measures=list(measures), code="geography-changed", detail=str(refusal))


def failed_by_regrouping(key: str, measures: Sequence[str]) -> FailedScope:
    return FailedScope(
        scope=key,
        measures=list(measures),
        code="regrouped",
        detail=(
            "The plan audits this measure with others than before, so that what was released of it would be forgotten. "
            "Publish without it, or give it a new series."
        ),
    )


def _failed(work: Work, code: str, detail: str) -> FailedScope:
    return msgspec.convert(
        {"scope": work.key, "measures": list(work.measures), "code": code, "detail": detail}, FailedScope
    )


def _done(work: Work, found: Found) -> Done:
    nodes, display = found.nodes, found.display
    shown = int(display.shown[: nodes.size].sum())
    return Done(
        report=ScopeAudit(
            scope=work.key,
            measures=list(work.measures),
            figures=nodes.size,
            shown=shown,
            hidden=nodes.size - shown,
            withheld=sum(report.withheld for report in found.reports),
            held=sum(report.held for report in found.reports),
            carried=not found.reports,
        ),
        kept=Kept(shape=work.shape, frozen=work.frozen, display=display, group=work.group, rule=work.rule),
    )


def _chain(work: Work, lattice: Nodes) -> tuple[list[Frozen], list[Display]]:
    """The counts of all releases and the displays of earlier ones, on the nodes of the newest lattice."""
    chain: list[Frozen] = []
    displays: list[Display] = []
    for kept in work.earlier:
        old = nodes_of(kept.shape)
        place = located(old, lattice)
        outside = lattice.complement[place[np.flatnonzero(old.complement >= 0)]]
        chain.append(_moved_counts(kept.frozen, place, lattice.size))
        displays.append(_moved_display(kept.display, np.concatenate((place, outside)), lattice.whole.size))
    return [*chain, work.frozen], displays


def _moved_counts(frozen: Frozen, place: IntArray, size: int) -> Frozen:
    """Of nodes that were not there yet nothing is known."""
    own = np.zeros((len(frozen.organisations), size), dtype=np.int64)
    own[:, place] = frozen.own
    unknown, hidden = np.ones(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    unknown[place], hidden[place] = frozen.unknown, frozen.hidden
    return replace(frozen, own=own, unknown=unknown, hidden=hidden)


def _moved_display(display: Display, place: IntArray, size: int) -> Display:
    columns = _writable(absent(size))
    for name, column in asdict(display).items():
        columns[name][place] = column
    return Display(**columns)


def _writable(display: Display) -> dict[str, Any]:
    """Its columns, by name; some share one array."""
    return {name: column.copy() for name, column in asdict(display).items()}


def _there(nodes: Nodes, shape: Shape) -> BoolArray:
    """Which nodes and complements are of the periods of a shape."""
    there = np.isin(period_of(nodes), list(shape.periods))
    return np.concatenate((there, there[nodes.complement[: there.size] >= 0]))


def _only(frozen: Frozen, nodes: BoolArray) -> Frozen:
    return replace(frozen, own=frozen.own[:, nodes], unknown=frozen.unknown[nodes], hidden=frozen.hidden[nodes])


def _columns(display: Display, nodes: BoolArray) -> Display:
    return Display(**{name: column[nodes] for name, column in asdict(display).items()})


def _stands(work: Work, part: Part) -> bool:
    """Whether everything is as in the last release, so that nothing new is told."""
    if _touched(work.anew, part.shape) or work.earlier[-1].rule != work.rule:
        return False
    last, now = part.chain[-2], part.chain[-1]
    there = set(_feeding(work, part.chain))
    return (
        _together(work.earlier[-1].group, there) == _together(work.group, there)
        and _returned(last, there) == _returned(now, there)
        and np.array_equal(last.unknown, now.unknown)
    )


def _feeding(work: Work, chain: Sequence[Frozen]) -> list[str]:
    """Organisations of groups of which somebody has ever returned anything of it; of the others all know nothing."""
    rows = [(name, row) for frozen in chain for name, row in zip(frozen.organisations, frozen.own, strict=True)]
    groups = {work.group[name] for name, row in rows if row.any()}
    return sorted({name for name, _ in rows if work.group[name] in groups})


def _returned(frozen: Frozen, there: set[str]) -> dict[str, tuple[bytes, bool]]:
    """What each returned, and whether it may stand alone."""
    rows = zip(frozen.organisations, frozen.own, frozen.may_stand_alone.tolist(), strict=True)
    return {name: (row.tobytes(), alone) for name, row, alone in rows if name in there}


def _together(group: dict[str, int], there: set[str]) -> frozenset[frozenset[str]]:
    """Those of them who know as one."""
    return frozenset(
        frozenset(one for one, its in group.items() if its == number and one in there) for number in group.values()
    ) - {frozenset[str]()}


def _counts(work: Work, lattice: Nodes, chain: Sequence[Frozen]) -> list[Counts]:
    """A row for each group of organisations. One that has left or not yet come has returned nothing."""
    rows = {number: row for row, number in enumerate(sorted({work.group[name] for name in _feeding(work, chain)}))}
    found: list[Counts] = []
    rules = [*(kept.rule for kept in work.earlier), work.rule]
    for frozen, rule in zip(chain, rules, strict=True):
        own = np.zeros((len(rows), lattice.size), dtype=np.int64)
        alone = np.ones(len(rows), dtype=np.bool_)
        for name, counts, may in zip(frozen.organisations, frozen.own, frozen.may_stand_alone, strict=True):
            if (row := rows.get(work.group[name])) is not None:
                own[row] += counts
                alone[row] &= may
        found.append(replace(counts_of(lattice, own, frozen.unknown, alone), rule=rule))
    return found


def _afresh(work: Work, lattice: Nodes) -> BoolArray | None:
    """Nodes of the periods that are released anew.

    A period that closes is not rounded once more: which figures could be, and which could not because one provider
    alone had changed them, would tell readers what a single late return was about.
    """
    if not work.earlier or not work.anew:
        return None
    period = period_of(lattice)
    parts = np.flatnonzero(lattice.complement >= 0)
    period = np.concatenate((period, period[parts]))
    there: BoolArray = np.isin(period, list(_touched(work.anew, work.shape)))
    return there


def _touched(chosen: frozenset[str], shape: Shape) -> frozenset[str]:
    """The periods, with the longer ones that are made of them."""
    return frozenset(code for code, parts in shape.periods.items() if code in chosen or not chosen.isdisjoint(parts))


class _Packed(Struct, frozen=True, kw_only=True):
    shape: Shape
    organisations: tuple[str, ...]
    group: dict[str, int]
    columns: dict[str, tuple[str, list[int], bytes]]
    rule: Rule = PERSONS


def packed(kept: Kept) -> bytes:
    """As it is stored: the same for the same content, each column in the fewest bytes that hold it exactly."""
    columns = {f"frozen.{name}": getattr(kept.frozen, name) for name in _COUNTS}
    columns |= {f"display.{field.name}": getattr(kept.display, field.name) for field in fields(Display)}
    narrow = {name: _narrow(column) for name, column in columns.items()}
    return msgspec.msgpack.encode(
        _Packed(
            shape=kept.shape,
            organisations=kept.frozen.organisations,
            group=kept.group,
            rule=kept.rule,
            columns={name: (a.dtype.str, list(a.shape), a.tobytes()) for name, a in narrow.items()},
        )
    )


_COUNTS = ("own", "unknown", "hidden", "may_stand_alone")
_KINDS = {"b": np.bool_, "i": np.int64, "f": np.float64}
_NARROW = {"i": (np.int8, np.int16, np.int32), "f": (np.float16, np.float32)}


def _narrow(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    for kind in _NARROW.get(column.dtype.kind, ()):
        with np.errstate(over="ignore"):
            narrow = column.astype(kind)
        if np.array_equal(narrow, column):
            return narrow
    return column


def unpacked(content: bytes) -> Kept:
    found = msgspec.msgpack.decode(content, type=_Packed)
    columns = {
        name: np.frombuffer(data, dtype=np.dtype(kind)).reshape(shape).astype(_KINDS[np.dtype(kind).kind])
        for name, (kind, shape, data) in found.columns.items()
    }
    frozen = {name: columns[f"frozen.{name}"] for name in _COUNTS}
    display = {field.name: columns[f"display.{field.name}"] for field in fields(Display)}
    return Kept(
        shape=found.shape,
        frozen=Frozen(organisations=found.organisations, **frozen),  # pyright: ignore[reportArgumentType]
        group=found.group,
        rule=found.rule,
        display=Display(**display),  # pyright: ignore[reportArgumentType]
    )
