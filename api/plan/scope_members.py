"""The measures that are audited together, because they count the same people."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from api.plan.catalogue import Catalogue, find_headline_series
from schema.measures import UNCOUNTED_KINDS, Collection, Measure, MeasureKind, Series
from schema.organisations import Duty

SUMMED_KINDS = frozenset({MeasureKind.FLOW, MeasureKind.PROPORTION})
PROTECTED_KINDS = SUMMED_KINDS | {MeasureKind.STOCK, MeasureKind.CUMULATIVE, MeasureKind.DISTINCT}
"""The kinds that disclosure control can protect."""


class ScopeMember(Struct, frozen=True, kw_only=True):
    """A series in a scope. For a proportion, the denominators are the whole and the numerators are a part of it."""

    measure: Measure
    series: Series
    part: str | None

    @property
    def key(self) -> tuple[str, str]:
        return self.measure.slug, self.series.slug


def list_members(measure: Measure, series: Series, contained: list[str], catalogue: Catalogue) -> list[ScopeMember]:
    """Return the members of the scope of a series, the whole first. `contained` are slugs of joined measures."""
    part = measure.slug if measure.kind is MeasureKind.PROPORTION else None
    members = [ScopeMember(measure=measure, series=series, part=part)]
    if series.headline:
        members += [_make_contained_member(catalogue.measures[slug]) for slug in contained]
    return members


def _make_contained_member(measure: Measure) -> ScopeMember:
    return ScopeMember(measure=measure, series=find_headline_series(measure), part=measure.slug)


def may_publish_alone(members: Sequence[ScopeMember], organisation: str, catalogue: Catalogue) -> bool:
    """Return True if the organisation has duties for these series and all of them have `publish_alone`."""
    keys = {member.key for member in members}
    duties: list[Duty] = [
        duty
        for duty in catalogue.plan.duties
        if (duty.measure, duty.series) in keys and catalogue.resolve_holder(duty) == organisation
    ]
    return bool(duties) and all(duty.publish_alone for duty in duties)


def explain_unreleased(measure: Measure, series: Series, catalogue: Catalogue) -> str | None:
    """Return why the plan allows no release to have figures of a series; None if one may. It depends on no return."""
    if measure.kind in UNCOUNTED_KINDS:
        return "not_a_count"
    if series.collection is not Collection.PARTNERS:
        return None
    if measure.kind not in PROTECTED_KINDS:
        return "not_released"
    duties = [duty for duty in catalogue.plan.duties if (duty.measure, duty.series) == (measure.slug, series.slug)]
    if not duties:
        return "no_duty"
    holders = {catalogue.resolve_holder(duty) or duty.holder for duty in duties}
    is_single = len(holders) == 1 and holders.isdisjoint(catalogue.open_sets)
    return "single_provider" if is_single and not all(duty.publish_alone for duty in duties) else None


def find_joined_measures(catalogue: Catalogue) -> dict[str, list[str]]:
    """Map each measure to the measures whose counts are part of its own in every return.

    The audit covers both together if every organisation that returns the part also returns the whole. Proportions are
    joined if they share a denominator and the same organisations return them. A measure is joined only once.
    """
    holders: defaultdict[str, set[str | None]] = defaultdict(set)
    for duty in catalogue.plan.duties:
        holders[duty.measure].add(catalogue.resolve_holder(duty) or duty.holder)
    joined: dict[str, list[str]] = {}
    parts: set[str] = set()
    for measure in catalogue.plan.measures:
        is_ratio = measure.kind is MeasureKind.PROPORTION
        for slug in _find_shared_denominators(measure, catalogue) if is_ratio else measure.contains:
            same = holders[slug] == holders[measure.slug] if is_ratio else holders[slug] <= holders[measure.slug]
            is_free = slug not in joined and not {slug, measure.slug} & parts
            if is_free and same and _have_same_definition(catalogue.measures[slug], measure):
                joined.setdefault(measure.slug, []).append(slug)
                parts.add(slug)
    return joined


def _have_same_definition(part: Measure, whole: Measure) -> bool:
    """Return True if both are counted in the same way, for the same periods and areas, and have the same rule."""

    def describe(measure: Measure) -> tuple[object, ...]:
        series, cadence = find_headline_series(measure), measure.cadence
        periods_and_areas = (cadence.period_type, cadence.months, series.resets, measure.area_family)
        return (measure.kind, series.collection, measure.disclosure_class, *periods_and_areas)

    return describe(part) == describe(whole)


def _find_shared_denominators(measure: Measure, catalogue: Catalogue) -> list[str]:
    """Return the later measures of the plan that share this proportion's denominator. Either of two may name it."""
    later = catalogue.plan.measures[catalogue.plan.measures.index(measure) + 1 :]
    return [
        other.slug
        for other in later
        if other.slug in measure.shares_denominator or measure.slug in other.shares_denominator
    ]
