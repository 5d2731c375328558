"""Tier 2: identify the duty and the period of each return."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from api.plan import calendar
from api.plan.calendar import Deadlines
from api.plan.catalogue import Catalogue, adapt_measure
from api.plan.obligations import find_accepted_days
from api.plan.periods import list_own_period_types, suggest_periods_of
from api.plan.suggestions import suggest_codes
from api.statistics import periods
from api.submissions.checks import content, published_figures
from api.submissions.checks.findings import Findings
from api.submissions.parsed import ParsedSubmission
from api.submissions.revisions import IdentifiedReturn, ReturnKey
from schema.measures import Cadence, Collection, Measure, MeasureKind
from schema.organisations import Duty
from schema.periods import Period
from schema.submissions import NewReturn

RETURNED_KINDS = {kind for kind in MeasureKind if kind not in (MeasureKind.GAP, MeasureKind.DERIVED)}


def identify_returns(
    parsed: ParsedSubmission,
    catalogue: Catalogue,
    organisation: str,
    extensions: Mapping[ReturnKey, datetime],
    *,
    now: datetime,
    findings: Findings,
) -> list[IdentifiedReturn]:
    """Return the returns that could be identified. `findings` explains why others could not."""
    returns: list[IdentifiedReturn] = []
    seen: set[ReturnKey] = set()
    sizes = np.bincount(parsed.cells.item, minlength=len(parsed.returns)).tolist()
    for index, given in enumerate(parsed.returns):
        path = f"/returns/{index}"
        duty, period = find_duty_and_period(given, catalogue, organisation, path=path, findings=findings)
        if duty is None or period is None:
            continue
        identified = _identify_return(given, duty, period, sizes[index], catalogue, extensions, path, now, findings)
        if identified.key in seen:
            name = " ".join(identified.key)
            findings.add("duplicate-return", f"The submission has another return for {name}.", path=path)
        seen.add(identified.key)
        returns.append(identified)
    return returns


def _identify_return(
    given: NewReturn,
    duty: Duty,
    period: Period,
    observation_count: int,
    catalogue: Catalogue,
    extensions: Mapping[ReturnKey, datetime],
    path: str,
    now: datetime,
    findings: Findings,
) -> IdentifiedReturn:
    """Check the period and the content of a return, and return it with its deadlines."""
    series = catalogue.get_series_of_duty(duty)
    measure = adapt_measure(catalogue.measures[duty.measure], series)
    extended_until = extensions.get((measure.slug, series.slug, duty.service, period.code))
    deadlines = _deadlines(period, catalogue, duty, extended_until)
    _check_period_is_open(period, deadlines, catalogue, duty, f"{path}/period", now, findings)
    today = calendar.to_london_date(now)
    return_content = content.check_content(
        given, measure, series, observation_count, path=path, today=today, findings=findings
    )
    if series.collection is Collection.PUBLISHED:
        published_figures.check_figures(given.figures, measure, catalogue, path=path, findings=findings)
    return IdentifiedReturn(
        submitted=given,
        measure=measure,
        series=series,
        duty=duty,
        period=period,
        deadlines=deadlines,
        content=return_content,
    )


def _deadlines(period: Period, catalogue: Catalogue, duty: Duty, extended_until: datetime | None) -> Deadlines | None:
    """Return the deadlines.

    A published series has none, because its publisher may correct old figures at any time, nor has a baseline's period
    before the programme, which nobody owes.
    """
    if catalogue.get_series_of_duty(duty).collection is Collection.PUBLISHED or is_before_programme(
        period, duty, catalogue
    ):
        return None
    return calendar.apply_extension(calendar.compute_deadlines(period, catalogue.plan.calendar), extended_until)


def find_duty_and_period(
    given: NewReturn, catalogue: Catalogue, organisation: str, *, path: str, findings: Findings
) -> tuple[Duty | None, Period | None]:
    """Return the duty and the period of a return. Each is None if `findings` has an error about it."""
    duties = _find_duties(given, catalogue, organisation, path, findings)
    period = _parse_period(given, catalogue, duties, path, findings)
    return _choose_duty(duties, period, catalogue), period


def _choose_duty(duties: Sequence[Duty], period: Period | None, catalogue: Catalogue) -> Duty | None:
    """Return the duty of the period, or the first if none has it: an organisation may have one, leave, and return."""
    if period is None or not duties[1:]:
        return duties[0] if duties else None
    return next((d for d in duties if find_accepted_days(d, catalogue.plan).contain(period)), duties[0])


def _find_duties(
    given: NewReturn, catalogue: Catalogue, organisation: str, path: str, findings: Findings
) -> list[Duty]:
    """Return the duties for the series and service, which differ in their days."""
    measure = catalogue.measures.get(given.measure)
    if measure is None:
        findings.add(
            "unknown-measure",
            f"{given.measure!r} is not a measure of this programme.",
            path=f"{path}/measure",
            actual=given.measure,
            fix=suggest_codes(given.measure, catalogue.measures),
        )
        return []
    known = [series.slug for series in measure.series]
    if given.series is not None and given.series not in known:
        findings.add(
            "unknown-series",
            f"{given.series!r} is not a series of {measure.slug}.",
            path=f"{path}/series",
            expected=" or ".join(known),
            actual=given.series,
        )
        return []
    all_duties = catalogue.duties_by_organisation.get((organisation, measure.slug), [])
    duties = [duty for duty in all_duties if given.series in (None, duty.series)]
    return _select_duties(given, measure, duties, path, findings)


def _select_duties(given: NewReturn, measure: Measure, duties: list[Duty], path: str, findings: Findings) -> list[Duty]:
    collections = {series.slug: series.collection for series in measure.series}
    counted = [duty for duty in duties if collections[duty.series] is Collection.PARTNERS]
    returned = [duty for duty in duties if collections[duty.series] is Collection.PUBLISHED] + counted
    possible = [collection for slug, collection in collections.items() if given.series in (None, slug)]
    if returned == counted and (measure.kind not in RETURNED_KINDS or Collection.PARTNERS not in possible):
        findings.add("not-submittable", f"{measure.slug} has no series that partners return.", path=f"{path}/measure")
        return []
    if len({duty.series for duty in returned}) > 1:
        findings.add(
            "series-required",
            f"You return more than one series of {measure.slug}.",
            path=f"{path}/series",
            expected=" or ".join(sorted({duty.series for duty in returned})),
        )
        return []
    if of_service := [duty for duty in returned if duty.service == given.service]:
        return of_service
    services = sorted({duty.service for duty in returned})
    findings.add(
        "no-duty",
        f"Your organisation has no duty to return {measure.slug} for the service {given.service!r}.",
        path=f"{path}/service" if services else f"{path}/measure",
        expected=" or ".join(services) or None,
        actual=given.service,
    )
    return []


def _parse_period(
    given: NewReturn, catalogue: Catalogue, duties: Sequence[Duty], path: str, findings: Findings
) -> Period | None:
    path = f"{path}/period"
    measure = _find_measure(duties[0], catalogue) if duties else None
    try:
        period = periods.parse(given.period)
    except periods.InvalidPeriodCode:
        findings.add(
            "unclear-period",
            f"{given.period!r} is not a period code.",
            path=path,
            actual=given.period,
            fix=suggest_periods_of(given.period, measure.cadence if measure else None),
        )
        return None
    if measure is None:
        return None
    cadence, own_types = measure.cadence, list_own_period_types(measure)
    equivalent = _equivalent_period(period, cadence)
    if equivalent != period and period.type not in own_types:
        findings.add(
            "wrong-period-type",
            f"{measure.slug} needs a period of the type {cadence.period_type}, but {period.code} is not one.",
            path=path,
            expected=" or ".join([cadence.period_type, *own_types]),
            actual=period.type,
            fix=f"The code for the same days is {equivalent.code}."
            if equivalent
            else suggest_periods_of(period.code, cadence),
        )
        return None
    return period


def _find_measure(duty: Duty, catalogue: Catalogue) -> Measure:
    return adapt_measure(catalogue.measures[duty.measure], catalogue.get_series_of_duty(duty))


def _equivalent_period(period: Period, cadence: Cadence) -> Period | None:
    """Return the period of the cadence's type with the same days, if there is one."""
    try:
        equivalent = periods.build_period(cadence.period_type, period.start, months=cadence.months)
    except (ValueError, periods.InvalidPeriodCode):
        return None
    return equivalent if periods.is_same_span(equivalent, period) else None


def _check_period_is_open(
    period: Period,
    deadlines: Deadlines | None,
    catalogue: Catalogue,
    duty: Duty,
    path: str,
    now: datetime,
    findings: Findings,
) -> None:
    if not check_period_in_programme(period, duty, catalogue, path=path, findings=findings):
        return
    if period.end >= calendar.to_london_date(now):
        findings.add(
            "period-not-over",
            f"{period.code} ends on {period.end}.",
            path=path,
            fix=f"Send it from the day after {period.end}.",
        )
    elif deadlines is not None and deadlines.closes_at is not None and now >= deadlines.closes_at:
        findings.add("period-closed", f"{period.code} closed at {deadlines.closes_at.isoformat()}.", path=path)


def is_before_programme(period: Period, duty: Duty, catalogue: Catalogue) -> bool:
    """Return True if the period begins before the programme and belongs to the baseline of the measure."""
    baseline = catalogue.measures[duty.measure].baseline
    if baseline is None or period.start >= catalogue.plan.window.start:
        return False
    return periods.contains(periods.parse(baseline.period), period)


def check_period_in_programme(
    period: Period, duty: Duty, catalogue: Catalogue, *, path: str, findings: Findings
) -> bool:
    """Return True if the server accepts returns of the duty for the period: also for one of the measure's baseline."""
    if is_before_programme(period, duty, catalogue):
        return True
    accepted_days = find_accepted_days(duty, catalogue.plan)
    if accepted_days.contain(period):
        return True
    first, last = accepted_days.first, accepted_days.last
    findings.add(
        "period-outside-programme",
        f"{period.code} is not between {first} and {last}.",
        path=path,
        expected=f"{first} to {last}",
        actual=f"{period.start} to {period.end}",
    )
    return False
