"""Visible sheets of a workbook that have figures and are not sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ._generated.models import Severity
from .grids import WORKBOOK_SUFFIXES
from .mapping_rules import is_count
from .tables import build_finding
from .workbooks import TEMPLATE_SHEETS, read_visible_sheets

if TYPE_CHECKING:
    from ._generated.models import Finding
    from .tables import Tabular


def find_unread_sheets(source: Tabular, read: Iterable[str]) -> Iterator[Finding]:
    """Warn of visible sheets that have figures and are not among those that are read."""
    if not isinstance(source, str | Path) or Path(source).suffix.lower() not in WORKBOOK_SUFFIXES:
        return
    known = {*read, *TEMPLATE_SHEETS}
    unread = [name for name, rows in read_visible_sheets(Path(source)).items() if name not in known and has_table(rows)]
    if unread:
        yield build_finding(
            "unread-sheets",
            f"Sheets with figures are not sent: {', '.join(unread)}.",
            fix="To send several sheets as one return, name each under [sheets] in the mapping file.",
            severity=Severity.WARNING,
        )


def has_table(rows: Sequence[Sequence[str]]) -> bool:
    """Return True if rows have a name and a number next to it."""
    filled = ([cell.strip() for cell in row if cell.strip()] for row in rows)
    return any(len(cells) > 1 and any(map(is_count, cells)) for cells in filled)
