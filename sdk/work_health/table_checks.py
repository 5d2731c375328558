"""Cells against the duty's schema, before anything is sent: what can be told here is told at once, with its row.

What is said of periods, of parts and totals, and of earlier returns, the server says: a dry run asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from ._generated.models import Finding
from .mapping import find_nearest
from .tables import NUMBER_COLUMNS, Table, build_finding, normalise_name

if TYPE_CHECKING:
    from ._generated.models import Dimension, NewReturn, ReturnSchema

BreakdownItems = frozenset[tuple[str, str]]
STATUS_CODES = frozenset("cxzw")
MAX_COUNT = 2**53 - 1
_STATUS_SHORTHAND = re.compile(r"\[([cxzw])\]|([cxzw])", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"(\d+)(?:\.0*)?", re.ASCII)
_NUMBER_FAULTS = (  # in this order, each with its code, what it is and what would have been right
    (re.compile(r".*\d\s*%"), "percentage", "a percentage", "Send numerator and denominator; for a count, the count."),
    (re.compile(r"[-−–]\s*\d[\d.,]*|\(\d[\d.,]*\)"), "negative-number", "below zero", "Send the count: 0 or more."),
    (re.compile(r"\d{1,3}([,' \u2019\u00a0\u202f]\d{3})+"), "thousands-separator", "with separators", "Send digits."),
    (re.compile(r"\d*[.,]\d*"), "not-whole", "not a whole number", "Send what was counted."),
    (re.compile(r"#.*"), "not-a-number", "an error of the spreadsheet", "Mend its formula."),
)  # fmt: skip


class ReturnKey(NamedTuple):
    """What a row is about."""

    measure: str
    series: str
    service: str
    period: str

    def __str__(self) -> str:
        more = [word for word in (self.series, self.service) if word not in {"", "headline", "main"}]
        return " ".join(["/".join([self.measure, *more]), self.period])


@dataclass(frozen=True, slots=True)
class ReturnForm:
    """What a duty takes, as its schema says it."""

    areas: frozenset[str]
    breakdowns: frozenset[BreakdownItems]
    cells: frozenset[tuple[str, BreakdownItems]]
    number_columns: tuple[str, ...]

    @classmethod
    def from_schema(cls, schema: ReturnSchema) -> ReturnForm | None:
        """None for a return that is no table of observations."""
        rows = _get_nested(schema.properties.to_dict(), "observations", "items")
        rules = rows.get("allOf")
        if not isinstance(rules, list):
            return None
        kept = _get_nested(rows, "properties")
        numbers = tuple(name for name in ("value", "numerator", "denominator") if name in kept)
        branches = cast(list[object], _get_nested(cast(list[object], rules)[0]).get("anyOf", []))
        places = {
            (area, breakdown)
            for branch in branches
            for area in _list_areas(branch)
            for breakdown in _list_breakdowns(branch)
        }
        return cls(
            areas=frozenset(area for area, _ in places),
            breakdowns=frozenset(breakdown for _, breakdown in places),
            cells=frozenset(places),
            number_columns=numbers,
        )


def _get_nested(document: object, *names: str) -> dict[str, object]:
    for name in names:
        document = cast(dict[str, object], document).get(name) if isinstance(document, dict) else None
    return cast(dict[str, object], document) if isinstance(document, dict) else {}


def _list_areas(branch: object) -> list[str]:
    return cast(list[str], _get_nested(branch, "properties", "area").get("enum", []))


def _list_breakdowns(branch: object) -> list[BreakdownItems]:
    said = cast(list[dict[str, str]], _get_nested(branch, "properties", "breakdown").get("enum", []))
    return [frozenset(one.items()) for one in said]


@dataclass(slots=True)
class Labels:
    """What codes are called, to tell which is meant."""

    dimensions: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    areas: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_plan(cls, dimensions: Iterable[Dimension], areas: Mapping[str, str]) -> Labels:
        return cls({one.slug: {c.code: c.label for c in one.categories} for one in dimensions}, dict(areas))

    def find_nearest_code(self, word: str, codes: Iterable[str], labels: Mapping[str, str]) -> str | None:
        """The code whose own name or label is most like the word."""
        called = {normalise_name(labels[code]): code for code in codes if code in labels} | {
            normalise_name(code): code for code in codes
        }
        close = find_nearest(normalise_name(word), called)
        return called[close] if close else None


def group_rows_by_return(table: Table, constants: Mapping[str, str | None]) -> dict[ReturnKey, list[int]]:
    """Which rows, from 0, are of which return; what the request says stands for an empty cell or a missing column."""
    found: dict[ReturnKey, list[int]] = {}
    said = [
        [cell or (constants.get(name) or "") for cell in table.iter_column(name)]
        for name in ("measure", "series", "service", "period")
    ]
    for number, words in enumerate(zip(*said, strict=True)):
        found.setdefault(ReturnKey(*words), []).append(number)
    return found


class FindingCollector:
    """Findings as they come up, with equal ones told once."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = numbers
        self._rows: dict[tuple[str, str, str, str, str], list[int]] = {}

    def add(self, row: int, code: str, column: str, actual: str, message: str, hint: str = "") -> None:
        self._rows.setdefault((code, column, actual, message, hint), []).append(self._numbers[row])

    def to_findings(self) -> Iterator[Finding]:
        for (code, column, actual, message, hint), rows in self._rows.items():
            yield build_finding(code, message, rows=rows, column=column, actual=actual or None, fix=hint or None)


def check_cells(
    table: Table, forms: Mapping[ReturnKey, ReturnForm], rows: Mapping[ReturnKey, list[int]], labels: Labels
) -> list[Finding]:
    """What the cells of the rows have against them."""
    found = FindingCollector(table.row_numbers)
    places = {name: place for place, name in enumerate(table.columns)}
    dimensions = [name for name in table.columns if name in labels.dimensions]
    for duty, form in forms.items():
        for number in rows[duty]:
            row = table.rows[number]
            cells = {name: row[place] for name, place in places.items()}
            if cells.get("kind", "").casefold() in {"nil", "withdrawn"} and not cells.get("area"):
                continue
            _check_area_and_breakdown(found, number, cells, dimensions, form, labels)
            _check_numbers(found, number, cells, form)
    return list(found.to_findings())


def _check_area_and_breakdown(
    found: FindingCollector, row: int, cells: Mapping[str, str], dimensions: list[str], form: ReturnForm, labels: Labels
) -> None:
    area = cells.get("area", "")
    breakdown = frozenset((name, cells[name]) for name in dimensions if cells[name])
    if not area:
        found.add(row, "empty-cell", "area", "", "The cell of `area` is empty.", "Fill it in, or clear the row.")
        return
    wrong = area not in form.areas
    if wrong:
        close = labels.find_nearest_code(area, form.areas, labels.areas)
        said = f"Did you mean {close}?" if close else "The template of the measure lists the areas that you owe."
        found.add(row, "unknown-area", "area", area, f"{area} is not an area of this duty.", said)
    for name, category in breakdown:
        known = labels.dimensions[name]
        if category not in known:
            wrong = True
            close = labels.find_nearest_code(category, known, known)
            said = f"Did you mean {close}?" if close else f"The categories are {', '.join(known)}."
            found.add(row, "unknown-category", name, category, f"{category} is not a category of {name}.", said)
    if wrong or (area, breakdown) in form.cells:
        return
    spelled = " and ".join(f"{name}={category}" for name, category in sorted(breakdown)) or "the total"
    if breakdown in form.breakdowns:
        code, said = "area-too-fine", f"{spelled} is not collected for {area}."
    else:
        code, said = "breakdown-not-collected", f"{spelled} is not collected for this measure."
    column = "area" if breakdown in form.breakdowns else next(iter(sorted(dict(breakdown))), "area")
    found.add(row, code, column, area, said, "The template of the measure has the cells that you owe.")


def _check_numbers(found: FindingCollector, row: int, cells: Mapping[str, str], form: ReturnForm) -> None:
    status = cells.get("status", "")
    if status and not _STATUS_SHORTHAND.fullmatch(status):
        found.add(row, "unknown-status", "status", status, f"{status} is not a status.", "c, x, z or w; or empty.")
        return
    filled: set[str] = set()
    for name in NUMBER_COLUMNS:
        word = cells.get(name, "")
        if not word:
            continue
        if name == "value" and (short := _STATUS_SHORTHAND.fullmatch(word)):
            status = status or (short[1] or short[2])
            continue
        if fault := _find_number_fault(word):
            found.add(row, fault[0], name, word, f"{word} is {fault[1]}.", fault[2])
            return
        filled.add(name)
    _check_form(found, row, filled, status.strip("[]").lower(), form)


def _check_form(found: FindingCollector, row: int, filled: set[str], status: str, form: ReturnForm) -> None:
    """Numbers or a status; limits beside `c` alone."""
    needed = set(form.number_columns)
    named = " and ".join(form.number_columns)
    foreign = filled & {"value", "numerator", "denominator"} - needed
    if foreign:
        column = min(foreign)
        found.add(
            row, "wrong-value-fields", column, "", f"The measure is returned by {named}.", f"Leave {column} empty."
        )
    elif status and filled & needed:
        said = "A row has a number or a status, not both."
        found.add(row, "value-and-status", "status", status, said, "Clear one of them.")
    elif not status and not needed <= filled:
        hint = "Fill it in, say why there is no number in `status`, or delete the row."
        found.add(row, "value-missing", min(needed - filled), "", f"There is no {named}.", hint)
    elif status != "c" and filled & {"lower", "upper"}:
        said = "Limits stand beside the status c alone."
        found.add(row, "bounds-without-c", min(filled & {"lower", "upper"}), "", said, "Clear them.")


def _find_number_fault(word: str) -> tuple[str, str, str] | None:
    """What is wrong with what should be a count: code, meaning, mend."""
    whole = _WHOLE_NUMBER.fullmatch(word)
    if whole:
        too_large = ("number-too-large", "larger than a count can be", "Check for digits that have run together.")
        return too_large if int(whole[1]) > MAX_COUNT else None
    for shape, code, meaning, mend in _NUMBER_FAULTS:
        if shape.fullmatch(word):
            return code, meaning, mend
    if not any(character.isdigit() for character in word) or word[0] in "<>≤≥":
        mend = "Send 0 for zero; else [c] confidential, [x] not available, [z] not applicable, [w] none recorded."
        return "unclear-mark", "no number, and could mean several things", mend
    return "not-a-number", "not a number", "Send a whole number, such as 12."


def convert_returns_to_table(returns: Iterable[NewReturn]) -> Table:
    """The observations of returns as rows, counted from 1 over the submission as the server counts them."""
    rows = [
        (one, cell, cell.breakdown.to_dict() if cell.breakdown else {})
        for one in returns
        for cell in one.observations or []
    ]
    dimensions = list(dict.fromkeys(name for _, _, breakdown in rows for name in breakdown))
    columns = ["measure", "series", "service", "period", "area", *dimensions, *NUMBER_COLUMNS, "status"]
    made = [
        [
            *(one.measure, one.series or "", one.service or "", one.period, cell.area),
            *(breakdown.get(name, "") for name in dimensions),
            *(
                "" if (number := getattr(cell, name)) is None or not isinstance(number, int) else str(number)
                for name in NUMBER_COLUMNS
            ),
            str(cell.status.value) if cell.status else "",
        ]
        for one, cell, breakdown in rows
    ]
    return Table("Returns", columns, made, list(range(1, len(made) + 1)))
