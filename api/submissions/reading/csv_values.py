"""Parse the words of a CSV file: codes, periods, numbers and statuses, also as spreadsheets write them."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from api.plan.periods import suggest_periods
from api.statistics import periods
from api.submissions.reading.faults import Fault
from schema.submissions import MAX_COUNT, MAX_NOTE_CHARACTERS, ReturnKind, Status

CsvValue = str | int | Status | ReturnKind | Fault | None  # None: blank
ValueParser = Callable[[str], CsvValue]

MAX_CODE_CHARACTERS = 80
_FIRST_SERIAL, _LAST_SERIAL = 32874, 73415  # days of 1990 to 2100, as spreadsheets count them
_SERIAL_ORIGIN = date(1899, 12, 30)

# fmt: off
_UNCLEAR_MARKS = {
    "-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "*", "**", ".", "..", "...", "\u2026", ":", "~",
    "?", "/", "na", "n/a", "n.a.", "n/k", "nk", "null", "none", "nil", "nan", "zero", "suppressed", "tbc",
    "[low]", "low", "[p]", "[r]", "[e]", "[u]", "[b]", "[k]", "[s]", "[note]",
}
# fmt: on


def parse_code(word: str) -> str | Fault | None:
    """Return a code that may or may not exist."""
    plain = word.strip()
    if plain[:1] in {"=", "+", "@"}:
        return _formula_fault()
    if len(plain) > MAX_CODE_CHARACTERS:
        return too_long_fault(MAX_CODE_CHARACTERS)
    return plain or None


def require_parameter(
    parameter: str | None, parse: Callable[[str], str | Fault | None]
) -> Callable[[str], str | Fault | None]:
    """Return a parser that also compares each value with the request's parameter, if there is one."""

    def parse_and_compare(word: str) -> str | Fault | None:
        value = parse(word)
        if parameter is None or value is None or isinstance(value, Fault) or value == parameter:
            return value
        return Fault(
            code="contradicts-parameter",
            message=f"The file has {value!r} but the request parameter has {parameter!r}.",
            expected=parameter,
        )

    return parse_and_compare


def parse_period(word: str) -> str | Fault | None:
    plain = word.strip()
    serial = re.fullmatch(r"(\d{5})(?:\.0+)?", plain, re.ASCII)
    if serial and _FIRST_SERIAL <= int(serial[1]) <= _LAST_SERIAL:
        day = _SERIAL_ORIGIN + timedelta(days=int(serial[1]))
        months = [f"{day:%Y-%m}"] if day.day == 1 else []
        return _spreadsheet_date_fault([*months, f"D{day}"])
    code = parse_code(plain)
    if not isinstance(code, str):
        return code
    try:
        return periods.parse(code).code
    except periods.InvalidPeriodCode as error:
        if re.fullmatch(r"[A-Za-z]{3,9}-\d\d", plain):
            return _spreadsheet_date_fault(error.candidates)
        return Fault(
            code="unclear-period", message="The cell is not a period code.", fix=suggest_periods(error.candidates)
        )


def _spreadsheet_date_fault(candidates: Sequence[str]) -> Fault:
    return Fault(
        code="spreadsheet-date",
        message="A spreadsheet has converted the period to a date.",
        fix=f"{suggest_periods(candidates)} Format the column as text before you enter periods.",
    )


def parse_kind(word: str) -> ReturnKind | Fault | None:
    plain = word.strip().casefold()
    if not plain:
        return None
    if plain not in set(ReturnKind):
        return Fault(
            code="unknown-kind", message="The kind of return does not exist.", expected=" or ".join(ReturnKind)
        )
    return ReturnKind(plain)


def parse_status(word: str) -> Status | Fault | None:
    plain = word.strip()
    if not plain:
        return None
    return parse_shorthand(plain) or Fault(
        code="unknown-status", message="The status does not exist.", expected="c, x, z or w"
    )


def parse_shorthand(plain: str) -> Status | None:
    match = re.fullmatch(r"\[([cxzw])\]|([cxzw])", plain, re.IGNORECASE)
    return Status((match[1] or match[2]).lower()) if match else None


def parse_value(word: str) -> int | Status | Fault | None:
    """Return a number, or the status that a shorthand means."""
    return parse_shorthand(word.strip()) or parse_number(word)


def parse_number(word: str) -> int | Fault | None:  # noqa: PLR0911  a table of spellings
    """Return a whole number, or a fault that explains what is wrong with it."""
    plain = word.strip()
    whole = re.fullmatch(r"(\d+)(?:\.0*)?", plain, re.ASCII)
    if not plain:
        return None
    if len(plain) > MAX_CODE_CHARACTERS:
        return too_long_fault(MAX_CODE_CHARACTERS)
    if whole:
        number = int(whole[1])
        return number if number <= MAX_COUNT else _NUMBER_TOO_LARGE
    if parse_shorthand(plain):
        return Fault(code="unclear-mark", message="Only `value` and `status` can have shorthand.")
    if plain.casefold() in _UNCLEAR_MARKS or plain[0] in "<>≤≥":
        return Fault(code="unclear-mark", message="The cell has a mark instead of a number.")
    for shape, fault in _WRONG_SHAPES:
        if re.fullmatch(shape, plain, re.ASCII):
            return fault
    if plain[0] in "=+@":
        return _formula_fault()
    return Fault(code="not-a-number", message="The cell is not a number.", expected="a whole number, such as 12")


_NUMBER_TOO_LARGE = Fault(
    code="number-too-large", message="The number is too large for a count.", expected=f"at most {MAX_COUNT}"
)
# The order matters: `-5%` is a percentage first, and `1,234` has a thousands separator, not a decimal comma.
_WRONG_SHAPES = (
    (r".*\d\s*%", Fault(code="percentage", message="The number is a percentage.", expected="a count")),
    (
        r"[-\u2212\u2013]\s*\d[\d.,\s]*|\(\d[\d.,\s]*\)",
        Fault(code="negative-number", message="The number is below zero.", expected="0 or more"),
    ),
    (
        r"\d{1,3}(?:[,' \u2019\u00a0\u202f]\d{3})+(?:\.0*)?",
        Fault(
            code="thousands-separator",
            message="The number has a thousands separator.",
            expected="only digits, such as 1234",
        ),
    ),
    (
        r"\d*[.,]\d*|[\d,]*\.\d*",
        Fault(code="not-whole", message="The number is not a whole number.", expected="a whole number, such as 12"),
    ),
    (
        r"[\d.]+[eE][-+]?\d+",
        Fault(
            code="not-a-number",
            message="A spreadsheet has shortened the number.",
            expected="all of its digits",
            fix="Format the column as a number without decimals, and save the file again.",
        ),
    ),
    (
        r"#.*",
        Fault(
            code="not-a-number",
            message="The cell has a spreadsheet error.",
            expected="a whole number, such as 12",
        ),
    ),
)


def parse_revision(word: str) -> int | Fault | None:
    """Return the number of a revision. It has four bytes in the database."""
    number = parse_number(word)
    if isinstance(number, int) and number > 2**31 - 1:
        return Fault(code="number-too-large", message="The number is too large for a revision.")
    return number


def parse_note(word: str) -> str | Fault | None:
    """Return free text unchanged, or None if it is blank."""
    if len(word) > MAX_NOTE_CHARACTERS:
        return too_long_fault(MAX_NOTE_CHARACTERS)
    return word if word.strip() else None


def too_long_fault(max_characters: int) -> Fault:
    return Fault(
        code="field-too-long",
        message="The cell has too much text.",
        expected=f"at most {max_characters:,} characters",
    )


def _formula_fault() -> Fault:
    return Fault(code="formula", message="The cell contains a formula.", expected="the figure or code itself")
