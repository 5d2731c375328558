"""Cells against the duty's schema, before anything is sent: what can be told here is told at once, with its row.

What is said of periods, of parts and totals, and of earlier returns, the server says: a dry run asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from ._generated.models import Finding
from .mapping import nearest
from .tables import NUMBERS, Table, finding, plain

if TYPE_CHECKING:
    from ._generated.models import Dimension, NewReturn, ReturnSchema

Breakdown = frozenset[tuple[str, str]]
STATUSES = frozenset("cxzw")
MOST = 2**53 - 1
_SHORTHAND = re.compile(r"\[([cxzw])\]|([cxzw])", re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)(?:\.0*)?", re.ASCII)
_WRONG = (  # in this order, each with its code, what it is and what would have been right
    (re.compile(r".*\d\s*%"), "percentage", "a percentage", "Send numerator and denominator; for a count, the count."),
    (re.compile(r"[-−–]\s*\d[\d.,]*|\(\d[\d.,]*\)"), "negative-number", "below zero", "Send the count: 0 or more."),
    (re.compile(r"\d{1,3}([,' \u2019\u00a0\u202f]\d{3})+"), "thousands-separator", "with separators", "Send digits."),
    (re.compile(r"\d*[.,]\d*"), "not-whole", "not a whole number", "Send what was counted."),
    (re.compile(r"#.*"), "not-a-number", "an error of the spreadsheet", "Mend its formula."),
)  # fmt: skip


class Duty(NamedTuple):
    """What a row is about."""

    measure: str
    series: str
    service: str
    period: str

    def __str__(self) -> str:
        more = [word for word in (self.series, self.service) if word not in {"", "headline", "main"}]
        return " ".join(["/".join([self.measure, *more]), self.period])


@dataclass(frozen=True, slots=True)
class Form:
    """What a duty takes, as its schema says it."""

    areas: frozenset[str]
    breakdowns: frozenset[Breakdown]
    places: frozenset[tuple[str, Breakdown]]
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, schema: ReturnSchema) -> Form | None:
        """None for a return that is no table of observations."""
        rows = _inside(schema.properties.to_dict(), "observations", "items")
        rules = rows.get("allOf")
        if not isinstance(rules, list):
            return None
        kept = _inside(rows, "properties")
        numbers = tuple(name for name in ("value", "numerator", "denominator") if name in kept)
        branches = cast(list[object], _inside(cast(list[object], rules)[0]).get("anyOf", []))
        places = {
            (area, breakdown) for branch in branches for area in _areas(branch) for breakdown in _breakdowns(branch)
        }
        return cls(
            areas=frozenset(area for area, _ in places),
            breakdowns=frozenset(breakdown for _, breakdown in places),
            places=frozenset(places),
            numbers=numbers,
        )


def _inside(document: object, *names: str) -> dict[str, object]:
    for name in names:
        document = cast(dict[str, object], document).get(name) if isinstance(document, dict) else None
    return cast(dict[str, object], document) if isinstance(document, dict) else {}


def _areas(branch: object) -> list[str]:
    return cast(list[str], _inside(branch, "properties", "area").get("enum", []))


def _breakdowns(branch: object) -> list[Breakdown]:
    said = cast(list[dict[str, str]], _inside(branch, "properties", "breakdown").get("enum", []))
    return [frozenset(one.items()) for one in said]


@dataclass(slots=True)
class Labels:
    """What codes are called, to tell which is meant."""

    dimensions: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    areas: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, dimensions: Iterable[Dimension], areas: Mapping[str, str]) -> Labels:
        return cls({one.slug: {c.code: c.label for c in one.categories} for one in dimensions}, dict(areas))

    def meant(self, word: str, codes: Iterable[str], labels: Mapping[str, str]) -> str | None:
        """The code whose own name or label is most like the word."""
        called = {plain(labels[code]): code for code in codes if code in labels} | {plain(code): code for code in codes}
        close = nearest(plain(word), called)
        return called[close] if close else None


def duties(table: Table, constants: Mapping[str, str | None]) -> dict[Duty, list[int]]:
    """Which rows, from 0, are of which return; what the request says stands for an empty cell or a missing column."""
    found: dict[Duty, list[int]] = {}
    said = [
        [cell or (constants.get(name) or "") for cell in table.column(name)]
        for name in ("measure", "series", "service", "period")
    ]
    for number, words in enumerate(zip(*said, strict=True)):
        found.setdefault(Duty(*words), []).append(number)
    return found


class Faults:
    """Findings as they come up, with equal ones told once."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = numbers
        self._rows: dict[tuple[str, str, str, str, str], list[int]] = {}

    def add(self, row: int, code: str, column: str, actual: str, message: str, hint: str = "") -> None:
        self._rows.setdefault((code, column, actual, message, hint), []).append(self._numbers[row])

    def found(self) -> Iterator[Finding]:
        for (code, column, actual, message, hint), rows in self._rows.items():
            yield finding(code, message, rows=rows, column=column, actual=actual or None, hint=hint or None)


def faults(table: Table, forms: Mapping[Duty, Form], rows: Mapping[Duty, list[int]], labels: Labels) -> list[Finding]:
    """What the cells of the rows have against them."""
    found = Faults(table.numbers)
    places = {name: place for place, name in enumerate(table.columns)}
    dimensions = [name for name in table.columns if name in labels.dimensions]
    for duty, form in forms.items():
        for number in rows[duty]:
            row = table.rows[number]
            cells = {name: row[place] for name, place in places.items()}
            if cells.get("kind", "").casefold() in {"nil", "withdrawn"} and not cells.get("area"):
                continue
            _place(found, number, cells, dimensions, form, labels)
            _figure(found, number, cells, form)
    return list(found.found())


def _place(
    found: Faults, row: int, cells: Mapping[str, str], dimensions: list[str], form: Form, labels: Labels
) -> None:
    area = cells.get("area", "")
    breakdown = frozenset((name, cells[name]) for name in dimensions if cells[name])
    if not area:
        found.add(row, "cell-missing", "area", "", "The cell of `area` is empty.", "Fill it in, or clear the row.")
        return
    wrong = area not in form.areas
    if wrong:
        close = labels.meant(area, form.areas, labels.areas)
        said = f"Did you mean {close}?" if close else "The template of the measure lists the areas that you owe."
        found.add(row, "unknown-area", "area", area, f"{area} is not an area of this duty.", said)
    for name, category in breakdown:
        known = labels.dimensions[name]
        if category not in known:
            wrong = True
            close = labels.meant(category, known, known)
            said = f"Did you mean {close}?" if close else f"The categories are {', '.join(known)}."
            found.add(row, "unknown-category", name, category, f"{category} is not a category of {name}.", said)
    if wrong or (area, breakdown) in form.places:
        return
    spelled = " and ".join(f"{name}={category}" for name, category in sorted(breakdown)) or "the total"
    if breakdown in form.breakdowns:
        code, said = "area-too-fine", f"{spelled} is not collected for {area}."
    else:
        code, said = "breakdown-not-collected", f"{spelled} is not collected for this measure."
    column = "area" if breakdown in form.breakdowns else next(iter(sorted(dict(breakdown))), "area")
    found.add(row, code, column, area, said, "The template of the measure has the cells that you owe.")


def _figure(found: Faults, row: int, cells: Mapping[str, str], form: Form) -> None:
    status = cells.get("status", "")
    if status and not _SHORTHAND.fullmatch(status):
        found.add(row, "unknown-status", "status", status, f"{status} is not a status.", "c, x, z or w; or empty.")
        return
    filled: set[str] = set()
    for name in NUMBERS:
        word = cells.get(name, "")
        if not word:
            continue
        if name == "value" and (short := _SHORTHAND.fullmatch(word)):
            status = status or (short[1] or short[2])
            continue
        if fault := _number(word):
            found.add(row, fault[0], name, word, f"{word} is {fault[1]}.", fault[2])
            return
        filled.add(name)
    _shape(found, row, filled, status.strip("[]").lower(), form)


def _shape(found: Faults, row: int, filled: set[str], status: str, form: Form) -> None:
    """Numbers or a status; limits beside `c` alone."""
    needed = set(form.numbers)
    named = " and ".join(form.numbers)
    foreign = filled & {"value", "numerator", "denominator"} - needed
    if foreign:
        column = min(foreign)
        found.add(row, "wrong-form", column, "", f"The measure is returned by {named}.", f"Leave {column} empty.")
    elif status and filled & needed:
        said = "A row has a number or a status, not both."
        found.add(row, "value-and-status", "status", status, said, "Clear one of them.")
    elif not status and not needed <= filled:
        hint = "Fill it in, say why there is no number in `status`, or delete the row."
        found.add(row, "value-missing", min(needed - filled), "", f"There is no {named}.", hint)
    elif status != "c" and filled & {"lower", "upper"}:
        said = "Limits stand beside the status c alone."
        found.add(row, "bounds-without-c", min(filled & {"lower", "upper"}), "", said, "Clear them.")


def _number(word: str) -> tuple[str, str, str] | None:
    """What is wrong with what should be a count: code, meaning, mend."""
    whole = _WHOLE.fullmatch(word)
    if whole:
        too_large = ("number-too-large", "larger than a count can be", "Check for digits that have run together.")
        return too_large if int(whole[1]) > MOST else None
    for shape, code, meaning, mend in _WRONG:
        if shape.fullmatch(word):
            return code, meaning, mend
    if not any(character.isdigit() for character in word) or word[0] in "<>≤≥":
        mend = "Send 0 for zero; else [c] confidential, [x] not available, [z] not applicable, [w] none recorded."
        return "unclear-mark", "no number, and could mean several things", mend
    return "not-a-number", "not a number", "Send a whole number, such as 12."


def table_of_returns(returns: Iterable[NewReturn]) -> Table:
    """The observations of returns as rows, counted from 1 over the submission as the server counts them."""
    rows = [
        (one, cell, cell.breakdown.to_dict() if cell.breakdown else {})
        for one in returns
        for cell in one.observations or []
    ]
    dimensions = list(dict.fromkeys(name for _, _, breakdown in rows for name in breakdown))
    columns = ["measure", "series", "service", "period", "area", *dimensions, *NUMBERS, "status"]
    made = [
        [
            *(one.measure, one.series or "", one.service or "", one.period, cell.area),
            *(breakdown.get(name, "") for name in dimensions),
            *(
                "" if (number := getattr(cell, name)) is None or not isinstance(number, int) else str(number)
                for name in NUMBERS
            ),
            str(cell.status.value) if cell.status else "",
        ]
        for one, cell, breakdown in rows
    ]
    return Table("Returns", columns, made, list(range(1, len(made) + 1)))
