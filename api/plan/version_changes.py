"""Compare two versions of a plan: check that the change is allowed, and list the changes."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from api.http.refusals import Invalid
from api.plan.catalogue import adapt_measure
from api.statistics.disclosure.policy import find_changed_rounding, find_laxer_fields
from schema.disclosure import Policy
from schema.measures import Measure
from schema.plan import Plan


class NewSeriesRequired(Invalid):
    """The change would alter the meaning of figures that are already recorded."""

    example = "A measure that has returns changes from `stock` to `flow`."
    fix = "Do not change the old code. Add a new series, measure or code instead."


class PolicyDecisionRequired(Invalid):
    """The change would weaken the protection of figures that are already recorded."""

    example = "A measure that has returns changes from the class `persons` to `none`."
    fix = (
        "Restore the stricter rule. Or record the decision in `disclosure`: who decided, when, why, and where the "
        "assessment is. Then increase the version of the policy."
    )


class CodesInUse(Struct, frozen=True, kw_only=True):
    """The codes that some return uses."""

    series: frozenset[tuple[str, str]]
    organisations: frozenset[str]
    areas: frozenset[str]
    categories: frozenset[tuple[str, str]]


def check_change(old: Plan, new: Plan, in_use: CodesInUse) -> None:
    """Check that a new plan version may replace the old one.

    Raises NewSeriesRequired if `new` changes the meaning of a code in use. Raises PolicyDecisionRequired if `new`
    protects recorded figures less than `old` without a new decision.
    """
    faults = [
        *_find_changed_series(old, new, in_use),
        *_find_changed_codes(old, new, in_use),
        *_find_changed_rounding(old, new, in_use),
    ]
    if faults:
        raise NewSeriesRequired("\n".join(faults))
    weaker = list(_find_weaker_protection(old, new, in_use))
    has_new_decision = new.disclosure.decision is not None and new.disclosure.decision != old.disclosure.decision
    if weaker and not has_new_decision:
        raise PolicyDecisionRequired("\n".join(weaker))
    if _reuses_policy_version(old.disclosure, new.disclosure):
        raise PolicyDecisionRequired(
            "The policy differs from the policy of the last plan version, but its `version` is not higher."
        )


def keep_policy_version(old: Plan, new: Plan) -> Plan:
    """Return the new plan with the version of the old policy if only the version differs, and is lower.

    A migration can replace the rules of a stored plan and increase the version, which the file does not know.
    """
    is_same = replace(new.disclosure, version=old.disclosure.version) == old.disclosure
    version = max(old.disclosure.version, new.disclosure.version) if is_same else new.disclosure.version
    return replace(new, disclosure=replace(new.disclosure, version=version))


def _find_changed_rounding(old: Plan, new: Plan, in_use: CodesInUse) -> Iterator[str]:
    """Find measures with returns whose counts would be rounded in another way than in earlier releases."""
    used = {measure for measure, _ in in_use.series}
    old_classes = {measure.slug: measure.disclosure_class for measure in old.measures}
    for measure in new.measures:
        if measure.slug in used and measure.slug in old_classes:
            old_rule = old.disclosure.rule(old_classes[measure.slug])
            changed = find_changed_rounding(old_rule, new.disclosure.rule(measure.disclosure_class))
            if changed:
                yield (
                    f"measure {measure.slug} has returns, and the rounding of its counts would change: "
                    f"{', '.join(changed)}"
                )


def _find_weaker_protection(old: Plan, new: Plan, in_use: CodesInUse) -> Iterator[str]:
    """Find measures with returns that get a laxer class or rule, and duties that newly allow `publish_alone`."""
    used = {measure for measure, _ in in_use.series}
    old_measures = {measure.slug: measure for measure in old.measures}
    if used and new.disclosure.breakdowns > old.disclosure.breakdowns:
        yield "disclosure: it allows more breakdowns than before"
    for measure in new.measures:
        if measure.slug not in used or measure.slug not in old_measures:
            continue
        old_class = old_measures[measure.slug].disclosure_class
        laxer = find_laxer_fields(new.disclosure.rule(measure.disclosure_class), old.disclosure.rule(old_class))
        if laxer:
            yield (
                f"measure {measure.slug} has returns, and the class {measure.disclosure_class} protects it less than "
                f"{old_class}: {', '.join(laxer)}"
            )
    protected_duties = {(d.holder, d.measure, d.series, d.service) for d in old.duties if not d.publish_alone}
    for duty in new.duties:
        key = (duty.holder, duty.measure, duty.series, duty.service)
        if duty.publish_alone and key in protected_duties and (duty.measure, duty.series) in in_use.series:
            yield f"duty of {duty.holder} for {duty.measure} has returns and newly allows `publish_alone`"


def _reuses_policy_version(old: Policy, new: Policy) -> bool:
    """Return True if the policy changed without a higher version. Releases quote the version of their policy."""
    return old.version >= new.version and replace(old, version=1) != replace(new, version=1)


def _find_changed_series(old: Plan, new: Plan, in_use: CodesInUse) -> Iterator[str]:
    old_series_by_key = {(m.slug, s.slug): (m, s) for m in old.measures for s in m.series}
    new_series_by_key = {(m.slug, s.slug): (m, s) for m in new.measures for s in m.series}
    for key in sorted(in_use.series & old_series_by_key.keys()):
        where = f"series {key[1]} of measure {key[0]} has returns"
        if key not in new_series_by_key:
            yield f"{where} but is missing from the file"
            continue
        (old_measure, old_series), (new_measure, new_series) = old_series_by_key[key], new_series_by_key[key]
        old_measure, new_measure = adapt_measure(old_measure, old_series), adapt_measure(new_measure, new_series)
        changed = [
            name for name in ("kind", "unit", "area_family") if getattr(old_measure, name) != getattr(new_measure, name)
        ] + [
            name
            for name in ("definition", "numerator", "denominator", "geography_basis", "collection", "resets")
            if getattr(old_series, name) != getattr(new_series, name)
        ]
        changed += [
            f"cadence's {name}"
            for name in ("period_type", "months")
            if getattr(old_measure.cadence, name) != getattr(new_measure.cadence, name)
        ]
        changed += [f"scheme by {' and '.join(slugs)}" for slugs in _find_changed_schemes(old_measure, new_measure)]
        if changed:
            yield f"{where} and changes its {', '.join(changed)}"


def _find_changed_schemes(old: Measure, new: Measure) -> Iterator[list[str]]:
    """Find schemes that change `exclusive` or `exhaustive`: the audit of past releases relied on both."""
    new_properties = {frozenset(scheme.dimensions): (scheme.exclusive, scheme.exhaustive) for scheme in new.schemes}
    for scheme in old.schemes:
        properties = (scheme.exclusive, scheme.exhaustive)
        if new_properties.get(frozenset(scheme.dimensions), properties) != properties:
            yield scheme.dimensions


def _find_changed_codes(old: Plan, new: Plan, in_use: CodesInUse) -> Iterator[str]:
    areas = {a.code: (a.name, a.level, a.parent) for a in new.areas}
    for area in old.areas:
        if area.code in in_use.areas and areas.get(area.code) != (area.name, area.level, area.parent):
            yield f"area {area.code} has returns, but is missing or has another name, level or parent"
    categories = {(d.slug, c.code): c.label for d in new.dimensions for c in d.categories}
    for dimension in old.dimensions:
        for category in dimension.categories:
            key = (dimension.slug, category.code)
            if key in in_use.categories and categories.get(key) != category.label:
                yield f"category {key[1]} of {key[0]} has returns, but is missing or has another label"
    for slug in sorted(in_use.organisations - {o.slug for o in new.organisations}):
        yield f"organisation {slug} has returns but is missing from the file"
