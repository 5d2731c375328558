"""Generated from api/spelling/figure_words.py by tools/share_spelling.py; do not edit."""

UNIT_SIGNS = {"percent": " %", "percentage-points": " points"}
STATUS_WORDS = {
    "c": "hidden, so that nobody can be identified",
    "x": "not available",
    "z": "not applicable",
    "w": "none recorded",
}
NO_MOVEMENT_WORDS = {
    "no_value": "",
    "no_start": "There is no earlier figure within the plan's period.",
    "no_interval": "The change cannot be tested, because the figure has no interval.",
    "overlapping_periods": "There is no earlier figure whose period does not overlap.",
    "different_span": "The baseline covers a period of another length, so the two are not compared.",
    "not_comparable": "Other organisations returned the earlier figure, so the two are not compared.",
    "incomplete": "Returns are missing, so the change is not judged.",
    "bounds_overlap": "The change may be none.",
}
MARK_WORDS = {
    "p": "provisional",
    "r": "revised since the previous release",
    "e": "estimated",
    "u": "low reliability",
    "b": "break in the series",
    "low": "rounded to 0, but not 0",
}
CHANGE_WORDS = {
    "new": "new",
    "data": "changed, because returns arrived or were approved",
    "held_back": "unchanged: only the mark or the error changed",
    "correction": "corrected",
    "definition": "defined by another version of the plan",
    "removed": "no longer released",
}


def format_number(value: float) -> str:
    """Return a number with thousands separators and no digits that it does not have."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.10g}"


def format_value(value: float, unit: str) -> str:
    """Return a number with the sign of its unit: `9.6 %`, `3.0 points`, `140`."""
    return f"{value:,.1f}{UNIT_SIGNS[unit]}" if unit in UNIT_SIGNS else format_number(value)


def name_unit(unit: str) -> str:
    """Return the unit as a word after a number: nothing where the number has its sign."""
    return "" if unit in UNIT_SIGNS else unit.replace("-", " ")


def shorten_period(label: str) -> str:
    """Return a period's label without its explanation: `Q2 2025/26`."""
    return label.partition(" (")[0]


def describe_verdict(verdict: str | None, method: str | None = None, reason: str | None = None) -> str:
    """Return what a test says of a movement. The limits of rounded counts cover the rounding alone."""
    if verdict is None:
        return "not judged, because returns are missing" if reason == "incomplete" else "not judged"
    if verdict == "within_uncertainty":
        return "within the uncertainty of the figures"
    change = "more than the rounding could explain" if method == "rounding" else "a significant change"
    if verdict not in ("better", "worse"):
        return change
    return f"{change}, for the {verdict}" if method == "rounding" else f"{change} for the {verdict}"


def describe_partial(approved: int, expected: int) -> str:
    """Return that returns are missing from a figure, or nothing."""
    if approved >= expected:
        return ""
    return f"partial: {approved} of {expected} {'return' if expected == 1 else 'returns'}"
