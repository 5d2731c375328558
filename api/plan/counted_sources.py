"""Which returns of a source count in a window.

Of a stock or a cumulative measure, each source's last return counts. Of a distinct count, its returns for the longest
periods count, because they replace those for the periods inside them.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from api.plan.catalogue import Catalogue
from api.plan.obligations import find_accepted_days
from api.statistics import periods
from schema.measures import LAST_PERIOD_KINDS, Measure, MeasureKind, Series
from schema.periods import Period
from schema.submissions import ReturnKind


class SourceReturn(Protocol):
    """A return of a source, which is an organisation with one of its services."""

    @property
    def organisation(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def period(self) -> Period: ...
    @property
    def kind(self) -> ReturnKind: ...


ReturnT = TypeVar("ReturnT", bound=SourceReturn)


def find_reset_day(series: Series, day: date) -> date:
    """Return the first day on which the count of a cumulative series that is counted on `day` may have begun."""
    return date.min if series.resets is None else periods.find_span_start(series.resets, day)


def select_counted_returns(
    measure: Measure, series: Series, returns: Iterable[ReturnT], catalogue: Catalogue
) -> list[ReturnT]:
    """Return the returns of a window that count for one series.

    Of a distinct count, a source's return for a longer period replaces its returns for the periods inside it.

    The as-of date is the last day of the latest return. A stock leaves out the sources whose duty is not in force on
    that day: their people may be counted by a successor. A cumulative measure leaves them out only if it has been reset
    since their last return, because what they had counted before then remains true.
    """
    selected = list(returns)
    if measure.kind is MeasureKind.DISTINCT:
        return _select_longest(selected)
    if measure.kind not in LAST_PERIOD_KINDS or not selected:
        return selected
    last_days: dict[tuple[str, str], date] = {}
    for one in selected:
        source = (one.organisation, one.service)
        last_days[source] = max(one.period.end, last_days.get(source, one.period.end))
    as_of = max(last_days.values())
    left = {
        source
        for source, last_day in last_days.items()
        if not _is_in_force(measure, series, source, last_day, as_of, catalogue)
        and (measure.kind is MeasureKind.STOCK or last_day < find_reset_day(series, as_of))
    }
    return [one for one in selected if (one.organisation, one.service) not in left]


def _select_longest(returns: Sequence[ReturnT]) -> list[ReturnT]:
    returned: dict[tuple[str, str], list[Period]] = {}
    for one in returns:
        returned.setdefault((one.organisation, one.service), []).append(one.period)
    longest = {source: list_longest_periods(of_source) for source, of_source in returned.items()}
    return [one for one in returns if one.period in longest[one.organisation, one.service]]


def list_longest_periods(returned: Iterable[Period]) -> set[Period]:
    """Return the periods that lie in no other one."""
    every = set(returned)
    return {
        period for period in every if not any(periods.contains(other, period) for other in every if other != period)
    }


def _is_in_force(
    measure: Measure, series: Series, source: tuple[str, str], last_day: date, as_of: date, catalogue: Catalogue
) -> bool:
    """Return True if a duty of the source is in force on the as-of date.

    Without a duty in this plan version, a source counts for the day of its return, and is never carried forward.
    """
    accepted = [
        find_accepted_days(duty, catalogue.plan)
        for duty in catalogue.duties_by_organisation.get((source[0], measure.slug), [])
        if (duty.series, duty.service) == (series.slug, source[1])
    ]
    return any(days.first <= as_of <= days.last for days in accepted) if accepted else last_day == as_of


def find_repeated_returns(
    series: Series, selected: Sequence[ReturnT], returns: Iterable[ReturnT]
) -> list[tuple[ReturnT, ReturnT]]:
    """Pair each selected nil return of a cumulative series with the return whose count it keeps.

    This is the last return with data of the same source since the count was reset. A nil return without one is 0.
    """
    with_data = sorted((one for one in returns if one.kind is ReturnKind.DATA), key=lambda one: one.period.end)
    pairs: list[tuple[ReturnT, ReturnT]] = []
    for nil in selected:
        if nil.kind is not ReturnKind.NIL:
            continue
        since = find_reset_day(series, nil.period.end)
        earlier = [
            one
            for one in with_data
            if (one.organisation, one.service) == (nil.organisation, nil.service)
            and since <= one.period.end < nil.period.end
        ]
        pairs += [(nil, one) for one in earlier[-1:]]
    return pairs
