"""A proposal of a mapping as the text of a TOML file, with comments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .mapping_decisions import OPEN_MARK, OPEN_WORDS
from .proposal_structs import Entry

if TYPE_CHECKING:
    from .proposal_structs import Proposal


def write_mapping(
    proposal: Proposal, constants: Mapping[str, str], *, sheet: str | None, period_type: str | None
) -> str:
    """Return the text of a mapping file."""
    return "\n".join(_iter_lines(proposal, constants, sheet, period_type)) + "\n"


def _iter_lines(
    proposal: Proposal, constants: Mapping[str, str], sheet: str | None, period_type: str | None
) -> Iterator[str]:
    yield "# Your names are on the left, those of the plan on the right."
    sections = (proposal.constants, proposal.columns, *proposal.codes.values(), proposal.wide_columns, proposal.marks)
    if any(entry.is_open for section in sections for entry in section.values()):
        yield f"# Some lines are open. Correct the value, then delete its {OPEN_MARK} and the comment after it."
        yield '# To leave rows out, delete their line, and name them under [skip.where]: "Column" = ["Text"].'
    for question in proposal.questions:
        yield f"# {OPEN_WORDS}: {question}"
    if sheet is not None:
        yield f"sheet = {_quote(sheet)}"
    yield f"header = {proposal.header + 1}  # the row of the header, as Excel numbers it"
    if proposal.is_summed:
        yield "sum = true  # rows of the same cell are added up"
    yield from _list_section("constants", proposal.constants | {name: Entry(text) for name, text in constants.items()})
    yield from _list_section("columns", proposal.columns)
    for column, codes in proposal.codes.items():
        yield from _list_section(f"codes.{column}", codes)
    if proposal.dimension:
        yield from ("", '# Each of these columns becomes a row for its category; "" is the total.')
        yield from ("[unpivot]", f"dimension = {_quote(proposal.dimension)}")
        yield from [*_list_section("unpivot.columns", proposal.wide_columns)][1:]
    yield from _list_section("marks", proposal.marks)
    if proposal.period_column and period_type:
        yield from ("", "[period]  # the period that contains the date", f"column = {_quote(proposal.period_column)}")
        yield f"type = {_quote(period_type)}"
    if proposal.skipped_rows:
        yield from ("", "[skip]", f"rows = {proposal.skipped_rows}  # a row of units below the header")
    if any(proposal.skips.values()):
        yield from ("", "[skip.where]  # rows that are not sent")
        for name, texts in proposal.skips.items():
            if texts:
                yield f"{_quote(name)} = [{', '.join(map(_quote, texts))}]"


def _list_section(name: str, entries: Mapping[str, Entry]) -> Iterator[str]:
    if entries:
        yield from ("", f"[{name}]")
        for key, entry in entries.items():
            comment = f"{OPEN_WORDS}: {entry.comment}" if entry.is_open else entry.comment
            yield f"{_quote(key)} = {_quote(entry.text)}" + (f"  # {comment}" if comment else "")


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
