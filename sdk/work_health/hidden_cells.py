"""The parts of a sheet that Excel does not show, or that have no value: hidden rows and columns, errors, formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CheckFailed
from .tables import build_finding

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from ._generated.models import Finding

OPENPYXL_SUFFIXES = frozenset({".xlsx", ".xlsm"})


def find_hidden_cells(path: Path, sheet: str, rows: Sequence[Sequence[str]], *, sends_hidden: bool) -> list[Finding]:
    """Return an error for each kind of cell that the sender may not know of. `rows` are the texts of the sheet.

    With `sends_hidden`, hidden rows and columns are sent. Old and other formats of workbooks do not state them.
    """
    if path.suffix.lower() not in OPENPYXL_SUFFIXES:
        return []
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise CheckFailed("To read workbooks, install `work-health[excel]`.", []) from error
    worksheet: Worksheet = load_workbook(path)[sheet]
    findings = [] if sends_hidden else [*_find_hidden_rows(worksheet, rows), *_find_hidden_columns(worksheet, rows)]
    empty = list(_list_cells_without_value(worksheet, rows))
    stored: Worksheet | None = load_workbook(path, data_only=True)[sheet] if empty else None
    return [*findings, *(_build_cell_finding(cell, stored) for cell in empty)]


def _find_hidden_rows(worksheet: Worksheet, rows: Sequence[Sequence[str]]) -> Iterator[Finding]:
    hidden = [
        number
        for number, row in enumerate(rows, 1)
        if any(row) and number in worksheet.row_dimensions and worksheet.row_dimensions[number].hidden
    ]
    if hidden:
        yield build_finding(
            "hidden-rows",
            "Rows with cells are hidden.",
            rows=hidden,
            fix="Delete them or show them. To send them, write `hidden = true` in the mapping file.",
        )


def _find_hidden_columns(worksheet: Worksheet, rows: Sequence[Sequence[str]]) -> Iterator[Finding]:
    for letters, dimension in worksheet.column_dimensions.items():
        if not dimension.hidden:
            continue
        first = dimension.min or _to_index(letters) + 1
        for index in range(first - 1, min(dimension.max or first, max(map(len, rows), default=0))):
            if any(index < len(row) and row[index] for row in rows):
                name = format_column_letters(index)
                yield build_finding(
                    "hidden-column",
                    f"Column {name} has cells and is hidden.",
                    column=name,
                    fix="Delete it or show it. To send it, write `hidden = true` in the mapping file.",
                )


def _list_cells_without_value(worksheet: Worksheet, rows: Sequence[Sequence[str]]) -> Iterator[tuple[int, int, str]]:
    """Yield the row, the column and the formula of each error cell and of each formula without a value."""
    for line in worksheet.iter_rows():
        for cell in line:
            number, index = cell.row or 1, (cell.column or 1) - 1
            has_text = number <= len(rows) and index < len(rows[number - 1]) and bool(rows[number - 1][index])
            if cell.data_type == "e" or (cell.data_type == "f" and not has_text):
                yield number, index, str(cell.value)


def _build_cell_finding(cell: tuple[int, int, str], stored: Worksheet | None) -> Finding:
    number, index, formula = cell
    column = format_column_letters(index)
    value = stored.cell(number, index + 1).value if stored is not None else None
    if value is not None or formula.startswith("#"):
        message, fix = f"Cell {column}{number} has the error {value or formula}.", "Correct its formula."
        return build_finding("error-cell", message, rows=[number], column=column, actual=str(value or formula), fix=fix)
    message = f"Cell {column}{number} has a formula without a stored value."
    fix = "Open the workbook in Excel, let it calculate, and save it."
    return build_finding("formula-without-value", message, rows=[number], column=column, actual=formula, fix=fix)


def format_column_letters(index: int) -> str:
    """Return the letters that Excel shows for a column, counted from 0."""
    letters = ""
    number = index + 1
    while number:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def _to_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
