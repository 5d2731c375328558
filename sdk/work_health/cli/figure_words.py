"""A figure in words: its value, how exact it is, how it moved, and how complete it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from work_health._generated.models import Movement, MovementDirection, MovementStart, NoMovementReason, Status, Verdict

if TYPE_CHECKING:
    from work_health._generated.models import Comparator, Coverage, Period, PreviewFigure, PublishedFigure

    Figure = PublishedFigure | PreviewFigure

UNIT_SIGNS = {"percent": " %", "percentage-points": " points"}
STATUS_WORDS = {
    Status.C: "hidden, so that nobody can be identified",
    Status.X: "not available",
    Status.Z: "not applicable",
    Status.W: "none recorded",
}
NO_MOVEMENT_WORDS = {
    NoMovementReason.NO_START: "There is no earlier figure to compare with.",
    NoMovementReason.NO_INTERVAL: "The figure has no interval, so the change is not tested.",
    NoMovementReason.OVERLAPPING_PERIODS: "No earlier figure has a period that does not overlap.",
    NoMovementReason.DIFFERENT_SPAN: "The baseline's period has another length, so the two are not compared.",
    NoMovementReason.NOT_COMPARABLE: "Other organisations returned the earlier figure, so the two are not compared.",
    NoMovementReason.INCOMPLETE: "Returns are missing, so the change is not judged.",
    NoMovementReason.BOUNDS_OVERLAP: "The change may be none.",
}


def format_number(value: float) -> str:
    return f"{value:,.10g}"


def format_value(value: float, unit: str) -> str:
    """Return a number with the sign of its unit: `9.6 %`, `3.0 points`, `140`."""
    return f"{value:,.1f}{UNIT_SIGNS[unit]}" if unit in UNIT_SIGNS else format_number(value)


def shorten_period(period: Period) -> str:
    """Return the period's label without its explanation: `Q2 2025/26`."""
    return period.label.partition(" (")[0]


def describe_value(figure: Figure) -> str:
    """Return the value with its unit, its bounds if only these are known, or why it has neither."""
    unit = "" if figure.unit in UNIT_SIGNS else f" {figure.unit.replace('-', ' ')}"
    if figure.value is not None:
        return format_value(figure.value, figure.unit) + unit
    if figure.status is None and figure.lower_bound is not None:
        lower = format_value(figure.lower_bound, figure.unit)
        if figure.upper_bound is None:
            return f"at least {lower}{unit}"
        return f"{lower} to {format_value(figure.upper_bound, figure.unit)}{unit}"
    return STATUS_WORDS.get(figure.status or Status.X, str(figure.status))


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
        return NO_MOVEMENT_WORDS.get(movement.reason, "") if movement.reason else ""
    start = "the baseline" if movement.since is MovementStart.BASELINE else "the first figure"
    change = format_value(abs(movement.change), "percentage-points" if unit == "percent" else unit)
    is_unchanged = movement.direction is MovementDirection.UNCHANGED
    words = "Unchanged since" if is_unchanged else f"{movement.direction.value.capitalize()} by {change} than"
    return f"{words} {start} ({movement.start_period}): {_describe_verdict(movement)}."


def _describe_verdict(movement: Movement) -> str:
    match movement.verdict:
        case Verdict.WITHIN_UNCERTAINTY:
            return "within the uncertainty of the figures"
        case Verdict.BETTER | Verdict.WORSE:
            return f"a significant change for the {movement.verdict.value}"
        case None:
            return "not judged"
        case _:
            return "a significant change"


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
