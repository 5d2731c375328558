"""Mid-year population estimates, as CSV from Nomis: data set NM_2014_1.

The data set has the small areas of England and Wales, based on the census of 2021, with the wards and the authorities
to which they add up. The file has one row for each date, area, gender and age. `GENDER` is 0 for all, 1 for male and 2
for female. `C_AGE` is 101 plus the age in years, and 191 for 90 and over. Measure 20100 is the number of residents on
30 June of the year in `DATE`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal

from api.sources.row_account import OUTSIDE_PLAN, UNREADABLE_ROW, Row, RowAccount
from api.sources.tables import UnexpectedSourceFormat, format_number, read_cell, read_table
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
YEAR_PATTERN = re.compile(r"(19|20)\d\d", re.ASCII)
PARAMETERS = {
    "gender": ",".join(BREAKDOWN_BY_GENDER),
    "c_age": f"{FIRST_AGE_CODE}...{FIRST_AGE_CODE + LAST_AGE}",
    "measures": VALUE_MEASURE,
}
REQUIRED_COLUMNS = ("DATE", "GEOGRAPHY_CODE", "GENDER", "C_AGE", "MEASURES", "OBS_VALUE", "RECORD_COUNT")

CountsByAge = dict[int, Decimal | None]
RowsByAge = dict[int, Row]


def read_rows(text: str, account: RowAccount) -> list[Row]:
    """Return the rows of one page. Raises UnexpectedSourceFormat."""
    return read_table(text, REQUIRED_COLUMNS, account)


def build_returns(rows: Iterable[Row], areas: Collection[str], account: RowAccount) -> list[NewReturn]:
    """Build a return for each year: single years of age added to the bands of the plan, and to all ages.

    Leave out areas that the plan does not have, and those without every age. Raises UnexpectedSourceFormat.
    """
    figures_by_year: dict[str, list[PublisherFigure]] = {}
    for (year, area, gender), by_age in _group_rows(rows, areas, account).items():
        if len(by_age) < len(ALL_AGES):
            for row in by_age.values():
                account.leave_out(row.number, f"{area} has {len(by_age)} of {len(ALL_AGES)} ages")
            continue
        counts = {age: _read_count(row, account) for age, row in by_age.items()}
        for band, ages in {None: ALL_AGES, **AGES_BY_BAND}.items():
            by_band = {} if band is None else {"age-band": band}
            figure = _build_figure(area, {**by_band, **BREAKDOWN_BY_GENDER[gender]}, counts, ages, year)
            figures_by_year.setdefault(year, []).append(figure)
    return [
        NewReturn(
            measure=MEASURE,
            series=SERIES,
            period=periods.build_snapshot(date(int(year), 6, 30)).code,
            figures=figures,
        )
        for year, figures in sorted(figures_by_year.items())
    ]


def _group_rows(
    rows: Iterable[Row], areas: Collection[str], account: RowAccount
) -> dict[tuple[str, str, str], RowsByAge]:
    """Return the rows by year, area and gender. Raises UnexpectedSourceFormat if an age occurs twice."""
    groups: dict[tuple[str, str, str], RowsByAge] = {}
    for row in rows:
        year, area, age = row["DATE"], row["GEOGRAPHY_CODE"], _parse_age(row["C_AGE"])
        if reason := _find_reason_to_leave_out(row, areas):
            account.leave_out(row.number, reason)
        elif not YEAR_PATTERN.fullmatch(year):
            account.report_cell(row, "DATE", area)
            account.leave_out(row.number, UNREADABLE_ROW)
        elif groups.setdefault((year, area, row["GENDER"]), {}).setdefault(age, row) is not row:
            raise UnexpectedSourceFormat(f"Row {row.number}: {year} {area} {row['C_AGE']} occurs twice.")
    return groups


def _find_reason_to_leave_out(row: Row, areas: Collection[str]) -> str | None:
    if row["GEOGRAPHY_CODE"] not in areas:
        return OUTSIDE_PLAN
    is_known = {
        "MEASURES": row["MEASURES"] == VALUE_MEASURE,
        "GENDER": row["GENDER"] in BREAKDOWN_BY_GENDER,
        "C_AGE": _parse_age(row["C_AGE"]) in ALL_AGES,
    }
    return next((f"{column} is {row[column]!r}" for column, known in is_known.items() if not known), None)


def _read_count(row: Row, account: RowAccount) -> Decimal | None:
    """Read a count. The sums that an unreadable count would be part of have no value either."""
    count = read_cell(row, "OBS_VALUE", account, area=row["GEOGRAPHY_CODE"])
    if count is None:
        account.leave_out(row.number, UNREADABLE_ROW)
    else:
        account.use()
    return None if count is None or count.value is None else Decimal(count.value)


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
    return int(code) - FIRST_AGE_CODE if code.isdecimal() else -1
