"""Divide the duties of roles by the organisations that play them, one after another."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from api.plan.periods import list_periods
from schema.measures import Cadence
from schema.organisations import Binding, Duty
from schema.plan import Plan


def apply_bindings(plan: Plan) -> Plan:
    """Return the plan with the duties of bound roles divided by the days of the bindings.

    A period belongs to the organisation that is bound on its last day. The periods that end before the first binding
    stay with the role.
    """
    bindings = {role.slug: role.bindings for role in plan.roles if role.bindings}
    cadences = {measure.slug: measure.cadence for measure in plan.measures}
    duties: list[Duty] = []
    for duty in plan.duties:
        if duty.holder in bindings and duty.measure in cadences:
            first_days = [_find_first_day(plan, cadences[duty.measure], b.valid_from) for b in bindings[duty.holder]]
            duties += _divide_duty(duty, bindings[duty.holder], first_days)
        else:
            duties.append(duty)
    return replace(plan, duties=duties)


def _find_first_day(plan: Plan, cadence: Cadence, day: date) -> date:
    """Return the first day of the first period that ends on the day or later. Without one, return the day."""
    periods = list_periods(plan.window, cadence.period_type, months=cadence.months)
    return next((period.start for period in periods if period.end >= day), day)


def _divide_duty(duty: Duty, bindings: Sequence[Binding], first_days: Sequence[date]) -> Iterator[Duty]:
    """Return the part of the role until the day before the first binding, then a part for each binding."""
    holders = [duty.holder, *(binding.organisation for binding in bindings)]
    starts = [duty.valid_from or date.min, *first_days]
    ends = [*(binding.valid_from - timedelta(days=1) for binding in bindings), date.max]
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
