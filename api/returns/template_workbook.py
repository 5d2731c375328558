"""The template of a return as a workbook: drop-down lists of codes, and only the cells to fill in unlocked."""

import io
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from api.plan.catalogue import Catalogue
from api.returns.template import ReturnTemplate, list_rows
from schema.submissions import Status

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RETURN_SHEET, CODES_SHEET = "Return", "Codes"
MAX_COLUMN_WIDTH = 60  # in characters
_TIMES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")

Codes = Mapping[str, Sequence[tuple[str, str]]]
"""The codes that a column may have, with their labels."""


def write_workbook(template: ReturnTemplate, catalogue: Catalogue) -> bytes:
    """Return a workbook with the rows of the template, and a second sheet with the codes. Raises NoTemplate.

    The sheets are protected without a password, so that a slip cannot change a code. The lists of the drop-downs are
    ranges of the second sheet, because Excel refuses a list of more than 255 characters in a cell's own rule.
    """
    from openpyxl import Workbook  # noqa: PLC0415  it takes a third of a second, and most servers never write one

    rows, codes = list_rows(template, catalogue), _list_codes(template, catalogue)
    book = Workbook()
    sheet, code_sheet = book.worksheets[0], book.create_sheet(CODES_SHEET)
    sheet.title = RETURN_SHEET
    _fill(sheet, rows)
    _fill(code_sheet, _list_code_rows(codes))
    _unlock(sheet, rows[0].index(template.number_fields[0]) + 1, len(rows))
    for index, name in enumerate(codes):
        _add_drop_down(sheet, rows[0].index(name) + 1, len(rows), code_column=2 * index + 1, count=len(codes[name]))
    content = io.BytesIO()
    book.save(content)
    return _remove_times(content)


def _list_codes(template: ReturnTemplate, catalogue: Catalogue) -> Codes:
    areas = dict.fromkeys(area for area, _ in template.cells)
    categories = {dimension.slug: dimension.categories for dimension in catalogue.plan.dimensions}
    return {
        "area": [(area, catalogue.areas[area].name) for area in areas],
        **{name: [(category.code, category.label) for category in categories[name]] for name in template.dimensions},
        "status": [(status.value, status.name.lower().replace("_", " ")) for status in Status],
    }


def _list_code_rows(codes: Codes) -> list[list[str]]:
    """Return the header and the rows of the second sheet: each list has a column of codes and one of labels."""
    header = [text for name in codes for text in (name, f"{name}_label")]
    rows = zip_longest(*codes.values(), fillvalue=("", ""))
    return [header, *([text for entry in row for text in entry] for row in rows)]


def _fill(sheet: "Worksheet", rows: Sequence[Sequence[str]]) -> None:
    """Write the rows under a bold header that stays in sight, and lock them."""
    from openpyxl.styles import Font  # noqa: PLC0415  see above
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    for row in rows:
        sheet.append([text or None for text in row])
    for index, column in enumerate(zip(*rows, strict=True), 1):
        width = min(max(map(len, column)) + 2, MAX_COLUMN_WIDTH)
        sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.cell(1, index).font = Font(bold=True)
    sheet.freeze_panes = "A2"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False  # the width of columns may be changed


def _unlock(sheet: "Worksheet", first_column: int, last_row: int) -> None:
    """Unlock the cells to fill in, which are the last columns of the rows below the header."""
    from openpyxl.styles import Protection  # noqa: PLC0415  see above

    unlocked = Protection(locked=False)
    for cells in sheet.iter_rows(2, last_row, first_column, sheet.max_column):
        for cell in cells:
            cell.protection = unlocked


def _add_drop_down(sheet: "Worksheet", column: int, last_row: int, *, code_column: int, count: int) -> None:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415  see above
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    source, letter = get_column_letter(code_column), get_column_letter(column)
    codes, cells = f"{CODES_SHEET}!${source}$2:${source}${count + 1}", f"{letter}2:{letter}{last_row}"
    rule = DataValidation("list", formula1=codes, allow_blank=True, sqref=cells)
    sheet.add_data_validation(rule)


def _remove_times(workbook: io.BytesIO) -> bytes:
    """Return the same workbook without the time of its making, so that equal templates have equal bytes."""
    content = io.BytesIO()
    with ZipFile(workbook) as timed, ZipFile(content, "w", ZIP_DEFLATED) as result:
        for name in timed.namelist():
            result.writestr(ZipInfo(name), _TIMES.sub(b"", timed.read(name)), ZIP_DEFLATED)
    return content.getvalue()
