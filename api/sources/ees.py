"""Young people not in education, employment or training, as CSV from DfE's Explore Education Statistics.

Data set 8162db7a-a24d-4b8e-bdfc-8da52819c1a8, "NEET by characteristics". The place columns are those that EES asks of
every file (github.com/dfe-analytical-services/analysts-guide); symbols stand in the number's own field. The figure
called calendar year 2025 is an average over December 2024 to February 2025. `NEETprop` is in per cent, `avgNEET` and
`avgcohort` are average numbers of people. Its columns have had two spellings: those of the files of 2022/23 to 2024/25,
and newer ones in small letters, as programs that read them have them; the groupings have been called otherwise too.
"""

from collections.abc import Collection, Iterable

from api.sources.tables import NotThePublication, Row, read, said
from api.statistics.periods import NotAPeriod
from api.statistics.published_periods import from_ees
from schema.submissions import NewReturn, PublishedFigure

DATASET = "8162db7a-a24d-4b8e-bdfc-8da52819c1a8"
MEASURE, SERIES = "neet-16-17", "neet-la"
AGES = {"16-17", "16 to 17"}
PLACES = {"National": "country_code", "Regional": "region_code", "Local authority": "new_la_code"}
TOTAL = "total"
SEXES = {"female": "female", "male": "male"}
GROUPS = {
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
GROUPINGS = {
    "sex": ("sex", SEXES),
    "gender": ("sex", SEXES),
    "ethnicity": ("ethnicity-5", GROUPS),
    "ethnic group": ("ethnicity-5", GROUPS),
}
WHERE = ("time_period", "time_identifier", "geographic_level", *PLACES.values())
WHAT = ("Age", "Characteristic_grouping", "Characteristic", "avgcohort", "avgNEET", "NEETprop")
COLUMNS = (*WHERE, *WHAT)
NEWER: dict[str, str] = {
    "age": "Age",
    "characteristic_grouping": "Characteristic_grouping",
    "characteristic": "Characteristic",
    "avg_cohort_count": "avgcohort",
    "avg_neet_count": "avgNEET",
    "neet_percent": "NEETprop",
}


def rows(text: str) -> list[Row]:
    """In the first spelling, whichever the file has. Raises NotThePublication."""
    found = read(text, WHERE)
    if found and NEWER.keys() <= found[0].keys():
        return [{NEWER.get(name, name): said for name, said in row.items()} for row in found]
    return read(text, COLUMNS)


def returns(found: Iterable[Row], areas: Collection[str]) -> list[NewReturn]:
    """One return for each winter. Areas, ages and characteristics that the plan does not have are left out.

    Raises NotThePublication.
    """
    made: dict[str, dict[tuple[str, str], PublishedFigure]] = {}
    for row in found:
        area, breakdown = row.get(PLACES.get(row["geographic_level"], "")), _breakdown(row)
        if area not in areas or area is None or breakdown is None or row["Age"] not in AGES:
            continue
        figures, place = made.setdefault(_period(row), {}), (area, "".join(breakdown.values()))
        if place in figures:
            raise NotThePublication(f"{row['time_period']} {' '.join(place).strip()} is there twice.")
        figures[place] = _figure(row, area, breakdown)
    return [
        NewReturn(measure=MEASURE, series=SERIES, period=period, figures=list(figures.values()))
        for period, figures in sorted(made.items())
    ]


def _breakdown(row: Row) -> dict[str, str] | None:
    """None where the plan does not collect by it."""
    grouping, characteristic = row["Characteristic_grouping"].lower(), row["Characteristic"].lower()
    if TOTAL in (grouping, characteristic):
        return {} if grouping == TOTAL else None
    dimension, categories = GROUPINGS.get(grouping, ("", {}))
    return {dimension: categories[characteristic]} if characteristic in categories else None


def _period(row: Row) -> str:
    """Winter, by the year in which it ends."""
    try:
        if row["time_identifier"] != "Calendar year":
            raise NotAPeriod(row["time_identifier"])
        return f"R3-{from_ees('CY', row['time_period']).end.year}-02"
    except NotAPeriod:
        raise NotThePublication(f"{row['time_identifier']} {row['time_period']!r} is no calendar year.") from None


def _figure(row: Row, area: str, breakdown: dict[str, str]) -> PublishedFigure:
    value, numerator, denominator = (said(row[name]) for name in ("NEETprop", "avgNEET", "avgcohort"))
    both = numerator.value is not None and denominator.value is not None
    return PublishedFigure(
        area=area,
        breakdown=breakdown,
        value=value.value,
        numerator=numerator.value if both else None,
        denominator=denominator.value if both else None,
        status=value.status,
        markers=list(value.markers),
    )
