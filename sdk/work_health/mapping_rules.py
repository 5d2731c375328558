"""The rules of a mapping beyond names: rows to skip, wide tables, marks, dates and sums."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ._spelling.counts import read_count
from ._spelling.marks import read_mark
from ._spelling.period_codes import build_snapshot
from ._spelling.period_structs import PeriodType
from ._spelling.periods import build_period, find_span_start
from .name_matching import normalise_name
from .tables import NUMBER_COLUMNS

Cells = dict[str, str]
"""The cells of a row by the column of a submission."""
COUNT_COLUMNS = ("value", "numerator", "denominator")
DATE_FORMATS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d/%m/%y",
    "%d %B %Y",
    "%d %b %Y",
    "%B %Y",
    "%b %Y",
    "%b-%y",
)
PERIOD_TYPES = (
    *("month", "financial-quarter", "financial-half", "financial-year"),
    *("calendar-quarter", "calendar-year", "academic-year", "snapshot"),
)
"""The types whose period follows from a day."""


@dataclass(frozen=True, slots=True)
class SkipRule:
    """Rows that are not sent: by their number, or by a pattern with `*` in a column of the source."""

    rows: frozenset[int] = frozenset()
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def build_test(self, header: list[str]) -> Callable[[int, list[str]], bool]:
        """Return a function that is True for a row to skip. It receives the row's number and cells."""
        names = [normalise_name(name) for name in header]
        patterns = [
            (
                names.index(normalise_name(name)),
                re.compile(re.escape(pattern.strip()).replace(r"\*", ".*"), re.IGNORECASE | re.DOTALL),
            )
            for name, texts in self.patterns.items()
            if normalise_name(name) in names
            for pattern in texts
        ]
        return lambda number, row: (
            number in self.rows
            or any(index < len(row) and pattern.fullmatch(row[index].strip()) for index, pattern in patterns)
        )


@dataclass(frozen=True, slots=True)
class UnpivotRule:
    """Columns that are categories of a dimension. Each becomes a row of its own."""

    dimension: str
    columns: Mapping[str, str]
    """The category of each column, empty for the total."""
    value: str = "value"
    """The column of a submission that receives the numbers."""

    def find_category(self, name: str) -> str | None:
        """Return the category of a column, or None if it is not one of this rule."""
        normalised = normalise_name(name)
        return next((code for key, code in self.columns.items() if normalise_name(key) == normalised), None)


@dataclass(frozen=True, slots=True)
class Mark:
    """The meaning of a text in place of a number: a number, or a status with bounds."""

    value: str = ""
    status: str = ""
    lower: str = ""
    upper: str = ""


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """The source of the period: a column of dates, or else the titles above the header and the name of the sheet."""

    column: str = ""
    type: str = ""
    """The type of the period; empty if the constants state it."""
    reads_titles: bool = True
    """False if the titles may state another period than the constants."""


def apply_marks(cells: Cells, marks: Mapping[str, Mark]) -> Cells:
    """Replace each mark in a column of counts by its meaning."""
    for name in COUNT_COLUMNS:
        mark = marks.get(normalise_name(cells.get(name, ""))) if cells.get(name) else None
        if mark is not None:
            cells = cells | {name: mark.value}
            cells |= {
                key: text
                for key, text in (("status", mark.status), ("lower", mark.lower), ("upper", mark.upper))
                if text
            }
    return cells


def parse_date(text: str) -> date | None:
    """Return the day of a text, the day before the month as in Britain; the first day if it names only a month."""
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(text.strip(), pattern).date()  # noqa: DTZ007 a day has no time zone
        except ValueError:
            continue
    return None


def build_period_code(day: date, period_type: str) -> str:
    """Return the code of the period of this type that contains the day."""
    kind = PeriodType(period_type)
    if kind is PeriodType.SNAPSHOT:
        return build_snapshot(day).code
    return build_period(kind, find_span_start(kind, day)).code


def is_count(text: str) -> bool:
    return isinstance(read_count(text), int)


def is_blank(cells: Cells) -> bool:
    """Return True if the row has no content: a blank row of a template is missing, not wrong. The server agrees."""
    has_kind = cells.get("kind", "").strip().lower() not in ("", "data")
    return not has_kind and not any(cells.get(name) for name in (*NUMBER_COLUMNS, "status", "note"))


def sum_rows(rows: Iterable[tuple[int, Cells]]) -> Iterator[tuple[int, Cells]]:
    """Add up the rows of the same cell, so that finer bands become one. The first row gives the row number.

    A part with a status makes the sum confidential, with the bounds that the parts give. Texts that are not counts
    stay as they are, so that the checks report them.
    """
    groups: dict[tuple[tuple[str, str], ...], list[tuple[int, Cells]]] = {}
    for number, cells in rows:
        place = tuple((name, text) for name, text in cells.items() if name not in {*NUMBER_COLUMNS, "status", "note"})
        groups.setdefault(place, []).append((number, cells))
    for parts in groups.values():
        if len(parts) == 1 or not all(_can_be_added(cells) for _, cells in parts):
            yield from parts
        else:
            yield parts[0][0], parts[0][1] | _add([cells for _, cells in parts])


def _can_be_added(cells: Cells) -> bool:
    return all(not cells.get(name) or is_count(cells[name]) or read_mark(cells[name]) for name in NUMBER_COLUMNS)


def _add(parts: list[Cells]) -> Cells:
    notes = "; ".join(dict.fromkeys(cells["note"] for cells in parts if cells.get("note")))
    summed = {"note": notes} if notes else {}
    if all(
        is_count(cells.get(name, "0") or "0") and not cells.get("status") for cells in parts for name in COUNT_COLUMNS
    ):
        names = [name for name in COUNT_COLUMNS if any(cells.get(name) for cells in parts)]
        return summed | {name: str(sum(_to_int(cells.get(name)) for cells in parts)) for name in names}
    bounds = [_read_bounds(cells) for cells in parts]
    lower = sum(low or 0 for low, _ in bounds)
    uppers = [high for _, high in bounds if high is not None]
    upper = str(sum(uppers)) if len(uppers) == len(parts) else ""
    emptied = {name: "" for name in COUNT_COLUMNS if any(name in cells for cells in parts)}
    return summed | emptied | {"status": "c", "lower": str(lower), "upper": upper}


def _read_bounds(cells: Cells) -> tuple[int | None, int | None]:
    """Return the bounds of a part: its count twice, or those of its mark or of its columns."""
    text = cells.get("value", "")
    if is_count(text):
        return _to_int(text), _to_int(text)
    if (mark := read_mark(text)) and (mark.lower is not None or mark.upper is not None):
        return mark.lower, mark.upper
    lower, upper = (cells.get(name) for name in ("lower", "upper"))
    return _to_int(lower) if lower else None, _to_int(upper) if upper else None


def _to_int(text: str | None) -> int:
    return int(float(text)) if text else 0
