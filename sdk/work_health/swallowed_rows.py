"""Quoted cells of a CSV file that swallow rows: a quote is opened in one row and closed in a later one.

A note may have line breaks. But if a line of it would be a row of the table, a quote is missing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .tables import build_finding

if TYPE_CHECKING:
    from ._generated.models import Finding

MIN_COLUMNS = 2  # of a table whose lines differ from lines of prose
_FIGURE = re.compile(r"\d[\d,. ]*")


def find_swallowed_rows(
    header: Sequence[str], body: Iterable[tuple[int, list[str]]], delimiter: str
) -> Iterator[Finding]:
    """Yield a finding for each row of which a cell has lines that would be rows, with the first and last of them."""
    if len(header) < MIN_COLUMNS:
        return
    for number, row in body:
        index = next((index for index, cell in enumerate(row) if "\n" in cell), None)
        if index is None:
            continue
        lines = _list_inner_lines(row, delimiter)
        if any(_would_be_row(cells, row, len(header)) for cells in csv.reader(lines, delimiter=delimiter)):
            last = number + delimiter.join(row).count("\n")
            message = f"A quote that is opened in row {number} is closed in row {last}, so rows would be lost."
            fix = "Close the quote in its own row, or remove it. A note may have line breaks, but no rows of the table."
            yield build_finding("swallowed-rows", message, rows=[number, last], column=header[index], fix=fix)


def _list_inner_lines(row: Sequence[str], delimiter: str) -> list[str]:
    """Return the lines inside cells. The last one of a cell goes on with the row, unless it is only the cell's end."""
    lines: list[str] = []
    for index, cell in enumerate(row):
        _, *middle, end = ["", *cell.split("\n")[1:]] if "\n" in cell else ["", ""]
        lines += middle
        if delimiter in end:
            lines.append(delimiter.join([end, *row[index + 1 :]]).partition("\n")[0])
    return lines


def _would_be_row(cells: Sequence[str], owner: Sequence[str], width: int) -> bool:
    """Return True for a line with as many cells as a row, of which one is a figure or a cell of the row around it."""
    if len(cells) != width:
        return False
    return any(
        _FIGURE.fullmatch(cell.strip()) or cell.strip() == around.strip()
        for cell, around in zip(cells, owner, strict=False)
        if cell.strip()
    )
