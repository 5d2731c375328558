"""A source as a table of texts, before and after its columns are those of a submission."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from math import isnan
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from ._generated.models import Finding, Severity
from .row_accounts import NO_ROWS, RowAccount, add_accounts

SUBMISSION_COLUMNS = (
    *("measure", "series", "service", "period", "area", "value", "numerator", "denominator", "lower", "upper"),
    *("status", "note", "kind", "base_revision", "return_note", "rounded_to"),
)
NUMBER_COLUMNS = ("value", "numerator", "denominator", "lower", "upper")
MAX_LISTED_ROWS = 1000
MAX_EXACT_INTEGER = 2**53
EXCEL_DIGITS = 15
MISSING_TYPE_NAMES = frozenset({"NAType", "NaTType"})  # types of pandas


@runtime_checkable
class PandasFrame(Protocol):
    """A `pandas.DataFrame`."""

    @property
    def columns(self) -> Iterable[object]: ...
    def itertuples(self, index: bool = ..., name: str | None = ...) -> Iterable[tuple[object, ...]]: ...


@runtime_checkable
class PolarsFrame(Protocol):
    """A `polars.DataFrame`."""

    @property
    def columns(self) -> list[str]: ...
    def iter_rows(self) -> Iterator[tuple[object, ...]]: ...


Tabular = str | Path | bytes | PandasFrame | PolarsFrame | Iterable[Mapping[str, object]]
"""A path, the bytes of a CSV file, a data frame, or a dict for each row."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a source, with the row numbers that the source shows."""

    source: str
    rows: list[list[str]]
    first_row: int = 1
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()
    """Merged cells: the first and the last row and column of each, from 0."""
    has_header: bool = False
    """True if the first row is certainly the header, as in a data frame."""
    warnings: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Errors of cells, by the letters of their column. They count where the column is sent."""
    delimiter: str | None = None
    """The delimiter of a CSV file; None for other sources."""
    sheet: str = ""
    """The name of the sheet of a workbook."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under the columns of a submission."""

    source: str
    columns: list[str]
    rows: list[list[str]]
    row_numbers: list[int]
    is_unmodified: bool = False
    """True if the source is a CSV file with exactly this content."""
    warnings: tuple[Finding, ...] = ()
    source_names: Mapping[str, str] = field(default_factory=dict[str, str])
    """The source's name for each column that it calls differently."""
    sheets: Sequence[str] = ()
    """The sheet of each row, if the table was read from several."""
    title_period: str = ""
    """The period that the titles give to rows without one."""
    account: RowAccount = NO_ROWS
    """The rows of the source: read, used and left out."""
    area_names: Mapping[str, str] = field(default_factory=dict[str, str])
    """The plan's name of each area, for messages."""

    def iter_column(self, name: str) -> Iterator[str]:
        """Yield the cells of a column, empty ones if there is no such column."""
        if name not in self.columns:
            return iter([""] * len(self.rows))
        index = self.columns.index(name)
        return (row[index] for row in self.rows)

    def add_constant(self, name: str, value: str) -> Table:
        """Return the table with a column that has this value in all rows. A column of the source stays as it is."""
        if name in self.columns:
            return self
        rows = [[*row, value] for row in self.rows]
        return replace(self, columns=[*self.columns, name], rows=rows, is_unmodified=False)

    def name_sheets(self, rows: Iterable[int]) -> str:
        """Return the beginning of a message about these rows, from 0: their sheets, if the table has several."""
        sheets = dict.fromkeys(self.sheets[row] for row in rows if row < len(self.sheets))
        return f"Sheet {', '.join(sheets)}: " if sheets else ""

    def to_csv(self, rows: Iterable[int] | None = None) -> bytes:
        """Return the table as CSV, or only the rows with these numbers, from 0."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(self.columns)
        writer.writerows(self.rows if rows is None else (self.rows[row] for row in rows))
        return text.getvalue().encode()


def join_tables(tables: Sequence[Table], sheets: Sequence[str]) -> Table:
    """Return the rows of all tables, one after another. `sheets` are their sheets, if there are several."""
    if len(tables) == 1:
        return tables[0]
    columns = list(dict.fromkeys(name for table in tables for name in table.columns))
    empty = dict.fromkeys(columns, "")
    return Table(
        source=tables[0].source.partition(", sheet")[0],
        columns=columns,
        rows=[
            list((empty | dict(zip(table.columns, row, strict=True))).values())
            for table in tables
            for row in table.rows
        ],
        row_numbers=[number for table in tables for number in table.row_numbers],
        warnings=tuple({finding.message: finding for table in tables for finding in table.warnings}.values()),
        source_names={name: text for table in tables for name, text in table.source_names.items()},
        sheets=[sheet for table, sheet in zip(tables, sheets, strict=True) for _ in table.rows],
        account=add_accounts([table.account.name_sheet(sheet) for table, sheet in zip(tables, sheets, strict=True)]),
    )


def build_finding(
    code: str,
    message: str,
    *,
    rows: Iterable[int] = (),
    column: str | None = None,
    actual: str | None = None,
    fix: str | None = None,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return a finding that lists at most 1,000 rows and counts the rest."""
    all_rows = list(rows)
    listed = all_rows[:MAX_LISTED_ROWS]
    finding = Finding(code=code, severity=severity, message=message, rows=listed, column=column, actual=actual, fix=fix)
    if len(all_rows) > len(listed):
        finding.row_count = len(all_rows)
    return finding


def to_text(value: object) -> str:
    """Return the text of a cell in a CSV file: empty for a missing value, 140 for 140.0."""
    if value is None or type(value).__name__ in MISSING_TYPE_NAMES:
        return ""
    if isinstance(value, float) or (hasattr(value, "is_integer") and not isinstance(value, int)):
        return _number_to_text(float(cast("float", value)))  # NumPy's numbers too
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def _number_to_text(number: float) -> str:
    """Return the number as Excel shows it: 140 for 140.0 and for 139.99999999999997."""
    if isnan(number):
        return ""
    if number.is_integer() and abs(number) < MAX_EXACT_INTEGER:
        return str(int(number))
    rounded = float(f"{number:.{EXCEL_DIGITS}g}")
    return str(int(rounded)) if rounded.is_integer() and abs(rounded) < MAX_EXACT_INTEGER else str(number)
