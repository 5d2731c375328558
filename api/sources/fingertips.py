"""Indicators of OHID's Fingertips, as CSV from `all_data/csv/by_indicator_id`.

The column names come from its source code (github.com/ukhsa-collaboration/fingertips-open) and from fingertipsR. A
missing value is empty, or -1, the sentinel of an older service. Values are in per cent or percentage points. The column
`Recent Trend` is filled where Fingertips has tested a trend: its labels are those of `TrendMarkerLabelProvider`.

No column of the data has the type of the year: `Time period Sortable` is 20230000 for 2023, for 2023/24 and for an
academic year. It is in `Year type` of the indicator's metadata; the label in `Time period` must agree with it.
"""

from collections.abc import Collection, Iterable, Mapping

from api.sources.row_account import OUTSIDE_PLAN, UNREADABLE_ROW, Row, RowAccount
from api.sources.tables import (
    ParsedField,
    UnexpectedSourceFormat,
    is_suppression,
    is_unreliable,
    read_cell,
    read_table,
)
from api.statistics.periods import InvalidPeriodCode
from api.statistics.published_periods import FINGERTIPS_YEAR_TYPES, YearType, choose_fingertips_period
from schema.intervals import Confidence
from schema.submissions import (
    MAX_NOTE_CHARACTERS,
    FigureLimits,
    Marker,
    NewReturn,
    PublisherFigure,
    PublisherTrend,
    Status,
)
from schema.verdicts import Tendency, TrendVerdict

# The measure of each indicator, and whether its value is a fraction. If it is not, -1 can be a true value.
INDICATORS = {
    "90282": ("ltc-employment-gap", False),
    "93882": ("ltc-employment-rate", True),
}
SERIES = "headline"
BREAKDOWN_BY_SEX = {"persons": {}, "male": {"sex": "male"}, "female": {"sex": "female"}}
TREND_COLUMN = "Recent Trend"
NO_TRENDS = ("", "not yet calculated")
TENDENCY_BY_LABEL = {
    "cannot be calculated": Tendency.CANNOT_BE_CALCULATED,
    "could not be calculated": Tendency.CANNOT_BE_CALCULATED,
    "no significant change": Tendency.NO_SIGNIFICANT_CHANGE,
    "increasing": Tendency.INCREASING,
    "decreasing": Tendency.DECREASING,
}
VERDICT_BY_LABEL = {"getting better": TrendVerdict.BETTER, "getting worse": TrendVerdict.WORSE}
REQUIRED_COLUMNS = (
    *("Indicator ID", "Area Code", "Sex", "Category Type", "Value", "Count", "Denominator", "Value note"),
    *("Lower CI 95.0 limit", "Upper CI 95.0 limit", "Lower CI 99.8 limit", "Upper CI 99.8 limit"),
    *("Time period", "Time period Sortable", "Time period range"),
)
USUAL_YEAR_TYPES = dict.fromkeys(INDICATORS, YearType.FINANCIAL)
"""The year types that the metadata of the indicators has stated so far."""
METADATA_COLUMNS = ("Indicator ID", "Year type")


def read_rows(text: str, account: RowAccount) -> list[Row]:
    """Return the rows of the file. Raises UnexpectedSourceFormat."""
    return read_table(text, REQUIRED_COLUMNS, account)


def read_year_types(text: str) -> dict[str, YearType]:
    """Return the year type of each indicator of the metadata file. Raises UnexpectedSourceFormat.

    An indicator with an unknown year type is left out.
    """
    rows = read_table(text, METADATA_COLUMNS, RowAccount())  # the rows of figures alone are accounted for
    names = {row["Indicator ID"]: row["Year type"].casefold() for row in rows}
    known = FINGERTIPS_YEAR_TYPES
    return {indicator: known[name] for indicator, name in names.items() if name in known}


def build_returns(
    rows: Iterable[Row], areas: Collection[str], account: RowAccount, year_types: Mapping[str, YearType]
) -> list[NewReturn]:
    """Build one return for each indicator and year. Leave out rows by category, and areas that the plan does not have.

    `year_types` has the year type of each indicator. Without one, only a label that has a single meaning is read.

    Accept identical rows, such as England next to each parent area, once. Raises UnexpectedSourceFormat.
    """
    figures_by_return: dict[tuple[str, str], dict[tuple[str, str], tuple[int, PublisherFigure]]] = {}
    for row in rows:
        if reason := _find_reason_to_leave_out(row, areas):
            account.leave_out(row.number, reason)
            continue
        period, figure = _parse_period(row, year_types.get(row["Indicator ID"]), account), _build_figure(row, account)
        if period is None or figure is None:
            account.leave_out(row.number, UNREADABLE_ROW)
            continue
        cell = (row["Area Code"], row["Sex"].casefold())
        figures = figures_by_return.setdefault((row["Indicator ID"], period), {})
        if cell not in figures:
            figures[cell] = (row.number, figure)
            account.use()
        elif figures[cell][1] == figure:
            account.leave_out(row.number, "the same as an earlier row")
        else:
            raise UnexpectedSourceFormat(
                f"{' '.join(cell)} occurs with two values, in rows {figures[cell][0]} and {row.number}."
            )
    return [
        NewReturn(
            measure=INDICATORS[indicator][0],
            series=SERIES,
            period=period,
            figures=[figure for _, figure in figures.values()],
        )
        for (indicator, period), figures in sorted(figures_by_return.items())
    ]


def _find_reason_to_leave_out(row: Row, areas: Collection[str]) -> str | None:
    if row["Indicator ID"] not in INDICATORS:
        return f"Indicator ID is {row['Indicator ID']!r}"
    if row["Area Code"] not in areas:
        return OUTSIDE_PLAN
    if row["Category Type"]:
        return f"Category Type is {row['Category Type']!r}"
    return None if row["Sex"].casefold() in BREAKDOWN_BY_SEX else f"Sex is {row['Sex']!r}"


def _parse_period(row: Row, year_type: YearType | None, account: RowAccount) -> str | None:
    """Return the code of the period. Record a label with several meanings together with these."""
    label, sortable, span = row["Time period"], row["Time period Sortable"], row["Time period range"]
    try:
        years = int(span.removesuffix("y"))
        return choose_fingertips_period(int(sortable), label, year_type=year_type, years=years).code
    except InvalidPeriodCode as error:
        column = "Time period" if error.candidates else "Time period Sortable"
        account.report_cell(row, column, row["Area Code"], meaning=" or ".join(error.candidates))
    except ValueError:
        account.report_cell(row, "Time period Sortable", row["Area Code"])
    return None


def _build_figure(row: Row, account: RowAccount) -> PublisherFigure | None:
    """Return the figure of a row, or None if its value is not readable."""
    _, is_fraction = INDICATORS[row["Indicator ID"]]
    value, note = _read_value(row, "Value", account, is_fraction=is_fraction), row["Value note"]
    if value is None:
        return None
    fraction = [_read_number(row, name, account, is_fraction=True) for name in ("Count", "Denominator")]
    is_complete = is_fraction and None not in fraction
    is_hidden = value.status == Status.NOT_AVAILABLE and is_suppression(note)
    unreliable = [Marker.LOW_RELIABILITY] if value.value is not None and is_unreliable(note) else []
    return PublisherFigure(
        area=row["Area Code"],
        breakdown=BREAKDOWN_BY_SEX[row["Sex"].casefold()],
        value=value.value,
        limits=[] if value.value is None else _read_limits(row, account),
        numerator=fraction[0] if is_complete else None,
        denominator=fraction[1] if is_complete else None,
        status=Status.CONFIDENTIAL if is_hidden else value.status,
        markers=sorted({*value.markers, *unreliable}),
        note=note[:MAX_NOTE_CHARACTERS] or None,
        trend=None if value.value is None else _read_trend(row, account),
    )


def _read_trend(row: Row, account: RowAccount) -> PublisherTrend | None:
    """Read a label such as `Increasing & getting better`. Record a label that Fingertips does not have."""
    label = row.get(TREND_COLUMN, "").lower()
    if label in NO_TRENDS:
        return None
    tendency, _, judgement = label.replace(" & ", " and ").partition(" and ")
    if tendency not in TENDENCY_BY_LABEL or (judgement and judgement not in VERDICT_BY_LABEL):
        account.report_cell(row, TREND_COLUMN, row["Area Code"])
        return None
    return PublisherTrend(tendency=TENDENCY_BY_LABEL[tendency], verdict=VERDICT_BY_LABEL.get(judgement))


def _read_value(row: Row, column: str, account: RowAccount, *, is_fraction: bool) -> ParsedField | None:
    """Read a cell. Read -1 as missing if the number cannot be negative."""
    field = read_cell(row, column, account, area=row["Area Code"])
    if field is not None and field.value is not None and is_fraction and field.value.startswith("-"):
        return ParsedField(status=Status.NOT_AVAILABLE)
    return field


def _read_number(row: Row, column: str, account: RowAccount, *, is_fraction: bool = False) -> str | None:
    field = _read_value(row, column, account, is_fraction=is_fraction)
    return None if field is None else field.value


def _read_limits(row: Row, account: RowAccount) -> list[FigureLimits]:
    limits: list[FigureLimits] = []
    for name, confidence in (("95.0", Confidence.P95), ("99.8", Confidence.P99_8)):
        lower, upper = (_read_number(row, f"{side} CI {name} limit", account) for side in ("Lower", "Upper"))
        if lower is not None and upper is not None:
            limits.append(FigureLimits(lower=lower, upper=upper, confidence=confidence))
    return limits
