"""Young people not in education, employment or training, as CSV from DfE's Explore Education Statistics.

Data set 8162db7a-a24d-4b8e-bdfc-8da52819c1a8, "NEET by characteristics". The place columns are those that EES asks of
every file (github.com/dfe-analytical-services/analysts-guide); symbols stand in the number's own field. The figure
called calendar year 2025 is an average over December 2024 to February 2025. `NEETprop` is in per cent, `avgNEET` and
`avgcohort` are average numbers of people. Its columns have had two spellings: those of the files of 2022/23 to 2024/25,
and newer ones in small letters, as programs that read them have them; the groupings have been called otherwise too.
"""

from collections.abc import Collection, Iterable

from api.sources.tables import Row, UnexpectedSourceFormat, parse_field, read_table
from api.statistics.periods import InvalidPeriodCode
from api.statistics.published_periods import from_ees
from schema.submissions import NewReturn, PublisherFigure

DATASET = "8162db7a-a24d-4b8e-bdfc-8da52819c1a8"
MEASURE, SERIES = "neet-16-17", "neet-la"
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
VALUE_COLUMNS = ("Age", "Characteristic_grouping", "Characteristic", "avgcohort", "avgNEET", "NEETprop")
REQUIRED_COLUMNS = (*PERIOD_AND_AREA_COLUMNS, *VALUE_COLUMNS)
COLUMN_BY_NEWER_NAME: dict[str, str] = {
    "age": "Age",
    "characteristic_grouping": "Characteristic_grouping",
    "characteristic": "Characteristic",
    "avg_cohort_count": "avgcohort",
    "avg_neet_count": "avgNEET",
    "neet_percent": "NEETprop",
}


def read_rows(text: str) -> list[Row]:
    """In the first spelling, whichever the file has. Raises NotThePublication."""
    found = read_table(text, PERIOD_AND_AREA_COLUMNS)
    if found and COLUMN_BY_NEWER_NAME.keys() <= found[0].keys():
        return [{COLUMN_BY_NEWER_NAME.get(name, name): said for name, said in row.items()} for row in found]
    return read_table(text, REQUIRED_COLUMNS)


def build_returns(rows: Iterable[Row], areas: Collection[str]) -> list[NewReturn]:
    """One return for each winter. Areas, ages and characteristics that the plan does not have are left out.

    Raises NotThePublication.
    """
    made: dict[str, dict[tuple[str, str], PublisherFigure]] = {}
    for row in rows:
        area, breakdown = row.get(AREA_CODE_COLUMNS.get(row["geographic_level"], "")), _parse_breakdown(row)
        if area not in areas or area is None or breakdown is None or row["Age"] not in AGE_LABELS:
            continue
        figures, place = made.setdefault(_parse_period(row), {}), (area, "".join(breakdown.values()))
        if place in figures:
            raise UnexpectedSourceFormat(f"{row['time_period']} {' '.join(place).strip()} is there twice.")
        figures[place] = _build_figure(row, area, breakdown)
    return [
        NewReturn(measure=MEASURE, series=SERIES, period=period, figures=list(figures.values()))
        for period, figures in sorted(made.items())
    ]


def _parse_breakdown(row: Row) -> dict[str, str] | None:
    """None where the plan does not collect by it."""
    grouping, characteristic = row["Characteristic_grouping"].lower(), row["Characteristic"].lower()
    if TOTAL_LABEL in (grouping, characteristic):
        return {} if grouping == TOTAL_LABEL else None
    dimension, categories = DIMENSION_BY_GROUPING.get(grouping, ("", {}))
    return {dimension: categories[characteristic]} if characteristic in categories else None


def _parse_period(row: Row) -> str:
    """Winter, by the year in which it ends."""
    try:
        if row["time_identifier"] != "Calendar year":
            raise InvalidPeriodCode(row["time_identifier"])
        return f"R3-{from_ees('CY', row['time_period']).end.year}-02"
    except InvalidPeriodCode:
        raise UnexpectedSourceFormat(f"{row['time_identifier']} {row['time_period']!r} is no calendar year.") from None


def _build_figure(row: Row, area: str, breakdown: dict[str, str]) -> PublisherFigure:
    value, numerator, denominator = (parse_field(row[name]) for name in ("NEETprop", "avgNEET", "avgcohort"))
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
