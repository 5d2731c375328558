"""Period codes in requests, and the periods of a programme's window."""

from collections.abc import Sequence

from api.http.refusals import Invalid
from api.statistics import periods
from api.statistics.period_candidates import list_periods_meant, read_serial_day
from api.statistics.period_spellings import list_candidates
from schema.measures import Cadence, Measure, MeasureKind
from schema.periods import Period, PeriodType
from schema.plan import Window

LONGER_PERIOD_TYPES = {
    PeriodType.MONTH: (PeriodType.FINANCIAL_QUARTER, PeriodType.FINANCIAL_HALF, PeriodType.FINANCIAL_YEAR),
    PeriodType.FINANCIAL_QUARTER: (PeriodType.FINANCIAL_HALF, PeriodType.FINANCIAL_YEAR),
    PeriodType.FINANCIAL_HALF: (PeriodType.FINANCIAL_YEAR,),
    PeriodType.CALENDAR_QUARTER: (PeriodType.CALENDAR_YEAR,),
}
"""The longer periods that are released as well as the collected ones, once they are over; the longest last."""


class UnclearPeriod(Invalid):
    """The period code is unknown or ambiguous."""

    example = "GET …/periods/2025\n\nThis could be the calendar year, the financial year or the academic year."
    fix = "Use one of the suggested codes. `/docs` has a table of period codes."

    @classmethod
    def from_candidates(cls, code: str, candidates: Sequence[str]) -> "UnclearPeriod":
        return cls(f"{code!r} is not a period code. " + suggest_periods(candidates))


def parse_period(code: str) -> Period:
    """Return the period of a code. Raises UnclearPeriod with the codes that it could mean."""
    try:
        return periods.parse(code)
    except periods.InvalidPeriodCode as error:
        raise UnclearPeriod.from_candidates(error.code, error.candidates) from error


def suggest_periods(candidates: Sequence[str]) -> str:
    if not candidates:
        return "A code includes the type of the period, such as 2025-07, FY2025-26-Q1 or CY2025."
    return f"Did you mean {' or '.join(candidates)}?"


def suggest_periods_of(spelling: str, cadence: Cadence | None) -> str:
    """Return the periods that a spelling may mean, of the type in which the measure is returned if that is known."""
    meant = list_periods_meant(spelling, cadence.period_type, months=cadence.months) if cadence else []
    day = read_serial_day(spelling)
    days = [] if day is None else [f"{day:%Y-%m}", f"D{day}"] if day.day == 1 else [f"D{day}"]
    return suggest_periods(meant or days or list(list_candidates(spelling)))


def list_periods(window: Window, period_type: PeriodType, *, months: int | None = None) -> list[Period]:
    """Return the periods of a type that lie wholly within the window.

    Return an empty list for snapshots and periods to date, which can end on any day.
    """
    if period_type in (PeriodType.SNAPSHOT, PeriodType.TO_DATE) or (
        period_type is PeriodType.MONTHS_ENDING and months is None
    ):
        return []
    return list(periods.list_periods_between(period_type, window.start, window.end, months=months))


def list_own_period_types(measure: Measure) -> tuple[PeriodType, ...]:
    """Return the types of longer periods for which a measure may have returns of their own.

    Only a distinct count has them: a year's people are not the sum of those of its quarters, and no rule finds them.
    """
    is_distinct = measure.kind is MeasureKind.DISTINCT
    return LONGER_PERIOD_TYPES.get(measure.cadence.period_type, ()) if is_distinct else ()


def list_owed_periods(measure: Measure, window: Window) -> list[Period]:
    """Return the periods in the window for which a measure is owed: those of its cadence, then the longer ones."""
    types = [measure.cadence.period_type, *(longer.period_type for longer in measure.longer_returns)]
    return [period for type_ in types for period in list_periods(window, type_, months=measure.cadence.months)]
