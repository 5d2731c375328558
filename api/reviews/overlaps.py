"""Whether several organisations may have counted the same people: told to reviewers alone, and never blocks."""

from collections.abc import Sequence

from api.plan.catalogue import Catalogue
from api.reviews.acts import StandingTotal
from api.submissions.checks.findings import Findings
from schema.plan import Kind, Measure, Overlap
from schema.problems import CellName, Finding
from schema.submissions import ReturnKind, StandingReturn

NOT_COUNTED = frozenset({Kind.MILESTONE, Kind.EVIDENCE})


def may_overlap(measure: Measure) -> bool:
    return measure.kind not in NOT_COUNTED and (measure.overlap is Overlap.UNKNOWN or measure.kind is Kind.DISTINCT)


def double_counts(one: StandingReturn, totals: Sequence[StandingTotal], catalogue: Catalogue) -> list[Finding]:
    """One finding, where another organisation counts in the same place too: who, and how much."""
    measure = catalogue.measures.get(one.measure)
    if measure is None or not may_overlap(measure):
        return []
    area = _area(one.organisation, one, catalogue)
    here: dict[tuple[str, str], str] = {}
    for total in totals:
        theirs = _area(total.organisation, one, catalogue, service=total.service)
        meets = catalogue.lies_within(theirs, area) or catalogue.lies_within(area, theirs)
        if meets and total.area in (None, theirs):
            here[total.organisation, total.service] = _said(total)
    if len({organisation for organisation, _ in here}) < 2:
        return []
    who = ", ".join(
        f"{organisation}{'' if service == 'main' else f' ({service})'} {said}"
        for (organisation, service), said in sorted(here.items())
    )
    findings = Findings()
    findings.add(
        "possible-double-count",
        f"Several organisations count {measure.unit} of {one.measure} in {one.period.code}: {who}.",
        cell=CellName(
            measure=one.measure, series=one.series, service=one.service, period=one.period.code, area=area, breakdown={}
        ),
    )
    return findings.told()


def _area(organisation: str, one: StandingReturn, catalogue: Catalogue, *, service: str | None = None) -> str:
    """The area that the organisation counts for; the programme's, where the plan no longer says."""
    for duty in catalogue.plan.duties:
        named = (duty.measure, duty.series, duty.service, catalogue.holder(duty))
        if named == (one.measure, one.series, service or one.service, organisation):
            return duty.area
    return catalogue.plan.area


def _said(total: StandingTotal) -> str:
    if total.kind is ReturnKind.NIL:
        return "0"
    if total.denominator is not None:
        return f"{total.numerator}/{total.denominator}"
    if total.value is not None:
        return str(total.value)
    if total.lower is None and total.upper is None:
        return f"[{total.status}]"
    return f"between {total.lower or 0} and {'?' if total.upper is None else total.upper}"
