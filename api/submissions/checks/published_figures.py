"""Check published figures: area and breakdown, status, limits, and the value against its own fraction."""

from collections.abc import Sequence
from decimal import Decimal

from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.suggestions import suggest_named_codes
from api.submissions.checks.code_words import explain_category
from api.submissions.checks.findings import Findings
from schema.measures import RATIO_KINDS, Measure
from schema.submissions import PublisherFigure

# Factors from a fraction to the measure's unit. Counts, gaps and other units are not compared.
FRACTION_SCALES = {"percent": Decimal(100)}


def check_figures(
    figures: Sequence[PublisherFigure], measure: Measure, catalogue: Catalogue, *, path: str, findings: Findings
) -> None:
    """Check the figures of a return. They may be for any area of the plan, because comparators are outside the duty."""
    seen: set[tuple[str, str]] = set()
    for index, figure in enumerate(figures):
        figure_path = f"{path}/figures/{index}"
        cell = (figure.area, format_breakdown_key(figure.breakdown))
        if cell in seen:
            findings.add("duplicate-cell", f"The return already has {' '.join(cell).strip()}.", path=figure_path)
        seen.add(cell)
        _check_area_and_breakdown(figure, measure, catalogue, figure_path, findings)
        _check_value_or_status(figure, figure_path, findings)
        _check_limits(figure, figure_path, findings)
        _check_fraction(figure, measure, figure_path, findings)


def _check_area_and_breakdown(
    figure: PublisherFigure, measure: Measure, catalogue: Catalogue, figure_path: str, findings: Findings
) -> None:
    if figure.area not in catalogue.areas:
        findings.add(
            "unknown-area",
            f"{figure.area!r} is not an area of this programme.",
            path=f"{figure_path}/area",
            actual=figure.area,
            fix=suggest_named_codes(figure.area, {code: area.name for code, area in catalogue.areas.items()}),
        )
    if figure.breakdown and catalogue.find_scheme(measure, figure.breakdown) is None:
        findings.add(
            "breakdown-not-collected",
            f"{measure.slug} is not collected by {' and '.join(sorted(figure.breakdown))}.",
            path=f"{figure_path}/breakdown",
        )
        return
    for dimension, category in figure.breakdown.items():
        if category not in catalogue.categories[dimension]:
            findings.add(
                "unknown-category",
                f"{category!r} is not a category of {dimension}.",
                path=f"{figure_path}/breakdown/{dimension}",
                actual=category,
                fix=explain_category(dimension, category, catalogue),
            )


def _check_value_or_status(figure: PublisherFigure, figure_path: str, findings: Findings) -> None:
    if figure.value is None and figure.status is None:
        findings.add("value-missing", "There is neither a value nor a status.", path=figure_path)
    if figure.value is not None and figure.status is not None:
        findings.add("value-and-status", "There is both a value and a status.", path=f"{figure_path}/status")
    if (figure.numerator is None) != (figure.denominator is None):
        findings.add(
            "wrong-value-fields", "A numerator needs a denominator, and a denominator a numerator.", path=figure_path
        )
    if figure.value is None and (figure.limits or figure.markers or figure.trend):
        findings.add("wrong-value-fields", "Only a value can have limits, markers and a trend.", path=figure_path)


def _check_limits(figure: PublisherFigure, figure_path: str, findings: Findings) -> None:
    levels = [limits.confidence for limits in figure.limits]
    if len(set(levels)) < len(levels):
        findings.add(
            "duplicate-limits", f"There are two pairs of limits of {levels[0]} %.", path=f"{figure_path}/limits"
        )
    for limits in figure.limits:
        lower, upper = Decimal(limits.lower), Decimal(limits.upper)
        if lower > upper:
            findings.add(
                "bounds-reversed", f"{limits.lower} is larger than {limits.upper}.", path=f"{figure_path}/limits"
            )
        elif figure.value is not None and not lower <= Decimal(figure.value) <= upper:
            findings.add(
                "limits-not-around-value",
                f"{figure.value} is not between {limits.lower} and {limits.upper}.",
                path=f"{figure_path}/limits",
                expected=f"{limits.lower} to {limits.upper}",
                actual=figure.value,
            )


def _check_fraction(figure: PublisherFigure, measure: Measure, figure_path: str, findings: Findings) -> None:
    """Compare a percentage with its fraction, and allow for the rounding of all three numbers."""
    scale = FRACTION_SCALES.get(measure.unit)
    if figure.value is None or figure.numerator is None or figure.denominator is None:
        return
    if scale is None or measure.kind not in RATIO_KINDS:
        return
    low, high = _rounding_interval(figure.numerator)
    min_denominator, max_denominator = _rounding_interval(figure.denominator)
    if min_denominator <= 0:
        return
    value, half = Decimal(figure.value), _last_digit_unit(figure.value) / 2
    if not scale * low / max_denominator - half <= value <= scale * high / min_denominator + half:
        findings.add(
            "ratio-differs-from-value",
            f"{figure.numerator} of {figure.denominator} is not {figure.value} per cent.",
            path=figure_path,
            expected=str(round(scale * Decimal(figure.numerator) / Decimal(figure.denominator), 2)),
            actual=figure.value,
        )


def _last_digit_unit(text: str) -> Decimal:
    """Return the unit of the last written digit, such as 0.1 for `25.3`."""
    return Decimal(1).scaleb(Decimal(text).as_tuple().exponent)  # pyright: ignore[reportArgumentType]  finite


def _rounding_interval(text: str) -> tuple[Decimal, Decimal]:
    """Return the range of a number that was rounded to its last digit that is not zero: 14,350 to 14,450 for 14,400."""
    number = Decimal(text)
    half = _last_digit_unit(f"{number.normalize():f}") / 2 if "." in text else _trailing_zeros_unit(text) / 2
    return number - half, number + half


def _trailing_zeros_unit(text: str) -> Decimal:
    zeros = len(text) - len(text.rstrip("0")) if text.strip("0") else 0
    return Decimal(1).scaleb(zeros)
