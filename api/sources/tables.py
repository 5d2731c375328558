"""A publisher's CSV file as rows, and the symbols that stand in the place of numbers."""

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
    """What was read is not the publication that was asked for."""

    example = "The publisher has renamed the column `Value` of its file."
    fix = "Open the address in a browser: the publisher may have moved it, changed its columns, or be out of order."


def read_table(text: str, columns: Collection[str]) -> list[Row]:
    """The rows of a file that has at least these columns, in any order. Raises NotThePublication."""
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] == "<":
        raise UnexpectedSourceFormat(f"A web page came in the place of a CSV file: {_find_page_title(text)}")
    lines = csv.DictReader(io.StringIO(text, newline=""))
    lacking = [name for name in columns if name not in (lines.fieldnames or ())]
    if lacking:
        raise UnexpectedSourceFormat(
            f"The file has no column {' or '.join(map(repr, lacking))}; it begins {text[:80]!r}."
        )
    rows = list(lines)
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise UnexpectedSourceFormat(f"Row {number} has not as many fields as the header: the file was cut off.")
    return [{name: said.strip() for name, said in row.items()} for row in rows]


def _find_page_title(text: str) -> str:
    found = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
    return (found[1].strip() if found else text.strip())[:120]


# GSS shorthand, and what was written before it (analysisfunction.civilservice.gov.uk, "Using symbols in tables").
STATUS_BY_SYMBOL = {
    "c": Status.CONFIDENTIAL,
    "*": Status.CONFIDENTIAL,
    "x": Status.NOT_AVAILABLE,
    ":": Status.NOT_AVAILABLE,
    "..": Status.NOT_AVAILABLE,
    "": Status.NOT_AVAILABLE,
    "u": Status.NOT_AVAILABLE,  # unreliable: DfE writes it in the place of the number
    "z": Status.NOT_APPLICABLE,
    ".": Status.NOT_APPLICABLE,
    "w": Status.NONE_RECORDED,
}
ROUNDS_TO_ZERO_SYMBOLS = {"k", "low", "~"}


class ParsedField(Struct, frozen=True, kw_only=True):
    """A field: a number in its publisher's digits, or why there is none."""

    value: str | None = None
    status: Status | None = None
    markers: tuple[Marker, ...] = ()


def parse_field(text: str) -> ParsedField:
    """Raises NotThePublication for what is neither a number nor a symbol."""
    symbol = text.strip("[]").lower()
    if symbol in ROUNDS_TO_ZERO_SYMBOLS:
        return ParsedField(value="0", markers=(Marker.LOW,))
    if symbol in STATUS_BY_SYMBOL:
        return ParsedField(status=STATUS_BY_SYMBOL[symbol])
    return ParsedField(value=format_number(parse_number(text)))


def parse_number(text: str) -> Decimal:
    """Raises NotThePublication."""
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise UnexpectedSourceFormat(f"{text[:80]!r} is no number and no symbol that is known.")
    return found


def format_number(number: Decimal) -> str:
    """Without an exponent, and with at most 17 decimals."""
    exponent = number.as_tuple().exponent
    return f"{number:.17f}" if isinstance(exponent, int) and exponent < -17 else f"{number:f}"
