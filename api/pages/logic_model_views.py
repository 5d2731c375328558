"""The logic model as a list: each item with its gap, its links and its measures."""

from collections.abc import Mapping

from msgspec import Struct

from api.pages.logic_model_graph import COLUMN_TITLES
from api.pages.wording import describe_value
from api.plan.catalogue import Catalogue
from schema.logic_model import LogicModelColumn
from schema.programmes import LogicModelGaps
from schema.progress import MeasureRelation, NodeOutcomes
from schema.released_views import ReleasedLogicModel

_GAP_WORDS = {
    "nodes_without_measure": "nothing measures it",
    "nodes_without_origin": "nothing leads to it",
    "nodes_without_effect": "it leads to nothing",
    "outcomes_without_activity": "no activity leads to it",
    "activities_without_output": "it leads to no output",
}
_RELATION_WORDS = {
    MeasureRelation.OWN: "Measured by:",
    MeasureRelation.DOWNSTREAM: "Not measured itself. What it leads to is measured by:",
    MeasureRelation.UPSTREAM: "Not measured itself. What leads to it is measured by:",
    MeasureRelation.NONE: "",
}


class LinkView(Struct, frozen=True, kw_only=True):
    """A link to another item."""

    target: str
    title: str
    basis: str


class MeasureLine(Struct, frozen=True, kw_only=True):
    """A measure with its latest figure."""

    address: str
    label: str
    figure: str


class NodeView(Struct, frozen=True, kw_only=True):
    """An item of the list."""

    slug: str
    code: str
    title: str
    gap: str
    links: list[LinkView]
    relation: str
    measures: list[MeasureLine]


class ColumnView(Struct, frozen=True, kw_only=True):
    """A column with its items."""

    id: str
    title: str
    nodes: list[NodeView]


def name_gaps(gaps: LogicModelGaps) -> dict[str, str]:
    """Return what is missing around each item that has a gap."""
    gap_words: dict[str, list[str]] = {}
    for field, words in _GAP_WORDS.items():
        for slug in getattr(gaps, field):
            gap_words.setdefault(slug, []).append(words)
    return {slug: " and ".join(words) for slug, words in gap_words.items()}


def list_columns(model: ReleasedLogicModel, gaps: Mapping[str, str], catalogue: Catalogue) -> list[ColumnView]:
    """Return the columns from inputs to impacts with their items, in the order of the plan."""
    return [
        ColumnView(
            id=column.value,
            title=COLUMN_TITLES[column],
            nodes=[_build_node(node, model, gaps, catalogue) for node in model.nodes if node.column is column],
        )
        for column in LogicModelColumn
        if any(node.column is column for node in model.nodes)
    ]


def _build_node(
    node: NodeOutcomes, model: ReleasedLogicModel, gaps: Mapping[str, str], catalogue: Catalogue
) -> NodeView:
    titles = {one.slug: one.title for one in model.nodes}
    figures = {figure.measure: describe_value(figure) for figure in model.figures}
    gap = gaps.get(node.slug, "")
    return NodeView(
        slug=node.slug,
        code=node.code,
        title=node.title,
        gap=f"Gap: {gap}." if gap else "",
        links=[
            LinkView(target=link.target, title=titles[link.target], basis=link.basis.value)
            for link in model.links
            if link.source == node.slug
        ],
        relation=_RELATION_WORDS[node.relation],
        measures=[
            MeasureLine(
                address=f"/programmes/{model.programme}/measures/{slug}",
                label=catalogue.measures[slug].label,
                figure=figures.get(slug, "no figure yet"),
            )
            for slug in node.measures
        ],
    )
