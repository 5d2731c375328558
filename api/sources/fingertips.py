"""Indicators of OHID's Fingertips, as CSV from `all_data/csv/by_indicator_id`.

The column names come from its source code (github.com/ukhsa-collaboration/fingertips-open) and from fingertipsR. A
missing value is empty, or -1, the sentinel of an older service. Values are in per cent or percentage points. The column
`Recent Trend` is filled where Fingertips has tested a trend: its labels are those of `TrendMarkerLabelProvider`.

No column of the data has the type of the year: `Time period Sortable` is 20230000 for 2023, for 2023/24 and for an
academic year. It is in `Year type` of the indicator's metadata; the label in `Time period` must agree with it.
"""

from collections.abc import Collection, Iterable, Mapping

from api.sources.tables import ParsedField, Row, UnexpectedSourceFormat, format_number, parse_number, read_table
from api.statistics.periods import InvalidPeriodCode
from api.statistics.published_periods import FINGERTIPS_YEAR_TYPES, YearType, choose_fingertips_period
from schema.intervals import Confidence
from schema.submissions import FigureLimits, NewReturn, PublisherFigure, PublisherTrend, Status
from schema.verdicts import Tendency, TrendVerdict

# The measure of each indicator, and whether its value is a fraction. If it is not, -1 can be a true value.
INDICATORS = {
    "90282": ("ltc-employment-gap", False),
    "93882": ("ltc-employment-rate", True),
}
SERIES = "headline"
BREAKDOWN_BY_SEX = {"Persons": {}, "Male": {"sex": "male"}, "Female": {"sex": "female"}}
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
METADATA_COLUMNS = ("Indicator ID", "Year type")


def read_rows(text: str) -> list[Row]:
    """Return the rows of the file. Raises UnexpectedSourceFormat."""
    return read_table(text, REQUIRED_COLUMNS)


def read_year_types(text: str) -> dict[str, YearType]:
    """Return the year type of each indicator of the metadata file. Raises UnexpectedSourceFormat.

    An indicator with an unknown year type is left out.
    """
    names = {row["Indicator ID"]: row["Year type"].casefold() for row in read_table(text, METADATA_COLUMNS)}
    known = FINGERTIPS_YEAR_TYPES
    return {indicator: known[name] for indicator, name in names.items() if name in known}


def build_returns(
    rows: Iterable[Row], areas: Collection[str], year_types: Mapping[str, YearType] | None = None
) -> list[NewReturn]:
    """Build one return for each indicator and year. Leave out rows by category, and areas that the plan does not have.

    `year_types` has the year type of each indicator. Without it, only a label that has a single meaning is accepted.

    Accept identical rows, such as England next to each parent area, once. Raises UnexpectedSourceFormat.
    """
    figures_by_return: dict[tuple[str, str], dict[tuple[str, str], PublisherFigure]] = {}
    for row in rows:
        if row["Area Code"] not in areas or row["Category Type"] or row["Sex"] not in BREAKDOWN_BY_SEX:
            continue
        if row["Indicator ID"] not in INDICATORS:
            raise UnexpectedSourceFormat(f"Indicator {row['Indicator ID']!r} has no series in the plan.")
        cell = (row["Area Code"], row["Sex"])
        figures = figures_by_return.setdefault(
            (row["Indicator ID"], _parse_period(row, (year_types or {}).get(row["Indicator ID"]))), {}
        )
        figure = _build_figure(row)
        if figures.setdefault(cell, figure) != figure:
            raise UnexpectedSourceFormat(f"{' '.join(cell)} occurs with two values.")
    return [
        NewReturn(measure=INDICATORS[indicator][0], series=SERIES, period=period, figures=list(figures.values()))
        for (indicator, period), figures in sorted(figures_by_return.items())
    ]


def _parse_period(row: Row, year_type: YearType | None) -> str:
    label, sortable, span = row["Time period"], row["Time period Sortable"], row["Time period range"]
    try:
        return choose_fingertips_period(
            int(sortable), label, year_type=year_type, years=int(span.removesuffix("y"))
        ).code
    except InvalidPeriodCode as error:
        meaning = f" It may be {' or '.join(error.candidates)}." if error.candidates else ""
        raise UnexpectedSourceFormat(
            f"{label!r} ({sortable!r} over {span!r}) is not a period of Fingertips with one meaning.{meaning}"
        ) from None
    except ValueError:
        raise UnexpectedSourceFormat(f"{sortable!r} over {span!r} is not a period of Fingertips.") from None


def _build_figure(row: Row) -> PublisherFigure:
    _, is_fraction = INDICATORS[row["Indicator ID"]]
    value = _parse_value(row["Value"], is_fraction)
    fraction = [_parse_value(row[name], True).value for name in ("Count", "Denominator")] if is_fraction else []
    is_complete = len(fraction) == 2 and None not in fraction
    return PublisherFigure(
        area=row["Area Code"],
        breakdown=BREAKDOWN_BY_SEX[row["Sex"]],
        value=value.value,
        limits=[] if value.value is None else _read_limits(row),
        numerator=fraction[0] if is_complete else None,
        denominator=fraction[1] if is_complete else None,
        status=value.status,
        note=row["Value note"] or None,
        trend=None if value.value is None else _parse_trend(row.get(TREND_COLUMN, "")),
    )


def _parse_trend(text: str) -> PublisherTrend | None:
    """Parse a label such as `Increasing & getting better`. Raises UnexpectedSourceFormat."""
    label = text.lower()
    if label in NO_TRENDS:
        return None
    tendency, _, judgement = label.replace(" & ", " and ").partition(" and ")
    if tendency not in TENDENCY_BY_LABEL or (judgement and judgement not in VERDICT_BY_LABEL):
        raise UnexpectedSourceFormat(f"{text!r} is not a trend of Fingertips.")
    return PublisherTrend(tendency=TENDENCY_BY_LABEL[tendency], verdict=VERDICT_BY_LABEL.get(judgement))


def _parse_value(text: str, is_fraction: bool) -> ParsedField:
    """Read -1 as missing if the number cannot be negative."""
    if not text or (is_fraction and parse_number(text) < 0):
        return ParsedField(status=Status.NOT_AVAILABLE)
    return ParsedField(value=format_number(parse_number(text)))


def _read_limits(row: Row) -> list[FigureLimits]:
    limits: list[FigureLimits] = []
    for name, confidence in (("95.0", Confidence.P95), ("99.8", Confidence.P99_8)):
        lower, upper = row[f"Lower CI {name} limit"], row[f"Upper CI {name} limit"]
        if lower and upper:
            limits.append(
                FigureLimits(
                    lower=format_number(parse_number(lower)),
                    upper=format_number(parse_number(upper)),
                    confidence=confidence,
                )
            )
    return limits
