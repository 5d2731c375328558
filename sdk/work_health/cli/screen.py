"""Output: tables that fit the terminal, a tree and bars; or JSON for scripts."""

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

from work_health.results import format_counts

if TYPE_CHECKING:
    from work_health._generated.models import (
        ClientKey,
        Finding,
        Obligation,
        PreviewFigure,
        PublishedFigure,
        ReturnRevision,
        SubmissionReport,
    )
    from work_health.plan_model import DeliveryPlan, PlanNode
    from work_health.results import PartsResult

    Figure = PublishedFigure | PreviewFigure

DEFAULT_WIDTH_CHARACTERS = 160  # if the output is not a terminal
MAX_LISTED_ROWS = 6
STATE_COLOURS = {"overdue": "red", "queried": "magenta", "open": "yellow", "pending": "yellow", "approved": "green"}
COLUMN_TITLES = {
    "input": "inputs", "activity": "activities", "output": "outputs", "outcome": "outcomes", "impact": "impacts"
}  # fmt: skip
RIGHT_ALIGNED_COLUMNS = frozenset({"value", "revision", "cells", "rows", "missing"})


class ContractStruct(Protocol):
    """A struct of the contract."""

    def to_dict(self) -> dict[str, object]: ...


def create_console(*, error: bool = False) -> Console:
    stream = sys.stderr if error else sys.stdout
    console = Console(file=stream, highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(file=stream, highlight=False, width=DEFAULT_WIDTH_CHARACTERS)


def print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def print_items_json(items: Iterable[ContractStruct]) -> None:
    print_json({"items": [item.to_dict() for item in items]})


def _create_table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, justify="right" if name in RIGHT_ALIGNED_COLUMNS else "left", overflow="fold")
    return table


def _format_state(state: str) -> str:
    colour = STATE_COLOURS.get(state, "")
    return f"[{colour}]{state}[/]" if colour else state


def render_obligations(obligations: Sequence[Obligation]) -> Table:
    table = _create_table("due", "state", "measure", "period", "organisation", "missing", "you may")
    for duty in obligations:
        missing = "" if duty.missing_cells is None else str(duty.missing_cells)
        period, actions = duty.period.code, " ".join(duty.actions)
        table.add_row(
            str(duty.due_at.date()),
            _format_state(duty.state.value),
            duty.measure,
            period,
            duty.holder,
            missing,
            actions,
        )
    return table


def render_returns(revisions: Sequence[ReturnRevision]) -> Table:
    table = _create_table("measure", "period", "organisation", "state", "revision", "cells", "recorded")
    for revision in revisions:
        table.add_row(
            revision.measure,
            revision.period.code,
            revision.organisation,
            _format_state(revision.state.value),
            str(revision.revision),
            str(revision.cells),
            f"{revision.recorded_at:%Y-%m-%d %H:%M}",
        )
    return table


def render_keys(keys: Sequence[ClientKey]) -> Table:
    table = _create_table("key", "created", "expires", "last used", "revoked", "")
    for key in keys:
        last_used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
        revoked = f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else ""
        dates = (f"{key.created_at:%Y-%m-%d}", f"{key.expires_at:%Y-%m-%d}", last_used, revoked)
        table.add_row(key.id, *dates, "in use" if key.in_use else "")
    return table


def render_findings(findings: Sequence[Finding]) -> Table:
    table = _create_table("rows", "column", "value", "rule", "message and fix")
    for finding in findings:
        colour = "red" if finding.severity.value == "error" else "yellow"
        column = escape(finding.column or finding.path or "")
        value = escape(finding.actual or "")
        table.add_row(_format_rows(finding), column, value, f"[{colour}]{finding.code}[/]", _format_message(finding))
    return table


def _format_rows(finding: Finding) -> str:
    listed = [str(row) for row in (finding.rows or [])[:MAX_LISTED_ROWS]]
    count = finding.row_count or len(finding.rows or [])
    return ", ".join(listed) + (f" … ({count})" if count > len(listed) else "")


def _format_message(finding: Finding) -> str:
    lines = [escape(finding.message)]
    if finding.fix:
        lines.append(f"[dim]{escape(finding.fix)}[/]")
    if finding.justifiable and finding.id:
        lines.append(f"[dim]If the value is right: --justify {finding.id}=TEXT[/]")
    return "\n".join(lines)


def render_report(report: SubmissionReport) -> Group:
    outcome = f"{'Dry run: would be ' if report.dry_run else ''}[bold]{report.outcome}[/]"
    receipt = f", submission {report.receipt.submission}" if report.receipt else ""
    table = _create_table("measure", "period", "outcome", "revision", "timeliness")
    for item in report.returns:
        revision, timeliness = str(item.revision or "–"), str(item.timeliness or "–")
        table.add_row(item.measure, item.period.code, str(item.outcome), revision, timeliness)
    return Group(f"{outcome}: {format_counts(report)}{receipt}", table)


def render_parts(result: PartsResult) -> Table:
    table = _create_table("return", "rows", "outcome", "submission")
    for part in result.parts:
        for name in part.returns:
            table.add_row(name, str(part.rows), part.outcome, str(part.submission or "–"))
    return table


def render_figures(figures: Sequence[Figure]) -> Table:
    table = _create_table("measure", "period", "area", "breakdown", "value", "status", "coverage")
    for figure in figures:
        breakdown = ", ".join(f"{key}={value}" for key, value in figure.breakdown.to_dict().items())
        table.add_row(
            figure.measure,
            figure.period.code,
            figure.area,
            breakdown,
            _format_value(figure),
            _format_status(figure),
            f"{figure.coverage.received} of {figure.coverage.expected}",
        )
    return table


def render_chart(figures: Sequence[Figure]) -> Table:
    """Return a bar for each figure, on one scale for each measure. An interval is a bar between its bounds."""
    maxima: dict[str, float] = {}
    for figure in figures:
        maxima[figure.measure] = max(maxima.get(figure.measure, 0), figure.value or figure.upper_bound or 0)
    table = _create_table("measure", "period", "area", "breakdown", "", "value")
    table.columns[4].ratio = 1
    table.expand = True
    for figure in figures:
        breakdown = ", ".join(figure.breakdown.to_dict().values())
        if figure.value is not None:
            bar = Bar(maxima[figure.measure] or 1, 0, figure.value, color="cyan")
        else:
            bar = Bar(maxima[figure.measure] or 1, figure.lower_bound or 0, figure.upper_bound or 0, color="yellow")
        value = _format_value(figure) or _format_status(figure)
        table.add_row(figure.measure, figure.period.code, figure.area, breakdown, bar, value)
    return table


def _format_value(figure: Figure) -> str:
    if figure.value is not None:
        return f"{figure.value:,.10g}"
    if figure.lower_bound is not None:
        upper_bound = "?" if figure.upper_bound is None else f"{figure.upper_bound:,.10g}"
        return f"{figure.lower_bound:,.10g}–{upper_bound}"
    return ""


def _format_status(figure: Figure) -> str:
    status = [str(figure.status)] if figure.status else []
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
