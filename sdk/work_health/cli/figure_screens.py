"""Tables and bars of figures, and the tree of the logic model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.bar import Bar
from rich.markup import escape
from rich.tree import Tree

from work_health._spelling.figure_words import format_number

from .figure_words import count_returns, describe_missing_part, format_exactness
from .screen import WideTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from work_health._generated.models import PreviewFigure, PublishedFigure
    from work_health.plan_model import DeliveryPlan, PlanNode

    Figure = PublishedFigure | PreviewFigure

COLUMN_TITLES = {
    "input": "inputs", "activity": "activities", "output": "outputs", "outcome": "outcomes", "impact": "impacts"
}  # fmt: skip
FIGURE_STACK = (("measure",), ("period", "area", "breakdown"))


def render_figures(figures: Sequence[Figure]) -> WideTable:
    rows = [
        (
            figure.measure,
            figure.period.code,
            figure.area,
            ", ".join(f"{key}={value}" for key, value in figure.breakdown.to_dict().items()),
            _format_value(figure),
            format_exactness(figure),
            _format_status(figure),
            f"{count_returns(figure)} of {figure.coverage.expected}",
        )
        for figure in figures
    ]
    columns = ("measure", "period", "area", "breakdown", "value", "interval or error", "status", "coverage")
    return WideTable(columns, rows, FIGURE_STACK)


def render_chart(figures: Sequence[Figure]) -> WideTable:
    """Return a bar for each figure, on one scale for each measure. An interval is a bar between its bounds."""
    maxima: dict[str, float] = {}
    for figure in figures:
        maxima[figure.measure] = max(maxima.get(figure.measure, 0), figure.value or figure.upper_bound or 0)
    rows = [
        (
            figure.measure,
            figure.period.code,
            figure.area,
            ", ".join(figure.breakdown.to_dict().values()),
            _draw_bar(figure, maxima[figure.measure] or 1),
            _format_value(figure) or _format_status(figure),
        )
        for figure in figures
    ]
    return WideTable(("measure", "period", "area", "breakdown", "", "value"), rows, FIGURE_STACK, stretched="")


def _draw_bar(figure: Figure, maximum: float) -> Bar:
    if figure.value is not None:
        return Bar(maximum, 0, figure.value, color="cyan")
    return Bar(maximum, figure.lower_bound or 0, figure.upper_bound or 0, color="yellow")


def _format_value(figure: Figure) -> str:
    if figure.value is not None:
        return format_number(figure.value)
    if figure.lower_bound is not None:
        upper_bound = "?" if figure.upper_bound is None else format_number(figure.upper_bound)
        return f"{format_number(figure.lower_bound)}–{upper_bound}"
    return ""


def _format_status(figure: Figure) -> str:
    status = ["partial"] if describe_missing_part(figure) else [str(figure.status)] if figure.status else []
    reason = [str(figure.reason)] if figure.reason else []
    return " ".join([*status, *(str(marker) for marker in figure.markers), *reason])


def render_plan(plan: DeliveryPlan) -> Tree:
    """Return a tree of the nodes by column, each with its measures and the nodes that it leads to."""
    root = Tree(f"[bold]{escape(plan.programme)}[/], version {plan.version}")
    for column, title in COLUMN_TITLES.items():
        branch = root.add(f"[bold cyan]{title}[/]")
        for node in plan.list_nodes(column):
            _add_node(branch, node)
    if plan.unlinked_measures:
        branch = root.add("[bold yellow]measures without a node in the logic model[/]")
        for measure in plan.unlinked_measures:
            branch.add(f"[green]{measure.slug}[/] {escape(measure.label)}")
    return root


def _add_node(branch: Tree, node: PlanNode) -> None:
    targets = f" [dim]→ {' '.join(target.code for target in node.leads_to)}[/]" if node.leads_to else ""
    node_branch = branch.add(f"[bold]{node.code}[/] {escape(node.title)}{targets}")
    for measure in node.measures:
        node_branch.add(f"[green]{measure.slug}[/] {escape(measure.label)}")
