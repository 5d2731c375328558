"""The returns that a plan expects: one for each duty and period, with deadlines."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from api.plan import calendar
from api.plan.bindings import apply_bindings
from api.plan.calendar import Deadlines
from api.plan.periods import list_owed_periods
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


class AcceptedDays(Struct, frozen=True, kw_only=True):
    """The first and the last day of the periods of a duty."""

    first: date
    last: date

    def contain(self, period: Period) -> bool:
        """Return True if the period lies wholly within these days."""
        return self.first <= period.start and period.end <= self.last


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
        accepted_days = find_accepted_days(duty, plan)
        for period in list_owed_periods(measure, plan.window):
            if accepted_days.contain(period):
                yield ExpectedReturn(
                    holder=duty.holder,
                    organisation=roles.get(duty.holder, None if duty.holder in classes else duty.holder),
                    measure=duty.measure,
                    series=duty.series,
                    service=duty.service,
                    period=period,
                    deadlines=calendar.compute_deadlines(period, plan.calendar),
                )


def find_accepted_days(duty: Duty, plan: Plan) -> AcceptedDays:
    """Return the days for which the server accepts returns of a duty, so that only these are expected.

    They lie in the programme's window and in the dates of the duty, of its organisation and of its series. A published
    series may have periods outside the window, because baselines and trends need them.
    """
    [measure] = [measure for measure in plan.measures if measure.slug == duty.measure]
    [series] = [series for series in measure.series if series.slug == duty.series]
    bound_to = {role.slug: role.bound_to for role in plan.roles}
    holder = bound_to.get(duty.holder, duty.holder)
    organisations = [organisation for organisation in plan.organisations if organisation.slug == holder]
    first_days = [duty.valid_from, *(organisation.valid_from for organisation in organisations)]
    last_days = [duty.valid_to, *(organisation.valid_to for organisation in organisations)]
    if series.collection is not Collection.PUBLISHED:
        first_days += [plan.window.start, series.valid_from]
        last_days.append(plan.window.end)
    return AcceptedDays(
        first=max((day for day in first_days if day), default=date.min),
        last=min((day for day in last_days if day), default=date.max),
    )


def find_due_periods(plan: Plan) -> dict[tuple[str, str], list[tuple[Period, Deadlines]]]:
    """Return the periods of each series that some organisation or role must return, by their end."""
    due: dict[tuple[str, str], dict[str, tuple[Period, Deadlines]]] = {}
    for expected in list_expected_returns(plan):
        periods = due.setdefault((expected.measure, expected.series), {})
        periods.setdefault(expected.period.code, (expected.period, expected.deadlines))
    return {key: sorted(periods.values(), key=lambda pair: pair[0].end) for key, periods in due.items()}


def list_first_returns(plan: Plan, role: str, organisation: str, day: date) -> list[ExpectedReturn]:
    """Return the first return for each duty of the role that the organisation owes from the day on."""
    keys = {(duty.measure, duty.series, duty.service) for duty in plan.duties if duty.holder == role}
    first: dict[tuple[str, str, str], ExpectedReturn] = {}
    for expected in list_expected_returns(plan):
        key = (expected.measure, expected.series, expected.service)
        if expected.organisation == organisation and key in keys and expected.period.end >= day:
            first.setdefault(key, expected)
    return list(first.values())
