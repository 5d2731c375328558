"""Tables of duties, returns, findings and the results of submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape

from work_health._spelling.due_days import find_last_day
from work_health.results import format_counts, format_return_name

from .hints import to_option_names
from .screen import WideTable, format_state

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from work_health._generated.models import (
        CellName,
        CellValue,
        ClientKey,
        Finding,
        Obligation,
        ReturnEvent,
        ReturnRevision,
        RevisionDiff,
        SubmissionReport,
    )
    from work_health.results import PartsResult

MAX_LISTED_ROWS = 6
RETURN_STACK = (("measure",), ("period", "organisation"))


def render_obligations(obligations: Sequence[Obligation]) -> WideTable:
    rows = [
        (
            str(find_last_day(duty.due_at)),
            format_state(duty.state.value),
            format_return_name(duty),
            duty.period.code,
            duty.holder,
            str(duty.missing_cells or ""),
            ", ".join(duty.actions),
        )
        for duty in obligations
    ]
    columns = ("last day", "state", "measure", "period", "organisation", "missing", "you may")
    return WideTable(columns, rows, (("measure",), ("period", "organisation", "missing"), ("you may",)))


def render_returns(revisions: Sequence[ReturnRevision]) -> WideTable:
    rows = [
        (
            format_return_name(revision),
            revision.period.code,
            revision.organisation,
            format_state(revision.state.value),
            str(revision.revision),
            str(revision.cells),
            f"{revision.recorded_at:%Y-%m-%d %H:%M}",
        )
        for revision in revisions
    ]
    columns = ("measure", "period", "organisation", "state", "revision", "cells", "recorded")
    return WideTable(columns, rows, RETURN_STACK)


def render_history(revisions: Sequence[ReturnRevision], events: Sequence[ReturnEvent]) -> Group:
    """Return a table of the revisions, newest first, and one of what happened to them, oldest first."""
    revision_rows = [
        (
            str(revision.revision),
            revision.kind.value,
            format_state(revision.state.value),
            str(revision.cells),
            f"{revision.recorded_at:%Y-%m-%d %H:%M}",
            str(revision.submission),
            escape(revision.note or ""),
        )
        for revision in revisions
    ]
    columns = ("revision", "kind", "state", "cells", "recorded", "submission", "note")
    stack = (("recorded",), ("submission",), ("note",))
    return Group(WideTable(columns, revision_rows, stack), "", render_events(events))


def render_events(events: Sequence[ReturnEvent]) -> WideTable:
    rows = [
        (f"{event.at:%Y-%m-%d %H:%M}", str(event.revision), event.event.value, escape(event.text or ""))
        for event in events
    ]
    return WideTable(("at", "revision", "event", "text"), rows)


def render_diff(diff: RevisionDiff) -> Group:
    """Return the counts of a comparison and a row for each cell that differs."""
    counts = diff.counts
    rows = [
        (_format_cell(change.cell), _format_cell_value(change.before), _format_cell_value(change.after))
        for change in diff.changes
    ]
    return Group(
        f"Revision {diff.older.revision} to {diff.newer.revision}: {counts.added} added, {counts.changed} changed, "
        f"{counts.unchanged} unchanged, {counts.withdrawn} withdrawn",
        *([WideTable(("cell", "before", "after"), rows)] if rows else []),
    )


def _format_cell(cell: CellName) -> str:
    breakdown = cell.breakdown.to_dict() if cell.breakdown else {}
    return ", ".join([cell.area or "", *(f"{name}={category}" for name, category in breakdown.items())])


def _format_cell_value(value: CellValue | None) -> str:
    if value is None:
        return "–"
    if value.status:
        return str(value.status)
    ratio = None if value.numerator is None else f"{value.numerator}/{value.denominator}"
    return str(value.value) if ratio is None else ratio


def render_keys(keys: Sequence[ClientKey]) -> WideTable:
    rows = [
        (
            key.id,
            f"{key.created_at:%Y-%m-%d}",
            f"{key.expires_at:%Y-%m-%d}",
            f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never",
            f"{key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "",
            "in use" if key.in_use else "",
        )
        for key in keys
    ]
    return WideTable(("key", "created", "expires", "last used", "revoked", ""), rows)


def render_findings(findings: Sequence[Finding]) -> WideTable:
    rows = [
        (
            _format_rows(finding),
            f"[{'red' if finding.severity.value == 'error' else 'yellow'}]{finding.code}[/]",
            escape(finding.column or finding.path or ""),
            escape(finding.actual or ""),
            "\n".join(_format_message(finding)),
        )
        for finding in findings
    ]
    stack = (("rule", "column", "value"), ("message and fix",))
    return WideTable(("rows", "rule", "column", "value", "message and fix"), rows, stack)


def _format_rows(finding: Finding) -> str:
    listed = [str(row) for row in (finding.rows or [])[:MAX_LISTED_ROWS]]
    count = finding.row_count or len(finding.rows or [])
    return ", ".join(listed) + (f" … ({count})" if count > len(listed) else "")


def _format_message(finding: Finding) -> Iterator[str]:
    yield escape(to_option_names(finding.message))
    if finding.fix:
        yield f"[dim]{escape(to_option_names(finding.fix))}[/]"
    if finding.justifiable and finding.id:
        yield f"[dim]If the value is right: --justify {finding.id}=TEXT[/]"


def render_report(report: SubmissionReport) -> Group:
    outcome = f"{'Dry run: would be ' if report.dry_run else ''}[bold]{report.outcome}[/]"
    rows = [
        (
            format_return_name(item),
            item.period.code,
            str(item.outcome),
            str(item.revision or "–"),
            str(item.timeliness or "–"),
        )
        for item in report.returns
    ]
    table = WideTable(("measure", "period", "outcome", "revision", "timeliness"), rows, (("measure",), ("period",)))
    receipt = (
        [
            f"Submission {one.submission}, received {one.received_at:%Y-%m-%d %H:%M:%S} UTC",
            f"SHA-256 of its content {one.content_sha256}",
        ]
        if (one := report.receipt)
        else []
    )
    return Group(f"{outcome}: {format_counts(report)}", *receipt, table)


def render_parts(result: PartsResult) -> WideTable:
    rows = [
        (name, str(part.rows), part.outcome, str(part.submission or "–"))
        for part in result.parts
        for name in part.returns
    ]
    return WideTable(("return", "rows", "outcome", "submission"), rows, (("return",), ("submission",)))
