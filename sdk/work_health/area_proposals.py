"""Proposals for the rows of an export by their areas. A row that has numbers is left out by a person only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ._spelling.names import find_by_part_of_name
from .column_contents import choose_column
from .mapping_rules import SkipRule
from .proposal_structs import UNKNOWN_WORDS, Entry, PlanFacts, Proposal, describe_rows, has_words
from .row_accounts import TOTAL_WORDS, NumberedRow, is_figure
from .wide_tables import strip_total_word

MAX_PATTERN_CHARACTERS = 40


def propose_areas(
    proposal: Proposal, header: Sequence[str], body: Sequence[NumberedRow], cells: Mapping[str, list[str]],
    facts: PlanFacts,
) -> None:  # fmt: skip
    """Propose the column of areas and the code of each of its texts."""
    labels = facts.labels

    def is_area(text: str) -> bool:
        nearest = labels.find_nearest_code(text, facts.areas, labels.areas)
        return nearest is not None or bool(labels.resolve_area(text, facts.areas))

    names = {
        name: [text for text in texts if not has_words(text, (*UNKNOWN_WORDS, *TOTAL_WORDS))]
        for name, texts in cells.items()
    }
    best = choose_column(names, is_area, prefers="area")
    if best is None:
        if len(facts.areas) > 1:
            comment = "the sheet has no column of areas"
            proposal.constants["area"] = Entry(facts.find_whole_area() or "", comment, is_open=True)
        return
    proposal.columns[best] = Entry("area")
    codes = proposal.codes.setdefault("area", {})
    named = {area for text in cells[best] for area in facts.labels.resolve_area(text, facts.areas)}
    index = header.index(best)
    for text in cells[best]:
        rows = [(number, row) for number, row in body if index < len(row) and row[index].strip() == text]
        with_figures = [(number, row) for number, row in rows if _has_figures(row, index)]
        if entry := _propose_code(text, with_figures, named, facts):
            codes[text] = entry
        elif not with_figures and not facts.labels.resolve_area(text, facts.areas):
            _propose_skip(proposal, header, body, index, text)


def _has_figures(row: Sequence[str], label_index: int) -> bool:
    return any(is_figure(cell) for index, cell in enumerate(row) if index != label_index)


def _propose_code(text: str, rows: Sequence[NumberedRow], named: set[str], facts: PlanFacts) -> Entry | None:
    """Return the area that a text means, or a question; None for a code and for rows without numbers."""
    matches = facts.labels.resolve_area(text, facts.areas)
    if len(matches) == 1 and matches[0] in facts.areas:
        return Entry(matches[0], facts.labels.areas.get(matches[0], "")) if text != matches[0] else None
    if not rows:
        return None
    where = describe_rows(rows)
    if len(matches) > 1:
        return Entry("", f"{where}; several areas have this name: {', '.join(matches)}", is_open=True)
    total = _find_area_of_total(text, facts)
    if total and total not in named:
        return Entry(total, f"{facts.name_area(total)}, of which this is the total")
    if total:
        return Entry("", f"{where}; {facts.name_area(total)} has a row of its own", is_open=True)
    likely = _find_likely_area(text, facts)
    comment = f"{facts.name_area(likely)}? {where}" if likely else f"{where}; no area of your duty has this name"
    return Entry(likely or "", comment, is_open=True)


def _find_area_of_total(text: str, facts: PlanFacts) -> str | None:
    """Return the area of the duty that the label of a total names, such as the city below its wards."""
    name = strip_total_word(text)
    matches = facts.labels.resolve_area(name, facts.areas) if name else []
    return matches[0] if len(matches) == 1 and matches[0] in facts.areas else None


def _find_likely_area(text: str, facts: PlanFacts) -> str | None:
    """Return the area with a similar or longer name, or the one that words such as `not known` and `total` mean."""
    nearest = facts.labels.find_nearest_code(strip_total_word(text) or text, facts.areas, facts.labels.areas)
    longer = find_by_part_of_name(text, {area: (facts.name_area(area),) for area in facts.areas})
    whole = facts.find_whole_area()
    if nearest or len(longer) == 1:
        return nearest or longer[0]
    if whole is None:
        return None
    if has_words(text, UNKNOWN_WORDS):
        return f"{whole}-unknown" if f"{whole}-unknown" in facts.areas else None
    return whole if has_words(text, TOTAL_WORDS) else None


def propose_notes(proposal: Proposal, header: Sequence[str], below: Sequence[NumberedRow]) -> None:
    """Skip rows whose only cell is a text, such as notes and sources below a table."""
    for _, row in below:
        filled = [index for index, cell in enumerate(row) if cell.strip()]
        if len(filled) == 1 and filled[0] < len(header) and header[filled[0]].strip():
            text = row[filled[0]].strip()
            if not is_figure(text):
                _propose_skip(proposal, header, below, filled[0], text)


def _propose_skip(
    proposal: Proposal, header: Sequence[str], below: Sequence[NumberedRow], index: int, text: str
) -> None:
    """Skip rows with this text, or that begin with it if it is long, unless a row with numbers has it as well."""
    pattern = text if len(text) <= MAX_PATTERN_CHARACTERS else f"{text[:MAX_PATTERN_CHARACTERS]}*"
    is_skipped = SkipRule(patterns={header[index]: (pattern,)}).build_test([*header])
    if any(is_skipped(number, [*row]) and _has_figures(row, index) for number, row in below):
        return
    if pattern not in proposal.skips.setdefault(header[index], []):
        proposal.skips[header[index]].append(pattern)
