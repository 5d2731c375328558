"""Access to Individual Placement and Support, as CSV of NHS England's Mental Health Services Monthly Statistics.

The columns, the names of the breakdowns and the suppression come from its source code
(github.com/NHSDigital/mental-health-monthly-statistics). MHS116 counts the referrals with a direct contact in twelve
months, MHS116a divides them by the population, per 100,000. Counts are rounded to 5; fewer than 5 are `*`. A sub-ICB
location has its code of the NHS, such as `52R`, which the plan has among the other names of the area. A date is
`2025-06-30` or `30/06/2025`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from api.sources.row_account import OUTSIDE_PLAN, UNREADABLE_ROW, Row, RowAccount
from api.sources.tables import UnexpectedSourceFormat, read_cell, read_table
from api.statistics import periods
from schema.areas import Area
from schema.submissions import MAX_NOTE_CHARACTERS, Marker, NewReturn, PublisherFigure

MEASURE = "ips-secondary-care-engagement"
SERIES_BY_IDENTIFIER = {"MHS116": "mhs116", "MHS116a": "mhs116a"}
BREAKDOWNS = ("England", "CCG of Residence")
PERIOD_COLUMNS = ("REPORTING_PERIOD_START", "REPORTING_PERIOD_END")
REQUIRED_COLUMNS = (
    *PERIOD_COLUMNS,
    *("STATUS", "BREAKDOWN", "PRIMARY_LEVEL", "SECONDARY_LEVEL", "MEASURE_ID", "MEASURE_VALUE"),
)
DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y")


def read_rows(text: str, account: RowAccount) -> list[Row]:
    """Return the rows of these statistics, out of hundreds of thousands. Raises UnexpectedSourceFormat."""
    return read_table(text, REQUIRED_COLUMNS, account, is_read=lambda row: row["MEASURE_ID"] in SERIES_BY_IDENTIFIER)


def build_returns(rows: Iterable[Row], areas: Mapping[str, Area], account: RowAccount) -> list[NewReturn]:
    """Build a return of each series and period. Its note counts the rows that were left out, by breakdown.

    These are areas that the plan does not have, and other breakdowns. Raises UnexpectedSourceFormat.
    """
    code_by_name = {name: area.code for area in areas.values() for name in (area.name, *area.other_names)}
    figures_by_return: dict[tuple[str, str], dict[str, PublisherFigure]] = {}
    left_out: Counter[str] = Counter()
    for row in rows:
        area = code_by_name.get(row["PRIMARY_LEVEL"])
        if row["BREAKDOWN"] not in BREAKDOWNS or area is None:
            left_out[row["BREAKDOWN"]] += 1
            reason = OUTSIDE_PLAN if row["BREAKDOWN"] in BREAKDOWNS else f"BREAKDOWN is {row['BREAKDOWN']!r}"
            account.leave_out(row.number, reason)
            continue
        period, figure = _parse_period(row, area, account), _build_figure(row, area, account)
        if period is None or figure is None:
            account.leave_out(row.number, UNREADABLE_ROW)
            continue
        figures = figures_by_return.setdefault((period, SERIES_BY_IDENTIFIER[row["MEASURE_ID"]]), {})
        if area in figures:
            raise UnexpectedSourceFormat(
                f"Row {row.number}: {row['MEASURE_ID']} {period} {row['PRIMARY_LEVEL']!r} occurs twice."
            )
        figures[area] = figure
        account.use()
    note = "; ".join(f"{breakdown}: {number}" for breakdown, number in sorted(left_out.items()))
    return [
        NewReturn(
            measure=MEASURE,
            series=series,
            period=period,
            figures=list(figures.values()),
            note=f"Rows left out, by breakdown: {note or 'none'}."[:MAX_NOTE_CHARACTERS],
        )
        for (period, series), figures in sorted(figures_by_return.items())
    ]


def _build_figure(row: Row, area: str, account: RowAccount) -> PublisherFigure | None:
    value = read_cell(row, "MEASURE_VALUE", account, area=area)
    if value is None:
        return None
    provisional = [Marker.PROVISIONAL] if row["STATUS"] == "Provisional" and value.value is not None else []
    markers = list(dict.fromkeys([*value.markers, *provisional]))
    return PublisherFigure(area=area, value=value.value, status=value.status, markers=markers)


def _parse_period(row: Row, area: str, account: RowAccount) -> str | None:
    """Return the code of the twelve months of the row. Record a date that is none, or that does not end them."""
    start, end = (_parse_date(row[name]) for name in PERIOD_COLUMNS)
    try:
        period = periods.parse(f"R12-{end:%Y-%m}") if start is not None and end is not None else None
    except periods.InvalidPeriodCode:
        period = None
    if period is None or (period.start, period.end) != (start, end):
        account.report_cell(row, PERIOD_COLUMNS[0 if start is None else 1], area)
        return None
    return period.code


def _parse_date(text: str) -> date | None:
    for date_format in DATE_FORMATS:
        try:
            return datetime.strptime(text, date_format).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
    return None
