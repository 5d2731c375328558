"""Proposals for the columns of an export that have numbers, and for the marks in place of numbers."""

from __future__ import annotations

from collections.abc import Mapping

from ._spelling.marks import is_unclear_mark, read_mark
from ._spelling.names import fold_name
from .column_contents import MIN_RECOGNISED_SHARE
from .mapping_rules import is_count
from .name_matching import normalise_name
from .proposal_structs import UNKNOWN_WORDS, Entry, PlanFacts, Proposal, has_words
from .wide_tables import list_category_columns

COLUMN_WORDS = {
    "numerator": ("numerator", "count", "number in", "achieved", "yes"),
    "denominator": ("denominator", "out of", "eligible", "base", "cohort"),
    "value": ("value", "count", "number", "total", "referral", "people", "clients"),
}


def propose_numbers(proposal: Proposal, cells: Mapping[str, list[str]], facts: PlanFacts) -> None:
    """Propose the columns that have the numbers: categories of a dimension, or value, numerator and denominator."""
    numeric = [
        name
        for name, texts in cells.items()
        if name not in proposal.columns
        and texts
        and sum(map(_is_number_or_mark, texts)) / len(texts) >= MIN_RECOGNISED_SHARE
    ]
    wide = list_category_columns(numeric, facts.labels)
    if wide is not None and wide[0] in facts.dimensions and facts.number_columns == ("value",):
        proposal.dimension, categories = wide
        for name in numeric:
            proposal.wide_columns[name] = (
                Entry(categories[name]) if name in categories else _propose_category(name, wide[0], facts)
            )
        return
    for target in facts.number_columns:
        free = [name for name in numeric if name not in proposal.columns]
        exact = [name for name in free if normalise_name(name) == target]
        hinted = [name for name in free if any(word in fold_name(name) for word in COLUMN_WORDS[target])]
        chosen = next(iter(exact or (hinted if len(hinted) == 1 else []) or (free if len(free) == 1 else [])), None)
        if chosen is not None:
            proposal.columns[chosen] = Entry(target)
        elif not free:
            proposal.questions.append(f"No column has the numbers of {target}.")
        for name in free if chosen is None else ():
            proposal.columns[name] = Entry(target, "one of these has the numbers; the others are left out", True)


def _propose_category(name: str, dimension: str, facts: PlanFacts) -> Entry:
    is_unknown = has_words(name, UNKNOWN_WORDS) and "unknown" in facts.labels.dimensions[dimension]
    comment = f"which category of {dimension}? If it is none, move the line to [columns] with an empty text"
    return Entry("unknown" if is_unknown else "", comment, is_open=True)


def _is_number_or_mark(text: str) -> bool:
    return is_count(text) or read_mark(text) is not None or is_unclear_mark(text)


def propose_marks(proposal: Proposal, cells: Mapping[str, list[str]]) -> None:
    """Ask for the meaning of texts in place of numbers. A mark with one meaning needs no entry."""
    for text in dict.fromkeys(text for name in proposal.list_number_columns() for text in cells.get(name, [])):
        if not is_count(text) and read_mark(text) is None:
            proposal.marks[text] = Entry("", "its meaning in place of a number: 0, c, x, z or w", is_open=True)
