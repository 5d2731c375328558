"""The words for a figure on the pages of the server and in the command line. Codes are as on the wire."""

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
CHANGE_WORDS = {
    "new": "new",
    "data": "changed, because returns arrived or were approved",
    "held_back": "unchanged, but with another largest error",
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


def describe_verdict(verdict: str | None) -> str:
    """Return what a test says of a movement."""
    if verdict == "within_uncertainty":
        return "within the uncertainty of the figures"
    if verdict in ("better", "worse"):
        return f"a significant change for the {verdict}"
    return "a significant change" if verdict else "not judged"
