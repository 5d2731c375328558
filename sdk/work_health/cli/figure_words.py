"""A figure in words: its value, how exact it is, how it moved, and how complete it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from work_health._generated.models import MovementDirection, MovementStart, Status
from work_health._spelling.figure_words import (
    MARK_WORDS,
    NO_MOVEMENT_WORDS,
    STATUS_WORDS,
    describe_partial,
    describe_verdict,
    format_number,
    format_value,
    name_unit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from work_health._generated.models import Comparator, Coverage, Movement, PreviewFigure, PublishedFigure

    Figure = PublishedFigure | PreviewFigure


def describe_value(figure: Figure) -> str:
    """Return the value with its unit, its bounds if only these are known, or why it has neither."""
    word = name_unit(figure.unit)
    unit = f" {word}" if word else ""
    if figure.value is not None:
        return format_value(figure.value, figure.unit) + unit
    if figure.status is None and figure.lower_bound is not None:
        lower = format_value(figure.lower_bound, figure.unit)
        if figure.upper_bound is None:
            return f"at least {lower}{unit}"
        return f"{lower} to {format_value(figure.upper_bound, figure.unit)}{unit}"
    return STATUS_WORDS.get(status := (figure.status or Status.X).value, status)


def format_exactness(figure: Figure) -> str:
    """Return the interval or the error as a table shows it: `4.1–5.9 (95 %)`, `±9 (95 %)`, `±7 at most`."""
    if figure.value is None:
        return ""
    if figure.lower is not None and figure.upper is not None:
        return f"{format_number(figure.lower)}–{format_number(figure.upper)} (95 %)"
    error_95 = getattr(figure, "error_95", None)  # only of published figures
    if error_95:
        return f"±{format_number(error_95)} (95 %)"
    return f"±{format_number(figure.largest_error)} at most" if figure.largest_error else ""


def describe_exactness(figure: Figure) -> str:
    """Return the interval or the error in words, or nothing if the figure has no value or no error."""
    if figure.value is None:
        return ""
    if figure.lower is not None and figure.upper is not None:
        return f"95 % interval {format_value(figure.lower, figure.unit)} to {format_value(figure.upper, figure.unit)}"
    error_95 = getattr(figure, "error_95", None)
    if error_95:
        return f"within {format_number(error_95)} of the true number in 95 % of roundings"
    return f"at most {format_number(figure.largest_error)} from the true number" if figure.largest_error else ""


def describe_movement(movement: Movement | None, unit: str) -> str:
    """Return the change since the start as one sentence, or why there is none."""
    if movement is None:
        return ""
    if movement.change is None or movement.direction is None:
        return NO_MOVEMENT_WORDS.get(movement.reason.value, "") if movement.reason else ""
    start = "the baseline" if movement.since is MovementStart.BASELINE else "the first figure"
    change = format_value(abs(movement.change), "percentage-points" if unit == "percent" else unit)
    is_unchanged = movement.direction is MovementDirection.UNCHANGED
    words = "Unchanged since" if is_unchanged else f"{movement.direction.value.capitalize()} by {change} than"
    values = (value and value.value for value in (movement.verdict, movement.method, movement.reason))
    verdict = describe_verdict(*values)
    return f"{words} {start} ({movement.start_period}): {verdict}."


def describe_missing_part(figure: Figure) -> str:
    """Return `partial: 1 of 3 returns`, or nothing for a complete figure and for one without a number."""
    if figure.value is None and figure.lower_bound is None:
        return ""
    return describe_partial(count_returns(figure), figure.coverage.expected)


def count_returns(figure: Figure) -> int:
    """Return how many returns are behind a figure: in a preview those that have arrived, in a release the approved."""
    return figure.coverage.approved if hasattr(figure, "release") else figure.coverage.received


def explain_marks(figures: Iterable[Figure]) -> str:
    """Return the meaning of each mark that occurs: `p: provisional; u: low reliability`."""
    marks = {str(marker) for figure in figures for marker in figure.markers}
    return "; ".join(f"{mark}: {words}" for mark, words in MARK_WORDS.items() if mark in marks)


def describe_comparator(comparator: Comparator, unit: str) -> str:
    """Return how the figure compares with an area: `England 8.5 % (similar)`."""
    verdict = f" ({comparator.verdict.value})" if comparator.verdict else ""
    return f"{comparator.name} {format_value(comparator.value or 0, unit)}{verdict}"


def describe_coverage(coverage: Coverage) -> str:
    """Return how many of the expected returns have arrived and are approved."""
    if not coverage.expected:
        return "No returns were expected."
    exempt = f", {coverage.exempt} exempt" if coverage.exempt else ""
    returns = "return" if coverage.expected == 1 else "returns"
    return f"{coverage.received} of {coverage.expected} {returns} received, {coverage.approved} approved{exempt}."
