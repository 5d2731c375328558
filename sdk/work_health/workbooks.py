"""Workbooks: one visible sheet of each is read, by python-calamine (`pip install work-health[excel]`)."""

from __future__ import annotations

from pathlib import Path

from ._generated.models import Severity
from .errors import CheckFailed
from .tables import Grid, build_finding, to_text


def read_workbook(path: Path, sheet: str | None) -> Grid:
    """The cells of a sheet, with the row numbers that Excel shows.

    Raises `CheckFailed` where the workbook cannot be read, or where it is not plain which sheet is meant.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum
    except ImportError as error:
        raise CheckFailed("To read workbooks, install `work-health[excel]`.", []) from error
    try:
        book = CalamineWorkbook.from_path(path)  # pyright: ignore[reportUnknownMemberType] PathLike without its type
        visible = {one.name: one.visible is SheetVisibleEnum.Visible for one in book.sheets_metadata}
        filled = {name for name in book.sheet_names if book.get_sheet_by_name(name).end is not None}
        name = _choose_sheet(path.name, visible, filled, sheet)
        found = book.get_sheet_by_name(name)
        rows = [[to_text(cell) for cell in row] for row in found.to_python(skip_empty_area=False)]
        merged = tuple(sorted(found.merged_cell_ranges or ()))
    except (CalamineError, OSError, ValueError) as error:
        if isinstance(error, CheckFailed):
            raise
        raise CheckFailed(f"{path.name} cannot be read as a workbook: {error}.", []) from error
    hidden = sorted(one for one in filled if not visible[one])
    said = f"Hidden sheets are not read: {', '.join(hidden)}."
    hint = "To send one, name it as `sheet`."
    warnings = (build_finding("hidden-sheet", said, severity=Severity.WARNING, fix=hint),) if hidden else ()
    return Grid(f"{path.name}, sheet {name!r}", rows, merged=merged, warnings=warnings)


def _choose_sheet(book: str, visible: dict[str, bool], filled: set[str], asked: str | None) -> str:
    if asked is not None:
        if asked in visible:
            return asked
        said = f"{book} has no sheet {asked!r}."
        raise CheckFailed(
            said, [build_finding("unknown-sheet", said, actual=asked, fix=f"It has {', '.join(visible)}.")]
        )
    seen = [name for name, shown in visible.items() if shown and name in filled]
    if len(seen) == 1:
        return seen[0]
    hidden = ", ".join(name for name, shown in visible.items() if not shown and name in filled)
    if not seen:
        said = f"{book} has no visible sheet with cells."
        hint = f"Name a hidden one as `sheet`, if it is meant: {hidden}." if hidden else "Fill in a sheet."
        raise CheckFailed(said, [build_finding("no-rows", said, fix=hint)])
    said = f"{book} has {len(seen)} sheets with cells: {', '.join(seen)}."
    raise CheckFailed(said, [build_finding("sheet-required", said, fix="Name the one to be sent as `sheet`.")])
