"""Change which organisations play the roles of a plan, and protect the bindings from a plan file without them."""

from datetime import date
from enum import StrEnum

from msgspec.structs import replace

from api.http.refusals import Conflict, Invalid, NotFound
from api.plan.binding_checks import find_binding_mistakes
from api.plan.checks import check_plan
from api.plan.suggestions import suggest_codes
from schema.organisations import Binding, Role
from schema.plan import Plan


class InvalidBinding(Invalid):
    """The role cannot be bound to the organisation from this day."""

    example = "The day is after the end of the programme, or another organisation is bound from a later day."
    fix = "Choose another day or another organisation. Nothing was changed."


class BindingsWouldChange(Conflict):
    """The plan file would change the organisations of roles."""

    example = "`bind-role` has bound a role, and the operator loads the original plan file again."
    fix = "Load it with `--keep-bindings`, or with `--replace-bindings` if the file is right. Nothing was loaded."


class BindingRule(StrEnum):
    """The treatment of a plan file that has other bindings than the current plan version."""

    REFUSE = "refuse"
    KEEP = "keep"
    REPLACE = "replace"


def bind_role(plan: Plan, slug: str, organisation: str, day: date) -> Plan:
    """Return the plan with the organisation in the role from the day on. Raises NotFound or InvalidBinding."""
    role = _get_role(plan, slug)
    _check_code(plan, "an organisation", organisation, [o.slug for o in plan.organisations])
    return _change_bindings(plan, role, [*role.bindings, Binding(organisation=organisation, valid_from=day)])


def end_binding(plan: Plan, slug: str, day: date) -> Plan:
    """Return the plan with the role's organisation in it until this day, and none afterwards.

    Raises NotFound or InvalidBinding.
    """
    role = _get_role(plan, slug)
    if not role.bindings or role.bindings[-1].valid_to:
        raise InvalidBinding(f"{slug} has no binding without an end.")
    return _change_bindings(plan, role, [*role.bindings[:-1], replace(role.bindings[-1], valid_to=day)])


def _get_role(plan: Plan, slug: str) -> Role:
    _check_code(plan, "a role", slug, [role.slug for role in plan.roles])
    return next(role for role in plan.roles if role.slug == slug)


def _check_code(plan: Plan, noun: str, code: str, codes: list[str]) -> None:
    if code not in codes:
        hint = suggest_codes(code, codes) or f"There are: {', '.join(codes) or 'none'}."
        raise NotFound(f"{code!r} is not {noun} of {plan.slug}. {hint}")


def _change_bindings(plan: Plan, role: Role, bindings: list[Binding]) -> Plan:
    changed = replace(plan, roles=[replace(r, bindings=bindings) if r is role else r for r in plan.roles])
    mistakes = [mistake.text for mistake in find_binding_mistakes(changed)]
    if mistakes:
        raise InvalidBinding("\n".join(f"{mistake}." for mistake in mistakes))
    return changed


def settle_bindings(old: Plan, new: Plan, rule: BindingRule) -> Plan:
    """Return the new plan with the organisations of the old plan's roles where the rule says so.

    Raises BindingsWouldChange, or InvalidPlan if the new plan does not fit the bindings that it has to keep.
    """
    new_roles = {role.slug: role for role in new.roles}
    bound = {role.slug: role for role in old.roles if role.bound_to or role.bindings}
    changed = [slug for slug, role in bound.items() if not _has_same_organisations(role, new_roles.get(slug))]
    if rule is BindingRule.REPLACE or not changed:
        return new
    dropped = [slug for slug in changed if slug not in new_roles]
    if rule is BindingRule.REFUSE or dropped:
        difference = {slug: "has no such role" if slug in dropped else "differs" for slug in changed}
        lines = [f"{_describe_organisations(bound[slug])}, and the file {difference[slug]}." for slug in changed]
        raise BindingsWouldChange("\n".join([*lines, BindingsWouldChange.fix.replace("`", "")]))
    roles = [
        replace(role, bound_to=bound[role.slug].bound_to, bindings=bound[role.slug].bindings)
        if role.slug in changed
        else role
        for role in new.roles
    ]
    kept = replace(new, roles=roles)
    check_plan(kept)
    return kept


def _has_same_organisations(role: Role, new_role: Role | None) -> bool:
    return new_role is not None and (role.bound_to, role.bindings) == (new_role.bound_to, new_role.bindings)


def _describe_organisations(role: Role) -> str:
    bindings = [f"{binding.organisation} from {binding.valid_from}" for binding in role.bindings]
    return f"{role.slug} is bound to {', then '.join(bindings) or role.bound_to}"
