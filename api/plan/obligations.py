"""The returns that a plan expects: its duties times its calendar, one by one."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from api.plan import calendar
from api.plan.calendar import Deadlines
from api.plan.periods import list_periods
from schema.measures import Collection
from schema.organisations import Duty
from schema.periods import Period
from schema.plan import Plan


class ExpectedReturn(Struct, frozen=True, kw_only=True):
    """One expected return, whoever is to make it."""

    holder: str
    organisation: str | None
    measure: str
    series: str
    service: str
    period: Period
    deadlines: Deadlines


def list_expected_returns(plan: Plan) -> Iterator[ExpectedReturn]:
    """Every return that partners owe over the programme's window, in the order of the duties.

    A duty that the plan only admits is never missing, so it is not expected. Nor is what is loaded from published
    statistics, which come when their publisher pleases.
    """
    roles = {role.slug: role.bound_to for role in plan.roles}
    classes = {organisation.slug for organisation in plan.organisations if organisation.open_set}
    measures = {measure.slug: measure for measure in plan.measures}
    for duty in plan.duties:
        measure = measures[duty.measure]
        series = next(one for one in measure.series if one.slug == duty.series)
        if not duty.required or series.collection is not Collection.PARTNERS:
            continue
        cadence = measure.cadence
        for period in list_periods(plan.window, cadence.period_type, months=cadence.months):
            if is_owed(duty, period):
                yield ExpectedReturn(
                    holder=duty.holder,
                    organisation=roles.get(duty.holder, None if duty.holder in classes else duty.holder),
                    measure=duty.measure,
                    series=duty.series,
                    service=duty.service,
                    period=period,
                    deadlines=calendar.compute_deadlines(period, plan.calendar),
                )


def is_owed(duty: Duty, period: Period) -> bool:
    """Whether the period lies wholly within the duty's own dates."""
    return (duty.valid_from or date.min) <= period.start and period.end <= (duty.valid_to or date.max)
