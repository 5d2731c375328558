"""Where each expected return is: computed from three instants, what was granted, and what came."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.http.refusals import Invalid, InvalidParameter
from api.plan import calendar
from api.plan.calendar import Deadlines
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.plan.obligations import is_owed
from api.plan.periods import parse_period
from api.plan.suggestions import suggest_codes
from api.reviews import rules
from api.reviews.acts import CallerRights, ObligationDetails
from api.reviews.concessions import ObligationKey
from api.statistics import periods
from api.submissions.required_cells import required_cells
from schema.measures import Cadence, Collection
from schema.periods import Period
from schema.plan import Window
from schema.reviews import Exemption, Extension, NewExemption, NewExtension, Obligation, ObligationState
from schema.submissions import ReturnKind, ReviewState

MAX_EXTENSION = timedelta(days=731)


class NotExpected(Invalid):
    """The plan does not have the organisation make this return."""

    example = "An extension for `FY2025-26`, where the measure is returned for each quarter."
    fix = "Compare organisation, series, service and period with `GET …/obligations` and the plan's duties."


class InvalidExtensionDate(Invalid):
    """An extension ends in the future, and within two years."""

    example = '{"until": "2025-01-31T00:00:00Z"}\n\nSent in January 2026: the year is last year\'s.'
    fix = "Send the first instant that is too late, such as `2026-02-01T00:00:00Z`."


def find_obligation_state(details: ObligationDetails, *, now: datetime) -> ObligationState:
    """A return that came is where its review is, exempt or not; one that is withdrawn or redacted did not come."""
    newest = details.newest_revision
    if newest is not None and newest.state is ReviewState.QUERIED:
        return ObligationState.QUERIED
    if (stands := details.effective_revision) is not None:
        return ObligationState.APPROVED if stands.state is ReviewState.APPROVED else ObligationState.PENDING
    if details.exemption_reason is not None:
        return ObligationState.EXEMPT
    if details.period.end >= calendar.to_london_date(now):
        return ObligationState.NOT_DUE
    if not is_open(details.period, details.extended_deadlines, now=now):
        return ObligationState.CLOSED
    return ObligationState.OPEN if now < details.extended_deadlines.due else ObligationState.OVERDUE


def is_open(period: Period, deadlines: Deadlines, *, now: datetime) -> bool:
    """Whether a return for the period would be taken now: it is over, and not closed."""
    return period.end < calendar.to_london_date(now) and (deadlines.closes_at is None or now < deadlines.closes_at)


def build_obligation(
    details: ObligationDetails,
    rights: CallerRights,
    catalogue: Catalogue,
    present_cells: Mapping[int, int],
    *,
    now: datetime,
) -> Obligation:
    """`present`: how many of the cells asked for there are, by the database's number of the revision."""
    return Obligation(
        holder=details.holder,
        organisation=details.organisation,
        measure=details.measure,
        series=details.series,
        service=details.service,
        period=details.period,
        state=find_obligation_state(details, now=now),
        due_at=details.extended_deadlines.due,
        late_from=details.extended_deadlines.timely_until,
        closes_at=details.extended_deadlines.closes_at,
        extension=details.extension,
        revision=None if details.newest_revision is None else details.newest_revision.number,
        approved_revision=details.approved_number,
        missing_cells=_count_missing_cells(details, catalogue, present_cells),
        query=details.query,
        reason=details.exemption_reason,
        actions=[]
        if details.organisation is None
        else rules.list_actions(
            rights,
            details.organisation,
            details.newest_revision,
            is_open=is_open(details.period, details.extended_deadlines, now=now),
            proposed_by=details.proposed_by,
        ),
    )


def is_expected_to_have_cells(details: ObligationDetails, catalogue: Catalogue) -> bool:
    """Whether the newest revision is one that could lack cells."""
    stands = details.effective_revision
    measure = catalogue.measures[details.measure]
    return stands is not None and stands.kind is ReturnKind.DATA and not (measure.stages or measure.domains)


def list_owed_cells(
    page: Sequence[ObligationDetails], catalogue: Catalogue
) -> tuple[dict[int, tuple[str, str]], dict[tuple[str, str], tuple[tuple[str, str], ...]]]:
    """Measure and duty's area of each revision that could lack cells, and the cells that those ask for."""
    revisions = {
        one.revision_id: (one.measure, find_duty_area(one, catalogue))
        for one in page
        if one.revision_id is not None and is_expected_to_have_cells(one, catalogue)
    }
    return revisions, {duty: required_cells(catalogue, *duty) for duty in set(revisions.values())}


def _count_missing_cells(
    details: ObligationDetails, catalogue: Catalogue, present_cells: Mapping[int, int]
) -> int | None:
    if details.effective_revision is None:
        return None
    if not is_expected_to_have_cells(details, catalogue):
        return 0
    return len(required_cells(catalogue, details.measure, find_duty_area(details, catalogue))) - present_cells.get(
        details.revision_id or 0, 0
    )


def find_duty_area(details: ObligationDetails, catalogue: Catalogue) -> str:
    """The area of the duty."""
    for duty in catalogue.plan.duties:
        if (duty.holder, duty.measure, duty.series, duty.service) == (
            details.holder,
            details.measure,
            details.series,
            details.service,
        ) and is_owed(duty, details.period):
            return duty.area
    return catalogue.plan.area


def resolve_obligation_key(given: NewExtension | NewExemption, catalogue: Catalogue) -> ObligationKey:
    """The return that a decision is about. Raises UnknownCode, NotFound, UnclearPeriod, NotExpected."""
    check_code("an organisation", given.organisation, catalogue.ids.organisations)
    measure = catalogue.get_measure(given.measure)
    check_code(f"a series of {measure.slug}", given.series, (one.slug for one in measure.series))
    period = parse_period(given.period)
    collected = {one.slug: one.collection for one in measure.series}
    duties = [
        duty
        for duty in catalogue.plan.duties
        if (duty.measure, duty.series) == (measure.slug, given.series)
        and catalogue.resolve_holder(duty) == given.organisation
        and collected[duty.series] is Collection.PARTNERS
    ]
    if not any(duty.service == given.service for duty in duties):
        services = {duty.service for duty in duties}
        hint = suggest_codes(given.service, services) or f"Its services are: {', '.join(sorted(services)) or 'none'}."
        raise NotExpected(f"{given.organisation} does not return {measure.slug} for {given.service!r}. {hint}")
    admitted = any(duty.service == given.service and is_owed(duty, period) for duty in duties)
    if not (admitted and _is_cadence_period(period, measure.cadence, catalogue.plan.window)):
        raise NotExpected(f"{period.code} is not a period for which {given.organisation} returns {measure.slug}.")
    return (given.organisation, measure.slug, given.series, given.service, period.code)


def _is_cadence_period(period: Period, cadence: Cadence, window: Window) -> bool:
    """Whether it is one of the cadence's periods, and lies within the programme."""
    try:
        meant = periods.build_period(cadence.period_type, period.start, months=cadence.months)
    except (ValueError, periods.InvalidPeriodCode):
        return False
    return meant == period and window.start <= period.start and period.end <= window.end


def name_key_parts(key: ObligationKey) -> dict[str, str]:
    return dict(zip(("organisation", "measure", "series", "service", "period"), key, strict=True))


def build_extension(extension_id: UUID, key: ObligationKey, given: NewExtension, *, now: datetime) -> Extension:
    return Extension(id=extension_id, **name_key_parts(key), until=given.until, reason=given.reason, granted_at=now)


def build_exemption(exemption_id: UUID, key: ObligationKey, given: NewExemption, *, now: datetime) -> Exemption:
    return Exemption(id=exemption_id, **name_key_parts(key), exempt=given.exempt, reason=given.reason, decided_at=now)


def check_extension_date(until: datetime, *, now: datetime) -> None:
    """Raises UnfitUntil."""
    if not now < until <= now + MAX_EXTENSION:
        raise InvalidExtensionDate(f"{until.isoformat()} is not within the two years from now.")


def to_utc(name: str, instant: datetime | None) -> datetime | None:
    """Raises BadParameter for one without an offset, or that no calendar in UTC has."""
    if instant is not None and instant.tzinfo is None:
        raise InvalidParameter(f"{name} says no offset: send an instant such as 2026-02-01T00:00:00Z.")
    try:
        return None if instant is None else instant.astimezone(UTC)
    except OverflowError as error:
        raise InvalidParameter(f"The value of {name} lies beyond the calendar.") from error
