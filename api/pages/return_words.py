"""The names and words of returns on pages."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from api.pages.wording import describe_status
from api.plan.calendar import LONDON
from api.plan.catalogue import Catalogue
from api.spelling.figure_words import format_number, format_value
from api.submissions.effects import unit_multiplier
from schema.measures import RATIO_KINDS, Measure
from schema.returns import EventKind
from schema.reviews import Obligation, ObligationState
from schema.submissions import Observation, ReviewState

STATE_WORDS: Mapping[str, str] = {
    ObligationState.NOT_DUE: "not due",
    ObligationState.OPEN: "due",
    ObligationState.OVERDUE: "overdue",
    ObligationState.CLOSED: "closed",
    ObligationState.PENDING: "pending",
    ObligationState.QUERIED: "queried",
    ObligationState.APPROVED: "approved",
    ObligationState.EXEMPT: "exempt",
    ReviewState.SUPERSEDED: "superseded",
    ReviewState.REDACTED: "redacted",
    "late": "late",
}
EVENT_WORDS = {
    EventKind.RECORDED: "sent",
    EventKind.SUPERSEDED: "superseded",
    EventKind.APPROVED: "approved",
    EventKind.QUERIED: "queried",
    EventKind.REOPENED: "reopened",
    EventKind.COMMENTED: "commented on",
    EventKind.CLEARED: "cleared for release",
    EventKind.REDACTION_PROPOSED: "proposed for redaction",
    EventKind.REDACTED: "redacted",
}


def find_shown_state(obligation: Obligation, *, now: datetime) -> str:
    """Return the state of an obligation. One that is overdue is late from the instant that the plan calls late."""
    if obligation.state is ObligationState.OVERDUE and now >= obligation.late_from:
        return "late"
    return obligation.state


def name_holder(holder: str, catalogue: Catalogue) -> str:
    """Return the name of an organisation, or the title of a role without one."""
    names = {role.slug: role.title for role in catalogue.plan.roles}
    return (names | {one.slug: one.name for one in catalogue.plan.organisations}).get(holder, holder)


def name_measures(slugs: Iterable[str], catalogue: Catalogue) -> str:
    """Return the names of measures. One that the plan does not have any more keeps its code."""
    known = catalogue.measures
    return ", ".join(known[slug].label if slug in known else slug for slug in slugs)


def name_series(measure: Measure, series: str, service: str, catalogue: Catalogue) -> str:
    """Return the measure's name, with series and service where they are not the usual ones."""
    title = next(one for one in measure.series if one.slug == series)
    parts = (
        [measure.label]
        + ([] if title.headline else [title.title])
        + ([] if service == "main" else [_name_service(service, catalogue)])
    )
    return ", ".join(parts)


def _name_service(service: str, catalogue: Catalogue) -> str:
    """Return the label of the category with the service's code, otherwise the words of the code."""
    categories = (one for dimension in catalogue.plan.dimensions for one in dimension.categories)
    return next((one.label for one in categories if one.code == service), service.replace("-", " "))


def name_cell(area: str, breakdown: Mapping[str, str], catalogue: Catalogue) -> str:
    """Return the name of an area, with the labels of the categories: `Bilborough, female`."""
    known = catalogue.areas.get(area)
    names = [area if known is None else known.name]
    for dimension, category in breakdown.items():
        labels = {one.code: one.label for one in catalogue.dimensions[dimension].categories}
        names.append(labels[category])
    return ", ".join(names)


def describe_instant(instant: datetime) -> str:
    """Return day and time in London: `3 May 2026, 09:30`."""
    local = instant.astimezone(LONDON)
    return f"{local.day} {local:%B %Y, %H:%M}"


def read_number(observation: Observation, measure: Measure) -> float | None:
    """Return the number of a cell, in the measure's unit for a ratio, or None if it is not exactly known."""
    if measure.kind in RATIO_KINDS:
        if observation.numerator is None or not observation.denominator:
            return None
        return observation.numerator / observation.denominator * unit_multiplier(measure)
    return observation.value


def describe_observation(observation: Observation | None, measure: Measure) -> str:
    """Return a cell in words: its number, `371 of 7,450 (5.0 %)`, or why it has none."""
    if observation is None:
        return "–"
    number = read_number(observation, measure)
    if observation.numerator is not None and observation.denominator is not None:
        parts = f"{format_number(observation.numerator)} of {format_number(observation.denominator)}"
        return parts if number is None else f"{parts} ({format_value(round(number, 1), measure.unit)})"
    if number is not None:
        return format_number(number)
    words = "–" if observation.status is None else describe_status(observation.status)
    bounds = [one for one in (observation.lower, observation.upper) if one is not None]
    return f"{words} ({' to '.join(map(format_number, bounds))})" if bounds else words


def describe_change(current: float | None, previous: float | None) -> str:
    """Return the difference with its sign, and in per cent: `+12 (+9 %)`. Nothing where a number is missing."""
    if current is None or previous is None:
        return ""
    difference = round(current - previous, 1)
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    text = f"{sign}{format_number(abs(difference))}"
    return text if not previous else f"{text} ({sign}{abs(difference) / abs(previous) * 100:.0f} %)"


def write_address(path: str, **parameters: str | None) -> str:
    """Return the path with these parameters, without those that are None or empty."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{path}?{query}" if query else path
