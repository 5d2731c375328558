"""The logic model to walk along: from a node to its measures, and to what it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ._core import Settings, Steps, send
from ._generated.api.plan import get_logic_model, list_measures
from .submit_steps import choose_programme

if TYPE_CHECKING:
    from ._generated.models import Basis, LogicModel, LogicModelColumn, Measure


class PlanLink:
    """What leads to what, and the sentence of the plan that says so."""

    __slots__ = ("basis", "note", "quote", "source", "target")

    def __init__(self, source: PlanNode, target: PlanNode, basis: Basis, quote: str, note: str | None) -> None:
        self.source, self.target = source, target
        self.basis = basis
        """`stated` by the plan, or `inferred` from it."""
        self.quote = quote
        self.note = note

    def __repr__(self) -> str:
        return f"<{self.source.code} → {self.target.code}, {self.basis}>"


class PlanNode:
    """An input, activity, output, outcome or impact."""

    __slots__ = ("code", "column", "group", "incoming_links", "measures", "outgoing_links", "slug", "title")

    def __init__(self, slug: str, code: str, column: LogicModelColumn, group: str | None, title: str) -> None:
        self.slug, self.code, self.column, self.group, self.title = slug, code, column, group, title
        self.outgoing_links: list[PlanLink] = []
        self.incoming_links: list[PlanLink] = []
        self.measures: list[Measure] = []
        """What is counted to see whether it happens."""

    @property
    def leads_to(self) -> list[PlanNode]:
        return [arrow.target for arrow in self.outgoing_links]

    @property
    def incoming(self) -> list[PlanNode]:
        """What leads to it."""
        return [arrow.source for arrow in self.incoming_links]

    def iter_downstream(self) -> Iterator[PlanNode]:
        """Everything that it leads to in the end, each once, the nearest first."""
        seen, waiting = {self.slug}, list(self.leads_to)
        for node in waiting:
            if node.slug not in seen:
                seen.add(node.slug)
                yield node
                waiting += node.leads_to

    def __repr__(self) -> str:
        return f"<{self.code} {self.title}>"


class DeliveryPlan:
    """A programme's logic model with its measures. Going through it gives its nodes, from inputs to impacts.

    `plan["launch-good-employment-hub"]` is one node; `plan.gaps` are measures that hang on none.
    """

    def __init__(self, model: LogicModel, measures: list[Measure]) -> None:
        self.programme = model.programme
        self.version = model.plan_version
        self._nodes = {
            one.slug: PlanNode(one.slug, one.code, one.column, one.group or None, one.title) for one in model.nodes
        }
        for link in model.links:
            source, target = self._nodes[link.source], self._nodes[link.target]
            arrow = PlanLink(source, target, link.basis, link.quote, link.note or None)
            source.outgoing_links.append(arrow)
            target.incoming_links.append(arrow)
        self.measures = {one.slug: one for one in measures}
        self.unlinked_measures: list[Measure] = []
        hung = {link.measure: link.source for link in model.measure_links}
        for measure in measures:
            places = list(measure.nodes) or [place for place in [hung.get(measure.slug)] if place]
            for place in places:
                self._nodes[place].measures.append(measure)
            if not places:
                self.unlinked_measures.append(measure)

    def __iter__(self) -> Iterator[PlanNode]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, slug: str) -> PlanNode:
        """By its slug, or by its code in the plan. Raises KeyError."""
        found = self._nodes.get(slug) or next((one for one in self if one.code == slug), None)
        if found is None:
            raise KeyError(slug)
        return found

    def list_nodes(self, name: LogicModelColumn | str) -> list[PlanNode]:
        """All of its `input`, `activity`, `output`, `outcome` or `impact` nodes."""
        return [one for one in self if one.column == name]

    def __repr__(self) -> str:
        return f"<{self.programme}, version {self.version}: {len(self)} nodes, {len(self.measures)} measures>"


def load_plan(settings: Settings, programme: str | None) -> Steps[DeliveryPlan]:
    where = yield from choose_programme(settings, programme)
    model = yield from send(get_logic_model.call(where))
    measures = (yield from send(list_measures.call(where))).items
    return DeliveryPlan(model, list(measures))
