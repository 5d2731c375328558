"""Warn reviewers if several organisations may have counted the same people. The warning never blocks a decision."""

from collections.abc import Sequence

from api.plan.catalogue import Catalogue
from api.reviews.structs import ReturnedTotal
from api.statistics.roll_up import ADDITIVE_KINDS
from api.submissions.checks.findings import Findings
from schema.measures import Measure, MeasureKind, Overlap
from schema.problems import CellName, Finding
from schema.returns import ReturnRevision
from schema.submissions import ReturnKind

_SUMMED = "The figure is the sum, which counts shared cases once for each organisation."
_DIVIDED = "Numerators and denominators are added, so shared cases count once for each organisation in both."
_CONSEQUENCES = {
    MeasureKind.FLOW: _SUMMED,
    MeasureKind.STOCK: "The figure is the sum of the latest counts, which has shared cases once for each organisation.",
    MeasureKind.CUMULATIVE: "The figure is the sum of the counts to date, which has shared cases more than once.",
    MeasureKind.PROPORTION: _DIVIDED,
    MeasureKind.RATE: _DIVIDED,
    MeasureKind.MEAN: _DIVIDED,
}


def explain_consequence(measure: Measure) -> str:
    """Return what the roll-up does with people or employers whom several organisations count."""
    if measure.kind is not MeasureKind.DISTINCT:
        return _CONSEQUENCES[measure.kind]
    if measure.overlap is Overlap.DISJOINT:
        return f"The plan states that organisations do not share cases. {_SUMMED}"
    return "The figure has bounds: at least the largest count, at most the sum."


def has_possible_overlap(measure: Measure) -> bool:
    return measure.kind in ADDITIVE_KINDS and (
        measure.overlap is Overlap.UNKNOWN or measure.kind is MeasureKind.DISTINCT
    )


def find_double_counts(summary: ReturnRevision, totals: Sequence[ReturnedTotal], catalogue: Catalogue) -> list[Finding]:
    """Return one finding with the totals of all organisations in the same area if there are at least two."""
    measure = catalogue.measures.get(summary.measure)
    if measure is None or not has_possible_overlap(measure):
        return []
    area = _find_counted_area(summary.organisation, summary, catalogue)
    totals_here: dict[tuple[str, str], str] = {}
    for total in totals:
        other_area = _find_counted_area(total.organisation, summary, catalogue, service=total.service)
        overlaps = catalogue.is_within(other_area, area) or catalogue.is_within(area, other_area)
        if overlaps and total.area in (None, other_area):
            totals_here[total.organisation, total.service] = _describe_total(total)
    if len({organisation for organisation, _ in totals_here}) < 2:
        return []
    counts = ", ".join(
        f"{organisation}{'' if service == 'main' else f' ({service})'} {text}"
        for (organisation, service), text in sorted(totals_here.items())
    )
    findings = Findings()
    findings.add(
        "possible-double-count",
        f"Several organisations count {measure.unit} of {summary.measure} in {summary.period.code}: {counts}.",
        cell=CellName(
            measure=summary.measure,
            series=summary.series,
            service=summary.service,
            period=summary.period.code,
            area=area,
            breakdown={},
        ),
        fix=f"Ask the organisations whether they share cases. {explain_consequence(measure)}",
    )
    return findings.listed()


def _find_counted_area(
    organisation: str, summary: ReturnRevision, catalogue: Catalogue, *, service: str | None = None
) -> str:
    """Return the area of the organisation's duty, or the programme's area if the plan no longer has the duty."""
    for duty in catalogue.plan.duties:
        key = (duty.measure, duty.series, duty.service, catalogue.resolve_holder(duty))
        if key == (summary.measure, summary.series, service or summary.service, organisation):
            return duty.area
    return catalogue.plan.area


def _describe_total(total: ReturnedTotal) -> str:
    if total.kind is ReturnKind.NIL:
        return "0"
    if total.denominator is not None:
        return f"{total.numerator}/{total.denominator}"
    if total.value is not None:
        return str(total.value)
    if total.lower is None and total.upper is None:
        return f"[{total.status}]"
    return f"between {total.lower or 0} and {'?' if total.upper is None else total.upper}"
