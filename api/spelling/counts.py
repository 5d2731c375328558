"""Counts as spreadsheets and people write them, and why a text is not a count."""

import re
from typing import NamedTuple

from api.spelling.marks import Mark, is_unclear_mark, read_mark

MAX_COUNT = 2**53 - 1
MAX_CHARACTERS = 80
_WHOLE_NUMBER = re.compile(r"(\d+)(?:\.0*)?", re.ASCII)


class CountFault(NamedTuple):
    """Why a text is not a count: code, message, what is expected, and the fix if it is a special one."""

    code: str
    message: str
    expected: str | None = None
    fix: str | None = None


TOO_LONG = CountFault("field-too-long", "The cell has too much text.", f"at most {MAX_CHARACTERS:,} characters")
TOO_LARGE = CountFault(
    "number-too-large",
    "The number is too large for a count.",
    f"at most {MAX_COUNT}",
    "Check for digits that have run together.",
)
UNCLEAR_MARK = CountFault(
    "unclear-mark",
    "The cell has a mark instead of a number.",
    fix="Send 0 for zero; else [c] confidential, [x] not available, [z] not applicable, [w] none recorded. "
    "For a hidden count whose size is known, send <5 or 1-4.",
)
MARK_ELSEWHERE = CountFault("unclear-mark", "Only `value` and `status` can have a mark.")
FORMULA = CountFault("formula", "The cell contains a formula.", "the figure or code itself")
NOT_A_NUMBER = CountFault("not-a-number", "The cell is not a number.", "a whole number, such as 12")
# The first shape that fits counts: `-5%` is a percentage first, and `1,234` has a separator, not a decimal comma.
_FAULT_BY_SHAPE = (
    (
        r".*\d\s*%",
        CountFault(
            "percentage",
            "The number is a percentage.",
            "a count",
            "Send numerator and denominator; for a count, the count.",
        ),
    ),
    (
        r"[-\u2212\u2013]\s*\d[\d.,\s]*|\(\d[\d.,\s]*\)",
        CountFault("negative-number", "The number is below zero.", "0 or more"),
    ),
    (
        r"\d{1,3}(?:[,' \u2019\u00a0\u202f]\d{3})+(?:\.0*)?",
        CountFault("thousands-separator", "The number has a thousands separator.", "only digits, such as 1234"),
    ),
    (
        r"\d*[.,]\d*|[\d,]*\.\d*",
        CountFault(
            "not-whole", "The number is not a whole number.", "a whole number, such as 12", "Send the whole count."
        ),
    ),
    (
        r"[\d.]+[eE][-+]?\d+",
        CountFault(
            "not-a-number",
            "A spreadsheet has shortened the number.",
            "all of its digits",
            "Format the column as a number without decimals, and save the file again.",
        ),
    ),
    (
        r"#.+",
        CountFault(
            "not-a-number",
            "The cell has a spreadsheet error.",
            "a whole number, such as 12",
            "Correct the formula of the cell.",
        ),
    ),
    (
        r"[\d,]+(?:\.\d+)?\s*(?:\*+|\u2020|\u2021|[a-z]|[\[(]\s*[a-z0-9 ]+\s*[\])])",
        CountFault(
            "marked-number",
            "The number has a mark next to it.",
            "a whole number, such as 12",
            "Send the number alone, and write what the mark means in `note`.",
        ),
    ),
)


def read_count(text: str) -> int | CountFault | None:
    """Return a count, why the text is not one, or None if it is blank."""
    plain = text.strip()
    if not plain:
        return None
    if len(plain) > MAX_CHARACTERS:
        return TOO_LONG
    if whole := _WHOLE_NUMBER.fullmatch(plain):
        number = int(whole[1])
        return number if number <= MAX_COUNT else TOO_LARGE
    if read_mark(plain):
        return MARK_ELSEWHERE
    return UNCLEAR_MARK if is_unclear_mark(plain) else _find_fault(plain)


def _find_fault(plain: str) -> CountFault:
    for shape, fault in _FAULT_BY_SHAPE:
        if re.fullmatch(shape, plain, re.ASCII | re.IGNORECASE):
            return fault
    return FORMULA if plain[0] in "=+@" else NOT_A_NUMBER


def read_value(text: str) -> int | Mark | CountFault | None:
    """Return a count, the meaning of a mark, why the text is neither, or None if it is blank."""
    return read_mark(text) or read_count(text)
