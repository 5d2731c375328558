"""What may change between two versions of a plan, and what a new one changes."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from api.http.refusals import Invalid
from api.statistics.disclosure.policy import find_laxer_fields
from schema.disclosure import Policy
from schema.measures import Measure
from schema.plan import Plan


class NewSeriesRequired(Invalid):
    """The change would give another meaning to figures that are already there."""

    example = "A `stock` that was already returned is to become a `flow`."
    fix = "Leave the old code as it is and add a new series, measure or code beside it."


class PolicyDecisionRequired(Invalid):
    """The change would protect people less than they were promised."""

    example = "A measure of class `persons` that was already returned is to become one of class `none`."
    fix = (
        "Leave it as strict as it was; or record in `disclosure` who decided it, when, why, and where the assessment "
        "is, and raise the version of the policy."
    )


class CodesInUse(Struct, frozen=True, kw_only=True):
    """What returns already rest on."""

    series: frozenset[tuple[str, str]]
    organisations: frozenset[str]
    areas: frozenset[str]
    categories: frozenset[tuple[str, str]]


def check_change(old: Plan, new: Plan, in_use: CodesInUse) -> None:
    """Raises NeedsNewSeries if `new` gives another meaning to a code that returns rest on, and NeedsDecision if it
    protects what they count less than `old` did, without a decision of its own.
    """
    faults = [*_find_changed_series(old, new, in_use), *_find_changed_codes(old, new, in_use)]
    if faults:
        raise NewSeriesRequired("\n".join(faults))
    less = list(_find_weaker_protection(old, new, in_use))
    decided = new.disclosure.decision is not None and new.disclosure.decision != old.disclosure.decision
    if less and not decided:
        raise PolicyDecisionRequired("\n".join(less))
    if _reuses_policy_version(old.disclosure, new.disclosure):
        raise PolicyDecisionRequired(
            "The policy differs from that of the last plan version and has the same `version`."
        )


def _find_weaker_protection(old: Plan, new: Plan, in_use: CodesInUse) -> Iterator[str]:
    """Of measures that have returns: a laxer class or rule, and holders whose figures alone may now be shown."""
    used = {measure for measure, _ in in_use.series}
    before = {measure.slug: measure for measure in old.measures}
    if used and new.disclosure.breakdowns > old.disclosure.breakdowns:
        yield "disclosure: more breakdowns than before"
    for measure in new.measures:
        if measure.slug not in used or measure.slug not in before:
            continue
        was = before[measure.slug].disclosure_class
        less = find_laxer_fields(new.disclosure.rule(measure.disclosure_class), old.disclosure.rule(was))
        if less:
            yield (
                f"measure {measure.slug} has returns, and as {measure.disclosure_class} it is protected less than it "
                f"was as {was}: {', '.join(less)}"
            )
    alone = {(d.holder, d.measure, d.series, d.service) for d in old.duties if not d.publish_alone}
    for duty in new.duties:
        key = (duty.holder, duty.measure, duty.series, duty.service)
        if duty.publish_alone and key in alone and (duty.measure, duty.series) in in_use.series:
            yield f"duty of {duty.holder} for {duty.measure} has returns and says `publish_alone`, as it did not"


def _reuses_policy_version(old: Policy, new: Policy) -> bool:
    """Every release quotes the version of its policy, so that another policy has another one."""
    return old.version >= new.version and replace(old, version=1) != replace(new, version=1)


def _find_changed_series(old: Plan, new: Plan, in_use: CodesInUse) -> Iterator[str]:
    before = {(m.slug, s.slug): (m, s) for m in old.measures for s in m.series}
    after = {(m.slug, s.slug): (m, s) for m in new.measures for s in m.series}
    for key in sorted(in_use.series & before.keys()):
        where = f"series {key[1]} of measure {key[0]} has returns"
        if key not in after:
            yield f"{where} and is gone from the file"
            continue
        (old_measure, old_series), (new_measure, new_series) = before[key], after[key]
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
    """Schemes whose categories hang together otherwise than before: what was released was audited by that."""
    after = {frozenset(scheme.dimensions): (scheme.exclusive, scheme.exhaustive) for scheme in new.schemes}
    for scheme in old.schemes:
        now = (scheme.exclusive, scheme.exhaustive)
        if after.get(frozenset(scheme.dimensions), now) != now:
            yield scheme.dimensions


def _find_changed_codes(old: Plan, new: Plan, in_use: CodesInUse) -> Iterator[str]:
    areas = {a.code: (a.name, a.level, a.parent) for a in new.areas}
    for area in old.areas:
        if area.code in in_use.areas and areas.get(area.code) != (area.name, area.level, area.parent):
            yield f"area {area.code} has returns and is gone or means another place"
    categories = {(d.slug, c.code): c.label for d in new.dimensions for c in d.categories}
    for dimension in old.dimensions:
        for category in dimension.categories:
            key = (dimension.slug, category.code)
            if key in in_use.categories and categories.get(key) != category.label:
                yield f"category {key[1]} of {key[0]} has returns and is gone or has another label"
    for slug in sorted(in_use.organisations - {o.slug for o in new.organisations}):
        yield f"organisation {slug} has returns and is gone from the file"


def describe_changes(old: Plan | None, new: Plan) -> list[str]:
    """What the new version adds, changes and drops, one line each."""
    before = _list_plan_items(old) if old is not None else {}
    after = _list_plan_items(new)
    return [
        *(f"added {what}" for what in after if what not in before),
        *(f"changed {what}" for what in after if what in before and before[what] != after[what]),
        *(f"dropped {what}" for what in before if what not in after),
    ]


def _list_plan_items(plan: Plan) -> dict[str, object]:
    return {
        "programme": (plan.title, plan.owner, plan.area, plan.window, plan.calendar, plan.document, plan.self_review),
        "disclosure": plan.disclosure,
        **{f"theme {t.slug}": t for t in plan.themes},
        **{f"node {n.slug}": n for n in plan.nodes},
        **{f"link {link.source} → {link.target}": link for link in plan.links},
        **{f"measure link {link.source} → {link.measure}": link for link in plan.measure_links},
        **{f"unmodelled activity {a.slug}": a for a in plan.unmodelled_activities},
        **{f"family {f.slug}": f for f in plan.families},
        **{f"area {a.code}": a for a in plan.areas},
        **{f"dimension {d.slug}": d for d in plan.dimensions},
        **{f"organisation {o.slug}": o for o in plan.organisations},
        **{f"role {r.slug}": r for r in plan.roles},
        **{f"measure {m.slug}": m for m in plan.measures},
        **{f"duty {d.holder} {d.measure} {d.series} {d.service} {d.valid_from}": d for d in plan.duties},
    }
