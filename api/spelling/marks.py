"""Marks in a cell instead of a number: the status that each means, with bounds where it states them."""

import re
from typing import NamedTuple

CONFIDENTIAL, NOT_AVAILABLE, NOT_APPLICABLE, NONE_RECORDED = "c", "x", "z", "w"
STATUS_BY_MARK = {
    "c": CONFIDENTIAL, "confidential": CONFIDENTIAL, "suppressed": CONFIDENTIAL,
    "x": NOT_AVAILABLE, "not available": NOT_AVAILABLE,
    "z": NOT_APPLICABLE, "not applicable": NOT_APPLICABLE,
    "w": NONE_RECORDED, "none recorded": NONE_RECORDED,
}  # fmt: skip
"""Each has one meaning, and may be in square or round brackets."""
UNCLEAR_MARKS = frozenset({
    "-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "*", "**", ".", "..", "...", "\u2026", ":", "~",
    "?", "/", "#", "na", "n/a", "n.a.", "n/k", "nk", "not known", "unknown", "null", "none", "nil", "nan", "zero",
    "tbc", "low", "p", "r", "e", "u", "b", "k", "s", "note",
})  # fmt: skip
"""Each has several meanings, or none that replaces a number."""
MAX_MARK_CHARACTERS = 40
_BRACKETS = re.compile(r"[\[(]\s*(.*?)\s*[\])]")
_RANGE = re.compile(r"(\d{1,15})\s*(?:[-\u2010-\u2015\u2212]|to)\s*(\d{1,15})", re.ASCII | re.IGNORECASE)
_LIMIT = re.compile(r"(<=|>=|<|>|\u2264|\u2265|under|over|fewer than|less than|more than)\s*(\d{1,15})", re.IGNORECASE)
_BELOW, _AT_MOST, _ABOVE = {"<", "under", "fewer than", "less than"}, {"<=", "\u2264"}, {">", "over", "more than"}


class Mark(NamedTuple):
    """The meaning of a mark: a status, with the bounds of the hidden count if the mark states them."""

    status: str
    lower: int | None = None
    upper: int | None = None


def read_mark(text: str) -> Mark | None:
    """Return the meaning of a mark, or None if the text is no mark or its meaning is not clear.

    `<5` is a hidden count of at most 4, and `1-9` one of 1 to 9. A range that ends before it begins is no mark.
    """
    if len(text) > MAX_MARK_CHARACTERS:
        return None
    plain = _fold(text)
    status = STATUS_BY_MARK.get(plain)
    if status is not None:
        return Mark(status)
    if span := _RANGE.fullmatch(plain):
        lower, upper = int(span[1]), int(span[2])
        return Mark(CONFIDENTIAL, lower, upper) if lower < upper else None
    if limit := _LIMIT.fullmatch(plain):
        return _read_limit(limit[1], int(limit[2]))
    return None


def _read_limit(sign: str, number: int) -> Mark | None:
    if sign in _BELOW:
        return Mark(CONFIDENTIAL, None, number - 1) if number else None
    if sign in _AT_MOST:
        return Mark(CONFIDENTIAL, None, number)
    return Mark(CONFIDENTIAL, number + (sign in _ABOVE))


def is_unclear_mark(text: str) -> bool:
    """Return True for a mark with several meanings, such as `*` and `n/a`, and for a sign of comparison."""
    return _fold(text) in UNCLEAR_MARKS or text.strip()[:1] in set("<>\u2264\u2265")


def _fold(text: str) -> str:
    plain = text.strip().casefold()
    bracketed = _BRACKETS.fullmatch(plain)
    return bracketed[1] if bracketed else plain
