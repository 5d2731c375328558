"""Describe the logic model in Graphviz's language: columns from inputs to impacts, and links between their items."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise

from schema.logic_model import Basis, Link, LogicModelColumn
from schema.progress import MeasureRelation, NodeOutcomes

COLUMN_TITLES = {
    LogicModelColumn.INPUT: "Inputs",
    LogicModelColumn.ACTIVITY: "Activities",
    LogicModelColumn.OUTPUT: "Outputs",
    LogicModelColumn.OUTCOME: "Outcomes",
    LogicModelColumn.IMPACT: "Impacts",
}
_LINE_LENGTH = 24
_FONT = "Helvetica,Arial,sans-serif"


def write_graph(
    nodes: Sequence[NodeOutcomes],
    links: Sequence[Link],
    gaps: Mapping[str, str],
    *,
    address: str,
    sandbox: bool = False,
) -> str:
    """Return the graph. `gaps` has a word for each item with a gap; `address` is the page that explains the items.

    The heading of a sandbox states that its values are invented.
    """
    columns = [column for column in LogicModelColumn if any(node.column is column for node in nodes)]
    lines = [
        "digraph {",
        f'rankdir=LR; bgcolor="transparent"; nodesep=0.16; ranksep=0.75; splines=spline; fontname="{_FONT}";',
        f'node [shape=box style="rounded,filled" fontname="{_FONT}" fontsize=11 margin="0.12,0.07" penwidth=1];',
        "edge [penwidth=1 arrowsize=0.6];",
        *(['label="Sandbox: invented values"; labelloc=t; fontsize=15;'] if sandbox else []),
    ]
    lines += [_write_heading(column) for column in columns]
    lines += [f"{_name(one)} -> {_name(other)} [style=invis weight=100];" for one, other in pairwise(columns)]
    for column in columns:
        inner = [_quote(node.slug) for node in nodes if node.column is column]
        lines.append(f"{{ rank=same; {_name(column)} {' '.join(inner)} }}")
        # A hidden link within a column puts its heading above its items.
        lines += [f"{_name(column)} -> {one} [style=invis];" for one in inner]
    lines += [_write_node(node, gaps.get(node.slug), address) for node in nodes]
    lines += [_write_link(link) for link in links]
    return "\n".join([*lines, "}"])


def _write_heading(column: LogicModelColumn) -> str:
    return f'{_name(column)} [label="{COLUMN_TITLES[column]}" class="heading" shape=plain style="" fontsize=15];'


def _write_node(node: NodeOutcomes, gap: str | None, address: str) -> str:
    """Write an item: its title, and below it its gap, or how many returns its own measures have."""
    title = "\\n".join(textwrap.wrap(node.title, _LINE_LENGTH))
    last = gap or (_describe_returns(node) if node.relation is MeasureRelation.OWN else "")
    label = "\\n".join(part for part in (title, last) if part)
    kind = "gap" if gap else node.column.value
    return (
        f"{_quote(node.slug)} [label={_quote(label)} class={_quote(kind)} "
        f"URL={_quote(f'{address}#{node.slug}')} target=_top tooltip={_quote(f'{node.code}: {node.title}')}];"
    )


def _describe_returns(node: NodeOutcomes) -> str:
    coverage = node.coverage
    returns = "return" if coverage.expected == 1 else "returns"
    return f"{coverage.approved} of {coverage.expected} {returns}" if coverage.expected else ""


def _write_link(link: Link) -> str:
    style = "solid" if link.basis is Basis.STATED else "dashed"
    return (
        f"{_quote(link.source)} -> {_quote(link.target)} "
        f"[style={style} class={link.basis.value} edgetooltip={_quote(link.quote)}];"
    )


def _name(column: LogicModelColumn) -> str:
    """Return the name of a column's heading, which no slug can have."""
    return f'"_{column.value}"'


def _quote(text: str) -> str:
    r"""Return a string of Graphviz's language. `\n` between lines of a label stays."""
    return '"' + text.replace('"', '\\"') + '"'
