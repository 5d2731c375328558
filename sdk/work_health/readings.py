"""A grid with the index of its header and the rules of its mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .mapping import ColumnMapping
from .row_accounts import NumberedRow, is_figure
from .tables import NUMBER_COLUMNS, Grid


@dataclass(frozen=True, slots=True)
class Reading:
    """A grid with the index of its header, and the names that its columns may have."""

    grid: Grid
    header_index: int
    column_by_name: Mapping[str, str]
    """Columns of a submission by normalised name."""
    mapping: ColumnMapping
    has_mapping: bool

    @property
    def header(self) -> list[str]:
        return self.grid.rows[self.header_index]

    @property
    def titles(self) -> list[list[str]]:
        """The rows above the header."""
        return self.grid.rows[: self.header_index]

    @property
    def header_rows(self) -> list[int]:
        """The row number of the header, if the source shows one."""
        return [] if self.grid.has_header else [self.grid.first_row + self.header_index]

    @property
    def wide_columns(self) -> dict[int, str]:
        """The category of each column that is a category of a dimension, by its index."""
        unpivot = self.mapping.unpivot
        names = enumerate(self.header) if unpivot else ()
        return {i: code for i, name in names if unpivot and (code := unpivot.find_category(name)) is not None}

    def list_number_columns(self, targets: Sequence[str]) -> list[int]:
        """Return the indexes of the source's columns whose numbers are sent."""
        wide = self.wide_columns
        return [i for i in range(len(self.header)) if targets[i] in NUMBER_COLUMNS or i in wide]

    def list_columns_with_figures(self) -> list[str]:
        """Return the named columns that have a number in a row below the header."""
        rows = [row for _, row in self.iter_filled_rows()]
        return [
            name
            for index, name in enumerate(self.header)
            if name.strip() and any(index < len(row) and is_figure(row[index]) for row in rows)
        ]

    def iter_filled_rows(self) -> Iterator[NumberedRow]:
        """Yield the rows below the header that are not empty, with their row numbers; not those that it skips."""
        first_row = self.grid.first_row + self.header_index + 1
        is_skipped = self.mapping.skip.build_test(self.header)
        for number, row in enumerate(self.grid.rows[self.header_index + 1 :], first_row):
            if any(map(str.strip, row)) and not is_skipped(number, row):
                yield number, row
