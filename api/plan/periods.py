"""The period codes of a programme."""

from collections.abc import Sequence

from api.http.refusals import Invalid
from api.statistics import periods
from schema.periods import Period, PeriodType
from schema.plan import Window


class UnclearPeriod(Invalid):
    """The period code is not one, or could mean several periods."""

    example = "GET …/periods/2025\n\nIt could be the calendar year, the financial year or the academic year."
    fix = "Use one of the candidates; `/docs` has a table of the codes."

    @classmethod
    def from_candidates(cls, code: str, candidates: Sequence[str]) -> "UnclearPeriod":
        return cls(f"{code!r} is not a period code. " + suggest_periods(candidates))


def parse_period(code: str) -> Period:
    """Raises UnclearPeriod with the candidates."""
    try:
        return periods.parse(code)
    except periods.InvalidPeriodCode as error:
        raise UnclearPeriod.from_candidates(error.code, error.candidates) from error


def suggest_periods(candidates: Sequence[str]) -> str:
    if not candidates:
        return "A code says its own type, such as 2025-07, FY2025-26-Q1 or CY2025."
    return f"Did you mean {' or '.join(candidates)}?"


def list_periods(window: Window, period_type: PeriodType, *, months: int | None = None) -> list[Period]:
    """The periods of a type that lie wholly within the programme's window. A snapshot is any day: none is listed."""
    if period_type in (PeriodType.SNAPSHOT, PeriodType.TO_DATE) or (
        period_type is PeriodType.MONTHS_ENDING and months is None
    ):
        return []
    return list(periods.list_periods_between(period_type, window.start, window.end, months=months))
