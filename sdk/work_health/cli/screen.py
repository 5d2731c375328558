"""What is shown: tables that fit the terminal, a tree, bars; or JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from rich.bar import Bar
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

if TYPE_CHECKING:
    from work_health._generated.models import (
        Finding,
        Obligation,
        PreviewFigure,
        PublishedFigure,
        ReturnRevision,
        SubmissionReport,
    )
    from work_health.plan_model import DeliveryPlan, PlanNode
    from work_health.reports import PartsResult

DEFAULT_WIDTH_CHARACTERS = 160  # where no terminal says how wide it is
STATE_COLOURS = {"overdue": "red", "queried": "magenta", "open": "yellow", "pending": "yellow", "approved": "green"}
COLUMN_TITLES = {
    "input": "inputs", "activity": "activities", "output": "outputs", "outcome": "outcomes", "impact": "impacts"
}  # fmt: skip


class ContractStruct(Protocol):
    """A struct of the contract."""

    def to_dict(self) -> dict[str, object]: ...


def create_console(*, error: bool = False) -> Console:
    stream = sys.stderr if error else sys.stdout
    made = Console(file=stream, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(file=stream, highlight=False, width=DEFAULT_WIDTH_CHARACTERS)


def print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def print_items_json(items: Iterable[ContractStruct]) -> None:
    print_json({"items": [one.to_dict() for one in items]})


def _create_table(*names: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        right = name in {"value", "revision", "cells", "rows", "missing"}
        made.add_column(name, justify="right" if right else "left", overflow="fold")
    return made


def render_obligations(found: Sequence[Obligation]) -> Table:
    made = _create_table("due", "state", "measure", "period", "organisation", "missing", "you may")
    for one in found:
        colour = STATE_COLOURS.get(one.state.value, "")
        state = f"[{colour}]{one.state.value}[/]" if colour else one.state.value
        missing = "" if one.missing_cells is None else str(one.missing_cells)
        made.add_row(
            str(one.due_at.date()), state, one.measure, one.period.code, one.holder, missing, " ".join(one.actions)
        )
    return made


def render_returns(found: Sequence[ReturnRevision]) -> Table:
    made = _create_table("measure", "period", "organisation", "state", "revision", "cells", "recorded")
    for one in found:
        colour = STATE_COLOURS.get(one.state.value, "")
        state = f"[{colour}]{one.state.value}[/]" if colour else one.state.value
        recorded = f"{one.recorded_at:%Y-%m-%d %H:%M}"
        made.add_row(one.measure, one.period.code, one.organisation, state, str(one.revision), str(one.cells), recorded)
    return made


def render_findings(found: Sequence[Finding]) -> Table:
    made = _create_table("rows", "column", "value", "rule", "what, and the mend")
    for one in found:
        listed = [str(row) for row in (one.rows or [])[:6]]
        count = one.row_count or len(one.rows or [])
        rows = ", ".join(listed) + (f" … ({count})" if count > len(listed) else "")
        colour = "red" if one.severity.value == "error" else "yellow"
        said = escape(one.message) + (f"\n[dim]{escape(one.fix)}[/]" if one.fix else "")
        if one.justifiable and one.id:
            said += f"\n[dim]If it is right: --justify {one.id}=WHY[/]"
        where = one.column or one.path or ""
        made.add_row(rows, escape(where), escape(one.actual or ""), f"[{colour}]{one.code}[/]", said)
    return made


def render_report(said: SubmissionReport) -> Group:
    counts = said.counts
    outcome = f"{'Dry run: would be ' if said.dry_run else ''}[bold]{said.outcome}[/]"
    receipt = f", submission {said.receipt.submission}" if said.receipt else ""
    cells = (
        f"{counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged, {counts.withdrawn} withdrawn"
    )
    made = _create_table("measure", "period", "outcome", "revision", "timeliness")
    for one in said.returns:
        revision, timeliness = str(one.revision or "–"), str(one.timeliness or "–")
        made.add_row(one.measure, one.period.code, str(one.outcome), revision, timeliness)
    return Group(f"{outcome}: {cells}{receipt}", made)


def render_parts(said: PartsResult) -> Table:
    made = _create_table("return", "rows", "outcome", "submission")
    for part in said.parts:
        for name in part.returns:
            made.add_row(name, str(part.rows), part.outcome, str(part.submission or "–"))
    return made


def render_figures(found: Sequence[PublishedFigure | PreviewFigure]) -> Table:
    made = _create_table("measure", "period", "area", "breakdown", "value", "status", "coverage")
    for one in found:
        coverage = f"{one.coverage.received} of {one.coverage.expected}"
        breakdown = ", ".join(f"{key}={value}" for key, value in one.breakdown.to_dict().items())
        made.add_row(
            one.measure, one.period.code, one.area, breakdown, _format_value(one), _format_status(one), coverage
        )
    return made


def render_chart(found: Sequence[PublishedFigure | PreviewFigure]) -> Table:
    """A bar for each figure, on one scale for each measure."""
    most: dict[str, float] = {}
    for one in found:
        most[one.measure] = max(most.get(one.measure, 0), one.value or one.upper_bound or 0)
    made = _create_table("measure", "period", "area", "breakdown", "", "value")
    made.columns[4].ratio = 1
    made.expand = True
    for one in found:
        breakdown = ", ".join(one.breakdown.to_dict().values())
        end = one.value if one.value is not None else one.upper_bound or 0
        begin = 0 if one.value is not None else one.lower_bound or 0
        bar = Bar(most[one.measure] or 1, begin, end, color="cyan" if one.value is not None else "yellow")
        made.add_row(one.measure, one.period.code, one.area, breakdown, bar, _format_value(one) or _format_status(one))
    return made


def _format_value(one: PublishedFigure | PreviewFigure) -> str:
    if one.value is not None:
        return f"{one.value:,.10g}"
    if one.lower_bound is not None:
        return f"{one.lower_bound:,.10g}–{'?' if one.upper_bound is None else f'{one.upper_bound:,.10g}'}"
    return ""


def _format_status(one: PublishedFigure | PreviewFigure) -> str:
    words = [str(one.status)] if one.status else []
    return " ".join([*words, *(str(marker) for marker in one.markers), *([one.reason] if one.reason else [])])


def render_plan(plan: DeliveryPlan) -> Tree:
    """Each node where the plan has it, with its measures and what it leads to."""
    root = Tree(f"[bold]{escape(plan.programme)}[/], version {plan.version}")
    for name, several in COLUMN_TITLES.items():
        branch = root.add(f"[bold cyan]{several}[/]")
        for node in plan.list_nodes(name):
            _add_node(branch, node)
    if plan.unlinked_measures:
        branch = root.add("[bold yellow]measures that the logic model has no place for[/]")
        for measure in plan.unlinked_measures:
            branch.add(f"[green]{measure.slug}[/] {escape(measure.label)}")
    return root


def _add_node(branch: Tree, node: PlanNode) -> None:
    leads = f" [dim]→ {' '.join(one.code for one in node.leads_to)}[/]" if node.leads_to else ""
    made = branch.add(f"[bold]{node.code}[/] {escape(node.title)}{leads}")
    for measure in node.measures:
        made.add(f"[green]{measure.slug}[/] {escape(measure.label)}")
