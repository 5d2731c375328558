"""Reading one sheet of a workbook with python-calamine (`pip install work-health[excel]`)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ._generated.models import Severity
from .errors import CheckFailed
from .hidden_cells import find_hidden_cells
from .tables import Grid, build_finding, to_text

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

RETURN_SHEET = "Return"
TEMPLATE_SHEETS = {RETURN_SHEET, "Codes"}
"""The sheets of a template. The second lists the codes of the first, and is not sent."""


def read_workbook(path: Path, sheet: str | None, *, sends_hidden: bool = False) -> Grid:
    """Return the cells of a sheet, with the row numbers that Excel shows.

    Raises `CheckFailed` if the workbook is not readable, or if several sheets contain cells and none is named.
    """
    with _open_book(path) as (book, is_visible):
        filled = {name for name in book.sheet_names if book.get_sheet_by_name(name).end is not None}
        name = _choose_sheet(path.name, is_visible, filled, sheet)
        cells = book.get_sheet_by_name(name)
        rows = _read_rows(cells)
        merged = tuple(sorted(cells.merged_cell_ranges or ()))
        findings = find_hidden_cells(path, name, rows, sends_hidden=sends_hidden)
    hidden = sorted(name for name in filled if not is_visible[name])
    message = f"Hidden sheets are not read: {', '.join(hidden)}."
    fix = "To send a hidden sheet, name it as `sheet`."
    warnings = (build_finding("hidden-sheet", message, severity=Severity.WARNING, fix=fix),) if hidden else ()
    source = f"{path.name}, sheet {name!r}"
    return Grid(source, rows, merged=merged, warnings=warnings, findings=tuple(findings), sheet=name)


def read_visible_sheets(path: Path) -> dict[str, list[list[str]]]:
    """Return the rows of each visible sheet that has cells. Raises `CheckFailed` if the workbook is not readable."""
    with _open_book(path) as (book, is_visible):
        sheets = {name: book.get_sheet_by_name(name) for name, visible in is_visible.items() if visible}
        return {name: _read_rows(sheet) for name, sheet in sheets.items() if sheet.end is not None}


@contextmanager
def _open_book(path: Path) -> Generator[tuple[CalamineWorkbook, dict[str, bool]]]:
    """Open a workbook, with whether each sheet is visible. Raises `CheckFailed` if it cannot be read."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
    except ImportError as error:
        raise CheckFailed("To read workbooks, install `work-health[excel]`.", []) from error
    try:
        book = CalamineWorkbook.from_path(path)  # pyright: ignore[reportUnknownMemberType] PathLike without its type
        yield book, {entry.name: entry.visible is SheetVisibleEnum.Visible for entry in book.sheets_metadata}
    except CheckFailed:
        raise
    except (CalamineError, OSError, ValueError) as error:
        raise CheckFailed(f"{path.name} is not readable as a workbook: {error}.", []) from error


def _read_rows(sheet: CalamineSheet) -> list[list[str]]:
    return [[to_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _choose_sheet(book: str, is_visible: dict[str, bool], filled: set[str], sheet: str | None) -> str:
    """Return the named sheet, or the only visible one with cells; of a template, the one that is filled in."""
    if sheet is not None:
        if sheet in is_visible:
            return sheet
        message = f"{book} has no sheet {sheet!r}."
        fix = f"Its sheets are {', '.join(is_visible)}."
        raise CheckFailed(message, [build_finding("unknown-sheet", message, actual=sheet, fix=fix)])
    candidates = [name for name, visible in is_visible.items() if visible and name in filled]
    if set(candidates) == TEMPLATE_SHEETS:
        return RETURN_SHEET
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        hidden = ", ".join(name for name, visible in is_visible.items() if not visible and name in filled)
        message = f"{book} has no visible sheet with cells."
        fix = f"To send a hidden sheet, name it as `sheet`: {hidden}." if hidden else "Fill in a sheet."
        raise CheckFailed(message, [build_finding("no-rows", message, fix=fix)])
    message = f"{book} has {len(candidates)} sheets with cells: {', '.join(candidates)}."
    fix = "Name the sheet to send as `sheet`."
    raise CheckFailed(message, [build_finding("sheet-required", message, fix=fix)])
