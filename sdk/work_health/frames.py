"""Data frames from the server's CSV of figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from .errors import WorkHealthError

if TYPE_CHECKING:
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    import polars as pl

# fmt: off
NUMBER_COLUMNS = frozenset({
    "value", "lower_bound", "upper_bound", "largest_error", "error_95", "counts_error_95", "numerator", "denominator",
    "lower", "upper", "lower_99_8", "upper_99_8", "trend_chi_squared", "movement_start", "movement_change",
    "movement_lower", "movement_upper",
    "target_value", "comparator_value", "comparator_lower", "comparator_upper", "previous", "current", "numerator_low",
    "numerator_high", "denominator_low", "denominator_high",
})
# fmt: on
INTEGER_COLUMNS = frozenset({"cells_without_value", "release", "policy"})
BOOLEAN_COLUMNS = frozenset({"target_met"})
TEXT_COLUMNS = frozenset(
    {"markers", "comparators", "contributors", "alternatives", "movement_sources_missing", "movement_sources_new"}
)
DATE_COLUMNS = frozenset({"period_start", "period_end", "as_of_start", "as_of_end"})
# fmt: off
COMPACT_COLUMNS = (
    "measure", "measure_label", "series", "unit", "period_code", "period_label", "period_start", "period_end",
    "area", "area_label", "breakdown_label", "value", "lower_bound", "upper_bound", "lower", "upper", "error_95",
    "status", "markers", "reason", "coverage_expected", "coverage_received", "trend_tendency", "trend_verdict",
    "movement_change", "movement_verdict", "source_publisher", "source_title", "release",
)
# fmt: on
"""The columns that a frame has by default, with those of the dimensions in use."""
ROLE_COLUMNS = ("role", "comparator_of")
"""The first columns of a frame with comparators. They separate its figures from the comparators."""
PANDAS_TYPES = {
    "number": "float64", "integer": "Int64", "boolean": "boolean", "text": "string", "category": "category"
}  # fmt: skip


def build_pandas_frame(content: bytes, *, all_columns: bool = False, with_comparators: bool = False) -> pd.DataFrame:
    """Return a pandas frame. Codes are categories, days datetimes, counts nullable integers, missing values NaN.

    The frame has the columns that most readers need, or all of the CSV. `with_comparators` adds the columns that
    separate the figures from their comparators.
    """
    try:
        import pandas as pd  # pyright: ignore[reportMissingTypeStubs]
    except ImportError as error:
        raise WorkHealthError("To read into pandas, install `work-health[pandas]`.") from error
    kinds = {name: _column_kind(name) for name in _read_header(content)}
    frame = pd.read_csv(
        io.BytesIO(content),
        dtype={name: PANDAS_TYPES[kind] for name, kind in kinds.items() if kind != "date"},  # pyright: ignore[reportArgumentType]
        keep_default_na=False,
        na_values=[""],
        true_values=["true"],
        false_values=["false"],
    )
    for name, kind in kinds.items():
        if kind == "date":
            frame[name] = pd.to_datetime(frame[name], format="%Y-%m-%d")  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    if all_columns:
        return frame
    return cast("pd.DataFrame", frame[_choose_columns(content, with_comparators)])


def build_polars_frame(content: bytes, *, all_columns: bool = False, with_comparators: bool = False) -> pl.DataFrame:
    """Return a polars frame. Codes are categories, days dates, counts integers, missing values null.

    The frame has the columns that most readers need, or all of the CSV. `with_comparators` adds the columns that
    separate the figures from their comparators.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise WorkHealthError("To read into polars, install `work-health[polars]`.") from error
    types = {
        "number": pl.Float64(),
        "integer": pl.Int64(),
        "boolean": pl.Boolean(),
        "text": pl.String(),
        "category": pl.Categorical(),
        "date": pl.Date(),
    }
    schema = {name: types[_column_kind(name)] for name in _read_header(content)}
    frame = pl.read_csv(content, schema=schema, null_values=[""])
    return frame if all_columns else frame.select(_choose_columns(content, with_comparators))


def _choose_columns(content: bytes, with_comparators: bool) -> list[str]:
    """Return the compact columns, and after the area the dimensions by which any figure is broken down.

    A table with the compact columns of the server is short enough: return all of them.
    """
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header = list(rows.fieldnames or ())
    if "period_code" not in header:
        return header
    dimensions = [name for name in header if _is_dimension(name)]
    used = {name for row in rows for name in dimensions if row[name]}
    chosen = (*ROLE_COLUMNS, *COMPACT_COLUMNS, "verdict") if with_comparators else COMPACT_COLUMNS
    columns = [name for name in chosen if name in header]
    place = columns.index("area") + 1
    return [*columns[:place], *(name for name in dimensions if name in used), *columns[place:]]


def _is_dimension(name: str) -> bool:
    return name.startswith("breakdown_") and name != "breakdown_label"


def _read_header(content: bytes) -> Sequence[str]:
    first_line = content.partition(b"\n")[0].decode("utf-8-sig")
    return next(csv.reader([first_line.rstrip("\r")]))


def _column_kind(name: str) -> str:
    """Return the kind of values in a column. The contract defines the columns, so the name is enough."""
    if name in NUMBER_COLUMNS:
        return "number"
    if name in INTEGER_COLUMNS or name.startswith("coverage_"):
        return "integer"
    if name in BOOLEAN_COLUMNS:
        return "boolean"
    if name in TEXT_COLUMNS:
        return "text"
    return "date" if name in DATE_COLUMNS else "category"
