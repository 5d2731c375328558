"""From counts to figures: display, audit, repair, in this order. No other code publishes counts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.display import Display, hold_back, withhold
from api.statistics.disclosure.lattice import Lattice, Node, Nodes
from api.statistics.disclosure.provider_counts import ProviderCounts
from api.statistics.disclosure.release_display import make_display
from api.statistics.disclosure.sparse_rows import BoolArray, FloatArray, IntArray
from schema.disclosure import Rule

MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


class ProtectedCount(Struct, frozen=True, kw_only=True, gc=False):
    """One protected cell of a release."""

    node: Node | None = None
    """Missing if the caller knows the node."""
    value: int | None
    """The displayed number; None for `c`: a small count, or withheld so that none can be calculated."""
    low: int | None = None
    """The true count is at least this."""
    high: int | None = None
    """The true count is at most this."""

    @property
    def largest_error(self) -> int | None:
        """How far the true count can be from the displayed number."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)


HIDDEN_COUNT = ProtectedCount(value=None)


class Percentage(Struct, frozen=True, kw_only=True):
    """A percentage calculated from two figures, or the reason why there is none."""

    value: float | None
    low: float | None = None
    """The true percentage is at least this."""
    high: float | None = None
    """The true percentage is at most this."""
    reason: str | None = None
    """`input_suppressed` or `small_denominator`."""


class AuditReport(Struct, frozen=True, kw_only=True):
    """The result of an audit. It names no count and no provider."""

    audited: int
    """Audited counts and changes, over all readers."""
    repaired: int
    """The audited counts that needed a figure to be withheld or held back."""
    withheld: int
    held_back: int


class ProtectedRelease(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """A release of one lattice: `counts` to publish, and `display`, which only the next release may read."""

    lattice: Nodes
    display: Display
    report: AuditReport

    @cached_property
    def counts(self) -> tuple[ProtectedCount, ...]:
        return tuple(list_counts(self.lattice, self.display))


class ExposedCounts(Exception):  # noqa: N818  a refusal is not an error of ours
    """Readers could calculate some hidden counts, even if every figure but totals is withheld: publish nothing.

    `nodes` are the exposed nodes, or the parts whose complements are exposed. They are not for publication.
    """

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        parts = sorted({node.part or "the whole" for node in nodes})
        super().__init__(f"{len(nodes)} counts of {', '.join(parts)} cannot be protected.")
        self.nodes = nodes


def protect_release(
    lattice: Nodes,
    rule: Rule,
    chain: Sequence[ProviderCounts],
    earlier: Sequence[Display] = (),
    *,
    reset_nodes: BoolArray | None = None,
    map_tasks: MapFunction = map,
) -> ProtectedRelease:
    """Protect the last of a chain of releases; `earlier` are the displays of the releases before it.

    `map_tasks` is `map`, or that of a pool of processes: one task for each provider. Nodes without atoms are enough
    for a rule that protects nothing. Raises ExposedCounts, and Contradiction if a provider's tables contradict each
    other.
    """
    display = make_display(lattice, rule, chain, earlier[-1] if earlier else None, reset_nodes=reset_nodes)
    totals = _Totals(display.shown.size)
    if rule.protects:
        if not isinstance(lattice, Lattice):
            raise TypeError("Protection of people needs a lattice with atoms.")
        # Import here, because HiGHS loads slowly and readers of figures do not need it.
        from api.statistics.disclosure.audit import find_cross_tables  # noqa: PLC0415

        atoms = find_cross_tables(lattice, chain)
        readers: list[list[int | None]] = [[None]]
        if rule.audit_providers:
            readers.append(list(range(chain[-1].own.shape[0])))
        for group in filter(None, readers):  # before anybody has returned anything, there are no providers
            display = _repair_for(group, lattice, rule, chain, [*earlier, display], atoms, map_tasks, totals)
    report = AuditReport(
        audited=totals.audited,
        repaired=totals.repaired,
        withheld=int(totals.withheld.sum()),
        held_back=int(totals.held_back.sum()),
    )
    return ProtectedRelease(lattice=lattice, display=display, report=report)


class _Totals:
    """The sums of an audit over all readers."""

    def __init__(self, size: int) -> None:
        self.audited = self.repaired = 0
        self.withheld, self.held_back = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)


def _repair_for(
    readers: Sequence[int | None],
    lattice: Lattice,
    rule: Rule,
    chain: Sequence[ProviderCounts],
    displays: Sequence[Display],
    atoms: FloatArray,
    map_tasks: MapFunction,
    totals: _Totals,
) -> Display:
    """Audit and repair the last display for a group of readers. Raises ExposedCounts."""
    from api.statistics.disclosure.repair import RepairTask, audit_and_repair  # noqa: PLC0415

    *earlier, display = displays
    tasks = [
        RepairTask(lattice=lattice, rule=rule, counts=chain, displays=tuple(displays), atoms=atoms, provider=provider)
        for provider in readers
    ]
    repairs = list(map_tasks(audit_and_repair, tasks))
    exposed = sorted({node for repair in repairs for node in repair.exposed})
    if exposed:
        raise ExposedCounts(tuple(_list_nodes(lattice, exposed)))
    withheld = np.any([repair.withheld for repair in repairs], axis=0)
    held_back = np.any([repair.held for repair in repairs], axis=0) & ~withheld
    if earlier:
        display = hold_back(display, earlier[-1], held_back, rule)
    totals.withheld |= withheld
    totals.held_back = (totals.held_back | held_back) & ~withheld
    totals.audited += sum(repair.audited for repair in repairs)
    totals.repaired += sum(repair.repaired for repair in repairs)
    return withhold(lattice, display, withheld, chain[-1].totals, release=len(earlier))


def list_counts(lattice: Nodes, display: Display) -> Iterator[ProtectedCount]:
    """Yield the figure of each node of a display, in order. Complements have no figure."""
    for node, figure in zip(lattice.nodes, read_counts(display, np.arange(lattice.size)), strict=True):
        yield replace(figure, node=node)


def read_counts(display: Display, nodes: IntArray) -> list[ProtectedCount]:
    """Return the figures of some nodes of a display, by their index; the same object for equal figures."""
    shown = display.shown[nodes]
    low, high = (np.where(shown, bound[nodes], 0).astype(np.int64).tolist() for bound in (display.low, display.high))
    rows = list(zip(shown.tolist(), display.value[nodes].tolist(), low, high, strict=True))
    counts = {
        (is_shown, value, low, high): ProtectedCount(value=value, low=low, high=high) if is_shown else HIDDEN_COUNT
        for is_shown, value, low, high in set(rows)
    }
    return [counts[row] for row in rows]


def calculate_percentage(part: ProtectedCount, whole: ProtectedCount, rule: Rule, true: tuple[int, int]) -> Percentage:
    """Calculate a percentage from displayed counts, with certain bounds of the true percentage.

    `true` has the true counts of the part and the whole; only a policy without `rates_from_displayed` uses them.
    """
    if part.value is None or whole.value is None:
        return Percentage(value=None, reason="input_suppressed")
    if whole.value < rule.smallest_denominator or not whole.value:
        return Percentage(value=None, reason="small_denominator")
    counts = (part.value, whole.value) if rule.rates_from_displayed else true
    return Percentage(
        value=_round_percentage(*counts, whole.value, rule),
        low=100 * (part.low or 0) / max(whole.high or 0, 1),
        high=min(100.0, 100 * (part.high or 0) / max(whole.low or 0, 1)),
    )


def _round_percentage(part: int, whole: int, shown: int, rule: Rule) -> float:
    return round(min(100.0, 100 * part / whole), 0 if shown < rule.whole_percent_below else 1)


def _list_nodes(lattice: Nodes, indexes: Iterable[int]) -> Iterator[Node]:
    parts = {int(complement): part for part, complement in enumerate(lattice.complement) if complement >= 0}
    return (lattice.nodes[parts.get(index, index)] for index in indexes)
