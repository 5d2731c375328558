"""The Annual Population Survey as Nomis gives it: data set NM_17_5, as CSV.

One row for each variable, area, date and measure: 20599 the value in per cent, 21001 its numerator and 21002 its
denominator in people, 21003 the half-width of its 95 % interval (nomisweb.co.uk/api/v01/help). A date is the last of
twelve months. Variable 1496 is the share of long-term sick of the inactive aged 16 to 64, 1503 and 1510 that of men
and women; 45 is the employment rate, and its denominator the population, aged 16 to 64.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal

from api.sources.tables import STATUSES, NotThePublication, Row, number, plain, read
from api.statistics.periods import NotAPeriod
from api.statistics.published_periods import from_nomis
from schema.intervals import IntervalMethod
from schema.submissions import FigureLimits, Marker, NewReturn, PublishedFigure, Status

DATASET = "NM_17_5"
MEASURE = "economic-inactivity-ill-health"
OF_INACTIVE, OF_POPULATION = "lts-of-inactive-16-64", "lts-of-population-16-64"
BREAKDOWNS = {"1496": {}, "1503": {"sex": "male"}, "1510": {"sex": "female"}}
EMPLOYMENT = "45"
VARIABLES = (*BREAKDOWNS, EMPLOYMENT)
VALUE, NUMERATOR, DENOMINATOR, CONFIDENCE = "20599", "21001", "21002", "21003"
MEASURES = (VALUE, NUMERATOR, DENOMINATOR, CONFIDENCE)
COLUMNS = ("DATE", "GEOGRAPHY_CODE", "VARIABLE", "MEASURES", "OBS_VALUE", "OBS_STATUS_NAME", "RECORD_COUNT")
MOST_ROWS = 25_000  # of one answer to a guest; what is beyond is left out without a word
DERIVED = (
    "Worked out from Nomis: numerator of variable 1496 over the denominator of variable 45; the published half-width, "
    "scaled by the inactive's share of the population, which is taken as known."
)

Place = tuple[str, str, str]  # date, area, variable
Cells = dict[Place, dict[str, Row]]


def rows(text: str) -> list[Row]:
    """Raises NotThePublication."""
    return read(text, COLUMNS)


def expected(page: Iterable[Row]) -> int:
    """How many rows the whole answer has, as each of its rows says. Raises NotThePublication."""
    counts = {row["RECORD_COUNT"] for row in page}
    if len(counts) > 1 or not all(count.isdecimal() for count in counts):
        raise NotThePublication(f"RECORD_COUNT says {' and '.join(sorted(counts))}.")
    return int(counts.pop()) if counts else 0


def returns(found: Iterable[Row], areas: Collection[str]) -> list[NewReturn]:
    """Two returns for each date: of the inactive as published, and of the population, worked out.

    Areas that the plan does not have are left out. Raises NotThePublication.
    """
    cells: Cells = {}
    for row in found:
        if row["GEOGRAPHY_CODE"] in areas:
            place = (row["DATE"], row["GEOGRAPHY_CODE"], row["VARIABLE"])
            if row["MEASURES"] in cells.setdefault(place, {}):
                raise NotThePublication(f"{' '.join(place)} is there twice.")
            cells[place][row["MEASURES"]] = row
    made: list[NewReturn] = []
    for date in sorted({date for date, _, _ in cells}):
        here = {place: measures for place, measures in cells.items() if place[0] == date}
        for series, figures in ((OF_INACTIVE, _of_inactive(here)), (OF_POPULATION, _of_population(here))):
            if figures:
                made.append(NewReturn(measure=MEASURE, series=series, period=_period(date), figures=figures))
    return made


def _period(date: str) -> str:
    try:
        return from_nomis(date, length=12).code
    except NotAPeriod:
        raise NotThePublication(f"{date!r} is no date of the Annual Population Survey.") from None


def _of_inactive(cells: Cells) -> list[PublishedFigure]:
    found: list[PublishedFigure] = []
    for (_, area, variable), measures in cells.items():
        if variable in BREAKDOWNS and VALUE in measures:
            value, width = _number(measures, VALUE), _number(measures, CONFIDENCE)
            numerator, denominator = _number(measures, NUMERATOR), _number(measures, DENOMINATOR)
            found.append(
                PublishedFigure(
                    area=area,
                    breakdown=BREAKDOWNS[variable],
                    value=None if value is None else plain(value),
                    limits=_limits(value, width, IntervalMethod.PUBLISHED),
                    numerator=plain(numerator) if numerator is not None and denominator is not None else None,
                    denominator=plain(denominator) if numerator is not None and denominator is not None else None,
                    status=None if value is not None else _status(measures[VALUE]),
                    markers=[] if value is None else _markers(measures[VALUE]),
                )
            )
    return found


def _of_population(cells: Cells) -> list[PublishedFigure]:
    """To one decimal. Only the total: which variables have the population by sex is not verified."""
    found: list[PublishedFigure] = []
    for (date, area, variable), measures in cells.items():
        population = _number(cells.get((date, area, EMPLOYMENT), {}), DENOMINATOR)
        if BREAKDOWNS.get(variable) != {} or not population:
            continue
        sick, inactive = _number(measures, NUMERATOR), _number(measures, DENOMINATOR)
        width = _number(measures, CONFIDENCE)
        value = None if sick is None else round(100 * sick / population, 1)
        scaled = None if width is None or inactive is None else round(width * inactive / population, 1)
        found.append(
            PublishedFigure(
                area=area,
                value=None if value is None else plain(value),
                limits=_limits(value, scaled, IntervalMethod.NORMAL),
                numerator=None if sick is None else plain(sick),
                denominator=None if sick is None else plain(population),
                status=Status.NOT_AVAILABLE if value is None else None,
                markers=[] if value is None else [Marker.ESTIMATED],
                note=DERIVED,
            )
        )
    return found


def _number(measures: dict[str, Row], measure: str) -> Decimal | None:
    text = measures[measure]["OBS_VALUE"] if measure in measures else ""
    return None if text.lower() in STATUSES or text in {"-", "!", "#"} else number(text)


def _limits(value: Decimal | None, width: Decimal | None, method: IntervalMethod) -> list[FigureLimits]:
    """A half-width is added and taken off; a share stays between 0 and 100."""
    if value is None or width is None:
        return []
    lower, upper = max(value - width, Decimal(0)), min(value + width, Decimal(100))
    return [FigureLimits(lower=plain(lower), upper=plain(upper), method=method)]


def _status(row: Row) -> Status:
    name = row["OBS_STATUS_NAME"].lower()
    hidden = any(word in name for word in ("suppress", "confidential", "disclos"))
    return Status.CONFIDENTIAL if hidden else Status.NOT_AVAILABLE


def _markers(row: Row) -> list[Marker]:
    return [Marker.LOW_RELIABILITY] if "unreliable" in row["OBS_STATUS_NAME"].lower() else []
