"""Who owes what: organisations by periods, in a table for each type of period."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct

from api.pages.return_words import STATE_WORDS, find_shown_state, name_holder, name_series, write_address
from api.plan.catalogue import Catalogue
from api.plan.obligations import find_due_periods
from api.spelling.due_days import find_last_day, format_day
from schema.periods import Period, PeriodType
from schema.plan import Plan, Window
from schema.reviews import Obligation

TYPE_TITLES = {
    PeriodType.MONTH: "Months",
    PeriodType.FINANCIAL_QUARTER: "Quarters",
    PeriodType.FINANCIAL_HALF: "Half years",
    PeriodType.FINANCIAL_YEAR: "Financial years",
    PeriodType.CALENDAR_QUARTER: "Calendar quarters",
    PeriodType.CALENDAR_YEAR: "Calendar years",
    PeriodType.ACADEMIC_YEAR: "Academic years",
    PeriodType.MONTHS_ENDING: "Rolling months",
    PeriodType.SNAPSHOT: "Days",
    PeriodType.TO_DATE: "To date",
}


class CellState(Struct, frozen=True, kw_only=True):
    """The returns of a cell in one state: how many, and where they are."""

    state: str
    words: str
    address: str | None


class MatrixRow(Struct, frozen=True, kw_only=True):
    """An organisation, or a role without one, with the states of each period."""

    name: str
    cells: list[list[CellState]]


class Matrix(Struct, frozen=True, kw_only=True):
    """The periods of one type by organisation."""

    title: str
    periods: list[Period]
    rows: list[MatrixRow]


def find_year(day: date) -> int:
    """Return the year in which the financial year of a day begins."""
    return day.year if day.month > 3 else day.year - 1


def list_years(window: Window) -> list[int]:
    """Return the financial years of a programme, by the year in which each begins."""
    return list(range(find_year(window.start), find_year(window.end) + 1))


def build_matrices(
    obligations: Iterable[Obligation], catalogue: Catalogue, *, year: int, measure: str | None, now: datetime
) -> list[Matrix]:
    """Return a matrix for each type of period with a period that ends in the financial year."""
    by_type: dict[PeriodType, list[Obligation]] = {}
    for one in obligations:
        if find_year(one.period.end) == year:
            by_type.setdefault(one.period.type, []).append(one)
    return [
        _build_matrix(title, by_type[kind], catalogue, measure=measure, now=now)
        for kind, title in TYPE_TITLES.items()
        if kind in by_type
    ]


def _build_matrix(
    title: str, obligations: Sequence[Obligation], catalogue: Catalogue, *, measure: str | None, now: datetime
) -> Matrix:
    periods = sorted({one.period.code: one.period for one in obligations}.values(), key=lambda one: (one.end, one.code))
    names = {one.holder: name_holder(one.holder, catalogue) for one in obligations}
    cells: dict[tuple[str, str], list[Obligation]] = {}
    for one in obligations:
        cells.setdefault((one.holder, one.period.code), []).append(one)
    base = f"/programmes/{catalogue.slug}/returns"
    rows = [
        MatrixRow(
            name=name,
            cells=[_list_states(cells.get((holder, one.code), ()), base, measure=measure, now=now) for one in periods],
        )
        for holder, name in sorted(names.items(), key=lambda item: item[1])
    ]
    return Matrix(title=title, periods=periods, rows=rows)


def _list_states(
    obligations: Sequence[Obligation], base: str, *, measure: str | None, now: datetime
) -> list[CellState]:
    counts = Counter(find_shown_state(one, now=now) for one in obligations)
    states: list[CellState] = []
    for state in STATE_WORDS:
        if not counts[state]:
            continue
        first = next(one for one in obligations if find_shown_state(one, now=now) == state)
        is_single = len(obligations) == 1
        words = STATE_WORDS[state] if is_single else f"{counts[state]} {STATE_WORDS[state]}"
        address = find_return_address(first, base) if counts[state] == 1 else None
        if address is None and first.organisation is not None:
            address = write_address(
                f"{base}/list",
                organisation=first.organisation,
                measure=measure,
                period=first.period.code,
                state="overdue" if state == "late" else state,
            )
        states.append(CellState(state=state, words=words, address=address))
    return states


def find_return_address(obligation: Obligation, base: str) -> str | None:
    """Return the address of the page of a return that has come."""
    if obligation.revision is None or obligation.organisation is None:
        return None
    names = (obligation.organisation, obligation.measure, obligation.series, obligation.service, obligation.period.code)
    return "/".join((base, *names))


class ObligationRow(Struct, frozen=True, kw_only=True):
    """An expected return in the list."""

    organisation: str
    measure: str
    period: str
    state: str
    due: str
    missing: int
    address: str | None


def name_obligations(obligations: Iterable[Obligation], catalogue: Catalogue, *, now: datetime) -> list[ObligationRow]:
    """Return the rows of the list: names, words and addresses. `due` is the last day in time."""
    return [
        ObligationRow(
            organisation=name_holder(one.holder, catalogue),
            measure=name_series(catalogue.measures[one.measure], one.series, one.service, catalogue),
            period=one.period.label,
            state=find_shown_state(one, now=now),
            due=format_day(find_last_day(one.due_at)),
            missing=one.missing_cells or 0,
            address=find_return_address(one, f"/programmes/{catalogue.slug}/returns"),
        )
        for one in obligations
    ]


def list_returned_periods(plan: Plan) -> list[tuple[str, str]]:
    """Return code and label of every period that somebody returns, the newest first."""
    periods = {period.code: period for pairs in find_due_periods(plan).values() for period, _ in pairs}
    ordered = sorted(periods.values(), key=lambda one: (one.end, one.start), reverse=True)
    return [(one.code, one.label) for one in ordered]


def list_returned_measures(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return code and name of every measure that somebody returns."""
    owed = {duty.measure for duty in catalogue.plan.duties}
    return [(one.slug, one.label) for one in catalogue.plan.measures if one.slug in owed]
