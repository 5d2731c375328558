"""A publication job: what the release shows, withholds and changes, by measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape

from work_health._spelling.figure_words import CHANGE_WORDS

from .screen import WideTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

    from work_health._generated.models import MeasureAudit, PublicationJob, ReleaseAudit

HEADLINES = {
    "published": "[bold green]Published[/] as release {release}",
    "rehearsed": "[bold green]Rehearsed[/]: nothing was published",
    "refused": "[bold red]Refused[/]: nothing was published, and the release before stays current",
    "failed": "[bold red]Failed[/] ({reason}): nothing was published",
    "cancelled": "[bold]Cancelled[/]: nothing was published",
}
LEFT_OUT_WORDS = {"contradiction": "contradicts other tables", "exposed": "would reveal a small count"}


def render_job(job: PublicationJob) -> Group:
    """Return the result of a job that has ended."""
    state = job.state.value
    parts: list[RenderableType] = [
        HEADLINES.get(state, state).format(release=job.release, reason=escape(job.failure_reason or "")) + "."
    ]
    parts += [f"[red]{', '.join(one.measures)}[/]: {escape(one.detail)}" for one in job.failures]
    audit = job.rehearsal.report if job.rehearsal else job.audit
    if audit is None:
        return Group(*parts)
    parts += [_summarise(audit), "", *([_render_measures(audit.measures)] if audit.measures else [])]
    parts += _list_tables_left_out(audit)
    return Group(*parts)


def _summarise(audit: ReleaseAudit) -> str:
    entries = sum(audit.entries.to_dict().values()) if audit.entries else 0
    texts = f", {entries:,} cleared entries" if entries else ""
    withheld = audit.figures - audit.shown
    return f"{audit.figures:,} figures: {audit.shown:,} shown, {withheld:,} withheld, {audit.changes:,} changed{texts}."


def _render_measures(measures: Iterable[MeasureAudit]) -> WideTable:
    rows = [
        (
            measure.measure,
            f"{measure.figures:,}",
            f"{measure.shown:,}",
            f"{measure.figures - measure.shown - (measure.not_sent or 0):,}",
            "" if measure.not_sent is None else f"{measure.not_sent:,}",
            "; ".join(_describe_changes(measure.changes.to_dict())),
        )
        for measure in measures
    ]
    columns = ("measure", "figures", "shown", "hidden", "not sent", "changes")
    return WideTable(columns, rows, (("measure",), ("changes",)))


def _describe_changes(counts: Mapping[str, int]) -> Iterator[str]:
    for why, count in counts.items():
        yield f"{count:,} {CHANGE_WORDS.get(why, why)}"


def _list_tables_left_out(audit: ReleaseAudit) -> Iterator[str]:
    tables = [table for scope in audit.scopes for table in scope.left_out or ()]
    if tables:
        yield f"\n{len(tables):,} tables are left out:"
    for table in tables:
        content = " and ".join(table.breakdown) or "totals"
        reason = LEFT_OUT_WORDS.get(table.reason.value, table.reason.value)
        yield f"  {table.organisation} {table.measure} {table.period}, {content}: {reason}"
