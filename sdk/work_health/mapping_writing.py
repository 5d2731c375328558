"""A proposal of a mapping as the text of a TOML file, with comments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .mapping_proposals import Proposal


def write_mapping(
    proposal: Proposal, constants: Mapping[str, str], *, sheet: str | None, period_type: str | None
) -> str:
    """Return the text of a mapping file."""
    return "\n".join(_iter_lines(proposal, constants, sheet, period_type)) + "\n"


def _iter_lines(
    proposal: Proposal, constants: Mapping[str, str], sheet: str | None, period_type: str | None
) -> Iterator[str]:
    yield "# Your names are on the left, those of the plan on the right."
    for question in proposal.questions:
        yield f"# TO DECIDE: {question}"
    if sheet is not None:
        yield f"sheet = {_quote(sheet)}"
    yield f"header = {proposal.header + 1}  # the row of the header, as Excel numbers it"
    if proposal.is_summed:
        yield "sum = true  # rows of the same cell are added up"
    yield from _list_section("constants", {name: (value, "") for name, value in constants.items()})
    yield from _list_section("columns", proposal.columns)
    for column, codes in proposal.codes.items():
        yield from _list_section(f"codes.{column}", codes)
    if proposal.unpivot:
        dimension, columns = proposal.unpivot
        yield from ("", '# Each of these columns becomes a row for its category; "" is the total.')
        yield from ("[unpivot]", f"dimension = {_quote(dimension)}", "[unpivot.columns]")
        yield from (f"{_quote(name)} = {_quote(code)}" for name, code in columns.items())
    if proposal.period_column and period_type:
        yield from ("", "[period]  # the period that contains the date", f"column = {_quote(proposal.period_column)}")
        yield f"type = {_quote(period_type)}"
    if proposal.skipped_rows:
        yield from ("", "[skip]", f"rows = {proposal.skipped_rows}  # a row of units below the header")
    if proposal.skips:
        yield from ("", "[skip.where]  # rows that are not sent: totals, notes, and areas outside your duty")
        for name, texts in proposal.skips.items():
            yield f"{_quote(name)} = [{', '.join(map(_quote, texts))}]"


def _list_section(name: str, entries: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    if entries:
        yield from ("", f"[{name}]")
        for key, (value, comment) in entries.items():
            yield f"{_quote(key)} = {_quote(value)}" + (f"  # {comment}" if comment else "")


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
