"""The state of each obligation, and what reviewers may grant for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from api.http.refusals import Invalid
from api.plan import calendar
from api.plan.calendar import Deadlines
from api.plan.catalogue import Catalogue
from api.plan.filters import check_code
from api.plan.obligations import find_accepted_days
from api.plan.periods import parse_period
from api.plan.suggestions import suggest_codes
from api.reviews import rules
from api.reviews.concessions import ObligationKey
from api.reviews.structs import CallerRights, ObligationDetails
from api.statistics import periods
from api.submissions.cell_columns import Cells
from api.submissions.packed_cells import NO_CELLS
from api.submissions.required_cells import count_required_cells, required_cells
from schema.measures import Collection, Measure
from schema.periods import Period, PeriodType
from schema.plan import Window
from schema.reviews import Exemption, Extension, NewExemption, NewExtension, Obligation, ObligationState
from schema.submissions import ReturnKind, ReviewState

MAX_EXTENSION = timedelta(days=731)
DutyArea = tuple[str, str]  # a measure, and the area for which a duty asks it


class NotExpected(Invalid):
    """The plan does not expect this return from the organisation."""

    example = "An extension for `FY2025-26`, although the measure is returned for each quarter."
    fix = "Compare organisation, series, service and period with `GET …/obligations` and the plan's duties."


class InvalidExtensionDate(Invalid):
    """An extension must end in the future, and within two years."""

    example = '{"until": "2025-01-31T00:00:00Z"}\n\nSent in January 2026: the year is last year\'s.'
    fix = "Send the first instant that is too late, such as `2026-02-01T00:00:00Z`."


def find_obligation_state(details: ObligationDetails, *, now: datetime) -> ObligationState:
    """Return the state of an obligation.

    Once a return has come, its review state decides, even if it is exempt. A withdrawn or redacted return counts as
    not sent.
    """
    newest = details.newest_revision
    if newest is not None and newest.state is ReviewState.QUERIED:
        return ObligationState.QUERIED
    if (effective := details.effective_revision) is not None:
        return ObligationState.APPROVED if effective.state is ReviewState.APPROVED else ObligationState.PENDING
    if details.exemption_reason is not None:
        return ObligationState.EXEMPT
    if details.period.end >= calendar.to_london_date(now):
        return ObligationState.NOT_DUE
    if not is_open(details.period, details.extended_deadlines, now=now):
        return ObligationState.CLOSED
    return ObligationState.OPEN if now < details.extended_deadlines.due else ObligationState.OVERDUE


def is_open(period: Period, deadlines: Deadlines, *, now: datetime) -> bool:
    """Return True if the server would accept a return for the period now: it is over and not closed."""
    return period.end < calendar.to_london_date(now) and (deadlines.closes_at is None or now < deadlines.closes_at)


def build_obligation(
    details: ObligationDetails,
    rights: CallerRights,
    catalogue: Catalogue,
    present_cells: Mapping[int, int],
    *,
    now: datetime,
) -> Obligation:
    """Return the obligation as the caller reads it.

    `present_cells` counts the owed cells that each revision has, by the database's id of the revision.
    """
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
    """Return True if the newest revision is of a kind that can lack cells."""
    revision = details.effective_revision
    measure = catalogue.measures[details.measure]
    return revision is not None and revision.kind is ReturnKind.DATA and not (measure.stages or measure.domains)


def find_duty_areas(page: Sequence[ObligationDetails], catalogue: Catalogue) -> dict[int, DutyArea]:
    """Return the measure and the duty's area of each revision that can lack cells."""
    return {
        details.revision_id: (details.measure, find_duty_area(details, catalogue))
        for details in page
        if details.revision_id is not None and is_expected_to_have_cells(details, catalogue)
    }


def count_present_cells(cells: Cells, duty_areas: Mapping[int, DutyArea], catalogue: Catalogue) -> dict[int, int]:
    """Return how many of the owed cells each revision has. The `item` of a cell is the id of its revision."""
    cells_by_revision = cells.split_by_item()
    return {
        number: count_required_cells(cells_by_revision.get(number, NO_CELLS).cell_id, *duty_area, catalogue)
        for number, duty_area in duty_areas.items()
    }


def _count_missing_cells(
    details: ObligationDetails, catalogue: Catalogue, present_cells: Mapping[int, int]
) -> int | None:
    if details.effective_revision is None:
        return None
    if not is_expected_to_have_cells(details, catalogue):
        return 0
    owed = required_cells(catalogue, details.measure, find_duty_area(details, catalogue))
    return len(owed) - present_cells.get(details.revision_id or 0, 0)


def find_duty_area(details: ObligationDetails, catalogue: Catalogue) -> str:
    """Return the area of the duty, or the programme's area if the plan no longer has the duty."""
    key = (details.holder, details.measure, details.series, details.service)
    for duty in catalogue.plan.duties:
        is_duty = (duty.holder, duty.measure, duty.series, duty.service) == key
        if is_duty and find_accepted_days(duty, catalogue.plan).contain(details.period):
            return duty.area
    return catalogue.plan.area


def resolve_obligation_key(decision: NewExtension | NewExemption, catalogue: Catalogue) -> ObligationKey:
    """Return the key of the obligation that a decision is about.

    Raises UnknownCode, NotFound, UnclearPeriod, NotExpected.
    """
    check_code("an organisation", decision.organisation, catalogue.ids.organisations)
    measure = catalogue.get_measure(decision.measure)
    check_code(f"a series of {measure.slug}", decision.series, (series.slug for series in measure.series))
    period = parse_period(decision.period)
    collections = {series.slug: series.collection for series in measure.series}
    duties = [
        duty
        for duty in catalogue.plan.duties
        if (duty.measure, duty.series) == (measure.slug, decision.series)
        and catalogue.resolve_holder(duty) == decision.organisation
        and collections[duty.series] is Collection.PARTNERS
    ]
    if not any(duty.service == decision.service for duty in duties):
        services = {duty.service for duty in duties}
        hint = suggest_codes(decision.service, services)
        hint = hint or f"Its services are: {', '.join(sorted(services)) or 'none'}."
        raise NotExpected(f"{decision.organisation} does not return {measure.slug} for {decision.service!r}. {hint}")
    is_in_duty = any(
        duty.service == decision.service and find_accepted_days(duty, catalogue.plan).contain(period) for duty in duties
    )
    if not (is_in_duty and _is_owed(period, measure, catalogue.plan.window)):
        raise NotExpected(f"{period.code} is not a period for which {decision.organisation} returns {measure.slug}.")
    return (decision.organisation, measure.slug, decision.series, decision.service, period.code)


def _is_owed(period: Period, measure: Measure, window: Window) -> bool:
    """Return True if the measure is owed for this period and the programme's window contains it."""
    owed_types = [measure.cadence.period_type, *(longer.period_type for longer in measure.longer_returns)]
    if period.type not in owed_types or not (window.start <= period.start and period.end <= window.end):
        return False
    return period.type is not PeriodType.MONTHS_ENDING or periods.count_months(period) == measure.cadence.months


def name_key_parts(key: ObligationKey) -> dict[str, str]:
    return dict(zip(("organisation", "measure", "series", "service", "period"), key, strict=True))


def build_extension(extension_id: UUID, key: ObligationKey, decision: NewExtension, *, now: datetime) -> Extension:
    return Extension(
        id=extension_id, **name_key_parts(key), until=decision.until, reason=decision.reason, granted_at=now
    )


def build_exemption(exemption_id: UUID, key: ObligationKey, decision: NewExemption, *, now: datetime) -> Exemption:
    return Exemption(
        id=exemption_id, **name_key_parts(key), exempt=decision.exempt, reason=decision.reason, decided_at=now
    )


def check_extension_date(until: datetime, *, now: datetime) -> None:
    """Raise InvalidExtensionDate unless the extension ends in the future and within two years."""
    if not now < until <= now + MAX_EXTENSION:
        raise InvalidExtensionDate(f"{until.isoformat()} is not within the next two years.")
