"""What a word in a CSV file means, however a spreadsheet has spelt it: a header, a code, a period, a number."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from api.plan.periods import suggest_periods
from api.plan.suggestions import suggest_codes
from api.statistics import periods
from api.submissions.reading.faults import Fault
from schema.submissions import MAX_COUNT, MAX_NOTE_CHARACTERS, ReturnKind, Status

CsvValue = str | int | Status | ReturnKind | Fault | None  # None: blank
ValueParser = Callable[[str], CsvValue]

KNOWN_COLUMNS = (
    "measure",
    "series",
    "service",
    "period",
    "area",
    "value",
    "numerator",
    "denominator",
    "lower",
    "upper",
    "status",
    "note",
    "kind",
    "base_revision",
    "return_note",
)
LABEL_SUFFIX = "-label"  # columns whose names end so tell people what a code means
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


def match_column(word: str, dimensions: Sequence[str]) -> str | None:
    """The column that a header means, None if it is none that is read. Case, blanks and underscores play no role."""
    plain = _normalise(word)
    return next((name for name in (*KNOWN_COLUMNS, *dimensions) if _normalise(name) == plain), None)


def is_label_column(word: str) -> bool:
    return _normalise(word).endswith(LABEL_SUFFIX)


def unknown_column_fault(word: str, dimensions: Sequence[str]) -> Fault:
    return Fault(
        code="unknown-column",
        message="There is no such column.",
        fix=suggest_codes(_normalise(word), [*KNOWN_COLUMNS, *dimensions])
        or f"The columns are {', '.join((*KNOWN_COLUMNS, *dimensions))}.",
    )


def _normalise(word: str) -> str:
    return re.sub(r"[\s_-]+", "-", word.strip().casefold())


def parse_code(word: str) -> str | Fault | None:
    """A code is not looked up here, only told from what cannot be one."""
    plain = word.strip()
    if plain[:1] in {"=", "+", "@"}:
        return _formula_fault()
    if len(plain) > MAX_CODE_CHARACTERS:
        return too_long_fault(MAX_CODE_CHARACTERS)
    return plain or None


def require_parameter(
    given: str | None, read: Callable[[str], str | Fault | None]
) -> Callable[[str], str | Fault | None]:
    """A word that has to be the same as the request's parameter, where the request has it."""

    def checked(word: str) -> str | Fault | None:
        found = read(word)
        if given is None or found is None or isinstance(found, Fault) or found == given:
            return found
        return Fault(
            code="contradicts-parameter",
            message="The request's parameter of this name says otherwise.",
            expected=given,
        )

    return checked


def parse_period(word: str) -> str | Fault | None:
    plain = word.strip()
    serial = re.fullmatch(r"(\d{5})(?:\.0+)?", plain, re.ASCII)
    if serial and _FIRST_SERIAL <= int(serial[1]) <= _LAST_SERIAL:
        day = _SERIAL_ORIGIN + timedelta(days=int(serial[1]))
        months = [f"{day:%Y-%m}"] if day.day == 1 else []
        return _spreadsheet_date_fault([*months, f"D{day}"])
    found = parse_code(plain)
    if not isinstance(found, str):
        return found
    try:
        return periods.parse(found).code
    except periods.InvalidPeriodCode as error:
        if re.fullmatch(r"[A-Za-z]{3,9}-\d\d", plain):
            return _spreadsheet_date_fault(error.candidates)
        return Fault(code="unclear-period", message="It is not a period code.", fix=suggest_periods(error.candidates))


def _spreadsheet_date_fault(candidates: Sequence[str]) -> Fault:
    return Fault(
        code="spreadsheet-date",
        message="A spreadsheet has taken the period for a date.",
        fix=f"{suggest_periods(candidates)} Format the column as text before you type or paste periods into it.",
    )


def parse_kind(word: str) -> ReturnKind | Fault | None:
    plain = word.strip().casefold()
    if not plain:
        return None
    if plain not in set(ReturnKind):
        return Fault(code="unknown-kind", message="There is no such kind of return.", expected=" or ".join(ReturnKind))
    return ReturnKind(plain)


def parse_status(word: str) -> Status | Fault | None:
    plain = word.strip()
    if not plain:
        return None
    return parse_shorthand(plain) or Fault(
        code="unknown-status", message="There is no such status.", expected="c, x, z or w"
    )


def parse_shorthand(plain: str) -> Status | None:
    found = re.fullmatch(r"\[([cxzw])\]|([cxzw])", plain, re.IGNORECASE)
    return Status((found[1] or found[2]).lower()) if found else None


def parse_value(word: str) -> int | Status | Fault | None:
    """A number, or shorthand for why there is none."""
    return parse_shorthand(word.strip()) or parse_number(word)


def parse_number(word: str) -> int | Fault | None:  # noqa: PLR0911  a table of spellings
    """A whole number. What it would have to be, where it is not one."""
    plain = word.strip()
    whole = re.fullmatch(r"(\d+)(?:\.0*)?", plain, re.ASCII)
    if not plain:
        return None
    if len(plain) > MAX_CODE_CHARACTERS:
        return too_long_fault(MAX_CODE_CHARACTERS)
    if whole:
        found = int(whole[1])
        return (
            found
            if found <= MAX_COUNT
            else Fault(
                code="number-too-large",
                message="The number is beyond what a count can be.",
                expected=f"at most {MAX_COUNT}",
            )
        )
    if parse_shorthand(plain):
        return Fault(code="unclear-mark", message="Shorthand stands in `value` or in `status`, not here.")
    if plain.casefold() in _UNCLEAR_MARKS or plain[0] in "<>≤≥":
        return Fault(code="unclear-mark", message="A mark stands where a number should.")
    for shape, fault in _WRONG_SHAPES:
        if re.fullmatch(shape, plain, re.ASCII):
            return fault
    if plain[0] in "=+@":
        return _formula_fault()
    return Fault(code="not-a-number", message="It is not a number.", expected="a whole number, such as 12")


# In this order: -5% is first of all a percentage, and `1,234` may be a decimal comma to some.
_WRONG_SHAPES = (
    (r".*\d\s*%", Fault(code="percentage", message="It is a percentage.", expected="a count")),
    (
        r"[-\u2212\u2013]\s*\d[\d.,\s]*|\(\d[\d.,\s]*\)",
        Fault(code="negative-number", message="The number is below zero.", expected="0 or more"),
    ),
    (
        r"\d{1,3}(?:[,' \u2019\u00a0\u202f]\d{3})+(?:\.0*)?",
        Fault(
            code="thousands-separator",
            message="The number has a thousands separator.",
            expected="digits alone, such as 1234",
        ),
    ),
    (
        r"\d*[.,]\d*|[\d,]*\.\d*",
        Fault(code="not-whole", message="The number is not whole.", expected="a whole number, such as 12"),
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
            message="The cell has an error of the spreadsheet.",
            expected="a whole number, such as 12",
        ),
    ),
)


def parse_revision(word: str) -> int | Fault | None:
    """The number of a revision, which the database keeps in four bytes."""
    found = parse_number(word)
    if isinstance(found, int) and found > 2**31 - 1:
        return Fault(code="number-too-large", message="There is no revision of that number.")
    return found


def parse_note(word: str) -> str | Fault | None:
    """Free text is taken as it is; of blanks alone, there is none."""
    if len(word) > MAX_NOTE_CHARACTERS:
        return too_long_fault(MAX_NOTE_CHARACTERS)
    return word if word.strip() else None


def too_long_fault(most: int) -> Fault:
    return Fault(code="field-too-long", message="The cell has too much text.", expected=f"at most {most:,} characters")


def _formula_fault() -> Fault:
    return Fault(code="formula", message="The cell holds a formula.", expected="the figure or code itself")
