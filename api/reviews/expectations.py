"""Where each expected return is: computed from three instants, what was granted, and what came."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.http.refusals import BadParameter, Invalid
from api.plan import calendar
from api.plan.calendar import Deadlines
from api.plan.catalogue import Catalogue, suggestion
from api.plan.obligations import owed
from api.plan.rules import known, parsed_period
from api.reviews import rules
from api.reviews.acts import Expectation, Viewer
from api.reviews.concessions import OwedKey
from api.statistics import periods
from api.submissions import template
from schema.periods import Period
from schema.plan import Cadence, Collection, Window
from schema.reviews import Exemption, Extension, NewExemption, NewExtension, Obligation, ObligationState
from schema.submissions import ReturnKind, ReviewState

LONGEST_EXTENSION = timedelta(days=731)


class NotExpected(Invalid):
    """The plan does not have the organisation make this return."""

    example = "An extension for `FY2025-26`, where the measure is returned for each quarter."
    mend = "Compare organisation, series, service and period with `GET …/obligations` and the plan's duties."


class UnfitUntil(Invalid):
    """An extension ends in the future, and within two years."""

    example = '{"until": "2025-01-31T00:00:00Z"}\n\nSent in January 2026: the year is last year\'s.'
    mend = "Send the first instant that is too late, such as `2026-02-01T00:00:00Z`."


def state(one: Expectation, *, now: datetime) -> ObligationState:
    """A return that came is where its review is, exempt or not; one that is withdrawn or redacted did not come."""
    newest = one.newest
    if newest is not None and newest.state is ReviewState.QUERIED:
        return ObligationState.QUERIED
    if (stands := one.stands) is not None:
        return ObligationState.APPROVED if stands.state is ReviewState.APPROVED else ObligationState.PENDING
    if one.exempt is not None:
        return ObligationState.EXEMPT
    if one.period.end >= calendar.today(now):
        return ObligationState.NOT_DUE
    if not is_open(one.period, one.limits, now=now):
        return ObligationState.CLOSED
    return ObligationState.OPEN if now < one.limits.due else ObligationState.OVERDUE


def is_open(period: Period, limits: Deadlines, *, now: datetime) -> bool:
    """Whether a return for the period would be taken now: it is over, and not closed."""
    return period.end < calendar.today(now) and (limits.closes_at is None or now < limits.closes_at)


def obligation(
    one: Expectation, by: Viewer, catalogue: Catalogue, present: Mapping[int, int], *, now: datetime
) -> Obligation:
    """`present`: how many of the cells asked for there are, by the database's number of the revision."""
    return Obligation(
        holder=one.holder,
        organisation=one.organisation,
        measure=one.measure,
        series=one.series,
        service=one.service,
        period=one.period,
        state=state(one, now=now),
        due=one.limits.due,
        timely_until=one.limits.timely_until,
        closes_at=one.limits.closes_at,
        extension=one.extension,
        revision=None if one.newest is None else one.newest.number,
        approved_revision=one.approved,
        missing_cells=_missing(one, catalogue, present),
        query=one.query,
        reason=one.exempt,
        actions=[]
        if one.organisation is None
        else rules.actions(
            by,
            one.organisation,
            one.newest,
            open_=is_open(one.period, one.limits, now=now),
            proposed_by=one.proposed_by,
        ),
    )


def has_cells(one: Expectation, catalogue: Catalogue) -> bool:
    """Whether the newest revision is one that could lack cells."""
    stands = one.stands
    measure = catalogue.measures[one.measure]
    return stands is not None and stands.kind is ReturnKind.DATA and not (measure.stages or measure.domains)


def cells_owed(
    page: Sequence[Expectation], catalogue: Catalogue
) -> tuple[dict[int, tuple[str, str]], dict[tuple[str, str], tuple[tuple[str, str], ...]]]:
    """Measure and duty's area of each revision that could lack cells, and the cells that those ask for."""
    revisions = {
        one.revision_id: (one.measure, area(one, catalogue))
        for one in page
        if one.revision_id is not None and has_cells(one, catalogue)
    }
    return revisions, {duty: template.owed(catalogue, *duty) for duty in set(revisions.values())}


def _missing(one: Expectation, catalogue: Catalogue, present: Mapping[int, int]) -> int | None:
    if one.stands is None:
        return None
    if not has_cells(one, catalogue):
        return 0
    return len(template.owed(catalogue, one.measure, area(one, catalogue))) - present.get(one.revision_id or 0, 0)


def area(one: Expectation, catalogue: Catalogue) -> str:
    """The area of the duty."""
    for duty in catalogue.plan.duties:
        if (duty.holder, duty.measure, duty.series, duty.service) == (
            one.holder,
            one.measure,
            one.series,
            one.service,
        ) and owed(duty, one.period):
            return duty.area
    return catalogue.plan.area


def key(given: NewExtension | NewExemption, catalogue: Catalogue) -> OwedKey:
    """The return that a decision is about. Raises UnknownCode, NotFound, UnclearPeriod, NotExpected."""
    known("an organisation", given.organisation, catalogue.ids.organisations)
    measure = catalogue.measure(given.measure)
    known(f"a series of {measure.slug}", given.series, (one.slug for one in measure.series))
    period = parsed_period(given.period)
    collected = {one.slug: one.collection for one in measure.series}
    duties = [
        duty
        for duty in catalogue.plan.duties
        if (duty.measure, duty.series) == (measure.slug, given.series)
        and catalogue.holder(duty) == given.organisation
        and collected[duty.series] is Collection.PARTNERS
    ]
    if not any(duty.service == given.service for duty in duties):
        services = {duty.service for duty in duties}
        hint = suggestion(given.service, services) or f"Its services are: {', '.join(sorted(services)) or 'none'}."
        raise NotExpected(f"{given.organisation} does not return {measure.slug} for {given.service!r}. {hint}")
    admitted = any(duty.service == given.service and owed(duty, period) for duty in duties)
    if not (admitted and _fits(period, measure.cadence, catalogue.plan.window)):
        raise NotExpected(f"{period.code} is not a period for which {given.organisation} returns {measure.slug}.")
    return (given.organisation, measure.slug, given.series, given.service, period.code)


def _fits(period: Period, cadence: Cadence, window: Window) -> bool:
    """Whether it is one of the cadence's periods, and lies within the programme."""
    try:
        meant = periods.of(cadence.period_type, period.start, months=cadence.months)
    except (ValueError, periods.NotAPeriod):
        return False
    return meant == period and window.start <= period.start and period.end <= window.end


def named(key: OwedKey) -> dict[str, str]:
    return dict(zip(("organisation", "measure", "series", "service", "period"), key, strict=True))


def extension(number: UUID, key: OwedKey, given: NewExtension, *, now: datetime) -> Extension:
    return Extension(id=number, **named(key), until=given.until, reason=given.reason, granted_at=now)


def exemption(number: UUID, key: OwedKey, given: NewExemption, *, now: datetime) -> Exemption:
    return Exemption(id=number, **named(key), exempt=given.exempt, reason=given.reason, decided_at=now)


def check_until(until: datetime, *, now: datetime) -> None:
    """Raises UnfitUntil."""
    if not now < until <= now + LONGEST_EXTENSION:
        raise UnfitUntil(f"{until.isoformat()} is not within the two years from now.")


def utc(name: str, instant: datetime | None) -> datetime | None:
    """Raises BadParameter for one without an offset, or that no calendar in UTC has."""
    if instant is not None and instant.tzinfo is None:
        raise BadParameter(f"{name} says no offset: send an instant such as 2026-02-01T00:00:00Z.")
    try:
        return None if instant is None else instant.astimezone(UTC)
    except OverflowError as error:
        raise BadParameter(f"The value of {name} lies beyond the calendar.") from error
