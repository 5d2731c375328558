"""Figures as SDMX-CSV 2.0. Every dimension of the plan is a dimension of the structure; `_T` is its total.

`sdmx_structure` describes the columns. Sources: the SDMX-CSV 2.0 field guide (github.com/sdmx-twg/sdmx-csv), by which a
measure without a value is `NaN` and an attribute without one is empty, and the code lists of the SDMX Statistical
Working Group.
"""

from collections.abc import Iterable

from api.http import csv_text
from api.http.csv_text import TableValue
from api.plan.catalogue import Catalogue
from api.statistics import periods
from schema.outcomes import Marker, PreviewFigure
from schema.periods import Period, PeriodType
from schema.released_figures import AnyFigure
from schema.submissions import Status

MEDIA_TYPE = "application/vnd.sdmx.data+csv; version=2.0.0"
AGENCY_ID = "WORK_HEALTH"
TOTAL_CODE = "_T"
MISSING_VALUE = "NaN"
KEY_DIMENSIONS = ("MEASURE", "SERIES", "REF_AREA")
TIME_DIMENSION = "TIME_PERIOD"
MEASURE_COLUMN = "OBS_VALUE"
ATTRIBUTE_COLUMNS = (
    "OBS_STATUS",
    "CONF_STATUS",
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
_RESERVED_IDS = frozenset(
    {"STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "OBS_KEY"}
    | {*KEY_DIMENSIONS, TIME_DIMENSION, MEASURE_COLUMN, *ATTRIBUTE_COLUMNS}
)
# Letters of CL_OBS_STATUS 2.2.
CODE_BY_STATUS = {
    Status.CONFIDENTIAL: "Q",  # suppressed
    Status.NOT_AVAILABLE: "O",  # missing
    Status.NOT_APPLICABLE: "M",  # cannot exist
    Status.NONE_RECORDED: "O",
}
CODE_BY_MARKER = {
    Marker.BREAK: "B",
    Marker.ESTIMATED: "E",
    Marker.LOW_RELIABILITY: "U",
    Marker.PROVISIONAL: "P",
}


def list_dimensions(catalogue: Catalogue) -> list[str]:
    """Return the dimensions of the structure in its order, time last."""
    return [
        *KEY_DIMENSIONS,
        *(to_component_id(dimension.slug) for dimension in catalogue.plan.dimensions),
        "TIME_PERIOD",
    ]


def to_component_id(slug: str) -> str:
    """Return the id of a dimension of the plan: it begins with a letter, and no other column has it."""
    name = _to_sdmx_id(slug)
    return f"DIM_{name}" if name in _RESERVED_IDS or name[0].isdigit() else name


def _to_sdmx_id(slug: str) -> str:
    return slug.replace("-", "_").upper()


def build_artefact_id(catalogue: Catalogue) -> str:
    """Return the id of the structure without its agency and version."""
    return _to_sdmx_id(catalogue.slug)


def build_version(catalogue: Catalogue) -> str:
    """Return the version of the structure: that of the plan, because versions can have other dimensions."""
    return f"{catalogue.version}.0.0"


def build_structure_id(catalogue: Catalogue) -> str:
    return f"{AGENCY_ID}:{build_artefact_id(catalogue)}({build_version(catalogue)})"


def write_csv(figures: Iterable[AnyFigure], catalogue: Catalogue) -> bytes:
    columns = ["STRUCTURE", "STRUCTURE_ID", "ACTION", *list_dimensions(catalogue), MEASURE_COLUMN, *ATTRIBUTE_COLUMNS]
    return csv_text.to_csv(columns, (_build_row(figure, catalogue) for figure in figures))


def _build_row(figure: AnyFigure, catalogue: Catalogue) -> list[TableValue]:
    return [
        *("dataflow", build_structure_id(catalogue), "I"),
        *(figure.measure, figure.series, figure.area),
        *(figure.breakdown.get(dimension.slug, TOTAL_CODE) for dimension in catalogue.plan.dimensions),
        format_time_period(figure.period),
        MISSING_VALUE if figure.value is None else figure.value,
        *(choose_status_code(figure), choose_confidentiality_code(figure), figure.unit, figure.period.code),
        *(figure.lower_bound, figure.upper_bound, figure.numerator, figure.denominator),
        *(figure.lower, figure.upper, figure.reason),
        *(figure.coverage.expected, figure.coverage.received),
    ]


def choose_status_code(figure: AnyFigure) -> str:
    """Return one letter: that of the most serious marker. A value that is only known by bounds counts as missing."""
    if figure.status is not None:
        return CODE_BY_STATUS[figure.status]
    if figure.value is None:
        return "O"
    return next((code for marker, code in CODE_BY_MARKER.items() if marker in figure.markers), "A")


def choose_confidentiality_code(figure: AnyFigure) -> str:
    """Return a letter of CL_CONF_STATUS 1.3: hidden (C), only for reviewers (N) or free for publication (F)."""
    if figure.status is Status.CONFIDENTIAL:
        return "C"
    return "N" if isinstance(figure, PreviewFigure) else "F"


def format_time_period(period: Period) -> str:
    """Return SDMX's own code if it has one for the period, otherwise the first day and the length."""
    if period.type in (PeriodType.MONTH, PeriodType.CALENDAR_QUARTER, PeriodType.CALENDAR_YEAR):
        return period.code.removeprefix("CY")
    if period.type is PeriodType.SNAPSHOT:
        return period.start.isoformat()
    return f"{period.start.isoformat()}/P{periods.count_months(period)}M"
