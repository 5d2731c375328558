"""What a published figure must be: its place in the plan, its limits, and its value beside its own fraction."""

from collections.abc import Sequence
from decimal import Decimal

from api.plan.breakdowns import format_breakdown_key
from api.plan.catalogue import Catalogue
from api.plan.suggestions import suggest_codes
from api.submissions.checks.findings import Findings
from schema.measures import RATIO_KINDS, Measure
from schema.submissions import PublisherFigure

# What a fraction is multiplied by to be in the measure's unit; counts, gaps and other units are not compared.
FRACTION_SCALES = {"percent": Decimal(100)}


def check_figures(
    figures: Sequence[PublisherFigure], measure: Measure, catalogue: Catalogue, *, path: str, findings: Findings
) -> None:
    """Any area of the plan will do: comparators lie outside the area of the duty."""
    seen: set[tuple[str, str]] = set()
    for index, figure in enumerate(figures):
        at = f"{path}/figures/{index}"
        place = (figure.area, format_breakdown_key(figure.breakdown))
        if place in seen:
            findings.add("duplicate-cell", f"{' '.join(place).strip()} is there already.", path=at)
        seen.add(place)
        _check_area_and_breakdown(figure, measure, catalogue, at, findings)
        _check_value_or_status(figure, at, findings)
        _check_limits(figure, at, findings)
        _check_fraction(figure, measure, at, findings)


def _check_area_and_breakdown(
    figure: PublisherFigure, measure: Measure, catalogue: Catalogue, at: str, findings: Findings
) -> None:
    if figure.area not in catalogue.areas:
        findings.add(
            "unknown-area",
            f"{figure.area!r} is not an area of this programme.",
            path=f"{at}/area",
            actual=figure.area,
            fix=suggest_codes(figure.area, catalogue.areas),
        )
    if figure.breakdown and catalogue.find_scheme(measure, figure.breakdown) is None:
        findings.add(
            "breakdown-not-collected",
            f"{measure.slug} is not collected by {' and '.join(sorted(figure.breakdown))}.",
            path=f"{at}/breakdown",
        )
        return
    for dimension, category in figure.breakdown.items():
        if category not in catalogue.categories[dimension]:
            findings.add(
                "unknown-category",
                f"{category!r} is not a category of {dimension}.",
                path=f"{at}/breakdown/{dimension}",
                actual=category,
                fix=suggest_codes(category, catalogue.categories[dimension]),
            )


def _check_value_or_status(figure: PublisherFigure, at: str, findings: Findings) -> None:
    if figure.value is None and figure.status is None:
        findings.add("value-missing", "There is neither a value nor a status.", path=at)
    if figure.value is not None and figure.status is not None:
        findings.add("value-and-status", "There are both a value and a status.", path=f"{at}/status")
    if (figure.numerator is None) != (figure.denominator is None):
        findings.add("wrong-value-fields", "A numerator goes with a denominator.", path=at)
    if figure.value is None and (figure.limits or figure.markers):
        findings.add("wrong-value-fields", "Limits and markers belong to a value.", path=at)


def _check_limits(figure: PublisherFigure, at: str, findings: Findings) -> None:
    levels = [limits.confidence for limits in figure.limits]
    if len(set(levels)) < len(levels):
        findings.add("duplicate-limits", f"There are two pairs of limits of {levels[0]} %.", path=f"{at}/limits")
    for limits in figure.limits:
        lower, upper = Decimal(limits.lower), Decimal(limits.upper)
        if lower > upper:
            findings.add("bounds-reversed", f"{limits.lower} is above {limits.upper}.", path=f"{at}/limits")
        elif figure.value is not None and not lower <= Decimal(figure.value) <= upper:
            findings.add(
                "limits-not-around-value",
                f"{figure.value} does not lie between {limits.lower} and {limits.upper}.",
                path=f"{at}/limits",
                expected=f"{limits.lower} to {limits.upper}",
                actual=figure.value,
            )


def _check_fraction(figure: PublisherFigure, measure: Measure, at: str, findings: Findings) -> None:
    """In per cent: the value, half a unit of its last digit either way, beside what the fraction may be."""
    scale = FRACTION_SCALES.get(measure.unit)
    if figure.value is None or figure.numerator is None or figure.denominator is None:
        return
    if scale is None or measure.kind not in RATIO_KINDS:
        return
    (low, high), (least, most) = _rounding_interval(figure.numerator), _rounding_interval(figure.denominator)
    if least <= 0:
        return
    value, half = Decimal(figure.value), _last_digit_unit(figure.value) / 2
    if not scale * low / most - half <= value <= scale * high / least + half:
        findings.add(
            "ratio-differs-from-value",
            f"{figure.numerator} of {figure.denominator} is not {figure.value} per cent.",
            path=at,
            expected=str(round(scale * Decimal(figure.numerator) / Decimal(figure.denominator), 2)),
            actual=figure.value,
        )


def _last_digit_unit(text: str) -> Decimal:
    """One in the last digit that is written."""
    return Decimal(1).scaleb(Decimal(text).as_tuple().exponent)  # pyright: ignore[reportArgumentType]  finite


def _rounding_interval(text: str) -> tuple[Decimal, Decimal]:
    """What a number rounded to its last digit that is not zero may have been: 14,400 is 14,350 to 14,450."""
    number = Decimal(text)
    half = _last_digit_unit(f"{number.normalize():f}") / 2 if "." in text else _trailing_zeros_unit(text) / 2
    return number - half, number + half


def _trailing_zeros_unit(text: str) -> Decimal:
    zeros = len(text) - len(text.rstrip("0")) if text.strip("0") else 0
    return Decimal(1).scaleb(zeros)
