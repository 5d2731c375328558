"""The periods of progress: the latest values of each measure, its newest period that is over, and its next returns."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from api.figures.completeness import assess_completeness, find_missing_returns
from api.figures.query import LATEST_KEYWORD, OutcomeQuery, QueryAxes, find_formula_inputs
from api.figures.resolution import ResolvedQuery, resolve_period, resolve_query_unlimited
from api.figures.returns_data import SelectedRevision
from api.plan.calendar import Deadlines
from api.plan.catalogue import Catalogue, find_headline_series
from api.plan.obligations import find_accepted_days
from api.plan.periods import list_periods
from api.reviews.concessions import Concessions
from schema.measures import UNCOUNTED_KINDS, Collection, Measure
from schema.outcomes import FigureFields, MissingReturn, RevisionBasis
from schema.periods import Period
from schema.progress import FigurePoint, NextReturn, NoNextReturnReason, PeriodCoverage

MAX_POINTS = 8
HISTORY_PERIODS = [f"{LATEST_KEYWORD}-{steps}" for steps in range(MAX_POINTS - 1, 0, -1)] + [LATEST_KEYWORD]
"""The periods of the latest values, as a query names them."""
DuePeriods = Mapping[tuple[str, str], Sequence[tuple[Period, Deadlines]]]


class MeasurePeriods(Struct, frozen=True, kw_only=True):
    """The total of one measure in its latest periods, and in those that have ended since, for which returns are owed.

    Only the last of `points` has earlier periods, because only the latest figure needs a movement and a trend.
    """

    points: list[ResolvedQuery]
    since: list[ResolvedQuery]


def resolve_progress(
    query: OutcomeQuery, axes: QueryAxes, catalogue: Catalogue, revisions: Sequence[SelectedRevision], *, today: date
) -> list[MeasurePeriods]:
    """Resolve the history of each measure, in plan order.

    Without any return, the latest period of a measure is the newest one that is over.
    """
    resolved_queries, _ = resolve_query_unlimited(query, axes, catalogue, revisions)
    points: defaultdict[str, list[ResolvedQuery]] = defaultdict(list)
    for resolved in resolved_queries:
        points[resolved.measure.slug].append(resolved)
    returns: defaultdict[tuple[str, str], list[SelectedRevision]] = defaultdict(list)
    for revision in revisions:
        returns[revision.measure, revision.series].append(revision)
    measures: list[MeasurePeriods] = []
    for *earlier, last in points.values():
        ended = [] if last.is_published else list_ended_periods(last.measure, catalogue, today=today)
        outline, latest = replace(last, reason=None if last.reason == "no_data" else last.reason), last
        if last.period is None and ended:
            latest = resolve_period(outline, ended[-1], catalogue, returns)
        first_day = latest.period.start if latest.period else date.max
        later = [period for period in ended if period.start >= first_day and period != latest.period]
        measures.append(
            MeasurePeriods(
                points=[*(replace(point, earlier_queries=[]) for point in earlier), latest],
                since=[latest, *(resolve_period(outline, period, catalogue, returns) for period in later)],
            )
        )
    return measures


def list_companion_queries(
    measure: Measure, catalogue: Catalogue, revision_basis: RevisionBasis = RevisionBasis.LATEST
) -> list[OutcomeQuery]:
    """Return a query for the latest figure of each companion series of the measure."""
    return [
        OutcomeQuery(
            measures=[measure.slug],
            series=series.slug,
            areas=[series.companion.area or catalogue.plan.area],
            revision_basis=revision_basis,
        )
        for series in measure.series
        if series.companion is not None
    ]


def list_ended_periods(measure: Measure, catalogue: Catalogue, *, today: date) -> list[Period]:
    """Return the periods of the measure's calendar that are over, in order of time. A snapshot has no calendar."""
    cadence = measure.cadence
    collected = list_periods(catalogue.plan.window, cadence.period_type, months=cadence.months)
    return [period for period in collected if period.end < today]


def assess_since(
    measure_periods: MeasurePeriods, catalogue: Catalogue, concessions: Concessions
) -> tuple[PeriodCoverage | None, list[MissingReturn]]:
    """Return the coverage of the newest period, and the returns that are missing from the latest figure or since."""
    newest = measure_periods.since[-1]
    coverage = None
    if newest.period is not None:
        completeness = assess_completeness(newest, catalogue, concessions)
        coverage = PeriodCoverage(period=newest.period, coverage=completeness.coverage)
    missing = [
        missing for query in measure_periods.since for missing in find_missing_returns(query, catalogue, concessions)
    ]
    return coverage, list(dict.fromkeys(missing))


def build_history(measure: Measure, figures: Iterable[FigureFields], first_day: date) -> list[FigurePoint]:
    """Return the displayed values in time order, at most MAX_POINTS.

    Leave out periods before the programme without a return. Milestones and evidence have no values.
    """
    if measure.kind in UNCOUNTED_KINDS:
        return []
    points = [
        FigurePoint(
            period=figure.period,
            value=figure.value,
            lower_bound=figure.lower_bound,
            upper_bound=figure.upper_bound,
            lower=figure.lower,
            upper=figure.upper,
            status=figure.status,
            markers=figure.markers,
            reason=figure.reason,
        )
        for figure in sorted(figures, key=lambda figure: figure.period.end)
        if figure.coverage.received or figure.period.end >= first_day
    ]
    return points[-MAX_POINTS:]


def find_previous(history: Sequence[FigurePoint]) -> FigurePoint | None:
    """Return the last point before the latest that has a value or bounds."""
    return next((point for point in reversed(history[:-1]) if point.lower_bound is not None), None)


def find_next_return(
    measure: Measure, catalogue: Catalogue, due_periods: DuePeriods, *, now: datetime
) -> tuple[NextReturn | None, NoNextReturnReason | None]:
    """Return the next returns of the headline series, or of the parts of its formula; or why none is due."""
    series = find_headline_series(measure)
    if series.collection is Collection.PUBLISHED:
        return None, NoNextReturnReason.PUBLISHER_SETS_DATES
    owed = [
        pair
        for part, part_series in find_formula_inputs(series, catalogue) or [(measure, series)]
        for pair in due_periods.get((part.slug, part_series.slug), ())
    ]
    later = [(deadlines.due, period) for period, deadlines in owed if deadlines.due > now]
    if not later:
        return None, NoNextReturnReason.PROGRAMME_OVER if owed else NoNextReturnReason.NOBODY_OWES
    due_at, period = min(later, key=lambda pair: pair[0])
    return NextReturn(period=period, due_at=due_at), None


def find_unassigned(measure: Measure, catalogue: Catalogue, *, today: date) -> list[str]:
    """Return the roles and classes without an organisation that have a duty of the measure today, in plan order."""
    series = find_headline_series(measure)
    keys = {(part.slug, part_series.slug) for part, part_series in find_formula_inputs(series, catalogue)}
    keys = keys or {(measure.slug, series.slug)}
    return list(
        dict.fromkeys(
            duty.holder
            for duty in catalogue.plan.duties
            if (duty.measure, duty.series) in keys
            and duty.required
            and catalogue.resolve_holder(duty) is None
            and find_accepted_days(duty, catalogue.plan).last >= today
        )
    )
