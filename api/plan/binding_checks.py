"""Check the bindings of roles: known organisations, days in order, and no return that an organisation owes twice."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from api.plan.bindings import apply_bindings
from api.plan.mistakes import Mistake
from schema.organisations import Binding, Organisation, Role
from schema.plan import Plan


def find_binding_mistakes(plan: Plan) -> Iterator[Mistake]:
    """Return the mistakes of the bindings of each role."""
    organisations = {organisation.slug: organisation for organisation in plan.organisations}
    for number, role in enumerate(plan.roles):
        path = ("roles", number, "bindings")
        if role.bound_to and role.bindings:
            yield Mistake(path=path, text=f"{role.slug} is bound to {role.bound_to} for the whole programme already")
        unknown = [(n, b.organisation) for n, b in enumerate(role.bindings) if b.organisation not in organisations]
        for position, slug in unknown:
            place = (*path, position, "organisation")
            yield Mistake(path=place, text=f"{slug!r} is not an organisation", value=slug, allowed=list(organisations))
        for position, binding in enumerate(role.bindings):
            if not unknown:
                texts = [*_find_wrong_days(plan, binding, organisations[binding.organisation])]
                texts += _find_double_duties(plan, role, binding)
                yield from (Mistake(path=(*path, position), text=text) for text in texts)
        for position, (earlier, later) in enumerate(pairwise(role.bindings), 1):
            current = f"{role.slug} is bound to {earlier.organisation} from {earlier.valid_from}"
            if later.organisation == earlier.organisation and earlier.valid_to is None:
                yield Mistake(path=(*path, position), text=f"{current} already")
            elif later.valid_from <= earlier.valid_from:
                yield Mistake(path=(*path, position), text=f"{current}, so {later.valid_from} is too early")
            elif earlier.valid_to and later.valid_from <= earlier.valid_to:
                text = f"{current} to {earlier.valid_to}, so {later.valid_from} is too early"
                yield Mistake(path=(*path, position), text=text)


def _find_wrong_days(plan: Plan, binding: Binding, organisation: Organisation) -> Iterator[str]:
    if organisation.open_set:
        yield f"{organisation.slug} is a class of organisations, not one organisation"
    spans = {
        "the programme": (plan.window.start, plan.window.end),
        organisation.slug: (organisation.valid_from or date.min, organisation.valid_to or date.max),
    }
    for name, (first_day, last_day) in spans.items():
        for day in filter(None, (binding.valid_from, binding.valid_to)):
            if not first_day <= day <= last_day:
                yield f"{day} is not a day of {name}, from {first_day} to {last_day}"
    if binding.valid_to and binding.valid_to < binding.valid_from:
        yield f"{organisation.slug} is bound from {binding.valid_from}, so {binding.valid_to} is too early"


def _find_double_duties(plan: Plan, role: Role, binding: Binding) -> Iterator[str]:
    """Find duties of the role for which the organisation sends a return already, so that it would owe one twice."""
    days: dict[tuple[str, str, str], list[tuple[date, date]]] = {}
    for duty in apply_bindings(plan).duties:
        if duty.holder == binding.organisation:
            span = (duty.valid_from or date.min, duty.valid_to or date.max)
            days.setdefault((duty.measure, duty.series, duty.service), []).append(span)
    for key in dict.fromkeys((d.measure, d.series, d.service) for d in plan.duties if d.holder == role.slug):
        if any(later[0] <= earlier[1] for earlier, later in pairwise(sorted(days.get(key, [])))):
            measure, series, service = key
            yield f"{binding.organisation} returns {measure}, series {series}, service {service} already"
