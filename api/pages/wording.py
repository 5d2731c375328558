"""Say a figure in words: its value, how exact it is, how it moved, and how complete it is."""

import re
from collections.abc import Iterable

from api.spelling.figure_words import (
    MARK_WORDS,
    NO_MOVEMENT_WORDS,
    STATUS_WORDS,
    UNIT_SIGNS,
    describe_partial,
    describe_verdict,
    format_number,
    format_value,
    name_unit,
    shorten_period,
)
from api.statistics.periods import parse
from schema.outcomes import Comparator, Coverage, FigureFields
from schema.released_figures import PublishedFigure
from schema.submissions import Status
from schema.verdicts import Movement, MovementDirection, MovementStart, Tendency, Trend, Verdict

_TENDENCY_WORDS = {
    Tendency.INCREASING: "increasing",
    Tendency.DECREASING: "decreasing",
    Tendency.NO_SIGNIFICANT_CHANGE: "no significant change",
}
_VERDICT_WORDS = {
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.HIGHER: "higher",
    Verdict.LOWER: "lower",
    Verdict.SIMILAR: "similar",
}


def name_axis(unit: str) -> str:
    """Return the unit as the title of an axis: `%`, `points`, `referrals`."""
    return UNIT_SIGNS.get(unit, name_unit(unit)).strip()


def describe_value(figure: FigureFields) -> str:
    """Return the figure's value, its bounds where only these are known, or why it has neither."""
    if figure.value is not None:
        return format_value(figure.value, figure.unit)
    lower, upper = figure.lower_bound, figure.upper_bound
    if figure.status is None and lower is not None and upper is not None:
        return f"{format_value(lower, figure.unit)} to {format_value(upper, figure.unit)}"
    if figure.status is None and lower is not None:
        return f"at least {format_value(lower, figure.unit)}"
    return describe_status(figure.status or Status.NOT_AVAILABLE)


def describe_status(status: Status) -> str:
    """Return why there is no number, as the beginning of a sentence."""
    return STATUS_WORDS[status].capitalize()


def describe_exactness(figure: PublishedFigure) -> str:
    """Return the interval or the error of a figure in words, or nothing where it has no value."""
    if figure.value is None:
        return ""
    if figure.lower is not None and figure.upper is not None:
        return f"95 % interval: {format_value(figure.lower, figure.unit)} to {format_value(figure.upper, figure.unit)}"
    if figure.error_95:
        return f"rounded: within {format_number(figure.error_95)} of the true number in 95 % of cases"
    if figure.largest_error:
        return f"rounded: at most {format_number(figure.largest_error)} from the true number"
    return ""


def name_period(code: str) -> str:
    """Return the short label of a period: `Q2 2025/26`."""
    return shorten_period(parse(code).label)


def describe_movement(movement: Movement | None, unit: str) -> str:
    """Return the movement as one sentence."""
    if movement is None:
        return ""
    if movement.change is None or movement.start_period is None or movement.direction is None:
        return NO_MOVEMENT_WORDS[movement.reason] if movement.reason else ""
    since = "the baseline" if movement.since is MovementStart.BASELINE else "the first released figure"
    start = name_period(movement.start_period)
    if movement.direction is MovementDirection.UNCHANGED:
        sentence = f"Unchanged since {since} ({start})"
    else:
        change = format_value(abs(movement.change), "percentage-points" if unit == "percent" else unit)
        sentence = f"{movement.direction.value.capitalize()} by {change} than {since} ({start})"
    return f"{sentence}: {describe_verdict(movement.verdict, movement.method, movement.reason)}."


def describe_comparator(comparator: Comparator, unit: str) -> str:
    """Return how the figure compares with an area: `England: 8.5 % (similar)`."""
    if comparator.value is None:
        return f"{comparator.name}: no figure"
    word = _VERDICT_WORDS.get(comparator.verdict) if comparator.verdict else None
    verdict = f" ({word})" if word else ""
    return f"{comparator.name}: {format_value(comparator.value, unit)}{verdict}"


def describe_trend(trend: Trend | None) -> str:
    """Return the recent trend in words, or nothing where it cannot be calculated."""
    if trend is None or trend.tendency not in _TENDENCY_WORDS:
        return ""
    is_judged = trend.verdict is Verdict.BETTER or trend.verdict is Verdict.WORSE
    verdict = f", for the {trend.verdict.value}" if trend.verdict and is_judged else ""
    return f"Recent trend: {_TENDENCY_WORDS[trend.tendency]}{verdict}."


def describe_missing_part(figure: FigureFields) -> str:
    """Return `partial: 1 of 3 returns`, or nothing for a complete figure and for one without a number."""
    if figure.value is None and figure.lower_bound is None:
        return ""
    return describe_partial(figure.coverage.approved, figure.coverage.expected)


def name_marks(figure: FigureFields) -> str:
    """Return the marks of a figure in words: `provisional; low reliability`."""
    return "; ".join(words for mark, words in MARK_WORDS.items() if mark in figure.markers)


def explain_marks(figures: Iterable[FigureFields]) -> str:
    """Return the meaning of each mark that occurs: `p: provisional; u: low reliability`."""
    marks = {marker.value for figure in figures for marker in figure.markers}
    return "; ".join(f"{mark}: {words}" for mark, words in MARK_WORDS.items() if mark in marks)


def describe_coverage(coverage: Coverage) -> str:
    """Return how many of the expected returns a figure counts."""
    if coverage.expected == 0:
        return "No returns were expected."
    exempt = f"; {coverage.exempt} exempt" if coverage.exempt else ""
    returns = "return" if coverage.expected == 1 else "returns"
    return f"{coverage.approved} of {coverage.expected} {returns} approved{exempt}"


def abbreviate_period(label: str) -> str:
    """Return a period's label for the axis of a chart: `Q2 25/26`, `12 m to Dec 2025`."""
    text = shorten_period(label)
    text = re.sub(r"\b20(\d\d)/(\d\d)\b", r"\1/\2", text)
    return re.sub(r"^(\d+) months ending ([A-Z][a-z]{2})[a-z]* ", r"to \2 ", text)
