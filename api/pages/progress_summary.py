"""The first table of the progress page: which measures are better or worse, and which have nothing yet, and why."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from api.pages.return_words import name_holder
from api.pages.wording import describe_coverage, describe_value
from api.plan.catalogue import Catalogue
from api.spelling.figure_words import shorten_period
from api.statistics.periods import count_months
from schema.measures import UNCOUNTED_KINDS
from schema.periods import Period, PeriodType
from schema.released_figures import PublishedFigure
from schema.released_views import ReleasedMeasure
from schema.submissions import Status
from schema.verdicts import Verdict

BETTER, WORSE, UNJUDGED, NOTHING = "Better", "Worse", "No change, or not judged", "Nothing yet"
_PERIOD_WORDS = {
    PeriodType.MONTH: "months",
    PeriodType.FINANCIAL_QUARTER: "quarters",
    PeriodType.CALENDAR_QUARTER: "quarters",
    PeriodType.FINANCIAL_HALF: "half years",
}


class SummaryItem(Struct, frozen=True, kw_only=True):
    """A measure of the summary. `reason` states why there is nothing yet."""

    label: str
    address: str
    reason: str


class SummaryRow(Struct, frozen=True, kw_only=True):
    """The measures with one result."""

    title: str
    items: list[SummaryItem]


def summarise_progress(measures: Iterable[ReleasedMeasure], catalogue: Catalogue) -> list[SummaryRow]:
    """Return the counted measures by the verdict on their latest figure, in the order of the plan."""
    rows: dict[str, list[SummaryItem]] = {title: [] for title in (BETTER, UNJUDGED, WORSE, NOTHING)}
    for one in measures:
        if one.kind in UNCOUNTED_KINDS:
            continue
        title = _judge(one.latest)
        item = SummaryItem(
            label=one.label,
            address=f"/programmes/{catalogue.slug}/measures/{one.measure}",
            reason=_explain_nothing(one, catalogue) if title == NOTHING else "",
        )
        rows[title].append(item)
    return [SummaryRow(title=title, items=items) for title, items in rows.items()]


def _judge(latest: PublishedFigure | None) -> str:
    if latest is None or latest.status is Status.NOT_AVAILABLE:
        return NOTHING
    verdict = latest.movement.verdict if latest.movement else None
    return {Verdict.BETTER: BETTER, Verdict.WORSE: WORSE}.get(verdict, UNJUDGED) if verdict else UNJUDGED


def _explain_nothing(measure: ReleasedMeasure, catalogue: Catalogue) -> str:
    """Return who has no part yet, otherwise how many returns of the newest period are approved."""
    if measure.unassigned:
        holders: Sequence[str] = [name_holder(slug, catalogue) for slug in measure.unassigned]
        return f"no organisation has this part yet: {', '.join(holders)}"
    newest = measure.newest_period
    if newest is not None and newest.coverage.expected:
        return f"{shorten_period(newest.period.label)}: {describe_coverage(newest.coverage)}"
    return describe_value(measure.latest).lower() if measure.latest else "nothing is published"


def describe_later_periods(latest: Period, newest: Period) -> str:
    """Return how many periods since the latest figure have none: `4 later quarters are missing.`"""
    months = 12 * (newest.end.year - latest.end.year) + newest.end.month - latest.end.month
    count = months // count_months(latest)
    word = _PERIOD_WORDS.get(latest.type, "periods")
    return f"{count} later {word} are missing." if count > 1 else ""
