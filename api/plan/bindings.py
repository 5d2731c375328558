"""Divide the duties of roles by the organisations that play them, one after another."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import zip_longest

from msgspec.structs import replace

from api.plan.periods import list_periods
from schema.measures import Cadence
from schema.organisations import Duty, Role
from schema.plan import Plan

Change = tuple[str, date]
"""A holder, and the day from which on it has the duties of a role."""


def apply_bindings(plan: Plan) -> Plan:
    """Return the plan with the duties of bound roles divided by the days of the bindings.

    A period belongs to the organisation that is bound on its last day. The periods that end while none is bound stay
    with the role.
    """
    changes = {role.slug: [*_list_changes(role)] for role in plan.roles if role.bindings}
    cadences = {measure.slug: measure.cadence for measure in plan.measures}
    duties: list[Duty] = []
    for duty in plan.duties:
        if duty.holder in changes and duty.measure in cadences:
            first_days = [_find_first_day(plan, cadences[duty.measure], day) for _, day in changes[duty.holder]]
            duties += _divide_duty(duty, changes[duty.holder], first_days)
        else:
            duties.append(duty)
    return replace(plan, duties=duties)


def _find_first_day(plan: Plan, cadence: Cadence, day: date) -> date:
    """Return the first day of the first period that ends on the day or later. Without one, return the day."""
    periods = list_periods(plan.window, cadence.period_type, months=cadence.months)
    return next((period.start for period in periods if period.end >= day), day)


def _list_changes(role: Role) -> Iterator[Change]:
    """Return who has the duties from which day on: each bound organisation, and the role while none is bound."""
    for binding, following in zip_longest(role.bindings, role.bindings[1:]):
        yield binding.organisation, binding.valid_from
        free_from = binding.valid_to and binding.valid_to + timedelta(days=1)
        if free_from and (following is None or free_from < following.valid_from):
            yield role.slug, free_from


def _divide_duty(duty: Duty, changes: Sequence[Change], first_days: Sequence[date]) -> Iterator[Duty]:
    """Return the part of the role until the day before the first change, then a part for each change."""
    holders = [duty.holder, *(holder for holder, _ in changes)]
    starts = [duty.valid_from or date.min, *first_days]
    ends = [*(day - timedelta(days=1) for _, day in changes), date.max]
    for holder, first_day, last_day in zip(holders, starts, ends, strict=True):
        start = max(first_day, duty.valid_from or date.min)
        end = min(last_day, duty.valid_to or date.max)
        if start <= end:
            yield replace(
                duty,
                holder=holder,
                valid_from=None if start == date.min else start,
                valid_to=None if end == date.max else end,
            )
