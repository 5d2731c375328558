"""Figures as SDMX-CSV 2.0: every dimension of the plan is one of the structure's, `_T` where it is summed over."""

from collections.abc import Iterable

from api.http import csv_text
from api.http.csv_text import Value
from api.plan.catalogue import Catalogue
from api.statistics import periods
from schema.outcomes import Marker
from schema.periods import Period, PeriodType
from schema.releases import AnyFigure
from schema.submissions import Status

AGENCY = "WORK_HEALTH"
TOTAL = "_T"
KEY = ("MEASURE", "SERIES", "REF_AREA")
ATTRIBUTES = (
    "OBS_STATUS",
    "UNIT_MEASURE",
    "PERIOD",
    "LOWER_BOUND",
    "UPPER_BOUND",
    "NUMERATOR",
    "DENOMINATOR",
    "LOWER_95",
    "UPPER_95",
    "REASON",
    "EXPECTED",
    "RECEIVED",
)
# Letters of CL_OBS_STATUS 2.2.
MISSING = {
    Status.CONFIDENTIAL: "Q",  # suppressed
    Status.NOT_AVAILABLE: "O",  # missing
    Status.NOT_APPLICABLE: "M",  # cannot exist
    Status.NONE_RECORDED: "O",
}
MARKED = {
    Marker.BREAK: "B",
    Marker.ESTIMATED: "E",
    Marker.LOW_RELIABILITY: "U",
    Marker.PROVISIONAL: "P",
}


def dimensions(catalogue: Catalogue) -> list[str]:
    """The dimensions of the structure, in its order; time is the last."""
    return [*KEY, *(_id(d.slug) for d in catalogue.plan.dimensions), "TIME_PERIOD"]


def _id(slug: str) -> str:
    return slug.replace("-", "_").upper()


def structure(catalogue: Catalogue) -> str:
    """The plan's version is the structure's: another version may have other dimensions."""
    return f"{AGENCY}:{_id(catalogue.slug)}({catalogue.version}.0.0)"


def csv_of(figures: Iterable[AnyFigure], catalogue: Catalogue) -> bytes:
    columns = ["STRUCTURE", "STRUCTURE_ID", "ACTION", *dimensions(catalogue), "OBS_VALUE", *ATTRIBUTES]
    return csv_text.written(columns, (_row(figure, catalogue) for figure in figures))


def _row(figure: AnyFigure, catalogue: Catalogue) -> list[Value]:
    return [
        *("dataflow", structure(catalogue), "I"),
        *(figure.measure, figure.series, figure.area),
        *(figure.breakdown.get(d.slug, TOTAL) for d in catalogue.plan.dimensions),
        time_of(figure.period),
        figure.value,
        *(status_of(figure), figure.unit, figure.period.code),
        *(figure.lower_bound, figure.upper_bound, figure.numerator, figure.denominator),
        *(figure.lower, figure.upper, figure.reason),
        *(figure.coverage.expected, figure.coverage.received),
    ]


def status_of(figure: AnyFigure) -> str:
    """One letter; of several markers the gravest. A value that is only bounded is missing."""
    if figure.status is not None:
        return MISSING[figure.status]
    if figure.value is None:
        return "O"
    return next((letter for marker, letter in MARKED.items() if marker in figure.markers), "A")


def time_of(period: Period) -> str:
    """SDMX's own codes where they mean the same, else the first day and the length."""
    if period.type in (PeriodType.MONTH, PeriodType.CALENDAR_QUARTER, PeriodType.CALENDAR_YEAR):
        return period.code.removeprefix("CY")
    if period.type is PeriodType.SNAPSHOT:
        return period.start.isoformat()
    return f"{period.start.isoformat()}/P{periods.length_in_months(period)}M"
