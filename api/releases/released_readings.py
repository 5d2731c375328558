"""The displayed values of a release as readings, and the earlier ones that a movement can start from."""

from msgspec import Struct

from api.figures.period_resolution import has_same_time_since_reset
from api.figures.query import COMPARABLE_KINDS
from api.figures.resolution import CellKey
from api.releases.released_values import ReleasedValue
from api.statistics import periods
from api.statistics.disclosure.displayed_counts import get_percentage_digits
from api.statistics.readings import Reading
from schema.disclosure import Rule
from schema.measures import Measure, MeasureKind, Series
from schema.periods import Period, PeriodType
from schema.verdicts import MovementSource

Sources = frozenset[MovementSource] | None


class MovementStarts(Struct, frozen=True, kw_only=True, eq=False):
    """The first reading of each cell, of periods of one length that the same sources returned."""

    first: Period
    sources: Sources
    readings: dict[CellKey, Reading]


def find_movement_starts(
    groups: list[MovementStarts], period: Period, sources: Sources, resets: PeriodType | None
) -> list[MovementStarts]:
    """Return the first readings with which those of this period may be compared: first those of the same sources.

    If there are none of the same sources, add an empty group.
    """
    usable = [
        group
        for group in groups
        if group.first.type is period.type
        and periods.count_months(group.first) == periods.count_months(period)
        and has_same_time_since_reset(group.first, period, resets)
    ]
    own = next((group for group in usable if group.sources == sources), None)
    if own is None:
        own = MovementStarts(first=period, sources=sources, readings={})
        groups.append(own)
    return [own, *(group for group in usable if group is not own)]


def to_reading(
    measure: Measure, series: Series, period: Period, value: ReleasedValue, rule: Rule, sources: Sources
) -> Reading:
    """Convert a displayed value for the verdicts, with the bounds of the true value in 95 % of roundings."""
    low, high = value.likely_bounds
    has_value = value.value is not None
    is_exact = has_value and low == high
    return Reading(
        series=f"{measure.slug}/{series.slug}",
        period=period,
        value=value.value,
        low=None if is_exact else low,
        high=None if is_exact else high,
        numerator=value.numerator.value if has_value else None,
        denominator=value.denominator.value if has_value else None,
        intervals=value.intervals,
        is_estimate=measure.kind in COMPARABLE_KINDS,
        counts_events=measure.counts_events,
        digits=_count_digits(measure, value, rule),
        sources=sources,
    )


def _count_digits(measure: Measure, value: ReleasedValue, rule: Rule) -> int:
    """Return the digits after the point: none of a count, one of a gap, none or one of a percentage."""
    if measure.kind is MeasureKind.PROPORTION:
        return get_percentage_digits(value.denominator.value or 0, rule)
    return 1 if measure.kind in COMPARABLE_KINDS else 0
