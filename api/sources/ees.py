"""Young people not in education, employment or training, as CSV from DfE's Explore Education Statistics.

Data set 8162db7a-a24d-4b8e-bdfc-8da52819c1a8, "NEET by characteristics". EES requires the area columns in every file
(github.com/dfe-analytical-services/analysts-guide). Symbols are in the field of the number. The figure for calendar
year 2025 is an average over December 2024 to February 2025. `NEETprop` is in per cent; `avgNEET` and `avgcohort` are
average numbers of people; `NK` is *activity not known*. The columns have two spellings: the files of 2022/23 to 2024/25
have one, and newer files have lower-case names. The groupings have also had different names.
"""

from collections.abc import Collection, Iterable
from functools import partial

from api.sources.row_account import OUTSIDE_PLAN, UNREADABLE_ROW, Row, RowAccount
from api.sources.tables import (
    ROUNDS_TO_ZERO_SYMBOLS,
    UnexpectedSourceFormat,
    parse_field,
    read_cell,
    read_table,
)
from api.statistics.periods import InvalidPeriodCode
from api.statistics.published_periods import from_ees
from schema.submissions import Marker, NewReturn, PublisherFigure

DATASET = "8162db7a-a24d-4b8e-bdfc-8da52819c1a8"
MEASURE = "neet-16-17"
COLUMNS_BY_SERIES = {
    "neet-la": ("NEETprop", "avgNEET"),
    "neet-or-not-known": ("NEETNKprop", "avgNEETNK"),
    "not-known": ("Notknownprop", "avgNK"),
}
"""The columns of the share and of the number of people. The cohort is the denominator of each."""
AGE_LABELS = {"16-17", "16 to 17"}
AREA_CODE_COLUMNS = {"National": "country_code", "Regional": "region_code", "Local authority": "new_la_code"}
TOTAL_LABEL = "total"
SEX_BY_LABEL = {"female": "female", "male": "male"}
ETHNICITY_BY_LABEL = {
    "white": "white",
    "mixed": "mixed",
    "mixed or multiple ethnic groups": "mixed",
    "asian": "asian",
    "asian or asian british": "asian",
    "black": "black",
    "black, black british, caribbean or african": "black",
    "other": "other",
    "other ethnic group": "other",
}
DIMENSION_BY_GROUPING = {
    "sex": ("sex", SEX_BY_LABEL),
    "gender": ("sex", SEX_BY_LABEL),
    "ethnicity": ("ethnicity-5", ETHNICITY_BY_LABEL),
    "ethnic group": ("ethnicity-5", ETHNICITY_BY_LABEL),
}
PERIOD_AND_AREA_COLUMNS = ("time_period", "time_identifier", "geographic_level", *AREA_CODE_COLUMNS.values())
PublisherCell = tuple[str, dict[str, str]]
"""The code of an area, and a breakdown."""
COLUMN_BY_NEWER_NAME: dict[str, str] = {
    "age": "Age",
    "characteristic_grouping": "Characteristic_grouping",
    "characteristic": "Characteristic",
    "avg_cohort_count": "avgcohort",
    "neet_percent": "NEETprop",
    "avg_neet_count": "avgNEET",
    "neet_nk_percent": "NEETNKprop",
    "avg_neet_nk_count": "avgNEETNK",
    "nk_percent": "Notknownprop",
    "avg_nk_count": "avgNK",
}
REQUIRED_COLUMNS = (*PERIOD_AND_AREA_COLUMNS, *((older, newer) for newer, older in COLUMN_BY_NEWER_NAME.items()))
LOW_SYMBOLS = ROUNDS_TO_ZERO_SYMBOLS | {"~"}  # the symbol of DfE's older files


def read_rows(text: str, account: RowAccount) -> list[Row]:
    """Return the rows with the older column names. Raises UnexpectedSourceFormat."""
    return [
        Row({COLUMN_BY_NEWER_NAME.get(name, name): value for name, value in row.items()}, row.number)
        for row in read_table(text, REQUIRED_COLUMNS, account)
    ]


def build_returns(rows: Iterable[Row], areas: Collection[str], account: RowAccount) -> list[NewReturn]:
    """Build a return of each series for each winter: NEET, not known, and both together.

    Leave out areas, ages and characteristics that the plan does not have. Raises UnexpectedSourceFormat.
    """
    row_by_cell: dict[tuple[str, str, str], int] = {}
    figures_by_return: dict[tuple[str, str], list[PublisherFigure]] = {}
    for row in rows:
        area, breakdown = row.get(AREA_CODE_COLUMNS.get(row["geographic_level"], ""), ""), _parse_breakdown(row)
        if breakdown is None or area not in areas or row["Age"] not in AGE_LABELS:
            account.leave_out(row.number, _explain_left_out(row, area, areas))
            continue
        period, figures = _parse_period(row, area, account), _build_figures(row, area, breakdown, account)
        if period is None or not figures:
            account.leave_out(row.number, UNREADABLE_ROW)
            continue
        cell = (period, area, "".join(breakdown.values()))
        if row_by_cell.setdefault(cell, row.number) != row.number:
            raise UnexpectedSourceFormat(
                f"{' '.join(cell).strip()} occurs twice, in rows {row_by_cell[cell]} and {row.number}."
            )
        for series, figure in figures.items():
            figures_by_return.setdefault((period, series), []).append(figure)
        account.use()
    return [
        NewReturn(measure=MEASURE, series=series, period=period, figures=figures_by_return[period, series])
        for period in sorted({period for period, _ in figures_by_return})
        for series in COLUMNS_BY_SERIES
        if (period, series) in figures_by_return
    ]


def _explain_left_out(row: Row, area: str, areas: Collection[str]) -> str:
    """Return why a row is left out. A label that is named here may be a category that the publisher has renamed."""
    if row["geographic_level"] not in AREA_CODE_COLUMNS:
        return f"geographic_level is {row['geographic_level']!r}"
    if area not in areas:
        return OUTSIDE_PLAN
    if row["Age"] not in AGE_LABELS:
        return f"Age is {row['Age']!r}"
    is_known = row["Characteristic_grouping"].lower() in DIMENSION_BY_GROUPING
    column = "Characteristic" if is_known else "Characteristic_grouping"
    return f"{column} is {row[column]!r}"


def _parse_breakdown(row: Row) -> dict[str, str] | None:
    """Return the breakdown of the row, or None if the plan does not collect it."""
    grouping, characteristic = row["Characteristic_grouping"].lower(), row["Characteristic"].lower()
    if TOTAL_LABEL in (grouping, characteristic):
        return {} if grouping == TOTAL_LABEL else None
    dimension, categories = DIMENSION_BY_GROUPING.get(grouping, ("", {}))
    return {dimension: categories[characteristic]} if characteristic in categories else None


def _parse_period(row: Row, area: str, account: RowAccount) -> str | None:
    """Return the code of the winter that ends in the year of the row. Record a year or an identifier that is none."""
    if row["time_identifier"] != "Calendar year":
        account.report_cell(row, "time_identifier", area)
        return None
    try:
        return f"R3-{from_ees('CY', row['time_period']).end.year}-02"
    except InvalidPeriodCode:
        account.report_cell(row, "time_period", area)
        return None


def _build_figures(row: Row, area: str, breakdown: dict[str, str], account: RowAccount) -> dict[str, PublisherFigure]:
    """Return the figures of a row by series, without those whose value is not readable."""
    read = partial(read_cell, row, account=account, area=area, parse=partial(parse_field, low_symbols=LOW_SYMBOLS))
    denominator = read("avgcohort")
    figures: dict[str, PublisherFigure] = {}
    for series, columns in COLUMNS_BY_SERIES.items():
        value, numerator = (read(column) for column in columns)
        if value is None:
            continue
        # A number that rounds to 0 is not 0, so no share can be calculated from it.
        fraction = [
            None if field is None or Marker.LOW in field.markers else field.value for field in (numerator, denominator)
        ]
        is_complete = None not in fraction
        figures[series] = PublisherFigure(
            area=area,
            breakdown=breakdown,
            value=value.value,
            numerator=fraction[0] if is_complete else None,
            denominator=fraction[1] if is_complete else None,
            status=value.status,
            markers=list(value.markers),
        )
    return figures
