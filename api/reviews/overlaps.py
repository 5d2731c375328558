"""Whether several organisations may have counted the same people: told to reviewers alone, and never blocks."""

from collections.abc import Sequence

from api.plan.catalogue import Catalogue
from api.reviews.acts import ReturnedTotal
from api.submissions.checks.findings import Findings
from schema.measures import Measure, MeasureKind, Overlap
from schema.problems import CellName, Finding
from schema.returns import ReturnRevision
from schema.submissions import ReturnKind

UNCOUNTED_KINDS = frozenset({MeasureKind.MILESTONE, MeasureKind.EVIDENCE})


def has_possible_overlap(measure: Measure) -> bool:
    return measure.kind not in UNCOUNTED_KINDS and (
        measure.overlap is Overlap.UNKNOWN or measure.kind is MeasureKind.DISTINCT
    )


def find_double_counts(summary: ReturnRevision, totals: Sequence[ReturnedTotal], catalogue: Catalogue) -> list[Finding]:
    """One finding, where another organisation counts in the same place too: who, and how much."""
    measure = catalogue.measures.get(summary.measure)
    if measure is None or not has_possible_overlap(measure):
        return []
    area = _find_counted_area(summary.organisation, summary, catalogue)
    here: dict[tuple[str, str], str] = {}
    for total in totals:
        theirs = _find_counted_area(total.organisation, summary, catalogue, service=total.service)
        meets = catalogue.is_within(theirs, area) or catalogue.is_within(area, theirs)
        if meets and total.area in (None, theirs):
            here[total.organisation, total.service] = _describe_total(total)
    if len({organisation for organisation, _ in here}) < 2:
        return []
    who = ", ".join(
        f"{organisation}{'' if service == 'main' else f' ({service})'} {said}"
        for (organisation, service), said in sorted(here.items())
    )
    findings = Findings()
    findings.add(
        "possible-double-count",
        f"Several organisations count {measure.unit} of {summary.measure} in {summary.period.code}: {who}.",
        cell=CellName(
            measure=summary.measure,
            series=summary.series,
            service=summary.service,
            period=summary.period.code,
            area=area,
            breakdown={},
        ),
    )
    return findings.listed()


def _find_counted_area(
    organisation: str, summary: ReturnRevision, catalogue: Catalogue, *, service: str | None = None
) -> str:
    """The area that the organisation counts for; the programme's, where the plan no longer says."""
    for duty in catalogue.plan.duties:
        named = (duty.measure, duty.series, duty.service, catalogue.resolve_holder(duty))
        if named == (summary.measure, summary.series, service or summary.service, organisation):
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
