"""Finding the header of a grid, and mapping its columns to those of a submission."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ._generated.models import Severity
from .errors import CheckFailed
from .header_checks import find_figures_above_header, find_second_header
from .mapping import ColumnMapping
from .mapping_rules import Cells, apply_marks, build_period_code, is_blank, parse_date, sum_rows
from .name_matching import find_nearest, normalise_name
from .reading_checks import (
    find_merged_cells,
    find_missing_number_columns,
    find_ragged_rows,
    find_values_of_wide_table,
    select_hidden_cells,
)
from .readings import Reading
from .row_accounts import NumberedRow, account_for_rows, find_trailing_rows
from .swallowed_rows import find_swallowed_rows
from .tables import SUBMISSION_COLUMNS, Grid, Table, build_finding
from .title_periods import choose_title_period
from .wide_tables import find_wide_table

if TYPE_CHECKING:
    from ._generated.models import Finding
    from .return_forms import Labels

HEADER_SEARCH_ROWS = 30
"""The header is in one of the first rows: titles and notes come before it."""


def build_table(
    grid: Grid,
    dimensions: Sequence[str],
    mapping: ColumnMapping | None,
    labels: Labels | None = None,
    period: str | None = None,
) -> Table:
    """Return the rows under the columns of a submission. Raises `CheckFailed` with every finding.

    With `labels`, a finding states which unknown columns are categories of a dimension. `period` is the one that the
    caller states; the titles may not state another one.
    """
    column_by_name = {normalise_name(name): name for name in (*SUBMISSION_COLUMNS, *dimensions)}
    header_index = _find_header(grid, column_by_name, mapping)
    reading = Reading(grid, header_index, column_by_name, mapping or ColumnMapping(), mapping is not None)
    targets, findings = _map_columns(reading)
    findings = [
        *(find_wide_table(grid.source, reading.header, reading.header_rows, labels) if findings and labels else ()),
        *findings,
    ]
    findings += find_merged_cells(reading)
    missing = list(find_missing_number_columns(reading, targets)) if reading.has_mapping else []
    findings += [finding for finding in missing if finding.severity is Severity.ERROR]
    findings += find_values_of_wide_table(reading, targets)
    body = list(reading.iter_filled_rows())
    trailing = _find_trailing_rows(reading, targets, body)
    body = body[: len(body) - len(trailing)]
    findings += select_hidden_cells(reading, targets, {number for number, _ in body})
    if body:
        findings += find_second_header(reading.header, targets, body[0])
    findings += find_figures_above_header(reading.titles, reading.grid.first_row, sum(map(bool, targets)))
    findings += find_ragged_rows(reading, body)
    if grid.delimiter is not None:
        findings += find_swallowed_rows(reading.header, body, grid.delimiter)
    if not body:
        findings.append(build_finding("no-rows", f"{grid.source} has a header but no rows."))
    title_period, contradictions = _choose_period(reading, targets, period)
    findings += contradictions
    if findings:
        raise CheckFailed(f"{grid.source} is not a table of returns.", findings)
    table = _fill_table(reading, targets, title_period, body, trailing)
    return replace(table, warnings=(*table.warnings, *missing), title_period=title_period)


def _choose_period(reading: Reading, targets: Sequence[str], period: str | None) -> tuple[str, list[Finding]]:
    """Return the period that the titles give, and what contradicts it. A column of periods comes before titles."""
    if "period" in targets or reading.grid.has_header:
        return "", []
    mapping, grid = reading.mapping, reading.grid
    texts = [*(" ".join(row) for row in reading.titles), grid.sheet]
    return choose_title_period(mapping.period, period or mapping.constants.get("period", ""), texts)


def _find_trailing_rows(reading: Reading, targets: list[str], body: list[NumberedRow]) -> list[tuple[int, str]]:
    """Return the rows below the table of a file. A mapping names the totals to skip, and may use others."""
    if reading.grid.has_header:
        return []
    area = targets.index("area") if "area" in targets else None
    return list(find_trailing_rows(body, area, has_totals=not reading.has_mapping))


def _fill_table(
    reading: Reading, targets: list[str], period: str, body: list[NumberedRow], trailing: list[tuple[int, str]]
) -> Table:
    """Return the rows with the mapping's rules applied. Rows without content are left out, because they are missing."""
    grid, header = reading.grid, reading.header
    rows = list(_iter_cells(reading, targets, {"period": period} if period else {}, body))
    filled = [(number, cells) for number, cells in rows if not is_blank(cells)]
    used = {number for number, _ in filled}
    blank = [number for number, _ in body if number not in used]
    if reading.mapping.is_summed:
        filled = list(sum_rows(filled))
    if not filled:
        message = f"{grid.source} has no row with a number or a status."
        raise CheckFailed(message, [build_finding("no-rows", message, rows=blank)])
    columns = list(dict.fromkeys(name for _, cells in filled for name in cells))
    return Table(
        source=grid.source,
        columns=columns,
        rows=[[cells.get(name, "") for name in columns] for _, cells in filled],
        row_numbers=[number for number, _ in filled],
        is_unmodified=not reading.has_mapping
        and reading.header_index == 0
        and grid.delimiter is not None
        and not blank
        and not trailing,
        warnings=grid.warnings,
        account=account_for_rows(
            grid.rows[reading.header_index + 1 :] if grid.has_header else grid.rows,
            first_row=0 if grid.has_header else grid.first_row,
            header_row=None if grid.has_header else grid.first_row + reading.header_index,
            used=used,
            reasons=dict.fromkeys(blank, "blank") | dict(trailing),
            number_columns=reading.list_number_columns(targets),
        ),
        source_names={
            target: header[index]
            for index, target in enumerate(targets)
            if target and normalise_name(header[index]) != normalise_name(target)
        },
    )


def _iter_cells(
    reading: Reading, targets: list[str], constants: Cells, body: list[NumberedRow]
) -> Iterator[tuple[int, Cells]]:
    """Yield the cells of each row by the column of a submission. A wide row becomes a row for each category."""
    mapping, header = reading.mapping, reading.header
    constants = mapping.select_constants(targets) | constants
    mappers = {index: mapping.build_code_mapper(target) for index, target in enumerate(targets) if target}
    date_index = next((index for index, name in enumerate(header) if mapping.is_period(name)), None)
    categories = reading.wide_columns
    for number, row in body:
        texts = [*row, *[""] * (len(header) - len(row))]
        cells = {targets[index]: map_code(texts[index]) for index, map_code in mappers.items()} | constants
        if mapping.period and date_index is not None:
            day = parse_date(texts[date_index])
            cells["period"] = build_period_code(day, mapping.period.type) if day else texts[date_index].strip()
        if mapping.unpivot and categories:
            for index, category in categories.items():
                wide = cells | {mapping.unpivot.dimension: category, mapping.unpivot.value: texts[index].strip()}
                yield number, apply_marks(wide, mapping.marks)
        else:
            yield number, apply_marks(cells, mapping.marks)


def _find_header(grid: Grid, column_by_name: Mapping[str, str], mapping: ColumnMapping | None) -> int:
    """Return the index of the row with the most known names, or of the first row that is not empty."""
    if grid.has_header:
        return 0
    if mapping and mapping.header:
        if mapping.header > len(grid.rows):
            raise CheckFailed(
                f"{grid.source} has {len(grid.rows)} rows, but the mapping names row {mapping.header} as header.", []
            )
        return mapping.header - 1
    known = {*column_by_name, *(normalise_name(name) for name in (mapping.list_source_names() if mapping else ()))}
    scores = [sum(normalise_name(cell) in known for cell in row) for row in grid.rows[:HEADER_SEARCH_ROWS]]
    if scores and max(scores) > 0:
        return scores.index(max(scores))
    for index, row in enumerate(grid.rows):
        if any(map(str.strip, row)):
            return index
    raise CheckFailed(f"{grid.source} is empty.", [build_finding("no-rows", f"{grid.source} has no rows.")])


def _map_columns(reading: Reading) -> tuple[list[str], list[Finding]]:
    """Return the submission's column for each column of the source, empty if it is left out; and the findings."""
    findings: list[Finding] = []
    targets: list[str] = []
    for index, name in enumerate(reading.header):
        target = _map_column(reading, name)
        if target is None and name.strip():
            findings.append(_build_unknown_column_finding(reading, name))
        elif target is None:
            if any(len(row) > index and row[index].strip() for row in reading.grid.rows[reading.header_index + 1 :]):
                message = f"Column {index + 1} has cells but no name."
                fix = "Name the column, or delete it."
                findings.append(build_finding("unnamed-column", message, rows=reading.header_rows, fix=fix))
        elif target and target in targets:
            message = f"{name!r} and {reading.header[targets.index(target)]!r} are both the column {target}."
            fix = "Delete one of the two columns."
            findings.append(build_finding("repeated-column", message, rows=reading.header_rows, column=name, fix=fix))
        targets.append(target or "")
    return targets, findings


def _map_column(reading: Reading, name: str) -> str | None:
    """Return the submission's column, empty if the column is left out, or None if it is unknown."""
    if (target := reading.mapping.map_column(name)) is not None:
        return target
    if normalise_name(name).endswith("-label"):
        return ""
    return reading.column_by_name.get(normalise_name(name))


def _build_unknown_column_finding(reading: Reading, name: str) -> Finding:
    nearest = find_nearest(normalise_name(name), reading.column_by_name)
    fix = f"Did you mean {nearest}? " if nearest else ""
    if not reading.has_mapping:
        fix += "A mapping file can map your columns to those of a submission."
    else:
        fix += f'In the mapping file, "{name}" = "{nearest or "…"}" sends it, and "{name}" = "" leaves it out.'
    message = f"A submission has no column {name!r}."
    return build_finding("unknown-column", message, rows=reading.header_rows, column=name, actual=name, fix=fix)
