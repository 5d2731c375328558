"""Parse the words of a CSV file: codes, periods, numbers and statuses, also as spreadsheets write them."""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from api.plan.periods import suggest_periods_of
from api.spelling.counts import CountFault, read_count, read_value
from api.spelling.marks import Mark, read_mark
from api.statistics import periods
from api.statistics.period_candidates import read_serial_day
from api.submissions.reading.faults import Fault
from schema.measures import Cadence
from schema.submissions import MAX_NOTE_CHARACTERS, MAX_ROUNDING_BASE, ReturnKind, Status

MAX_CODE_CHARACTERS = 80


class UnclearPeriod(NamedTuple):
    """A period that is no code. Which codes it may mean depends on the measure of its row."""

    word: str


CsvValue = str | int | Mark | Status | ReturnKind | UnclearPeriod | Fault | None  # None: blank
ValueParser = Callable[[str], CsvValue]
Value = TypeVar("Value")


def parse_code(word: str) -> str | Fault | None:
    """Return a code that may or may not exist."""
    plain = word.strip()
    if plain[:1] in {"=", "+", "@"}:
        return _formula_fault()
    if len(plain) > MAX_CODE_CHARACTERS:
        return too_long_fault(MAX_CODE_CHARACTERS)
    return plain or None


def require_parameter(parameter: str | None, parse: ValueParser) -> ValueParser:
    """Return a parser that also compares each value with the request's parameter, if there is one."""

    def parse_and_compare(word: str) -> CsvValue:
        value = parse(word)
        if parameter is None or not isinstance(value, str) or value == parameter:
            return value
        return Fault(
            code="contradicts-parameter",
            message=f"The file has {value!r} but the request parameter has {parameter!r}.",
            expected=parameter,
        )

    return parse_and_compare


def parse_period(word: str) -> str | UnclearPeriod | Fault | None:
    code = parse_code(word)
    if not isinstance(code, str):
        return code
    try:
        return periods.parse(code).code
    except periods.InvalidPeriodCode:
        return UnclearPeriod(code)


def explain_period(period: UnclearPeriod, cadence: Cadence | None) -> Fault:
    """Return the fault of an unclear period, with the codes that the measure can use."""
    suggestion = suggest_periods_of(period.word, cadence)
    if read_serial_day(period.word) or re.fullmatch(r"[A-Za-z]{3,9}-\d\d", period.word):
        return Fault(
            code="spreadsheet-date",
            message="A spreadsheet has converted the period to a date.",
            fix=f"{suggestion} Format the column as text before you enter periods.",
        )
    return Fault(code="unclear-period", message="The cell is not a period code.", fix=suggestion)


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
    if not word.strip():
        return None
    mark = read_mark(word)
    if mark is None or mark != (mark.status, None, None):
        return Fault(code="unknown-status", message="The status does not exist.", expected="c, x, z or w")
    return Status(mark.status)


def parse_value(word: str) -> int | Mark | Fault | None:
    """Return a number, or the meaning of a mark."""
    return _explain(read_value(word))


def parse_number(word: str) -> int | Fault | None:
    """Return a whole number, or a fault that explains what is wrong with it."""
    return _explain(read_count(word))


def _explain(value: Value | CountFault) -> Value | Fault:
    return Fault(**value._asdict()) if isinstance(value, CountFault) else value


def parse_revision(word: str) -> int | Fault | None:
    """Return the number of a revision. It has four bytes in the database."""
    number = parse_number(word)
    if isinstance(number, int) and number > 2**31 - 1:
        return Fault(code="number-too-large", message="The number is too large for a revision.")
    return number


def parse_rounding_base(word: str) -> int | Fault | None:
    number = parse_number(word)
    if isinstance(number, int) and not 1 <= number <= MAX_ROUNDING_BASE:
        return Fault(
            code="wrong-rounding", message="Counts cannot be rounded to this.", expected=f"1 to {MAX_ROUNDING_BASE}"
        )
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
