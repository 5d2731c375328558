"""A table as CSV text, without a byte order mark, and safe from formulas in spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

TableValue = str | int | float | bool | date | None
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[TableValue]]) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow([format_cell(column) for column in columns])
    lines.writerows([format_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def format_cell(value: TableValue) -> str:
    """Format a value: null as an empty field, a whole number without a point, a formula with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_PREFIXES) else value
    return str(int(value)) if float(value).is_integer() else repr(value)
