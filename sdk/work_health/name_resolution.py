"""Names of areas and labels of categories, replaced by their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .return_forms import Labels, ReturnForm, ReturnKey
    from .tables import Table


def resolve_names(
    table: Table, forms: Mapping[ReturnKey, ReturnForm], rows: Mapping[ReturnKey, list[int]], labels: Labels
) -> Table:
    """Return the table with codes where exactly one area or category has the name. Other texts stay as they are."""
    areas = {row: form.areas for key, form in forms.items() for row in rows[key]}
    columns = [(index, name) for index, name in enumerate(table.columns) if name == "area" or name in labels.dimensions]
    resolved = [list(row) for row in table.rows]
    for number, row in enumerate(resolved):
        for index, name in columns:
            if row[index] and number in areas:
                row[index] = _resolve(row[index], name, areas[number], labels)
    if resolved == table.rows:
        return table
    return replace(table, rows=resolved, is_unmodified=False)


def _resolve(text: str, column: str, areas: frozenset[str], labels: Labels) -> str:
    if column == "area":
        codes = [text] if text in areas else labels.resolve_area(text, areas)
    else:
        codes = [text] if text in labels.dimensions[column] else labels.resolve_category(column, text)
    return codes[0] if len(codes) == 1 else text
