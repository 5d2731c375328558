"""The progress of a programme: each measure in words, by theme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.padding import Padding

from work_health._generated.models import MeasureProgress
from work_health._spelling.due_days import find_last_day, format_day
from work_health._spelling.figure_words import shorten_period

from .figure_words import (
    describe_comparator,
    describe_coverage,
    describe_exactness,
    describe_missing_part,
    describe_movement,
    describe_value,
    explain_marks,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from work_health._generated.models import PreviewProgress, ReleasedMeasure, ReleasedProgress

    Measure = MeasureProgress | ReleasedMeasure

MAX_LISTED_RETURNS = 4
INDENT = (0, 0, 1, 2)
NO_FIGURE_WORDS = {
    "no_publication": "No publication of this statistic is approved.",
    "no_period": "No period of this measure is over yet.",
    "not_in_release": "The release leaves this measure out.",
}
UNCOUNTED_WORDS = {
    "milestone": "A milestone: its returns have stages instead of a number.",
    "evidence": "Evidence: its returns have entries instead of a number.",
}
NO_RETURN_WORDS = {
    "publisher_sets_dates": "The publisher decides when the next figure appears.",
    "nobody_owes": "The plan requires no return at a set date.",
    "programme_over": "Every return of the programme was due before.",
}


def render_progress(progress: ReleasedProgress | PreviewProgress) -> Group:
    """Return the measures of each theme, each with its figure, its movement, its coverage and what is missing."""
    release = getattr(progress, "release", None)
    source = f"release {release}" if release else "preview: live and unprotected, not for publication"
    parts: list[RenderableType] = [f"[bold]{escape(progress.programme)}[/], {source}", ""]
    for theme in progress.themes:
        parts.append(f"[bold cyan]{escape(theme.title)}[/]\n")
        for measure in theme.measures:
            heading = f"[bold]{escape(measure.label)}[/] [dim]{measure.measure}[/]"
            lines = [escape(line) for line in (*_list_figure_lines(measure), *_list_gaps(measure)) if line]
            parts.append(Padding("\n".join([heading, *lines]), INDENT, expand=False))
    return Group(*parts)


def _list_figure_lines(measure: Measure) -> Iterator[str]:
    latest = measure.latest
    if measure.kind.value in UNCOUNTED_WORDS:
        yield UNCOUNTED_WORDS[measure.kind.value]
    elif latest is None:
        reason = None if isinstance(measure, MeasureProgress) else measure.reason
        yield NO_FIGURE_WORDS.get(reason.value if reason else "", "There is no figure.")
    else:
        figure = f"{shorten_period(latest.period.label)}: {describe_value(latest)}"
        marks = explain_marks([latest])
        yield ", ".join(filter(None, (figure, describe_missing_part(latest), describe_exactness(latest), marks)))
        yield describe_movement(latest.movement, latest.unit)
        yield "; ".join(describe_comparator(one, latest.unit) for one in latest.comparators if one.value is not None)
    if latest is not None and latest.coverage.expected:
        yield describe_coverage(latest.coverage)


def _list_gaps(measure: Measure) -> Iterator[str]:
    """Yield what is missing, and when the next returns are due."""
    if isinstance(measure, MeasureProgress) and measure.missing:
        names = [
            f"{one.holder} {one.period} ({one.reason.value.replace('_', ' ')})"
            for one in measure.missing[:MAX_LISTED_RETURNS]
        ]
        rest = len(measure.missing) - len(names)
        yield f"Missing: {', '.join(names)}{f', and {rest} more' if rest else ''}."
    if measure.unassigned:
        yield f"No organisation has this part yet: {', '.join(measure.unassigned)}."
    newest = measure.newest_period
    if newest is not None and measure.latest is not None and newest.period.code != measure.latest.period.code:
        yield f"Newest period that is over, {shorten_period(newest.period.label)}: {describe_coverage(newest.coverage)}"
    if measure.next_return is not None:
        due = format_day(find_last_day(measure.next_return.due_at))
        yield f"Returns of {shorten_period(measure.next_return.period.label)} are due by {due}."
    elif measure.no_next_return_reason is not None:
        yield NO_RETURN_WORDS.get(measure.no_next_return_reason.value, "")
