"""The earlier periods that the verdicts of a figure need: starts of its movement and points of its trend."""

from collections.abc import Sequence

from msgspec.structs import replace

from api.figures.completeness import assess_completeness
from api.figures.resolution import ResolvedQuery
from api.plan.catalogue import Catalogue
from api.reviews.concessions import Concessions
from api.statistics import trends
from schema.measures import RATIO_KINDS, MeasureKind
from schema.outcomes import PreviewFigure
from schema.periods import Period, PeriodType
from schema.verdicts import NoMovementReason

EARLIER_TREND_POINTS = trends.TREND_POINTS - 1  # the points of a trend before the figure itself

_MAY_HAVE_LATER_START = (NoMovementReason.NO_START, NoMovementReason.NOT_COMPARABLE)


def limit_history(
    query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions, start_count: int
) -> ResolvedQuery:
    """Return the query with the earlier periods that its verdicts need: each costs as much to read as its own period.

    These are the years of its trend and the first `start_count` possible starts of its movement. If a figure has no
    value in these (see `has_enough_history`), read it again with more.
    """
    needed = {
        period.code
        for period in (
            *find_start_periods(query, catalogue, concessions)[:start_count],
            *find_trend_periods(query)[-EARLIER_TREND_POINTS:],
        )
    }
    return replace(
        query,
        earlier_queries=[
            earlier for earlier in query.earlier_queries if earlier.period is not None and earlier.period.code in needed
        ],
    )


def has_enough_history(
    figures: Sequence[PreviewFigure],
    query: ResolvedQuery,
    catalogue: Catalogue,
    concessions: Concessions,
    start_count: int,
) -> bool:
    """Return True if no figure would find a start of its movement beyond the first `start_count` possible ones."""
    return start_count >= len(find_start_periods(query, catalogue, concessions)) or not any(
        figure.movement is not None and figure.movement.reason in _MAY_HAVE_LATER_START for figure in figures
    )


def find_start_periods(query: ResolvedQuery, catalogue: Catalogue, concessions: Concessions) -> list[Period]:
    """Return the periods in which a movement can start, earliest first.

    Published series and baselines are older than the programme: return only periods that end after its start. Counts
    with a missing return are not compared, because the gap would look like a fall.
    """
    start = catalogue.plan.window.start
    if query.is_published or is_ratio(query):
        return [period for period in query.earlier_periods if period.end >= start]
    if not assess_completeness(query, catalogue, concessions).is_complete:
        return []
    return [
        earlier.period
        for earlier in query.earlier_queries
        if earlier.period
        and earlier.period.end >= start
        and assess_completeness(earlier, catalogue, concessions).is_complete
    ]


def is_ratio(query: ResolvedQuery) -> bool:
    return query.measure.kind in RATIO_KINDS or query.measure.kind is MeasureKind.GAP


def find_trend_periods(query: ResolvedQuery) -> list[Period]:
    """Return the earlier points of the trend; an empty list if the series has no trend.

    For a rolling 12-month series, return only periods that end in the same month, so that none overlap.
    """
    period = query.period
    if period is None or period.type not in trends.ANNUAL_TYPES or query.measure.kind not in trends.TREND_KINDS:
        return []
    if period.type is PeriodType.MONTHS_ENDING:
        return [earlier for earlier in query.earlier_periods if earlier.end.month == period.end.month]
    return list(query.earlier_periods)
