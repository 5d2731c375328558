"""Young people not in education, employment or training, as CSV from DfE's Explore Education Statistics.

Data set 8162db7a-a24d-4b8e-bdfc-8da52819c1a8, "NEET by characteristics". EES requires the area columns in every file
(github.com/dfe-analytical-services/analysts-guide). Symbols are in the field of the number. The figure for calendar
year 2025 is an average over December 2024 to February 2025. `NEETprop` is in per cent; `avgNEET` and `avgcohort` are
average numbers of people; `NK` is *activity not known*. The columns have two spellings: the files of 2022/23 to 2024/25
have one, and newer files have lower-case names. The groupings have also had different names.
"""

from collections.abc import Collection, Iterable

from api.sources.tables import Row, UnexpectedSourceFormat, parse_field, read_table
from api.statistics.periods import InvalidPeriodCode
from api.statistics.published_periods import from_ees
from schema.submissions import NewReturn, PublisherFigure

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
VALUE_COLUMNS = (
    *("Age", "Characteristic_grouping", "Characteristic", "avgcohort"),
    *(column for columns in COLUMNS_BY_SERIES.values() for column in columns),
)
REQUIRED_COLUMNS = (*PERIOD_AND_AREA_COLUMNS, *VALUE_COLUMNS)
PublisherCell = tuple[str, dict[str, str]]
"""The code of an area, and a breakdown."""
COLUMN_BY_NEWER_NAME: dict[str, str] = {
    "age": "Age",
    "characteristic_grouping": "Characteristic_grouping",
    "characteristic": "Characteristic",
    "avg_cohort_count": "avgcohort",
    "avg_neet_count": "avgNEET",
    "neet_percent": "NEETprop",
    "avg_neet_nk_count": "avgNEETNK",
    "neet_nk_percent": "NEETNKprop",
    "avg_nk_count": "avgNK",
    "nk_percent": "Notknownprop",
}


def read_rows(text: str) -> list[Row]:
    """Return the rows with the older column names. Raises UnexpectedSourceFormat."""
    rows = read_table(text, PERIOD_AND_AREA_COLUMNS)
    if rows and COLUMN_BY_NEWER_NAME.keys() <= rows[0].keys():
        return [{COLUMN_BY_NEWER_NAME.get(name, name): value for name, value in row.items()} for row in rows]
    return read_table(text, REQUIRED_COLUMNS)


def build_returns(rows: Iterable[Row], areas: Collection[str]) -> list[NewReturn]:
    """Build a return of each series for each winter: NEET, not known, and both together.

    Leave out areas, ages and characteristics that the plan does not have. Raises UnexpectedSourceFormat.
    """
    rows_by_period: dict[str, dict[tuple[str, str], tuple[Row, PublisherCell]]] = {}
    for row in rows:
        area, breakdown = row.get(AREA_CODE_COLUMNS.get(row["geographic_level"], "")), _parse_breakdown(row)
        if area not in areas or area is None or breakdown is None or row["Age"] not in AGE_LABELS:
            continue
        cells = rows_by_period.setdefault(_parse_period(row), {})
        cell = (area, "".join(breakdown.values()))
        if cell in cells:
            raise UnexpectedSourceFormat(f"{row['time_period']} {' '.join(cell).strip()} occurs twice.")
        cells[cell] = (row, (area, breakdown))
    return [
        NewReturn(
            measure=MEASURE,
            series=series,
            period=period,
            figures=[_build_figure(row, *cell, columns) for row, cell in cells.values()],
        )
        for period, cells in sorted(rows_by_period.items())
        for series, columns in COLUMNS_BY_SERIES.items()
    ]


def _parse_breakdown(row: Row) -> dict[str, str] | None:
    """Return the breakdown of the row, or None if the plan does not collect it."""
    grouping, characteristic = row["Characteristic_grouping"].lower(), row["Characteristic"].lower()
    if TOTAL_LABEL in (grouping, characteristic):
        return {} if grouping == TOTAL_LABEL else None
    dimension, categories = DIMENSION_BY_GROUPING.get(grouping, ("", {}))
    return {dimension: categories[characteristic]} if characteristic in categories else None


def _parse_period(row: Row) -> str:
    """Return the code of the winter that ends in the year of the row."""
    try:
        if row["time_identifier"] != "Calendar year":
            raise InvalidPeriodCode(row["time_identifier"])
        return f"R3-{from_ees('CY', row['time_period']).end.year}-02"
    except InvalidPeriodCode:
        raise UnexpectedSourceFormat(
            f"{row['time_identifier']} {row['time_period']!r} is not a calendar year."
        ) from None


def _build_figure(row: Row, area: str, breakdown: dict[str, str], columns: tuple[str, str]) -> PublisherFigure:
    value, numerator, denominator = (parse_field(row[name]) for name in (*columns, "avgcohort"))
    both = numerator.value is not None and denominator.value is not None
    return PublisherFigure(
        area=area,
        breakdown=breakdown,
        value=value.value,
        numerator=numerator.value if both else None,
        denominator=denominator.value if both else None,
        status=value.status,
        markers=list(value.markers),
    )
