"""Periods of a query: codes, relative tokens such as `latest-4`, and ranges, resolved for one series."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from api.figures.query import LATEST_KEYWORD, MAX_PERIODS, IncompatibleFilters, OutcomeQuery, ResultTooLarge
from api.plan.periods import UnclearPeriod, list_own_period_types
from api.statistics import periods
from schema.measures import Cadence, Collection, Measure, MeasureKind, Series
from schema.outcomes import ResolvedPeriod
from schema.periods import Period, PeriodType

RELATIVE_PERIOD_PATTERN = re.compile(r"latest(?:-(\d{1,3}))?")


def period_sort_key(period: Period) -> tuple[date, date, str]:
    """Sort by end; of two periods that end together, the longer one is first."""
    return (period.end, period.start, period.code)


class PeriodResolver:
    """Resolves the periods of a query for one series, and records what relative tokens resolved to."""

    def __init__(self, measure: Measure, series: Series, returned: Iterable[Period]) -> None:
        self.measure, self.series = measure, series
        self.returned_periods = sorted({period.code: period for period in returned}.values(), key=period_sort_key)
        self.newest_period = find_latest_period(measure, self.returned_periods)
        self.is_irregular = series.collection is Collection.PUBLISHED or measure.cadence.period_type in (
            PeriodType.SNAPSHOT,
            PeriodType.MONTHS_ENDING,
        )
        self.resolved_tokens: list[ResolvedPeriod] = []

    def resolve(self, query: OutcomeQuery) -> list[Period] | None:
        """Return the periods in order of time; None if a token has no period. Raises UnclearPeriod, ResultTooLarge."""
        resolved = self._resolve(query)
        if resolved is not None and len(resolved) > MAX_PERIODS:
            raise ResultTooLarge(f"The query selects {len(resolved):,} periods; at most {MAX_PERIODS} are returned.")
        return resolved

    def _resolve(self, query: OutcomeQuery) -> list[Period] | None:
        if query.has_range:
            if query.periods:
                raise IncompatibleFilters("Use either `period`, or `from` and `to`.")
            return self._resolve_range(query)
        return self._resolve_tokens(query.periods or [LATEST_KEYWORD])

    def _resolve_tokens(self, tokens: Sequence[str]) -> list[Period] | None:
        resolved = {period.code: period for token in tokens if (period := self._resolve_token(token)) is not None}
        return sorted(resolved.values(), key=period_sort_key) or None

    def _resolve_range(self, query: OutcomeQuery) -> list[Period] | None:
        """Return the periods of the measure's cadence that lie wholly in the range.

        For irregular series, return the periods that have returns.
        """
        first = self._resolve_token(query.from_period or query.to_period or "")
        last = self._resolve_token(query.to_period or LATEST_KEYWORD)
        if first is None or last is None:
            return None
        start = first.start if query.from_period else date.min
        if last.end < start:
            raise IncompatibleFilters(f"The range from {first.code} to {last.code} ends before it begins.")
        if query.from_period is None:
            start = min((period.start for period in self.returned_periods), default=last.start)
        if self.is_irregular:
            return [period for period in self.returned_periods if start <= period.start and period.end <= last.end]
        return list(periods.list_periods_between(self.measure.cadence.period_type, start, last.end))

    def _resolve_token(self, token: str) -> Period | None:
        """Resolve a code, or `latest-n` to the nth period before the last one that has a return.

        For irregular series, `latest-n` counts only periods that have returns.
        """
        relative = RELATIVE_PERIOD_PATTERN.fullmatch(token)
        try:
            if relative is None:
                return periods.parse(token)
            steps = int(relative[1] or 0)
            period = None
            if self.is_irregular:
                period = self.returned_periods[-1 - steps] if steps < len(self.returned_periods) else None
            elif self.newest_period is not None:
                period = periods.shift_period(self.newest_period, -steps)
        except periods.InvalidPeriodCode as error:
            raise UnclearPeriod.from_candidates(
                token, error.candidates if relative is None else [LATEST_KEYWORD]
            ) from error
        resolved = ResolvedPeriod(
            token=token, measure=self.measure.slug, series=self.series.slug, period=period.code if period else None
        )
        if resolved not in self.resolved_tokens:
            self.resolved_tokens.append(resolved)
        return period


def find_latest_period(measure: Measure, returned_periods: Sequence[Period]) -> Period | None:
    """Return the last period that has a return; for a formula, the period of its own cadence around it.

    The own return of a longer period is not the latest one, unless nothing else was returned.
    """
    own_types = list_own_period_types(measure)
    collected = [period for period in returned_periods if period.type not in own_types]
    last = max(collected or returned_periods, key=lambda period: period.end, default=None)
    if last is None or measure.kind not in (MeasureKind.DERIVED, MeasureKind.GAP):
        return last
    candidates = periods.list_periods_between(
        measure.cadence.period_type,
        last.start.replace(year=last.start.year - 1, day=1),
        last.end.replace(year=last.end.year + 1, month=12, day=31),
        months=measure.cadence.months,
    )
    return next((period for period in candidates if periods.contains(period, last)), last)


def find_earlier_periods(
    period: Period, measure: Measure, series: Series, returned_periods: Iterable[Period]
) -> list[Period]:
    """Return the earlier periods of the same type and length that contain a return, in order of time.

    Windows that are longer than the cadence do not overlap. Periods of a cumulative count must end as long after
    its reset as this one.
    """
    returned = set(returned_periods)
    if not returned or period.type is PeriodType.TO_DATE:
        return []
    months = periods.count_months(period)
    if measure.cadence.period_type is period.type or period.type is PeriodType.SNAPSHOT:
        candidates: Iterable[Period] = returned
    else:
        first = min(returned_period.start for returned_period in returned)
        start = first.replace(year=first.year - 1, day=1)
        windows = periods.list_periods_between(period.type, start, period.start - timedelta(days=1), months=months)
        candidates = windows[:: -months if period.type is PeriodType.MONTHS_ENDING else -1]
    earlier = {
        candidate
        for candidate in candidates
        if candidate.type is period.type
        and periods.count_months(candidate) == months
        and candidate.end < period.end
        and has_same_time_since_reset(candidate, period, series.resets)
        and any(periods.contains(candidate, returned_period) for returned_period in returned)
    }
    return sorted(earlier, key=lambda candidate: candidate.end)


def has_same_time_since_reset(earlier_period: Period, period: Period, resets: PeriodType | None) -> bool:
    """Return True if both periods end the same number of months after a reset of the cumulative count."""
    if resets is None:
        return True
    [cycle, *_] = periods.list_periods_between(resets, periods.FIRST_DAY, periods.LAST_DAY, months=1)
    distance = 12 * (period.end.year - earlier_period.end.year) + period.end.month - earlier_period.end.month
    return distance % periods.count_months(cycle) == 0


def split_into_parts(period: Period, cadence: Cadence, returned_periods: Iterable[Period]) -> tuple[Period, ...] | None:
    """Return the periods of the cadence that add up to the period; None if none do exactly.

    For snapshots, return the returned days that lie in the period.
    """
    if cadence.period_type is PeriodType.SNAPSHOT:
        days = {returned for returned in returned_periods if periods.contains(period, returned)}
        return tuple(sorted(days, key=lambda day: day.end))
    try:
        if cadence.period_type is PeriodType.MONTHS_ENDING:
            window = periods.build_period(cadence.period_type, period.start, months=cadence.months)
            return (window,) if periods.is_same_span(window, period) else None
        return periods.divide_period(period, cadence.period_type)
    except (periods.PeriodNotDivisible, periods.InvalidPeriodCode, ValueError):
        return None
