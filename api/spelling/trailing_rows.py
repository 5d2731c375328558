"""Recognise the footnotes and totals below a table."""

from collections.abc import Sequence
from typing import Literal

from api.spelling.counts import CountFault, read_value
from api.spelling.names import fold_name

TrailingReason = Literal["blank", "footnote", "total"]
MIN_NOTE_WORDS = 4  # of a footnote that does not begin like one
_NOTE_WORDS = frozenset(
    {
        *("copyright", "extracted", "footnote", "footnotes", "key", "note", "notes"),
        *("prepared", "produced", "source", "sources"),
    }
)
_NOTE_SIGNS = ("*", "\u2020", "\u2021", "\u00a9", "[", "(")
_TOTAL_WORDS = frozenset({"total", "totals", "grand total", "overall total", "overall", "sum"})


def classify_trailing_row(cells: Sequence[str], area: str) -> TrailingReason | None:
    """Return why a row at the end of a file is no record, or None if it may be one. `area` is its cell of the area.

    A footnote has one filled cell, which begins like a note or has several words: the last line of a file that was cut
    off has neither. A row of totals has a word for it where the area belongs, or first, and otherwise numbers.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "blank"
    if len(filled) == 1 and cells[0].strip() and _is_note(filled[0]):
        return "footnote"
    first = fold_name(filled[0])
    if fold_name(area) in _TOTAL_WORDS:
        return "total"
    if first in _TOTAL_WORDS and not area.strip() and not any(map(_is_text, filled[1:])):
        return "total"
    return None


def _is_note(text: str) -> bool:
    words = fold_name(text).split()
    return text.startswith(_NOTE_SIGNS) or len(words) >= MIN_NOTE_WORDS or bool(_NOTE_WORDS.intersection(words[:1]))


def _is_text(cell: str) -> bool:
    return isinstance(read_value(cell), CountFault)
