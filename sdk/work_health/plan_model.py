"""The logic model with its measures: from a node to its measures, and along the links to other nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ._calls import Steps, send
from ._generated.api.plan import get_logic_model, list_measures
from .programme_steps import choose_programme

if TYPE_CHECKING:
    from ._generated.models import Basis, LogicModel, LogicModelColumn, Measure
    from ._settings import Settings


class PlanLink:
    """A link between two nodes, with the sentence of the plan that supports it."""

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

    @property
    def leads_to(self) -> list[PlanNode]:
        """Return the targets of the outgoing links."""
        return [link.target for link in self.outgoing_links]

    @property
    def incoming(self) -> list[PlanNode]:
        """Return the sources of the incoming links."""
        return [link.source for link in self.incoming_links]

    def iter_downstream(self) -> Iterator[PlanNode]:
        """Yield every node that this one leads to, directly or not, each once, the nearest first."""
        seen, queue = {self.slug}, list(self.leads_to)
        for node in queue:
            if node.slug not in seen:
                seen.add(node.slug)
                yield node
                queue += node.leads_to

    def __repr__(self) -> str:
        return f"<{self.code} {self.title}>"


class DeliveryPlan:
    """The logic model of a programme with its measures. Iterating yields its nodes, from inputs to impacts.

    `plan["launch-good-employment-hub"]` is one node; `plan.unlinked_measures` are the measures without a node.
    """

    def __init__(self, model: LogicModel, measures: list[Measure]) -> None:
        self.programme = model.programme
        self.version = model.plan_version
        self._nodes = {
            node.slug: PlanNode(node.slug, node.code, node.column, node.group or None, node.title)
            for node in model.nodes
        }
        self.measures = {measure.slug: measure for measure in measures}
        self.unlinked_measures: list[Measure] = []
        self._add_links(model)
        self._add_measures(model)

    def _add_links(self, model: LogicModel) -> None:
        for item in model.links:
            source, target = self._nodes[item.source], self._nodes[item.target]
            link = PlanLink(source, target, item.basis, item.quote, item.note or None)
            source.outgoing_links.append(link)
            target.incoming_links.append(link)

    def _add_measures(self, model: LogicModel) -> None:
        linked = {link.measure: link.source for link in model.measure_links}
        for measure in self.measures.values():
            slugs = list(measure.nodes) or [slug for slug in [linked.get(measure.slug)] if slug]
            for slug in slugs:
                self._nodes[slug].measures.append(measure)
            if not slugs:
                self.unlinked_measures.append(measure)

    def __iter__(self) -> Iterator[PlanNode]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def __getitem__(self, slug: str) -> PlanNode:
        """Return the node with this slug, or with this code of the plan. Raises `KeyError`."""
        node = self._nodes.get(slug) or next((node for node in self if node.code == slug), None)
        if node is None:
            raise KeyError(slug)
        return node

    def list_nodes(self, column: LogicModelColumn | str) -> list[PlanNode]:
        """Return the nodes of a column: `input`, `activity`, `output`, `outcome` or `impact`."""
        return [node for node in self if node.column == column]

    def __repr__(self) -> str:
        return f"<{self.programme}, version {self.version}: {len(self)} nodes, {len(self.measures)} measures>"


def load_plan(settings: Settings, programme: str | None) -> Steps[DeliveryPlan]:
    slug = yield from choose_programme(settings, programme)
    model = yield from send(get_logic_model.call(slug))
    measures = (yield from send(list_measures.call(slug))).items
    return DeliveryPlan(model, list(measures))
