"""Proposals of a mapping as the text of a TOML file, with comments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .mapping_decisions import OPEN_MARK, OPEN_WORDS

if TYPE_CHECKING:
    from .proposal_structs import Entry, Proposal

Sections = dict[str, list[str]]
"""The lines of each section after its name. The entries before any section have an empty name."""


def write_mapping(
    proposals: Mapping[str, Proposal], period_type: str, *, sheet: str | None = None, left_out: Mapping[str, str] = {}
) -> str:
    """Return the text of a mapping file for one or several sheets. What all sheets share is written once.

    `sheet` is the name of the only one, and `left_out` the reason for each of the others.
    """
    lines = [*_list_comments(proposals, left_out)]
    by_sheet = {name: dict(_iter_sections(proposal, period_type)) for name, proposal in proposals.items()}
    first = next(iter(by_sheet.values()))
    shared = {name for name in first if all(sections.get(name) == first[name] for sections in by_sheet.values())}
    if sheet is not None:
        lines.append(f"sheet = {_quote(sheet)}")
    lines += _list_lines({name: lines for name, lines in first.items() if name in shared})
    for name, sections in by_sheet.items() if len(by_sheet) > 1 else ():
        lines += ["", f"[sheets.{_quote(name)}]"]
        own = {section: lines for section, lines in sections.items() if section not in shared}
        lines += _list_lines(own, f"sheets.{_quote(name)}.")
    return "\n".join(lines) + "\n"


def _list_comments(proposals: Mapping[str, Proposal], left_out: Mapping[str, str]) -> Iterator[str]:
    yield "# Your names are on the left, those of the plan on the right."
    if any(entry.is_open for proposal in proposals.values() for entry in proposal.iter_entries()):
        yield f"# Some lines are open. Correct the value, then delete its {OPEN_MARK} and the comment after it."
        yield '# To leave rows out, delete their line, and name them under [skip.where]: "Column" = ["Text"].'
    for name, reason in left_out.items():
        yield f"# Sheet {_quote(name)} is left out: {reason}."
    for name, proposal in proposals.items():
        place = f"sheet {_quote(name)}: " if len(proposals) > 1 else ""
        yield from (f"# {OPEN_WORDS}: {place}{question}" for question in proposal.questions)


def _list_lines(sections: Mapping[str, list[str]], prefix: str = "") -> Iterator[str]:
    for name, lines in sections.items():
        if name:
            yield from ("", f"[{prefix}{name}]")
        yield from lines


def _iter_sections(proposal: Proposal, period_type: str) -> Iterator[tuple[str, list[str]]]:
    loose = [f"header = {proposal.header + 1}  # the row of the header, as Excel numbers it"]
    if proposal.is_summed:
        loose.append("sum = true  # rows of the same cell are added up")
    yield "", loose
    for column, entries in (
        ("constants", proposal.constants),
        ("columns", proposal.columns),
        *((f"codes.{column}", codes) for column, codes in proposal.codes.items()),
    ):
        if entries:
            yield column, _list_entries(entries)
    if proposal.dimension:
        yield "unpivot", [f"dimension = {_quote(proposal.dimension)}"]
        comment = '# Each of these columns becomes a row for its category; "" is the total.'
        yield "unpivot.columns", [comment, *_list_entries(proposal.wide_columns)]
    if proposal.marks:
        yield "marks", _list_entries(proposal.marks)
    if proposal.period_column or proposal.has_title_period:
        source = f"column = {_quote(proposal.period_column)}" if proposal.period_column else 'from = "title"'
        comment = "the period that contains the date" if proposal.period_column else "the period that the titles state"
        yield "period", [f"{source}  # {comment}", f"type = {_quote(period_type)}"]
    if proposal.skipped_rows:
        yield "skip", [f"rows = {proposal.skipped_rows}  # a row of units below the header"]
    if patterns := {name: texts for name, texts in proposal.skips.items() if texts}:
        yield (
            "skip.where",
            [
                "# Rows with these texts are not sent.",
                *(f"{_quote(name)} = [{', '.join(map(_quote, texts))}]" for name, texts in patterns.items()),
            ],
        )


def _list_entries(entries: Mapping[str, Entry]) -> list[str]:
    return [_format_entry(key, entry) for key, entry in entries.items()]


def _format_entry(key: str, entry: Entry) -> str:
    comment = f"{OPEN_WORDS}: {entry.comment}" if entry.is_open else entry.comment
    return f"{_quote(key)} = {_quote(entry.text)}" + (f"  # {comment}" if comment else "")


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
