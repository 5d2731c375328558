"""A publisher's CSV file as rows, and the marks that it has instead of numbers."""

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec import Struct

from api.http.refusals import Invalid
from api.sources.header import Columns, Header, find_header, find_repeated, split_records
from api.sources.row_account import FEWER_CELLS, HEADER_AGAIN, MORE_CELLS, NOTE, TITLE, Row, RowAccount, excerpt
from api.spelling.marks import read_mark
from schema.submissions import Marker, Status


class UnexpectedSourceFormat(Invalid):
    """The response is not the expected publication."""

    example = "The publisher has renamed the column `Value` of its file."
    fix = "Open the address in a browser. The publisher may have moved the file, changed its columns, or have a fault."


def read_table(
    text: str, columns: Columns, account: RowAccount, *, is_read: Callable[[Row], bool] = lambda _: True
) -> list[Row]:
    """Return the rows below the header that names these columns, in any order. Raises UnexpectedSourceFormat.

    Blank rows, notes, and rows that do not fit the header are left out. So are those that `is_read` does not choose
    out of a large file.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] == "<":
        raise UnexpectedSourceFormat(f"The publisher sent a web page instead of a CSV file: {_find_page_title(text)}")
    header = find_header(text, columns)
    if header.missing:
        raise UnexpectedSourceFormat(
            f"The file has no column {' or '.join(map(repr, header.missing))}; it begins {text[:80]!r}."
        )
    if repeated := find_repeated(header.names, columns):
        raise UnexpectedSourceFormat(f"The file has two columns {' and '.join(map(repr, repeated))}.")
    rows: list[Row] = []
    for row, reason in _read_records(text, header, columns, account):
        if reason is None and is_read(row):
            rows.append(row)
        else:
            account.leave_out(row.number, reason or "other statistics of the same file")
    return rows


def _read_records(text: str, header: Header, columns: Columns, account: RowAccount) -> Iterator[tuple[Row, str | None]]:
    """Yield each record except the header, with the reason to leave it out. Raises UnexpectedSourceFormat."""
    required = {name for column in columns for name in ((column,) if isinstance(column, str) else column)}
    width = max((index for index, name in enumerate(header.names, 1) if name in required), default=0)
    before, number, record = account.rows_before, 0, list[str]()
    records = split_records(text, header.delimiter)
    try:
        for number, record in enumerate(records, 1):
            if number != header.number:
                _refuse_swallowed_rows(record, number, header)
                cells = {name: cell.strip() for name, cell in zip(header.names, record, strict=False)}
                row = Row(dict.fromkeys(header.names, "") | cells, before + number)
                account.read += 1
                yield row, _find_fault(record, number, header, width)
    except csv.Error as error:
        raise UnexpectedSourceFormat(f"The file is not CSV: {error}, in row {number + 1}.") from error
    account.rows_before = before + number
    is_open = bool(record) and record[-1].endswith("\n")
    if number > header.number and (is_open or _is_cut_off(text, record, header)):
        raise UnexpectedSourceFormat(
            f"Row {number} has a different number of fields from the header: the file was cut off."
        )


def _find_fault(record: list[str], number: int, header: Header, width: int) -> str | None:
    """Return why a record is no row of the table. `width` is the number of cells that the required columns take."""
    filled = [cell for cell in record if cell.strip()]
    if not filled:
        return "blank"
    if number < header.number:
        return TITLE
    if len(filled) == 1 and record[0].strip() and len(header.names) > 1:
        return NOTE
    if record == header.names:
        return HEADER_AGAIN
    if any(cell.strip() for cell in record[len(header.names) :]):
        return MORE_CELLS
    return FEWER_CELLS if len(record) < width else None


def _is_cut_off(text: str, record: list[str], header: Header) -> bool:
    """Return True if the last line has no end and lacks cells. A note such as `Source: ONS` may be there."""
    is_note = len(record) == 1 and re.match(r"\W*(source|note|copyright|©)", record[0].strip(), re.IGNORECASE)
    return not text.endswith(("\n", "\r")) and len(record) < len(header.names) and not is_note


def _refuse_swallowed_rows(record: list[str], number: int, header: Header) -> None:
    """Refuse a quoted field with so many delimiters and line breaks that it has another row in it."""
    for cell in record:
        if "\n" in cell and cell.count(header.delimiter) + len(record) - 1 >= 2 * (len(header.names) - 1) > 0:
            raise UnexpectedSourceFormat(
                f"A quoted field of row {number} has the row below it inside: a quotation mark is missing."
            )


def _find_page_title(text: str) -> str:
    title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
    return excerpt(title[1] if title else text, length=120)


# Publishers use these marks by rules, in which each has one meaning: the symbols of earlier years
# (analysisfunction.civilservice.gov.uk, "Using symbols in tables"), and those of Nomis (`-`, `!`, `#`, `~`). A file of
# a partner follows no such rule, so `api.spelling.marks`, which is read next, has only marks that are clear anywhere.
STATUS_BY_SYMBOL = {
    **dict.fromkeys(("*", "disclosive"), Status.CONFIDENTIAL),
    **dict.fromkeys((":", "..", "...", "", "-", "\u2013", "\u2014", "!", "#", "~"), Status.NOT_AVAILABLE),
    **dict.fromkeys(("n/a", "na", "n.a.", "unavailable", "missing", "no data"), Status.NOT_AVAILABLE),
    **dict.fromkeys(("u", "unreliable"), Status.NOT_AVAILABLE),  # DfE writes it instead of the number
    ".": Status.NOT_APPLICABLE,
}
ROUNDS_TO_ZERO_SYMBOLS = frozenset({"k", "low"})
MAX_INTEGER_DIGITS = 15  # as many as a figure can have
MAX_DIGITS = 40  # after the decimal point; `1e-999999999` would otherwise become a text of a gigabyte
_NUMBER_WITH_MARKER = re.compile(r"(.*\d)\s*[\[(]?\s*(p|r|e|u|b)\s*[\])]?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?((\d{1,3}(,\d{3})+|\d+)(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_SUPPRESSED = re.compile(r"\b(?<!not )(suppress|confidential|disclos)")
_UNRELIABLE = re.compile(r"\b(?<!not )unreliable")


class ParsedField(Struct, frozen=True, kw_only=True):
    """A field: a number in the publisher's digits, or the status that replaces it."""

    value: str | None = None
    status: Status | None = None
    markers: tuple[Marker, ...] = ()


def parse_field(text: str, *, low_symbols: frozenset[str] = ROUNDS_TO_ZERO_SYMBOLS) -> ParsedField:
    """Parse a number or a mark. Raises UnexpectedSourceFormat if the field is neither.

    `low_symbols` are those that the publisher writes for a number that rounds to 0.
    """
    symbol = text.strip("[]() ").lower()
    if symbol in low_symbols:
        return ParsedField(value="0", markers=(Marker.LOW,))
    if symbol in STATUS_BY_SYMBOL:
        return ParsedField(status=STATUS_BY_SYMBOL[symbol])
    if mark := read_mark(text):
        return ParsedField(status=Status(mark.status))
    if marked := _NUMBER_WITH_MARKER.fullmatch(text):
        number = format_number(parse_number(marked[1].strip()))
        return ParsedField(value=number, markers=(Marker(marked[2].lower()),))
    return ParsedField(value=format_number(parse_number(text)))


def read_cell(
    row: Row,
    column: str,
    account: RowAccount,
    *,
    area: str,
    parse: Callable[[str], ParsedField] = parse_field,
) -> ParsedField | None:
    """Return the number or mark of a cell. Return None and record the place if the cell is neither."""
    try:
        field = parse(row[column])
    except UnexpectedSourceFormat:
        account.report_cell(row, column, area)
        return None
    account.count_mark(row, column, field.status or (Marker.LOW if Marker.LOW in field.markers else None))
    return field


def is_suppression(note: str) -> bool:
    """Return True if a note next to an empty cell states that the publisher hides the number."""
    return _SUPPRESSED.search(note.lower()) is not None


def is_unreliable(note: str) -> bool:
    """Return True if a note next to a number states that it is unreliable."""
    return _UNRELIABLE.search(note.lower()) is not None


def parse_number(text: str) -> Decimal:
    """Parse a number, with or without separators of thousands. Raises UnexpectedSourceFormat."""
    plain = text.replace("\u2212", "-").replace("\u00a0", "")
    number = Decimal(plain.replace(",", "")) if _NUMBER.fullmatch(plain) else None
    if number is None or not _is_short(number):
        raise UnexpectedSourceFormat(f"{text[:80]!r} is neither a number nor a known symbol.")
    return number


def _is_short(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MAX_DIGITS and number.adjusted() < MAX_INTEGER_DIGITS


def format_number(number: Decimal) -> str:
    """Format without an exponent, and with at most 17 decimals."""
    exponent = number.as_tuple().exponent
    return f"{number:.17f}" if isinstance(exponent, int) and exponent < -17 else f"{number:f}"
