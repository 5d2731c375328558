"""Check the bindings of roles: known organisations, days in order, and no return that an organisation owes twice."""

from collections import Counter
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
            if later.organisation == earlier.organisation:
                yield Mistake(path=(*path, position), text=f"{current} already")
            elif later.valid_from <= earlier.valid_from:
                yield Mistake(path=(*path, position), text=f"{current}, so {later.valid_from} is too early")


def _find_wrong_days(plan: Plan, binding: Binding, organisation: Organisation) -> Iterator[str]:
    if organisation.open_set:
        yield f"{organisation.slug} is a class of organisations, not one organisation"
    spans = {
        "the programme": (plan.window.start, plan.window.end),
        organisation.slug: (organisation.valid_from or date.min, organisation.valid_to or date.max),
    }
    for name, (first_day, last_day) in spans.items():
        if not first_day <= binding.valid_from <= last_day:
            yield f"{binding.valid_from} is not a day of {name}, from {first_day} to {last_day}"


def _find_double_duties(plan: Plan, role: Role, binding: Binding) -> Iterator[str]:
    """Find duties of the role for which the organisation sends a return already, so that it would owe one twice."""
    counts = Counter(
        (duty.measure, duty.series, duty.service)
        for duty in apply_bindings(plan).duties
        if duty.holder == binding.organisation
    )
    for key in dict.fromkeys((d.measure, d.series, d.service) for d in plan.duties if d.holder == role.slug):
        if counts[key] > 1:
            measure, series, service = key
            yield f"{binding.organisation} returns {measure}, series {series}, service {service} already"
