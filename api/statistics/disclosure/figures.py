"""From counts to figures: display, audit, repair, in this order. Nothing else makes figures of what was counted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from api.statistics.disclosure.display import BoolArray, Display, ProviderCounts, hold_back, make_display, withhold
from api.statistics.disclosure.lattice import IntArray, Lattice, Node, Nodes
from schema.disclosure import Rule

MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


class ProtectedCount(Struct, frozen=True, kw_only=True, gc=False):
    """One cell of a release, fit for publication."""

    node: Node | None = None
    """None where what it is about is told elsewhere."""
    value: int | None
    """The number shown; None for `c`: few or none, or withheld so that few cannot be worked out."""
    low: int | None = None
    """The true count is at least this."""
    high: int | None = None
    """And at most this."""

    @property
    def largest_error(self) -> int | None:
        """How far the true count can be from the number shown."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.value - self.low, self.high - self.value)


HIDDEN_COUNT = ProtectedCount(value=None)


class Percentage(Struct, frozen=True, kw_only=True):
    """A percentage calculated from two figures alone, or why there is none."""

    value: float | None
    low: float | None = None
    """The true percentage is at least this."""
    high: float | None = None
    """And at most this."""
    reason: str | None = None
    """`input_suppressed` or `small_denominator`."""


class AuditReport(Struct, frozen=True, kw_only=True):
    """What the audit of a release found. It names no count and no provider."""

    audited: int
    """Counts and changes that were audited, over all readers."""
    repaired: int
    """Of them, those for which something was given up."""
    withheld: int
    held: int


class ProtectedRelease(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """A release of one lattice: `figures` to publish, `display` to keep, for the next release, where none may read."""

    lattice: Nodes
    display: Display
    report: AuditReport

    @cached_property
    def counts(self) -> tuple[ProtectedCount, ...]:
        return tuple(list_counts(self.lattice, self.display))


class ExposedCounts(Exception):  # noqa: N818  a refusal is not an error of ours
    """Some counts could be worked out whatever is withheld short of totals. Nothing may be published.

    `nodes` are those concerned, or those that they are the complement of. They are not for publication.
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
    """Protect the last of a chain of releases; `earlier` are the displays of those before it.

    `across` is `map`, or that of a pool of processes: one task for each provider. The nodes of a lattice by themselves
    are enough for a rule that protects nothing. Raises `Exposed`, and `Contradiction` where a provider's tables cannot
    all be true.
    """
    display = make_display(lattice, rule, chain, earlier[-1] if earlier else None, reset_nodes=reset_nodes)
    audited = repaired = 0
    given_up = (np.zeros_like(display.shown), np.zeros_like(display.shown))
    if rule.protects:
        if not isinstance(lattice, Lattice):
            raise TypeError("What protects people needs the atoms.")
        # Only here: HiGHS takes its time to load, and who reads figures does not need it.
        from api.statistics.disclosure.audit import find_cross_tables  # noqa: PLC0415
        from api.statistics.disclosure.repair import RepairTask, audit_and_repair  # noqa: PLC0415

        atoms = find_cross_tables(lattice, chain)
        readers: list[list[int | None]] = [[None]]
        if rule.audit_providers:
            readers.append(list(range(chain[-1].own.shape[0])))
        for together in filter(None, readers):  # before anybody has returned anything, there are no providers
            tasks = [
                RepairTask(
                    lattice=lattice,
                    rule=rule,
                    counts=chain,
                    displays=(*earlier, display),
                    atoms=atoms,
                    provider=provider,
                )
                for provider in together
            ]
            found = list(map_tasks(audit_and_repair, tasks))
            exposed = sorted({node for one in found for node in one.exposed})
            if exposed:
                raise ExposedCounts(tuple(_list_nodes(lattice, exposed)))
            hidden = np.any([one.withheld for one in found], axis=0)
            held_back = np.any([one.held for one in found], axis=0) & ~hidden
            if earlier:
                display = hold_back(display, earlier[-1], held_back, rule)
            display = withhold(lattice, display, hidden, chain[-1].totals, release=len(earlier))
            given_up = (given_up[0] | hidden, (given_up[1] | held_back) & ~hidden)
            audited += sum(one.audited for one in found)
            repaired += sum(one.repaired for one in found)
    return ProtectedRelease(
        lattice=lattice,
        display=display,
        report=AuditReport(
            audited=audited,
            repaired=repaired,
            withheld=int(given_up[0].sum()),
            held=int(given_up[1].sum()),
        ),
    )


def list_counts(lattice: Nodes, display: Display) -> Iterator[ProtectedCount]:
    """The figures of a display, one for each node, in their order; complements have none."""
    for node, figure in zip(lattice.nodes, read_counts(display, np.arange(lattice.size)), strict=True):
        yield replace(figure, node=node)


def read_counts(display: Display, nodes: IntArray) -> list[ProtectedCount]:
    """The figures of some nodes of a display, given by their index."""
    shown = display.shown[nodes]
    low, high = (np.where(shown, bound[nodes], 0).astype(np.int64).tolist() for bound in (display.low, display.high))
    rows = zip(shown.tolist(), display.value[nodes].tolist(), low, high, strict=True)
    return [
        ProtectedCount(value=value, low=low, high=high) if there else HIDDEN_COUNT for there, value, low, high in rows
    ]


def calculate_percentage(part: ProtectedCount, whole: ProtectedCount, rule: Rule, true: tuple[int, int]) -> Percentage:
    """Calculate a percentage from what is shown, with the bounds between which the true one lies for certain.

    `true` are the counts of the part and the whole, for a policy that has rates of true counts; no other looks at them.
    """
    if part.value is None or whole.value is None:
        return Percentage(value=None, reason="input_suppressed")
    if whole.value < rule.smallest_denominator or not whole.value:
        return Percentage(value=None, reason="small_denominator")
    of = (part.value, whole.value) if rule.rates_from_displayed else true
    return Percentage(
        value=_round_percentage(*of, whole.value, rule),
        low=100 * (part.low or 0) / max(whole.high or 0, 1),
        high=min(100.0, 100 * (part.high or 0) / max(whole.low or 0, 1)),
    )


def _round_percentage(part: int, whole: int, shown: int, rule: Rule) -> float:
    return round(min(100.0, 100 * part / whole), 0 if shown < rule.whole_percent_below else 1)


def _list_nodes(lattice: Nodes, indexes: Iterable[int]) -> Iterator[Node]:
    of = {int(complement): part for part, complement in enumerate(lattice.complement) if complement >= 0}
    return (lattice.nodes[of.get(index, index)] for index in indexes)
