"""A return as its reviewer reads it: its content next to the period before, its findings, and its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape

from work_health._spelling.figure_words import format_number
from work_health.results import format_return_name

from . import return_screens
from .screen import WideTable, format_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from work_health._generated.models import Finding, Observation, ReturnDetail, Review

CellKey = tuple[str, tuple[tuple[str, str], ...]]


def render_review(review: Review, previous: ReturnDetail | None) -> Group:
    detail, summary = review.detail, review.detail.summary
    is_withdrawal = summary.kind.value == "withdrawn"
    title = "Withdrawal of the return " if is_withdrawal else ""
    parts: list[RenderableType] = [
        f"{title}[bold]{escape(format_return_name(summary))}[/] {summary.period.code}, {summary.organisation}",
        f"Revision {summary.revision}, {format_state(summary.state.value)}, sent {summary.recorded_at:%Y-%m-%d %H:%M}",
    ]
    if summary.approved_revision not in (None, summary.revision):
        parts.append(f"Revision {summary.approved_revision} is approved and counts until then.")
    parts += [f"Note: {escape(summary.note)}"] if summary.note else []
    if is_withdrawal and previous is not None:
        parts += ["", f"What is withdrawn: revision {previous.summary.revision}", render_content(previous)]
    else:
        parts += ["", render_content(detail, previous)]
    if review.findings:
        parts += ["", return_screens.render_findings(review.findings), *_list_justifications(review.findings)]
    parts += ["", return_screens.render_events(review.events)]
    parts += ["", f"You may: {', '.join(action.value for action in review.actions) or 'only read'}"]
    return Group(*parts)


def render_content(detail: ReturnDetail, previous: ReturnDetail | None = None) -> Group:
    """Return the cells of a return, its items and entries, or its figures."""
    parts: list[RenderableType] = []
    if detail.observations:
        parts.append(_render_observations(detail, previous))
    if rows := list(_list_entries(detail)):
        parts.append(WideTable(("content", "stage", "date"), rows))
    if detail.figures:
        figures = [
            (_format_cell(one.area, one.breakdown.to_dict() if one.breakdown else {}), one.value or str(one.status))
            for one in detail.figures
        ]
        parts.append(WideTable(("cell", "value"), figures))
    return Group(*parts)


def _render_observations(detail: ReturnDetail, previous: ReturnDetail | None) -> WideTable:
    """Return a row for each cell, and if there is a return for an earlier period, its value and the difference."""
    if previous is None:
        rows = [(_format_key(_get_key(one)), _format_observation(one)) for one in detail.observations]
        return WideTable(("cell", "value"), rows)
    before = {_get_key(one): one for one in previous.observations}
    columns = ("cell", previous.summary.period.code, detail.summary.period.code, "difference")
    compared = [(one, before.get(_get_key(one))) for one in detail.observations]
    return WideTable(
        columns,
        [
            (
                _format_key(_get_key(one)),
                _format_observation(earlier) if earlier else "–",
                _format_observation(one),
                _format_difference(_get_number(one), _get_number(earlier) if earlier else None),
            )
            for one, earlier in compared
        ],
        right_aligned=frozenset(columns[1:]),
    )


def _get_key(observation: Observation) -> CellKey:
    breakdown = observation.breakdown.to_dict() if observation.breakdown else {}
    return observation.area, tuple(sorted(breakdown.items()))


def _format_key(key: CellKey) -> str:
    return _format_cell(key[0], dict(key[1]))


def _format_cell(area: str, breakdown: dict[str, str]) -> str:
    return ", ".join([area, *(f"{name}={category}" for name, category in breakdown.items())])


def _format_observation(observation: Observation) -> str:
    if observation.numerator is not None:
        return f"{format_number(observation.numerator)}/{format_number(observation.denominator or 0)}"
    if observation.value is not None:
        return format_number(observation.value)
    bounds = [format_number(limit) for limit in (observation.lower, observation.upper) if limit is not None]
    return " ".join([str(observation.status or "–"), *(["–".join(bounds)] if bounds else [])])


def _get_number(observation: Observation) -> float | None:
    """Return the value of a count, or the percentage of a ratio."""
    if observation.numerator is not None and observation.denominator:
        return 100 * observation.numerator / observation.denominator
    return observation.value


def _format_difference(current: float | None, previous: float | None) -> str:
    """Return the difference with its sign, and as a percentage: `+12 (+9 %)`."""
    if current is None or previous is None:
        return ""
    difference = round(current - previous, 1)
    if not difference:
        return "0"
    return f"{difference:+,g}" + (f" ({100 * difference / previous:+.0f} %)" if previous else "")


def _list_entries(detail: ReturnDetail) -> Iterator[tuple[str, str, str]]:
    """Yield title, stage or domain, and day of each item or entry."""
    for item in detail.items or ():
        yield escape(item.title), item.stage, str(item.date)
    for entry in detail.entries or ():
        yield escape(entry.title), entry.domain, str(entry.date)


def _list_justifications(findings: list[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.justification:
            yield f"Justification of {finding.code}: {escape(finding.justification)}"
