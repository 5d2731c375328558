"""The Annual Population Survey, as CSV from Nomis: data set NM_17_5.

The file has one row for each variable, area, date and measure. Measure 20599 is the value in per cent, 21001 its
numerator and 21002 its denominator in people, 21003 the half-width of its 95 % interval (nomisweb.co.uk/api/v01/help).
A date is the last of twelve months. Variable 1496 is the share of long-term sick people among the inactive aged 16 to
64; 1503 and 1510 are the shares for men and women. Variable 45 is the employment rate: its denominator is the
population aged 16 to 64.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from api.sources.row_account import OUTSIDE_PLAN, UNREADABLE_ROW, Row, RowAccount
from api.sources.tables import (
    UnexpectedSourceFormat,
    format_number,
    is_suppression,
    is_unreliable,
    parse_field,
    read_cell,
    read_table,
)
from api.statistics.intervals import calculate_population_half_width
from api.statistics.periods import InvalidPeriodCode
from api.statistics.published_periods import from_nomis
from schema.intervals import IntervalMethod
from schema.submissions import FigureLimits, Marker, NewReturn, PublisherFigure, Status

DATASET = "NM_17_5"
MEASURE = "economic-inactivity-ill-health"
INACTIVE_SERIES, POPULATION_SERIES = "lts-of-inactive-16-64", "lts-of-population-16-64"
GAP_MEASURE, EMPLOYMENT_SERIES = "ltc-employment-gap", "overall-employment-rate"
TOTAL_VARIABLE = "1496"
BREAKDOWN_BY_VARIABLE = {TOTAL_VARIABLE: {}, "1503": {"sex": "male"}, "1510": {"sex": "female"}}
EMPLOYMENT_VARIABLE = "45"
VARIABLES = (*BREAKDOWN_BY_VARIABLE, EMPLOYMENT_VARIABLE)
VALUE_MEASURE, NUMERATOR_MEASURE, DENOMINATOR_MEASURE, HALF_WIDTH_MEASURE = "20599", "21001", "21002", "21003"
NOMIS_MEASURES = (VALUE_MEASURE, NUMERATOR_MEASURE, DENOMINATOR_MEASURE, HALF_WIDTH_MEASURE)
PARAMETERS = {"variable": ",".join(VARIABLES), "measures": ",".join(NOMIS_MEASURES)}
REQUIRED_COLUMNS = ("DATE", "GEOGRAPHY_CODE", "VARIABLE", "MEASURES", "OBS_VALUE", "OBS_STATUS_NAME", "RECORD_COUNT")
DERIVATION_NOTE = (
    "Calculated from Nomis: the numerator of variable 1496 over the denominator of variable 45. The limits use the "
    "published half-width of the share of the inactive, rescaled to the population, which is assumed to be known."
)

NomisKey = tuple[str, str, str]  # period, area, variable
RowsByKey = dict[NomisKey, dict[str, Row]]


def read_rows(text: str, account: RowAccount) -> list[Row]:
    """Return the rows of one page. Raises UnexpectedSourceFormat."""
    return read_table(text, REQUIRED_COLUMNS, account)


def count_expected_rows(page: Iterable[Row]) -> int:
    """Return the number of rows of all pages, which every row repeats. Raises UnexpectedSourceFormat."""
    stated = {row["RECORD_COUNT"] for row in page}
    counts = {count for count in stated if count.isdecimal()} or stated
    if len(counts) > 1 or not all(count.isdecimal() for count in counts):
        raise UnexpectedSourceFormat(f"RECORD_COUNT is {' and '.join(sorted(counts))}.")
    return int(counts.pop()) if counts else 0


def build_returns(rows: Iterable[Row], areas: Collection[str], account: RowAccount) -> list[NewReturn]:
    """Build three returns for each date: the published share of the inactive, the calculated share of the population,
    and the published employment rate, which is read with the employment gap.

    Leave out areas that the plan does not have. Raises UnexpectedSourceFormat.
    """
    cells = _group_readable_rows(rows, areas, account)
    returns: list[NewReturn] = []
    for date in sorted({date for date, _, _ in cells}):
        cells_of_date = {key: measures for key, measures in cells.items() if key[0] == date}
        for measure, series, figures in (
            (MEASURE, INACTIVE_SERIES, _build_published_figures(cells_of_date, BREAKDOWN_BY_VARIABLE)),
            (MEASURE, POPULATION_SERIES, _build_population_figures(cells_of_date)),
            (GAP_MEASURE, EMPLOYMENT_SERIES, _build_published_figures(cells_of_date, {EMPLOYMENT_VARIABLE: {}})),
        ):
            if figures:
                returns.append(NewReturn(measure=measure, series=series, period=date, figures=figures))
    _account_for_rows(cells, account)
    return returns


def _group_readable_rows(rows: Iterable[Row], areas: Collection[str], account: RowAccount) -> RowsByKey:
    """Return the rows by period, area and variable. Raises UnexpectedSourceFormat if one occurs twice."""
    cells: RowsByKey = {}
    for row in rows:
        area = row["GEOGRAPHY_CODE"]
        if reason := _find_reason_to_leave_out(row, areas):
            account.leave_out(row.number, reason)
            continue
        period = _parse_period(row, account)
        if period is None or read_cell(row, "OBS_VALUE", account, area=area) is None:
            account.leave_out(row.number, UNREADABLE_ROW)
            continue
        key = (period, area, row["VARIABLE"])
        earlier = cells.setdefault(key, {}).setdefault(row["MEASURES"], row)
        if earlier is not row:
            raise UnexpectedSourceFormat(f"{' '.join(key)} occurs twice, in rows {earlier.number} and {row.number}.")
    return cells


def _find_reason_to_leave_out(row: Row, areas: Collection[str]) -> str | None:
    if row["GEOGRAPHY_CODE"] not in areas:
        return OUTSIDE_PLAN
    if row["VARIABLE"] not in VARIABLES:
        return f"VARIABLE is {row['VARIABLE']!r}"
    return None if row["MEASURES"] in NOMIS_MEASURES else f"MEASURES is {row['MEASURES']!r}"


def _account_for_rows(cells: RowsByKey, account: RowAccount) -> None:
    """Use the rows of each figure. Leave out those that have no value to belong to."""
    for (period, area, variable), measures in cells.items():
        has_share = NUMERATOR_MEASURE in cells.get((period, area, TOTAL_VARIABLE), {}) and (
            _get_population(cells, period, area) is not None
        )
        if VALUE_MEASURE in measures or (has_share and variable in {TOTAL_VARIABLE, EMPLOYMENT_VARIABLE}):
            account.use(len(measures))
        else:
            for row in measures.values():
                account.leave_out(row.number, "the file has no value for this part of a figure")


def _get_population(cells: RowsByKey, period: str, area: str) -> Decimal | None:
    """Return the population aged 16 to 64, or None if it is not known or 0."""
    return _parse_number(cells.get((period, area, EMPLOYMENT_VARIABLE), {}), DENOMINATOR_MEASURE) or None


def _parse_period(row: Row, account: RowAccount) -> str | None:
    try:
        return from_nomis(row["DATE"], length=12).code
    except InvalidPeriodCode:
        account.report_cell(row, "DATE", row["GEOGRAPHY_CODE"])
        return None


def _build_published_figures(
    cells: RowsByKey, breakdown_by_variable: Mapping[str, dict[str, str]]
) -> list[PublisherFigure]:
    figures: list[PublisherFigure] = []
    for (_, area, variable), measures in cells.items():
        if variable in breakdown_by_variable and VALUE_MEASURE in measures:
            value, width = _parse_number(measures, VALUE_MEASURE), _parse_number(measures, HALF_WIDTH_MEASURE)
            numerator, denominator = (
                _parse_number(measures, NUMERATOR_MEASURE),
                _parse_number(measures, DENOMINATOR_MEASURE),
            )
            figures.append(
                PublisherFigure(
                    area=area,
                    breakdown=breakdown_by_variable[variable],
                    value=None if value is None else format_number(value),
                    limits=_build_limits(value, width, IntervalMethod.PUBLISHED),
                    numerator=format_number(numerator) if numerator is not None and denominator is not None else None,
                    denominator=format_number(denominator)
                    if numerator is not None and denominator is not None
                    else None,
                    status=None if value is not None else _parse_status(measures[VALUE_MEASURE]),
                    markers=[] if value is None else _parse_markers(measures.values()),
                )
            )
    return figures


def _build_population_figures(cells: RowsByKey) -> list[PublisherFigure]:
    """Calculate to one decimal, for the total only: the variables of the population by sex are not verified."""
    figures: list[PublisherFigure] = []
    for (date, area, variable), measures in cells.items():
        population = _get_population(cells, date, area)
        if variable != TOTAL_VARIABLE or NUMERATOR_MEASURE not in measures or population is None:
            continue
        sick, inactive = _parse_number(measures, NUMERATOR_MEASURE), _parse_number(measures, DENOMINATOR_MEASURE)
        value = None if sick is None else round(100 * sick / population, 1)
        width = _rescale_half_width(_parse_number(measures, HALF_WIDTH_MEASURE), sick, inactive, population)
        figures.append(
            PublisherFigure(
                area=area,
                value=None if value is None else format_number(value),
                limits=_build_limits(value, width, IntervalMethod.NORMAL),
                numerator=None if sick is None else format_number(sick),
                denominator=None if sick is None else format_number(population),
                status=Status.NOT_AVAILABLE if value is None else None,
                markers=[] if value is None else [Marker.ESTIMATED, *_parse_markers(measures.values())],
                note=DERIVATION_NOTE,
            )
        )
    return figures


def _parse_number(measures: dict[str, Row], measure: str) -> Decimal | None:
    value = parse_field(measures[measure]["OBS_VALUE"]).value if measure in measures else None
    return None if value is None else Decimal(value)


def _rescale_half_width(
    width: Decimal | None, sick: Decimal | None, inactive: Decimal | None, population: Decimal
) -> Decimal | None:
    """Return the half-width of the share of the population in per cent, to one decimal; None if it is not known."""
    if width is None or not sick or not inactive:
        return None
    rescaled = calculate_population_half_width(
        float(width), of_group=float(sick / inactive), of_population=float(sick / population)
    )
    return None if rescaled is None else round(Decimal(rescaled), 1)


def _build_limits(value: Decimal | None, width: Decimal | None, method: IntervalMethod) -> list[FigureLimits]:
    """Add and subtract the half-width, and clamp to 0 and 100."""
    if value is None or width is None:
        return []
    lower, upper = max(value - width, Decimal(0)), min(value + width, Decimal(100))
    return [FigureLimits(lower=format_number(lower), upper=format_number(upper), method=method)]


def _parse_status(row: Row) -> Status:
    """Return the status of a row without a number: `c` if its mark or its note states that the number is hidden."""
    status = parse_field(row["OBS_VALUE"]).status or Status.NOT_AVAILABLE
    return Status.CONFIDENTIAL if is_suppression(row["OBS_STATUS_NAME"]) else status


def _parse_markers(rows: Iterable[Row]) -> list[Marker]:
    """Return `u` if any row of a figure is unreliable: Nomis may state it with the number or with its half-width."""
    return [Marker.LOW_RELIABILITY] if any(is_unreliable(row["OBS_STATUS_NAME"]) for row in rows) else []
