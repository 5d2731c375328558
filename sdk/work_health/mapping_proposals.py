"""A proposal of a mapping for an export: its header, its columns and its codes, from their names and contents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ._spelling.marks import read_mark
from .age_bands import find_containing_band
from .area_proposals import propose_areas, propose_notes
from .column_contents import choose_column, list_distinct
from .mapping_rules import SkipRule, is_count, parse_date
from .name_matching import normalise_name
from .number_proposals import propose_marks, propose_numbers
from .period_spellings import find_period
from .proposal_structs import Entry, PlanFacts, Proposal
from .tables import SUBMISSION_COLUMNS, Grid
from .wide_tables import find_category, list_category_columns

if TYPE_CHECKING:
    from .return_forms import Labels
    from .row_accounts import NumberedRow

HEADER_SEARCH_ROWS = 30
OWN_COLUMNS = frozenset({*SUBMISSION_COLUMNS} - {"area", "period", "note", "value", "numerator", "denominator"})
"""Columns of a submission that have no other name in an export."""
NOTE_NAMES = frozenset({"note", "notes", "comment", "comments", "remark", "remarks"})


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
    rows = [(number, row) for number, row in numbered if number not in proposal.skipped_rows]
    body = [(number, row) for number, row in rows if sum(bool(cell.strip()) for cell in row) > 1]
    cells = _list_cells(header, body)
    _propose_own_names(proposal, cells, facts)
    propose_notes(proposal, header, rows)
    propose_areas(proposal, header, body, cells, facts)
    _propose_dimensions(proposal, cells, facts)
    _propose_periods(proposal, cells, facts)
    propose_numbers(proposal, cells, facts)
    for name in cells:
        if name not in proposal.columns and name not in proposal.wide_columns:
            proposal.columns[name] = Entry("", _describe_left_out(name))
    is_skipped = SkipRule(patterns={name: tuple(texts) for name, texts in proposal.skips.items()}).build_test(header)
    propose_marks(proposal, _list_cells(header, [(number, row) for number, row in body if not is_skipped(number, row)]))
    return proposal


def _list_cells(header: Sequence[str], body: Sequence[NumberedRow]) -> dict[str, list[str]]:
    """Return the different texts of each named column."""
    rows = [row for _, row in body]
    return {name: list_distinct(rows, index) for index, name in enumerate(header) if name.strip()}


def _find_unit_rows(numbered: Sequence[NumberedRow]) -> list[int]:
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
            proposal.columns[name] = Entry(target)


def _describe_left_out(name: str) -> str:
    if normalise_name(name) in NOTE_NAMES:
        return 'left out, because texts may name people; "note" sends it to reviewers'
    return "left out"


def _propose_dimensions(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    for dimension in sorted(facts.dimensions - {entry.value for entry in proposal.columns.values()}):
        free = {name: texts for name, texts in cells.items() if name not in proposal.columns}
        best = choose_column(
            free, lambda text, name=dimension: bool(_find_code(text, name, facts.labels)), prefers=dimension
        )
        if best is not None:
            _propose_dimension(proposal, best, cells[best], dimension, facts)


def _propose_dimension(proposal: Proposal, column: str, texts: Sequence[str], dimension: str, facts: PlanFacts) -> None:
    proposal.columns[column] = Entry(dimension)
    used = list[str]()
    codes = dict[str, Entry]()
    for text in texts:
        code = _find_code(text, dimension, facts.labels)
        if code is None:
            codes[text] = Entry("", f"which category of {dimension}?", is_open=True)
            continue
        if code in used and not code:
            codes[text] = Entry("", "a second total would be added to the first", is_open=True)
            continue
        used.append(code)
        if code != text:
            codes[text] = Entry(code, facts.labels.dimensions[dimension].get(code, "the total"))
    if codes:
        proposal.codes[dimension] = codes
    proposal.is_summed = proposal.is_summed or len(set(used)) < len(used)


def _find_code(text: str, dimension: str, labels: Labels) -> str | None:
    """Return the category of a word, or the band that contains a finer one. A number alone is a count."""
    if is_count(text):
        return None
    code = find_category(text, dimension, labels)
    return code if code is not None else find_containing_band(text, labels.dimensions[dimension])


def _propose_periods(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    free = {name: texts for name, texts in cells.items() if name not in proposal.columns}
    dated = choose_column(free, lambda text: not is_count(text) and parse_date(text) is not None, prefers="date")
    if dated is not None:
        proposal.columns[dated] = Entry("", "gives the period, see [period]")
        proposal.period_column, proposal.is_summed = dated, True
        return
    best = choose_column(free, lambda text: find_period(text, facts.periods) is not None, prefers="period")
    if best is None:
        return
    proposal.columns[best] = Entry("period")
    for text in cells[best]:
        period = find_period(text, facts.periods)
        if period is None:
            entry = Entry("", "no period of your duty has this name", is_open=True)
            proposal.codes.setdefault("period", {})[text] = entry
        elif period.code != text:
            proposal.codes.setdefault("period", {})[text] = Entry(period.code, period.label)
