"""A publisher's CSV file as rows, and the symbols that it has instead of numbers."""

import csv
import io
import re
from collections.abc import Collection
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from api.http.refusals import Invalid
from schema.submissions import Marker, Status

Row = dict[str, str]


class UnexpectedSourceFormat(Invalid):
    """The response is not the expected publication."""

    example = "The publisher has renamed the column `Value` of its file."
    fix = "Open the address in a browser. The publisher may have moved the file, changed its columns, or have a fault."


def read_table(text: str, columns: Collection[str]) -> list[Row]:
    """Return the rows of a file that has at least these columns, in any order. Raises UnexpectedSourceFormat."""
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] == "<":
        raise UnexpectedSourceFormat(f"The publisher sent a web page instead of a CSV file: {_find_page_title(text)}")
    lines = csv.DictReader(io.StringIO(text, newline=""))
    try:
        header, rows = lines.fieldnames or (), list(lines)
    except csv.Error as error:
        raise UnexpectedSourceFormat(f"The file is not CSV: {error}.") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise UnexpectedSourceFormat(
            f"The file has no column {' or '.join(map(repr, missing))}; it begins {text[:80]!r}."
        )
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise UnexpectedSourceFormat(
                f"Row {number} has a different number of fields from the header: the file was cut off."
            )
    return [{name: field.strip() for name, field in row.items()} for row in rows]


def _find_page_title(text: str) -> str:
    title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
    return excerpt(title[1] if title else text, length=120)


def excerpt(text: str, *, length: int = 200) -> str:
    """Return the beginning of a publisher's text for a message, without characters that control a terminal."""
    return "".join(character if character.isprintable() else " " for character in text.strip()[:length])


# GSS shorthand, and the symbols of earlier years (analysisfunction.civilservice.gov.uk, "Using symbols in tables").
STATUS_BY_SYMBOL = {
    "c": Status.CONFIDENTIAL,
    "*": Status.CONFIDENTIAL,
    "x": Status.NOT_AVAILABLE,
    ":": Status.NOT_AVAILABLE,
    "..": Status.NOT_AVAILABLE,
    "": Status.NOT_AVAILABLE,
    "u": Status.NOT_AVAILABLE,  # unreliable: DfE writes it instead of the number
    "z": Status.NOT_APPLICABLE,
    ".": Status.NOT_APPLICABLE,
    "w": Status.NONE_RECORDED,
}
ROUNDS_TO_ZERO_SYMBOLS = {"k", "low", "~"}
MAX_DIGITS = 40  # before or after the decimal point; `1e999999999` would otherwise become a text of a gigabyte


class ParsedField(Struct, frozen=True, kw_only=True):
    """A field: a number in the publisher's digits, or the status that replaces it."""

    value: str | None = None
    status: Status | None = None
    markers: tuple[Marker, ...] = ()


def parse_field(text: str) -> ParsedField:
    """Parse a number or a symbol. Raises UnexpectedSourceFormat if the field is neither."""
    symbol = text.strip("[]").lower()
    if symbol in ROUNDS_TO_ZERO_SYMBOLS:
        return ParsedField(value="0", markers=(Marker.LOW,))
    if symbol in STATUS_BY_SYMBOL:
        return ParsedField(status=STATUS_BY_SYMBOL[symbol])
    return ParsedField(value=format_number(parse_number(text)))


def parse_number(text: str) -> Decimal:
    """Parse a number, with or without thousands separators. Raises UnexpectedSourceFormat."""
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not _is_short(number):
        raise UnexpectedSourceFormat(f"{text[:80]!r} is neither a number nor a known symbol.")
    return number


def _is_short(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MAX_DIGITS and number.adjusted() <= MAX_DIGITS


def format_number(number: Decimal) -> str:
    """Format without an exponent, and with at most 17 decimals."""
    exponent = number.as_tuple().exponent
    return f"{number:.17f}" if isinstance(exponent, int) and exponent < -17 else f"{number:f}"
