"""The returns that a plan expects: one for each duty and period, with deadlines."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from api.plan import calendar
from api.plan.bindings import apply_bindings
from api.plan.calendar import Deadlines
from api.plan.periods import list_periods
from schema.measures import Collection
from schema.organisations import Duty
from schema.periods import Period
from schema.plan import Plan


class ExpectedReturn(Struct, frozen=True, kw_only=True):
    """One expected return. `organisation` is None while the duty has no named organisation."""

    holder: str
    organisation: str | None
    measure: str
    series: str
    service: str
    period: Period
    deadlines: Deadlines


def list_expected_returns(plan: Plan) -> Iterator[ExpectedReturn]:
    """Return the returns that partners owe within the programme's window, in the order of the duties.

    Leave out duties that are not required, and series from published statistics: a publisher sets its own dates.
    """
    plan = apply_bindings(plan)
    roles = {role.slug: role.bound_to for role in plan.roles}
    classes = {organisation.slug for organisation in plan.organisations if organisation.open_set}
    measures = {measure.slug: measure for measure in plan.measures}
    for duty in plan.duties:
        measure = measures[duty.measure]
        series = next(series for series in measure.series if series.slug == duty.series)
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
    """Return True if the period lies wholly within the dates of the duty."""
    return (duty.valid_from or date.min) <= period.start and period.end <= (duty.valid_to or date.max)


def list_first_returns(plan: Plan, role: str, organisation: str, day: date) -> list[ExpectedReturn]:
    """Return the first return for each duty of the role that the organisation owes from the day on."""
    keys = {(duty.measure, duty.series, duty.service) for duty in plan.duties if duty.holder == role}
    first: dict[tuple[str, str, str], ExpectedReturn] = {}
    for expected in list_expected_returns(plan):
        key = (expected.measure, expected.series, expected.service)
        if expected.organisation == organisation and key in keys and expected.period.end >= day:
            first.setdefault(key, expected)
    return list(first.values())
