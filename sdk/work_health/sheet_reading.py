"""Reading the sheets that a mapping names as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import CheckFailed
from .grids import read_grid
from .mapping import ColumnMapping
from .table_building import build_table
from .tables import build_finding, join_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .return_forms import Labels
    from .tables import Grid, Table, Tabular


def read_sheets(
    source: Tabular, mapping: ColumnMapping | None, sheet: str | None
) -> list[tuple[Grid, ColumnMapping | None]]:
    """Return the grid of the source, or one for each sheet that the mapping lists, each with its mapping."""
    shared = mapping or ColumnMapping()
    if sheet or not shared.sheets:
        mapping = shared.sheets.get(sheet or "", mapping)
        return [(read_grid(source, sheet=sheet or shared.sheet, sends_hidden=shared.sends_hidden), mapping)]
    return [(read_grid(source, sheet=name, sends_hidden=own.sends_hidden), own) for name, own in shared.sheets.items()]


def build_joint_table(
    sheets: Sequence[tuple[Grid, ColumnMapping | None]], dimensions: Sequence[str], labels: Labels, period: str | None
) -> Table:
    """Return the rows of all sheets. Raises `CheckFailed` with the findings of all of them."""
    tables: list[Table] = []
    failures: list[tuple[Grid, CheckFailed]] = []
    for grid, mapping in sheets:
        try:
            tables.append(build_table(grid, dimensions, mapping, labels, period))
        except CheckFailed as failure:
            failures.append((grid, failure))
    if not failures:
        _refuse_different_periods(tables, [grid.sheet for grid, _ in sheets])
        return join_tables(tables, [grid.sheet for grid, _ in sheets])
    if len(sheets) == 1:
        raise failures[0][1]
    findings = [finding for _, failure in failures for finding in failure.findings]
    for grid, failure in failures:
        for finding in failure.findings:
            finding.message = f"Sheet {grid.sheet}: {finding.message}"
    raise CheckFailed(f"{sheets[0][0].source.partition(', sheet')[0]} is not a return.", findings)


def _refuse_different_periods(tables: Sequence[Table], sheets: Sequence[str]) -> None:
    """Refuse sheets whose titles give different periods: in a copied workbook, one title may be old."""
    titled = {sheet: table.title_period for sheet, table in zip(sheets, tables, strict=True) if table.title_period}
    if len(set(titled.values())) > 1:
        stated = ", ".join(f"{sheet} states {code}" for sheet, code in titled.items())
        message = f"The titles of the sheets state different periods: {stated}."
        fix = "Correct the title that is wrong. If they are right, write `period` under the `constants` of each sheet."
        raise CheckFailed(message, [build_finding("title-period", message, fix=fix)])
