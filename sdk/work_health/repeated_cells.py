"""Cells that several sheets of a workbook have, such as the total of each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ._spelling.counts import read_count
from .row_accounts import LeftOutRows
from .tables import NUMBER_COLUMNS, build_finding

if TYPE_CHECKING:
    from ._generated.models import Finding
    from .return_forms import Labels
    from .tables import Table

CONTENT_COLUMNS = (*NUMBER_COLUMNS, "status", "note")


def drop_repeated_cells(table: Table, groups: Iterable[list[int]], labels: Labels) -> tuple[Table, list[Finding]]:
    """Return the table with each cell once if sheets agree, and a finding for each cell about which they differ.

    Cells that one sheet has twice stay in the table: that is an error. `groups` are the rows of each return.
    """
    if not table.sheets:
        return table, []
    names = [name for name in table.columns if name == "area" or name in labels.dimensions]
    repeated: set[int] = set()
    findings: list[Finding] = []
    for rows in groups:
        firsts: dict[tuple[str, ...], int] = {}
        for row in rows:
            cells = dict(zip(table.columns, table.rows[row], strict=True))
            first = firsts.setdefault(tuple(cells[name] for name in names), row)
            if table.sheets[first] != table.sheets[row]:
                repeated.add(row)
                if _read_content(table, first) != _read_content(table, row):
                    findings.append(_build_difference(table, first, row, names, labels))
    return (_leave_out(table, repeated, labels) if repeated else table), findings


def _read_content(table: Table, row: int) -> dict[str, object]:
    """Return the filled cells of the content. Spellings of a number are equal."""
    cells: Mapping[str, str] = dict(zip(table.columns, table.rows[row], strict=True))
    texts = {name: cells[name].casefold() for name in CONTENT_COLUMNS if cells.get(name)}
    return {name: count if isinstance(count := read_count(text), int) else text for name, text in texts.items()}


def _build_difference(table: Table, first: int, row: int, names: list[str], labels: Labels) -> Finding:
    cells = dict(zip(table.columns, table.rows[row], strict=True))
    area = cells.get("area", "")
    parts = [f"{labels.areas[area]} ({area})" if area in labels.areas else area, *(cells[name] for name in names)]
    cell = ", ".join(dict.fromkeys(part for part in parts if part and part != area))
    place = [
        f"{' '.join(map(str, _read_content(table, each).values()))} in row {table.row_numbers[each]} of sheet "
        f"{table.sheets[each]}"
        for each in (first, row)
    ]
    return build_finding(
        "different-figures",
        f"{cell or area} is {place[0]}, but {place[1]}.",
        rows=[table.row_numbers[first], table.row_numbers[row]],
        column="area",
        actual=area,
        fix="Correct the wrong one. If both are right, they are not the same cell: correct the mapping file.",
    )


def _leave_out(table: Table, repeated: set[int], labels: Labels) -> Table:
    """Return the table without these rows, which the account lists where nothing else of a source's row is used."""
    kept = [row for row in range(len(table.rows)) if row not in repeated]
    used = {(table.sheets[row], table.row_numbers[row]) for row in kept}
    texts: dict[str, dict[int, str]] = {}
    for row in sorted(repeated):
        sheet, number = table.sheets[row], table.row_numbers[row]
        if (sheet, number) not in used:
            figure = " ".join(map(str, _read_content(table, row).values()))
            area = table.rows[row][table.columns.index("area")] if "area" in table.columns else ""
            texts.setdefault(sheet, {}).setdefault(number, f'"{labels.areas.get(area, area)}" {figure}')
    groups = [
        LeftOutRows(reason="repeated", count=len(rows), rows=(*rows,), texts=(*rows.values(),), sheet=sheet)
        for sheet, rows in texts.items()
    ]
    account = replace(
        table.account,
        used=table.account.used - sum(group.count for group in groups),
        left_out=(*table.account.left_out, *groups),
    )
    return replace(
        table,
        rows=[table.rows[row] for row in kept],
        row_numbers=[table.row_numbers[row] for row in kept],
        sheets=[table.sheets[row] for row in kept],
        account=account,
    )
