"""A proposal of a mapping for an export: its header, its columns and its codes, from their names and contents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ._spelling.marks import is_unclear_mark, read_mark
from ._spelling.names import fold_name
from .age_bands import find_containing_band
from .mapping_rules import is_count, parse_date
from .name_matching import normalise_name
from .period_spellings import find_period
from .tables import NUMBER_COLUMNS, SUBMISSION_COLUMNS, Grid
from .wide_tables import find_category, list_category_columns, strip_total_word

if TYPE_CHECKING:
    from ._generated.models import Period
    from .return_forms import Labels

HEADER_SEARCH_ROWS = 30
MAX_PATTERN_CHARACTERS = 40
MIN_RECOGNISED_SHARE = 0.5
"""A column is one of areas, categories or numbers if this share of its different cells is."""
OWN_COLUMNS = frozenset({*SUBMISSION_COLUMNS} - {"area", "period", "note", "value", "numerator", "denominator"})
"""Columns of a submission that have no other name in an export."""
NOTE_NAMES = frozenset({"note", "notes", "comment", "comments", "remark", "remarks"})
COLUMN_WORDS = {
    "numerator": ("numerator", "count", "number in", "achieved", "yes"),
    "denominator": ("denominator", "out of", "eligible", "base", "cohort"),
    "value": ("value", "count", "number", "total", "referral", "people", "clients"),
}


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The plan's knowledge: names, and the duties of one measure."""

    labels: Labels
    areas: frozenset[str]
    """The areas of the duty."""
    dimensions: frozenset[str]
    """The dimensions by which the measure may be broken down."""
    number_columns: tuple[str, ...]
    periods: tuple[Period, ...]
    """The periods of the duty, oldest first."""


@dataclass(slots=True)
class Proposal:
    """A mapping in the making. Each entry of a section has a comment."""

    header: int
    columns: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    codes: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict[str, dict[str, tuple[str, str]]])
    skips: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    unpivot: tuple[str, dict[str, str]] | None = None
    period_column: str | None = None
    skipped_rows: list[int] = field(default_factory=list[int])
    questions: list[str] = field(default_factory=list[str])
    """A choice that the proposal could not make."""
    is_summed: bool = False

    def find_target(self, target: str) -> str | None:
        return next((name for name, (column, _) in self.columns.items() if column == target), None)


def find_header(grid: Grid, labels: Labels) -> int:
    """Return the index of the header: the row with the most names that are followed by cells of data."""
    rows = grid.rows[:HEADER_SEARCH_ROWS]
    scores = [_score_header(row, grid.rows[index + 1 : index + 6], labels) for index, row in enumerate(rows)]
    return scores.index(max(scores)) if scores else 0


def _score_header(row: Sequence[str], below: Sequence[Sequence[str]], labels: Labels) -> float:
    names = [cell for cell in row if cell.strip()]
    if len(names) < 2 or any(is_count(name.strip()) for name in names):
        return 0
    known = {normalise_name(name) for name in (*SUBMISSION_COLUMNS, *labels.dimensions, *NOTE_NAMES)}
    wide = list_category_columns(names, labels)
    recognised = sum(normalise_name(name) in known for name in names) + (len(wide[1]) if wide else 0)
    has_numbers = any(is_count(cell.strip()) for line in below for cell in line)
    return (len(names) + 3 * recognised) * (1 if has_numbers else 0.3)


def propose_mapping(grid: Grid, facts: PlanFacts) -> Proposal:
    """Return a proposal for the columns and codes of a grid."""
    proposal = Proposal(find_header(grid, facts.labels))
    header = grid.rows[proposal.header] if grid.rows else []
    numbered = list(enumerate(grid.rows[proposal.header + 1 :], grid.first_row + proposal.header + 1))
    proposal.skipped_rows = _find_unit_rows(numbered)
    rows = [row for number, row in numbered if number not in proposal.skipped_rows]
    body = [row for row in rows if sum(bool(cell.strip()) for cell in row) > 1]
    cells = {name: _list_distinct(body, index) for index, name in enumerate(header) if name.strip()}
    _propose_own_names(proposal, cells, facts)
    _propose_notes(proposal, header, rows)
    _propose_areas(proposal, cells, facts)
    _propose_dimensions(proposal, cells, facts)
    _propose_periods(proposal, cells, facts)
    _propose_numbers(proposal, cells, facts)
    for name in cells:
        if name not in proposal.columns and not (proposal.unpivot and name in proposal.unpivot[1]):
            proposal.columns[name] = ("", _describe_left_out(name))
    _find_unclear_marks(proposal, cells)
    return proposal


def _find_unit_rows(numbered: Sequence[tuple[int, Sequence[str]]]) -> list[int]:
    """Return the first row if it has only words where the others have numbers: it states units."""
    rows = [(number, row) for number, row in numbered if sum(bool(cell.strip()) for cell in row) > 1]
    if len(rows) < 2:
        return []
    (number, first), others = rows[0], [row for _, row in rows[1:]]
    counts = [
        index for index in range(len(first)) if any(index < len(row) and is_count(row[index].strip()) for row in others)
    ]
    words = [first[index].strip() for index in counts if first[index].strip()]
    return (
        [number]
        if words and all(re.fullmatch(r"\D*[^\W\d_]{3}\D*", word) and not read_mark(word) for word in words)
        else []
    )


def _propose_own_names(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    """Keep columns that have the names of a submission, and read the codes of their texts."""
    for name, texts in cells.items():
        target = normalise_name(name)
        if target in facts.dimensions:
            _propose_dimension(proposal, name, texts, target, facts)
        elif target in OWN_COLUMNS:
            proposal.columns[name] = (target, "")


def _describe_left_out(name: str) -> str:
    if normalise_name(name) in NOTE_NAMES:
        return 'left out, because texts may name people; "note" sends it to reviewers'
    return "left out"


def _list_distinct(body: Iterable[Sequence[str]], index: int) -> list[str]:
    return list(dict.fromkeys(row[index].strip() for row in body if index < len(row) and row[index].strip()))


def _propose_areas(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    best = _choose_column(cells, lambda text: bool(facts.labels.resolve_area(text, facts.areas)), prefers="area")
    if best is None:
        if len(facts.areas) > 1:
            proposal.questions.append("No column has areas of your duty. Add `area` to [constants].")
        return
    proposal.columns[best] = ("area", "")
    codes = proposal.codes.setdefault("area", {})
    named = {area for text in cells[best] for area in facts.labels.resolve_area(text, facts.areas)}
    for text in cells[best]:
        matches = facts.labels.resolve_area(text, facts.areas)
        if len(matches) == 1 and matches[0] in facts.areas:
            if text != matches[0]:
                codes[text] = (matches[0], facts.labels.areas.get(matches[0], ""))
        elif len(matches) > 1:
            proposal.questions.append(
                f"{text!r} is the name of several areas: {', '.join(matches)}. Add one to [codes.area]."
            )
        elif (area := _find_area_of_total(text, facts)) and area not in named:
            codes[text] = (area, f"{facts.labels.areas[area]}, of which this is the total")
        else:
            _propose_skip(proposal, best, text)


def _find_area_of_total(text: str, facts: PlanFacts) -> str | None:
    """Return the area of the duty that the label of a total names, such as the city below its wards."""
    name = strip_total_word(text)
    matches = facts.labels.resolve_area(name, facts.areas) if name else []
    return matches[0] if len(matches) == 1 and matches[0] in facts.areas else None


def _propose_skip(proposal: Proposal, column: str, text: str) -> None:
    """Skip rows with this text: totals, notes and areas outside the duty. A long text is skipped by its beginning."""
    pattern = text if len(text) <= MAX_PATTERN_CHARACTERS else f"{text[:MAX_PATTERN_CHARACTERS]}*"
    if "*" in text:
        proposal.questions.append(f"Delete the rows with {text!r} in {column!r}, or skip them by [skip] rows.")
    elif pattern not in proposal.skips.setdefault(column, []):
        proposal.skips[column].append(pattern)


def _propose_notes(proposal: Proposal, header: Sequence[str], below: Iterable[Sequence[str]]) -> None:
    """Skip rows with a single cell, such as notes and sources below a table."""
    for row in below:
        filled = [index for index, cell in enumerate(row) if cell.strip()]
        if len(filled) == 1 and filled[0] < len(header) and header[filled[0]].strip():
            _propose_skip(proposal, header[filled[0]], row[filled[0]].strip())


def _choose_column(cells: Mapping[str, list[str]], is_known: Callable[[str], bool], *, prefers: str) -> str | None:
    """Return the column with the largest share of known cells; of equal ones, that with the preferred name."""
    shares = {
        name: sum(map(is_known, texts)) / len(texts) + (0.01 if prefers in normalise_name(name) else 0)
        for name, texts in cells.items()
        if texts
    }
    best = max(shares, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= MIN_RECOGNISED_SHARE else None


def _propose_dimensions(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    for dimension in sorted(facts.dimensions - {target for target, _ in proposal.columns.values()}):
        free = {name: texts for name, texts in cells.items() if name not in proposal.columns}
        best = _choose_column(
            free, lambda text, name=dimension: bool(_find_code(text, name, facts.labels)), prefers=dimension
        )
        if best is not None:
            _propose_dimension(proposal, best, cells[best], dimension, facts)


def _propose_dimension(proposal: Proposal, column: str, texts: Sequence[str], dimension: str, facts: PlanFacts) -> None:
    proposal.columns[column] = (dimension, "")
    used = list[str]()
    for text in texts:
        code = _find_code(text, dimension, facts.labels)
        if code is None:
            proposal.questions.append(
                f"{text!r} of {column!r} is no category of {dimension}. Add it to [codes.{dimension}]."
            )
            continue
        used.append(code)
        if code != text:
            label = facts.labels.dimensions[dimension].get(code, "the total")
            proposal.codes.setdefault(dimension, {})[text] = (code, label)
    proposal.is_summed = proposal.is_summed or len(set(used)) < len(used)


def _find_code(text: str, dimension: str, labels: Labels) -> str | None:
    """Return the category of a word, or the band that contains a finer one. A number alone is a count."""
    if is_count(text):
        return None
    code = find_category(text, dimension, labels)
    return code if code is not None else find_containing_band(text, labels.dimensions[dimension])


def _propose_periods(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    free = {name: texts for name, texts in cells.items() if name not in proposal.columns}
    dated = _choose_column(free, lambda text: not is_count(text) and parse_date(text) is not None, prefers="date")
    if dated is not None:
        proposal.columns[dated] = ("", "gives the period, see [period]")
        proposal.period_column, proposal.is_summed = dated, True
        return
    best = _choose_column(free, lambda text: find_period(text, facts.periods) is not None, prefers="period")
    if best is None:
        return
    proposal.columns[best] = ("period", "")
    for text in cells[best]:
        period = find_period(text, facts.periods)
        if period is None:
            proposal.questions.append(f"{text!r} of {best!r} is no period of your duty. Add it to [codes.period].")
        elif period.code != text:
            proposal.codes.setdefault("period", {})[text] = (period.code, period.label)


def _propose_numbers(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    numeric = [
        name
        for name, texts in cells.items()
        if name not in proposal.columns
        and texts
        and sum(map(_is_number_or_mark, texts)) / len(texts) >= MIN_RECOGNISED_SHARE
    ]
    wide = list_category_columns([name for name in numeric if name.strip()], facts.labels)
    if wide is not None and wide[0] in facts.dimensions and facts.number_columns == ("value",):
        proposal.unpivot = wide
        proposal.questions += [
            f"Which category of {wide[0]} is {name!r}? Add it to [unpivot.columns], unless it is none."
            for name in numeric
            if name not in wide[1]
        ]
        return
    for target in facts.number_columns:
        free = [name for name in numeric if name not in proposal.columns]
        exact = [name for name in free if normalise_name(name) == target]
        hinted = [name for name in free if any(word in fold_name(name) for word in COLUMN_WORDS[target])]
        chosen = next(iter(exact or (hinted if len(hinted) == 1 else []) or (free if len(free) == 1 else [])), None)
        if chosen is None:
            names = ", ".join(map(repr, free)) or "no column has numbers"
            proposal.questions.append(f"Which column is {target}? {names}.")
        else:
            proposal.columns[chosen] = (target, "")


def _is_number_or_mark(text: str) -> bool:
    return is_count(text) or read_mark(text) is not None or is_unclear_mark(text)


def _find_unclear_marks(proposal: Proposal, cells: Mapping[str, list[str]]) -> None:
    """Ask for the meaning of texts in place of numbers. A mark with one meaning needs no entry."""
    names = [name for name, (target, _) in proposal.columns.items() if target in NUMBER_COLUMNS]
    names += list(proposal.unpivot[1]) if proposal.unpivot else []
    for text in dict.fromkeys(text for name in names for text in cells.get(name, [])):
        if not is_count(text) and read_mark(text) is None:
            proposal.questions.append(f"What does {text!r} mean in place of a number? Add it to [marks].")
