"""Checks of the rows around the header of a table: no second header below it, and no figures above it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ._spelling.counts import read_count
from .tables import NUMBER_COLUMNS, build_finding

if TYPE_CHECKING:
    from ._generated.models import Finding
    from .row_accounts import NumberedRow

_HEADER_TEXT = re.compile(r"\D*[^\W\d_]\D*")


def find_figures_above_header(titles: Sequence[Sequence[str]], first_row: int, columns: int) -> Iterator[Finding]:
    """Report rows above the header that are as long as it and have a number: they are no titles.

    `columns` is how many columns of the header are known. The server has the same rule.
    """
    for number, row in enumerate(titles, first_row):
        filled = [cell.strip() for cell in row if cell.strip()]
        if len(filled) >= columns > 1 and any(isinstance(read_count(cell), int) for cell in filled):
            message = "The row has figures, but the header is below it."
            fix = "Move the row below the header, or delete it."
            yield build_finding("header-missing", message, rows=[number], actual=", ".join(filled), fix=fix)


def find_second_header(header: Sequence[str], targets: Sequence[str], first_row: NumberedRow) -> Iterator[Finding]:
    """Report the first row if all its filled number columns contain words."""
    number, row = first_row
    cells = [
        (index, row[index].strip())
        for index, target in enumerate(targets)
        if target in NUMBER_COLUMNS and index < len(row)
    ]
    filled = [(index, cell) for index, cell in cells if cell]
    if filled and all(_is_header_text(cell) for _, cell in filled):
        index, cell = filled[0]
        yield build_finding(
            "two-header-rows",
            f"Row {number} appears to be a second header: column {header[index]!r} contains {cell!r}.",
            rows=[number],
            column=header[index],
            actual=cell,
            fix="Leave one header row. The mapping file's `header` names its row.",
        )


def _is_header_text(cell: str) -> bool:
    return len(cell) > 1 and not cell.startswith("[") and _HEADER_TEXT.fullmatch(cell) is not None
