"""Checks of the cells of a grid before they become rows of a submission."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from ._generated.models import Severity
from .hidden_cells import format_column_letters
from .name_matching import normalise_name
from .tables import NUMBER_COLUMNS, build_finding

if TYPE_CHECKING:
    from ._generated.models import Finding
    from .readings import Reading
    from .row_accounts import NumberedRow


def find_missing_number_columns(reading: Reading, targets: Sequence[str]) -> Iterator[Finding]:
    """Report columns of numbers that the mapping names and the source lacks: an error if it has none of them."""
    mapping, present = reading.mapping, {normalise_name(name) for name in reading.header}
    named = [name for name, target in mapping.columns.items() if target in NUMBER_COLUMNS]
    has_wide, has_numbers = bool(reading.wide_columns), bool(reading.list_number_columns(targets))
    named += mapping.unpivot.columns if mapping.unpivot and (has_wide or not has_numbers) else ()
    missing = ", ".join(repr(name) for name in named if normalise_name(name) not in present)
    if has_numbers:
        if has_wide and missing:
            message = f"{reading.grid.source} has no column {missing}, which the mapping names."
            fix = "If your system has renamed it, correct the mapping file."
            yield build_finding("column-missing", message, rows=reading.header_rows, fix=fix, severity=Severity.WARNING)
        return
    figures = reading.list_columns_with_figures()
    if figures and not any(target in ("status", "kind", "note") for target in targets):
        message = f"No column of {reading.grid.source} is mapped to the numbers of a return."
        message += f" The mapping names {missing}, which it lacks." if missing else ""
        names = ", ".join(map(repr, figures))
        fix = f'Columns with numbers: {names}. Under [columns], "{figures[-1]}" = "value" sends the last one.'
        yield build_finding("number-column-missing", message, rows=reading.header_rows, fix=fix)


def find_values_of_wide_table(reading: Reading, targets: Sequence[str]) -> Iterator[Finding]:
    """Report a column that has the numbers of rows whose other columns give the same numbers."""
    unpivot = reading.mapping.unpivot
    if unpivot and reading.wide_columns and unpivot.value in targets:
        name = reading.header[targets.index(unpivot.value)]
        message = f"{name!r} is {unpivot.value}, and so are the columns under [unpivot.columns]."
        fix = f'Move it to [unpivot.columns], where "{name}" = "" is the total.'
        yield build_finding("repeated-column", message, rows=reading.header_rows, column=name, fix=fix)


def select_hidden_cells(reading: Reading, targets: Sequence[str], used: set[int]) -> Iterator[Finding]:
    """Yield the findings about cells that would be sent, with the source's name of their column."""
    wide = reading.wide_columns
    sent = {
        format_column_letters(index): name
        for index, name in enumerate(reading.header)
        if targets[index] or index in wide or reading.mapping.is_period(name)
    }
    for finding in reading.grid.findings:
        rows = [row for row in finding.rows or [] if row in used]
        if (finding.column is None or finding.column in sent) and (rows or not finding.rows):
            column = sent.get(finding.column or "", finding.column)
            yield attrs.evolve(finding, rows=rows, column=column)


def find_merged_cells(reading: Reading) -> Iterator[Finding]:
    """Find merged cells from the header on. Only their first cell has a value: the others would count as totals."""
    for (top, left), (bottom, right) in reading.grid.merged:
        if bottom >= reading.header_index:
            cells = f"{format_column_letters(left)}{top + 1}:{format_column_letters(right)}{bottom + 1}"
            yield build_finding(
                "merged-cells",
                f"{cells} is one merged cell.",
                rows=range(top + 1, bottom + 2),
                column=format_column_letters(left),
                actual=cells,
                fix="Unmerge it and fill in each cell. Delete rows that only repeat a total in a merged cell.",
            )


def find_ragged_rows(reading: Reading, body: Sequence[NumberedRow]) -> Iterator[Finding]:
    """Report rows with more cells than the header and, in a CSV file, with fewer: a file may be cut off."""
    header = reading.header
    width = max((index for index, name in enumerate(header, 1) if name.strip()), default=0)
    longer = [number for number, row in body if any(cell.strip() for cell in row[len(header) :])]
    shorter = [number for number, row in body if reading.grid.delimiter is not None and len(row) < width]
    for rows, comparison, fix in (
        (longer, "more", "Put text that contains the delimiter in quotes. Delete cells outside the table."),
        (shorter, "fewer", "Fill in the row or delete it. If the file was cut off, export it again."),
    ):
        if rows:
            message = f"There are {comparison} cells than the {width} of the header."
            yield build_finding("ragged-row", message, rows=rows, fix=fix)
