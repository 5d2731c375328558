"""Mid-year population estimates, as CSV from Nomis: data set NM_2014_1.

The data set has the small areas of England and Wales, based on the census of 2021, with the wards and the authorities
to which they add up. The file has one row for each date, area, gender and age. `GENDER` is 0 for all, 1 for male and 2
for female. `C_AGE` is 101 plus the age in years, and 191 for 90 and over. Measure 20100 is the number of residents on
30 June of the year in `DATE`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal

from api.sources.tables import STATUS_BY_SYMBOL, Row, UnexpectedSourceFormat, format_number, parse_number, read_table
from api.statistics import periods
from schema.submissions import NewReturn, PublisherFigure, Status

DATASET = "NM_2014_1"
MEASURE, SERIES = "resident-population", "mid-year-estimates"
VALUE_MEASURE = "20100"
BREAKDOWN_BY_GENDER: Mapping[str, Mapping[str, str]] = {"0": {}, "1": {"sex": "male"}, "2": {"sex": "female"}}
FIRST_AGE_CODE, LAST_AGE = 101, 90
AGES_BY_BAND: Mapping[str, range] = {
    "16-24": range(16, 25),
    "25-34": range(25, 35),
    "35-49": range(35, 50),
    "50-64": range(50, 65),
    "65-plus": range(65, LAST_AGE + 1),
}
ALL_AGES = range(LAST_AGE + 1)
PARAMETERS = {
    "gender": ",".join(BREAKDOWN_BY_GENDER),
    "c_age": f"{FIRST_AGE_CODE}...{FIRST_AGE_CODE + LAST_AGE}",
    "measures": VALUE_MEASURE,
}
REQUIRED_COLUMNS = ("DATE", "GEOGRAPHY_CODE", "GENDER", "C_AGE", "MEASURES", "OBS_VALUE", "RECORD_COUNT")

CountsByAge = dict[int, Decimal | None]


def read_rows(text: str) -> list[Row]:
    """Return the rows of one page. Raises UnexpectedSourceFormat."""
    return read_table(text, REQUIRED_COLUMNS)


def build_returns(rows: Iterable[Row], areas: Collection[str]) -> list[NewReturn]:
    """Build a return for each year: single years of age added to the bands of the plan, and to all ages.

    Leave out areas that the plan does not have. Raises UnexpectedSourceFormat.
    """
    counts: dict[str, dict[tuple[str, str], CountsByAge]] = {}
    for row in rows:
        if row["GEOGRAPHY_CODE"] in areas and row["MEASURES"] == VALUE_MEASURE:
            cell = counts.setdefault(row["DATE"], {}).setdefault((row["GEOGRAPHY_CODE"], row["GENDER"]), {})
            age = _parse_age(row["C_AGE"])
            if age in cell:
                raise UnexpectedSourceFormat(f"{row['DATE']} {row['GEOGRAPHY_CODE']} {row['C_AGE']} occurs twice.")
            cell[age] = _parse_count(row["OBS_VALUE"])
    return [
        NewReturn(measure=MEASURE, series=SERIES, period=_parse_period(year), figures=_build_figures(year, cells))
        for year, cells in sorted(counts.items())
    ]


def _build_figures(year: str, cells: Mapping[tuple[str, str], CountsByAge]) -> list[PublisherFigure]:
    figures: list[PublisherFigure] = []
    for (area, gender), counts in cells.items():
        if gender not in BREAKDOWN_BY_GENDER:
            raise UnexpectedSourceFormat(f"GENDER is {gender!r}.")
        if counts.keys() != set(ALL_AGES):
            raise UnexpectedSourceFormat(f"{year} {area}: {len(counts)} of {len(ALL_AGES)} ages are in the file.")
        for band, ages in {None: ALL_AGES, **AGES_BY_BAND}.items():
            by_age = {} if band is None else {"age-band": band}
            figures.append(_build_figure(area, {**by_age, **BREAKDOWN_BY_GENDER[gender]}, counts, ages, year))
    return figures


def _build_figure(area: str, breakdown: dict[str, str], counts: CountsByAge, ages: range, year: str) -> PublisherFigure:
    known = [count for age in ages if (count := counts[age]) is not None]
    is_known = len(known) == len(ages)
    return PublisherFigure(
        area=area,
        breakdown=breakdown,
        value=format_number(sum(known, Decimal(0))) if is_known else None,
        status=None if is_known else Status.NOT_AVAILABLE,
        note=f"The single years of age of mid-{year} in Nomis {DATASET}, added.",
    )


def _parse_age(code: str) -> int:
    age = int(code) - FIRST_AGE_CODE if code.isdecimal() else -1
    if age not in ALL_AGES:
        raise UnexpectedSourceFormat(f"C_AGE is {code!r}: only single years of age are read.")
    return age


def _parse_count(text: str) -> Decimal | None:
    return None if text.lower() in STATUS_BY_SYMBOL or text == "-" else parse_number(text)


def _parse_period(year: str) -> str:
    if not (year.isdecimal() and len(year) == len("2025")):
        raise UnexpectedSourceFormat(f"{year!r} is not a year.")
    return periods.build_snapshot(date(int(year), 6, 30)).code
