"""Why a text is not a count, and how to fix it."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_COUNT = 2**53 - 1
STATUS_SHORTHAND = re.compile(r"\[([cxzw])\]|([cxzw])", re.IGNORECASE)
_WHOLE_NUMBER = re.compile(r"(\d+)(?:\.0*)?", re.ASCII)


class NumberFault(NamedTuple):
    """A fault of a number: its code, a description that completes "The cell …", and the fix."""

    code: str
    description: str
    fix: str


TOO_LARGE = NumberFault("number-too-large", "is larger than a count can be", "Check for digits that have run together.")
UNCLEAR = NumberFault(
    "unclear-mark",
    "is not a number and has several meanings",
    "Send 0 for zero; else [c] confidential, [x] not available, [z] not applicable, [w] none recorded.",
)
NOT_A_NUMBER = NumberFault("not-a-number", "is not a number", "Send a whole number, such as 12.")
_FAULT_BY_PATTERN = {  # the first match counts
    re.compile(r".*\d\s*%"): NumberFault(
        "percentage", "is a percentage", "Send numerator and denominator; for a count, the count."
    ),
    re.compile(r"[-−–]\s*\d[\d.,]*|\(\d[\d.,]*\)"): NumberFault(
        "negative-number", "is below zero", "Send the count: 0 or more."
    ),
    re.compile(r"\d{1,3}([,' \u2019\u00a0\u202f]\d{3})+"): NumberFault(
        "thousands-separator", "has separators", "Send digits."
    ),
    re.compile(r"\d*[.,]\d*"): NumberFault("not-whole", "is not a whole number", "Send the whole count."),
    re.compile(r"#.*"): NumberFault("not-a-number", "is an error of the spreadsheet", "Correct its formula."),
}


def find_number_fault(text: str) -> NumberFault | None:
    """Return why the text is not a count, or None if it is."""
    whole = _WHOLE_NUMBER.fullmatch(text)
    if whole:
        return TOO_LARGE if int(whole[1]) > MAX_COUNT else None
    for pattern, fault in _FAULT_BY_PATTERN.items():
        if pattern.fullmatch(text):
            return fault
    if not any(character.isdigit() for character in text) or text[0] in "<>≤≥":
        return UNCLEAR
    return NOT_A_NUMBER
